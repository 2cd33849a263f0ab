//! What shows of a pair at once: in which columns its records agree, and where a value is missing.
//!
//! Most conditions of a model ask for nothing else, and so does whether a blocking rule brings two records together. A
//! pair that shows what another one showed is worth what that one was worth, but for how rare its values are: so what
//! follows from it is worked out once and looked up from then on.

use crate::compare::Pair;
use crate::model::{Block, Comparison, Condition, Program, Side, Site};
use crate::records::NULL;

/// Columns that are looked at; conditions on later ones are worked out pair by pair.
const COLUMNS: usize = 32;
/// Columns that are compared at once.
const TOGETHER: usize = 8;
/// Truth values of single records that are looked at.
const FLAGS: usize = 16;

/// What a pair shows: a bit for each column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Columns with one value on both sides.
    equal: u32,
    /// Columns without a value on one side.
    missing: u32,
    /// Truth values, two bits each.
    flags: u32,
}

impl Seen {
    /// What no pair shows.
    pub const NOTHING: Self = Self { equal: u32::MAX, missing: u32::MAX, flags: u32::MAX };

    /// A number below a power of two.
    #[inline]
    pub const fn place(self, below: usize) -> usize {
        let columns = self.equal as u64 | (self.missing as u64) << 32;
        let mixed =
            (columns ^ (self.flags as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 40) as usize & (below - 1)
    }
}

/// What is to be looked at, and what it decides.
#[derive(Debug)]
pub struct Sight {
    /// Columns that some condition compares.
    columns: u32,
    flags: Vec<(Side, usize)>,
    /// Comparisons of which everything shows but similarities.
    covered: Vec<usize>,
    /// The other comparisons.
    others: Vec<usize>,
    /// For each blocking rule the columns that must agree, where that is all it asks for.
    rules: Vec<Option<u32>>,
}

impl Sight {
    /// What shows of the pairs of a model.
    pub fn new(program: &Program) -> Self {
        let mut sight =
            Self { columns: 0, flags: Vec::new(), covered: Vec::new(), others: Vec::new(), rules: Vec::new() };
        for (number, comparison) in program.comparisons.iter().enumerate() {
            let covered = sight.takes(&program.sites, comparison);
            if covered { &mut sight.covered } else { &mut sight.others }.push(number);
        }
        sight.rules = program.blocks.iter().map(rule).collect();
        sight.columns |= sight.rules.iter().flatten().fold(0, |all, columns| all | columns);
        sight
    }

    /// The comparisons of which all shows but similarities.
    pub fn covered(&self) -> &[usize] {
        &self.covered
    }

    /// The comparisons that ask for something that does not show.
    pub fn others(&self) -> &[usize] {
        &self.others
    }

    /// Whether a pair agrees on the columns of a rule; none where a rule asks for something else than that one column of
    /// both records has one value.
    #[inline]
    pub fn agrees(&self, rule: usize, seen: Seen) -> Option<bool> {
        self.rules[rule].map(|columns| seen.equal & columns == columns)
    }

    /// What a pair shows.
    #[inline(always)]
    pub fn of(&self, pair: &Pair<'_>) -> Seen {
        let (a, b) = pair.rows();
        let columns = a.len().min(b.len()).min(COLUMNS);
        let ((many_a, few_a), (many_b, few_b)) =
            (a[..columns].as_chunks::<TOGETHER>(), b[..columns].as_chunks::<TOGETHER>());
        let (mut equal, mut missing, mut place) = (0, 0, 0);
        for (a, b) in many_a.iter().zip(many_b) {
            equal |= bits(TOGETHER, |at| a[at] == b[at]) << place;
            missing |= bits(TOGETHER, |at| (a[at] == NULL) | (b[at] == NULL)) << place;
            place += TOGETHER;
        }
        if !few_a.is_empty() {
            equal |= bits(few_a.len(), |at| few_a[at] == few_b[at]) << place;
            missing |= bits(few_a.len(), |at| (few_a[at] == NULL) | (few_b[at] == NULL)) << place;
        }
        equal &= !missing;
        let mut flags = 0;
        for (side, column) in &self.flags {
            flags = flags << 2 | if *side == Side::Left { a[*column] } else { b[*column] };
        }
        Seen { equal: equal & self.columns, missing: missing & self.columns, flags }
    }

    /// Looks at what a comparison's conditions ask for, if it can be looked at.
    fn takes(&mut self, sites: &[Site], comparison: &Comparison) -> bool {
        let (mut columns, mut flags) = (self.columns, self.flags.clone());
        let mut conditions = comparison.null.iter().chain(comparison.levels.iter().map(|level| &level.condition));
        let all = conditions.all(|condition| asks(sites, condition, &mut columns, &mut flags)) && flags.len() <= FLAGS;
        if all {
            (self.columns, self.flags) = (columns, flags);
        }
        all
    }
}

/// A bit for each of so many places.
#[inline]
fn bits(count: usize, holds: impl Fn(usize) -> bool) -> u32 {
    (0..count).fold(0, |bits, at| bits | u32::from(holds(at)) << at)
}

/// The columns of a rule, as bits.
fn rule(block: &Block) -> Option<u32> {
    let agree = block.left.iter().try_fold(0, |all, column| Some(all | bit(*column)?));
    agree.filter(|_| block.is_symmetric())
}

fn bit(column: usize) -> Option<u32> {
    (column < COLUMNS).then(|| 1 << column)
}

/// Adds what a condition asks for; whether that can be looked at.
fn asks(sites: &[Site], condition: &Condition, columns: &mut u32, flags: &mut Vec<(Side, usize)>) -> bool {
    let mut column = |left: usize, right: usize| {
        let bit = bit(left).filter(|_| left == right);
        *columns |= bit.unwrap_or_default();
        bit.is_some()
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().all(|part| asks(sites, part, columns, flags)),
        Condition::Not(part) => asks(sites, part, columns, flags),
        Condition::Equal { left, right } => column(*left, *right),
        Condition::Flag { side, column } => {
            if !flags.contains(&(*side, *column)) {
                flags.push((*side, *column));
            }
            true
        }
        Condition::Score(site, ..) => match (&*sites[*site].left, &*sites[*site].right) {
            ([left], [right]) => column(*left, *right),
            // Of places it is not known beforehand whether they are missing.
            _ => true,
        },
        Condition::Difference { .. } => false,
        Condition::Constant(_) => true,
    }
}
