//! Families that moved: one member who is recognized shows where the others went.

use crate::support::{PERSONS, families, linker, records, run};

#[test]
fn a_family_that_moved_is_one_household_and_its_flats_no_longer_speak_against_its_members() {
    let mut data = families(150);
    data.append(&mut records(&[
        ("a", "anna", ["annabel whitmore", "1961-03-04", "555-old", "old flat", ""]),
        // She kept her telephone.
        ("b", "anna", ["annabel whitmore", "1961-03-04", "555-old", "new flat", ""]),
        ("a", "emil", ["emilian whitmore", "1988-07-09", "555-old", "old flat", ""]),
        ("b", "emil", ["emilian whitmore", "", "555-new", "new flat", ""]),
        ("a", "other", ["ingrid paulsen", "1970-10-11", "555-other", "another flat", ""]),
    ]));
    let linkage = run(&linker(PERSONS), &data);
    let place = |name: &str| linkage.find(name).unwrap();
    let households = linkage.households.as_ref().unwrap();
    let of = |name: &str| households.of[place(name) as usize];
    let all = ["a/anna", "b/anna", "a/emil", "b/emil"].map(of);
    assert!(all[0] != 0 && all.iter().all(|household| *household == all[0]), "{all:?}");
    assert_ne!(of("a/other"), all[0]);
    assert!(
        households.shared(place("a/emil"), place("b/anna")) && !households.shared(place("a/emil"), place("a/other"))
    );
    // What the two flats would say against them is taken out of the score, and told as a part of it.
    let parts = |left: &str, right: &str| {
        let told = serde_json::to_value(linkage.explain(place(left), place(right))).unwrap();
        let parts = told["parts"].as_array().unwrap().iter();
        parts.map(|part| part["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(parts("a/emil", "b/emil").contains(&"household".to_owned()), "{:?}", parts("a/emil", "b/emil"));
    assert!(!parts("a/emil", "a/other").contains(&"household".to_owned()));
}

#[test]
fn nobody_has_a_household_where_the_model_shares_nothing() {
    let model = PERSONS.replace("household = true", "");
    assert!(run(&linker(&model), &families(30)).households.is_none());
}
