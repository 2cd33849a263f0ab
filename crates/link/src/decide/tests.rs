#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::prelude::SessionContext;

use super::*;
use crate::block::Blocks;
use crate::records::Spill;
use crate::{Linkage, Linker, Table};

const MODEL: &str = r#"
id = "id"
[[block]]
on = ["phone"]
[[block]]
on = ["name"]
max_group = 24
[[block]]
where = "l.born = r.born and l.phone <> r.phone"
[[block]]
where = "l.born = r.other_born and levenshtein(l.name, r.name) <= 2"
[[block]]
on = ["substr(name, 1, 1)", "substr(born, 1, 4)"]
[[compare]]
name = "name"
levels = [
  { where = "l.name = r.name", term_frequency = "name" },
  { where = "chinese_name_similarity(l.name, r.name) >= 0.9" },
  { where = "substr(l.name, 1, 1) = substr(r.name, 1, 1)", term_frequency = "name" },
  { where = "not (jaro_winkler(l.name, r.name) < 0.5 or l.born = r.born)" },
]
[[compare]]
name = "born"
kind = "date"
null = "l.name <> r.name and levenshtein(l.born, r.born) > 5"
[[compare]]
name = "phone"
kind = "phone"
household = true
[[compare]]
name = "weight"
levels = [
  { where = "abs(l.weight - r.weight) < 2" },
  { where = "l.phone = r.born or l.weight > 50" },
]
[[compare]]
name = "known"
levels = [{ where = "l.born is null and r.phone is null" }, { where = "l.weight > 40 and r.weight > 40" }]
"#;

/// Records of few values, some of them missing.
fn records(count: usize) -> RecordBatch {
    let column =
        |of: &dyn Fn(usize) -> Option<String>| Arc::new((0..count).map(of).collect::<StringArray>()) as ArrayRef;
    let name = |n: usize| {
        (!n.is_multiple_of(11)).then(|| format!("{}{}", ["王", "李", "欧"][n % 3], ["芳", "方", "小明"][n / 3 % 3]))
    };
    let born =
        |n: usize| (!n.is_multiple_of(7)).then(|| format!("19{:02}-0{}-0{}", 60 + n / 2 % 5, 1 + n % 4, 1 + n / 5 % 4));
    let phone = |n: usize| (!n.is_multiple_of(5)).then(|| format!("1380013{:04}", n / 4 + n % 3));
    let columns = [
        ("id", column(&|n| Some(n.to_string()))),
        ("name", column(&name)),
        ("born", column(&born)),
        ("phone", column(&phone)),
        ("other_born", column(&|n| born(n + 3))),
        ("weight", Arc::new((0..count).map(|n| (n % 9 > 0).then_some((n % 17 * 4) as f64)).collect::<Float64Array>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

pub async fn linkage(count: usize) -> Linkage {
    let context = SessionContext::new();
    let table = Table { name: "t".to_owned(), rows: context.read_batch(records(count)).unwrap() };
    let linker = Linker::new(jingwei_model::config::parse("model.toml", MODEL, |_| None).unwrap());
    linker.link(&context, vec![table], &|_| {}).await.unwrap()
}

#[tokio::test]
async fn no_pair_is_given_up_that_scores_enough_and_patterns_are_those_of_the_full_comparison() {
    let linkage = linkage(240).await;
    let (program, records) = (&linkage.program, &linkage.records);
    let scorer = Scorer::new(program, records, &linkage.weights);
    let mut comparer = Comparer::new(program, records);
    for least in [-30.0, -4.0, -1.0, 0.0] {
        let hope = Hope::new(program, &scorer, least);
        let mut look = Look::new(&hope, records);
        let (mut kept, mut given_up, mut agreed) = (0, 0, 0);
        for right in 0..records.len() as u32 {
            for left in 0..right {
                let pattern = comparer.pattern(left, right);
                let logit = scorer.evidence(pattern, left, right).logit() as f32;
                let (a, b) = (records.row(left), records.row(right));
                let pair = look.comparer.pair((left, right), (&a, &b));
                let (most, agrees) = look.at_most(&pair);
                assert!(
                    logit <= most && (!agrees || scorer.agrees(pattern)),
                    "{left} {right} scores {logit}, not {most}"
                );
                agreed += usize::from(agrees);
                let taken = look.pair((left, right), (&a, &b));
                match look.pattern(&taken) {
                    Some(found) => assert_eq!(found, pattern),
                    None => {
                        assert!(logit < least, "{left} {right} scores {logit}");
                        given_up += 1;
                    }
                }
                let found = scorer.logit_from(least, pattern, left, right);
                assert_eq!(found, Some(logit).filter(|logit| *logit >= least));
                kept += usize::from(found.is_some());
            }
        }
        assert!(kept > 0 && agreed > 0 && (given_up > 0 || least < -20.0), "{least}: {kept} kept, {given_up} given up");
    }
}

/// The pairs of a linkage's records, scored; how many each rule brought, and how frequent names are.
fn scored(linkage: &Linkage, room: &Room) -> (Vec<ScoredPair>, Vec<u64>, Vec<u32>) {
    let (program, records) = (&linkage.program, &linkage.records);
    let mut blocks = Blocks::new(records, program.blocks.clone(), u64::MAX);
    while blocks.push_next().unwrap().is_some() {}
    let job = Job { program, records, blocks: &blocks, one_to_one: &[false], least: -8.0, room };
    let (pairs, looked) = score(&job, &Scorer::new(program, records, &linkage.weights)).unwrap();
    assert_eq!(pairs.is_spilled(), room.spill.is_some());
    let column = program.comparisons[0].levels[0].term_frequency.unwrap();
    (pairs.iter().collect(), looked, records.frequencies(column))
}

#[tokio::test]
async fn a_rule_brings_the_pairs_that_no_rule_before_it_brings() {
    let linkage = linkage(240).await;
    let (program, records) = (&linkage.program, &linkage.records);
    let mut blocks = Blocks::new(records, program.blocks.clone(), u64::MAX);
    while blocks.push_next().unwrap().is_some() {}
    let mut comparer = Comparer::new(program, records);
    let mut expected = vec![0; program.blocks.len()];
    for right in 0..records.len() as u32 {
        for left in 0..right {
            let brings = program.blocks.iter().zip(blocks.known()).position(|(block, groups)| {
                crate::block::meets(block, records, left, right, &groups.left_out_keys)
                    && block.filter.as_ref().is_none_or(|filter| comparer.holds(filter, left, right))
            });
            brings.into_iter().for_each(|rule| expected[rule] += 1);
        }
    }
    assert!(expected.iter().all(|count| *count > 0), "{expected:?}");
    for ((block, looked), expected) in program.blocks.iter().zip(scored(&linkage, &Room::unbound()).1).zip(expected) {
        // Where the sides of a rule differ, a pair may agree both ways, and is looked at each time.
        assert!(
            looked == expected || (!block.is_symmetric() && looked > expected),
            "{}: {looked} {expected}",
            block.name
        );
    }
}

#[tokio::test]
async fn records_in_files_are_scored_as_records_in_memory() {
    let mut linkage = linkage(240).await;
    let in_memory = scored(&linkage, &Room::unbound());
    assert!(in_memory.0.len() > 100);
    // Less may be in memory at once than there is, so that what was looked at is given back all the time.
    let spill = Spill::new(std::env::temp_dir(), 1 << 12);
    let bound = Room::of(in_memory.0.len() / 3, Arc::clone(&spill));
    assert_eq!(scored(&linkage, &bound), in_memory);
    linkage.records.narrow(None).unwrap();
    assert_eq!(scored(&linkage, &bound), in_memory);
    linkage.records.unshelve_rows();
    assert_eq!(scored(&linkage, &Room::unbound()), in_memory);
    linkage.records.shelve(&spill).unwrap();
    assert!(spill.written() > 1 << 12 && linkage.records.bytes_of_rows() == 0);
    assert_eq!(scored(&linkage, &bound), in_memory);
    linkage.records.open();
    assert_eq!(scored(&linkage, &Room::unbound()), in_memory);
}
