//! Pairs to comparison patterns: the level of every comparison, packed into 64 bits.

mod kernel;

pub use kernel::{Kernel, metres, udfs};

use crate::model::{Comparison, Condition, Program, Side};
use crate::records::{NULL, Records};

/// Remembered results of one similarity; a power of two.
const MEMORY: usize = 1 << 12;

/// Compares pairs of records; one for each thread.
#[derive(Debug)]
pub struct Comparer<'a> {
    program: &'a Program,
    records: &'a Records,
    /// For each similarity, results by the numbers of the texts.
    memory: Vec<Vec<(u32, u32, f64)>>,
    /// Results for the pair at hand.
    scores: Vec<f64>,
    fresh: Vec<bool>,
}

impl<'a> Comparer<'a> {
    /// A comparer over these records.
    #[must_use]
    pub fn new(program: &'a Program, records: &'a Records) -> Self {
        let sites = program.sites.len();
        Self {
            program,
            records,
            memory: vec![Vec::new(); sites],
            scores: vec![f64::NAN; sites],
            fresh: vec![false; sites],
        }
    }

    /// The levels of all comparisons.
    pub fn pattern(&mut self, left: u32, right: u32) -> u64 {
        self.fresh.fill(false);
        let program = self.program;
        let mut pattern = 0;
        for comparison in &program.comparisons {
            pattern |= (self.level_of(comparison, left, right) as u64) << comparison.shift;
        }
        pattern
    }

    /// The level of one comparison.
    pub fn level(&mut self, comparison: usize, left: u32, right: u32) -> usize {
        self.fresh.fill(false);
        let program = self.program;
        self.level_of(&program.comparisons[comparison], left, right)
    }

    fn level_of(&mut self, comparison: &Comparison, left: u32, right: u32) -> usize {
        if let Some(null) = &comparison.null
            && self.decide(null, left, right) == Some(true)
        {
            return 0;
        }
        let mut decided = comparison.null.is_some();
        for (number, level) in comparison.levels.iter().enumerate() {
            match self.decide(&level.condition, left, right) {
                Some(true) => return number + 1,
                Some(false) => decided = true,
                None => {}
            }
        }
        if decided { comparison.levels.len() + 1 } else { 0 }
    }

    /// Whether a condition holds for a pair that stands alone.
    pub fn holds(&mut self, condition: &Condition, left: u32, right: u32) -> bool {
        self.fresh.fill(false);
        self.decide(condition, left, right) == Some(true)
    }

    /// Whether a condition holds; none when a missing value leaves it open (the logic of SQL).
    fn decide(&mut self, condition: &Condition, left: u32, right: u32) -> Option<bool> {
        match condition {
            Condition::Equal { left: a, right: b } => {
                let (a, b) = (self.records.row(left)[*a], self.records.row(right)[*b]);
                (a != NULL && b != NULL).then_some(a == b)
            }
            Condition::All(parts) => {
                let mut answer = Some(true);
                for part in parts {
                    match self.decide(part, left, right) {
                        Some(false) => return Some(false),
                        None => answer = None,
                        Some(true) => {}
                    }
                }
                answer
            }
            Condition::Any(parts) => {
                let mut answer = Some(false);
                for part in parts {
                    match self.decide(part, left, right) {
                        Some(true) => return Some(true),
                        None => answer = None,
                        Some(false) => {}
                    }
                }
                answer
            }
            Condition::Not(part) => self.decide(part, left, right).map(|holds| !holds),
            Condition::Flag { side, column } => {
                let record = if *side == Side::Left { left } else { right };
                match self.records.row(record)[*column] {
                    0 => None,
                    flag => Some(flag == 2),
                }
            }
            Condition::Score(site, bound, limit) => {
                let score = self.score(*site, left, right);
                (!score.is_nan()).then(|| bound.holds(score, *limit))
            }
            Condition::Difference { left: a, right: b, absolute, bound, value } => {
                let difference = self.records.numbers[*a][left as usize] - self.records.numbers[*b][right as usize];
                let difference = if *absolute { difference.abs() } else { difference };
                (!difference.is_nan()).then(|| bound.holds(difference, *value))
            }
            Condition::Constant(value) => *value,
        }
    }

    /// A similarity; `NaN` when a value is missing.
    fn score(&mut self, number: usize, left: u32, right: u32) -> f64 {
        if self.fresh[number] {
            return self.scores[number];
        }
        let site = &self.program.sites[number];
        let score = if site.kernel == Kernel::Metres {
            let place = |columns: &[usize], record: u32| {
                (self.records.numbers[columns[0]][record as usize], self.records.numbers[columns[1]][record as usize])
            };
            metres(place(&site.left, left), place(&site.right, right))
        } else {
            let (a, b) = (self.records.row(left)[site.left[0]], self.records.row(right)[site.right[0]]);
            if a == NULL || b == NULL {
                f64::NAN
            } else {
                let memory = &mut self.memory[number];
                if memory.is_empty() {
                    memory.resize(MEMORY, (NULL, NULL, f64::NAN));
                }
                let place = (a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_mul(0x85EB_CA77)) as usize >> 7 & (MEMORY - 1);
                if memory[place].0 == a && memory[place].1 == b {
                    memory[place].2
                } else {
                    let domain = |column: usize| self.records.domain_of[column].unwrap_or_default();
                    let (da, db) = (domain(site.left[0]), domain(site.right[0]));
                    let score = site.kernel.texts(self.records.domains[da].text(a), self.records.domains[db].text(b));
                    memory[place] = (a, b, score);
                    score
                }
            }
        };
        self.scores[number] = score;
        self.fresh[number] = true;
        score
    }
}
