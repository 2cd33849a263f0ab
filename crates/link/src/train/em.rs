//! m and the related class, by expectation maximization over the pattern counts of several blocks at once.
//!
//! A block's pairs agree on what the block is made of, so comparisons that look at the same columns say nothing
//! there; every comparison is learned in the blocks that are not made of it. The blocks share one m and one
//! related class and have each its own shares of the classes, so no labels and no prior are needed
//! (Winkler 1988; Dempster, Laird and Rubin 1977).
//!
//! What a block says of m counts as much as the block is pure, that is by its share of matches. Strangers whom a loose
//! block brings together (all of one surname) are alike beyond what chance has it, in age, in region, in fashions of
//! given names; there are many more of them than matches, and where nothing holds them off, m becomes a picture of
//! them. A block that hardly anybody shares by chance shows pairs of one entity as they are.

use crate::model::Program;

/// Pattern counts of one block.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What the block is made of.
    pub name: String,
    /// Comparisons that are learned from it.
    pub learned: Vec<bool>,
    /// Patterns and how many pairs have them, sorted.
    pub patterns: Vec<(u64, f64)>,
    /// Among those, pairs that no block before it brings together; and how many pairs of the block each stands for.
    pub fresh: Vec<(u64, f64)>,
    /// Shares of match, related, other.
    pub shares: [f64; 3],
}

/// m and related of every comparison.
#[derive(Debug, Clone)]
pub struct Classes {
    /// Outcomes among pairs of one entity.
    pub m: Vec<Vec<f64>>,
    /// Outcomes among related pairs.
    pub related: Vec<Vec<f64>>,
}

const ROUNDS: usize = 100;
const PRECISION: f64 = 2e-5;
const SMOOTHING: f64 = 1.0;

/// Where learning starts: agreement is likely within an entity, and within a household on what it shares.
#[must_use]
pub fn start(program: &Program, u: &[Vec<f64>]) -> Classes {
    let ladder = |top: f64, outcomes: usize| {
        let mut levels =
            (0..outcomes).map(|level| if level == 0 { top } else { 0.5_f64.powi(level as i32) }).collect::<Vec<_>>();
        let below = levels[1..].iter().sum::<f64>();
        levels[1..].iter_mut().for_each(|level| *level *= (1.0 - top) / below);
        levels
    };
    Classes {
        m: program.comparisons.iter().map(|comparison| ladder(0.85, comparison.outcomes())).collect(),
        related: program
            .comparisons
            .iter()
            .zip(u)
            .map(|(comparison, u)| if comparison.household { ladder(0.5, comparison.outcomes()) } else { u.clone() })
            .collect(),
    }
}

/// Learns from the samples; `u` stays as it is.
pub fn learn(program: &Program, samples: &mut [Sample], u: &[Vec<f64>], classes: &mut Classes) -> usize {
    let households = program.comparisons.iter().any(|comparison| comparison.household);
    for round in 0..ROUNDS {
        let tables = Tables::new(classes, u, households);
        let zeros = || u.iter().map(|levels| vec![0.0; levels.len()]).collect::<Vec<_>>();
        let (mut sum_m, mut sum_h) = (zeros(), zeros());
        for sample in samples.iter_mut() {
            let pure = sample.shares[0];
            tables.expect(program, sample, |pattern, weights| {
                for (number, comparison) in program.comparisons.iter().enumerate() {
                    let level = comparison.level_in(pattern);
                    if level > 0 {
                        sum_m[number][level - 1] += pure * weights[number][0];
                        sum_h[number][level - 1] += weights[number][1];
                    }
                }
            });
        }
        let mut change: f64 = 0.0;
        for (number, comparison) in program.comparisons.iter().enumerate() {
            change = change.max(settle(&mut classes.m[number], &sum_m[number]));
            if comparison.household {
                change = change.max(settle(&mut classes.related[number], &sum_h[number]));
            } else if households {
                // Relatives may resemble each other, in surname, generation or region, but are not each other: full
                // agreement stays as rare as between strangers.
                let levels = &mut classes.related[number];
                change = change.max(settle(&mut levels[1..], &sum_h[number][1..]));
                pin(levels, u[number][0]);
            }
        }
        if change < PRECISION {
            return round + 1;
        }
    }
    ROUNDS
}

/// Estimates the shares of the classes in one sample, with everything else known.
pub fn shares(program: &Program, sample: &mut Sample, u: &[Vec<f64>], classes: &Classes) {
    let households = program.comparisons.iter().any(|comparison| comparison.household);
    let tables = Tables::new(classes, u, households);
    for _ in 0..ROUNDS {
        let before = sample.shares;
        tables.expect(program, sample, |_, _| {});
        if before.iter().zip(&sample.shares).all(|(before, after)| (before - after).abs() < PRECISION) {
            break;
        }
    }
}

/// Log probabilities of the three classes.
struct Tables {
    m: Vec<Vec<f64>>,
    related: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
    households: bool,
}

impl Tables {
    fn new(classes: &Classes, u: &[Vec<f64>], households: bool) -> Self {
        let logs = |table: &[Vec<f64>]| {
            table.iter().map(|levels| levels.iter().map(|p| p.max(1e-300).ln()).collect()).collect()
        };
        Self { m: logs(&classes.m), related: logs(&classes.related), u: logs(u), households }
    }

    /// Tells for each pattern of a sample how many pairs of match and related are expected to have it, by comparison:
    /// none for comparisons that are not learned there. Sets the sample's shares.
    fn expect(&self, program: &Program, sample: &mut Sample, mut tell: impl FnMut(u64, &[[f64; 2]])) {
        let mut shares = [0.0; 3];
        let prior = sample.shares.map(|share: f64| share.max(1e-12).ln());
        let mut told = vec![[0.0; 2]; program.comparisons.len()];
        for (pattern, count) in &sample.patterns {
            let mut log = prior;
            for (number, comparison) in program.comparisons.iter().enumerate() {
                let level = comparison.level_in(*pattern);
                if level > 0 && sample.learned[number] {
                    log[0] += self.m[number][level - 1];
                    log[1] += self.related[number][level - 1];
                    log[2] += self.u[number][level - 1];
                }
            }
            if !self.households {
                log[1] = f64::NEG_INFINITY;
            }
            let high = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let odds = log.map(|log| (log - high).exp());
            let sum = odds.iter().sum::<f64>();
            let weights = odds.map(|odds| count * odds / sum);
            shares.iter_mut().zip(weights).for_each(|(share, weight)| *share += weight);
            for (told, learned) in told.iter_mut().zip(&sample.learned) {
                *told = if *learned { [weights[0], weights[1]] } else { [0.0; 2] };
            }
            tell(*pattern, &told);
        }
        let total = shares.iter().sum::<f64>().max(1e-12);
        sample.shares = shares.map(|share| share / total);
    }
}

/// The new probabilities, drawn a little towards the old ones so that none becomes nothing; says how much they moved.
fn settle(levels: &mut [f64], sums: &[f64]) -> f64 {
    let total = sums.iter().sum::<f64>() + SMOOTHING;
    let mut moved: f64 = 0.0;
    for (level, sum) in levels.iter_mut().zip(sums) {
        let new = (sum + SMOOTHING * *level) / total;
        moved = moved.max((new - *level).abs());
        *level = new.max(1e-7);
    }
    moved
}

/// Sets the best level's probability and lets the others share the rest.
pub fn pin(levels: &mut [f64], best: f64) {
    levels[0] = best;
    let sum = levels[1..].iter().sum::<f64>();
    levels[1..].iter_mut().for_each(|level| *level *= (1.0 - best) / sum);
}
