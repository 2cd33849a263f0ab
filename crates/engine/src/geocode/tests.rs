//! Texts of all kinds against a small table of standard addresses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use jingwei_model::config::AddressStyle;

use super::{Geocoder, GeocoderBuilder, StandardColumns};

fn table(columns: &[(&str, &[&str])]) -> RecordBatch {
    let column = |values: &[&str]| -> ArrayRef {
        Arc::new(values.iter().map(|value| Some(*value).filter(|value| !value.is_empty())).collect::<StringArray>())
    };
    RecordBatch::try_from_iter(columns.iter().map(|(name, values)| (*name, column(values)))).unwrap()
}

fn geocoder(batch: &RecordBatch) -> Geocoder {
    let columns = StandardColumns::of(&batch.schema(), None, None).unwrap();
    let mut builder = GeocoderBuilder::new(columns, None);
    builder.add(batch).unwrap();
    builder.finish()
}

/// A table of spellings alone: the levels are read out of them.
fn spelled() -> Geocoder {
    geocoder(&table(&[
        ("id", &["1", "2", "3", "4", "5", "6"]),
        (
            "canonical",
            &[
                "北京市朝阳区望京街道阜通东大街6号方恒国际",
                "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼",
                "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼2单元501室",
                "北京市通州区西集镇沙古堆村232号",
                "北京市朝阳区望京街道望京街9号迴龙大厦A座1203室",
                "北京市海淀区学院路30号",
            ],
        ),
    ]))
}

#[test]
fn spellings_alone_make_a_table() {
    let geocoder = spelled();
    let mut lookup = geocoder.lookup();
    for (text, id) in [
        ("朝阳区方恒国际5幢2门0501", "3"),
        ("阜通東大街六號５＃", "2"),
        ("望京方恒国际附近", "1"),
        ("通州西集沙古堆村二三二号(电联)", "4"),
        ("回龙大厦a座12层1203", "5"),
        ("学院路三十号院", "6"),
    ] {
        let found = lookup.find(text);
        assert_eq!(found.row.map(|row| geocoder.id(row)), Some(id), "{text}: {found:?}");
    }
    assert_eq!(geocoder.level(2), Some("room"));
    assert_eq!(lookup.find("方恒国际5号楼9单元999").verdict, "no_such_address");
}

#[test]
fn traditional_characters_of_a_table_are_those_of_its_texts() {
    let geocoder = geocoder(&table(&[
        ("address_id", &["1"]),
        ("district", &["大興區"]),
        ("community", &["東迴城村"]),
        ("roadno", &["16號"]),
    ]));
    let mut lookup = geocoder.lookup();
    for text in ["大兴区东回城村16号", "大興區東迴城村16號", "北京市大兴区东迴城村十六号"]
    {
        assert_eq!(lookup.find(text).row, Some(0), "{text}");
    }
    assert_eq!(geocoder.canonical(0), "大兴区东回城村16号");
}

#[test]
fn any_text_gets_an_answer_and_the_same_one_again() {
    let geocoder = spelled();
    let long = "望京街9号".repeat(2_000);
    let texts = [
        "",
        " ",
        "\u{0}\u{1}\u{7f}\t\r\n",
        "\u{feff}\u{200b}\u{202e}",
        "5",
        "501",
        "????",
        "强(qiáng)",
        "鍖椾含甯傛湞闃冲尯",
        "ä½\u{a0}å¥½",
        "221B Baker Street, London",
        "улица Ленина, дом 5",
        "東京都千代田区丸の内1丁目",
        "😀🏠😀",
        "((((((((((",
        "))))]]]】】",
        "-----/////、、、",
        "号号号号楼楼楼楼",
        "13800138000",
        "𠮷祥里𠮷祥里",
        long.as_str(),
    ];
    let mut lookup = geocoder.lookup();
    let first: Vec<_> = texts.iter().map(|text| lookup.find(text)).collect();
    for (text, before) in texts.iter().zip(&first) {
        assert_eq!(geocoder.lookup().find(text), *before, "{text}");
        assert!((0.0..=1.0).contains(&before.probability), "{text}");
        assert!(before.row.is_none(), "{text}: {before:?}");
        for one in geocoder.explain(text) {
            assert!(one.probability.is_finite() && one.evidence.iter().all(|level| level.weight.is_finite()), "{text}");
        }
    }
}

#[test]
fn an_address_s_point_comes_from_its_columns() {
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(StringArray::from(vec!["1", "2"])) as ArrayRef),
        ("address", Arc::new(StringArray::from(vec!["海淀区学院路30号", "海淀区学院路31号"])) as ArrayRef),
        ("lon", Arc::new(Float64Array::from(vec![Some(116.35), None])) as ArrayRef),
        ("lat", Arc::new(Float64Array::from(vec![Some(39.98), Some(39.9)])) as ArrayRef),
    ])
    .unwrap();
    let geocoder = geocoder(&batch);
    assert_eq!((geocoder.point(0), geocoder.point(1)), (Some((116.35, 39.98)), None));
    assert_eq!(geocoder.reverse(116.351, 39.98).unwrap().row, 0);
    assert!(geocoder.reverse(0.0, 0.0).is_none());
}

#[test]
fn a_table_without_id_or_address_is_refused_with_what_it_has() {
    for (columns, message) in [
        (table(&[("nr", &["1"]), ("address", &["海淀区"])]), "no column `id` or `address_id`, but nr, address"),
        (table(&[("id", &["1"]), ("x", &["海淀区"])]), "neither levels nor a spelling, but id, x"),
    ] {
        let error = StandardColumns::of(&columns.schema(), None, None).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_style_that_is_given_is_kept() {
    let batch = table(&[("id", &["1"]), ("address", &["10 Downing St"])]);
    let columns = StandardColumns::of(&batch.schema(), None, None).unwrap();
    let mut builder = GeocoderBuilder::new(columns, Some(AddressStyle::Plain));
    builder.add(&batch).unwrap();
    let geocoder = builder.finish();
    assert_eq!(geocoder.lookup().find("10 DOWNING  ST.").row, Some(0));
    assert_eq!(geocoder.lookup().find("").verdict, "unknown");
    assert!(geocoder.parse("10 Downing St").is_empty());
    assert_eq!(geocoder.explain("10 downing st")[0].address.id, "1");
}
