//! Models link every element, not people alone.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Matcher, ModelMatcher, Previous};
use jingwei_model::config::EntityConfig;
use jingwei_model::hash::hash128;

/// Links records of a column `code` and a column `name`; gives the entity of each.
fn link(element: &str, rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    link_with(element, r#"conflict = ["kind", "code"]"#, rows)
}

/// The same, with other things said before the model.
fn link_with(element: &str, more: &str, rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    let text = format!(
        r#"
        element = "{element}"
        {more}
        [model]
        [[model.block]]
        on = ["name"]
        [[model.block]]
        on = ["address"]
        [[model.compare]]
        name = "name"
        kind = "exact"
        [[model.compare]]
        name = "address"
        kind = "exact"
        "#
    );
    let config: EntityConfig = jingwei_model::config::parse("entity.toml", &text, |_| None).unwrap();
    let fields = ["_source", "_record", "_record_id", "code", "name", "address"]
        .map(|name| Field::new(name, DataType::Utf8, true));
    let schema = Schema::new([vec![Field::new("_key", DataType::Binary, false)], fields.to_vec()].concat());
    let ids = (0..rows.len()).map(|row| row.to_string()).collect::<Vec<_>>();
    let constant = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; rows.len()])) };
    let (codes, called): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    let column = |texts: Vec<&str>| -> ArrayRef {
        Arc::new(texts.into_iter().map(|text| Some(text).filter(|text| !text.is_empty())).collect::<StringArray>())
    };
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(BinaryArray::from_iter_values(ids.iter().map(|id| hash128(id.as_bytes()).to_be_bytes()))),
            constant("source"),
            constant("record"),
            Arc::new(StringArray::from(ids)),
            column(codes),
            column(called.clone()),
            column(called),
        ],
    )
    .unwrap();
    let records = SessionContext::new().read_batch(batch).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let matcher = ModelMatcher::new(config).unwrap();
    let links = runtime.block_on(matcher.link(records, &Previous::default(), &[])).unwrap();
    let members = &links.members[0];
    let (ids, entities) = (members.column(3).as_string::<i32>(), members.column(4).as_string::<i32>());
    (0..members.num_rows()).map(|row| (ids.value(row).to_owned(), entities.value(row).to_owned())).collect()
}

#[test]
fn every_element_is_linked_by_a_model_and_conflicts_hold_for_the_columns_that_are_filled() {
    let names = (0..60).map(|thing| format!("thing {thing}")).collect::<Vec<_>>();
    // Each thing in two records, one with its code; the last thing's codes differ.
    let mut rows = Vec::new();
    for (thing, name) in names.iter().enumerate() {
        rows.push((format!("C{thing}"), name.clone()));
        rows.push((if thing == 59 { "other".to_owned() } else { String::new() }, name.clone()));
    }
    let rows = rows.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect::<Vec<_>>();
    for element in ["housing", "organizations", "objects", "events", "land", "people"] {
        let entities = link(element, &rows);
        let together = |thing: usize| entities[&(2 * thing).to_string()] == entities[&(2 * thing + 1).to_string()];
        assert!((0..59).all(together), "{element}");
        assert!(!together(59), "{element}");
        assert_eq!(entities.len(), 120, "{element}");
    }
}

#[test]
fn exact_rules_come_first_and_a_model_finds_what_has_no_key() {
    let rules = r#"
        [[match]]
        rule = "code"
        on = ["code"]
        probability = 0.999
    "#;
    let names = (0..60).map(|thing| format!("thing {thing}")).collect::<Vec<_>>();
    let mut rows = Vec::new();
    for (thing, name) in names.iter().enumerate() {
        rows.push((format!("C{thing}"), name.clone()));
        rows.push((String::new(), name.clone()));
    }
    // One code under two names: the model would part them, and the rule does not ask it.
    rows.push(("C7".to_owned(), "something else".to_owned()));
    let rows = rows.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect::<Vec<_>>();
    let by_model = link_with("objects", "", &rows);
    assert_ne!(by_model["14"], by_model["120"]);
    let both = link_with("objects", rules, &rows);
    assert_eq!(both["14"], both["120"]);
    assert!((0..60).all(|thing| both[&(2 * thing).to_string()] == both[&(2 * thing + 1).to_string()]));
}
