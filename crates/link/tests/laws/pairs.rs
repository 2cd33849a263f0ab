//! What must hold for any two records.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;
use jingwei_link::{Linkage, Linker, Table, Trained};
use jingwei_model::config::ComparisonKind;
use proptest::prelude::*;

use crate::support::{RUNTIME, linker};

const COLUMNS: [&str; 13] =
    ["id", "key", "given", "town", "born", "person", "phone", "number", "mail", "words", "size", "east", "north"];

/// A record, and its values beside the id.
type Row = [Option<String>; 13];
type Values = [Option<String>; 12];

/// Every ready-made ladder.
const EVERYTHING: &str = r#"
id = "id"
mode = "dedupe"
[fields]
lon = "try_cast(east as double)"
lat = "try_cast(north as double)"
list = "string_to_array(words, ' ')"
firm = "person || case cast(size as int) % 3 when 0 then '科技有限公司' when 1 then '科技' else '一二商贸公司' end"
code = """case cast(size as int) % 5 when 0 then '91310110666007217T' when 1 then '66600721-7' when 2 then '310110600012345'
  when 3 then '91310110666007227T' else '1101086000123' end"""
road = "person"
building = "substr(phone, 11)"
room = "size"
[[block]]
on = ["key"]
[[compare]]
name = "mail2"
field = "mail"
kind = "exact"
term_frequency = true
[[compare]]
name = "where"
kind = "place"
fields = ["lon", "lat"]
[[compare]]
name = "number2"
field = "number"
kind = "resident_id"
[[compare]]
name = "given"
kind = "jaro_winkler"
[[compare]]
name = "town"
kind = "levenshtein"
[[compare]]
name = "town2"
field = "town"
kind = "damerau_levenshtein"
[[compare]]
name = "born"
kind = "date"
[[compare]]
name = "person"
kind = "chinese_name"
[[compare]]
name = "person2"
levels = [
  { where = "l.person = r.person" },
  { where = "chinese_name_similarity(l.person, r.person) >= 0.9" },
  { where = "chinese_name_similarity(l.person, r.person) >= 0.6" },
]
[[compare]]
name = "phone"
kind = "phone"
household = true
[[compare]]
name = "number"
levels = [
  { where = "l.number = r.number" },
  { where = "resident_id_similarity(l.number, r.number) >= 0.9" },
  { where = "damerau_levenshtein(l.number, r.number) <= 2" },
]
[[compare]]
name = "mail"
kind = "email"
[[compare]]
name = "words"
kind = "tokens"
[[compare]]
name = "size"
kind = "number"
at = [1, 10]
[[compare]]
name = "list"
kind = "array"
[[compare]]
name = "firm"
kind = "organization_name"
[[compare]]
name = "code"
kind = "credit_code"
[[compare]]
name = "home"
kind = "address"
fields = ["road", "building", "room"]
"#;

fn run(linker: &Linker, rows: &[Row]) -> Linkage {
    let schema = Schema::new(COLUMNS.map(|column| Field::new(column, DataType::Utf8, true)).to_vec());
    let columns = (0..COLUMNS.len())
        .map(|column| Arc::new(rows.iter().map(|row| row[column].clone()).collect::<StringArray>()) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let context = SessionContext::new();
    for function in jingwei_standardize::functions() {
        context.register_udf(function);
    }
    let table = Table { name: "t".to_owned(), rows: context.read_batch(batch).unwrap() };
    RUNTIME.block_on(linker.link(&context, vec![table], &|_| {})).unwrap()
}

fn values() -> impl Strategy<Value = Values> {
    let maybe = |pattern: &'static str| prop::option::weighted(0.9, pattern.prop_map(|text: String| text));
    (
        maybe("[abdm]{1,7}"),
        maybe("[abc ]{2,6}"),
        maybe("19[56][0-3]-0[1-3]-[01][1-9]"),
        maybe("[王李欧][阳芳方伟]{1,3}"),
        maybe("1380013800[0-9]|010-[0-9]{8}"),
        maybe("1101011990030700[0-9]{2}|110101\\*{8}00[0-9]{2}"),
        maybe("[ab]{1,3}@[cd]\\.(com|cn)"),
        maybe("[abc]( [abc]){0,3}"),
        maybe("[0-9]{1,2}"),
        (maybe("116\\.4[0-9]"), maybe("39\\.9[0-9]{1,3}")),
    )
        .prop_map(|(given, town, born, person, phone, number, mail, words, size, (east, north))| {
            [Some("k".to_owned()), given, town, born, person, phone, number, mail, words, size, east, north]
        })
}

static LEARNED: LazyLock<Arc<Trained>> = LazyLock::new(|| {
    let rows = (0..200)
        .map(|n: usize| {
            let text = |s: String| Some(s);
            [
                text(n.to_string()),
                text((n / 4).to_string()),
                text(format!("abda{}", ["a", "b", "m"][n / 2 % 3])),
                text(format!("ab{}", n / 2 % 7)),
                text(format!("19{:02}-01-{:02}", 50 + n / 2 % 20, 1 + n % 3)),
                text(format!("王{}", ["芳", "方", "伟"][n / 2 % 3])),
                text(format!("138001380{:02}", n / 4 % 90)),
                text(format!("1101011990030700{:02}", n / 2 % 90)),
                text(format!("a{}@c.com", n / 2)),
                text(format!("a b {}", n / 3)),
                text((n / 2 % 50).to_string()),
                text(format!("116.{}", 400 + n / 2 % 90)),
                text(format!("39.9{}", n / 3 % 90)),
            ]
        })
        .collect::<Vec<_>>();
    run(&linker(EVERYTHING), &rows).trained()
});

fn with_id(id: &str, values: &Values) -> Row {
    std::array::from_fn(|column| if column == 0 { Some(id.to_owned()) } else { values[column - 1].clone() })
}

#[test]
fn the_model_of_these_laws_holds_every_kind_of_comparison() {
    let kinds = serde_json::to_value(schemars::schema_for!(ComparisonKind)).unwrap();
    let kinds = kinds["oneOf"].as_array().unwrap().iter().map(|kind| kind["const"].as_str().unwrap());
    for kind in kinds {
        assert!(EVERYTHING.contains(&format!("kind = \"{kind}\"")), "{kind}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn which_record_is_the_left_one_changes_no_level_and_no_score(
        pairs in prop::collection::vec((values(), values()), 8),
    ) {
        let linker = linker(EVERYTHING).with_trained(Arc::clone(&LEARNED));
        // The order of two records is that of their ids' hashes: what one says under the one id the other says under
        // the other.
        let rows = |turned: bool| {
            let side = |n: usize, (a, b): &(Values, Values)| {
                let (a, b) = if turned { (b, a) } else { (a, b) };
                [with_id(&format!("{n}x"), a), with_id(&format!("{n}y"), b)]
            };
            pairs.iter().enumerate().flat_map(|(n, pair)| side(n, pair)).collect::<Vec<_>>()
        };
        let (straight, turned) = (run(&linker, &rows(false)), run(&linker, &rows(true)));
        for (n, pair) in pairs.iter().enumerate() {
            let explain = |linkage: &Linkage| {
                linkage.explain(linkage.find(&format!("{n}x")).unwrap(), linkage.find(&format!("{n}y")).unwrap())
            };
            let (a, b) = (explain(&straight), explain(&turned));
            let levels = |parts: &[jingwei_link::Part]| {
                parts.iter().map(|part| (part.name.clone(), part.level.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(levels(&a.parts), levels(&b.parts), "{:?}", pair);
            prop_assert_eq!(a.weight.to_bits(), b.weight.to_bits(), "{:?}", pair);
            let sum = a.parts.iter().map(|part| part.weight).sum::<f64>();
            prop_assert!((sum - a.weight).abs() < 1e-9);
        }
    }
}
