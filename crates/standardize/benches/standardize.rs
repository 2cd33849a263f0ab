//! Rows of a register of persons through ten parsers.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use chrono::{Days, NaiveDate};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jingwei_model::config::{SourceConfig, parse};
use jingwei_model::id::resident;
use jingwei_standardize::{Context, Standardizer};

const ROWS: usize = 8192;

const CONFIG: &str = r#"
title = "register of persons"
key = ["number"]
[from]
[columns]
number = { from = "编号", required = true }
name = { from = "姓名", parse = "name", required = true }
id = { from = "证件号码", parse = "resident_id" }
phone = { from = "电话", parse = "phone", null = ["无"] }
sex = { from = "性别", parse = "sex" }
born = { from = "出生日期", parse = "date" }
address = { from = "地址", parse = "address" }
registered = { from = "登记时间", parse = "datetime" }
area = { from = "面积", parse = "number" }
geom = { from = ["经度", "纬度"], parse = "point", crs = "EPSG:4490" }
"#;

fn register() -> RecordBatch {
    let first = NaiveDate::from_ymd_opt(1940, 1, 1).unwrap();
    let born = |row: usize| first.checked_add_days(Days::new(row as u64 * 3 % 25_000)).unwrap();
    let column =
        |cell: &dyn Fn(usize) -> String| Arc::new(StringArray::from_iter_values((0..ROWS).map(cell))) as ArrayRef;
    let surnames = ["王", "李", "张", "刘", "欧阳", "陈"];
    RecordBatch::try_from_iter([
        ("_file", column(&|_| "people.csv".to_owned())),
        ("_row", Arc::new(Int64Array::from_iter_values(2..2 + ROWS as i64)) as ArrayRef),
        ("编号", column(&|row| format!("P{row:08}"))),
        ("姓名", column(&|row| format!("{}{}伟", surnames[row % 6], if row % 7 == 0 { " " } else { "建" }))),
        (
            "证件号码",
            column(&|row| resident::make("110105", born(row), (row % 999) as u16).unwrap().as_str().to_owned()),
        ),
        (
            "电话",
            column(&|row| if row % 9 == 0 { "无".to_owned() } else { format!("138{:08}", row * 7919 % 100_000_000) }),
        ),
        ("性别", column(&|row| if row % 2 == 0 { "男" } else { "女" }.to_owned())),
        (
            "出生日期",
            column(&|row| born(row).format(if row % 3 == 0 { "%Y年%-m月%-d日" } else { "%Y-%m-%d" }).to_string()),
        ),
        (
            "地址",
            column(&|row| {
                format!(
                    "北京市朝阳区望京街道 阜通东大街{}号院{}号楼{}单元{}室",
                    row % 90,
                    row % 20,
                    row % 6,
                    101 + row % 1500
                )
            }),
        ),
        ("登记时间", column(&|row| format!("2024-03-{:02} 10:{:02}:00", 1 + row % 28, row % 60))),
        ("面积", column(&|row| format!("{}.5", row % 120))),
        ("经度", column(&|row| format!("116.{:06}", row * 31 % 1_000_000))),
        ("纬度", column(&|row| format!("39.{:06}", row * 17 % 1_000_000))),
    ])
    .unwrap()
}

fn bench(criterion: &mut Criterion) {
    let config: SourceConfig = parse("people.toml", CONFIG, |_| None).unwrap();
    let batch = register();
    let context = Context::new(NaiveDate::from_ymd_opt(2026, 6, 30).unwrap());
    let standardizer = Standardizer::new(&config, &batch.schema(), &context).unwrap();
    assert_eq!(standardizer.apply(&batch).unwrap().clean.num_rows(), ROWS);
    let mut group = criterion.benchmark_group("standardize");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("register of persons, ten columns", |bencher| {
        bencher.iter(|| standardizer.apply(black_box(&batch)).unwrap())
    });
    for name in config.columns.keys() {
        let mut one = config.clone();
        one.key.clear();
        one.columns.retain(|column, _| column == name || column == "number");
        one.key.push("number".to_owned());
        let standardizer = Standardizer::new(&one, &batch.schema(), &context).unwrap();
        group.bench_function(name.as_str(), |bencher| bencher.iter(|| standardizer.apply(black_box(&batch)).unwrap()));
    }
    let mut shifted = config.clone();
    shifted.columns.retain(|column, _| column == "geom" || column == "number");
    shifted.columns.get_mut("geom").unwrap().crs = Some("GCJ-02".to_owned());
    let standardizer = Standardizer::new(&shifted, &batch.schema(), &context).unwrap();
    group.bench_function("geom from GCJ-02", |bencher| bencher.iter(|| standardizer.apply(black_box(&batch)).unwrap()));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
