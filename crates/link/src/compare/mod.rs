//! Pairs to comparison patterns: the level of every comparison, packed into 64 bits.

mod kernel;

pub use kernel::{ITEM_END, Kernel, Prepared, metres, udfs};

use crate::model::{Bound, Comparison, Condition, Program, Side};
use crate::records::{NULL, Records};

/// Remembered results of one similarity; a power of two.
const MEMORY: usize = 1 << 12;

/// What is seen of a comparison before any similarity is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// Its level.
    Level(usize),
    /// A level from the first on, and the second if no similarity holds before.
    Between(usize, usize),
}

/// What is known of a condition before any similarity is computed.
enum Known {
    Answer(Option<bool>),
    Open,
}

/// Two records and their rows.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    left: u32,
    right: u32,
    a: &'a [u32],
    b: &'a [u32],
}

impl Pair<'_> {
    /// Both records, as they were given.
    #[inline]
    #[must_use]
    pub const fn records(&self) -> (u32, u32) {
        (self.left, self.right)
    }

    /// The rows of both records.
    #[inline]
    #[must_use]
    pub const fn rows(&self) -> (&[u32], &[u32]) {
        (self.a, self.b)
    }

    /// Whether a column of the left record equals one of the right; none when a value is missing.
    #[inline]
    fn equal(&self, left: usize, right: usize) -> Option<bool> {
        let (a, b) = (self.a[left], self.b[right]);
        (a != NULL && b != NULL).then_some(a == b)
    }
}

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

    /// The records that are compared.
    #[must_use]
    pub const fn records(&self) -> &'a Records {
        self.records
    }

    /// Takes up a pair whose rows are at hand; its comparisons and conditions are then asked for one by one.
    #[inline]
    pub fn pair<'p>(&mut self, (left, right): (u32, u32), (a, b): (&'p [u32], &'p [u32])) -> Pair<'p> {
        self.fresh.fill(false);
        Pair { left, right, a, b }
    }

    /// The levels of all comparisons.
    pub fn pattern(&mut self, left: u32, right: u32) -> u64 {
        let (a, b) = (self.records.row(left), self.records.row(right));
        let pair = self.pair((left, right), (&a, &b));
        let program = self.program;
        let mut pattern = 0;
        for comparison in &program.comparisons {
            pattern |= (self.level_of(comparison, &pair) as u64) << comparison.shift;
        }
        pattern
    }

    /// The level of one comparison.
    pub fn level(&mut self, comparison: usize, left: u32, right: u32) -> usize {
        let (a, b) = (self.records.row(left), self.records.row(right));
        let pair = self.pair((left, right), (&a, &b));
        let program = self.program;
        self.level_of(&program.comparisons[comparison], &pair)
    }

    /// The level of a comparison as far as it shows without computing similarities, which takes most of the time.
    pub fn glance(&mut self, comparison: &Comparison, pair: &Pair<'_>) -> Glance {
        let last = comparison.levels.len() + 1;
        match comparison.null.as_ref().map(|null| self.known(null, pair)) {
            Some(Known::Open) => return Glance::Between(0, last),
            Some(Known::Answer(Some(true))) => return Glance::Level(0),
            _ => {}
        }
        let mut decided = comparison.null.is_some();
        let mut first = None;
        for (number, level) in comparison.levels.iter().enumerate() {
            match self.known(&level.condition, pair) {
                Known::Open => first = first.or(Some(number + 1)),
                Known::Answer(Some(true)) => {
                    return first.map_or(Glance::Level(number + 1), |first| Glance::Between(first, number + 1));
                }
                Known::Answer(Some(false)) => decided = true,
                Known::Answer(None) => {}
            }
        }
        match first {
            Some(first) => Glance::Between(first, last),
            None => Glance::Level(if decided { last } else { 0 }),
        }
    }

    /// As [`decide`](Self::decide), without computing similarities.
    fn known(&mut self, condition: &Condition, pair: &Pair<'_>) -> Known {
        match condition {
            Condition::Score(site, ..) => {
                let site = &self.program.sites[*site];
                // Where a value is missing there is nothing to compute.
                let missing = |row: &[u32], columns: &[usize]| columns.iter().any(|column| row[*column] == NULL);
                let nothing =
                    site.kernel != Kernel::Metres && (missing(pair.a, &site.left) || missing(pair.b, &site.right));
                if nothing { Known::Answer(None) } else { Known::Open }
            }
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                let (mut answer, mut open) = (Some(all), false);
                for part in parts {
                    match self.known(part, pair) {
                        Known::Answer(Some(holds)) if holds != all => return Known::Answer(Some(holds)),
                        Known::Answer(Some(_)) => {}
                        Known::Answer(None) => answer = None,
                        Known::Open => open = true,
                    }
                }
                if open { Known::Open } else { Known::Answer(answer) }
            }
            Condition::Not(part) => match self.known(part, pair) {
                Known::Answer(answer) => Known::Answer(answer.map(|holds| !holds)),
                Known::Open => Known::Open,
            },
            plain => Known::Answer(self.decide(plain, pair)),
        }
    }

    /// The level of one comparison of a pair that was taken up.
    pub fn level_of(&mut self, comparison: &Comparison, pair: &Pair<'_>) -> usize {
        if let Some(null) = &comparison.null
            && self.decide(null, pair) == Some(true)
        {
            return 0;
        }
        let mut decided = comparison.null.is_some();
        for (number, level) in comparison.levels.iter().enumerate() {
            match self.decide(&level.condition, pair) {
                Some(true) => return number + 1,
                Some(false) => decided = true,
                None => {}
            }
        }
        if decided { comparison.levels.len() + 1 } else { 0 }
    }

    /// Whether a condition holds for a pair that stands alone.
    pub fn holds(&mut self, condition: &Condition, left: u32, right: u32) -> bool {
        let (a, b) = (self.records.row(left), self.records.row(right));
        let pair = self.pair((left, right), (&a, &b));
        self.holds_for(condition, &pair)
    }

    /// Whether a condition holds for a pair that was taken up.
    pub fn holds_for(&mut self, condition: &Condition, pair: &Pair<'_>) -> bool {
        self.decide(condition, pair) == Some(true)
    }

    /// Whether a condition holds; none when a missing value leaves it open (the logic of SQL).
    #[inline]
    fn decide(&mut self, condition: &Condition, pair: &Pair<'_>) -> Option<bool> {
        match condition {
            // What most conditions are made of is worked out where it is asked for.
            Condition::Equal { left, right } => pair.equal(*left, *right),
            Condition::Score(site, bound, limit) => self.reaches(*site, *bound, *limit, pair),
            Condition::Flag { side, column } => {
                match if *side == Side::Left { pair.a[*column] } else { pair.b[*column] } {
                    0 => None,
                    flag => Some(flag == 2),
                }
            }
            other => self.decide_other(other, pair),
        }
    }

    fn decide_other(&mut self, condition: &Condition, pair: &Pair<'_>) -> Option<bool> {
        match condition {
            Condition::All(parts) => {
                let mut answer = Some(true);
                for part in parts {
                    match self.decide(part, pair) {
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
                    match self.decide(part, pair) {
                        Some(true) => return Some(true),
                        None => answer = None,
                        Some(false) => {}
                    }
                }
                answer
            }
            Condition::Not(part) => self.decide(part, pair).map(|holds| !holds),
            Condition::Difference { left: a, right: b, absolute, bound, value } => {
                let numbers = &self.records.numbers;
                let difference = numbers[*a][pair.left as usize] - numbers[*b][pair.right as usize];
                let difference = if *absolute { difference.abs() } else { difference };
                (!difference.is_nan()).then(|| bound.holds(difference, *value))
            }
            Condition::Constant(value) => *value,
            plain @ (Condition::Equal { .. } | Condition::Score(..) | Condition::Flag { .. }) => {
                self.decide(plain, pair)
            }
        }
    }

    /// Whether a similarity is on the right side of a limit; none when a value is missing.
    #[inline]
    fn reaches(&mut self, site: usize, bound: Bound, limit: f64, pair: &Pair<'_>) -> Option<bool> {
        let score = if self.fresh[site] { self.scores[site] } else { self.score(site, pair) };
        (!score.is_nan()).then(|| bound.holds(score, limit))
    }

    /// A similarity; `NaN` when a value is missing.
    fn score(&mut self, number: usize, pair: &Pair<'_>) -> f64 {
        let site = &self.program.sites[number];
        let score = if site.kernel == Kernel::Metres {
            let place = |columns: &[usize], record: u32| {
                (self.records.numbers[columns[0]][record as usize], self.records.numbers[columns[1]][record as usize])
            };
            metres(place(&site.left, pair.left), place(&site.right, pair.right))
        } else {
            let (a, b) = (pair.a[site.left[0]], pair.b[site.right[0]]);
            if a == NULL || b == NULL {
                f64::NAN
            } else {
                let domain = |column: usize| self.records.domain_of[column].unwrap_or_default();
                let (da, db) = (domain(site.left[0]), domain(site.right[0]));
                let (da, db) = (&self.records.domains[da], &self.records.domains[db]);
                let packed = site.kernel.packed(site.most, (da, a), (db, b));
                packed.unwrap_or_else(|| {
                    let memory = &mut self.memory[number];
                    if memory.is_empty() {
                        memory.resize(MEMORY, (NULL, NULL, f64::NAN));
                    }
                    let place = a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_mul(0x85EB_CA77);
                    let known = &mut memory[place as usize >> 7 & (MEMORY - 1)];
                    if (known.0, known.1) != (a, b) {
                        *known = (a, b, site.kernel.values(site.most, (da, a), (db, b)));
                    }
                    known.2
                })
            }
        };
        self.scores[number] = score;
        self.fresh[number] = true;
        score
    }
}
