//! Whole shapefiles, written here with their own writer and by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use encoding_rs::GB18030;
use geo::{Area, Geometry};
use jingwei_model::config::SourceConfig;
use proptest::prelude::*;
use shapefile::dbase::{Date, FieldName, FieldValue, Record, TableWriterBuilder};
use shapefile::{Point, PointZ, Polygon, PolygonRing, Polyline, Writer};

use crate::error::SourceError;
use crate::testing::{collect, config_for, locator, row_numbers, texts};

const PRJ: &str = "GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]";

fn write(folder: &Path, shapes: &[Shape], prj: bool) {
    let name = |name: &str| FieldName::try_from(name).unwrap();
    let table = TableWriterBuilder::new()
        .add_character_field(name("name"), 20)
        .add_numeric_field(name("count"), 9, 0)
        .add_numeric_field(name("area"), 12, 3)
        .add_date_field(name("built"))
        .add_logical_field(name("open"));
    let mut writer = Writer::from_path(folder.join("areas.shp"), table).unwrap();
    for (number, shape) in shapes.iter().enumerate() {
        let mut record = Record::default();
        record.insert("name".to_owned(), FieldValue::Character((number != 1).then(|| format!("area {number}"))));
        record.insert("count".to_owned(), FieldValue::Numeric((number != 1).then_some(number as f64)));
        record.insert("area".to_owned(), FieldValue::Numeric((number != 1).then_some(0.5)));
        record.insert("built".to_owned(), FieldValue::Date((number != 1).then(|| Date::new(1, 3, 2024).unwrap())));
        record.insert("open".to_owned(), FieldValue::Logical((number != 1).then_some(true)));
        match shape {
            Shape::Point(point) => writer.write_shape_and_record(point, &record).unwrap(),
            Shape::Height(point) => writer.write_shape_and_record(point, &record).unwrap(),
            Shape::Line(line) => writer.write_shape_and_record(line, &record).unwrap(),
            Shape::Polygon(polygon) => writer.write_shape_and_record(polygon, &record).unwrap(),
        }
    }
    drop(writer);
    if prj {
        std::fs::write(folder.join("areas.prj"), PRJ).unwrap();
    }
}

enum Shape {
    Point(Point),
    Height(PointZ),
    Line(Polyline),
    Polygon(Polygon),
}

async fn read(folder: &Path, change: impl FnOnce(&mut SourceConfig)) -> Result<RecordBatch, SourceError> {
    let mut config = config_for("areas.shp");
    change(&mut config);
    let mut parts = crate::open(&config, &locator(folder)).await?;
    collect(parts.pop().unwrap()).await
}

fn geometries(batch: &RecordBatch) -> Vec<Option<Geometry>> {
    let column = batch.column_by_name("geom").unwrap().as_binary::<i32>();
    column.iter().map(|wkb| wkb.map(|wkb| jingwei_geo::to_geometry(wkb).unwrap())).collect()
}

fn crs(batch: &RecordBatch) -> String {
    batch.schema().field_with_name("geom").unwrap().metadata()["crs"].clone()
}

fn ring(x: f64, y: f64, size: f64) -> Vec<Point> {
    [(0., 0.), (0., 1.), (1., 1.), (1., 0.), (0., 0.)]
        .iter()
        .map(|(dx, dy)| Point::new(x + dx * size, y + dy * size))
        .collect()
}

#[tokio::test]
async fn attributes_are_typed_and_empty_ones_are_null() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[Shape::Point(Point::new(116.4, 39.9)), Shape::Point(Point::new(116.5, 39.8))], true);
    let batch = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(texts(&batch, "name"), [Some("area 0"), None]);
    assert_eq!(
        batch.column_by_name("count").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
        [Some(0), None]
    );
    assert_eq!(
        batch.column_by_name("area").unwrap().as_primitive::<Float64Type>().iter().collect::<Vec<_>>(),
        [Some(0.5), None]
    );
    assert_eq!(
        batch.column_by_name("built").unwrap().as_primitive::<Date32Type>().iter().collect::<Vec<_>>(),
        [Some(19783), None]
    );
    assert_eq!(batch.column_by_name("open").unwrap().as_boolean().iter().collect::<Vec<_>>(), [Some(true), None]);
    assert_eq!(geometries(&batch)[0], Some(Geometry::Point(geo::Point::new(116.4, 39.9))));
    assert_eq!(row_numbers(&batch), [1, 2]);
    assert_eq!(crs(&batch), PRJ);
    assert!(jingwei_geo::Crs::parse(&crs(&batch)).unwrap().is_geographic());
}

#[tokio::test]
async fn lines_heights_and_polygons_with_holes_become_two_dimensional_geometry() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[Shape::Height(PointZ::new(1., 2., 3., 4.))], true);
    assert_eq!(geometries(&read(dir.path(), |_| {}).await.unwrap()), [Some(Geometry::Point(geo::Point::new(1., 2.)))]);
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            Shape::Line(Polyline::with_parts(vec![ring(0., 0., 1.), ring(5., 5., 1.)])),
            Shape::Line(Polyline::new(ring(0., 0., 1.))),
        ],
        true,
    );
    let lines = geometries(&read(dir.path(), |_| {}).await.unwrap());
    assert!(matches!(&lines[0], Some(Geometry::MultiLineString(lines)) if lines.0.len() == 2));
    assert!(matches!(&lines[1], Some(Geometry::LineString(line)) if line.0.len() == 5));
    let dir = tempfile::tempdir().unwrap();
    let rings = vec![
        PolygonRing::Outer(ring(0., 0., 10.)),
        PolygonRing::Inner(ring(2., 2., 2.)),
        PolygonRing::Outer(ring(20., 0., 1.)),
    ];
    write(dir.path(), &[Shape::Polygon(Polygon::with_rings(rings))], true);
    let polygons = geometries(&read(dir.path(), |_| {}).await.unwrap());
    assert_eq!(polygons[0].as_ref().unwrap().unsigned_area(), 100. - 4. + 1.);
}

/// A table written by hand, since its writer knows no Chinese encodings; as many null shapes.
fn write_dbf(folder: &Path, driver: u8, name: &[u8], records: &[(u8, &[u8])]) {
    let mut dbf = vec![3, 124, 3, 1];
    dbf.extend((records.len() as u32).to_le_bytes());
    dbf.extend((32_u16 + 32 + 1).to_le_bytes());
    dbf.extend(11_u16.to_le_bytes());
    dbf.resize(32, 0);
    dbf[29] = driver;
    let mut field = [0; 32];
    field[..name.len()].copy_from_slice(name);
    field[11] = b'C';
    field[16] = 10;
    dbf.extend(field);
    dbf.push(0x0d);
    for (mark, value) in records {
        dbf.push(*mark);
        dbf.extend_from_slice(value);
        dbf.resize(dbf.len() + 10 - value.len(), b' ');
    }
    std::fs::write(folder.join("AREAS.DBF"), dbf).unwrap();
    let mut shp = vec![0; 100];
    shp[..4].copy_from_slice(&9994_i32.to_be_bytes());
    shp[24..28].copy_from_slice(&((100 + 12 * records.len() as i32) / 2).to_be_bytes());
    shp[28..32].copy_from_slice(&1000_i32.to_le_bytes());
    for number in 0..records.len() as i32 {
        shp.extend((number + 1).to_be_bytes());
        shp.extend(2_i32.to_be_bytes());
        shp.extend(0_i32.to_le_bytes());
    }
    std::fs::write(folder.join("areas.shp"), shp).unwrap();
    std::fs::write(folder.join("areas.prj"), PRJ).unwrap();
}

fn gbk(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[tokio::test]
async fn chinese_attributes_are_decoded_whatever_says_their_encoding() {
    let (gb, utf8) = ((gbk("名称"), gbk("朝阳门街道")), ("名称".as_bytes().to_vec(), "东城区".as_bytes().to_vec()));
    for ((name, value), driver, cpg, configured, expected) in [
        (&gb, 0x4d, None, None, "朝阳门街道"),
        (&gb, 0, None, None, "朝阳门街道"),
        (&gb, 0x57, Some("GBK"), None, "朝阳门街道"),
        (&gb, 0, Some("UTF-8"), Some("gbk"), "朝阳门街道"),
        (&utf8, 0x57, None, None, "东城区"),
        (&utf8, 0, Some("UTF-8\n"), None, "东城区"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write_dbf(dir.path(), driver, name, &[(b' ', value)]);
        if let Some(cpg) = cpg {
            std::fs::write(dir.path().join("areas.CPG"), cpg).unwrap();
        }
        let batch = read(dir.path(), |config| config.format.encoding = configured.map(str::to_owned)).await.unwrap();
        assert_eq!(texts(&batch, "名称"), [Some(expected)], "{driver:x} {cpg:?} {configured:?}");
        assert_eq!(batch.column_by_name("geom").unwrap().null_count(), 1);
    }
}

#[tokio::test]
async fn a_cpg_that_is_wrong_says_which_encoding_to_set() {
    let dir = tempfile::tempdir().unwrap();
    let value = gbk("朝阳门街道");
    let records: Vec<(u8, &[u8])> = (0..60).map(|_| (b' ', value.as_slice())).collect();
    write_dbf(dir.path(), 0, b"NAME", &records);
    std::fs::write(dir.path().join("areas.cpg"), "UTF-8").unwrap();
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("areas.shp") && error.contains("format.encoding = \"gb18030\""), "{error}");
}

#[tokio::test]
async fn a_row_that_cannot_be_decoded_is_a_fault_and_a_deleted_one_is_none() {
    let dir = tempfile::tempdir().unwrap();
    write_dbf(dir.path(), 0, b"NAME", &[(b' ', b"a"), (b'*', b"gone"), (b' ', b"\xff\xff\xff"), (b' ', b"d")]);
    let batch = read(dir.path(), |config| config.format.encoding = Some("utf-8".to_owned())).await.unwrap();
    assert_eq!(row_numbers(&batch), [1, 3, 4]);
    assert_eq!(texts(&batch, "_error"), [None, Some("undecodable"), None]);
    assert_eq!(texts(&batch, "NAME"), [Some("a"), None, Some("d")]);
}

#[tokio::test]
async fn missing_companions_are_named_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[Shape::Point(Point::new(1., 2.))], false);
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains(".prj") && error.contains("format.crs"), "{error}");
    let batch = read(dir.path(), |config| config.format.crs = Some("EPSG:4548".to_owned())).await.unwrap();
    assert_eq!(crs(&batch), "EPSG:4548");
    std::fs::remove_file(dir.path().join("areas.shx")).unwrap();
    let batch = read(dir.path(), |config| config.format.crs = Some("EPSG:4548".to_owned())).await.unwrap();
    assert_eq!(batch.num_rows(), 1);
    std::fs::remove_file(dir.path().join("areas.dbf")).unwrap();
    let error = read(dir.path(), |_| {}).await.unwrap_err().to_string();
    assert!(error.contains(".dbf") && error.contains("zip"), "{error}");
}

#[tokio::test]
async fn a_damaged_shape_is_one_fault_and_the_others_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let polygon = |x| Shape::Polygon(Polygon::new(PolygonRing::Outer(ring(x, 0., 1.))));
    write(dir.path(), &[polygon(0.), polygon(5.), polygon(9.)], true);
    let path = dir.path().join("areas.shp");
    let mut bytes = std::fs::read(&path).unwrap();
    let length = (bytes.len() - 100) / 3;
    // The number of points of the second shape.
    let count = 100 + length + 8 + 40;
    bytes[count..count + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let batch = read(dir.path(), |_| {}).await.unwrap();
    assert_eq!(texts(&batch, "_error"), [None, Some("invalid_geometry"), None]);
    assert_eq!(texts(&batch, "name"), [Some("area 0"), None, Some("area 2")]);
    assert!(geometries(&batch)[2].is_some());
}

#[tokio::test]
async fn a_zipped_shapefile_brings_its_companions() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[Shape::Point(Point::new(1., 2.))], true);
    let members: Vec<(String, Vec<u8>)> = ["shp", "shx", "dbf", "prj"]
        .iter()
        .map(|extension| {
            let name = format!("areas.{extension}");
            (format!("街道/{name}"), std::fs::read(dir.path().join(name)).unwrap())
        })
        .collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let other = tempfile::tempdir().unwrap();
    crate::testing::zipped(other.path(), "areas.zip", &members);
    let mut parts = crate::open(&config_for("areas.zip"), &locator(other.path())).await.unwrap();
    assert_eq!(parts.len(), 1);
    let batch = collect(parts.pop().unwrap()).await.unwrap();
    assert_eq!(texts(&batch, "name"), [Some("area 0")]);
    assert!(texts(&batch, "_file")[0].unwrap().contains("areas.zip!"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]
    #[test]
    fn a_cut_or_changed_shapefile_never_ends_the_program(extension in 0_usize..3, place in 0.0..1.0_f64, bit in 0_u8..8, cut: bool) {
        let dir = tempfile::tempdir().unwrap();
        let polygon = |x| Shape::Polygon(Polygon::new(PolygonRing::Outer(ring(x, 0., 1.))));
        write(dir.path(), &[polygon(0.), polygon(5.)], true);
        let path = dir.path().join(["areas.shp", "areas.dbf", "areas.shx"][extension]);
        let mut bytes = std::fs::read(&path).unwrap();
        let place = (bytes.len() as f64 * place) as usize;
        if cut { bytes.truncate(place) } else { bytes[place] ^= 1 << bit }
        std::fs::write(&path, bytes).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        if let Err(error) = runtime.block_on(read(dir.path(), |_| {})) {
            prop_assert!(error.is_user_error() && error.to_string().contains("areas."), "{error:?}");
        }
    }
}
