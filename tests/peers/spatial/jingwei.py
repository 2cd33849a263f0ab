#!/usr/bin/env python3
"""The queries of peers.py through `jingwei sql`: one JSON line per query, each run in a process of its own.

  jingwei.py --data DIR --binary target/release/jingwei [--queries pip,...] [--reps 5]

Every repetition starts the program, opens the Parquet files, plans, runs and prints; seconds are of the whole process, and
`statement_s` of what lies between opening the files and the last row, as `--timing` tells it.
Two threads. `check` must agree with the peers'.
"""
import argparse, json, os, re, resource, statistics, subprocess, sys, time

from peers import BB, BOX, DI, DW, K, PIP, TABLES, norm

KNN = (f"SELECT count(*) AS pairs, sum(f.facility_id) AS s1, sum(ST_Distance(h.geometry, f.geometry)) AS f1 "
       f"FROM knn_houses h JOIN facilities f ON ST_KNN(h.geometry, f.geometry, {K})")
LATERAL = (f"SELECT count(*) AS pairs, sum(n.facility_id) AS s1, sum(n.d) AS f1 FROM knn_houses h CROSS JOIN LATERAL "
           f"(SELECT facility_id, ST_Distance(h.geometry, f.geometry) AS d FROM facilities f ORDER BY d LIMIT {K}) n")
SQL = {"pip": PIP, "dwithin": DW, "knn": KNN, "knn_lateral": LATERAL, "bbox": BB.format(t="events"),
       "bbox_sorted": BB.format(t="events_sorted"), "dissolve": DI.format(agg="ST_Union_Agg")}
FILES = {**TABLES, "knn_lateral": TABLES["knn"]}


def once(binary, data, query):
    command = [binary, "sql", SQL[query], "--format", "json", "--timing"]
    for table in FILES[query]:
        command += ["--table", f"{table}={data}/{table}.parquet"]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out = process.stdout.read()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(errors.strip())
    rows = json.loads(out)
    row = rows[0] if isinstance(rows, list) else rows
    statement = float(re.search(r"time: ([0-9.]+) ms", errors)[1]) / 1000
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, norm(row), statement


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--binary", default="target/release/jingwei")
    parser.add_argument("--queries", default=",".join(SQL))
    parser.add_argument("--reps", type=int, default=5)
    args = parser.parse_args()
    for query in args.queries.split(","):
        try:
            runs = [once(args.binary, args.data, query) for _ in range(args.reps + 1)][1:]
        except SystemExit as error:
            print(json.dumps({"engine": "jingwei", "query": query, "error": str(error)[:300]}), flush=True)
            continue
        seconds, cpu, memory, check, statement = zip(*runs)
        print(json.dumps({"engine": "jingwei", "query": query, "median_s": round(statistics.median(seconds), 3),
                          "min_s": round(min(seconds), 3), "statement_s": round(statistics.median(statement), 3), "cpu_s": round(statistics.median(cpu), 3),
                          "peak_rss_mb": round(max(memory)), "load1": round(os.getloadavg()[0], 1), "check": check[0]}), flush=True)


if __name__ == "__main__":
    main()
