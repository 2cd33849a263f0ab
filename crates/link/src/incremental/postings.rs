//! Indexes that take edits: a sorted base that stays as it is, and what has changed since beside it.

use hashbrown::HashMap;

/// Records by label: a blocking key, a home, an entity, a household.
#[derive(Debug, Default)]
pub struct Postings {
    /// Label in the upper half, record in the lower, sorted.
    base: Vec<u64>,
    /// Labels whose records are no longer those of the base, with all they have, ascending.
    changed: HashMap<u32, Vec<u32>>,
}

impl Postings {
    /// An index of labels (upper half) and records (lower half).
    #[must_use]
    pub fn new(mut labelled: Vec<u64>) -> Self {
        labelled.sort_unstable();
        Self { base: labelled, changed: HashMap::new() }
    }

    fn base(&self, label: u32) -> &[u64] {
        let start = self.base.partition_point(|entry| entry >> 32 < u64::from(label));
        let rest = &self.base[start..];
        &rest[..rest.partition_point(|entry| entry >> 32 == u64::from(label))]
    }

    /// How many records have a label.
    #[must_use]
    pub fn count(&self, label: u32) -> usize {
        self.changed.get(&label).map_or_else(|| self.base(label).len(), Vec::len)
    }

    /// The records of a label, ascending.
    #[must_use]
    pub fn records(&self, label: u32) -> Vec<u32> {
        self.changed
            .get(&label)
            .cloned()
            .unwrap_or_else(|| self.base(label).iter().map(|entry| *entry as u32).collect())
    }

    /// Gives a label these records and no others.
    pub fn set(&mut self, label: u32, records: Vec<u32>) {
        self.changed.insert(label, records);
    }

    /// Gives a label one more record.
    pub fn insert(&mut self, label: u32, record: u32) {
        let records = self.edited(label);
        if let Err(place) = records.binary_search(&record) {
            records.insert(place, record);
        }
    }

    /// Takes a record from a label.
    pub fn remove(&mut self, label: u32, record: u32) {
        let records = self.edited(label);
        if let Ok(place) = records.binary_search(&record) {
            records.remove(place);
        }
    }

    fn edited(&mut self, label: u32) -> &mut Vec<u32> {
        if !self.changed.contains_key(&label) {
            let records = self.records(label);
            self.changed.insert(label, records);
        }
        self.changed.entry(label).or_default()
    }
}

/// An edge from one record to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// The other record.
    pub other: u32,
    /// The levels of the comparisons.
    pub pattern: u64,
    /// Log odds from what the two say; `NaN` when no blocking rule brings them together.
    pub plain: f32,
    /// Log odds given that they share a household, which then count; `NaN` when they do not.
    pub housed: f32,
}

impl Tie {
    /// The log odds that count.
    #[must_use]
    pub fn logit(&self) -> f32 {
        if self.housed.is_nan() { self.plain } else { self.housed }
    }
}

/// The edges, from both ends.
#[derive(Debug, Default)]
pub struct Graph {
    /// Where each record's edges end in `base`.
    ends: Vec<u32>,
    base: Vec<Tie>,
    changed: HashMap<u32, Vec<Tie>>,
}

impl Graph {
    /// A graph of edges between the first `count` records: one end and the tie to the other.
    #[must_use]
    pub fn new(count: usize, edges: &[(u32, Tie)]) -> Self {
        let both = || edges.iter().flat_map(|(one, tie)| [(*one, *tie), (tie.other, Tie { other: *one, ..*tie })]);
        let mut ends = vec![0_u32; count];
        both().for_each(|(one, _)| ends[one as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            let length = *end;
            *end = sum;
            sum += length;
        }
        let none = Tie { other: 0, pattern: 0, plain: f32::NAN, housed: f32::NAN };
        let mut base = vec![none; sum as usize];
        for (one, tie) in both() {
            base[ends[one as usize] as usize] = tie;
            ends[one as usize] += 1;
        }
        Self { ends, base, changed: HashMap::new() }
    }

    /// The edges of a record.
    #[must_use]
    pub fn of(&self, record: u32) -> &[Tie] {
        if let Some(ties) = self.changed.get(&record) {
            return ties;
        }
        let record = record as usize;
        if record >= self.ends.len() {
            return &[];
        }
        let start = if record == 0 { 0 } else { self.ends[record - 1] };
        &self.base[start as usize..self.ends[record] as usize]
    }

    /// The edge between two records.
    #[must_use]
    pub fn between(&self, one: u32, other: u32) -> Option<Tie> {
        self.of(one).iter().find(|tie| tie.other == other).copied()
    }

    /// Puts an edge in place of the one between two records; one without any log odds is none.
    pub fn set(&mut self, one: u32, tie: Tie) {
        for (here, tie) in [(one, tie), (tie.other, Tie { other: one, ..tie })] {
            let mut ties = self.of(here).to_vec();
            ties.retain(|known| known.other != tie.other);
            if !(tie.plain.is_nan() && tie.housed.is_nan()) {
                ties.push(tie);
            }
            self.changed.insert(here, ties);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn postings_hold_what_was_put_in_and_not_taken_out(
            base in prop::collection::btree_set((0..6_u32, 0..9_u32), 0..20),
            edits in prop::collection::vec((any::<bool>(), 0..6_u32, 0..9_u32), 0..30),
        ) {
            let mut postings =
                Postings::new(base.iter().map(|(label, record)| u64::from(*label) << 32 | u64::from(*record)).collect());
            let mut expected = base;
            for (insert, label, record) in edits {
                if insert {
                    postings.insert(label, record);
                    expected.insert((label, record));
                } else {
                    postings.remove(label, record);
                    expected.remove(&(label, record));
                }
            }
            for label in 0..6 {
                let records =
                    expected.iter().filter(|(other, _)| *other == label).map(|(_, record)| *record).collect::<Vec<_>>();
                prop_assert_eq!(postings.count(label), records.len());
                prop_assert_eq!(postings.records(label), records);
            }
        }

        #[test]
        fn an_edge_is_seen_from_both_ends_until_it_is_taken_away(
            base in prop::collection::btree_map((0..5_u32, 5..9_u32), 0..9_i8, 0..8),
            edits in prop::collection::vec((0..9_u32, 0..9_u32, prop::option::of(0..9_i8)), 0..20),
        ) {
            let tie = |other, odds: Option<i8>| Tie {
                other,
                pattern: 0,
                plain: odds.map_or(f32::NAN, f32::from),
                housed: f32::NAN,
            };
            let edges = base.iter().map(|((a, b), odds)| (*a, tie(*b, Some(*odds)))).collect::<Vec<_>>();
            let mut graph = Graph::new(9, &edges);
            let mut expected = base;
            for (a, b, odds) in edits {
                let (a, b) = (a.min(b), a.max(b));
                if a == b {
                    continue;
                }
                graph.set(b, tie(a, odds));
                match odds {
                    Some(odds) => expected.insert((a, b), odds),
                    None => expected.remove(&(a, b)),
                };
            }
            for record in 0..9 {
                let seen = graph.of(record).iter().map(|tie| tie.other).collect::<BTreeSet<_>>();
                let known = expected
                    .keys()
                    .filter_map(|(a, b)| (*a == record).then_some(*b).or((*b == record).then_some(*a)))
                    .collect::<BTreeSet<_>>();
                prop_assert_eq!(seen, known);
            }
            let all = expected.iter().map(|((a, b), odds)| ((*a, *b), f32::from(*odds))).collect::<BTreeMap<_, _>>();
            for ((a, b), odds) in all {
                prop_assert_eq!(graph.between(b, a).map(|tie| tie.logit()), Some(odds));
            }
        }
    }
}
