//! Against real servers, named by `JINGWEI_TEST_POSTGRES` and `JINGWEI_TEST_MYSQL`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use jingwei_model::config::SourceConfig;

use crate::error::SourceError;
use crate::testing::{collect, config_for, row_numbers, texts};

/// The server's URL, or a notice that the test is skipped.
fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        eprintln!("skipped: set {variable} to the URL of a server where tables may be made");
    }
    url
}

async fn read(url: &str, change: impl FnOnce(&mut SourceConfig)) -> Result<RecordBatch, SourceError> {
    let mut config = config_for("");
    config.from.path = None;
    config.from.url = Some(url.to_owned());
    change(&mut config);
    let mut parts = crate::open(&config, &crate::testing::locator(std::path::Path::new("."))).await?;
    collect(parts.pop().unwrap()).await
}

fn type_of(batch: &RecordBatch, name: &str) -> DataType {
    batch.schema().field_with_name(name).unwrap().data_type().clone()
}

async fn postgres(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_table_keeps_its_types_nulls_and_odd_texts() {
    let Some(url) = server("JINGWEI_TEST_POSTGRES") else { return };
    postgres(
        &url,
        "DROP TABLE IF EXISTS jingwei_kinds; CREATE TABLE jingwei_kinds (id bigint, small smallint, ratio double precision, price numeric(20, 4), ok boolean, \
         name text, born date, seen timestamp, at timestamptz, raw bytea, tags text[], doc jsonb); \
         INSERT INTO jingwei_kinds VALUES (9007199254740993, -1, 0.1, 12345678901234.5678, true, E'a\\tb\\nc\\\\N', '2024-03-01', '2024-03-01 10:00:00.5', \
         '2024-03-01 10:00:00+08', '\\x00ff', '{x,y}', '{\"k\": 1}'), (NULL, NULL, 'NaN', NULL, NULL, '', 'infinity', NULL, NULL, NULL, NULL, NULL)",
    )
    .await;
    let batch = read(&url, |config| config.from.table = Some("public.jingwei_kinds".to_owned())).await.unwrap();
    assert_eq!(
        batch.column_by_name("id").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
        [Some(9_007_199_254_740_993), None]
    );
    assert_eq!(batch.column_by_name("small").unwrap().as_primitive::<Int64Type>().value(0), -1);
    assert_eq!(batch.column_by_name("ratio").unwrap().as_primitive::<Float64Type>().value(0), 0.1);
    assert_eq!(texts(&batch, "price"), [Some("12345678901234.5678"), None]);
    assert_eq!(batch.column_by_name("ok").unwrap().as_boolean().iter().collect::<Vec<_>>(), [Some(true), None]);
    assert_eq!(texts(&batch, "name"), [Some("a\tb\nc\\N"), Some("")]);
    assert_eq!(
        batch.column_by_name("born").unwrap().as_primitive::<Date32Type>().iter().collect::<Vec<_>>(),
        [Some(19783), None]
    );
    assert_eq!(type_of(&batch, "seen"), DataType::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!(
        batch.column_by_name("seen").unwrap().as_primitive::<TimestampMicrosecondType>().value(0),
        1_709_287_200_500_000
    );
    assert_eq!(type_of(&batch, "at"), DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    assert_eq!(
        batch.column_by_name("at").unwrap().as_primitive::<TimestampMicrosecondType>().value(0),
        1_709_258_400_000_000
    );
    assert_eq!(batch.column_by_name("raw").unwrap().as_binary::<i32>().value(0), [0, 255]);
    assert_eq!(texts(&batch, "tags"), [Some("{x,y}"), None]);
    assert_eq!(texts(&batch, "_error"), [None, None]);
    assert_eq!(row_numbers(&batch), [1, 2]);
    assert_eq!(texts(&batch, "_sheet"), [Some("public.jingwei_kinds"); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_postgres_query_is_streamed_in_its_order() {
    let Some(url) = server("JINGWEI_TEST_POSTGRES") else { return };
    let query = "SELECT n, '行' || n AS 文本 FROM generate_series(1, 100000) AS s (n) ORDER BY n DESC -- newest first";
    let batch = read(&url, |config| config.from.query = Some(query.to_owned())).await.unwrap();
    assert_eq!(batch.num_rows(), 100_000);
    assert_eq!(batch.column_by_name("n").unwrap().as_primitive::<Int64Type>().value(0), 100_000);
    assert_eq!(texts(&batch, "文本")[99_999], Some("行1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgis_geometry_comes_with_its_coordinate_system() {
    let Some(url) = server("JINGWEI_TEST_POSTGRES") else { return };
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    if client.batch_execute("CREATE EXTENSION IF NOT EXISTS postgis").await.is_err() {
        eprintln!("skipped: the server has no PostGIS");
        return;
    }
    let query = "SELECT 1 AS id, ST_SetSRID(ST_MakePoint(500000, 4429529, 12), 4548) AS shape UNION ALL SELECT 2, NULL ORDER BY id";
    let batch = read(&url, |config| config.from.query = Some(query.to_owned())).await.unwrap();
    assert_eq!(batch.schema().field_with_name("geom").unwrap().metadata()["crs"], "EPSG:4548");
    let geometry = batch.column_by_name("geom").unwrap().as_binary::<i32>();
    assert_eq!(jingwei_geo::point_of(geometry.value(0)), Some((500_000.0, 4_429_529.0)));
    assert!(geometry.is_null(1));
    let error = read(&url, |config| config.from.query = Some("SELECT ST_MakePoint(1, 2) AS p".to_owned()))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("format.crs"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_mistakes_say_what_to_mend_and_never_the_password() {
    let Some(url) = server("JINGWEI_TEST_POSTGRES") else { return };
    for query in [
        "SELECT * FROM nowhere",
        "SELEC 1",
        "DELETE FROM jingwei_kinds",
        "SELECT 1 AS a, 2 AS a",
        "SELECT 1; DROP TABLE jingwei_kinds",
    ] {
        let error = read(&url, |config| config.from.query = Some(query.to_owned())).await.unwrap_err();
        assert!(error.is_user_error() && error.to_string().starts_with("postgres://"), "{query}: {error}");
    }
    let mut wrong = url::Url::parse(&url).unwrap();
    wrong.set_password(Some("geheim")).unwrap();
    wrong.set_username("nobody").unwrap();
    let error =
        read(wrong.as_str(), |config| config.from.query = Some("SELECT 1".to_owned())).await.unwrap_err().to_string();
    assert!(!error.contains("geheim") && error.contains("from.url"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mysql_table_keeps_its_types_nulls_and_odd_texts() {
    use mysql_async::prelude::Queryable;
    let Some(url) = server("JINGWEI_TEST_MYSQL") else { return };
    let mut connection = mysql_async::Conn::new(mysql_async::Opts::from_url(&url).unwrap()).await.unwrap();
    for sql in [
        "SET sql_mode = ''",
        "DROP TABLE IF EXISTS jingwei_kinds",
        "CREATE TABLE jingwei_kinds (id BIGINT, big BIGINT UNSIGNED, ratio DOUBLE, price DECIMAL(20, 4), ok TINYINT(1), name TEXT CHARACTER SET utf8mb4, \
         born DATE, seen DATETIME(6), raw BLOB, flags BIT(9), place GEOMETRY)",
        "INSERT INTO jingwei_kinds VALUES (-5, 18446744073709551615, 0.1, 12345678901234.5678, 1, '𠮷\\n行', '2024-03-01', '2024-03-01 10:00:00.5', x'00ff', \
         b'100000001', ST_GeomFromText('LINESTRING(1 2, 3 4)', 0)), (NULL, NULL, NULL, NULL, NULL, '', '0000-00-00', NULL, NULL, NULL, NULL)",
    ] {
        connection.query_drop(sql).await.unwrap();
    }
    connection.disconnect().await.unwrap();
    let batch = read(&url, |config| {
        config.from.table = Some("jingwei_kinds".to_owned());
        config.format.crs = Some("EPSG:4548".to_owned());
    })
    .await
    .unwrap();
    assert_eq!(
        batch.column_by_name("id").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
        [Some(-5), None]
    );
    assert_eq!(texts(&batch, "big"), [Some("18446744073709551615"), None]);
    assert_eq!(batch.column_by_name("ratio").unwrap().as_primitive::<Float64Type>().value(0), 0.1);
    assert_eq!(texts(&batch, "price"), [Some("12345678901234.5678"), None]);
    assert_eq!(texts(&batch, "name"), [Some("𠮷\n行"), Some("")]);
    assert_eq!(
        batch.column_by_name("born").unwrap().as_primitive::<Date32Type>().iter().collect::<Vec<_>>(),
        [Some(19783), None]
    );
    assert_eq!(
        batch.column_by_name("seen").unwrap().as_primitive::<TimestampMicrosecondType>().value(0),
        1_709_287_200_500_000
    );
    assert_eq!(batch.column_by_name("raw").unwrap().as_binary::<i32>().value(0), [0, 255]);
    assert_eq!(batch.column_by_name("flags").unwrap().as_primitive::<Int64Type>().value(0), 257);
    let geometry = batch.column_by_name("geom").unwrap().as_binary::<i32>();
    assert!(matches!(jingwei_geo::to_geometry(geometry.value(0)).unwrap(), geo::Geometry::LineString(_)));
    assert_eq!(texts(&batch, "_error"), [None, None]);
    let error =
        read(&url, |config| config.from.table = Some("jingwei_kinds".to_owned())).await.unwrap_err().to_string();
    assert!(error.contains("SRID 0"), "{error}");
    for query in ["SELECT * FROM nowhere", "DELETE FROM jingwei_kinds", "SELECT 1 AS a, 2 AS a"] {
        let error = read(&url, |config| config.from.query = Some(query.to_owned())).await.unwrap_err();
        assert!(error.is_user_error() && error.to_string().starts_with("mysql://"), "{query}: {error}");
    }
    let batch = read(&url, |config| config.from.query = Some("WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s ORDER BY n DESC".to_owned())).await.unwrap();
    assert_eq!(batch.num_rows(), 900);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    for (url, shown) in [
        ("postgres://u:geheim@127.0.0.1:1/d", "postgres://127.0.0.1:1/d"),
        ("mysql://u:geheim@127.0.0.1:1/d", "mysql://127.0.0.1:1/d"),
    ] {
        let error = read(url, |config| config.from.query = Some("SELECT 1".to_owned())).await.unwrap_err();
        assert!(error.is_user_error());
        let error = error.to_string();
        assert!(error.starts_with(shown) && !error.contains("geheim") && error.contains("hint"), "{error}");
    }
}

#[tokio::test]
async fn neither_query_nor_table_is_a_mistake() {
    let error = read("postgres://127.0.0.1/d", |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("from.table"), "{error}");
}
