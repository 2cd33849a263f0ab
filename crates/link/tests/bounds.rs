//! What a model may not say, and bounds that hold whatever the weights are.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Incremental, LinkError, Linkage, Linker, Table, Trained};

const MODEL: &str = r#"
id = "id"
[[block]]
on = ["name"]
[[compare]]
name = "name"
kind = "jaro_winkler"
[[compare]]
name = "born"
kind = "exact"
"#;

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

fn linker(text: &str) -> Linker {
    Linker::new(jingwei_model::config::parse("model.toml", text, |_| None).unwrap())
}

/// Records from a number on, named by `name`.
fn records(from: usize, count: usize, name: impl Fn(usize) -> String) -> RecordBatch {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Schema::new(vec![text("id"), text("name"), text("born")]);
    let column = |value: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new((from..from + count).map(|n| Some(value(n))).collect::<StringArray>())
    };
    let born = |n: usize| format!("19{:02}", n / 2 % 90);
    RecordBatch::try_new(Arc::new(schema), vec![column(&|n| n.to_string()), column(&name), column(&born)]).unwrap()
}

/// Two records of each of so many persons.
fn persons(count: usize) -> RecordBatch {
    records(0, 2 * count, |n| format!("person {}", n / 2))
}

fn link(linker: &Linker, rows: &RecordBatch) -> Result<Linkage, LinkError> {
    let context = SessionContext::new();
    let table = Table { name: "t".to_owned(), rows: context.read_batch(rows.clone()).unwrap() };
    RUNTIME.block_on(linker.link(&context, vec![table], &|_| {}))
}

fn refused(linker: &Linker, rows: &RecordBatch) -> String {
    let error = link(linker, rows).unwrap_err();
    assert!(error.is_user_error(), "{error}");
    error.to_string()
}

fn trained() -> Arc<Trained> {
    link(&linker(MODEL), &persons(200)).unwrap().trained()
}

#[test]
fn a_table_that_is_not_there_can_have_nobody_once() {
    let told = refused(&linker(&format!("one_to_one = [\"hukuo\"]\n{MODEL}")), &persons(5));
    assert!(told.contains("`hukuo`") && told.contains("`t`"), "{told}");
}

#[test]
fn two_comparisons_do_not_share_a_name() {
    let told = refused(&linker(&format!("{MODEL}\n[[compare]]\nname = \"born\"\nkind = \"date\"\n")), &persons(5));
    assert!(told.contains("two comparisons are named `born`") && told.contains("`field`"), "{told}");
}

#[test]
fn bounds_of_levels_are_of_their_kind_and_in_order() {
    for (kind, at, words) in [
        ("jaro_winkler", "[0.7, 0.9]", "from the highest to the lowest"),
        ("jaro_winkler", "[92]", "between 0 and 1"),
        ("tokens", "[-0.5]", "between 0 and 1"),
        ("levenshtein", "[2, 1]", "from the lowest to the highest"),
        ("damerau_levenshtein", "[1.5]", "whole"),
        ("number", "[-1]", "0 or more"),
        ("date", "[nan]", "0 or more"),
        ("exact", "[1]", "no bounds"),
        ("phone", "[1]", "no bounds"),
    ] {
        let text = format!("{MODEL}\n[[compare]]\nname = \"other\"\nfield = \"born\"\nkind = \"{kind}\"\nat = {at}\n");
        let told = refused(&linker(&text), &persons(5));
        assert!(told.contains("comparison `other`") && told.contains(words), "{kind} {at}: {told}");
    }
}

#[test]
fn the_limit_of_pairs_holds_under_weights_that_were_learned_before() {
    let crowd = records(0, 3000, |_| "one name".to_owned());
    let bound = linker(MODEL).with_trained(trained());
    let told = refused(&bound, &crowd);
    for word in ["`name`", "4498500 pairs", "2000000", "limits.pairs", "part of the weights"] {
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
    let few = linker(&format!("{MODEL}\n[limits]\npairs = 100\n")).with_trained(trained());
    assert!(refused(&few, &persons(200)).contains("the limit is 100 pairs"));
    let more = linker(&format!("{MODEL}\n[limits]\npairs = 200\n")).with_trained(trained());
    link(&more, &persons(200)).unwrap();
}

#[test]
fn the_limit_of_pairs_holds_for_rows_that_come_later() {
    let context = SessionContext::new();
    let limited = linker(&format!("{MODEL}\n[limits]\npairs = 300\n"));
    let rows = persons(200);
    let linkage = link(&limited, &rows).unwrap();
    let schemas = vec![("t".to_owned(), rows.schema())];
    let base = RUNTIME.block_on(Incremental::new(&context, &limited, schemas, linkage)).unwrap();
    // Twenty-four of one name meet each other and the two that are there: 25 * 26 / 2 - 1 pairs.
    let crowd = |count| records(1000, count, |_| "person 7".to_owned());
    let error = RUNTIME.block_on(base.read("t", &crowd(24))).unwrap_err();
    assert!(error.is_user_error(), "{error}");
    assert!(error.to_string().contains("324 pairs") && error.to_string().contains("300"), "{error}");
    assert_eq!(RUNTIME.block_on(base.read("t", &crowd(20))).unwrap().len(), 20);
    assert_eq!(base.len(), 400);
}

#[test]
fn weights_that_are_no_probabilities_are_refused() {
    let learned = trained();
    assert!(Trained::read(&[learned.table().unwrap()]).is_ok());
    for (part, value) in [("m", 1.5), ("u", -0.1), ("related", f64::NAN), ("matches", f64::INFINITY)] {
        let mut damaged = Trained::clone(&learned);
        let outcomes = &mut damaged.weights.outcomes[1];
        match part {
            "m" => outcomes.m[0] = value,
            "u" => outcomes.u[0] = value,
            "related" => outcomes.related[0] = value,
            _ => damaged.weights.matches = value,
        }
        let error = Trained::read(&[damaged.table().unwrap()]).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("damaged"), "{error}");
        assert!(part == "matches" || error.to_string().contains("of `born`"), "{error}");
    }
}
