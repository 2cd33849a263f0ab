//! All candidate pairs, scored; those that could matter become edges.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::block::{Blocks, Groups, allowed, meets, numbered_groups};
use crate::compare::Comparer;
use crate::household::{Households, personal};
use crate::model::Program;
use crate::parallel;
use crate::records::{NULL, Records};
use crate::train::{Scorer, Weights};

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
    for (number, looked) in looked.iter_mut().enumerate() {
        let groups = blocks.of(number);
        let parts = (groups.total() / 200_000 + 1).min(256) as usize;
        for (found, count) in parallel::map(parallel::threads(), groups.runs(parts), |run| {
            rule_pairs(job, scorer, (number, &groups), run, &kept)
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
    (number, groups): (usize, &Groups),
    run: std::ops::Range<usize>,
    kept: &AtomicU64,
) -> (Vec<ScoredPair>, u64) {
    let Job { program, records, blocks, least, room } = *job;
    let mut comparer = Comparer::new(program, records);
    let mut found = Vec::new();
    let mut looked = 0_u64;
    let block = &program.blocks[number];
    for group in run {
        let members = groups.group(group);
        for (place, right) in members.iter().enumerate() {
            for left in &members[..place] {
                let (left, right) = (*left, *right);
                if !allowed(program, records, left, right) {
                    continue;
                }
                if let Some(filter) = &block.filter
                    && !comparer.holds(filter, left, right)
                {
                    continue;
                }
                if program.blocks[..number].iter().zip(blocks.known()).any(|(block, groups)| {
                    meets(block, records, left, right, &groups.left_out_keys)
                        && block.filter.as_ref().is_none_or(|filter| comparer.holds(filter, left, right))
                }) {
                    continue;
                }
                looked += 1;
                let pattern = comparer.pattern(left, right);
                let logit = scorer.evidence(pattern, left, right).logit() as f32;
                if logit >= least && kept.fetch_add(1, Ordering::Relaxed) < room {
                    found.push(ScoredPair { left, right, pattern, logit, rule: number as u16 });
                }
            }
        }
    }
    (found, looked)
}

/// The number under which pairs come that a household brought together.
pub const HOUSEHOLD: u16 = u16::MAX;

/// Scores the pairs that share a household and something of their own, but agree on nothing that the household
/// shares; the pairs found before are given anew with what the household adds. The scorer knows the households.
#[must_use]
pub fn score_households(
    program: &Program,
    records: &Records,
    households: &Households,
    weights: &Weights,
    scorer: &Scorer<'_>,
    least: f32,
) -> Vec<ScoredPair> {
    let sets = personal(program, weights);
    let shared = (0..program.comparisons.len()).filter(|number| program.comparisons[*number].household);
    let shared = shared.collect::<Vec<_>>();
    let groups = numbered_groups(&households.of);
    let tasks = groups.runs((groups.total() / 200_000 + 1).min(256) as usize);
    let found = parallel::map(parallel::threads(), tasks, |run| {
        let mut comparer = Comparer::new(program, records);
        let mut found = Vec::new();
        for number in run {
            let members = groups.group(number);
            for (place, right) in members.iter().enumerate() {
                for left in &members[..place] {
                    let (left, right) = (*left, *right);
                    let (a, b) = (records.row(left), records.row(right));
                    let agree = |columns: &Vec<usize>| {
                        columns.iter().all(|column| a[*column] != NULL && a[*column] == b[*column])
                    };
                    if !allowed(program, records, left, right) || !sets.iter().any(agree) {
                        continue;
                    }
                    // Most agree on what the household shares, which is seen without comparing the rest.
                    if shared.iter().any(|number| comparer.level(*number, left, right) == 1) {
                        continue;
                    }
                    let pattern = comparer.pattern(left, right);
                    let logit = scorer.evidence(pattern, left, right).logit() as f32;
                    if logit >= least {
                        found.push(ScoredPair { left, right, pattern, logit, rule: HOUSEHOLD });
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
pub fn united(mut pairs: Vec<ScoredPair>, more: Vec<ScoredPair>) -> Vec<ScoredPair> {
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
