//! A source's rows through its configuration: what comes out clean, what is refused, and that nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::NaiveDate;
use jingwei_geo::{from_wkt, point_of, to_wkt};
use jingwei_model::config::{SourceConfig, parse};
use jingwei_standardize::{Context, StandardizeError, Standardized, Standardizer};
use proptest::prelude::*;

fn config(columns: &str) -> SourceConfig {
    parse("test.toml", &format!("title = \"test\"\n{columns}"), |_| None).unwrap()
}

fn context() -> Context {
    Context::new(NaiveDate::from_ymd_opt(2026, 6, 30).unwrap())
}

/// A raw batch of text columns; `_row` counts from 2, below a header.
fn raw(columns: &[(&str, Vec<Option<&str>>)]) -> RecordBatch {
    let columns = columns
        .iter()
        .map(|(name, cells)| ((*name).to_owned(), Arc::new(StringArray::from(cells.clone())) as ArrayRef))
        .collect::<Vec<_>>();
    typed(columns)
}

fn typed(columns: Vec<(String, ArrayRef)>) -> RecordBatch {
    let rows = columns.first().map_or(0, |(_, array)| array.len());
    let mut fields = vec![
        Field::new("_file", DataType::Utf8, false),
        Field::new("_sheet", DataType::Utf8, true),
        Field::new("_row", DataType::Int64, false),
    ];
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["people.csv"; rows])),
        Arc::new(StringArray::from(vec![None::<&str>; rows])),
        Arc::new(Int64Array::from_iter_values(2..2 + rows as i64)),
    ];
    for (name, array) in columns {
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn apply(config: &SourceConfig, batch: &RecordBatch) -> Standardized {
    let standardizer = Standardizer::new(config, &batch.schema(), &context()).unwrap();
    let out = standardizer.apply(batch).unwrap();
    assert_eq!(out.clean.schema(), standardizer.clean_schema());
    assert_eq!(out.quarantine.schema(), standardizer.quarantine_schema());
    assert_eq!(out.clean.num_rows() + out.quarantine.num_rows(), batch.num_rows());
    out
}

fn shown(batch: &RecordBatch, column: &str, row: usize) -> String {
    let array = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
    ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(row).to_string()
}

fn wrong(config: &SourceConfig, batch: &RecordBatch) -> StandardizeError {
    Standardizer::new(config, &batch.schema(), &context().with_part("people.csv")).unwrap_err()
}

const PEOPLE: &str = r#"
key = ["number"]
[from]
path = "people.csv"
[columns]
number = { from = "编号", required = true }
name = { from = "姓名", parse = "name", required = true }
id = { from = "证件号码", parse = "resident_id" }
phone = { from = "电话", parse = "phone", null = ["无"] }
sex = { from = "性别", parse = "sex" }
born = { from = "出生日期", parse = "date" }
"#;

fn people() -> RecordBatch {
    raw(&[
        ("编号", vec![Some("1"), Some("2"), Some("3"), Some("4"), None]),
        ("姓名", vec![Some("张 三"), Some("李四"), Some(""), Some("王(小)五"), Some("赵六")]),
        (
            "证件号码",
            vec![Some("'11010519491231002x"), Some("110105********0123"), Some("x"), Some("110105194912310000"), None],
        ),
        ("电话", vec![Some("138 0013 8000"), Some("138****8000"), Some("无"), Some("12"), None]),
        ("性别", vec![Some("男"), Some("2"), None, Some("甲"), None]),
        ("出生日期", vec![Some("1949-12-31"), Some("1990年1月2日"), None, Some("1990-13-01"), None]),
    ])
}

#[test]
fn a_header_that_differs_in_case_alone_is_found_unless_two_do() {
    let config = config("[from]\npath = \"x\"\n[columns]\nflag = { from = \"FIRM07_FLAG\" }\n");
    let out = apply(&config, &raw(&[("Firm07_Flag", vec![Some("1")])]));
    assert_eq!(shown(&out.clean, "flag", 0), "1");
    // The exact one goes before others.
    let out = apply(&config, &raw(&[("firm07_flag", vec![Some("1")]), ("FIRM07_FLAG", vec![Some("2")])]));
    assert_eq!(shown(&out.clean, "flag", 0), "2");
    let two = raw(&[("firm07_flag", vec![Some("1")]), ("Firm07_flag", vec![Some("2")])]);
    assert!(matches!(wrong(&config, &two), StandardizeError::MissingColumn { .. }));
}

#[test]
fn clean_rows_carry_values_and_issues() {
    let out = apply(&config(PEOPLE), &people());
    assert_eq!(out.clean.num_rows(), 3);
    assert_eq!(
        out.clean.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>(),
        [
            "_record",
            "_file",
            "_sheet",
            "_row",
            "_issues",
            "number",
            "name",
            "id",
            "id_partial",
            "phone",
            "phone_partial",
            "sex",
            "born"
        ]
    );
    assert_eq!(shown(&out.clean, "_record", 0), "1");
    assert_eq!(shown(&out.clean, "_row", 0), "2");
    assert_eq!(shown(&out.clean, "name", 0), "张三");
    assert_eq!(shown(&out.clean, "id", 0), "11010519491231002X");
    assert_eq!(shown(&out.clean, "phone", 0), "13800138000");
    assert_eq!(shown(&out.clean, "born", 0), "1949-12-31");
    assert_eq!(shown(&out.clean, "_issues", 0), "");
    assert_eq!(
        (shown(&out.clean, "id", 1), shown(&out.clean, "id_partial", 1)),
        (String::new(), "110105********0123".to_owned())
    );
    assert_eq!(shown(&out.clean, "phone_partial", 1), "138****8000");
    assert_eq!(shown(&out.clean, "sex", 1), "female");
    assert_eq!(
        shown(&out.clean, "_issues", 2),
        "[{\"column\":\"id\",\"reason\":\"excel_precision_loss\",\"text\":\"110105194912310000\"},{\"column\":\"phone\",\"reason\":\"bad_length\",\"text\":\"12\"},\
         {\"column\":\"sex\",\"reason\":\"unmapped\",\"text\":\"甲\"},{\"column\":\"born\",\"reason\":\"bad_date\",\"text\":\"1990-13-01\"}]"
    );
}

#[test]
fn refused_rows_name_the_place_the_reason_and_the_whole_row() {
    let out = apply(&config(PEOPLE), &people());
    assert_eq!(out.quarantine.num_rows(), 2);
    for (column, value) in
        [("_file", "people.csv"), ("_row", "4"), ("column", "name"), ("reason", "missing"), ("original", "")]
    {
        assert_eq!(shown(&out.quarantine, column, 0), value);
    }
    assert_eq!(
        shown(&out.quarantine, "raw", 0),
        "{\"编号\":\"3\",\"姓名\":\"\",\"证件号码\":\"x\",\"电话\":\"无\",\"性别\":null,\"出生日期\":null}"
    );
    assert_eq!(
        (shown(&out.quarantine, "_row", 1), shown(&out.quarantine, "column", 1)),
        ("6".to_owned(), "number".to_owned())
    );
}

#[test]
fn rows_that_the_source_could_not_read_are_refused_with_its_reason() {
    let batch = raw(&[
        ("_error", vec![None, Some("ragged_row")]),
        ("_text", vec![None, Some("1,2,3,\"")]),
        ("编号", vec![Some("7"), None]),
    ]);
    let out = apply(&config("[from]\n[columns]\nnumber = { from = \"编号\", required = true }"), &batch);
    assert_eq!(out.clean.num_rows(), 1);
    for (column, value) in [
        ("column", ""),
        ("reason", "ragged_row"),
        ("original", "1,2,3,\""),
        ("raw", "{\"_text\":\"1,2,3,\\\"\",\"编号\":null}"),
    ] {
        assert_eq!(shown(&out.quarantine, column, 0), value);
    }
}

#[test]
fn on_error_decides_between_the_row_the_value_and_the_text() {
    let batch = raw(&[("c", vec![Some("12"), Some("13800138000")])]);
    for (setting, clean, refused, value) in [("reject", 1, 1, "13800138000"), ("null", 2, 0, ""), ("keep", 2, 0, "12")]
    {
        let out = apply(
            &config(&format!("[from]\n[columns]\np = {{ from = \"c\", parse = \"phone\", on_error = \"{setting}\" }}")),
            &batch,
        );
        assert_eq!((out.clean.num_rows(), out.quarantine.num_rows()), (clean, refused), "{setting}");
        assert_eq!(shown(&out.clean, "p", 0), value, "{setting}");
    }
    let out = apply(
        &config("[from]\n[columns]\np = { from = \"c\", parse = \"phone\", required = true, on_error = \"null\" }"),
        &batch,
    );
    assert_eq!(shown(&out.quarantine, "reason", 0), "bad_length");
}

#[test]
fn a_masked_id_is_refused_where_a_whole_one_is_required() {
    let batch = raw(&[("c", vec![Some("110105********0123")])]);
    let out =
        apply(&config("[from]\n[columns]\nid = { from = \"c\", parse = \"resident_id\", required = true }"), &batch);
    assert_eq!(shown(&out.quarantine, "reason", 0), "masked");
}

#[test]
fn pilot_era_credit_codes_stay_with_an_issue() {
    let batch = raw(&[("c", vec![Some("91350211M00013FA1N")])]);
    let out =
        apply(&config("[from]\n[columns]\ncode = { from = \"c\", parse = \"credit_code\", required = true }"), &batch);
    assert_eq!(shown(&out.clean, "code", 0), "91350211M00013FA1N");
    assert!(shown(&out.clean, "_issues", 0).contains("bad_check_digit"));
}

#[test]
fn spellings_are_mapped_and_stand_ins_are_nothing() {
    let batch = raw(&[("c", vec![Some(" 满意 "), Some("N/A"), Some("其他")])]);
    let out = apply(
        &config("[from]\n[columns]\ns = { from = \"c\", map = { \"满意\" = \"yes\" }, null = [\"N/A\"] }"),
        &batch,
    );
    let texts = out.clean.column_by_name("s").unwrap().as_string::<i32>().clone();
    assert_eq!(texts.iter().collect::<Vec<_>>(), [Some("yes"), None, Some("其他")]);
}

#[test]
fn several_columns_make_one_value() {
    let batch = raw(&[
        ("y", vec![Some("2024")]),
        ("m", vec![Some("3")]),
        ("d", vec![Some("1")]),
        ("day", vec![Some("2024-03-01")]),
        ("time", vec![Some("10:30")]),
        ("road", vec![Some("阜通东大街")]),
        ("no", vec![Some("６号")]),
        ("x", vec![Some("500000")]),
        ("n", vec![Some("4429529.030")]),
    ]);
    let out = apply(
        &config(
            r#"
            [from]
            [columns]
            date = { from = ["y", "m", "d"], parse = "date" }
            time = { from = ["day", "time"], parse = "datetime" }
            address = { from = ["road", "no"], parse = "address" }
            text = { from = ["road", "no"] }
            geom = { from = ["x", "n"], parse = "point", crs = "EPSG:4548" }
            "#,
        ),
        &batch,
    );
    assert_eq!(out.clean.column_by_name("date").unwrap().as_primitive::<Date32Type>().value(0), 19_783);
    assert_eq!(
        out.clean.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>().value(0),
        1_709_289_000_000_000
    );
    assert_eq!(shown(&out.clean, "address", 0), "阜通东大街6号");
    assert_eq!(shown(&out.clean, "text", 0), "阜通东大街 ６号");
    let (lon, lat) = point_of(out.clean.column_by_name("geom").unwrap().as_binary::<i32>().value(0)).unwrap();
    assert!((lon - 117.0).abs() < 1e-8 && (lat - 40.0).abs() < 1e-8);
}

#[test]
fn typed_columns_are_read_as_their_texts() {
    let batch = typed(vec![
        ("id".to_owned(), Arc::new(Float64Array::from(vec![Some(1.101_051_949_123_1e17), None]))),
        ("n".to_owned(), Arc::new(Int64Array::from(vec![Some(5), None]))),
    ]);
    let out = apply(
        &config(
            "[from]\n[columns]\nid = { from = \"id\", parse = \"resident_id\" }\nn = { from = \"n\", parse = \"number\" }\ni = { from = \"n\", parse = \"integer\" }",
        ),
        &batch,
    );
    assert!(shown(&out.clean, "_issues", 0).contains("excel_precision_loss"));
    assert_eq!(out.clean.column_by_name("n").unwrap().as_primitive::<Float64Type>().value(0).to_string(), "5");
    assert_eq!(out.clean.column_by_name("i").unwrap().as_primitive::<Int64Type>().value(0), 5);
}

#[test]
fn shapes_are_brought_to_degrees_and_bow_ties_are_named() {
    let shapes = [
        "POLYGON((500000 4429000,500100 4429000,500100 4429100,500000 4429000))",
        "POLYGON((500000 4429000,500100 4429100,500100 4429000,500000 4429100,500000 4429000))",
    ];
    let bytes = shapes.map(|shape| from_wkt(shape).unwrap());
    let field =
        Field::new("geom", DataType::Binary, true).with_metadata([("crs".to_owned(), "EPSG:4548".to_owned())].into());
    let bare = typed(vec![("geom".to_owned(), Arc::new(BinaryArray::from_iter_values(bytes)))]);
    let mut fields = bare.schema().fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
    fields[3] = field;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), bare.columns().to_vec()).unwrap();
    let columns = |on_error: &str| {
        config(&format!(
            "[from]\n[columns]\ngeom = {{ from = \"geom\", parse = \"geometry\", on_error = \"{on_error}\" }}"
        ))
    };
    let out = apply(&columns("reject"), &batch);
    assert_eq!(shown(&out.quarantine, "reason", 0), "self_crossing");
    assert!(shown(&out.quarantine, "original", 0).starts_with("POLYGON"));
    assert!(
        to_wkt(out.clean.column_by_name("geom").unwrap().as_binary::<i32>().value(0))
            .unwrap()
            .starts_with("POLYGON((117")
    );
    let kept = apply(&columns("keep"), &batch);
    assert_eq!(kept.clean.num_rows(), 2);
    assert!(kept.clean.column_by_name("geom").unwrap().is_valid(1));
    assert!(shown(&kept.clean, "_issues", 1).contains("self_crossing"));
}

#[test]
fn a_row_without_a_key_is_named_by_what_it_says() {
    let columns = config("[from]\n[columns]\na = { from = \"a\" }");
    let one = apply(&columns, &raw(&[("a", vec![Some("1"), Some("2")]), ("b", vec![Some("x"), None])]));
    let turned = apply(
        &columns,
        &raw(&[("b", vec![Some("x"), None]), ("a", vec![Some("1"), Some("2")]), ("new", vec![None, None])]),
    );
    assert_eq!(shown(&one.clean, "_record", 0).len(), 16);
    assert_ne!(shown(&one.clean, "_record", 0), shown(&one.clean, "_record", 1));
    for row in 0..2 {
        assert_eq!(shown(&one.clean, "_record", row), shown(&turned.clean, "_record", row));
    }
}

#[test]
fn keys_of_several_columns_are_joined() {
    let batch = raw(&[("a", vec![Some("1"), Some("2"), None]), ("d", vec![Some("2024/3/1"), None, None])]);
    let out = apply(
        &config(
            "key = [\"a\", \"d\"]\n[from]\n[columns]\na = { from = \"a\" }\nd = { from = \"d\", parse = \"date\" }",
        ),
        &batch,
    );
    assert_eq!(shown(&out.clean, "_record", 0), "1|2024-03-01");
    assert_eq!(shown(&out.clean, "_record", 1), "2|");
    assert_eq!(shown(&out.clean, "_record", 2).len(), 16);
}

#[test]
fn mistakes_of_the_configuration_say_what_where_and_how_to_mend_it() {
    let batch = raw(&[("姓名", vec![None]), ("身份证号", vec![None]), ("dup", vec![None]), ("dup", vec![None])]);
    for (columns, words) in [
        ("name = { from = \"名\" }", &["people.csv", "`name`", "`名`", "did you mean `姓名`?"][..]),
        ("name = { from = \"zzz\" }", &["there are `姓名`, `身份证号`"]),
        ("name = { from = \"dup\" }", &["2 columns have that name"]),
        ("born = { from = \"姓名\", parse = \"date\", on_error = \"keep\" }", &["`born`", "keep"]),
        ("born = { from = \"姓名\", parse = \"date\", pattern = \"%Q\" }", &["`%Q` is no pattern"]),
        ("born = { from = \"姓名\", pattern = \"%Y\" }", &["`pattern` belongs to"]),
        ("geom = { from = \"姓名\", parse = \"geometry\", crs = \"EPSG:1\" }", &["EPSG:1"]),
        ("_x = { from = \"姓名\" }", &["begin with `_`"]),
        (
            "p = { from = \"姓名\", parse = \"phone\" }\np_partial = { from = \"姓名\" }",
            &["`p_partial` is already there"],
        ),
        ("p = { from = [] }", &["`from` is empty"]),
    ] {
        let error = wrong(&config(&format!("[from]\n[columns]\n{columns}")), &batch);
        assert!(error.is_user_error());
        for word in words {
            assert!(error.to_string().contains(word), "{error}\nlacks {word}");
        }
    }
    let error = wrong(&config("key = [\"nam\"]\n[from]\n[columns]\nname = { from = \"姓名\" }"), &batch);
    assert!(error.to_string().contains("did you mean `name`?"), "{error}");
}

#[test]
fn a_batch_of_another_schema_is_an_error_of_ours() {
    let columns = config("[from]\n[columns]\na = { from = \"a\" }");
    let standardizer = Standardizer::new(&columns, &raw(&[("a", vec![None])]).schema(), &context()).unwrap();
    assert!(!standardizer.apply(&raw(&[("b", vec![None])])).unwrap_err().is_user_error());
}

#[test]
fn one_standardizer_serves_many_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Standardizer>();
}

#[test]
fn an_empty_batch_gives_empty_batches() {
    let out = apply(&config(PEOPLE), &people().slice(0, 0));
    assert_eq!((out.clean.num_rows(), out.quarantine.num_rows()), (0, 0));
}

const EVERYTHING: &str = r#"
[from]
[columns]
text = { from = "a" }
raw = { from = "a", parse = "raw" }
name = { from = "b", parse = "name", required = REQUIRED }
id = { from = "a", parse = "resident_id", on_error = "ON_ERROR" }
code = { from = "b", parse = "credit_code" }
phone = { from = "b", parse = "phone", on_error = "ON_ERROR" }
plate = { from = "a", parse = "plate" }
division = { from = "b", parse = "division" }
address = { from = ["a", "b"], parse = "address" }
date = { from = "a", parse = "date" }
time = { from = ["a", "b"], parse = "datetime" }
integer = { from = "a", parse = "integer" }
number = { from = "b", parse = "number", on_error = "reject" }
boolean = { from = "a", parse = "boolean" }
sex = { from = "b", parse = "sex" }
point = { from = ["a", "b"], parse = "point" }
shape = { from = "a", parse = "geometry" }
"#;

proptest! {
    #[test]
    fn every_row_ends_in_exactly_one_of_the_two(
        rows in prop::collection::vec((prop::option::of("\\PC{0,20}|[0-9Xx*]{0,18}|[0-9./-]{0,10}"), prop::option::of("\\PC{0,20}|[一-龥]{0,4}|[0-9.,]{0,12}")), 0..40),
        required: bool,
        on_error in prop::sample::select(vec!["reject", "null", "keep"]),
    ) {
        let batch = raw(&[("a", rows.iter().map(|(a, _)| a.as_deref()).collect()), ("b", rows.iter().map(|(_, b)| b.as_deref()).collect())]);
        let columns = config(&EVERYTHING.replace("REQUIRED", &required.to_string()).replace("ON_ERROR", on_error));
        let out = apply(&columns, &batch);
        let mut numbers = [&out.clean, &out.quarantine]
            .into_iter()
            .flat_map(|batch| batch.column_by_name("_row").unwrap().as_primitive::<Int64Type>().values().to_vec())
            .collect::<Vec<_>>();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (2..2 + rows.len() as i64).collect::<Vec<_>>());
        for row in 0..out.clean.num_rows() {
            let issues = shown(&out.clean, "_issues", row);
            prop_assert!(issues.is_empty() || serde_json::from_str::<serde_json::Value>(&issues).is_ok());
        }
        for row in 0..out.quarantine.num_rows() {
            prop_assert!(shown(&out.quarantine, "reason", row).parse::<jingwei_model::Reason>().is_ok());
        }
    }

    #[test]
    fn how_rows_are_batched_makes_no_difference(cut in 0_usize..5) {
        let batch = people();
        let whole = apply(&config(PEOPLE), &batch);
        let parts = [batch.slice(0, cut), batch.slice(cut, 5 - cut)].map(|part| apply(&config(PEOPLE), &part).clean);
        let joined = arrow::compute::concat_batches(&whole.clean.schema(), &parts).unwrap();
        prop_assert_eq!(joined, whole.clean);
    }
}
