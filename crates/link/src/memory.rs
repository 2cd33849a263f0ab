//! How much memory a linkage may have, `limits.memory_mb`, and what it does with less.
//!
//! What can be done without is given up in this order: while tables are read, the rows and texts that are more than half
//! of the memory holds go to files; then keys, ids and the texts that are not compared. Groups of blocking rules and pairs
//! lie in files as far as there is no room for them; both are read one after the other. Rows come back into memory, in as
//! few bits as they need where there is no room for more. Only what is left then, first the texts that are compared and at
//! last the rows, is looked at in files in no order, which takes its time. What is found is the same. In memory stay a few
//! bytes of each record and the numbers of values.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::block::Blocks;
use crate::decide::ScoredPair;
use crate::model::Program;
use crate::records::{Records, Spill};
use crate::{LinkError, Result};

/// Bytes of the program itself, as far as it is looked at, and of the rows that are being cleaned, a few batches at a time:
/// what a linkage of hardly any records takes.
const PROGRAM: u64 = 192 << 20;
/// Bytes a record takes in components, households and entities while these are made.
const WORK_OF_RECORD: u64 = 72;
/// Bytes of these that are still taken when entities have been made: those, before and after households are known, and the
/// number of the household.
const MADE_OF_RECORD: u64 = 2 * 8 + 4;
/// Bytes a record takes when entities are told, beside the text of its id: the id's number, and its place among the others.
const TELLING_OF_RECORD: u64 = 4 + 8;
/// Bytes a record takes while a rule's groups are made: twice its key for sorting, then its group. No entities are made
/// meanwhile, but their roots may be there.
const WORK_OF_GROUPS: u64 = 32 + 16;
/// Bytes a pair takes: itself, once more while the pairs found so far are moved, and as an edge of a component.
const WORK_OF_PAIR: u64 = 2 * size_of::<ScoredPair>() as u64 + 16;
/// Bytes a row takes in a plan that scores pairs: where it is gathered before and after it is sent, put together with those
/// of its bucket, and made a record of.
const WORK_OF_ROW: u64 = 800;
/// Rows there is always room for in such a plan.
const ROWS: usize = 1 << 12;
/// Bytes a value takes whose frequency counts: how often it stands there, the logarithm of that, and its class.
const WORK_OF_TERM: u64 = 9;
/// The least of large files that is in memory at once where they are looked at in no order: with less, pages are given
/// back sooner than they are used.
const WINDOW: u64 = 64 << 20;
/// What of files that are read one after the other is in memory at once, and of those that are written; less where all
/// of a record takes less than [`READ_OF_RECORD`].
const READ: u64 = 16 << 20;
/// See [`READ`].
const READ_OF_RECORD: u64 = 64;
/// There is always room for a pair of so many records, and at least for [`PAIRS`]: with less, files would be cut into
/// more parts than can be written at once.
const RECORDS_OF_PAIR: u64 = 8;
/// See [`RECORDS_OF_PAIR`].
const PAIRS: u64 = 1 << 10;

/// Bytes that records may take while they are read.
pub fn for_records(megabytes: Option<usize>) -> Option<u64> {
    megabytes.map(|megabytes| ((megabytes as u64) << 20).saturating_sub(PROGRAM) / 2)
}

/// What a linkage may have, and what it needs in any case.
#[derive(Debug, Clone)]
pub struct Budget {
    limit: Option<u64>,
    /// Bytes without pairs and without groups that are kept.
    needed: u64,
    /// Records that are linked.
    records: u64,
    /// Where what does not fit goes.
    spill: Option<Arc<Spill>>,
}

impl Budget {
    /// The budget of a linkage of these records, which are put into files where they leave too little room; `beside` them and
    /// all that is made of them other bytes are taken.
    ///
    /// # Errors
    /// The limit does not even hold what stays in memory, or the disk is full.
    pub fn new(megabytes: Option<usize>, program: &Program, records: &mut Records, beside: u64) -> Result<Self> {
        let limit = megabytes.map(|megabytes| (megabytes as u64) << 20);
        let count = records.len() as u64;
        let mut budget = Self { limit, needed: 0, records: count, spill: None };
        let Some(limit) = limit else { return Ok(budget) };
        let read = READ.min(count * READ_OF_RECORD);
        let spill = records.spill.clone().unwrap_or_else(|| Spill::new(std::env::temp_dir(), read));
        records.close(&spill);
        let hot = compared(program, records);
        let pairs = count * WORK_OF_PAIR;
        let least = least_room(count);
        let [wide, narrow] = records.bytes_of_rows_in_memory();
        let needed = |records: &Records| needed(program, records) + beside;
        let without_rows = |records: &Records| needed(records) - records.bytes_of_rows();
        if without_rows(records) + wide + pairs + read > limit || spill.written() > 0 {
            records.shelve_cold(&spill, &hot)?;
        }
        let texts = hot.iter().map(|domain| records.domains[*domain].in_files()).sum::<u64>();
        let with_texts = without_rows(records) + texts + read;
        let mut window = read;
        if with_texts + narrow + least <= limit {
            hot.iter().for_each(|domain| records.domains[*domain].unshelve());
            if with_texts + wide + pairs <= limit { records.unshelve_rows() } else { records.narrow(None)? }
        } else {
            records.shelve_texts(&spill, &[])?;
            window = WINDOW.min(spill.written() / 2).max(read);
            if without_rows(records) + window + narrow + least <= limit {
                records.narrow(None)?;
            } else {
                records.shelve(&spill)?;
            }
            // Of what is left the texts that take the least come back, and what is looked at in no order has a share.
            let rest = |records: &Records| limit.saturating_sub(needed(records) + window + least);
            let mut texts = hot.iter().map(|domain| (records.domains[*domain].in_files(), *domain)).collect::<Vec<_>>();
            texts.sort_unstable();
            for (bytes, domain) in texts {
                if bytes <= rest(records) {
                    records.domains[domain].unshelve();
                }
            }
            window += rest(records) / 4;
        }
        spill.set_window(window);
        budget.needed = needed(records) + window;
        let (written, rows) = (spill.written(), records.bytes_of_rows());
        tracing::debug!(written, window, rows, needed = budget.needed, "records within a limit");
        budget.spill = Some(spill);
        budget.bytes(0)?;
        Ok(budget)
    }

    /// Bytes that are left for pairs beside the groups that are kept; none when there is no limit.
    fn bytes(&self, groups: u64) -> Result<Option<u64>> {
        let Some(limit) = self.limit else { return Ok(None) };
        let least = least_room(self.records);
        match limit.checked_sub(self.needed + groups).filter(|rest| *rest >= least) {
            Some(rest) => Ok(Some(rest)),
            None => Err(too_little(limit, self.needed + groups + least, "before any pair")),
        }
    }

    /// Where what does not fit goes, if memory is limited.
    pub fn spill(&self) -> Option<Arc<Spill>> {
        self.spill.clone()
    }

    /// Keeps the groups of the rules in memory if they leave room for as many pairs as there are records.
    pub fn fit(&self, blocks: &mut Blocks<'_>) -> Result<()> {
        if let (Some(rest), Some(spill)) = (self.bytes(0)?, &self.spill)
            && blocks.bytes() + self.records * WORK_OF_PAIR > rest
        {
            blocks.shelve(spill)?;
        }
        Ok(())
    }

    /// The room there is for pairs beside the groups that are kept.
    pub fn room(&self, blocks: &Blocks<'_>) -> Result<Room> {
        let bytes = self.bytes(blocks.bytes())?;
        Ok(Room {
            pairs: bytes.map_or(usize::MAX, |bytes| (bytes / WORK_OF_PAIR) as usize),
            spill: self.spill.clone(),
            limit: self.limit.unwrap_or_default(),
            beside: self.needed + blocks.bytes(),
        })
    }
}

/// Brings ids back into memory when entities have been made: they are told in no order of theirs, and the room in which
/// entities are made is free.
pub fn recall_ids(records: &mut Records) {
    let count = records.len() as u64;
    if records.ids.in_files() + count * (TELLING_OF_RECORD + MADE_OF_RECORD) <= count * WORK_OF_RECORD {
        records.unshelve_ids();
    }
}

/// How many pairs there is room for in memory, and where the others go.
#[derive(Debug)]
pub struct Room {
    /// Pairs that fit into memory.
    pub pairs: usize,
    /// Where the others go; none when there is room for all.
    pub spill: Option<Arc<Spill>>,
    limit: u64,
    beside: u64,
}

impl Room {
    /// Room for all pairs.
    pub const fn unbound() -> Self {
        Self { pairs: usize::MAX, spill: None, limit: 0, beside: 0 }
    }

    /// Room for so many pairs.
    #[cfg(test)]
    pub const fn of(pairs: usize, spill: Arc<Spill>) -> Self {
        Self { pairs, spill: Some(spill), limit: 0, beside: 0 }
    }

    /// Half of the room for pairs, and how many rows of a plan there is room for in the other half.
    pub fn beside_rows(&self) -> (Self, usize) {
        let pairs = if self.spill.is_some() { self.pairs / 2 } else { self.pairs };
        let rows = (pairs as u64).saturating_mul(WORK_OF_PAIR) / WORK_OF_ROW;
        (Self { pairs, spill: self.spill.clone(), ..*self }, ROWS.max(rows as usize))
    }

    /// An error when pairs that are needed all at once are more than fit.
    pub fn too_little(&self, pairs: usize) -> LinkError {
        let told = format!("with {pairs} pairs that connect records all of which may be one entity");
        too_little(self.limit, self.beside + pairs as u64 * WORK_OF_PAIR, &told)
    }
}

/// Bytes of pairs that there is room for in any case.
fn least_room(records: u64) -> u64 {
    PAIRS.max(records / RECORDS_OF_PAIR) * WORK_OF_PAIR
}

/// Told with the least that would have been enough.
fn too_little(limit: u64, bytes: u64, pairs: &str) -> LinkError {
    let least = bytes.div_ceil(1 << 20) + 1;
    LinkError::usage(format!(
        "the records need at least {least} MiB {pairs}, and `limits.memory_mb` is {}: raise it to {least} or more, or \
         take it away",
        limit >> 20
    ))
}

/// Domains whose texts are compared as they are, again and again.
fn compared(program: &Program, records: &Records) -> Vec<usize> {
    let sites = program.sites.iter().filter(|site| site.kernel.prepared_bytes() == 0);
    let columns = sites.flat_map(|site| site.left.iter().chain(&site.right));
    let mut domains = columns.filter_map(|column| records.domain_of[*column]).collect::<Vec<_>>();
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// Bytes that stay in memory, without pairs and without groups that are kept.
fn needed(program: &Program, records: &Records) -> u64 {
    let values = |column: usize| records.domain_of[column].map_or(0, |domain| records.domains[domain].len() as u64);
    // What a kernel keeps of a value it keeps once, whatever compares it.
    let prepared = program.sites.iter().flat_map(|site| {
        let domains = [site.left.first(), site.right.first()].map(|column| records.domain_of[*column?]);
        let bytes = site.kernel.prepared_bytes() + site.kernel.packed_bytes(site.most);
        // The packed form is the same for each kernel.
        let kept = if site.kernel.prepared_bytes() > 0 { site.kernel.name() } else { "packed" };
        domains.map(|domain| (kept, domain, bytes as u64))
    });
    let prepared = prepared.filter(|(.., bytes)| *bytes > 0).collect::<BTreeSet<_>>();
    let prepared = prepared
        .into_iter()
        .map(|(_, domain, bytes)| bytes * domain.map_or(0, |domain| records.domains[domain].len() as u64));
    let levels = program.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let terms = levels.filter_map(|level| level.term_frequency).map(|column| values(column) * WORK_OF_TERM);
    let sides = if program.blocks.iter().all(crate::model::Block::is_symmetric) { 1 } else { 2 };
    PROGRAM
        + records.bytes()
        + prepared.sum::<u64>()
        + terms.sum::<u64>()
        + records.len() as u64 * WORK_OF_RECORD.max(sides * WORK_OF_GROUPS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_come_back_into_memory_when_entities_are_made_if_they_take_no_more_than_making_them_did() {
        for (length, there) in [(8, true), (100, false)] {
            let spill = Spill::new(std::env::temp_dir(), 1 << 20);
            let mut records = Records::default();
            let id = |number: u32| format!("{number:0length$}");
            let count = 150_000;
            records.id = (0..count).map(|number| records.ids.push(&id(number))).collect();
            records.keys = (0..count).map(u128::from).collect();
            records.shelve_cold(&spill, &[]).unwrap();
            assert!(records.ids.in_files() > 0);
            recall_ids(&mut records);
            assert_eq!(records.ids.in_files() == 0, there);
            assert!([0, 1, count / 2, count - 1].into_iter().all(|record| records.id_of(record) == id(record)));
        }
    }
}
