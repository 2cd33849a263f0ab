//! A linkage that took edits is the linkage of the edited data.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use jingwei_link::{Decision, Edit, Incremental, Linker, Trained, record_key};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::support::{
    Data, PERSONS, RUNTIME, Row, batch, data, edges, families, learned, linker, members, place, row, run, schema,
    without_households,
};

/// What is done to one record.
#[derive(Debug, Clone)]
pub enum Step {
    Put((String, String), Row),
    Delete((String, String)),
    Decide((String, String), (String, String), bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (place(), row()).prop_map(|(place, row)| Step::Put(place, row)),
        3 => place().prop_map(Step::Delete),
        1 => (place(), place(), any::<bool>()).prop_map(|(one, other, same)| Step::Decide(one, other, same)),
    ]
}

fn begin(linker: &Linker, data: &Data) -> Incremental {
    let linkage = run(linker, data);
    let schemas = ["a", "b"].map(|name| (name.to_owned(), schema())).to_vec();
    RUNTIME.block_on(Incremental::new(&SessionContext::new(), linker, schemas, linkage)).unwrap()
}

fn put(base: &Incremental, table: &str, id: &String, row: &Row) -> Edit {
    Edit::Put(RUNTIME.block_on(base.read(table, &batch(std::iter::once((id, row))))).unwrap())
}

/// Makes the steps and compares with the batch after each `stride` of them.
pub fn follow(
    model: &str,
    trained: &Arc<Trained>,
    start: &Data,
    steps: &[Step],
    stride: usize,
) -> Result<(), TestCaseError> {
    let linker = linker(model).with_trained(Arc::clone(trained));
    let mut data = start.clone();
    let mut decisions = Vec::new();
    let mut base = begin(&linker, &data);
    for steps in steps.chunks(stride) {
        let before = members(&run(&linker.clone().with_decisions(decisions.clone()), &data));
        let mut edits = Vec::new();
        for step in steps {
            match step {
                Step::Put((table, id), row) => {
                    edits.push(put(&base, table, id, row));
                    data.insert((table.clone(), id.clone()), row.clone());
                }
                Step::Delete((table, id)) => {
                    edits.push(Edit::Delete(record_key(table, id)));
                    data.remove(&(table.clone(), id.clone()));
                }
                Step::Decide(one, other, same) => {
                    let key = |(table, id): &(String, String)| record_key(table, id);
                    let decision = Decision { left: key(one), right: key(other), same: *same };
                    edits.push(Edit::Decide(decision));
                    decisions.push(decision);
                }
            }
        }
        let changes = base.apply(edits);
        let batch = run(&linker.clone().with_decisions(decisions.clone()), &data);
        // What is kept on disk is what is at hand.
        let folder = tempfile::tempdir().unwrap();
        base.save(folder.path()).unwrap();
        base = RUNTIME.block_on(Incremental::open(&SessionContext::new(), folder.path())).unwrap();
        let again = RUNTIME.block_on(Incremental::open(&SessionContext::new(), folder.path())).unwrap();
        let now = again.into_linkage();
        prop_assert_eq!(members(&now), members(&batch), "after {:?}", steps);
        prop_assert_eq!(edges(&now), edges(&batch), "after {:?}", steps);
        // The changes told are those that happened.
        let after = members(&batch);
        let entity = |all: &std::collections::BTreeMap<(String, String), (String, u32)>, name: &(String, String)| {
            all.get(name).map(|(entity, _)| entity.clone())
        };
        let expected = before
            .keys()
            .chain(after.keys())
            .filter(|name| entity(&before, name) != entity(&after, name))
            .map(|name| (name.clone(), entity(&before, name), entity(&after, name)))
            .collect::<BTreeSet<_>>();
        let told = changes.into_iter().map(|change| ((change.table, change.id), change.before, change.after));
        prop_assert_eq!(told.collect::<BTreeSet<_>>(), expected, "after {:?}", steps);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 12))]

    #[test]
    fn edits_give_what_the_batch_gives(start in data(), steps in prop::collection::vec(step(), 1..9)) {
        follow(PERSONS, &learned(PERSONS), &start, &steps, 1)?;
    }

    #[test]
    fn several_edits_at_once_give_what_the_batch_gives(start in data(), steps in prop::collection::vec(step(), 1..16)) {
        follow(PERSONS, &learned(PERSONS), &start, &steps, 4)?;
    }

    #[test]
    fn edits_give_what_the_batch_gives_without_households(
        start in data(),
        steps in prop::collection::vec(step(), 1..9),
    ) {
        let model = without_households();
        follow(&model, &learned(&model), &start, &steps, 1)?;
    }

    #[test]
    fn edits_give_what_the_batch_gives_where_nobody_stands_twice_in_a_table(
        start in data(),
        steps in prop::collection::vec(step(), 1..9),
    ) {
        let model = format!("one_to_one = [\"a\"]\n{PERSONS}");
        follow(&model, &learned(&model), &start, &steps, 1)?;
    }

    #[test]
    fn edits_give_what_the_batch_gives_between_tables_alone(
        start in data(),
        steps in prop::collection::vec(step(), 1..9),
    ) {
        let model = format!("mode = \"link_only\"\n{PERSONS}");
        follow(&model, &learned(&model), &start, &steps, 1)?;
    }
}

#[test]
fn a_home_of_too_many_ties_nobody_until_it_is_one_of_few_again() {
    let mut start = families(20);
    let person = |number: usize, phone: &str| -> Row {
        let name = format!("guest{} of{}", number % 40, number % 7);
        [
            Some(name),
            Some(format!("19{:02}-01-02", 40 + number % 40)),
            Some(phone.to_owned()),
            Some(format!("{number} inn")),
            None,
        ]
    };
    // A hostel of exactly so many as a household may have.
    for number in 0..60 {
        start.insert(("a".to_owned(), format!("h{number}")), person(number, "555-hostel"));
    }
    for number in 0..6 {
        let mut moved = person(number, "777-new");
        moved[3] = Some("the same new flat".to_owned());
        start.insert(("b".to_owned(), format!("h{number}")), moved);
    }
    let one = || ("a".to_owned(), "h60".to_owned());
    let steps = [
        Step::Put(one(), person(60, "555-hostel")),
        Step::Put(("a".to_owned(), "h61".to_owned()), person(61, "555-hostel")),
        Step::Delete(one()),
        Step::Put(("a".to_owned(), "h3".to_owned()), person(3, "555-other")),
        Step::Put(("a".to_owned(), "h61".to_owned()), person(61, "555-elsewhere")),
    ];
    follow(PERSONS, &learned(PERSONS), &start, &steps, 1).unwrap();
}

#[test]
fn a_record_that_nothing_but_a_decision_bound_to_one_that_is_deleted_stands_alone() {
    let place = |id: &str| ("b".to_owned(), id.to_owned());
    let row = |name: &str, street: &str| -> Row {
        [Some(name.to_owned()), Some("1960-02-01".to_owned()), None, None, Some(street.to_owned())]
    };
    // Either may be the one that the entity is named after.
    for deleted in ["0", "4"] {
        let steps = [
            Step::Put(place("0"), row("emil smith", "2")),
            Step::Put(place("4"), row("greta stone", "8")),
            Step::Decide(place("0"), place("4"), true),
            Step::Delete(place(deleted)),
        ];
        for stride in [1, 3] {
            follow(PERSONS, &learned(PERSONS), &Data::new(), &steps, stride).unwrap();
        }
    }
}

#[test]
fn what_does_not_change_a_record_changes_nothing() {
    let data = families(30);
    let mut base = begin(&linker(PERSONS), &data);
    let (before, count) = (base.entity_of("a", "p3-0"), base.len());
    let ((table, id), row) = data.iter().next().unwrap();
    let edits = vec![put(&base, table, id, row), Edit::Delete(record_key("a", "nobody"))];
    assert!(base.apply(edits).is_empty());
    assert!(before.is_some() && base.entity_of("a", "p3-0") == before && base.len() == count);
    assert!(base.entity_of("a", "nobody").is_none());
}

#[test]
fn rows_of_an_unknown_table_and_a_folder_that_keeps_nothing_are_told() {
    let base = begin(&linker(PERSONS), &families(10));
    let row = [None, None, None, None, None];
    let rows = batch(std::iter::once((&"1".to_owned(), &row)));
    let error = RUNTIME.block_on(base.read("c", &rows)).unwrap_err();
    assert!(error.is_user_error() && error.to_string().contains("one of `a`, `b`"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = RUNTIME.block_on(Incremental::open(&SessionContext::new(), folder.path())).unwrap_err();
    assert!(error.is_user_error() && error.to_string().contains("no linkage was kept here"), "{error}");
}
