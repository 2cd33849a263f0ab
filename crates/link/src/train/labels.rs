//! What labelled pairs teach: how pairs of one entity agree, and how pairs of two that live together do.
//!
//! Labels are few beside the pairs that expectation maximization sees, but they are right. So what it found is taken
//! for the prior of a Dirichlet distribution that weighs as much as a few labels, and the labels are counted on top of
//! it. How often random pairs agree is not theirs to say: nobody labels random pairs.

use super::em::{Classes, pin};
use crate::compare::Comparer;
use crate::model::Program;
use crate::records::Records;

/// So many labels weigh as much as everything that was learned without them.
const PRIOR: f64 = 10.0;

/// Patterns of the labelled pairs.
#[derive(Debug)]
pub struct Labels {
    same: Vec<u64>,
    different: Vec<u64>,
}

impl Labels {
    /// Compares the labelled pairs.
    #[must_use]
    pub fn new(program: &Program, records: &Records, labels: &[(u32, u32, bool)]) -> Self {
        let mut comparer = Comparer::new(program, records);
        let mut patterns = |same: bool| {
            let labels = labels.iter().filter(|label| label.2 == same);
            labels.map(|(left, right, _)| comparer.pattern(*left, *right)).collect()
        };
        Self { same: patterns(true), different: patterns(false) }
    }

    /// Moves m, and the related class, towards what the labels say. `related` is the share of related pairs among all.
    pub fn teach(&self, program: &Program, u: &[Vec<f64>], classes: &mut Classes, related: f64) {
        let m = self.same.iter().map(|pattern| (*pattern, 1.0)).collect::<Vec<_>>();
        count(program, &m, &mut classes.m);
        if !program.comparisons.iter().any(|comparison| comparison.household) {
            return;
        }
        // A pair of two entities is of two that live together, or of strangers: as likely as its pattern has it.
        let likelihood = |pattern: u64, table: &[Vec<f64>]| {
            let levels =
                program.comparisons.iter().zip(table).map(|(comparison, levels)| match comparison.level_in(pattern) {
                    0 => 0.0,
                    level => levels[level - 1].max(1e-300).ln(),
                });
            levels.sum::<f64>()
        };
        let prior = related.clamp(1e-9, 0.5);
        let kin = self.different.iter().map(|pattern| {
            let odds = (prior / (1.0 - prior)).ln() + likelihood(*pattern, &classes.related) - likelihood(*pattern, u);
            (*pattern, 1.0 / (1.0 + (-odds).exp()))
        });
        let kin = kin.collect::<Vec<_>>();
        count(program, &kin, &mut classes.related);
        for (number, comparison) in program.comparisons.iter().enumerate() {
            if !comparison.household {
                pin(&mut classes.related[number], u[number][0]);
            }
        }
    }
}

/// Adds weighted patterns to probabilities that stand for [`PRIOR`] of them.
fn count(program: &Program, patterns: &[(u64, f64)], classes: &mut [Vec<f64>]) {
    for (comparison, levels) in program.comparisons.iter().zip(classes) {
        let mut sums = vec![0.0; levels.len()];
        for (pattern, weight) in patterns {
            if let Some(level) = comparison.level_in(*pattern).checked_sub(1) {
                sums[level] += weight;
            }
        }
        let total = sums.iter().sum::<f64>() + PRIOR;
        for (level, sum) in levels.iter_mut().zip(sums) {
            *level = ((sum + PRIOR * *level) / total).max(1e-7);
        }
    }
}
