//! How much memory a linkage may have, `limits.memory_mb`, and what it does with less.
//!
//! Records stay in memory, and so do the pairs that matter; what can be done without are the groups of the blocking
//! rules, all of which are kept where there is room. Under a limit that does not hold them a rule's groups are made
//! anew whenever they are asked for, one rule at a time. What is found is the same. Counted are the linkage's own data:
//! the program itself and the rows that are being cleaned, a few batches at a time, come on top.

use crate::block::Blocks;
use crate::decide::ScoredPair;
use crate::model::Program;
use crate::records::Records;
use crate::{LinkError, Result};

/// Bytes a record takes in components, households and entities while these are made.
const WORK_OF_RECORD: u64 = 96;
/// Bytes a record takes while a rule's groups are made: twice its key for sorting, then its group.
const WORK_OF_GROUPS: u64 = 32;
/// Bytes a pair takes: itself, once more while the pairs found so far are moved, and its place in a component.
const WORK_OF_PAIR: u64 = 2 * size_of::<ScoredPair>() as u64 + 8;

/// What a linkage may have, and what it needs in any case.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limit: Option<u64>,
    /// Bytes without pairs and without groups that are kept.
    needed: u64,
}

impl Budget {
    /// The budget of a linkage of these records.
    ///
    /// # Errors
    /// The limit does not even hold the records and one rule's groups.
    pub fn new(megabytes: Option<usize>, program: &Program, records: &Records) -> Result<Self> {
        let values = program.sites.iter().flat_map(|site| {
            [site.left.first(), site.right.first()].map(|column| {
                let domain = column.and_then(|column| records.domain_of[*column]);
                domain.map_or(0, |domain| records.domains[domain].len() * site.kernel.prepared_bytes())
            })
        });
        let sides = if program.blocks.iter().all(crate::model::Block::is_symmetric) { 1 } else { 2 };
        let needed = records.bytes()
            + values.sum::<usize>() as u64
            + records.len() as u64 * (WORK_OF_RECORD + sides * WORK_OF_GROUPS);
        let budget = Self { limit: megabytes.map(|megabytes| (megabytes as u64) << 20), needed };
        budget.room()?;
        Ok(budget)
    }

    /// Bytes that are left for pairs and for groups that are kept; none when there is no limit.
    fn room(&self) -> Result<Option<u64>> {
        match self.limit {
            None => Ok(None),
            Some(limit) => limit.checked_sub(self.needed).map(Some).ok_or_else(|| self.too_little(limit, 0)),
        }
    }

    /// Keeps the groups of the rules if they leave room for as many pairs as there are records.
    pub fn fit(&self, blocks: &mut Blocks<'_>, records: &Records) -> Result<()> {
        if let Some(room) = self.room()?
            && blocks.bytes() + records.len() as u64 * WORK_OF_PAIR > room
        {
            blocks.forget();
        }
        Ok(())
    }

    /// How many pairs there is room for beside the groups that are kept.
    pub fn pairs(&self, blocks: &Blocks<'_>) -> Result<u64> {
        Ok(self.room()?.map_or(u64::MAX, |room| room.saturating_sub(blocks.bytes()) / WORK_OF_PAIR))
    }

    /// An error when there are more pairs than there is room for.
    pub fn check(&self, blocks: &Blocks<'_>, pairs: u64) -> Result<()> {
        match self.limit {
            Some(limit) if pairs > self.pairs(blocks)? => Err(self.too_little(limit, pairs)),
            _ => Ok(()),
        }
    }

    /// Told with the least that would have been enough.
    fn too_little(&self, limit: u64, pairs: u64) -> LinkError {
        let least = (self.needed + pairs * WORK_OF_PAIR).div_ceil(1 << 20) + 1;
        let pairs = if pairs == 0 { "before any pair".to_owned() } else { format!("with {pairs} pairs that matter") };
        LinkError::usage(format!(
            "the records need at least {least} MiB {pairs}, and `limits.memory_mb` is {}: raise it to {least} or more, \
             or take it away",
            limit >> 20
        ))
    }
}
