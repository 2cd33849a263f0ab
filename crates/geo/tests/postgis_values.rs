//! Answers that PostGIS gave once, kept in a file, so that they are compared where it is not installed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::SessionContext;

const ANSWERS: &str = include_str!("data/postgis.tsv");

fn alike(ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    match (ours.parse::<f64>(), theirs.parse::<f64>()) {
        (Ok(ours), Ok(theirs)) => (ours - theirs).abs() <= 1e-8 * theirs.abs().max(1.0),
        _ => false,
    }
}

#[tokio::test]
async fn kept_answers_of_postgis_are_ours() {
    let mut by_expression: BTreeMap<&str, Vec<[&str; 3]>> = BTreeMap::new();
    for line in ANSWERS.lines().filter(|line| !line.starts_with('#')) {
        let [expression, a, b, answer] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        by_expression.entry(expression).or_default().push([a, b, answer]);
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("a", DataType::Binary, true),
        Field::new("b", DataType::Binary, true),
    ]));
    let mut wrong = Vec::new();
    let mut count = 0;
    for (expression, cases) in by_expression {
        let context = SessionContext::new();
        jingwei_geo::register(&context);
        let read = |wkt: &str| (!wkt.is_empty()).then(|| jingwei_geo::from_wkt(wkt).unwrap());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(0..cases.len() as i64)),
            Arc::new(cases.iter().map(|case| read(case[0])).collect::<BinaryArray>()),
            Arc::new(cases.iter().map(|case| read(case[1])).collect::<BinaryArray>()),
        ];
        context.register_batch("t", RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()).unwrap();
        let sql = format!("SELECT {expression} FROM t ORDER BY id");
        let batches =
            context.sql(&sql).await.unwrap().collect().await.unwrap_or_else(|error| panic!("{expression}: {error}"));
        let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
        let formatter = ArrayFormatter::try_new(batch.column(0), &FormatOptions::default()).unwrap();
        for (row, [a, b, answer]) in cases.iter().enumerate() {
            count += 1;
            let ours = if batch.column(0).is_null(row) { String::new() } else { formatter.value(row).to_string() };
            if !alike(&ours, answer) {
                wrong.push(format!("{expression}: ours {ours}, PostGIS {answer}\n    a = {a}\n    b = {b}"));
            }
        }
    }
    assert!(count > 4000, "{count} answers were compared");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}
