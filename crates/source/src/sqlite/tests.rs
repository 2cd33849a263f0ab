//! Whole databases, made here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use jingwei_model::config::SourceConfig;
use proptest::prelude::*;
use rusqlite::Connection;

use crate::error::SourceError;
use crate::testing::{collect, config_for, locator, row_numbers, texts};

fn database(folder: &Path, sql: &str) {
    Connection::open(folder.join("city.db")).unwrap().execute_batch(sql).unwrap();
}

async fn read(folder: &Path, change: impl FnOnce(&mut SourceConfig)) -> Result<Vec<RecordBatch>, SourceError> {
    let mut config = config_for("city.db");
    config.format.kind = Some(jingwei_model::config::FormatKind::Sqlite);
    change(&mut config);
    let mut batches = Vec::new();
    for part in crate::open(&config, &locator(folder)).await? {
        batches.push(collect(part).await?);
    }
    Ok(batches)
}

const SHOPS: &str = "CREATE TABLE shops (id INTEGER PRIMARY KEY, name VARCHAR(20), code TEXT, area REAL, open BOOLEAN, staff INT, note TEXT);
    INSERT INTO shops VALUES (1, '张记', '0011', 20, 1, 3, NULL), (2, NULL, 12, 30.5, 0, NULL, 'x');
    CREATE TABLE empty (a INTEGER, b TEXT);";

fn type_of(batch: &RecordBatch, name: &str) -> DataType {
    batch.schema().field_with_name(name).unwrap().data_type().clone()
}

#[tokio::test]
async fn a_table_is_typed_by_its_declaration_and_its_values() {
    let dir = tempfile::tempdir().unwrap();
    database(dir.path(), SHOPS);
    let batches = read(dir.path(), |config| config.from.table = Some("Shops".to_owned())).await.unwrap();
    let batch = &batches[0];
    assert_eq!(texts(batch, "name"), [Some("张记"), None]);
    assert_eq!(texts(batch, "code"), [Some("0011"), Some("12")]);
    assert_eq!(batch.column_by_name("area").unwrap().as_primitive::<Float64Type>().values(), &[20.0, 30.5]);
    assert_eq!(
        batch.column_by_name("open").unwrap().as_boolean().iter().collect::<Vec<_>>(),
        [Some(true), Some(false)]
    );
    assert_eq!(
        batch.column_by_name("staff").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
        [Some(3), None]
    );
    assert_eq!(row_numbers(batch), [1, 2]);
    assert_eq!(texts(batch, "_sheet"), [Some("shops"); 2]);
}

#[tokio::test]
async fn every_table_is_a_part_when_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    database(dir.path(), SHOPS);
    let batches = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(type_of(&batches[0], "a"), DataType::Int64);
}

#[tokio::test]
async fn a_query_is_typed_by_its_values() {
    let dir = tempfile::tempdir().unwrap();
    database(dir.path(), SHOPS);
    let batches = read(dir.path(), |config| {
        config.from.query =
            Some("SELECT name AS 名称, count(*) n FROM shops GROUP BY name ORDER BY name DESC;".to_owned())
    })
    .await
    .unwrap();
    assert_eq!(texts(&batches[0], "名称"), [Some("张记"), None]);
    assert_eq!(type_of(&batches[0], "n"), DataType::Int64);
    assert_eq!(texts(&batches[0], "_sheet"), [None, None]);
}

#[tokio::test]
async fn a_value_against_its_declaration_makes_the_column_text_and_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    database(
        dir.path(),
        "CREATE TABLE t (n INTEGER, d DATE); INSERT INTO t VALUES (1, '2024-03-01'), ('不详', 20240301), (2.5, NULL);",
    );
    let batches = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(texts(&batches[0], "n"), [Some("1"), Some("不详"), Some("2.5")]);
    assert_eq!(texts(&batches[0], "d"), [Some("2024-03-01"), Some("20240301"), None]);
}

#[tokio::test]
async fn text_in_another_encoding_is_read_when_it_is_named_and_a_fault_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = encoding_rs::GB18030.encode("海淀").0.into_owned();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    database(
        dir.path(),
        &format!("CREATE TABLE t (a TEXT, b INT); INSERT INTO t VALUES (CAST(x'{hex}' AS TEXT), 1), ('ok', 2);"),
    );
    let batches = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(texts(&batches[0], "_error"), [Some("undecodable"), None]);
    assert_eq!(batches[0].column_by_name("b").unwrap().null_count(), 1);
    let batches = read(dir.path(), |config| config.format.encoding = Some("gbk".to_owned())).await.unwrap();
    assert_eq!(texts(&batches[0], "a"), [Some("海淀"), Some("ok")]);
}

#[tokio::test]
async fn mistakes_say_what_is_there_and_nothing_is_ever_written() {
    let dir = tempfile::tempdir().unwrap();
    database(dir.path(), SHOPS);
    let error = read(dir.path(), |config| config.from.table = Some("shop".to_owned())).await.unwrap_err().to_string();
    assert!(error.contains("city.db") && error.contains("did you mean `shops`?"), "{error}");
    for query in [
        "DELETE FROM shops",
        "SELECT * FROM shops; DELETE FROM shops",
        "DROP TABLE shops",
        "SELEC 1",
        "CREATE TABLE x (a)",
        "ATTACH 'other.db' AS other",
    ] {
        let error = read(dir.path(), |config| config.from.query = Some(query.to_owned())).await.unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("city.db"), "{query}: {error}");
    }
    let error = read(dir.path(), |config| config.from.query = Some("SELECT 1 AS a, 2 AS a".to_owned()))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("two columns called `a`"), "{error}");
    assert_eq!(read(dir.path(), |config| config.from.table = Some("shops".to_owned())).await.unwrap()[0].num_rows(), 2);
    assert!(!dir.path().join("other.db").exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("city.db"), "name,age\n".repeat(200)).unwrap();
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("no SQLite database"), "{error}");
}

#[tokio::test]
async fn many_rows_come_in_many_batches() {
    let dir = tempfile::tempdir().unwrap();
    database(
        dir.path(),
        "CREATE TABLE t (n INTEGER); WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000) INSERT INTO t SELECT n FROM s;",
    );
    let batches = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(
        batches[0].column_by_name("n").unwrap().as_primitive::<Int64Type>().values().iter().sum::<i64>(),
        20_000 * 20_001 / 2
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 3 / 8))]
    #[test]
    fn a_cut_or_changed_database_is_an_error_with_its_name(place in 0.0..1.0_f64, bit in 0_u8..8, cut: bool) {
        let dir = tempfile::tempdir().unwrap();
        database(dir.path(), SHOPS);
        let path = dir.path().join("city.db");
        let mut bytes = std::fs::read(&path).unwrap();
        let place = (bytes.len() as f64 * place) as usize;
        if cut { bytes.truncate(place) } else { bytes[place] ^= 1 << bit }
        std::fs::write(&path, bytes).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        if let Err(error) = runtime.block_on(read(dir.path(), |_| {})) {
            prop_assert!(error.is_user_error() && error.to_string().contains("city.db"), "{error:?}");
        }
    }
}
