//! Addresses without levels: found by their settled spelling.

use hashbrown::HashTable;
use jingwei_model::hash::hash64;

use super::texts::Texts;
use crate::functions::plain;

/// Rows by settled spelling.
#[derive(Debug, Default)]
pub(super) struct PlainIndex {
    table: HashTable<u32>,
}

impl PlainIndex {
    /// An index over spellings.
    pub fn new(canonical: &Texts) -> Self {
        let hash = |row: &u32| hash64(plain(canonical.get(*row)).as_bytes());
        let mut table = HashTable::with_capacity(canonical.len());
        for row in 0..canonical.len() as u32 {
            table.insert_unique(hash(&row), row, hash);
        }
        Self { table }
    }

    /// The rows that a text spells, in order.
    pub fn find(&self, text: &str, canonical: &Texts) -> Vec<u32> {
        let text = plain(text);
        if text.is_empty() {
            return Vec::new();
        }
        let rows = self.table.iter_hash(hash64(text.as_bytes())).copied();
        let mut rows: Vec<u32> = rows.filter(|row| plain(canonical.get(*row)) == text).collect();
        rows.sort_unstable();
        rows
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.table.allocation_size()
    }
}
