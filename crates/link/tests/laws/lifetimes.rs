//! Dates that no one person can have.

use std::collections::BTreeSet;

use datafusion::prelude::SessionContext;

use crate::support::{RUNTIME, Record, entities, learned, linker, records, run, sets, tables, without_households};

/// The model with a lifetime over the columns `home` (a date here) and `number`.
fn model(lifetime: &str) -> String {
    without_households().replace("[fields]", &format!("[lifetime]\n{lifetime}\n[fields]"))
}

fn linked(lifetime: &str, those: &[Record<'_>]) -> BTreeSet<BTreeSet<String>> {
    let trained = learned(&without_households());
    entities(&run(&linker(&model(lifetime)).with_trained(trained), &records(those)))
}

/// A record of the same person, as far as name, birth and telephone go.
fn person<'a>(id: &'a str, born: &'a str, date: &'a str) -> Record<'a> {
    ("a", id, ["anna smith", born, "1", date, ""])
}

#[test]
fn nobody_is_born_after_death_or_after_what_was_recorded() {
    let those = [person("born", "1985-12-24", ""), person("dead", "1985-12-24", "1980-05-06")];
    assert_eq!(linked("birth = \"born\"\ndeath = \"home\"", &those), sets(&["a/born", "a/dead"]));
    assert_eq!(linked("birth = \"born\"\nevents = [\"home\"]", &those), sets(&["a/born", "a/dead"]));
    // A death after the birth, a date that nobody can read, and no date at all contradict nothing.
    for date in ["2001-05-06", "long ago", ""] {
        let those = [person("born", "1985-12-24", ""), person("dead", "1985-12-24", date)];
        assert_eq!(linked("birth = \"born\"\ndeath = \"home\"", &those), sets(&["a/born a/dead"]), "{date}");
    }
}

#[test]
fn an_impossible_date_holds_in_whole_entities_whichever_record_has_it() {
    // The third one has no dates and fits both.
    let mut those = vec![person("born", "1985-12-24", ""), person("dead", "", "1980-05-06"), person("neither", "", "")];
    for _ in 0..2 {
        let found = linked("birth = \"born\"\ndeath = \"home\"", &those);
        assert!(!found.iter().any(|entity| entity.contains("a/born") && entity.contains("a/dead")), "{found:?}");
        // The other order of ids: who is left and who is right is not promised.
        those = vec![person("dead", "1985-12-24", ""), person("born", "", "1980-05-06"), person("neither", "", "")];
    }
}

#[test]
fn a_birth_after_the_day_of_the_data_ties_its_record_to_nobody() {
    let those = [person("1", "2031-01-01", ""), person("2", "2031-01-01", "")];
    assert_eq!(linked("birth = \"born\"\nas_of = \"2026-03-01\"", &those), sets(&["a/1", "a/2"]));
    assert_eq!(linked("birth = \"born\"\nas_of = \"2031-03-01\"", &those), sets(&["a/1 a/2"]));
}

#[test]
fn two_valid_numbers_with_two_dates_of_birth_are_two_persons() {
    let context = SessionContext::new();
    for function in jingwei_standardize::functions() {
        context.register_udf(function);
    }
    // Numbers are not compared as such here.
    let model = model("resident_id = \"number\"").replace("never = [\"l.number <> r.number\"]", "never = []");
    let linked = |numbers: [&str; 2]| {
        let those = [("1", numbers[0]), ("2", numbers[1])]
            .map(|(id, number)| ("a", id, ["anna smith", "1960-01-02", "1", "x", number]));
        let linker = linker(&model).with_trained(learned(&without_households()));
        let linkage = RUNTIME.block_on(linker.link(&context, tables(&records(&those)), &|_| {})).unwrap();
        entities(&linkage).len()
    };
    assert_eq!(linked(["11010519491231002X", "321083197812162119"]), 2);
    assert_eq!(linked(["11010519491231002X", "110105491231002"]), 1);
    // One that fails its check, and one that is masked, have no date to go by.
    assert_eq!(linked(["11010519491231002X", "321083197812162118"]), 1);
    assert_eq!(linked(["11010519491231002X", "321083********2119"]), 1);
}

#[test]
fn a_lifetime_that_says_nothing_and_a_field_that_is_not_there_are_told() {
    let refused = |lifetime: &str| {
        let tables = tables(&records(&[person("1", "", "")]));
        let error =
            RUNTIME.block_on(linker(&model(lifetime)).link(&SessionContext::new(), tables, &|_| {})).unwrap_err();
        assert!(error.is_user_error(), "{error}");
        error.to_string()
    };
    assert!(refused("birth = \"born\"").contains("nothing follows"));
    assert!(refused("birth = \"born\"\ndeath = \"died\"").contains("died"));
    assert!(refused("birth = \"born\"\nas_of = \"01/03/2026\"").contains("2026-03-01"));
}
