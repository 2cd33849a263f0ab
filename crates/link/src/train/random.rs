//! u: how often random pairs reach each level.
//!
//! Most levels are counted over pairs drawn at random. Agreement on a fine value (a phone, a room) is too rare for
//! that, but how many pairs agree on it can be counted exactly from the sizes of the groups of equal values; what
//! is drawn then is a sample of those pairs, to see how many of them stop at that level.

use jingwei_model::config::{LinkMode, TrainingConfig};

use super::for_each_fetched;
use crate::block::{Sampled, allowed, pairs_of};
use crate::compare::Comparer;
use crate::model::Program;
use crate::parallel;
use crate::records::Records;

/// Chances of a comparison's outcomes among random pairs.
#[derive(Debug, Clone)]
pub struct Chances {
    /// Of those with something to compare: each level, and everything else.
    pub levels: Vec<f64>,
    /// Pairs with something to compare, among all.
    pub known: f64,
}

/// Pairs that may be compared.
#[must_use]
pub fn all_pairs(program: &Program, records: &Records) -> f64 {
    let all = pairs_of(records.len() as u64);
    if program.mode != LinkMode::LinkOnly {
        return all as f64;
    }
    let mut sizes = vec![0_u64; records.tables.len()];
    records.table.iter().for_each(|table| sizes[usize::from(*table)] += 1);
    (all - sizes.into_iter().map(pairs_of).sum::<u64>()) as f64
}

/// A number between 0 and `below`, the same for the same seed and place.
#[must_use]
pub fn draw(seed: u64, place: u64, below: u64) -> u64 {
    // SplitMix64 (Steele, Lea, Flood 2014).
    let mut z = seed
        .wrapping_mul(0xD134_2543_DE82_EF95)
        .wrapping_add(place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    ((u128::from(z) * u128::from(below)) >> 64) as u64
}

/// Counts the levels of random pairs.
#[must_use]
pub fn chances(program: &Program, records: &Records, sampled: &Sampled<'_>, config: &TrainingConfig) -> Vec<Chances> {
    let threads = parallel::threads();
    let count = records.len() as u64;
    let wanted = if count < 2 { 0 } else { config.random_pairs.min(4 * pairs_of(count) as usize) };
    let counted = parallel::map(threads, parallel::ranges(wanted, 16), |range| {
        let mut comparer = Comparer::new(program, records);
        let mut counts = zeros(program);
        let end = |number: usize| draw(config.seed, number as u64, count) as u32;
        let pairs = range.map(|place| (end(2 * place), end(2 * place + 1)));
        for_each_fetched(records, pairs, |left, right| {
            if left == right || !allowed(program, records, left, right) {
                return;
            }
            let pattern = comparer.pattern(left.min(right), left.max(right));
            for (comparison, counts) in program.comparisons.iter().zip(&mut counts) {
                counts[comparison.level_in(pattern)] += 1;
            }
        });
        counts
    });
    let mut counts = zeros(program);
    for part in counted {
        for (sum, part) in counts.iter_mut().zip(part) {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    let total = all_pairs(program, records).max(1.0);
    let numbers = (0..program.comparisons.len()).collect();
    parallel::map(threads, numbers, |number: usize| {
        let comparison = &program.comparisons[number];
        let counts = &counts[number];
        let drawn = counts.iter().sum::<u64>().max(1) as f64;
        let known = ((drawn - counts[0] as f64) / drawn).max(0.5 / drawn);
        let mut levels = vec![0.0; comparison.outcomes()];
        let mut rest = 1.0;
        let mut plain = 0.0;
        for (place, level) in comparison.levels.iter().enumerate() {
            let columns = level.condition.agreements();
            if columns.is_empty() {
                plain += counts[place + 1] as f64 + 0.5;
                continue;
            }
            let grouped = sampled.of(&columns);
            let (pairs, each) = (&grouped.0, grouped.1);
            let sample = (config.random_pairs / 30).min(pairs.total() as usize).max(1);
            let mut comparer = Comparer::new(program, records);
            let (mut seen, mut hit) = (0_u64, 0_u64);
            if pairs.total() > 0 {
                for at in 0..sample as u64 {
                    let (left, right) = pairs.pair(draw(config.seed ^ 0x5bd1, at, pairs.total()));
                    seen += 1;
                    if allowed(program, records, left, right) && comparer.level(number, left, right) == place + 1 {
                        hit += 1;
                    }
                }
            }
            let share = hit as f64 / seen.max(1) as f64;
            // All of `pairs` are among all pairs of records, those within a table included.
            levels[place] =
                (share * each * pairs.total() as f64 / (total * known)).clamp(0.1 / (total * known).max(1.0), 1.0);
            rest -= levels[place];
        }
        let other = counts[comparison.outcomes()] as f64 + 0.5;
        let rest = rest.max(1e-6);
        for (place, level) in comparison.levels.iter().enumerate() {
            if level.condition.agreements().is_empty() {
                levels[place] = rest * (counts[place + 1] as f64 + 0.5) / (plain + other);
            }
        }
        levels[comparison.outcomes() - 1] = rest * other / (plain + other);
        Chances { levels, known }
    })
}

fn zeros(program: &Program) -> Vec<Vec<u64>> {
    program.comparisons.iter().map(|comparison| vec![0; comparison.outcomes() + 1]).collect()
}
