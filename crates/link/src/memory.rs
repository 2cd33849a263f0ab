//! How much memory a linkage may have, `limits.memory_mb`, and what it does with less.
//!
//! What can be done without is given up in this order: while tables are read, the rows and texts that are more than half
//! of the memory holds go to files; then, where that is not enough for what follows, so do the other texts, keys and ids,
//! and at last the rows, which are looked at most and come back into memory where there is room for them; then the groups
//! of the blocking rules are not kept, but made anew whenever a rule's are asked for. What is found is the same. In memory
//! stay the pairs that matter, a few bytes of each record and the numbers of values.

use std::sync::Arc;

use crate::block::Blocks;
use crate::decide::ScoredPair;
use crate::model::Program;
use crate::records::{Records, Shelf, Spill};
use crate::{LinkError, Result};

/// Bytes of the program itself, as far as it is looked at, and of the rows that are being cleaned, a few batches at a time:
/// what a linkage of hardly any records takes.
const PROGRAM: u64 = 192 << 20;
/// Bytes a record takes in components, households and entities while these are made.
const WORK_OF_RECORD: u64 = 96;
/// Bytes a record takes while a rule's groups are made: twice its key for sorting, then its group. No entities are made
/// meanwhile, but their roots may be there.
const WORK_OF_GROUPS: u64 = 32 + 16;
/// Bytes a pair takes: itself, once more while the pairs found so far are moved, and its place in a component.
const WORK_OF_PAIR: u64 = 2 * size_of::<ScoredPair>() as u64 + 8;
/// Bytes a value takes whose frequency counts: how often it stands there, the logarithm of that, and its class.
const WORK_OF_TERM: u64 = 9;
/// The least of large files that is in memory at once: with less, pages are given back sooner than they are used.
const WINDOW: u64 = 64 << 20;

/// Bytes that records may take while they are read.
pub fn for_records(megabytes: Option<usize>) -> Option<u64> {
    megabytes.map(|megabytes| ((megabytes as u64) << 20).saturating_sub(PROGRAM) / 2)
}

/// What a linkage may have, and what it needs in any case.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limit: Option<u64>,
    /// Bytes without pairs and without groups that are kept.
    needed: u64,
}

impl Budget {
    /// The budget of a linkage of these records, which are put into files where they leave too little room.
    ///
    /// # Errors
    /// The limit does not even hold what stays in memory, or the disk is full.
    pub fn new(megabytes: Option<usize>, program: &Program, records: &mut Records) -> Result<Self> {
        let limit = megabytes.map(|megabytes| (megabytes as u64) << 20);
        let mut budget = Self { limit, needed: needed(program, records) };
        let Some(limit) = limit else { return Ok(budget) };
        let pairs = records.len() as u64 * WORK_OF_PAIR;
        for put_away in [Records::shelve_cold, Records::shelve] {
            if budget.needed + pairs <= limit {
                break;
            }
            let spill = records.spill.clone();
            put_away(records, &spill.unwrap_or_else(|| Spill::new(std::env::temp_dir(), WINDOW)))?;
            budget.needed = needed(program, records);
        }
        if let Some(spill) = records.spill.as_ref().map(Arc::clone) {
            let least = WINDOW.min(spill.written() / 2);
            let rows = needed_with_rows(program, records);
            if rows > budget.needed && rows + pairs + least <= limit {
                spill.set_window(least);
                records.unshelve_rows();
                budget.needed = rows;
            }
            let window = (limit.saturating_sub(budget.needed) / 4).max(least);
            spill.set_window(window);
            budget.needed += window;
            tracing::debug!(written = spill.written(), window, rows = records.cells.bytes(), "records lie in files");
        }
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

/// The same with the rows in memory.
fn needed_with_rows(program: &Program, records: &Records) -> u64 {
    let here = records.cells.bytes() + records.numbers.iter().map(Shelf::bytes).sum::<u64>();
    needed(program, records) - here + records.bytes_of_rows()
}

/// Bytes that stay in memory, without pairs and without groups that are kept.
fn needed(program: &Program, records: &Records) -> u64 {
    let values = |column: usize| records.domain_of[column].map_or(0, |domain| records.domains[domain].len() as u64);
    let prepared = program.sites.iter().flat_map(|site| {
        let columns = [site.left.first(), site.right.first()];
        columns.map(|column| column.map_or(0, |column| values(*column) * site.kernel.prepared_bytes() as u64))
    });
    let levels = program.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let terms = levels.filter_map(|level| level.term_frequency).map(|column| values(column) * WORK_OF_TERM);
    let sides = if program.blocks.iter().all(crate::model::Block::is_symmetric) { 1 } else { 2 };
    PROGRAM
        + records.bytes()
        + prepared.sum::<u64>()
        + terms.sum::<u64>()
        + records.len() as u64 * WORK_OF_RECORD.max(sides * WORK_OF_GROUPS)
}
