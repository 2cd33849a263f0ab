//! Labels teach: they move what is learned towards what they say, and force nothing.

use jingwei_link::{Decision, record_key};

use crate::support::{Data, PERSONS, families, linker, members, run};

/// Pairs of the two records of one person, labelled as given.
pub fn labels(data: &Data, same: bool) -> Vec<Decision> {
    data.keys()
        .filter_map(|(table, id)| {
            let other = id.strip_suffix("-0").map(|person| format!("{person}-1"))?;
            (table == "a" && data.contains_key(&("b".to_owned(), other.clone()))).then(|| Decision {
                left: record_key("a", id),
                right: record_key("b", &other),
                same,
            })
        })
        .collect()
}

#[test]
fn labels_move_the_weights_to_the_shares_they_show_and_none_leave_them() {
    let data = families(120);
    let plain = run(&linker(PERSONS), &data);
    assert_eq!(plain.weights, run(&linker(PERSONS).with_labels(Vec::new()), &data).weights);
    let labels = labels(&data, true);
    let taught = run(&linker(PERSONS).with_labels(labels.clone()), &data);
    // What the labelled pairs show, counted by hand over those where both names are known.
    let value = |key: u128, column: usize| {
        let row = data.iter().find(|((table, id), _)| record_key(table, id) == key).map(|(_, row)| row.clone());
        row.unwrap()[column].clone()
    };
    let known = labels.iter().filter_map(|label| value(label.left, 0).zip(value(label.right, 0))).collect::<Vec<_>>();
    let equal = known.iter().filter(|(left, right)| left == right).count() as f64 / known.len() as f64;
    let name = |linkage: &jingwei_link::Linkage| linkage.weights.outcomes[0].m[0];
    assert!(labels.len() > 50 && equal > 0.5 && equal < 0.95, "{} labels, {equal}", labels.len());
    assert!((name(&taught) - equal).abs() < (name(&plain) - equal).abs(), "{} {}", name(&plain), name(&taught));
    assert!((name(&taught) - equal).abs() < 0.05, "{} is not {equal}", name(&taught));
}

#[test]
fn labels_force_no_pair() {
    let data = families(60);
    let free = run(&linker(PERSONS), &data);
    let label = labels(&data, true)[0];
    let wrong = Decision { same: false, ..label };
    let taught = run(&linker(PERSONS).with_labels(vec![wrong]), &data);
    let together = |linkage: &jingwei_link::Linkage| {
        let place = |key: u128| linkage.records.keys.iter().position(|other| *other == key).unwrap();
        linkage.entities.root[place(label.left)] == linkage.entities.root[place(label.right)]
    };
    assert!(together(&free) && together(&taught));
    assert_eq!(members(&free).len(), members(&taught).len());
}
