#!/usr/bin/env python3
"""Splink on DuckDB over the public sets: FEBRL 3, FEBRL 4 and Splink's own fake_1000.

    splink_public.py {febrl3,febrl4,fake_1000} DATA_FOLDER [--threshold 0.99] [--threads 2]

Comparisons are those of Splink's library, as its examples for these sets have them; training is label-free over several
blocking rules; nothing is tuned. Prints one JSON line like splink_peer.py; the truth is read only after
clustering.
pip install splink duckdb
"""
import argparse, json, logging, os, re, resource, time, warnings
from collections import Counter

warnings.filterwarnings("ignore")
import duckdb, splink
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def febrl(con, files):
    names = []
    for file in files:
        name = os.path.basename(file).split(".")[0]
        columns = con.sql(f"select * from read_csv('{file}', all_varchar = true, header = true)").columns
        select = ", ".join(f"nullif(trim(\"{column}\"), '') as {column.strip()}" for column in columns)
        con.execute(f"create table {name} as select * from (select {select} from read_csv('{file}', all_varchar = true, header = true)) order by rec_id")
        names.append(name)
    return names


def febrl_settings(link_type):
    return SettingsCreator(
        link_type=link_type, unique_id_column_name="rec_id",
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"), block_on("date_of_birth"), block_on("given_name", "surname"),
            block_on("given_name", "postcode"), block_on("surname", "postcode"), block_on("address_1"), "l.given_name = r.surname and l.surname = r.given_name"],
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True)],
        retain_intermediate_calculation_columns=False, retain_matching_columns=False)


def fake_settings():
    return SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            # those of our own model, so that neither engine sees pairs that the other does not
            block_on("dob"), block_on("email"), block_on("first_name"), block_on("surname"), "l.first_name = r.surname", block_on("substr(dob, 6)"), block_on("substr(dob, 1, 7)"), block_on("city")],
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email")],
        retain_intermediate_calculation_columns=False, retain_matching_columns=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("set", choices=["febrl3", "febrl4", "fake_1000"])
    parser.add_argument("data")
    parser.add_argument("--threshold", type=float, default=0.99)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    con = duckdb.connect()
    con.execute(f"set threads = {args.threads}")
    con.execute("set enable_progress_bar = false")
    seconds, cpu, began, used = {}, {}, time.perf_counter(), time.process_time()

    def lap(phase):
        nonlocal began, used
        seconds[phase], cpu[phase] = round(time.perf_counter() - began, 2), round(time.process_time() - used, 2)
        began, used = time.perf_counter(), time.process_time()

    file = lambda name: os.path.join(args.data, name + ".csv")
    if args.set == "fake_1000":
        con.execute(f"create table fake as select * exclude (cluster) from read_csv('{file('fake_1000')}', all_varchar = true) order by unique_id")
        tables, settings, key = ["fake"], fake_settings(), "unique_id"
        sure = [block_on("first_name", "surname", "dob"), block_on("email")]
        train = [block_on("first_name", "surname"), block_on("dob"), block_on("email")]
    else:
        files = ["dataset3"] if args.set == "febrl3" else ["dataset4a", "dataset4b"]
        tables, settings, key = febrl(con, [file(name) for name in files]), febrl_settings("dedupe_only" if len(files) == 1 else "link_only"), "rec_id"
        sure = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
        train = [block_on("date_of_birth"), block_on("soc_sec_id"), block_on("given_name", "surname")]
    lap("prepare")
    api = DuckDBAPI(connection=con)
    frames = [api.register(name) for name in tables]
    linker = Linker(frames if len(frames) > 1 else frames[0], settings)
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in train:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    lap("train")
    predictions = linker.inference.predict(threshold_match_weight=-6)
    lap("predict")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=args.threshold)
    lap("cluster")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    # ---- the truth, from here on --------------------------------------------------
    found = con.sql(f"select {key}, cluster_id from {clusters.physical_name}").fetchall()
    if args.set == "fake_1000":
        truth = dict(con.sql(f"select unique_id, cluster from read_csv('{file('fake_1000')}', all_varchar = true)").fetchall())
    else:
        truth = {record: re.match(r"rec-(\d+)-", record).group(1) for record, _ in found}
    pairs = lambda values: sum(count * (count - 1) // 2 for count in Counter(values).values())
    total = pairs(truth.values())

    def score(cluster_of):
        right, told = pairs((cluster, truth[record]) for record, cluster in cluster_of), pairs(cluster for _, cluster in cluster_of)
        precision, recall = right / max(told, 1), right / max(total, 1)
        return dict(f1=round(2 * precision * recall / max(precision + recall, 1e-9), 5), precision=round(precision, 5), recall=round(recall, 5))

    # The best that any threshold would have given, which only the truth can tell.
    edges = con.sql(f"select {key}_l, {key}_r, match_weight from {predictions.physical_name}").fetchall()
    best = max((dict(weight=weight, **score(components(truth, edges, weight))) for weight in (-6, -4, -2, 0, 2, 4, 6, 8, 10, 12, 15, 20)), key=lambda at: at["f1"])
    seconds["total"], cpu["total"] = round(sum(seconds.values()), 2), round(sum(cpu.values()), 2)
    print(json.dumps(dict(
        engine=f"splink {splink.__version__} / duckdb {duckdb.__version__}", dataset=args.set, records=len(found), true_pairs=total, threshold=args.threshold,
        **score(found), seconds=seconds, cpu_seconds=cpu, peak_rss_mb=peak, best_cluster=best)))


def components(records, edges, least):
    """Records and the first record of their component, joined by the edges from a weight on."""
    parent = {record: record for record in records}

    def find(record):
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for left, right, weight in edges:
        if weight >= least:
            parent[find(left)] = find(right)
    return [(record, find(record)) for record in records]


if __name__ == "__main__":
    main()
