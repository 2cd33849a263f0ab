#!/usr/bin/env python3
"""Joins whose data is unevenly spread, in Jingwei, SedonaDB and DuckDB: one JSON line per engine and case.

  skew.py --generate --data DIR [--points 2000000] [--small 1000000]
  skew.py --data DIR --binary target/release/jingwei [--engines jingwei,sedonadb,duckdb] [--cases crowd,giant,small] [--reps 3]

  crowd   9 of 10 points in one hundredth of 10,000 cells
  giant   points in one polygon of 200,000 vertices
  small   a million small polygons against a million others

Each run is a process of its own, for Jingwei the program itself; memory is its peak. `check` must agree between all runs and
engines of a case: the first to differ is named, and the program ends with 1.
"""
import argparse, json, os, resource, statistics, subprocess, sys, time

CASES = {
    "crowd": (["cells", "crowd"], "SELECT count(*) AS pairs, sum(c.id) AS s1, sum(p.id) AS s2 FROM cells c JOIN crowd p ON ST_Intersects(c.geometry, p.geometry)"),
    "giant": (["giant", "crowd"], "SELECT count(*) AS pairs, sum(p.id) AS s1 FROM giant g JOIN crowd p ON ST_Intersects(g.geometry, p.geometry)"),
    "small": (["small_a", "small_b"], "SELECT count(*) AS pairs, sum(a.id) AS s1, sum(b.id) AS s2 FROM small_a a JOIN small_b b ON ST_Intersects(a.geometry, b.geometry)"),
}


def generate(out, points, small):
    import numpy as np
    from gen_city import wkb_points, wkb_polygon, write
    import pyarrow as pa
    rng = np.random.default_rng(11)
    os.makedirs(out, exist_ok=True)
    path = lambda name: os.path.join(out, f"{name}.parquet")
    side = 100
    corner = np.stack(np.meshgrid(np.arange(side) * 100.0, np.arange(side) * 100.0, indexing="ij"), -1).reshape(-1, 2)
    angle = np.linspace(0, 2 * np.pi, 41)[:-1]
    ring = np.c_[np.cos(angle), np.sin(angle)] * (45 + 5 * np.sin(5 * angle))[:, None] + 50
    ring = np.r_[ring, ring[:1]]
    write(path("cells"), {"id": np.arange(side * side, dtype=np.int64), "geometry": pa.array([wkb_polygon(c + ring) for c in corner], pa.binary())}, ["Polygon"], (0, 0, 10000, 10000))
    p = rng.uniform(0, 10000, (points, 2))
    crowd = rng.random(points) < 0.9
    p[crowd] = corner[rng.integers(0, side, crowd.sum())] + rng.uniform(0, 100, (crowd.sum(), 2))
    write(path("crowd"), {"id": np.arange(points, dtype=np.int64), "geometry": wkb_points(p[:, 0], p[:, 1])}, ["Point"], (0, 0, 10000, 10000))
    angle = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    radius = 4000 + 300 * np.sin(40 * angle) + 40 * np.sin(5000 * angle)
    star = np.c_[np.cos(angle), np.sin(angle)] * radius[:, None] + 5000
    write(path("giant"), {"id": np.arange(1, dtype=np.int64), "geometry": pa.array([wkb_polygon(np.r_[star, star[:1]])], pa.binary())}, ["Polygon"], (0, 0, 10000, 10000))
    for name in ("small_a", "small_b"):
        at = rng.uniform(0, 100_000, (small, 1, 2))
        angle = np.linspace(0, 2 * np.pi, 7)[None, :] + rng.uniform(0, 6, (small, 1))
        angle[:, -1] = angle[:, 0]
        shape = at + np.stack([np.cos(angle), np.sin(angle)], -1) * rng.uniform(10, 60, (small, 1, 1))
        shape[:, -1] = shape[:, 0]
        write(path(name), {"id": np.arange(small, dtype=np.int64), "geometry": pa.array([wkb_polygon(s) for s in shape], pa.binary())}, ["Polygon"], (0, 0, 100_000, 100_000))


def child(engine, case, data):
    tables, sql = CASES[case]
    if engine == "sedonadb":
        import sedonadb
        session = sedonadb.connect()
        session.sql("SET datafusion.execution.target_partitions = 2").execute()
        for table in tables:
            session.read_parquet(f"{data}/{table}.parquet").to_view(table)
        row = session.sql(sql).to_arrow_table().to_pylist()[0]
    else:
        import duckdb, duckdb_extension_spatial as extension
        folder = os.path.join(os.path.dirname(extension.__file__), "extensions", f"v{duckdb.__version__}")
        session = duckdb.connect()
        session.execute(f"LOAD '{folder}/spatial.duckdb_extension'")
        session.execute("SET threads=2")
        for table in tables:
            session.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{data}/{table}.parquet')")
        result = session.execute(sql)
        row = dict(zip([column[0] for column in result.description], result.fetchone()))
    print(json.dumps([{name: int(value) for name, value in row.items()}]))


def once(engine, case, data, binary):
    if engine == "jingwei":
        tables, sql = CASES[case]
        command = [binary, "sql", sql, "--format", "json"]
        for table in tables:
            command += ["--table", f"{table}={data}/{table}.parquet"]
    else:
        command = [sys.executable, os.path.abspath(__file__), "--data", data, "--child", engine, case]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(errors.strip()[-300:])
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(out)[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--generate", action="store_true")
    parser.add_argument("--points", type=int, default=2_000_000)
    parser.add_argument("--small", type=int, default=1_000_000)
    parser.add_argument("--binary", default="target/release/jingwei")
    parser.add_argument("--engines", default="jingwei,sedonadb,duckdb")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    if args.generate:
        return generate(args.data, args.points, args.small)
    if args.child:
        return child(*args.child, args.data)
    differ = False
    for case in args.cases.split(","):
        known = None
        for engine in args.engines.split(","):
            try:
                runs = [once(engine, case, args.data, args.binary) for _ in range(args.reps)]
            except RuntimeError as error:
                print(json.dumps({"engine": engine, "case": case, "error": str(error)}), flush=True)
                continue
            seconds, cpu, memory, checks = zip(*runs)
            known = known or (engine, checks[0])
            for check in checks:
                if check != known[1]:
                    differ = True
                    print(f"{case}: {engine} gives {check}, {known[0]} gave {known[1]}", file=sys.stderr, flush=True)
                    break
            print(json.dumps({"engine": engine, "case": case, "median_s": round(statistics.median(seconds), 3), "cpu_s": round(statistics.median(cpu), 3),
                              "peak_rss_mb": round(max(memory)), "load1": round(os.getloadavg()[0], 1), "check": checks[0]}), flush=True)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
