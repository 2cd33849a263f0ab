//! Pairs that cannot reach the least score are given up before they are compared in full.
//!
//! Most pairs that blocking rules bring together are of strangers or relatives, and that shows from equal and unequal
//! values alone. Similarities are what takes time. So each comparison is first looked at without them; what it may still
//! turn out to be worth, at most, stands in for what is not known. As long as the sum can reach the least score the
//! similarities of one comparison after the other are computed, the cheapest first. Nothing is given up that would be
//! kept: every number here is a bound from above.

use crate::compare::{Comparer, Glance, Kernel};
use crate::model::{Comparison, Condition, Program};
use crate::train::Scorer;

/// Far more than what adding up in another order can change, far less than what matters.
const MARGIN: f64 = 1e-3;

/// Bounds of what the comparisons of a pair are worth.
#[derive(Debug)]
pub struct Hope<'a> {
    program: &'a Program,
    scorer: &'a Scorer<'a>,
    least: f64,
    /// Log odds of one entity against two related ones, and against strangers, before anything is compared.
    start: [f64; 2],
    /// For each comparison: the most it is worth when its level lies between two others, the last of them certain to
    /// hold if none before does.
    between: Vec<Vec<Vec<[f64; 2]>>>,
    /// Comparisons in the order in which their similarities are computed.
    order: Vec<usize>,
}

impl<'a> Hope<'a> {
    /// Bounds for pairs scored without households, of which those are wanted that score `least` or more.
    #[must_use]
    pub fn new(program: &'a Program, scorer: &'a Scorer<'a>, least: f32) -> Self {
        let prior = scorer.prior();
        let between = program.comparisons.iter().enumerate().map(|(number, comparison)| {
            let last = comparison.levels.len() + 1;
            let worth = (0..=last).map(|level| scorer.worth_at_most(number, level)).collect::<Vec<_>>();
            let most = |from: usize, to: usize| {
                // A comparison may also turn out to say nothing.
                let nothing = if to == last { [0.0; 2] } else { [f64::NEG_INFINITY; 2] };
                worth[from..=to].iter().fold(nothing, |most, worth| [most[0].max(worth[0]), most[1].max(worth[1])])
            };
            (0..=last).map(|from| (0..=last).map(|to| most(from.min(to), to)).collect()).collect()
        });
        let mut order = (0..program.comparisons.len()).collect::<Vec<_>>();
        order.sort_by_key(|number| cost(program, &program.comparisons[*number]));
        Self {
            program,
            scorer,
            least: f64::from(least) - MARGIN,
            start: [prior.same - prior.related, prior.same - prior.other],
            between: between.collect(),
            order,
        }
    }

    /// The levels of all comparisons, if the pair may score enough.
    pub fn pattern(&self, comparer: &mut Comparer<'_>, left: u32, right: u32) -> Option<u64> {
        let pair = comparer.pair(left, right);
        let mut most = self.start;
        let mut pattern = 0;
        // A bit for each comparison that is open, of which there are never more than 64, and the first level it can have;
        // the one that holds if none before does is in the pattern meanwhile.
        let (mut open, mut first) = (0_u64, [0_u16; 64]);
        for (number, comparison) in self.program.comparisons.iter().enumerate() {
            let worth = match comparer.glance(comparison, &pair) {
                Glance::Level(level) => {
                    pattern |= (level as u64) << comparison.shift;
                    self.scorer.worth(number, level, left, right)
                }
                Glance::Between(from, to) => {
                    open |= 1 << number;
                    first[number] = from as u16;
                    pattern |= (to as u64) << comparison.shift;
                    self.between[number][from][to]
                }
            };
            most = [most[0] + worth[0], most[1] + worth[1]];
        }
        if most[0].min(most[1]) < self.least {
            return None;
        }
        for number in self.order.iter().copied().filter(|number| open >> number & 1 == 1) {
            let comparison = &self.program.comparisons[number];
            let bound = self.between[number][usize::from(first[number])][comparison.level_in(pattern)];
            let level = comparer.level_of(comparison, &pair);
            pattern &= !(((1 << comparison.bits) - 1) << comparison.shift);
            pattern |= (level as u64) << comparison.shift;
            let worth = self.scorer.worth(number, level, left, right);
            most = [most[0] - bound[0] + worth[0], most[1] - bound[1] + worth[1]];
            if most[0].min(most[1]) < self.least {
                return None;
            }
        }
        Some(pattern)
    }
}

/// What it takes to compute a comparison's similarities, roughly.
fn cost(program: &Program, comparison: &Comparison) -> usize {
    let mut sites = Vec::new();
    comparison.null.iter().for_each(|null| sites_of(null, &mut sites));
    comparison.levels.iter().for_each(|level| sites_of(&level.condition, &mut sites));
    sites.sort_unstable();
    sites.dedup();
    let cost = |site: &usize| match program.sites[*site].kernel {
        // Whether a single edit is between two texts shows at their ends.
        Kernel::Levenshtein | Kernel::DamerauLevenshtein if program.sites[*site].most <= 1 => 1,
        Kernel::Swapped | Kernel::Metres => 1,
        _ => 8,
    };
    sites.iter().map(cost).sum()
}

fn sites_of(condition: &Condition, into: &mut Vec<usize>) {
    match condition {
        Condition::Score(site, ..) => into.push(*site),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| sites_of(part, into)),
        Condition::Not(part) => sites_of(part, into),
        Condition::Equal { .. } | Condition::Flag { .. } | Condition::Difference { .. } | Condition::Constant(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::{Linker, Table};

    const MODEL: &str = r#"
id = "id"
[[block]]
on = ["phone"]
[[block]]
on = ["name"]
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
"#;

    /// Records of few values, some of them missing.
    fn records(count: usize) -> RecordBatch {
        let column =
            |of: &dyn Fn(usize) -> Option<String>| Arc::new((0..count).map(of).collect::<StringArray>()) as ArrayRef;
        let name = |n: usize| {
            (!n.is_multiple_of(11)).then(|| format!("{}{}", ["王", "李", "欧"][n % 3], ["芳", "方", "小明"][n / 3 % 3]))
        };
        let born = |n: usize| {
            (!n.is_multiple_of(7)).then(|| format!("19{:02}-0{}-0{}", 60 + n / 2 % 5, 1 + n % 4, 1 + n / 5 % 4))
        };
        let phone = |n: usize| (!n.is_multiple_of(5)).then(|| format!("1380013{:04}", n / 4 + n % 3));
        let columns = [
            ("id", column(&|n| Some(n.to_string()))),
            ("name", column(&name)),
            ("born", column(&born)),
            ("phone", column(&phone)),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    #[tokio::test]
    async fn no_pair_is_given_up_that_scores_enough_and_patterns_are_those_of_the_full_comparison() {
        let context = SessionContext::new();
        let table = Table { name: "t".to_owned(), rows: context.read_batch(records(240)).unwrap() };
        let linker = Linker::new(jingwei_model::config::parse("model.toml", MODEL, |_| None).unwrap());
        let linkage = linker.link(&context, vec![table], &|_| {}).await.unwrap();
        let (program, records) = (&linkage.program, &linkage.records);
        let scorer = Scorer::new(program, records, &linkage.weights);
        let mut comparer = Comparer::new(program, records);
        for least in [-30.0, -4.0, -1.0, 0.0] {
            let hope = Hope::new(program, &scorer, least);
            let (mut kept, mut given_up) = (0, 0);
            for right in 0..records.len() as u32 {
                for left in 0..right {
                    let pattern = comparer.pattern(left, right);
                    let logit = scorer.evidence(pattern, left, right).logit() as f32;
                    match hope.pattern(&mut comparer, left, right) {
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
            assert!(kept > 0 && (given_up > 0 || least < -20.0), "{least}: {kept} kept, {given_up} given up");
        }
    }
}
