//! Who shares a household with whom, as the entities found so far show it.
//!
//! People move together and answer each other's phones. A register that still has a family at its old flat and one
//! that has it at the new disagree on every member's address; but once one member is recognized by other evidence,
//! both flats are known to be the same family's. So the homes and phones that the records of one entity hold are tied
//! together, and two records of one tie share a household though they agree on nothing of it themselves. For them
//! disagreement on homes and phones says nothing, and what remains is who they are.

use crate::block::{Sampled, groups};
use crate::cluster::Entities;
use crate::model::Program;
use crate::sets::Connecting;
use crate::train::Weights;

/// More records than this share no household: a hostel, a hotline, a site office.
pub const LARGEST: usize = 60;

/// The household of each record.
#[derive(Debug, Clone, Default)]
pub struct Households {
    /// Number of each record's household; 0 when it has none.
    pub of: Vec<u32>,
    /// Chance that two random records share one.
    pub chance: f64,
    /// Columns that name a home or a phone, as they were tied.
    pub columns: Vec<Vec<usize>>,
}

impl Households {
    /// Whether two records share a household.
    #[inline]
    #[must_use]
    pub fn shared(&self, left: u32, right: u32) -> bool {
        let household = self.of[left as usize];
        household != 0 && household == self.of[right as usize]
    }
}

/// Ties the homes and phones of entities together. None when the model has nothing that households share.
/// `learned` are the columns that name a home or a phone and the chance that two random records share a household,
/// where both are known beforehand.
#[must_use]
pub fn households(
    program: &Program,
    sampled: &Sampled<'_>,
    entities: &Entities,
    pairs: f64,
    learned: Option<(Vec<Vec<usize>>, f64)>,
) -> Option<Households> {
    let (kinds, chance) = match learned {
        Some((kinds, chance)) => (kinds, Some(chance)),
        None => (shared(program, sampled), None),
    };
    let records = sampled.records();
    if kinds.is_empty() {
        return None;
    }
    // Entities that hold the same home or phone, unless it is held by so many that it is nobody's.
    let root = &entities.root;
    let mut ties = Connecting::alone(records.len());
    for columns in &kinds {
        let groups = groups(records, columns, Some(LARGEST), u64::MAX);
        ties.connect((0..groups.len()).flat_map(|number| {
            let members = groups.group(number);
            let first = root[members[0] as usize];
            members[1..].iter().map(move |member| (first, root[*member as usize])).filter(|(one, other)| one != other)
        }));
    }
    let ties = ties.finish();
    let mut of = root.iter().map(|root| ties.root(*root)).collect::<Vec<_>>();
    let mut sizes = vec![0_u32; records.len()];
    of.iter().for_each(|household| sizes[*household as usize] += 1);
    for household in &mut of {
        let size = sizes[*household as usize] as usize;
        *household = if (2..=LARGEST).contains(&size) { *household + 1 } else { 0 };
    }
    let together = sizes
        .iter()
        .filter(|size| **size as usize <= LARGEST)
        .map(|size| u64::from(*size) * u64::from(size.saturating_sub(1)) / 2)
        .sum::<u64>();
    let chance = chance.unwrap_or_else(|| (together as f64 / pairs.max(1.0)).clamp(1e-12, 1.0));
    Some(Households { of, chance, columns: kinds })
}

/// The columns that name a home or a phone: those of the best level of each shared comparison, and of further levels
/// that are nearly as fine.
fn shared(program: &Program, sampled: &Sampled<'_>) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    for comparison in program.comparisons.iter().filter(|comparison| comparison.household) {
        let mut finest = None;
        for level in &comparison.levels {
            let columns = level.condition.agreements();
            if columns.is_empty() {
                continue;
            }
            let together = sampled.together(&columns);
            if finest.is_none_or(|finest| together <= 4.0 * finest) {
                finest = finest.or(Some(together));
                found.push(columns);
            }
        }
    }
    found
}

/// What may tell two members of a household apart or together: the columns of each level of the comparisons that are
/// a person's own, but for those that many strangers agree on.
#[must_use]
pub fn personal(program: &Program, weights: &Weights) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (comparison, outcomes) in program.comparisons.iter().zip(&weights.outcomes) {
        for (level, chance) in comparison.levels.iter().zip(&outcomes.random) {
            let columns = level.condition.agreements();
            if !comparison.household && *chance < 0.05 && !columns.is_empty() && !found.contains(&columns) {
                found.push(columns);
            }
        }
    }
    found
}
