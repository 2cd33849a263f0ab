//! The records in columns of numbers: every distinct text is kept once, a record is a short row of numbers.

mod bucket;
mod intern;
mod load;
mod shelf;
mod texts;

use std::ops::Range;
use std::sync::Arc;

pub use intern::{Domain, NULL};
pub use load::{Input, Layout, load, read, record_key};
pub use shelf::{Filling, Shelf, Spill};

use crate::Result;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Row-major numbers: `stride` for each record.
    pub cells: Shelf<u32>,
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
        let numbers = self.numbers.iter().map(Shelf::bytes).sum::<u64>();
        let table = (self.table.capacity() * size_of::<u16>()) as u64;
        domains + numbers + table + self.keys.bytes() + self.id.bytes() + self.cells.bytes()
    }

    /// Puts all that lies in memory into files, as far as it is not looked for by its text or its number.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        self.shelve_cold(spill)?;
        self.cells.shelve(spill)?;
        self.numbers.iter_mut().try_for_each(|numbers| numbers.shelve(spill))
    }

    /// Puts into files what is seldom looked at: texts, keys and ids, but not the rows that are compared.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve_cold(&mut self, spill: &Arc<Spill>) -> Result<()> {
        self.shelve_texts(spill)?;
        self.keys.shelve(spill)?;
        self.id.shelve(spill)?;
        self.domains.iter_mut().for_each(Domain::close);
        self.spill = Some(Arc::clone(spill));
        Ok(())
    }

    /// Bytes of the rows, wherever they lie.
    pub(crate) fn bytes_of_rows(&self) -> u64 {
        let numbers = self.numbers.iter().map(Shelf::len).sum::<usize>();
        (self.cells.len() * size_of::<u32>() + numbers * size_of::<f64>()) as u64
    }

    /// Brings the rows into memory.
    pub(crate) fn unshelve_rows(&mut self) {
        self.cells.in_memory();
        self.numbers.iter_mut().for_each(|numbers| _ = numbers.in_memory());
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

    /// Puts the texts of values and ids into files, but for the latest of each.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) fn shelve_texts(&mut self, spill: &Arc<Spill>) -> Result<()> {
        self.domains.iter_mut().chain([&mut self.ids]).try_for_each(|domain| domain.shelve(spill))
    }

    /// The numbers of a column, record after record.
    pub fn column(&self, column: usize) -> impl Iterator<Item = u32> + '_ {
        let stride = self.stride.max(1);
        self.cells.chunks(STRETCH * stride).flat_map(move |stretch| {
            self.cells.looked(stretch.len());
            stretch.iter().skip(column).step_by(stride).copied()
        })
    }

    /// The rows of some records, one after the other.
    pub fn rows(&self, records: Range<usize>) -> impl Iterator<Item = &[u32]> + '_ {
        let stride = self.stride.max(1);
        let stretches = self.cells[records.start * self.stride..records.end * self.stride].chunks(STRETCH * stride);
        stretches.flat_map(move |stretch| {
            self.cells.looked(stretch.len());
            stretch.chunks_exact(stride)
        })
    }

    /// The row of a record.
    #[inline]
    #[must_use]
    pub fn row(&self, record: u32) -> &[u32] {
        let start = record as usize * self.stride;
        &self.cells[start..start + self.stride]
    }

    /// Looks at rows that are about to be compared. Memory is waited for once for all of them, since none of what is read
    /// depends on another, instead of for each when its turn comes.
    pub fn fetch(&self, records: &[u32]) {
        let last = self.stride.saturating_sub(1);
        let sum = records.iter().fold(0, |sum, record| {
            let row = self.row(*record);
            sum ^ row.first().copied().unwrap_or_default() ^ row.get(last).copied().unwrap_or_default()
        });
        std::hint::black_box(sum);
    }

    /// Text of a cell.
    #[must_use]
    pub fn text(&self, column: usize, record: u32) -> Option<&str> {
        let domain = &self.domains[self.domain_of[column]?];
        let code = self.row(record)[column];
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
        for code in self.column(column) {
            counts[code as usize] += 1;
        }
        counts[NULL as usize] = 0;
        counts
    }
}
