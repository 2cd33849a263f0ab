//! Linkage from tables to entities: what must hold whatever the data.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchReader, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{SessionConfig, SessionContext};
use jingwei_link::{Decision, LinkError, Linkage, Linker, Table, Trained, use_threads};
use jingwei_model::config::LinkModel;
use jingwei_model::hash::hash128;
use proptest::prelude::*;

const MODEL: &str = r#"
id = "id"
never = ["l.number <> r.number"]

[[block]]
on = ["name"]

[[block]]
on = ["born"]

[[compare]]
name = "name"
kind = "jaro_winkler"

[[compare]]
name = "born"
kind = "date"

[[compare]]
name = "city"
kind = "exact"
"#;

type Row = [Option<String>; 5];

const COLUMNS: [&str; 5] = ["id", "name", "born", "city", "number"];

fn table(name: &str, rows: &[Row]) -> Table {
    table_in(&SessionContext::new(), name, rows)
}

fn table_in(context: &SessionContext, name: &str, rows: &[Row]) -> Table {
    let schema = Schema::new(COLUMNS.map(|column| Field::new(column, DataType::Utf8, true)).to_vec());
    let columns = (0..COLUMNS.len())
        .map(|column| Arc::new(rows.iter().map(|row| row[column].clone()).collect::<StringArray>()) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    // At least one: a table without rows has its columns all the same.
    let batches = (0..batch.num_rows().max(1))
        .step_by(256)
        .map(|start| batch.slice(start, 256.min(batch.num_rows() - start)))
        .collect::<Vec<_>>();
    Table { name: name.to_owned(), rows: context.read_batches(batches).unwrap() }
}

fn model(text: &str) -> LinkModel {
    jingwei_model::config::parse("model.toml", text, |_| None).unwrap()
}

fn run(linker: &Linker, rows: &[Row]) -> Result<Linkage, LinkError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(linker.link(&SessionContext::new(), vec![table("t", rows)], &|_| {}))
}

/// What a linkage tells.
fn rows_of(told: impl RecordBatchReader) -> RecordBatch {
    let schema = told.schema();
    concat_batches(&schema, &told.collect::<Result<Vec<_>, _>>().unwrap()).unwrap()
}

/// The entities as sets of ids.
fn entities(linkage: &Linkage) -> BTreeSet<BTreeSet<String>> {
    let mut sets: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for record in 0..linkage.records.len() as u32 {
        let root = linkage.entities.root[record as usize];
        sets.entry(root).or_default().insert(linkage.records.id_of(record).to_owned());
    }
    sets.into_values().collect()
}

/// Persons with one to three records each, some of them with errors.
fn persons(count: usize) -> Vec<Row> {
    const GIVEN: [&str; 5] = ["anna", "bert", "carla", "dora", "emil"];
    const FAMILY: [&str; 7] = ["smith", "jones", "brown", "green", "stone", "field", "marsh"];
    let mut rows = Vec::new();
    for person in 0..count {
        let name = format!("{} {}", GIVEN[person % 5], FAMILY[person % 7]);
        let born = format!("19{:02}-{:02}-{:02}", 30 + person % 70, 1 + person % 12, 1 + (person * 7) % 28);
        for copy in 0..=person % 3 {
            let name = if copy == 1 && person % 4 == 0 { name.replacen('n', "m", 1) } else { name.clone() };
            rows.push([
                Some(format!("{person}-{copy}")),
                Some(name),
                Some(born.clone()),
                (person % 9 != 0).then(|| format!("city{}", person % 10)),
                (copy == 0).then(|| person.to_string()),
            ]);
        }
    }
    rows
}

#[test]
fn records_of_one_person_meet_and_others_stay_apart() {
    let linkage = run(&Linker::new(model(MODEL)), &persons(210)).unwrap();
    let found = entities(&linkage);
    let persons = |entity: &BTreeSet<String>| {
        entity.iter().map(|id| id.split('-').next().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let mixed = found.iter().filter(|entity| persons(entity).len() > 1).collect::<Vec<_>>();
    assert!(mixed.is_empty(), "entities that mix persons: {mixed:?}");
    assert!(found.len() <= 215, "{} entities of 210 persons", found.len());
}

#[test]
fn the_order_of_the_input_changes_nothing() {
    let rows = persons(120);
    let first = run(&Linker::new(model(MODEL)), &rows).unwrap();
    let mut turned = rows;
    turned.reverse();
    let second = run(&Linker::new(model(MODEL)), &turned).unwrap();
    assert_eq!(entities(&first), entities(&second));
    assert_eq!(first.weights, second.weights);
    assert_eq!(rows_of(first.members()), rows_of(second.members()));
    assert_eq!(rows_of(first.edge_table()), rows_of(second.edge_table()));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    // Enough records for several batches, several tasks of every phase, and keys that are sampled.
    let rows = persons(3000);
    let (first, rest) = rows.split_at(rows.len() / 3);
    let household = MODEL.replace("kind = \"exact\"", "kind = \"exact\"\nhousehold = true");
    let link = |threads: usize| {
        use_threads(threads);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).build().unwrap();
        let config = SessionConfig::new().with_target_partitions(threads).with_batch_size(256);
        let tables = vec![
            table_in(&SessionContext::new_with_config(config.clone()), "a", first),
            table_in(&SessionContext::new_with_config(config.clone()), "b", rest),
        ];
        let linker = Linker::new(model(&household));
        let linkage = runtime.block_on(linker.link(&SessionContext::new_with_config(config), tables, &|_| {})).unwrap();
        (rows_of(linkage.members()), rows_of(linkage.edge_table()))
    };
    let alone = link(1);
    assert!(alone.1.num_rows() > 1000, "{} edges", alone.1.num_rows());
    for threads in [2, 4] {
        assert_eq!(link(threads), alone, "{threads} threads");
    }
    use_threads(0);
}

#[test]
fn a_limit_on_memory_changes_nothing_or_tells_the_least_it_needs() {
    let mut rows = persons(12_000);
    for row in &mut rows {
        // Names that few share, or a name's records alone would be too many to compare.
        let person = row[0].as_ref().and_then(|id| id.split('-').next()?.parse::<usize>().ok()).unwrap();
        row[1] = row[1].as_ref().map(|name| format!("{name} {}", person / 35));
    }
    let text = |limit: usize| format!("{MODEL}\n[limits]\nmemory_mb = {limit}\n");
    let free = run(&Linker::new(model(MODEL)), &rows).unwrap();
    let told = message(&text(1), &rows);
    let least_of = |told: &str| {
        told.split("at least ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok()).unwrap()
    };
    // The first error tells what the records need, the second adds the pairs.
    let records = least_of(&told);
    assert!(records > 1 && told.contains("limits.memory_mb"), "{told}");
    let least = match run(&Linker::new(model(&text(records))), &rows) {
        Ok(_) => records,
        Err(error) => least_of(&error.to_string()),
    };
    let bound = run(&Linker::new(model(&text(least))), &rows).unwrap();
    assert_eq!(rows_of(bound.members()), rows_of(free.members()));
    assert_eq!(rows_of(bound.edge_table()), rows_of(free.edge_table()));
    assert_eq!(bound.weights, free.weights);
}

#[test]
fn a_linkage_of_more_than_a_batch_is_told_whole_and_entity_by_entity() {
    let row = |n: usize| {
        let (person, copy) = (n / 3, n % 3);
        let born = format!("19{:02}-{:02}-{:02}", person % 90, 1 + person % 12, 1 + person % 28);
        [Some(format!("{person}-{copy}")), Some(format!("person {person}")), Some(born), None, None]
    };
    let linkage = run(&Linker::new(model(MODEL)), &(0..36_000).map(row).collect::<Vec<_>>()).unwrap();
    assert!(linkage.members().count() > 1 && linkage.edge_table().count() > 1);
    let members = rows_of(linkage.members());
    let column = |place: usize| members.column(place).as_string::<i32>().iter().flatten().collect::<Vec<_>>();
    assert_eq!(column(1).into_iter().collect::<BTreeSet<_>>().len(), 36_000);
    let ids = column(2);
    let runs = ids.chunk_by(|a, b| a == b).count();
    assert_eq!(runs as u64, linkage.report.entities);
    let edges = rows_of(linkage.edge_table());
    assert_eq!(edges.num_rows(), linkage.edges().count());
    assert_eq!(edges.column_by_name("left_id").unwrap().null_count(), 0);
}

#[test]
fn what_people_decided_stands_above_the_evidence() {
    let rows = persons(60);
    let key = |id: &str| hash128(format!("t\u{1f}{id}").as_bytes());
    let free = entities(&run(&Linker::new(model(MODEL)), &rows).unwrap());
    let together =
        |sets: &BTreeSet<BTreeSet<String>>, a: &str, b: &str| sets.iter().any(|set| set.contains(a) && set.contains(b));
    assert!(together(&free, "2-0", "2-1") && !together(&free, "3-0", "4-0"));
    let decisions = vec![
        Decision { left: key("2-0"), right: key("2-1"), same: false },
        Decision { left: key("3-0"), right: key("4-0"), same: true },
        Decision { left: key("3-0"), right: key("not there"), same: true },
    ];
    let bound = entities(&run(&Linker::new(model(MODEL)).with_decisions(decisions), &rows).unwrap());
    assert!(!together(&bound, "2-0", "2-1") && together(&bound, "3-0", "4-0"));
}

fn message(model_text: &str, rows: &[Row]) -> String {
    let error = run(&Linker::new(model(model_text)), rows).unwrap_err();
    assert!(error.is_user_error(), "{error}");
    error.to_string()
}

#[test]
fn mistakes_in_a_model_are_told_with_their_place() {
    let rows = persons(6);
    let text = MODEL.replace("on = [\"born\"]", "on = [\"bron\"]");
    assert!(message(&text, &rows).contains("bron"));
    let text = MODEL.replace("id = \"id\"", "id = \"ids\"");
    assert!(message(&text, &rows).contains("did you mean `id`?"), "{}", message(&text, &rows));
    let text = MODEL.replace("on = [\"born\"]", "where = \"l.born <> r.born\"");
    assert!(message(&text, &rows).contains("every record together with every other"));
    let text = MODEL.replace("on = [\"born\"]", "where = \"concat(l.born, r.born) = 'x'\"");
    assert!(
        message(&text, &rows).contains("in a way that is not known") || message(&text, &rows).contains("no number")
    );
    let text = format!("{MODEL}\n[limits]\npairs = 1\n");
    let told = message(&text, &persons(60));
    assert!(told.contains("pairs together") && told.contains("limits.pairs"), "{told}");
    let mut twice = persons(6);
    twice.push(twice[0].clone());
    assert!(message(MODEL, &twice).contains("have the id `0-0`"));
}

#[test]
fn tables_without_records_and_columns_without_values_are_warned_of() {
    let warnings = |rows: &[Row]| run(&Linker::new(model(MODEL)), rows).unwrap().report.warnings;
    assert_eq!(warnings(&[]), ["table `t` has no records"]);
    assert_eq!(warnings(&persons(20)), Vec::<String>::new());
    let mut rows = persons(20);
    rows.iter_mut().for_each(|row| row[2] = None);
    assert_eq!(warnings(&rows), ["no record has a value of `born`: it brings nobody together and compares nothing"]);
    // One is enough, wherever it stands.
    rows.last_mut().unwrap()[2] = Some("1950-03-04".to_owned());
    assert_eq!(warnings(&rows), Vec::<String>::new());
    // Numbers and truth values as well.
    let text = format!(
        "{MODEL}\n[[compare]]\nname = \"number\"\nlevels = [{{ where = \"abs(l.n - r.n) < 2\" }}]\n\
         [[compare]]\nname = \"flag\"\nlevels = [{{ where = \"l.f and r.f\" }}]\n\
         [fields]\nn = \"cast(number as double)\"\nf = \"number = '1'\"\n"
    );
    rows.iter_mut().for_each(|row| row[4] = None);
    let told = run(&Linker::new(model(&text)), &rows).unwrap().report.warnings;
    // `never` asks for the number as it is written, too.
    let names = ["f", "n", "number"].map(|name| told.iter().any(|told| told.contains(&format!("value of `{name}`:"))));
    assert!(told.len() == 3 && names == [true; 3], "{told:?}");
    rows[7][4] = Some("1".to_owned());
    assert_eq!(run(&Linker::new(model(&text)), &rows).unwrap().report.warnings, Vec::<String>::new());
}

#[test]
fn empty_tables_empty_columns_and_one_giant_block_come_to_an_end() {
    assert!(entities(&run(&Linker::new(model(MODEL)), &[]).unwrap()).is_empty());
    let empty = (0..4000).map(|n| [Some(n.to_string()), None, None, None, None]).collect::<Vec<Row>>();
    assert_eq!(entities(&run(&Linker::new(model(MODEL)), &empty).unwrap()).len(), 4000);
    let mut rows = empty;
    rows.iter_mut().for_each(|row| row[1] = Some("the same name".to_owned()));
    let linkage = run(&Linker::new(model(MODEL)), &rows).unwrap();
    let warnings = &linkage.report.warnings;
    assert!(warnings.iter().any(|warning| warning.contains("left out")), "{warnings:?}");
}

/// Weights of two hundred persons, for tables too small to learn from.
static LEARNED: LazyLock<Arc<Trained>> =
    LazyLock::new(|| run(&Linker::new(model(MODEL)), &persons(210)).unwrap().trained());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]

    #[test]
    fn no_entity_holds_what_can_never_be_one(
        // Of twelve records of three persons four are of one, and of four records two have no other number.
        rows in prop::collection::vec((0..3_usize, prop::option::weighted(0.5, 0..3_u8)), 12..40)
    ) {
        let known = persons(3);
        let rows = rows.iter().enumerate().map(|(n, (person, number))| {
            let id = Some(format!("{person}-0"));
            let [_, name, born, city, _] = known.iter().find(|row| row[0] == id).unwrap().clone();
            [Some(n.to_string()), name, born, city, number.map(|number| number.to_string())]
        }).collect::<Vec<Row>>();
        let values = |entity: &BTreeSet<String>, column: usize| {
            entity.iter().filter_map(|id| rows[id.parse::<usize>().unwrap()][column].clone()).collect::<BTreeSet<_>>()
        };
        let linked = |text: &str| {
            entities(&run(&Linker::new(model(text)).with_trained(Arc::clone(&LEARNED)), &rows).unwrap())
        };
        let bound = linked(MODEL);
        for entity in &bound {
            prop_assert!(values(entity, 4).len() <= 1, "{:?}", entity);
        }
        prop_assert!(bound.iter().any(|entity| entity.len() > 1), "nothing is joined at all");
        // Where the model does not forbid it, numbers that differ come together.
        let free = linked(&MODEL.replace("l.number <> r.number", "l.number = 'none'"));
        prop_assert!(free.len() <= 3 && free.iter().all(|entity| values(entity, 1).len() == 1), "{:?}", free);
    }
}
