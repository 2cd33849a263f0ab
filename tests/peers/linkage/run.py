#!/usr/bin/env python3
"""Jingwei and Splink side by side: the same files, one after the other, in one session.

    run.py [--binary target/release/jingwei] [--persons 100000 1000000] [--noise 1 3] [--seed 42] [--public DIR] [--work DIR] [--no-splink]

Generates residents with gen_people.py, links them with both engines, and prints a table in Markdown and, with
--json FILE, everything that was measured. CPU seconds (user and system, of the whole process for Jingwei, of the
linkage without imports for Splink) are compared because wall time is noisy; F1 is of the pairs inside clusters at each
engine's own default threshold. With --public, FEBRL's data sets and Splink's fake_1000 are linked too.

    pip install splink duckdb pyarrow numpy scipy
"""
import argparse, csv, json, os, platform, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "models")


def last_json(text):
    return json.loads(text[text.index("{"):])


def jingwei(binary, files, model, truth, columns="record_id,entity_id"):
    command = [binary, "link", *files, "--model", os.path.join(MODELS, model), "--truth", truth, "--truth-columns", columns, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return last_json(done.stdout)


def splink(folder):
    done = subprocess.run([sys.executable, os.path.join(HERE, "splink_peer.py"), folder], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def residents(args, persons, noise, work, rows):
    folder = os.path.join(work, f"residents-{persons}-{noise:g}-{args.seed}")
    if not os.path.exists(os.path.join(folder, "meta.json")):
        subprocess.run([sys.executable, os.path.join(HERE, "gen_people.py"), "--persons", str(persons), "--seed", str(args.seed), "--noise", str(noise), "--out", folder],
                       check=True, stdout=subprocess.DEVNULL)
    files = [os.path.join(folder, name + ".parquet") for name in ("hukou", "civil", "health")]
    ours = jingwei(args.binary, files, "residents.toml", os.path.join(folder, "truth.parquet"), "record_id,person_id")
    theirs = None if args.no_splink else splink(folder)
    rows.append((f"residents, {persons:,} persons" + ("" if noise == 1 else f", noise {noise:g}"), ours, theirs))


def public(args, work, rows):
    for name, files, model in (("FEBRL 3", ["dataset3"], "febrl3.toml"), ("FEBRL 4", ["dataset4a", "dataset4b"], "febrl4.toml")):
        truth = os.path.join(work, name.replace(" ", "").lower() + "-truth.csv")
        with open(truth, "w") as out:
            out.write("record_id,entity_id\n")
            for file in files:
                for row in csv.reader(open(os.path.join(args.public, file + ".csv"))):
                    found = re.match(r"rec-(\d+)-", row[0])
                    if found:
                        out.write(f"{row[0].strip()},e{found.group(1)}\n")
        rows.append((name, jingwei(args.binary, [os.path.join(args.public, file + ".csv") for file in files], model, truth), None))
    fake = os.path.join(args.public, "fake_1000.csv")
    rows.append(("fake_1000", jingwei(args.binary, [fake], "fake_1000.toml", fake, "unique_id,cluster"), None))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.path.join(HERE, "..", "..", "..", "target", "release", "jingwei"))
    parser.add_argument("--persons", type=int, nargs="*", default=[100_000])
    parser.add_argument("--noise", type=float, nargs="*", default=[1, 3])
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--public", nargs="?", const=os.path.join(HERE, "data"))
    parser.add_argument("--work")
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--json")
    args = parser.parse_args()
    work = args.work or tempfile.mkdtemp(prefix="linkage-")
    os.makedirs(work, exist_ok=True)
    rows = []
    if args.public:
        public(args, work, rows)
    for persons in args.persons:
        for noise in args.noise:
            residents(args, persons, noise, work, rows)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}" + next((f", {theirs['engine']}" for _, _, theirs in rows if theirs), ""))
    print()
    print("| data | records | F1 | precision | recall | CPU s | MiB | Splink F1 | Splink CPU s | Splink MiB | CPU ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, ours, theirs in rows:
        peer = (f"{theirs['f1']:.4f}", f"{theirs['cpu_seconds']['total']:.1f}", f"{theirs['peak_rss_mb']:,}", f"1/{theirs['cpu_seconds']['total'] / ours['cpu_seconds']:.1f}") if theirs else ("",) * 4
        print(f"| {name} | {ours['records']:,} | {ours['f1']:.4f} | {ours['precision']:.4f} | {ours['recall']:.4f} | {ours['cpu_seconds']:.1f} | {ours['peak_rss_mb']:,} | " + " | ".join(peer) + " |")
    if args.json:
        with open(args.json, "w") as out:
            json.dump([dict(data=name, jingwei=ours, splink=theirs) for name, ours, theirs in rows], out, indent=1)


if __name__ == "__main__":
    main()
