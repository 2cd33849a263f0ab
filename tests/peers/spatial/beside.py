#!/usr/bin/env python3
"""Jingwei and its peers in turn, so that what else the machine does meets all of them alike.

  beside.py --data DIR --binary target/release/jingwei [--engines sedonadb,duckdb] [--queries pip,...] [--rounds 5]
            [--pg "host=127.0.0.1 user=postgres"]   (for the engine postgis, after peers.py --load-postgis)

A round runs each query once in each engine: Jingwei as a process of its own, start and all; a peer warm, after one run
that does not count. Prints for each query the medians of wall and CPU seconds and of peak megabytes, how many times the CPU seconds of
Jingwei a peer takes, and what of Jingwei's wall seconds is the statement's own, from opening the files to the last row. Ends with an error where checks differ; SedonaDB's dissolve is known to (other vertices).
"""
import argparse, json, os, statistics, subprocess, sys

from jingwei import SQL, once
from peers import SQL as PEERS_SQL

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.py")


def peer(engine, query, data, pg):
    command = [sys.executable, PEERS, "--data", data, "--reps", "1", "--pg", pg, "--child", engine, query]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    return answer["median_s"], answer["cpu_s"], answer["peak_rss_mb"], answer["check"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--binary", default="target/release/jingwei")
    parser.add_argument("--engines", default="sedonadb,duckdb")
    parser.add_argument("--queries", default=",".join(query for query in SQL if query != "knn_lateral"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pg", default="host=127.0.0.1 user=postgres")
    args = parser.parse_args()
    differ = False
    for query in args.queries.split(","):
        runs = {}
        for _ in range(args.rounds):
            runs.setdefault("jingwei", []).append(once(args.binary, args.data, query))
            for engine in filter(None, args.engines.split(",")):
                if query in PEERS_SQL[engine]:
                    runs.setdefault(engine, []).append(peer(engine, query, args.data, args.pg))
        check = runs["jingwei"][0][3]
        line = {"query": query, "check": check}
        ours = statistics.median(run[1] for run in runs["jingwei"])
        for engine, of_engine in runs.items():
            cpu = statistics.median(run[1] for run in of_engine)
            wall = statistics.median(run[0] for run in of_engine)
            line[engine] = {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "mb": round(statistics.median(run[2] for run in of_engine)), "times": round(cpu / ours, 2)}
            if engine == "jingwei":
                line[engine]["statement_s"] = round(statistics.median(run[4] for run in of_engine), 3)
            if any(run[3] != check for run in of_engine):
                line[engine]["differs"] = of_engine[0][3]
                differ |= (engine, query) != ("sedonadb", "dissolve")
        print(json.dumps(line), flush=True)
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
