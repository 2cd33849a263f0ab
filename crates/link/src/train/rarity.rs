//! How much agreement on a rare value is worth, learned instead of assumed.
//!
//! The usual adjustment takes a value's share of the records for the chance that two strangers agree on it. For rare
//! values that share is mostly the pair itself: a name borne by two records may be borne by one person. So the pairs
//! that agree are sorted by how often their value occurs, and for each class of frequency the shares of matches and
//! strangers are estimated from everything else that the pairs say.

use hashbrown::HashMap;
use jingwei_model::config::TrainingConfig;

use super::em::{Classes, Sample, shares};
use super::for_each_fetched;
use super::random::draw;
use crate::block::{Sampled, allowed, pairs_of};
use crate::compare::Comparer;
use crate::model::Program;

/// Classes of frequency: 1, 2, 3, 4, 6, 8, 12, 16 …
pub const CLASSES: usize = 48;

/// The class of a value that occurs so often.
#[must_use]
pub fn class(count: u32) -> usize {
    match count {
        0..=3 => count.max(1) as usize - 1,
        _ => {
            let octave = count.ilog2() as usize;
            // Two classes an octave: 4–5, 6–7, 8–11, 12–15 …
            (2 * octave - 1 + usize::from(count >> (octave - 1) & 1 == 1)).min(CLASSES - 1)
        }
    }
}

/// Log odds of match against stranger among the pairs that agree, by class of frequency; none where too few do.
pub fn odds(
    program: &Program,
    sampled: &Sampled<'_>,
    (number, place): (usize, usize),
    classes: &Classes,
    u: &[Vec<f64>],
    config: &TrainingConfig,
) -> Vec<Option<f64>> {
    let mut odds = vec![None; CLASSES];
    let comparison = &program.comparisons[number];
    let level = &comparison.levels[place];
    let columns = level.condition.agreements();
    let Some(column) = level.term_frequency else { return odds };
    if columns.is_empty() {
        return odds;
    }
    let records = sampled.records();
    let grouped = sampled.of(&columns);
    let groups = &grouped.0;
    let frequencies = records.frequencies(column);
    let mut by_class: Vec<Vec<(u32, u64)>> = vec![Vec::new(); CLASSES];
    for group in 0..groups.len() {
        let members = groups.group(group);
        let class = &mut by_class[class(frequencies[records.cell(members[0], column) as usize])];
        let before = class.last().map_or(0, |(_, pairs)| *pairs);
        class.push((group as u32, before + pairs_of(members.len() as u64)));
    }
    let learned =
        program.comparisons.iter().map(|other| other.inputs.is_disjoint(&comparison.inputs)).collect::<Vec<_>>();
    let mut comparer = Comparer::new(program, records);
    for (class, groups_of) in by_class.iter().enumerate() {
        let total = groups_of.last().map_or(0, |(_, pairs)| *pairs);
        let wanted = total.min(config.block_pairs as u64 / 10);
        let mut counts: HashMap<u64, f64> = HashMap::new();
        let mut seen = 0.0;
        let pairs = (0..wanted).map(|at| {
            let at = if wanted == total { at } else { draw(config.seed ^ 0x7a51, at, total) };
            let group = groups_of.partition_point(|(_, pairs)| *pairs <= at);
            let before = if group == 0 { 0 } else { groups_of[group - 1].1 };
            groups.pair_of(groups_of[group].0 as usize, at - before)
        });
        for_each_fetched(records, pairs, |left, right| {
            if !allowed(program, records, left, right) {
                return;
            }
            let pattern = comparer.pattern(left, right);
            if comparison.level_in(pattern) == place + 1 {
                *counts.entry(pattern).or_default() += 1.0;
                seen += 1.0;
            }
        });
        if seen < 20.0 {
            continue;
        }
        let mut patterns = counts.into_iter().collect::<Vec<_>>();
        patterns.sort_unstable_by_key(|(pattern, _)| *pattern);
        let mut sample = Sample {
            name: String::new(),
            learned: learned.clone(),
            patterns,
            fresh: Vec::new(),
            shares: [0.4, 0.2, 0.4],
        };
        shares(program, &mut sample, u, classes);
        let [same, _, other] = sample.shares;
        odds[class] = Some(((same * seen + 0.5) / (other * seen + 0.5)).ln());
    }
    odds
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn classes_of_frequency_are_ordered_and_half_an_octave_wide() {
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16].map(class), [0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]);
        assert!((1..100_000).all(|count| class(count) <= class(count + 1)));
    }
}
