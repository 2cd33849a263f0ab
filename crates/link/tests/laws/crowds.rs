//! Crowds: components in which even the strongest edges connect more records than can all be looked at in pairs.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jingwei_link::{Decision, Linkage, Trained, record_key};
use proptest::prelude::*;

use crate::edits::{Step, follow};
use crate::support::{Data, Row, linker, run};

/// Four values, each of which hardly two persons share.
const ALIKE: &str = r#"
id = "id"
[[block]]
on = ["phone"]
[[compare]]
name = "name"
kind = "exact"
[[compare]]
name = "born"
kind = "exact"
[[compare]]
name = "phone"
kind = "exact"
[[compare]]
name = "home"
kind = "exact"
"#;

/// More records than a component may have whose pairs are all looked at.
const CROWD: usize = 420;

fn model(before: &str) -> String {
    format!("{before}\n{ALIKE}")
}

/// Weights of a thousand persons with two records each: agreement on all four values is as strong as evidence can be.
static LEARNED: LazyLock<Arc<Trained>> = LazyLock::new(|| {
    let mut data = Data::new();
    for person in 0..1000 {
        for table in ["a", "b"] {
            let value = |what: &str| Some(format!("{what}{person}"));
            data.insert((table.to_owned(), person.to_string()), [value("n"), value("d"), value("p"), value("h"), None]);
        }
    }
    run(&linker(ALIKE), &data).trained()
});

/// Records of table `b` that all say the same, but for what `number` says of each.
fn crowd(number: impl Fn(usize) -> Option<&'static str>) -> Data {
    (0..CROWD).map(|place| (name("b", place), alike(number(place)))).collect()
}

fn name(table: &str, place: usize) -> (String, String) {
    (table.to_owned(), format!("r{place}"))
}

fn alike(number: Option<&str>) -> Row {
    let [name, born, phone, home] = ["n", "d", "p", "h"].map(|value| Some(value.to_owned()));
    [name, born, phone, home, number.map(str::to_owned)]
}

fn linked(model: &str, data: &Data, decisions: Vec<Decision>) -> Linkage {
    run(&linker(model).with_trained(Arc::clone(&LEARNED)).with_decisions(decisions), data)
}

/// The records of each entity, in the order of their keys.
fn entities(linkage: &Linkage) -> Vec<Vec<u32>> {
    let mut entities: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (record, root) in linkage.entities.root.iter().enumerate() {
        entities.entry(*root).or_default().push(record as u32);
    }
    entities.into_values().collect()
}

fn largest(entities: &[Vec<u32>]) -> usize {
    entities.iter().map(Vec::len).max().unwrap()
}

/// What a record says as its number.
fn number<'a>(linkage: &Linkage, data: &'a Data, record: u32) -> Option<&'a str> {
    let records = &linkage.records;
    data[&(records.table_of(record).to_owned(), records.id_of(record).to_owned())][4].as_deref()
}

#[test]
fn a_crowd_is_one_entity_where_nothing_keeps_it_apart() {
    let linkage = linked(ALIKE, &crowd(|_| None), Vec::new());
    let strengths = linkage.pairs.iter().map(|pair| pair.logit);
    // Stronger than the strongest edges at which a large component is taken apart.
    assert!(strengths.fold(f32::INFINITY, f32::min) > 18.0);
    assert_eq!(largest(&entities(&linkage)), CROWD);
}

#[test]
fn a_crowd_holds_no_two_that_can_never_be_one_though_others_stand_between_them() {
    let data = crowd(|place| match place % 20 {
        7 => Some("1"),
        13 => Some("2"),
        _ => None,
    });
    let linkage = linked(&model("never = [\"l.number <> r.number\"]"), &data, Vec::new());
    let entities = entities(&linkage);
    for entity in &entities {
        let mut numbers = entity.iter().filter_map(|record| number(&linkage, &data, *record)).collect::<Vec<_>>();
        numbers.dedup();
        assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{numbers:?}");
    }
    assert!(largest(&entities) > CROWD / 2, "{}", largest(&entities));
}

#[test]
fn a_crowd_holds_no_two_that_a_condition_excludes_in_one_order_alone() {
    let data = crowd(|place| ["x", "y", "z"].get(place % 9).copied());
    let linkage = linked(&model("never = [\"l.number = 'x' and r.number = 'y'\"]"), &data, Vec::new());
    let entities = entities(&linkage);
    for entity in &entities {
        let first = entity.iter().position(|record| number(&linkage, &data, *record) == Some("x"));
        let after = first.map_or(&[][..], |first| &entity[first..]);
        assert!(after.iter().all(|record| number(&linkage, &data, *record) != Some("y")));
    }
    assert!(largest(&entities) > CROWD / 2, "{}", largest(&entities));
}

#[test]
fn a_crowd_holds_at_most_one_record_of_a_table_in_which_nobody_stands_twice() {
    let mut data = crowd(|_| None);
    data.extend((0..5).map(|place| (name("a", place), alike(None))));
    let linkage = linked(&model("one_to_one = [\"a\"]"), &data, Vec::new());
    let entities = entities(&linkage);
    for entity in &entities {
        assert!(entity.iter().filter(|record| linkage.records.table_of(**record) == "a").count() <= 1);
    }
    assert!(largest(&entities) > CROWD / 2, "{}", largest(&entities));
}

#[test]
fn what_people_decided_holds_in_a_crowd() {
    let data = crowd(|place| match place {
        0 | 1 => Some("1"),
        2 => Some("2"),
        _ => None,
    });
    let key = |place: usize| record_key("b", &format!("r{place}"));
    let decide = |left, right, same| Decision { left: key(left), right: key(right), same };
    let decisions = vec![decide(0, 2, true), decide(5, 6, false), decide(0, 7, false), decide(1, 0, true)];
    let linkage = linked(&model("never = [\"l.number <> r.number\"]"), &data, decisions);
    let root = |place: usize| {
        let key = key(place);
        linkage.entities.root[linkage.records.keys.iter().position(|other| *other == key).unwrap()]
    };
    assert!(root(0) == root(2) && root(0) == root(1), "what is the same is not together");
    assert!(root(5) != root(6) && root(0) != root(7), "what is not the same is together");
    assert!(largest(&entities(&linkage)) > CROWD / 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 32))]

    #[test]
    fn edits_of_a_crowd_give_what_the_batch_gives(
        numbers in prop::collection::vec(prop::option::weighted(0.3, prop::sample::select(vec!["1", "2", "3"])), CROWD),
        tables in prop::collection::vec((0..CROWD, 0..CROWD), 4),
        bars in prop::collection::vec((0..CROWD, 0..CROWD, any::<bool>()), 1..4),
    ) {
        let mut data = crowd(|place| numbers[place]);
        data.extend(tables.iter().map(|(place, _)| (name("a", *place), alike(numbers[*place]))));
        let mut steps = vec![Step::Delete(name("b", tables[0].1)), Step::Put(name("a", tables[1].1), alike(Some("2")))];
        steps.extend(bars.iter().map(|(one, other, same)| Step::Decide(name("b", *one), name("b", *other), *same)));
        let text = model("one_to_one = [\"a\"]\nnever = [\"l.number <> r.number\"]");
        follow(&text, &LEARNED, &data, &steps, 2)?;
    }
}
