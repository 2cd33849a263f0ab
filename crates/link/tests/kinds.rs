//! The ready-made ladders, in a session that knows none of the house's functions.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Linker, Table};

/// The level that a kind finds for two values, by its label.
fn level(kind: &str, left: &str, right: &str) -> String {
    level_of("", &format!("kind = \"{kind}\""), left, right)
}

/// The level that a comparison finds for two values, once fields are made of them; the same in either order.
fn level_of(fields: &str, comparison: &str, left: &str, right: &str) -> String {
    let [level, turned] = [(left, right), (right, left)].map(|(left, right)| one_way(fields, comparison, left, right));
    assert_eq!(level, turned, "{left}, {right}");
    level
}

fn one_way(fields: &str, comparison: &str, left: &str, right: &str) -> String {
    let text = format!(
        r#"
        id = "id"
        [fields]
        {fields}
        [[block]]
        on = ["place"]
        [[compare]]
        name = "value"
        {comparison}
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
fn resident_ids_have_a_rung_for_what_shows_in_both_and_agrees() {
    let id = "11010519491231002X";
    for (other, rung) in [
        ("11010519491231002x", "same number"),
        ("110105491231002", "same number"),
        ("11010519491231003X", "one digit wrong or two swapped"),
        ("110105********002X", "ten or more visible digits agree"),
        ("1101051949****", "ten or more visible digits agree"),
        ("110***********002X", "seven to nine visible digits agree"),
        ("***********002X", "four to six visible digits agree"),
        ("110105********003X", "masked, one visible digit differs"),
        ("110105194912310038", "same region and date of birth"),
        ("320105194912310034", "same date of birth"),
        ("110105198801013456", "same region"),
        ("320105198801013456", "anything else"),
        ("无", "nothing to compare"),
    ] {
        assert_eq!(level("resident_id", id, other), rung, "{other}");
    }
    // Two masks that read the same are no same number, and two that show other places say nothing.
    assert_eq!(level("resident_id", "110105********002X", "110105********002X"), "ten or more visible digits agree");
    assert_eq!(level("resident_id", "1101051949********", "**************002X"), "nothing to compare");
    assert_eq!(level("resident_id", "无", "无"), "nothing to compare");
}

#[test]
fn numbers_of_organizations_are_compared_across_kinds_of_numbers() {
    let code = "91310110666007217T";
    for (other, rung) in [
        ("91310110666007217t", "same number"),
        ("66600721-7", "same organization code inside"),
        ("310110666007217", "same organization code inside"),
        ("91310110666007227T", "one character wrong or two swapped"),
        ("310110600012345", "licence of the same division"),
        ("3101101012345", "licence of the same division"),
        ("110108600012345", "licence of another division"),
        ("91310115591693856A", "anything else"),
        ("无", "nothing to compare"),
    ] {
        assert_eq!(level("credit_code", code, other), rung, "{other}");
    }
    assert_eq!(level("credit_code", "无", "无"), "nothing to compare");
}

#[test]
fn names_of_organizations_have_a_rung_for_each_way_in_which_they_are_shortened() {
    let name = "北京百川科技有限公司";
    for (other, rung) in [
        (name, "equal"),
        ("北京百川科技有限公司 ", "same name"),
        ("百川科技", "same without legal form and place"),
        ("北京百川科技有限公司海淀分公司", "one contains the other"),
        ("上海浦江餐饮有限公司", "anything else"),
    ] {
        assert_eq!(level("organization_name", name, other), rung, "{other}");
    }
}

#[test]
fn lists_agree_by_the_items_they_have_in_common() {
    let fields = "value = \"string_to_array(value, '|')\"";
    for (left, right, rung) in [
        ("new york|rome|paris|oslo", "oslo|paris|rome|new york", "items in common at least 3"),
        ("new york|rome", "rome|new york|oslo", "items in common at least 2"),
        ("new york|rome", "york|rome", "items in common at least 1"),
        ("new york", "york", "anything else"),
    ] {
        assert_eq!(level_of(fields, "kind = \"array\"", left, right), rung, "{left}, {right}");
    }
    let bounds = "kind = \"array\"\nat = [4, 2]";
    assert_eq!(level_of(fields, bounds, "a|b|c", "b|c|d"), "items in common at least 2");
}

/// Columns for the levels of an address, cut from one text.
const LEVELS: [&str; 7] = ["district", "community", "road", "number", "building", "unit", "room"];

#[test]
fn parsed_addresses_agree_level_by_level() {
    let cut = |place: usize| format!("nullif(split_part(value, '|', {}), '')", place + 1);
    let columns =
        LEVELS.iter().enumerate().map(|(place, name)| format!("{name} = \"{}\"\n", cut(place))).collect::<String>();
    let members =
        LEVELS.iter().enumerate().map(|(place, name)| format!("'{name}', {}", cut(place))).collect::<Vec<_>>();
    let whole = format!("parts = \"named_struct({})\"", members.join(", "));
    let of_columns = format!("kind = \"address\"\nfields = {LEVELS:?}");
    let of_struct = format!("{of_columns}\nfield = \"parts\"");
    let full = "朝阳区|花家地社区|阜通东大街|6号院|3号楼|2单元|501室";
    for (other, rung) in [
        (full, "same room"),
        ("||阜通东大街|6号|3幢|2|0501", "same room"),
        ("||||3|2|501", "same building, unit and room numbers"),
        ("||阜通东大街|6号|3|2|502", "same unit"),
        ("||阜通东大街|6号|3|1|501", "same building"),
        ("||阜通东大街|6号|4|2|501", "same compound"),
        ("||阜通东大街|8号|3|2|501", "same road"),
        ("|花家地|||||", "same community"),
        ("朝阳区||||||", "same district"),
        ("海淀区||阜通东大街|6号|3|2|501", "anything else"),
        ("||||||", "nothing to compare"),
    ] {
        assert_eq!(level_of(&columns, &of_columns, full, other), rung, "{other}");
        assert_eq!(level_of(&whole, &of_struct, full, other), rung, "{other} in a struct");
    }
    // What one of them alone says is no disagreement.
    assert_eq!(level_of(&columns, &of_columns, "朝阳区||||||", "|花家地|||||"), "nothing to compare");
}

#[test]
fn levels_that_no_address_has_are_named_with_those_there_are() {
    for (fields, words) in [
        ("fields = [\"district\", \"postcode\"]", ["`postcode`", "roomno"]),
        ("fields = [\"roomno\", \"room\"]", ["`roomno`", "same level"]),
    ] {
        let text = format!(
            "id = \"id\"\n[[block]]\non = [\"value\"]\n[[compare]]\nname = \"value\"\nkind = \"address\"\n{fields}\n"
        );
        let model = jingwei_model::config::parse("model.toml", &text, |_| None).unwrap();
        let columns = ["id", "value", "district", "roomno", "room"];
        let schema = Schema::new(columns.map(|name| Field::new(name, DataType::Utf8, true)).to_vec());
        let values = columns.map(|name| -> ArrayRef { Arc::new(StringArray::from(vec![name])) }).to_vec();
        let context = SessionContext::new();
        let rows = context.read_batch(RecordBatch::try_new(Arc::new(schema), values).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let tables = vec![Table { name: "t".to_owned(), rows }];
        let error = runtime.block_on(Linker::new(model).link(&context, tables, &|_| {})).unwrap_err();
        assert!(error.is_user_error(), "{error}");
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
}
