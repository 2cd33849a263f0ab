//! The store's guarantees, tried to break.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;
use serde_json::Value;

use crate::{RunStatus, Snapshot, Store, StoreError, TableName, WriteOptions};

fn open(dir: &std::path::Path) -> Store {
    Store::open(dir.to_str().unwrap(), &BTreeMap::new()).unwrap()
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Utf8, false), Field::new("value", DataType::Int64, true)]))
}

fn batch(rows: &BTreeMap<String, i64>) -> RecordBatch {
    let ids: ArrayRef = Arc::new(rows.keys().map(Some).collect::<StringArray>());
    let values: ArrayRef = Arc::new(rows.values().copied().map(Some).collect::<Int64Array>());
    RecordBatch::try_new(schema(), vec![ids, values]).unwrap()
}

fn rows(pairs: &[(&str, i64)]) -> BTreeMap<String, i64> {
    pairs.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()
}

fn people() -> TableName {
    TableName::new("base", "people")
}

async fn publish(store: &Store, run_id: &str, content: &BTreeMap<String, i64>, file_rows: usize) -> Snapshot {
    let mut run = store.begin(run_id).await.unwrap();
    let options = WriteOptions { file_rows, ..WriteOptions::keyed("id") };
    let writer = run.write(&people(), &schema(), options);
    writer.write(&batch(content)).await.unwrap();
    run.finish(writer).await.unwrap();
    run.publish(Value::Null).await.unwrap()
}

async fn read(store: &Store, snapshot: &Snapshot) -> BTreeMap<String, i64> {
    let context = SessionContext::new();
    let table = store.provider(snapshot, &people()).unwrap();
    let mut found = BTreeMap::new();
    for batch in context.read_table(table).unwrap().collect().await.unwrap() {
        let ids = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
        let values = batch.column(1).as_primitive::<Int64Type>().clone();
        for row in 0..batch.num_rows() {
            assert!(
                found.insert(ids.as_string::<i32>().value(row).to_owned(), values.value(row)).is_none(),
                "a row twice"
            );
        }
    }
    found
}

#[tokio::test]
async fn readers_see_a_run_only_once_it_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(store.latest().await.unwrap().is_none());
    let first = publish(&store, "r1", &rows(&[("a", 1)]), 10).await;
    let mut run = store.begin("r2").await.unwrap();
    let writer = run.write(&people(), &schema(), WriteOptions::keyed("id"));
    writer.write(&batch(&rows(&[("a", 2), ("b", 3)]))).await.unwrap();
    run.finish(writer).await.unwrap();
    let during = store.latest().await.unwrap().unwrap();
    assert_eq!((during.seq, read(&store, &during).await), (first.seq, rows(&[("a", 1)])));
    let second = run.publish(Value::Null).await.unwrap();
    assert_eq!(read(&store, &second).await, rows(&[("a", 2), ("b", 3)]));
    // An older snapshot stays readable as it was.
    assert_eq!(read(&store, &first).await, rows(&[("a", 1)]));
}

#[tokio::test]
async fn a_run_that_is_given_up_harms_neither_readers_nor_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    publish(&store, "r1", &rows(&[("a", 1)]), 10).await;
    for staged in [false, true] {
        let mut run = store.begin("dead").await.unwrap();
        let writer = run.write(&people(), &schema(), WriteOptions::keyed("id"));
        writer.write(&batch(&rows(&[("x", 9)]))).await.unwrap();
        if staged {
            run.finish(writer).await.unwrap();
        }
    }
    let latest = store.latest().await.unwrap().unwrap();
    assert_eq!(read(&store, &latest).await, rows(&[("a", 1)]));
    let next = publish(&store, "r2", &rows(&[("b", 2)]), 10).await;
    assert_eq!(read(&store, &next).await, rows(&[("b", 2)]));
}

#[tokio::test]
async fn two_runs_cannot_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let run = store.begin("r1").await.unwrap();
    assert!(matches!(store.begin("r2").await, Err(StoreError::Locked { .. })));
    drop(run);
    store.begin("r3").await.unwrap();
}

#[tokio::test]
async fn the_tables_are_delta_tables_that_delta_reads_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    publish(&store, "r1", &rows(&[("a", 1), ("b", 2), ("c", 3)]), 2).await;
    let snapshot = publish(&store, "r2", &rows(&[("a", 1), ("d", 4)]), 2).await;
    let url = url::Url::from_directory_path(dir.path().join("base/people")).unwrap();
    let table = deltalake::open_table(url).await.unwrap();
    let state = &snapshot.tables[&people()];
    assert_eq!(table.version(), Some(state.version));
    let mut files =
        table.get_file_uris().unwrap().map(|uri| uri.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    files.sort();
    assert_eq!(files, state.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_run_without_an_end_is_listed_as_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let run = store.begin("r1").await.unwrap();
    store.ops().unwrap().start("r1", "2026-01-01T00:00:00Z").unwrap();
    assert_eq!(store.ops().unwrap().list().unwrap()[0].status, RunStatus::Running);
    drop(run);
    assert_eq!(store.ops().unwrap().list().unwrap()[0].status, RunStatus::Interrupted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 6))]
    #[test]
    fn an_update_gives_what_writing_everything_anew_would(
        before in prop::collection::btree_map("[a-h]{1,2}", 0i64..100, 1..40),
        changes in prop::collection::btree_map("[a-h]{1,2}", 100i64..200, 0..12),
        file_rows in 1usize..9,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = open(dir.path());
            publish(&store, "r1", &before, file_rows).await;
            let mut run = store.begin("r2").await.unwrap();
            let stream = RecordBatchStreamAdapter::new(schema(), futures::stream::iter([Ok(batch(&changes))]));
            let updated = run.update(&people(), Box::pin(stream), BTreeMap::new()).await.unwrap();
            assert_eq!(updated.rows, changes.len() as u64);
            let snapshot = run.publish(Value::Null).await.unwrap();
            let mut expected = before.clone();
            expected.extend(changes.clone());
            assert_eq!(read(&store, &snapshot).await, expected);
            // The files are still cut by key: ranges follow each other without overlap.
            let files = &snapshot.tables[&people()].files;
            for pair in files.windows(2) {
                let (left, right) = (pair[0].keys.as_ref().unwrap(), pair[1].keys.as_ref().unwrap());
                assert!(left.1 < right.0, "{left:?} {right:?}");
            }
        });
    }
}
