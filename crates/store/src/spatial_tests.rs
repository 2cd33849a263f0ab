//! A stored table with a geometry is GeoParquet whose rows lie by place, and shows nothing of that to who reads it.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Float32Type, Schema};
use datafusion::prelude::SessionContext;
use jingwei_geo::{Crs, geometry_field, point_of, point_to_wkb};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::{Store, TableName, WriteOptions};

const ROWS: i64 = 20_000;

/// Places all over a square, each far from the one before.
fn places() -> RecordBatch {
    let at = |row: i64| {
        let along = |step: f64| (row as f64 * step).fract();
        point_to_wkb(116.0 + along(0.754_877_666_246_69), 39.0 + along(0.569_840_290_998_05))
    };
    let shapes = (0..ROWS).map(at).collect::<Vec<_>>();
    let schema =
        Schema::new(vec![Field::new("id", DataType::Int64, false), geometry_field("geom", Some(&Crs::wgs84()))]);
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from_iter_values(0..ROWS)), Arc::new(BinaryArray::from_iter_values(shapes))];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_stored_geometry_lies_along_a_hilbert_curve_beside_its_bounding_box() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap(), &BTreeMap::new()).unwrap();
    let (table, places) = (TableName::new("base", "places"), places());
    let mut run = store.begin("r1").await.unwrap();
    let writer = run.write(&table, &places.schema(), WriteOptions::default());
    writer.write(&places).await.unwrap();
    run.finish(writer).await.unwrap();
    let snapshot = run.publish(Value::Null).await.unwrap();

    let files = files(folder.path());
    assert_eq!(files.len(), 1);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&files[0]).unwrap()).unwrap();
    let pairs = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let geo = pairs.iter().find(|pair| pair.key == "geo").unwrap().value.clone().unwrap();
    let geo: Value = serde_json::from_str(&geo).unwrap();
    assert_eq!(geo["columns"]["geom"]["covering"]["bbox"]["xmin"], serde_json::json!(["geom_bbox", "xmin"]));

    let (mut way, mut last, mut rows) = (0.0, None::<(f64, f64)>, 0_usize);
    for batch in builder.build().unwrap() {
        let batch = batch.unwrap();
        let shapes = batch.column_by_name("geom").unwrap().as_binary::<i32>();
        let boxes = batch.column_by_name("geom_bbox").unwrap().as_struct();
        for row in 0..batch.num_rows() {
            let (x, y) = point_of(shapes.value(row)).unwrap();
            let edge = |place: usize| f64::from(boxes.column(place).as_primitive::<Float32Type>().value(row));
            assert!(edge(0) <= x && x <= edge(2) && edge(1) <= y && y <= edge(3));
            way += last.map_or(0.0, |(u, v)| (x - u).hypot(y - v));
            last = Some((x, y));
            rows += 1;
        }
    }
    // From row to row it is about a hundredth of the square's side; in any other order it would be half of it.
    assert!(rows == 20_000 && way / (rows as f64) < 0.02, "{}", way / (rows as f64));

    let context = SessionContext::new();
    let read = context.read_table(store.provider(&snapshot, &table).unwrap()).unwrap();
    let names = read.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    assert_eq!(names, ["id", "geom"]);
}
