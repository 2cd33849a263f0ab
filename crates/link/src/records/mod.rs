//! The records in columns of numbers: every distinct text is kept once, a record is a short row of numbers.

mod bucket;
mod intern;
mod load;
mod narrow;
mod shelf;
mod texts;

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

use narrow::Narrow;
use serde::{Deserialize, Serialize};

pub use intern::{Domain, NULL};
pub use load::{Input, Layout, load, read, record_key};
pub use narrow::{Row, Stretch};
pub use shelf::{Filling, Shelf, Spill};

use crate::Result;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnKind {
    /// Text, by its number in a domain.
    Text,
    /// A truth value: 0 unknown, 1 false, 2 true.
    Flag,
    /// A number, kept apart in 64 bits; `NaN` when missing.
    Number,
}

/// The records, in the order of their keys.
#[derive(Debug, Default)]
pub struct Records {
    /// Names of the tables.
    pub tables: Vec<String>,
    /// Key of each record: a hash of table and id, so that the order does not depend on how records arrived.
    pub keys: Shelf<u128>,
    /// Table of each record.
    pub table: Vec<u16>,
    /// Texts of the ids.
    pub ids: Domain,
    /// Number of each record's id.
    pub id: Shelf<u32>,
    /// Row-major numbers: `stride` for each record; none where rows are narrow.
    pub cells: Shelf<u32>,
    /// The same in fewer bytes, where memory is limited.
    pub(crate) narrow: Option<Narrow>,
    /// Columns of a row.
    pub stride: usize,
    /// For each column its domain; none for flags and numbers.
    pub domain_of: Vec<Option<usize>>,
    /// The domains.
    pub domains: Vec<Domain>,
    /// For each column of numbers its values; empty for the others.
    pub numbers: Vec<Shelf<f64>>,
    /// Where what does not fit into memory lies, if memory is limited and something does not.
    pub spill: Option<Arc<Spill>>,
}

/// Records that can be linked together: one bit of their numbers is free for a mark.
pub const MOST: usize = (1 << 31) - 1;

/// Records whose columns are looked at one after the other before what that brought into memory is counted.
const STRETCH: usize = 1 << 12;

impl Records {
    /// No records, of columns of these kinds.
    #[must_use]
    pub fn empty(kinds: &[ColumnKind], domains: &[Option<usize>]) -> Self {
        let count = domains.iter().flatten().max().map_or(0, |largest| largest + 1);
        Self {
            stride: kinds.len(),
            domain_of: domains.to_vec(),
            domains: (0..count).map(|_| Domain::default()).collect(),
            numbers: kinds.iter().map(|_| Shelf::default()).collect(),
            ..Self::default()
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Bytes of memory that they take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let domains = self.domains.iter().chain([&self.ids]).map(Domain::bytes).sum::<u64>();
        let table = (self.table.capacity() * size_of::<u16>()) as u64;
        domains + table + self.keys.bytes() + self.id.bytes() + self.bytes_of_rows()
    }

    /// Bytes of memory that the rows take.
    pub(crate) fn bytes_of_rows(&self) -> u64 {
        let numbers = self.numbers.iter().map(Shelf::bytes).sum::<u64>();
        numbers + self.cells.bytes() + self.narrow.as_ref().map_or(0, Narrow::bytes)
    }

    /// Bytes that wide rows would take, and narrow ones, if they were in memory.
    pub(crate) fn bytes_of_rows_in_memory(&self) -> [u64; 2] {
        let numbers = (self.numbers.iter().map(Shelf::len).sum::<usize>() * size_of::<f64>()) as u64;
        let wide = (self.len() * self.stride * size_of::<u32>()) as u64;
        [wide + numbers, narrow::bytes_of(&self.largest(), self.len()) + numbers]
    }

    /// The largest number that a cell of each column can hold.
    fn largest(&self) -> Vec<u32> {
        let truth = 2;
        let largest = |domain: &Option<usize>| domain.map_or(truth, |domain| self.domains[domain].len() as u32 - 1);
        self.domain_of.iter().map(largest).collect()
    }

    /// Puts all that lies in memory into files, as far as it is not looked for by its text or its number.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        self.shelve_cold(spill, &[])?;
        self.shelve_texts(spill, &[])?;
        self.narrow(Some(spill))?;
        self.numbers.iter_mut().try_for_each(|numbers| numbers.shelve(spill))
    }

    /// Puts into files what is seldom looked at: keys, ids and texts, but for the domains in `hot` and the rows that are
    /// compared.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve_cold(&mut self, spill: &Arc<Spill>, hot: &[usize]) -> Result<()> {
        self.close(spill);
        self.shelve_texts(spill, hot)?;
        self.keys.shelve(spill)?;
        self.id.shelve(spill)
    }

    /// Gives up what is needed to change records, until [`open`](Self::open).
    pub(crate) fn close(&mut self, spill: &Arc<Spill>) {
        self.domains.iter_mut().chain([&mut self.ids]).for_each(Domain::close);
        self.spill = Some(Arc::clone(spill));
    }

    /// Makes the rows narrow: in memory, or in a file where there is a place for files.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn narrow(&mut self, spill: Option<&Arc<Spill>>) -> Result<()> {
        if self.narrow.is_none() {
            let stretches = self.cells.stretches(STRETCH * self.stride.max(1));
            self.narrow = Some(Narrow::new(&self.largest(), self.len(), stretches, spill)?);
            self.cells = Shelf::default();
        }
        if spill.is_none() {
            self.numbers.iter_mut().for_each(|numbers| _ = numbers.in_memory());
        }
        Ok(())
    }

    /// Brings the rows into memory, where they can be changed.
    pub(crate) fn unshelve_rows(&mut self) {
        if let Some(narrow) = self.narrow.take() {
            let cells = self.cells.in_memory();
            cells.reserve_exact(self.keys.len() * self.stride);
            for start in (0..self.keys.len()).step_by(STRETCH) {
                let end = self.keys.len().min(start + STRETCH);
                let stretch = narrow.stretch(start..end);
                (start..end).for_each(|record| stretch.append(record, cells));
            }
        }
        self.cells.in_memory();
        self.numbers.iter_mut().for_each(|numbers| _ = numbers.in_memory());
    }

    /// Brings what records are called into memory.
    pub(crate) fn unshelve_ids(&mut self) {
        self.id.in_memory();
        self.ids.unshelve();
    }

    /// Makes records that can be changed of those that were put into files.
    pub(crate) fn open(&mut self) {
        if self.spill.is_some() {
            self.keys.in_memory();
            self.id.in_memory();
            self.unshelve_rows();
            self.domains.iter_mut().for_each(Domain::open);
        }
    }

    /// Puts the texts of values and ids into files, but for the latest of each and those of the domains in `hot`.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve_texts(&mut self, spill: &Arc<Spill>, hot: &[usize]) -> Result<()> {
        let domains = self.domains.iter_mut().enumerate().filter(|(number, _)| !hot.contains(number));
        domains.map(|(_, domain)| domain).chain([&mut self.ids]).try_for_each(|domain| domain.shelve(spill))
    }

    /// Tells each record and its number in a column, record after record.
    #[inline]
    pub fn each(&self, column: usize, mut tell: impl FnMut(u32, u32)) {
        if let Some(narrow) = &self.narrow {
            for records in ranges_of(0..self.len()) {
                let first = records.start as u32;
                (first..).zip(narrow.stretch(records).column(column)).for_each(|(record, cell)| tell(record, cell));
            }
            return;
        }
        let stride = self.stride.max(1);
        let mut record = 0;
        for stretch in self.cells.chunks(STRETCH * stride) {
            self.cells.looked(stretch.len());
            for row in stretch.chunks_exact(stride) {
                tell(record, row[column]);
                record += 1;
            }
        }
    }

    /// Wide rows of some records, one after the other; none where rows are narrow.
    pub fn rows(&self, records: Range<usize>) -> impl Iterator<Item = &[u32]> + '_ {
        let stride = self.stride.max(1);
        let cells: &[u32] = match self.narrow {
            Some(_) => &[],
            None => &self.cells[records.start * self.stride..records.end * self.stride],
        };
        cells.chunks(STRETCH * stride).flat_map(move |stretch| {
            self.cells.looked(stretch.len());
            stretch.chunks_exact(stride)
        })
    }

    /// Narrow rows of some records, one stretch after the other; none where rows are wide.
    pub fn narrow_rows(&self, records: Range<usize>) -> impl Iterator<Item = Stretch<'_>> + '_ {
        let narrow = self.narrow.iter();
        narrow.flat_map(move |narrow| ranges_of(records.clone()).map(|records| narrow.stretch(records)))
    }

    /// The row of a record.
    #[inline]
    #[must_use]
    pub fn row(&self, record: u32) -> Row<'_> {
        match &self.narrow {
            None => Row::Lying(self.wide(record)),
            Some(narrow) => narrow.row(record),
        }
    }

    #[inline]
    fn wide(&self, record: u32) -> &[u32] {
        let start = record as usize * self.stride;
        &self.cells[start..start + self.stride]
    }

    /// One cell of a record's row.
    #[inline]
    #[must_use]
    pub fn cell(&self, record: u32, column: usize) -> u32 {
        match &self.narrow {
            None => self.cells[record as usize * self.stride + column],
            Some(narrow) => narrow.cell(record, column),
        }
    }

    /// Looks at rows that are about to be compared, and at the numbers that go with them. Memory is waited for once for all
    /// of them, since none of what is read depends on another, instead of for each when its turn comes.
    pub fn fetch(&self, records: &[u32]) {
        let last = self.stride.saturating_sub(1);
        match &self.narrow {
            Some(narrow) => narrow.fetch(records),
            None => {
                let sum = records.iter().fold(0, |sum, record| {
                    let row = self.wide(*record);
                    sum ^ row.first().copied().unwrap_or_default() ^ row.get(last).copied().unwrap_or_default()
                });
                black_box(sum);
            }
        }
        for numbers in self.numbers.iter().filter(|numbers| numbers.bytes() > 0) {
            black_box(records.iter().fold(0, |sum, record| sum ^ numbers[*record as usize].to_bits()));
        }
    }

    /// Text of a cell.
    #[must_use]
    pub fn text(&self, column: usize, record: u32) -> Option<&str> {
        let domain = &self.domains[self.domain_of[column]?];
        let code = self.cell(record, column);
        (code != NULL).then(|| domain.text(code))
    }

    /// The id of a record in its table.
    #[must_use]
    pub fn id_of(&self, record: u32) -> &str {
        self.ids.text(self.id[record as usize])
    }

    /// The table of a record.
    #[must_use]
    pub fn table_of(&self, record: u32) -> &str {
        &self.tables[usize::from(self.table[record as usize])]
    }

    /// How often each value of a column's domain stands in that column.
    #[must_use]
    pub fn frequencies(&self, column: usize) -> Vec<u32> {
        let Some(domain) = self.domain_of[column] else { return Vec::new() };
        let mut counts = vec![0; self.domains[domain].len()];
        self.each(column, |_, code| counts[code as usize] += 1);
        counts[NULL as usize] = 0;
        counts
    }
}

/// Records cut into stretches.
fn ranges_of(records: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = records.end;
    records.step_by(STRETCH).map(move |start| start..end.min(start + STRETCH))
}

/// The rows of some records, at hand for many looks at them.
#[derive(Debug)]
pub struct Gathered<'a> {
    records: &'a Records,
    members: &'a [u32],
    /// Made of narrow rows.
    made: Vec<u32>,
}

impl<'a> Gathered<'a> {
    /// No rows yet.
    #[must_use]
    pub const fn new(records: &'a Records) -> Self {
        Self { records, members: &[], made: Vec::new() }
    }

    /// Takes up the rows of other records.
    #[inline]
    pub fn gather(&mut self, members: &'a [u32]) {
        self.members = members;
        if let Some(narrow) = &self.records.narrow {
            self.made.clear();
            members.iter().for_each(|record| narrow.append(*record, &mut self.made));
        }
    }

    /// The row of one of them, by its place.
    #[inline]
    #[must_use]
    pub fn row(&self, place: usize) -> &[u32] {
        match self.records.narrow {
            None => self.records.wide(self.members[place]),
            Some(_) => &self.made[place * self.records.stride..(place + 1) * self.records.stride],
        }
    }
}
