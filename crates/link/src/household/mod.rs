//! Who shares a household with whom, as the entities found so far show it.
//!
//! People move together and answer each other's phones. A register that still has a family at its old flat and one
//! that has it at the new disagree on every member's address; but once one member is recognized by other evidence,
//! both flats are known to be the same family's. So the homes and phones that the records of one entity hold are tied
//! together, and two records of one tie share a household though they agree on nothing of it themselves. For them
//! disagreement on homes and phones says nothing, and what remains is who they are.

use hashbrown::HashMap;

use crate::block::{key, sampled_groups};
use crate::cluster::Entities;
use crate::model::Program;
use crate::records::Records;
use crate::train::Weights;

/// More records than this share no household: a hostel, a hotline, a site office.
const LARGEST: usize = 60;

/// The household of each record.
#[derive(Debug, Clone, Default)]
pub struct Households {
    /// Number of each record's household; 0 when it has none.
    pub of: Vec<u32>,
    /// Chance that two random records share one.
    pub chance: f64,
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
#[must_use]
pub fn households(program: &Program, records: &Records, entities: &Entities, pairs: f64) -> Option<Households> {
    let kinds = shared(program, records);
    if kinds.is_empty() {
        return None;
    }
    let tokens = |record: u32| {
        kinds.iter().enumerate().filter_map(move |(number, columns)| {
            Some(key(records, columns, record)?.wrapping_add(number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        })
    };
    // How many records hold each token: what many hold is nobody's home.
    let mut all = (0..records.len() as u32).flat_map(tokens).collect::<Vec<_>>();
    all.sort_unstable();
    let mut known = Vec::new();
    for group in all.chunk_by(|a, b| a == b) {
        if group.len() <= LARGEST {
            known.push(group[0]);
        }
    }
    drop(all);
    let place = |token: u64| known.binary_search(&token).ok().map(|place| place as u32);
    let mut parent = (0..known.len() as u32).collect::<Vec<_>>();
    let mut first: HashMap<u32, u32> = HashMap::new();
    for record in 0..records.len() as u32 {
        let root = entities.root[record as usize];
        for token in tokens(record).filter_map(place) {
            let other = *first.entry(root).or_insert(token);
            let (a, b) = (find(&mut parent, other), find(&mut parent, token));
            parent[a.max(b) as usize] = a.min(b);
        }
    }
    let mut of = Vec::with_capacity(records.len());
    for record in 0..records.len() as u32 {
        let token = tokens(record).find_map(place);
        of.push(token.map_or(0, |token| find(&mut parent, token) + 1));
    }
    let mut sizes = vec![0_u32; known.len() + 1];
    of.iter().for_each(|household| sizes[*household as usize] += 1);
    for household in &mut of {
        if sizes[*household as usize] as usize > LARGEST {
            *household = 0;
        }
    }
    let together = sizes[1..]
        .iter()
        .filter(|size| **size as usize <= LARGEST)
        .map(|size| f64::from(*size) * (f64::from(*size) - 1.0) / 2.0)
        .sum::<f64>();
    Some(Households { of, chance: (together / pairs.max(1.0)).clamp(1e-12, 1.0) })
}

/// The columns that name a home or a phone: those of the best level of each shared comparison, and of further levels
/// that are nearly as fine.
fn shared(program: &Program, records: &Records) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    for comparison in program.comparisons.iter().filter(|comparison| comparison.household) {
        let mut finest = None;
        for level in &comparison.levels {
            let columns = level.condition.agreements();
            if columns.is_empty() {
                continue;
            }
            let (groups, each) = sampled_groups(records, &columns, None);
            let together = each * groups.total() as f64;
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

fn find(parent: &mut [u32], mut token: u32) -> u32 {
    while parent[token as usize] != token {
        let up = parent[parent[token as usize] as usize];
        parent[token as usize] = up;
        token = up;
    }
    token
}
