//! Records made up of few values, so that they meet often, and what a linkage says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::prelude::SessionContext;
use jingwei_link::{Linkage, Linker, Table, Trained};
use proptest::prelude::*;

pub const COLUMNS: [&str; 6] = ["id", "name", "born", "phone", "home", "number"];

/// Values of a record beside its id.
pub type Row = [Option<String>; 5];

/// Records by table and id.
pub type Data = BTreeMap<(String, String), Row>;

/// What is compared of persons, who share telephones and homes.
pub const PERSONS: &str = r#"
id = "id"
never = ["l.number <> r.number"]
[fields]
given = "split_part(name, ' ', 1)"
family = "split_part(name, ' ', 2)"
[[block]]
on = ["name"]
max_group = 4
[[block]]
on = ["born"]
[[block]]
on = ["phone"]
max_group = 3
[[block]]
where = "l.given = r.family and l.family = r.given and l.born <= r.born"
[[compare]]
name = "name"
kind = "jaro_winkler"
term_frequency = true
[[compare]]
name = "born"
kind = "date"
[[compare]]
name = "phone"
kind = "exact"
household = true
[[compare]]
name = "home"
kind = "exact"
term_frequency = true
household = true
"#;

/// The same without households.
pub fn without_households() -> String {
    PERSONS.replace("household = true", "")
}

pub static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

pub fn linker(model: &str) -> Linker {
    Linker::new(jingwei_model::config::parse("model.toml", model, |_| None).unwrap())
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(COLUMNS.map(|column| Field::new(column, DataType::Utf8, true)).to_vec()))
}

pub fn batch<'a>(rows: impl Iterator<Item = (&'a String, &'a Row)> + Clone) -> RecordBatch {
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(rows.clone().map(|(id, _)| Some(id.clone())).collect::<StringArray>())];
    for column in 0..5 {
        columns.push(Arc::new(rows.clone().map(|(_, row)| row[column].clone()).collect::<StringArray>()));
    }
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// The tables of some data, `a` and `b` among them whatever the data are.
pub fn tables(data: &Data) -> Vec<Table> {
    let context = SessionContext::new();
    ["a", "b"]
        .map(|name| {
            let rows = data.iter().filter(|((table, _), _)| table == name).map(|((_, id), row)| (id, row));
            Table { name: name.to_owned(), rows: context.read_batch(batch(rows)).unwrap() }
        })
        .to_vec()
}

pub fn run(linker: &Linker, data: &Data) -> Linkage {
    RUNTIME.block_on(linker.link(&SessionContext::new(), tables(data), &|_| {})).unwrap()
}

/// Families of up to three with one or two records each, some with errors: enough to learn weights from.
pub fn families(count: usize) -> Data {
    const GIVEN: [&str; 9] = ["anna", "bertram", "carla", "dorothy", "emil", "frederic", "greta", "henry", "ingrid"];
    const FAMILY: [&str; 7] = ["smith", "jones", "brown", "green", "stone", "field", "marsh"];
    let mut data = Data::new();
    for family in 0..count {
        for member in 0..=family % 3 {
            let person = family * 3 + member;
            let name = format!("{} {}", GIVEN[(person * 5 + member) % 9], FAMILY[family % 7]);
            let born = format!("19{:02}-{:02}-{:02}", 30 + person * 7 % 70, 1 + person % 12, 1 + person * 11 % 28);
            for copy in 0..=person % 2 {
                let table = if copy == 0 { "a" } else { "b" };
                let row = [
                    Some(if copy == 1 && person % 5 == 0 { name.replacen('e', "a", 1) } else { name.clone() }),
                    (copy == 0 || person % 7 != 0).then(|| born.clone()),
                    (person % 4 != 3).then(|| format!("555-{family:05}")),
                    (person % 9 != 0).then(|| format!("{} high street", family + copy * (person % 11 / 10) * 500)),
                    (person % 3 == 0).then(|| person.to_string()),
                ];
                data.insert((table.to_owned(), format!("p{person}-{copy}")), row);
            }
        }
    }
    data
}

/// What is learned from many families with a model.
pub fn learned(model: &str) -> Arc<Trained> {
    run(&linker(model), &families(150)).trained()
}

pub fn row() -> impl Strategy<Value = Row> {
    let name = prop::sample::select(vec![
        "anna smith",
        "anna smyth",
        "smith anna",
        "emil smith",
        "greta stone",
        "gerta stone",
    ]);
    let born = prop::sample::select(vec!["1960-01-02", "1960-02-01", "1985-12-24", "1985-12-25"]);
    let phone = prop::sample::select(vec!["1", "2", "3", "4"]);
    let home = prop::sample::select(vec!["x", "y", "z"]);
    let number = prop::sample::select(vec!["7", "8"]);
    let maybe = |chance: f64, value: prop::sample::Select<&'static str>| {
        prop::option::weighted(chance, value.prop_map(str::to_owned))
    };
    (maybe(0.95, name), maybe(0.8, born), maybe(0.6, phone), maybe(0.6, home), maybe(0.3, number))
        .prop_map(|(name, born, phone, home, number)| [name, born, phone, home, number])
}

pub fn place() -> impl Strategy<Value = (String, String)> {
    (prop::sample::select(vec!["a", "b"]), 0..12_u8).prop_map(|(table, id)| (table.to_owned(), id.to_string()))
}

pub fn data() -> impl Strategy<Value = Data> {
    prop::collection::btree_map(place(), row(), 0..14)
}

/// Every record's entity and the log odds with which it belongs there.
pub fn members(linkage: &Linkage) -> BTreeMap<(String, String), (String, u32)> {
    let records = &linkage.records;
    (0..records.len() as u32)
        .map(|record| {
            let name = (records.table_of(record).to_owned(), records.id_of(record).to_owned());
            (name, (linkage.entity_id(record), linkage.entities.logit[record as usize].to_bits()))
        })
        .collect()
}

/// Every edge by its two records: levels, the bits of its probability, and why it was refused.
pub fn edges(linkage: &Linkage) -> BTreeMap<[String; 2], (u64, u64, Option<&'static str>)> {
    let name = |record: u32| format!("{}/{}", linkage.records.table_of(record), linkage.records.id_of(record));
    let named = linkage
        .edges()
        .map(|edge| ([name(edge.left), name(edge.right)], (edge.pattern, edge.probability.to_bits(), edge.refused)))
        .collect::<BTreeMap<_, _>>();
    assert_eq!(named.len(), linkage.edges().count(), "an edge is told twice");
    named
}

/// A record by its table, id and values.
pub type Record<'a> = (&'a str, &'a str, [&'a str; 5]);

/// Data of records; an empty text is a missing value.
pub fn records(records: &[Record<'_>]) -> Data {
    let value = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    records.iter().map(|(table, id, row)| (((*table).to_owned(), (*id).to_owned()), row.map(value))).collect()
}

/// The entities, each as its records by `table/id`.
pub fn entities(linkage: &Linkage) -> BTreeSet<BTreeSet<String>> {
    let mut sets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ((table, id), (entity, _)) in members(linkage) {
        sets.entry(entity).or_default().insert(format!("{table}/{id}"));
    }
    sets.into_values().collect()
}

/// Sets of records written as `a/1 b/1`.
pub fn sets(texts: &[&str]) -> BTreeSet<BTreeSet<String>> {
    texts.iter().map(|text| text.split(' ').map(str::to_owned).collect()).collect()
}
