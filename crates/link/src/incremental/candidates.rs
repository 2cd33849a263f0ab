//! Which pairs the blocking rules bring together after an edit, and their scores.

use super::{Incremental, Tie, block_keys};
use crate::block::allowed;
use crate::compare::Comparer;
use crate::records::Records;
use crate::train::Scorer;

/// Two slots, the smaller first, and a rule that may bring them together.
pub(super) type Candidate = (u32, u32, u16);

impl Incremental {
    /// Whether a group of so many records is looked at.
    pub(super) fn admits(&self, rule: usize, count: usize) -> bool {
        self.trained.largest[rule].is_none_or(|largest| count <= largest)
    }

    /// Everything that shares a group with a record.
    pub(super) fn candidates(&self, slot: u32, into: &mut Vec<Candidate>) {
        for (rule, block) in self.program.blocks.iter().enumerate() {
            for key in block_keys(block, &self.records, slot) {
                let count = self.blocks[rule].count(key);
                if count < 2 || !self.admits(rule, count) {
                    continue;
                }
                let others = self.blocks[rule].records(key).into_iter().filter(|other| *other != slot);
                into.extend(others.map(|other| (slot.min(other), slot.max(other), rule as u16)));
            }
        }
    }

    /// The rules in whose groups two records stand together.
    pub(super) fn common_rules(&self, one: u32, other: u32) -> Vec<Candidate> {
        let together = |rule: usize| {
            let block = &self.program.blocks[rule];
            let keys = block_keys(block, &self.records, other).collect::<Vec<_>>();
            block_keys(block, &self.records, one)
                .any(|key| keys.contains(&key) && self.admits(rule, self.blocks[rule].count(key)))
        };
        (0..self.program.blocks.len())
            .filter(|rule| together(*rule))
            .map(|rule| (one.min(other), one.max(other), rule as u16))
            .collect()
    }

    /// Scores candidates once each; gives the slots of those that could matter, the smaller one first. `records` hold
    /// the slots at the places that `place` tells.
    pub(super) fn score(
        &self,
        mut candidates: Vec<Candidate>,
        records: &Records,
        scorer: &Scorer<'_>,
        place: impl Fn(u32) -> u32,
    ) -> Vec<(u32, Tie)> {
        candidates.sort_unstable();
        candidates.dedup();
        let mut comparer = Comparer::new(&self.program, records);
        let mut found = Vec::new();
        for rules in candidates.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (one, other, _) = rules[0];
            let (a, b) = (place(one), place(other));
            let (left, right) = (a.min(b), a.max(b));
            if !allowed(&self.program, records, left, right) {
                continue;
            }
            let meets = rules.iter().any(|(.., rule)| {
                let filter = self.program.blocks[usize::from(*rule)].filter.as_ref();
                filter.is_none_or(|filter| comparer.holds(filter, left, right))
            });
            if !meets {
                continue;
            }
            let pattern = comparer.pattern(left, right);
            let plain = scorer.evidence(pattern, left, right).logit() as f32;
            if plain >= self.linker.told() {
                found.push((one, Tie { other, pattern, plain, housed: f32::NAN }));
            }
        }
        found
    }
}
