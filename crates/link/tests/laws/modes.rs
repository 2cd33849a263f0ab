//! Which pairs a mode looks at, and tables in which nobody stands twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::support::{Record, data, edges, entities, learned, linker, records, run, sets, without_households};

const TWIN: [&str; 5] = ["anna smith", "1960-01-02", "1", "x", ""];

/// The entities of some records under a model that begins with `head`.
fn linked(head: &str, those: &[Record<'_>]) -> BTreeSet<BTreeSet<String>> {
    let model = format!("{head}\n{}", without_households());
    entities(&run(&linker(&model).with_trained(learned(&without_households())), &records(those)))
}

#[test]
fn duplicates_are_found_within_a_table_and_between_tables() {
    let those = [("a", "1", TWIN), ("a", "2", TWIN), ("b", "1", TWIN)];
    for mode in ["link_and_dedupe", "dedupe"] {
        assert_eq!(linked(&format!("mode = \"{mode}\""), &those), sets(&["a/1 a/2 b/1"]), "{mode}");
    }
    // That is also what a model does that says nothing of it.
    assert_eq!(linked("", &those), sets(&["a/1 a/2 b/1"]));
    assert_eq!(linked("", &those[..2]), sets(&["a/1 a/2"]));
}

#[test]
fn only_pairs_between_tables_are_looked_at_when_tables_are_linked() {
    let model = format!("mode = \"link_only\"\n{}", without_households());
    let those = [("a", "1", TWIN), ("a", "2", TWIN), ("b", "1", TWIN)];
    assert_eq!(linked("mode = \"link_only\"", &those[..2]), sets(&["a/1", "a/2"]));
    let linkage = run(&linker(&model).with_trained(learned(&without_households())), &records(&those));
    for [left, right] in edges(&linkage).into_keys() {
        assert_ne!(left.split('/').next(), right.split('/').next(), "{left} {right}");
    }
    // What is promised of two records of one table: they come together through a record of another that fits both, if
    // they fit each other as well.
    assert_eq!(entities(&linkage), sets(&["a/1 a/2 b/1"]));
}

#[test]
fn two_records_of_a_table_that_do_not_fit_each_other_are_not_joined_by_one_that_fits_both() {
    let those = [
        ("a", "1", ["anna smith", "1960-01-02", "1", "", "7"]),
        ("a", "2", ["anna smith", "1960-01-02", "", "x", "8"]),
        ("b", "1", ["anna smith", "1960-01-02", "1", "x", ""]),
    ];
    // Their numbers differ, which the model forbids.
    let found = linked("mode = \"link_only\"", &those);
    assert!(!found.iter().any(|entity| entity.contains("a/1") && entity.contains("a/2")), "{found:?}");
    assert!(found.iter().any(|entity| entity.contains("b/1") && entity.len() == 2), "{found:?}");
}

#[test]
fn where_nobody_stands_twice_an_entity_has_one_record_of_the_table() {
    let those = [("a", "1", TWIN), ("a", "2", TWIN), ("b", "1", TWIN), ("b", "2", TWIN)];
    for mode in ["link_and_dedupe", "link_only"] {
        let found = linked(&format!("mode = \"{mode}\"\none_to_one = [\"a\"]"), &those);
        assert_eq!(found.len(), 2, "{mode}: {found:?}");
        assert!(!found.iter().any(|entity| entity.contains("a/1") && entity.contains("a/2")), "{mode}: {found:?}");
        // In the other table somebody may, where nobody else of the first one claims a record of theirs.
        let found = linked(&format!("mode = \"{mode}\"\none_to_one = [\"a\"]"), &those[1..]);
        assert_eq!(found, sets(&["a/2 b/1 b/2"]), "{mode}");
        let found = linked(&format!("mode = \"{mode}\"\none_to_one = [\"a\", \"b\"]"), &those);
        assert!(found.len() == 2 && found.iter().all(|entity| entity.len() == 2), "{mode}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]

    #[test]
    fn no_entity_has_two_records_of_a_table_in_which_nobody_stands_twice(data in data()) {
        let model = format!("one_to_one = [\"a\", \"b\"]\n{}", without_households());
        let linkage = run(&linker(&model).with_trained(learned(&without_households())), &data);
        for entity in entities(&linkage) {
            for table in ["a/", "b/"] {
                prop_assert!(entity.iter().filter(|name| name.starts_with(table)).count() <= 1, "{:?}", entity);
            }
        }
    }
}
