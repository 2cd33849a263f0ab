//! All candidate pairs, scored; those that could matter become edges.

mod hope;
mod pairs;
mod sight;
#[cfg(test)]
pub mod tests;

use crate::Result;
use crate::block::{Blocks, Groups, allowed, numbered_groups};
use crate::compare::{Comparer, Pair};
use crate::household::{Households, personal};
use crate::memory::Room;
use crate::model::{Condition, Program};
use crate::parallel;
use crate::records::{Gathered, NULL, Records};
use crate::train::{Scorer, Weights};
pub use hope::{Hope, Look};
pub use pairs::{Finding, Pairs, distribute, runs_within, united};

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
    let (a, b) = (comparer.records().row(left), comparer.records().row(right));
    let pair = comparer.pair((left, right), (&a, &b));
    forbids_for(program, comparer, one_to_one, &pair)
}

/// The same for a pair that was taken up.
pub fn forbids_for(program: &Program, comparer: &mut Comparer<'_>, one_to_one: &[bool], pair: &Pair<'_>) -> bool {
    let twice = || {
        let (left, right) = pair.records();
        let table = &comparer.records().table;
        let table = [table[left as usize], table[right as usize]];
        table[0] == table[1] && one_to_one[usize::from(table[0])]
    };
    // Tables lie apart from the rows, and most models mark none.
    (one_to_one.contains(&true) && twice()) || program.never.iter().any(|never| comparer.holds_for(never, pair))
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
    /// How many there is room for in memory.
    pub room: &'a Room,
}

/// Scores every pair that some rule brings together, once; keeps those with the least log odds or more. Also says
/// how many pairs each rule brought. Pairs come in an order that depends on nothing but the records.
///
/// # Errors
/// The disk is full or broken, where there is no room for the pairs in memory.
pub fn score(job: &Job<'_>, scorer: &Scorer<'_>) -> Result<(Pairs, Vec<u64>)> {
    let (program, blocks) = (job.program, job.blocks);
    let mut pairs = Finding::new(job.room);
    let mut looked = vec![0; program.blocks.len()];
    let hope = Hope::new(program, scorer, job.least);
    for (number, looked) in looked.iter_mut().enumerate() {
        let groups = blocks.of(number);
        let work = |run| rule_pairs(job, scorer, &hope, (number, &groups), run);
        in_turns(job.room, &groups, work, |(found, count)| {
            *looked += count;
            pairs.extend(&found)
        })?;
    }
    Ok((in_order(job, pairs)?, looked))
}

/// All pairs that the rules brought together, each once, of those found rule after rule in the order of their groups.
///
/// # Errors
/// The disk is full or broken, where there is no room for the pairs in memory.
pub fn in_order(job: &Job<'_>, pairs: Finding<'_>) -> Result<Pairs> {
    let pairs = pairs.finish()?;
    // Two records whose sides agree both ways are in two groups of one rule.
    if job.program.blocks.iter().any(|block| !block.is_symmetric()) {
        return pairs::sorted(pairs, job.records.len(), job.room);
    }
    Ok(pairs)
}

/// Does the work on all groups, and hands what it gives to `then` in the order of the groups: all at once, or where pairs
/// may not fit into memory no more at once than would fit.
fn in_turns<R: Send>(
    room: &Room,
    groups: &Groups,
    work: impl Fn(std::ops::Range<usize>) -> R + Sync,
    mut then: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let threads = parallel::threads();
    let total = groups.total();
    if room.spill.is_none() {
        let runs = groups.runs((total / PAIRS_OF_RUN + 1).min(256) as usize);
        return parallel::map(threads, runs, work).into_iter().try_for_each(then);
    }
    let at_once = 4 * threads;
    let pairs_of_run = (room.pairs as u64 / at_once as u64).clamp(PAIRS_OF_RUN / 20, PAIRS_OF_RUN);
    for runs in groups.runs((total / pairs_of_run + 1) as usize).chunks(at_once) {
        parallel::map(threads, runs.to_vec(), &work).into_iter().try_for_each(&mut then)?;
    }
    Ok(())
}

/// Pairs that are looked at in one go.
const PAIRS_OF_RUN: u64 = 200_000;

/// Scores the pairs of a run of a rule's groups that no rule before it brings together. Also says how many those are.
pub fn rule_pairs(
    job: &Job<'_>,
    scorer: &Scorer<'_>,
    hope: &Hope<'_>,
    (number, groups): (usize, &Groups),
    run: std::ops::Range<usize>,
) -> (Vec<ScoredPair>, u64) {
    let Job { program, records, blocks, one_to_one, least, .. } = *job;
    let mut look = Look::new(hope, records);
    let mut rows = Gathered::new(records);
    let mut found = Vec::new();
    let mut looked = 0_u64;
    let before = &blocks.known()[..number];
    for members in groups.ahead(run, |members| records.fetch(members)) {
        rows.gather(members);
        for (place, right) in members.iter().enumerate() {
            for (other, left) in members[..place].iter().enumerate() {
                let (left, right) = (*left, *right);
                if !allowed(program, records, left, right) {
                    continue;
                }
                let pair = look.pair((left, right), (rows.row(other), rows.row(place)));
                if !look.passes(number, &pair)
                    || before.iter().enumerate().any(|(rule, groups)| look.meets(rule, groups, &pair))
                {
                    continue;
                }
                looked += 1;
                if let Some(pattern) = look.pattern(&pair)
                    && let Some(logit) = scorer.logit_from(least, pattern, left, right)
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

/// The number under which pairs come that a household brought together.
pub const HOUSEHOLD: u16 = u16::MAX;

/// Scores the pairs that share a household and something of their own, but agree on nothing that the household
/// shares; the pairs found before are given anew with what the household adds. The scorer knows the households.
///
/// # Errors
/// The disk is full or broken, where there is no room for the pairs in memory.
pub fn score_households(
    job: &Job<'_>,
    households: &Households,
    weights: &Weights,
    scorer: &Scorer<'_>,
) -> Result<Pairs> {
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
    let work = |run: std::ops::Range<usize>| {
        let mut comparer = Comparer::new(program, records);
        let mut rows = Gathered::new(records);
        let mut found = Vec::new();
        for members in groups.ahead(run, |members| records.fetch(members)) {
            rows.gather(members);
            let everywhere = |column: &usize| {
                let home = rows.row(0)[*column];
                home != NULL && (1..members.len()).all(|place| rows.row(place)[*column] == home)
            };
            if homes.iter().any(everywhere) {
                continue;
            }
            for (place, right) in members.iter().enumerate() {
                for (other, left) in members[..place].iter().enumerate() {
                    let (left, right) = (*left, *right);
                    let (a, b) = (rows.row(other), rows.row(place));
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
    };
    let mut pairs = Finding::new(job.room);
    in_turns(job.room, &groups, work, |found| pairs.extend(&found))?;
    pairs::sorted(pairs.finish()?, records.len(), job.room)
}
