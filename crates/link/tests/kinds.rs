//! The ready-made ladders, in a session that knows none of the house's functions.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Linker, Table};

/// The level that a kind finds for two values, by its label.
fn level(kind: &str, left: &str, right: &str) -> String {
    let text = format!(
        r#"
        id = "id"
        [[block]]
        on = ["place"]
        [[compare]]
        name = "value"
        kind = "{kind}"
        [[compare]]
        name = "place"
        kind = "exact"
        "#
    );
    let model = jingwei_model::config::parse("model.toml", &text, |_| None).unwrap();
    // Two more of another place, so that there is something to learn from.
    let column = |values: [&str; 4]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let schema = Schema::new(["id", "value", "place"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec());
    let columns = vec![
        column(["1", "2", "3", "4"]),
        column([left, right, "欧阳建国", "诸葛亮"]),
        column(["here", "here", "there", "there"]),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let context = SessionContext::new();
    let table = Table { name: "t".to_owned(), rows: context.read_batch(batch).unwrap() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let linkage = runtime.block_on(Linker::new(model).link(&context, vec![table], &|_| {})).unwrap();
    let place = |id: &str| (0..4).find(|record| linkage.records.id_of(*record) == id).unwrap();
    let explanation = serde_json::to_value(linkage.explain(place("1"), place("2"))).unwrap();
    let parts = explanation["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "value").unwrap();
    part["level"].as_str().unwrap().to_owned()
}

#[test]
fn chinese_names_have_a_rung_for_each_way_in_which_they_are_written_otherwise() {
    for (left, right, rung) in [
        ("王小明", "王小明", "equal"),
        ("王小明", "王晓明", "same sound or another form"),
        ("張國榮", "张国荣", "same sound or another form"),
        ("王小明", "王明小", "characters swapped"),
        ("王小宇", "王小字", "one character looks alike"),
        ("陈思林", "陈诗林", "nearly the same sound, or in pinyin"),
        ("张小明", "张明", "one character missing or masked"),
        ("张小明", "李小明", "given name only"),
        ("张小明", "张小刚", "one given character differs"),
        ("张小明", "张国荣", "surname only"),
        ("张小明", "李国荣", "anything else"),
    ] {
        assert_eq!(level("chinese_name", left, right), rung, "{left}, {right}");
    }
}

#[test]
fn resident_ids_are_compared_in_a_bare_session_whole_and_masked() {
    for (left, right, rung) in [
        ("11010519491231002X", "11010519491231002X", "equal"),
        ("11010519491231002X", "110105********002X", "shown digits equal"),
        ("11010519491231002X", "11010519491231003X", "at most two edits"),
        ("11010519491231002X", "110105198801013456", "region only"),
        ("11010519491231002X", "320105198801013456", "anything else"),
    ] {
        assert_eq!(level("resident_id", left, right), rung, "{left}, {right}");
    }
}
