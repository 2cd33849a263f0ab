//! The records in columns of numbers: every distinct text is kept once, a record is a short row of numbers.

mod intern;
mod load;

pub use intern::{Domain, NULL};
pub use load::{Input, load, read, record_key};

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
    pub keys: Vec<u128>,
    /// Table of each record.
    pub table: Vec<u16>,
    /// Texts of the ids.
    pub ids: Domain,
    /// Number of each record's id.
    pub id: Vec<u32>,
    /// Row-major numbers: `stride` for each record.
    pub cells: Vec<u32>,
    /// Columns of a row.
    pub stride: usize,
    /// For each column its domain; none for flags and numbers.
    pub domain_of: Vec<Option<usize>>,
    /// The domains.
    pub domains: Vec<Domain>,
    /// For each column of numbers its values; empty for the others.
    pub numbers: Vec<Vec<f64>>,
}

impl Records {
    /// No records, of columns of these kinds.
    #[must_use]
    pub fn empty(kinds: &[ColumnKind], domains: &[Option<usize>]) -> Self {
        let count = domains.iter().flatten().max().map_or(0, |largest| largest + 1);
        Self {
            stride: kinds.len(),
            domain_of: domains.to_vec(),
            domains: (0..count).map(|_| Domain::default()).collect(),
            numbers: kinds.iter().map(|_| Vec::new()).collect(),
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

    /// Bytes that they take, and take for a while twice when they are put in order.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let domains = self.domains.iter().chain([&self.ids]).map(Domain::bytes).sum::<u64>();
        let numbers = self.numbers.iter().map(Vec::len).sum::<usize>() * 8;
        domains + (2 * (self.cells.len() * 4 + numbers) + self.len() * 22) as u64
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
        for code in self.cells.iter().skip(column).step_by(self.stride.max(1)) {
            counts[*code as usize] += 1;
        }
        counts[NULL as usize] = 0;
        counts
    }
}
