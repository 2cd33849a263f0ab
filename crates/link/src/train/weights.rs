//! What training learns, and the score of a pair that follows from it.
//!
//! A pair of records is of the same entity (*match*), of two that share a household, a firm or a flat
//! (*related*), or of two that have nothing to do with each other (*other*). Within a class the comparisons are
//! independent; the related class carries the correlation between shared comparisons that plain Fellegi-Sunter
//! scores leave out, and that makes relatives look like one person.

use serde::{Deserialize, Serialize};

use super::rarity::class;
use crate::household::Households;
use crate::incremental::{Counts, Terms};
use crate::model::Program;
use crate::records::{NULL, Records};

/// Chance that two records of one household, that agree on nothing of it, are tied by others. It is taken to be the
/// same for records of one person and of relatives, so only strangers are told apart by it.
const TIED: f64 = 0.5;

/// Probabilities of a comparison's outcomes; place 0 is the best level, the last one everything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcomes {
    /// What is compared.
    pub comparison: String,
    /// What the levels are called.
    pub labels: Vec<String>,
    /// Among pairs of one entity.
    pub m: Vec<f64>,
    /// Among pairs that have nothing to do with each other.
    pub u: Vec<f64>,
    /// Among related pairs.
    pub related: Vec<f64>,
    /// Among random pairs, as counted; term frequencies are relative to it.
    pub random: Vec<f64>,
    /// For levels with a term frequency: ln u by class of frequency, where enough pairs agree to learn it.
    pub rarity: Vec<Vec<Option<f64>>>,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// One entry a comparison.
    pub outcomes: Vec<Outcomes>,
    /// How many pairs are believed to be of one entity.
    pub matches: f64,
    /// How many are related.
    pub related: f64,
    /// How many there are in all.
    pub pairs: f64,
}

/// The log likelihoods of a pair, natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// As a pair of one entity.
    pub same: f64,
    /// As a related pair.
    pub related: f64,
    /// As a pair that has nothing to do with each other.
    pub other: f64,
}

impl Evidence {
    /// Natural logarithm of the odds that it is one entity.
    #[must_use]
    pub fn logit(self) -> f64 {
        let (high, low) =
            if self.related > self.other { (self.related, self.other) } else { (self.other, self.related) };
        let against = if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() };
        self.same - against
    }
}

/// Probability of a natural logarithm of odds.
#[must_use]
pub fn probability(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// Weights laid out for scoring many pairs.
#[derive(Debug)]
pub struct Scorer<'a> {
    program: &'a Program,
    records: &'a Records,
    /// For each comparison, by level: log likelihoods of the three classes.
    tables: Vec<Vec<[f64; 3]>>,
    /// For each comparison and level: the log frequencies of its column's values, and the log probability they
    /// are relative to.
    frequencies: Vec<Vec<Option<(usize, f64)>>>,
    /// Log frequency of every value of a column, by column.
    columns: Vec<Vec<f32>>,
    /// The least of these, by column.
    rarest: Vec<f32>,
    /// Class of frequency of every value of a column, by column.
    classes: Vec<Vec<u8>>,
    /// For each comparison and level: ln u by class of frequency, relative to the level's.
    learned: Vec<Vec<Vec<Option<f64>>>>,
    prior: Evidence,
    households: Option<(&'a Households, [f64; 3])>,
}

impl<'a> Scorer<'a> {
    /// Prepares the weights for these records, whose values are as frequent as they are among these records.
    #[must_use]
    pub fn new(program: &'a Program, records: &'a Records, weights: &Weights) -> Self {
        Self::with_terms(program, records, weights, None)
    }

    /// Prepares the weights for these records; `terms` says how frequent values are, in place of the records.
    #[must_use]
    pub(crate) fn with_terms(
        program: &'a Program,
        records: &'a Records,
        weights: &Weights,
        terms: Option<&Terms>,
    ) -> Self {
        let tables = weights
            .outcomes
            .iter()
            .map(|outcomes| {
                let levels = (0..outcomes.m.len())
                    .map(|level| [outcomes.m[level].ln(), outcomes.related[level].ln(), outcomes.u[level].ln()]);
                std::iter::once([0.0; 3]).chain(levels).collect()
            })
            .collect();
        let mut columns: Vec<Vec<f32>> = vec![Vec::new(); program.columns.len()];
        let mut classes: Vec<Vec<u8>> = vec![Vec::new(); program.columns.len()];
        let mut rarest = vec![f32::INFINITY; program.columns.len()];
        let mut agreements = vec![0.0_f64; program.columns.len()];
        let mut frequencies = Vec::new();
        let mut learned = Vec::new();
        for (comparison, outcomes) in program.comparisons.iter().zip(&weights.outcomes) {
            let mut of_levels = vec![None];
            for (number, level) in comparison.levels.iter().enumerate() {
                of_levels.push(level.term_frequency.map(|column| {
                    if columns[column].is_empty() {
                        let counts = Counts::given(terms, program, records, column);
                        columns[column] = log_frequencies(&counts);
                        rarest[column] = columns[column].iter().copied().fold(f32::INFINITY, f32::min);
                        classes[column] = counts.counts.iter().map(|count| class(*count) as u8).collect();
                        agreements[column] = counts.agreement;
                    }
                    // The level's own chance of agreement: that its values, drawn twice, are the same.
                    (column, agreements[column].max(outcomes.random[number]).ln())
                }));
            }
            of_levels.push(None);
            frequencies.push(of_levels);
            learned.push(
                outcomes
                    .rarity
                    .iter()
                    .zip(&outcomes.u)
                    .map(|(classes, u)| classes.iter().map(|log| log.map(|log| log - u.ln())).collect())
                    .collect(),
            );
        }
        let others = (weights.pairs - weights.matches - weights.related).max(1.0);
        Self {
            program,
            records,
            tables,
            frequencies,
            columns,
            rarest,
            classes,
            learned,
            households: None,
            prior: Evidence { same: weights.matches.max(1e-9).ln(), related: weights.related.ln(), other: others.ln() },
        }
    }

    /// The same scorer, told who shares a household.
    #[must_use]
    pub fn with_households(mut self, households: Option<&'a Households>) -> Self {
        self.households = households.map(|households| (households, [TIED.ln(), TIED.ln(), households.chance.ln()]));
        self
    }

    /// Whether a pair agrees on something that households share.
    #[must_use]
    pub fn agrees(&self, pattern: u64) -> bool {
        self.program.comparisons.iter().any(|comparison| comparison.household && comparison.level_in(pattern) == 1)
    }

    /// Whether households are known and two records share one.
    #[must_use]
    pub fn housed(&self, left: u32, right: u32) -> bool {
        self.households.as_ref().is_some_and(|(households, _)| households.shared(left, right))
    }

    /// What the household says of a pair, in place of the comparisons that a household shares: when they agree on none
    /// of these and others tie them together.
    #[must_use]
    pub fn tie(&self, pattern: u64, left: u32, right: u32) -> Option<[f64; 3]> {
        let (households, evidence) = self.households.as_ref()?;
        (households.shared(left, right) && !self.agrees(pattern)).then_some(*evidence)
    }

    /// How much a value's rarity adds to the log likelihood of two unrelated records agreeing on it.
    #[must_use]
    pub fn rarity(&self, comparison: usize, level: usize, left: u32, right: u32) -> f64 {
        let Some((column, usual)) = self.frequencies[comparison][level] else { return 0.0 };
        let (a, b) = (self.records.cell(left, column), self.records.cell(right, column));
        if a == NULL || b == NULL {
            return 0.0;
        }
        if a == b
            && let Some(Some(learned)) =
                self.learned[comparison][level - 1].get(usize::from(self.classes[column][a as usize]))
        {
            return *learned;
        }
        // Of two values that only resemble each other, the commoner one counts.
        let frequency = self.columns[column][a as usize].max(self.columns[column][b as usize]);
        f64::from(frequency) - usual
    }

    /// The evidence of a pair.
    #[must_use]
    pub fn evidence(&self, pattern: u64, left: u32, right: u32) -> Evidence {
        let mut evidence = self.prior;
        let tie = self.tie(pattern, left, right);
        if let Some([same, related, other]) = tie {
            evidence.same += same;
            evidence.related += related;
            evidence.other += other;
        }
        for (number, comparison) in self.program.comparisons.iter().enumerate() {
            let level = comparison.level_in(pattern);
            if level == 0 || (tie.is_some() && comparison.household) {
                continue;
            }
            let [same, related, other] = self.tables[number][level];
            let rarity = self.rarity(number, level, left, right);
            evidence.same += same;
            evidence.other += other + rarity;
            // Full agreement on what is a person's own is as rare between relatives as between strangers.
            evidence.related += if comparison.household || level > 1 { related } else { related + rarity };
        }
        evidence
    }

    /// Whether what a comparison's level is worth depends on the values.
    #[inline]
    #[must_use]
    pub fn varies(&self, comparison: usize, level: usize) -> bool {
        self.frequencies[comparison][level].is_some()
    }

    /// How much a comparison's level speaks for one entity against two related ones, and against two strangers: what it
    /// adds to the log odds of each, without households.
    #[must_use]
    pub fn worth(&self, comparison: usize, level: usize, left: u32, right: u32) -> [f64; 2] {
        self.against(comparison, level, self.rarity(comparison, level, left, right))
    }

    /// The most that [`worth`](Self::worth) can be, whatever the values are.
    #[must_use]
    pub fn worth_at_most(&self, comparison: usize, level: usize) -> [f64; 2] {
        let Some((column, usual)) = self.frequencies[comparison][level] else {
            return self.against(comparison, level, 0.0);
        };
        let learned = self.learned[comparison][level - 1].iter().flatten().copied().fold(0.0, f64::min);
        self.against(comparison, level, learned.min(f64::from(self.rarest[column]) - usual))
    }

    fn against(&self, comparison: usize, level: usize, rarity: f64) -> [f64; 2] {
        let [same, related, other] = self.tables[comparison][level];
        let household = self.program.comparisons[comparison].household || level > 1;
        [same - if household { related } else { related + rarity }, same - (other + rarity)]
    }

    /// The log odds of a pair, if they are at least `least`.
    #[must_use]
    pub fn logit_from(&self, least: f32, pattern: u64, left: u32, right: u32) -> Option<f32> {
        let evidence = self.evidence(pattern, left, right);
        // The odds against it are never less than those of the likelier of the two ways: most pairs fail already here.
        // Subtraction and rounding to fewer digits keep the order, so that none fails that would not below.
        let most = (evidence.same - evidence.related.max(evidence.other)) as f32;
        if most < least {
            return None;
        }
        Some(evidence.logit() as f32).filter(|logit| *logit >= least)
    }

    /// Log likelihoods of a comparison's level: one entity, related, other; without rarity.
    #[must_use]
    pub fn parts(&self, comparison: usize, level: usize) -> [f64; 3] {
        self.tables[comparison][level]
    }

    /// The log numbers of pairs of each class.
    #[must_use]
    pub const fn prior(&self) -> Evidence {
        self.prior
    }
}

fn log_frequencies(counts: &Counts) -> Vec<f32> {
    let total = counts.total.max(1) as f64;
    counts.counts.iter().map(|count| (f64::from((*count).max(1)) / total).ln() as f32).collect()
}
