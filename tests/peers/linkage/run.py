#!/usr/bin/env python3
"""Jingwei and Splink side by side: the same files, one after the other, in one session.

    run.py [--binary target/release/jingwei] [--persons 100000 1000000] [--noise 1 3] [--seed 42] [--public] [--growth]

Generates residents with gen_people.py, links them with both engines, and prints a table in Markdown and, with
--json FILE, everything that was measured. README.md beside this file says what is measured and how to repeat it.

    pip install splink duckdb pyarrow numpy scipy
"""
import argparse, csv, json, os, platform, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "models")
DATA = os.path.join(HERE, "data")
# Persons of the growth mode: what a district, a small city and a large one have.
GROWTH = [100_000, 1_000_000, 3_000_000]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def jingwei(args, files, model, truth, columns, *more):
    """One linkage; without a model it is made up."""
    how = ["--model", os.path.join(MODELS, model)] if model else ["--suggest"]
    text = run([args.binary, "link", *files, *how, "--truth", truth, "--truth-columns", columns, "--format", "json", *more])
    return json.loads(text[text.index("{"):])


def splink(script, *arguments):
    return json.loads(run([sys.executable, os.path.join(HERE, script), *arguments]).strip().splitlines()[-1])


def measure(args, name, files, model, truth, columns, peer):
    """Both engines on the same files: jingwei with the shipped model and without one, then the peer."""
    print(f"{name} ...", file=sys.stderr)
    row = dict(data=name, jingwei=jingwei(args, files, model, truth, columns), planned=None, suggested=None, splink=None)
    if args.by_plans:
        with tempfile.TemporaryDirectory() as folder:
            planned = row["planned"] = jingwei(args, files, model, truth, columns, "--by-plans", folder)
        assert all(planned[key] == row["jingwei"][key] for key in ("entities", "f1", "pairs", "weights")), "plans found something else"
    if not args.no_suggest:
        row["suggested"] = jingwei(args, files, None, truth, columns)
    if peer and not args.no_splink:
        row["splink"] = peer()
    return row


def residents(args, persons, noise, work, peer=True):
    folder = os.path.join(work, f"residents-{persons}-{noise:g}-{args.seed}")
    if not os.path.exists(os.path.join(folder, "meta.json")):
        run([sys.executable, os.path.join(HERE, "gen_people.py"), "--persons", str(persons), "--seed", str(args.seed), "--noise", str(noise), "--out", folder])
    files = [os.path.join(folder, name + ".parquet") for name in ("hukou", "civil", "health")]
    name = f"residents, {persons:,} persons" + ("" if noise == 1 else f", noise {noise:g}")
    theirs = (lambda: splink("splink_peer.py", folder)) if peer else None
    return measure(args, name, files, "residents.toml", os.path.join(folder, "truth.parquet"), "record_id,person_id", theirs)


def public(args, work):
    for name, key, files in (("FEBRL 3", "febrl3", ["dataset3"]), ("FEBRL 4", "febrl4", ["dataset4a", "dataset4b"])):
        # The truth stands in the ids: rec-1496-org and rec-1496-dup-0 are one.
        truth = os.path.join(work, key + "-truth.csv")
        with open(truth, "w") as out:
            out.write("record_id,entity_id\n")
            for file in files:
                for row in csv.reader(open(os.path.join(args.data, file + ".csv"))):
                    found = re.match(r"rec-(\d+)-", row[0])
                    if found:
                        out.write(f"{row[0].strip()},e{found.group(1)}\n")
        paths = [os.path.join(args.data, file + ".csv") for file in files]
        yield measure(args, name, paths, key + ".toml", truth, "record_id,entity_id", lambda: splink("splink_public.py", key, args.data))
    fake = os.path.join(args.data, "fake_1000.csv")
    yield measure(args, "fake_1000", [fake], "fake_1000.toml", fake, "unique_id,cluster", lambda: splink("splink_public.py", "fake_1000", args.data))


def clustering(ours):
    """CPU seconds of clustering, what households change in it included."""
    phases = ours["phase_cpu_seconds"]
    return phases.get("cluster", 0) + phases.get("households", 0)


def ratio(theirs, ours):
    return f"1/{theirs / ours:.1f}" if ours > 0 else ""


# Title of a column and its text, of a row of measurements; a peer that did not run leaves its columns empty.
OURS = [
    ("data", lambda row: row["data"]),
    ("records", lambda row: f"{row['jingwei']['records']:,}"),
    ("F1", lambda row: f"{row['jingwei']['f1']:.4f}"),
    ("precision", lambda row: f"{row['jingwei']['precision']:.4f}"),
    ("recall", lambda row: f"{row['jingwei']['recall']:.4f}"),
    ("F1 without a model", lambda row: f"{row['suggested']['f1']:.4f}" if row["suggested"] else ""),
    ("CPU s", lambda row: f"{row['jingwei']['cpu_seconds']:.1f}"),
    ("of these clustering", lambda row: f"{clustering(row['jingwei']):.2f}"),
    ("MiB", lambda row: f"{row['jingwei']['peak_rss_mb']:,}"),
    ("CPU s by plans", lambda row: f"{row['planned']['cpu_seconds']:.1f}" if row["planned"] else ""),
]
THEIRS = [
    ("Splink F1", lambda ours, theirs: f"{theirs['f1']:.4f}"),
    ("at its best threshold", lambda ours, theirs: f"{theirs['best_cluster']['f1']:.4f}"),
    ("Splink CPU s", lambda ours, theirs: f"{theirs['cpu_seconds']['total']:.1f}"),
    ("of these clustering", lambda ours, theirs: f"{theirs['cpu_seconds']['cluster']:.2f}"),
    ("Splink MiB", lambda ours, theirs: f"{theirs['peak_rss_mb']:,}"),
    ("CPU ratio", lambda ours, theirs: ratio(theirs["cpu_seconds"]["total"], ours["cpu_seconds"])),
    ("clustering ratio", lambda ours, theirs: ratio(theirs["cpu_seconds"]["cluster"], clustering(ours))),
    ("memory ratio", lambda ours, theirs: ratio(theirs["peak_rss_mb"], ours["peak_rss_mb"])),
]


def table(rows):
    titles = [title for title, _ in OURS + THEIRS]
    print("| " + " | ".join(titles) + " |")
    print("|" + "---|" * len(titles))
    for row in rows:
        cells = [text(row) for _, text in OURS]
        cells += [text(row["jingwei"], row["splink"]) if row["splink"] else "" for _, text in THEIRS]
        print("| " + " | ".join(cells) + " |")


def growth(rows):
    """How CPU seconds and memory grow with the records: what each step multiplies."""
    print("| persons | records | CPU s | CPU s a million records | wall s | MiB | records x | CPU x | MiB x |")
    print("|---|---|---|---|---|---|---|---|---|")
    before = None
    for persons, row in rows:
        ours = row["jingwei"]
        times = [f"{ours[key] / before[key]:.2f}" if before else "" for key in ("records", "cpu_seconds", "peak_rss_mb")]
        each = ours["cpu_seconds"] / ours["records"] * 1e6
        print(f"| {persons:,} | {ours['records']:,} | {ours['cpu_seconds']:.1f} | {each:.1f} | {ours['wall_seconds']:.1f} | {ours['peak_rss_mb']:,} | " + " | ".join(times) + " |")
        before = ours


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", default=os.path.join(HERE, "..", "..", "..", "target", "release", "jingwei"))
    parser.add_argument("--persons", type=int, nargs="*", default=[100_000], help="sizes of the residents' sets")
    parser.add_argument("--noise", type=float, nargs="*", default=[1, 3], help="how many errors they have")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--public", action="store_true", help="FEBRL 3, FEBRL 4 and fake_1000 too")
    parser.add_argument("--data", default=DATA, help="folder of the public sets")
    parser.add_argument("--growth", type=int, nargs="*", metavar="PERSONS", help=f"only how cost grows with size, by default at {GROWTH}")
    parser.add_argument("--work", help="folder for what is generated, which is kept and used again")
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--no-suggest", action="store_true")
    parser.add_argument("--by-plans", action="store_true", help="pairs by plans of the query engine too, which must find the same")
    parser.add_argument("--json", help="file for everything that was measured")
    args = parser.parse_args()
    work = args.work or tempfile.mkdtemp(prefix="linkage-")
    os.makedirs(work, exist_ok=True)
    rows = []
    if args.growth is not None:
        args.no_suggest = True
        sizes = args.growth or GROWTH
        rows = [residents(args, persons, 1, work, peer=False) for persons in sizes]
    else:
        if args.public:
            rows += public(args, work)
        rows += [residents(args, persons, noise, work) for persons in args.persons for noise in args.noise]
    engine = next((f", {row['splink']['engine']}" for row in rows if row["splink"]), "")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}{engine}, seed {args.seed}\n")
    if args.growth is not None:
        growth(list(zip(sizes, rows)))
    else:
        table(rows)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(rows, out, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
