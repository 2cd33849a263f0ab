//! Whole `GeoPackage`s, made here as the standard says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use geo::{Geometry, Point, polygon};
use jingwei_geo::{from_geometry, to_geometry};
use jingwei_model::config::SourceConfig;
use rusqlite::{Connection, params};

use crate::error::SourceError;
use crate::testing::{collect, config_for, locator, texts};

const TABLES: &str = "PRAGMA application_id = 1196444487;
    CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);
    INSERT INTO gpkg_spatial_ref_sys VALUES ('undefined', -1, 'NONE', -1, 'undefined', NULL), ('CGCS2000', 4490, 'EPSG', 4490, 'GEOGCS[…]', NULL),
        ('local', 100001, 'Beijing', 7, 'PROJCS[\"local\"]', NULL);
    CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, srs_id INTEGER);
    CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);
    CREATE TABLE parks (fid INTEGER PRIMARY KEY, shape POLYGON, name TEXT, area DOUBLE, open BOOLEAN);
    CREATE TABLE gates (fid INTEGER PRIMARY KEY, shape POINT, name TEXT);
    CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO owners VALUES (1, '园林局');
    INSERT INTO gpkg_contents VALUES ('parks', 'features', '公园', 4490), ('gates', 'features', 'gates', 4490), ('owners', 'attributes', 'owners', 0);
    INSERT INTO gpkg_geometry_columns VALUES ('parks', 'shape', 'POLYGON', 4490, 0, 0), ('gates', 'shape', 'POINT', 4490, 0, 0);";

fn blob(srs: i32, geometry: &Geometry) -> Vec<u8> {
    let mut bytes = vec![b'G', b'P', 0, 0b11];
    bytes.extend(srs.to_le_bytes());
    bytes.extend([0; 32]);
    bytes.extend(from_geometry(geometry));
    bytes
}

fn square() -> Geometry {
    Geometry::Polygon(polygon![(x: 0., y: 0.), (x: 4., y: 0.), (x: 4., y: 4.), (x: 0., y: 4.), (x: 0., y: 0.)])
}

fn package(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("city.gpkg")).unwrap();
    connection.execute_batch(TABLES).unwrap();
    let sql = "INSERT INTO parks VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(sql, params![1, blob(4490, &square()), "朝阳公园", 2.5, true]).unwrap();
    connection.execute(sql, params![2, None::<Vec<u8>>, "无界", 3, false]).unwrap();
    connection
        .execute(
            "INSERT INTO gates VALUES (1, ?1, '东门')",
            params![blob(0, &Geometry::Point(Point::new(116.4, 39.9)))],
        )
        .unwrap();
    connection
}

async fn read(folder: &Path, change: impl FnOnce(&mut SourceConfig)) -> Result<Vec<RecordBatch>, SourceError> {
    let mut config = config_for("city.gpkg");
    change(&mut config);
    let mut batches = Vec::new();
    for part in crate::open(&config, &locator(folder)).await? {
        batches.push(collect(part).await?);
    }
    Ok(batches)
}

fn crs(batch: &RecordBatch) -> String {
    batch.schema().field_with_name("geom").unwrap().metadata()["crs"].clone()
}

#[tokio::test]
async fn every_layer_of_features_is_a_part() {
    let dir = tempfile::tempdir().unwrap();
    package(dir.path());
    let batches = read(dir.path(), |_| {}).await.unwrap();
    let [gates, parks] = batches.as_slice() else { panic!("two layers") };
    assert_eq!(texts(gates, "_sheet"), [Some("gates")]);
    assert_eq!(texts(parks, "name"), [Some("朝阳公园"), Some("无界")]);
    let geometry = parks.column_by_name("geom").unwrap().as_binary::<i32>();
    assert_eq!(to_geometry(geometry.value(0)).unwrap(), square());
    assert!(geometry.is_null(1));
    assert_eq!(crs(parks), "EPSG:4490");
    assert!(parks.column_by_name("open").unwrap().as_boolean().value(0));
}

#[tokio::test]
async fn a_layer_is_chosen_by_table_or_title_and_attributes_by_table() {
    let dir = tempfile::tempdir().unwrap();
    package(dir.path());
    for (name, rows) in [("parks", 2), ("公园", 2), ("GATES", 1), ("owners", 1)] {
        let batches = read(dir.path(), |config| config.from.table = Some(name.to_owned())).await.unwrap();
        assert_eq!((batches.len(), batches[0].num_rows()), (1, rows), "{name}");
    }
    let error = read(dir.path(), |config| config.from.table = Some("park".to_owned())).await.unwrap_err().to_string();
    assert!(error.contains("did you mean `parks`?"), "{error}");
}

#[tokio::test]
async fn a_geometry_that_is_none_is_a_fault_of_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let connection = package(dir.path());
    let mut extended = blob(4490, &square());
    extended[3] |= 0b10_0000;
    for (fid, bytes) in [(3, b"GP\0\x01junk".to_vec()), (4, blob(4326, &square())), (5, extended)] {
        connection.execute("INSERT INTO parks (fid, shape) VALUES (?1, ?2)", params![fid, bytes]).unwrap();
    }
    let batches = read(dir.path(), |config| config.from.table = Some("parks".to_owned())).await.unwrap();
    assert_eq!(
        texts(&batches[0], "_error"),
        [None, None, Some("invalid_geometry"), Some("invalid_geometry"), Some("invalid_geometry")]
    );
}

#[tokio::test]
async fn an_undefined_coordinate_system_must_be_configured() {
    let dir = tempfile::tempdir().unwrap();
    let connection = package(dir.path());
    connection.execute_batch("UPDATE gpkg_geometry_columns SET srs_id = -1").unwrap();
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("format.crs") && error.contains("gates"), "{error}");
    let batches = read(dir.path(), |config| config.format.crs = Some("EPSG:4548".to_owned())).await.unwrap();
    assert_eq!(crs(&batches[0]), "EPSG:4548");
    connection.execute_batch("UPDATE gpkg_geometry_columns SET srs_id = 100001").unwrap();
    assert_eq!(
        crs(&read(dir.path(), |config| config.from.table = Some("gates".to_owned())).await.unwrap()[0]),
        "PROJCS[\"local\"]"
    );
}

#[tokio::test]
async fn an_ordinary_database_is_no_geopackage() {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(dir.path().join("city.gpkg")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("no GeoPackage") && error.contains("sqlite"), "{error}");
}
