#!/usr/bin/env python3
"""Address matching beside its peers, on the same files.

  peers.py DIR [--jingwei PATH] [--sample 4000] [--out RESULTS.md]

DIR is what gen_addresses.py wrote. Needs `pip install pyarrow numpy scipy scikit-learn cpca jionlp rapidfuzz`; a peer that is
not installed is left out with a note. Every peer sees the same texts: all of them where it is fast, else a sample drawn
with a fixed seed. Peers give one address and no probability, so what they link is what they rank first, and a text
without any true address counts against their precision; the last row re-ranks by numbers and refuses where they
differ, which is the best that was found to be built from them in a day.

Times are processor seconds of one core, index building left out.
"""
import argparse
import json
import random
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq

NUMBERS = re.compile(r"[0-9A-Z]+")
DIGITS = str.maketrans("零一二三四五六七八九", "0123456789")


class Table:
    def __init__(self, folder):
        rows = pq.read_table(folder / "canonical.parquet").to_pylist()
        self.ids = [row["address_id"] for row in rows]
        self.texts = [row["text"] for row in rows]
        self.rows = rows
        self.by_text = dict(zip(self.texts, self.ids))
        self.by_district = defaultdict(list)
        for place, row in enumerate(rows):
            self.by_district[row["district"]].append(place)

    def district_of(self, text):
        """The district a text names, in full or without its last character; none if it names none."""
        for district in self.by_district:
            if district in text or district[:-1] in text:
                return district
        return None


def exact(table):
    return lambda text: table.by_text.get(text)


def cpca_join(table):
    import cpca
    import pandas

    def split(texts):
        frame = cpca.transform(pandas.Series(texts))
        return list(zip(frame["区"].fillna(""), frame["地址"].fillna("")))

    known = dict(zip(split(table.texts), table.ids))
    return lambda texts: [known.get(key) for key in split(texts)]


def jionlp_join(table):
    import jionlp

    def split(text):
        found = jionlp.parse_location(text, town_village=True)
        return found["county"], found["town"], found["detail"]

    def key(text):
        try:
            county, _, detail = split(text)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return None
        return county, detail

    known = {key(text): id for text, id in zip(table.texts, table.ids)}
    return lambda text: known.get(key(text))


def rapidfuzz_in_district(table):
    from rapidfuzz import fuzz, process

    def find(text):
        district = table.district_of(text)
        places = table.by_district[district] if district else range(len(table.texts))
        best = process.extractOne(text, [table.texts[place] for place in places], scorer=fuzz.ratio)
        return table.ids[places[best[2]]] if best else None

    return find


class Tfidf:
    def __init__(self, table):
        import numpy
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.numpy, self.table, self.models = numpy, table, {}
        for district, places in [*table.by_district.items(), (None, range(len(table.texts)))]:
            model = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), dtype=numpy.float32)
            self.models[district] = (model, model.fit_transform([table.texts[place] for place in places]).T.tocsr(), places)

    def nearest(self, text, count):
        model, matrix, places = self.models[self.table.district_of(text)]
        scores = (model.transform([text]) @ matrix).toarray()[0]
        count = min(count, len(scores))
        best = self.numpy.argpartition(-scores, count - 1)[:count]
        return [places[place] for place in best[self.numpy.argsort(-scores[best])]]

    def first(self, text):
        return self.table.ids[self.nearest(text, 1)[0]]

    def by_numbers(self, text):
        """Of the thirty nearest the one whose numbers are those of the text, read from the end."""
        said = numbers(text)
        best = max(self.nearest(text, 30), key=lambda place: agreement(said, numbers(self.table.texts[place])))
        return self.table.ids[best] if agreement(said, numbers(self.table.texts[best])) >= 0.99 * len(said) else None


def numbers(text):
    text = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text).upper().translate(DIGITS)
    return [number.lstrip("0") for number in NUMBERS.findall(text)]


def agreement(said, known):
    return sum(1 for number in said if number in known)


def measure(name, find, texts, batch=False):
    began = time.process_time()
    found = find([row["text"] for row in texts]) if batch else [find(row["text"]) for row in texts]
    seconds = time.process_time() - began
    truth = [row["address_id"] for row in texts]
    right = sum(1 for one, true in zip(found, truth) if true and one == true)
    linked = sum(1 for one in found if one)
    wanted = sum(1 for true in truth if true)
    absent = [one for one, true in zip(found, truth) if not true]
    return {
        "name": name, "texts": len(texts), "rank1": right / wanted, "precision": right / max(linked, 1), "recall": right / wanted,
        "absent_linked": sum(1 for one in absent if one) / max(len(absent), 1), "per_second": len(texts) / max(seconds, 1e-9),
    }


def jingwei(binary, folder):
    command = [binary, "geocode", folder / "variants.parquet", "--column", "text", "--against", folder / "canonical.parquet",
               "--truth", "address_id"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    worst = min(((share["rank1"], f"{kind} {value}") for kind, values in report["kinds"].items() for value, share in values.items()
                 if share["n"] >= 100), default=(1.0, ""))
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return {"name": "Jingwei", **{key: report[key] for key in ("texts", "rank1", "precision", "recall", "absent_linked")},
            "per_second": report["texts_per_cpu_second"], "worst": worst, "bytes": report["index_bytes_per_address"]}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder", type=Path)
    ap.add_argument("--jingwei", default="target/release/jingwei")
    ap.add_argument("--sample", type=int, default=4000)
    ap.add_argument("--out", type=Path)
    args = ap.parse_args()
    table = Table(args.folder)
    variants = pq.read_table(args.folder / "variants.parquet").to_pylist()
    sample = random.Random(1).sample(variants, min(args.sample, len(variants)))
    results = []
    for name, build, texts, batch in [
        ("the same text", exact, variants, False),
        ("jionlp, then the same parts", jionlp_join, sample, False),
        ("cpca, then the same parts", cpca_join, sample, True),
        ("rapidfuzz within the district", rapidfuzz_in_district, sample[: args.sample // 8], False),
    ]:
        try:
            results.append(measure(name, build(table), texts, batch))
        except ImportError as missing:
            print(f"{name}: left out, {missing}")
        print(results[-1:])
    try:
        model = Tfidf(table)
        results.append(measure("TF-IDF of 1-3 characters within the district", model.first, sample))
        results.append(measure("the same, 30 nearest ranked by numbers", model.by_numbers, sample))
    except ImportError as missing:
        print(f"TF-IDF: left out, {missing}")
    results.append(jingwei(args.jingwei, args.folder))
    lines = ["| | texts | right at rank 1 | precision | recall | without an address, linked | texts/s and core |", "|---|---|---|---|---|---|---|"]
    for one in results:
        shares = " | ".join(f"{100 * one[key]:.2f} %" for key in ("rank1", "precision", "recall", "absent_linked"))
        lines.append(f"| {one['name']} | {one['texts']:,} | {shares} | {one['per_second']:,.0f} |")
    ours = results[-1]
    lines.append("")
    lines.append(f"{len(table.ids):,} standard addresses. Jingwei's worst kind of variant (of 100 or more): {ours['worst'][1]}, "
                 f"{100 * ours['worst'][0]:.2f} % right at rank 1; index of {ours['bytes']:.0f} bytes an address.")
    text = "\n".join(lines)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
