//! All candidate pairs, scored; those that could matter become edges.

mod hope;
mod sight;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::block::{Blocks, Groups, allowed, numbered_groups};
use crate::compare::Comparer;
use crate::household::{Households, personal};
use crate::model::{Condition, Program};
use crate::parallel;
use crate::records::{NULL, Records};
use crate::train::{Scorer, Weights};
use hope::{Hope, Look};

/// A pair that may be one entity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredPair {
    /// The record with the smaller key.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// The levels of the comparisons.
    pub pattern: u64,
    /// Natural logarithm of the odds that they are one entity.
    pub logit: f32,
    /// The blocking rule that brought them together.
    pub rule: u16,
    /// Whether something forbids them to be one entity; none when nobody has looked.
    pub never: Option<bool>,
}

/// Whether something forbids two records to be one entity: a condition of the model, or that they stand in one table of
/// those that `one_to_one` marks.
pub fn forbids(program: &Program, comparer: &mut Comparer<'_>, one_to_one: &[bool], left: u32, right: u32) -> bool {
    let table = &comparer.records().table;
    let table = [table[left as usize], table[right as usize]];
    (table[0] == table[1] && one_to_one[usize::from(table[0])])
        || program.never.iter().any(|never| comparer.holds(never, left, right))
}

/// Which pairs are to be scored, and which are kept.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The model.
    pub program: &'a Program,
    /// The records.
    pub records: &'a Records,
    /// The groups of its rules.
    pub blocks: &'a Blocks<'a>,
    /// By table, whether no entity stands there twice.
    pub one_to_one: &'a [bool],
    /// Log odds from which pairs are kept.
    pub least: f32,
    /// How many may be kept.
    pub room: u64,
}

/// Scores every pair that some rule brings together, once; keeps those with the least log odds or more. Also says
/// how many pairs each rule brought, and how many there are to keep: beyond the room for them they are counted and not
/// kept. Pairs come in an order that depends on nothing but the records.
#[must_use]
pub fn score(job: &Job<'_>, scorer: &Scorer<'_>) -> (Vec<ScoredPair>, Vec<u64>, u64) {
    let (program, blocks) = (job.program, job.blocks);
    let mut pairs = Vec::new();
    let mut looked = vec![0; program.blocks.len()];
    let kept = AtomicU64::new(0);
    let hope = Hope::new(program, scorer, job.least);
    for (number, looked) in looked.iter_mut().enumerate() {
        let groups = blocks.of(number);
        let parts = (groups.total() / 200_000 + 1).min(256) as usize;
        for (found, count) in parallel::map(parallel::threads(), groups.runs(parts), |run| {
            rule_pairs(job, scorer, &hope, (number, &groups), run, &kept)
        }) {
            *looked += count;
            pairs.extend(found);
        }
    }
    // Two records whose sides agree both ways are in two groups of one rule.
    if program.blocks.iter().any(|block| !block.is_symmetric()) {
        pairs.sort_unstable_by_key(|pair: &ScoredPair| (pair.left, pair.right));
        pairs.dedup_by_key(|pair| (pair.left, pair.right));
    }
    (pairs, looked, kept.into_inner())
}

/// Scores the pairs of a run of a rule's groups that no rule before it brings together.
fn rule_pairs(
    job: &Job<'_>,
    scorer: &Scorer<'_>,
    hope: &Hope<'_>,
    (number, groups): (usize, &Groups),
    run: std::ops::Range<usize>,
    kept: &AtomicU64,
) -> (Vec<ScoredPair>, u64) {
    let Job { program, records, blocks, one_to_one, least, room } = *job;
    let mut look = Look::new(hope, records);
    let mut found = Vec::new();
    let mut looked = 0_u64;
    let before = &blocks.known()[..number];
    let mut fetched = run.start;
    for group in run.clone() {
        if group == fetched {
            fetched = run.end.min(group + TOGETHER);
            (group..fetched).for_each(|group| records.fetch(groups.group(group)));
        }
        let members = groups.group(group);
        for (place, right) in members.iter().enumerate() {
            for left in &members[..place] {
                let (left, right) = (*left, *right);
                if !allowed(program, records, left, right) {
                    continue;
                }
                let pair = look.pair(left, right);
                if !look.passes(number, &pair)
                    || before.iter().enumerate().any(|(rule, groups)| look.meets(rule, groups, &pair))
                {
                    continue;
                }
                looked += 1;
                if let Some(pattern) = look.pattern(&pair)
                    && let Some(logit) = scorer.logit_from(least, pattern, left, right)
                    && kept.fetch_add(1, Ordering::Relaxed) < room
                {
                    // The records are at hand here, and no longer when clusters are made.
                    let never = Some(forbids(program, &mut look.comparer, one_to_one, left, right));
                    found.push(ScoredPair { left, right, pattern, logit, rule: number as u16, never });
                }
            }
        }
    }
    (found, looked)
}

/// Rows of so many groups are looked at together before their pairs are compared.
const TOGETHER: usize = 32;

/// The number under which pairs come that a household brought together.
pub const HOUSEHOLD: u16 = u16::MAX;

/// Scores the pairs that share a household and something of their own, but agree on nothing that the household
/// shares; the pairs found before are given anew with what the household adds. The scorer knows the households.
#[must_use]
pub fn score_households(
    job: &Job<'_>,
    households: &Households,
    weights: &Weights,
    scorer: &Scorer<'_>,
) -> Vec<ScoredPair> {
    let Job { program, records, one_to_one, least, .. } = *job;
    let sets = personal(program, weights);
    // Most agree on what the household shares: where that is one value of each, it is seen at a glance.
    let (mut homes, mut shared) = (Vec::new(), Vec::new());
    for (number, comparison) in program.comparisons.iter().enumerate().filter(|(_, comparison)| comparison.household) {
        match comparison.levels.first().map(|level| &level.condition) {
            Some(Condition::Equal { left, right }) if left == right && comparison.null.is_none() => homes.push(*left),
            _ => shared.push(number),
        }
    }
    let groups = numbered_groups(&households.of);
    let tasks = groups.runs((groups.total() / 200_000 + 1).min(256) as usize);
    let found = parallel::map(parallel::threads(), tasks, |run| {
        let mut comparer = Comparer::new(program, records);
        let mut found = Vec::new();
        for number in run {
            let members = groups.group(number);
            let everywhere = |column: &usize| {
                let home = records.row(members[0])[*column];
                home != NULL && members.iter().all(|member| records.row(*member)[*column] == home)
            };
            if homes.iter().any(everywhere) {
                continue;
            }
            for (place, right) in members.iter().enumerate() {
                for left in &members[..place] {
                    let (left, right) = (*left, *right);
                    let (a, b) = (records.row(left), records.row(right));
                    let equal = |column: &usize| a[*column] != NULL && a[*column] == b[*column];
                    if homes.iter().any(equal)
                        || !sets.iter().any(|columns| columns.iter().all(equal))
                        || !allowed(program, records, left, right)
                    {
                        continue;
                    }
                    if shared.iter().any(|number| comparer.level(*number, left, right) == 1) {
                        continue;
                    }
                    let pattern = comparer.pattern(left, right);
                    if let Some(logit) = scorer.logit_from(least, pattern, left, right) {
                        let never = Some(forbids(program, &mut comparer, one_to_one, left, right));
                        found.push(ScoredPair { left, right, pattern, logit, rule: HOUSEHOLD, never });
                    }
                }
            }
        }
        found
    });
    let mut pairs = found.concat();
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    pairs
}

/// All pairs once each; one that a household brought stands for the same pair found before. Those of the households
/// are in the order of their records.
#[must_use]
pub fn united(mut pairs: Vec<ScoredPair>, more: &[ScoredPair]) -> Vec<ScoredPair> {
    let Some(last) = more.last() else { return pairs };
    // Where the pairs of each left record begin: most records have none, and nothing is searched for them.
    let mut starts = vec![0_u32; last.left as usize + 2];
    more.iter().for_each(|pair| starts[pair.left as usize + 1] += 1);
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    pairs.retain(|pair| {
        let left = pair.left as usize;
        left + 1 >= starts.len()
            || more[starts[left] as usize..starts[left + 1] as usize].iter().all(|more| more.right != pair.right)
    });
    pairs.extend(more);
    pairs
}
