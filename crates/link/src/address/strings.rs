//! Every text of the index once, under a number.

use hashbrown::HashTable;
use jingwei_model::hash::hash64;

/// No text.
pub const NONE: u32 = u32::MAX;
/// A text that no standard address has.
pub const UNKNOWN: u32 = u32::MAX - 1;

/// Texts by number and numbers by text.
#[derive(Debug, Clone, Default)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

impl Strings {
    /// The text of a number; empty for one that stands for none.
    pub fn get(&self, id: u32) -> &str {
        let Some(end) = self.ends.get(id as usize) else { return "" };
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.text[start as usize..*end as usize]
    }

    /// The number of a text: [`NONE`] if it is empty, [`UNKNOWN`] if it was never added.
    pub fn find(&self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let found = self.table.find(hash64(text.as_bytes()), |id| self.get(*id) == text);
        found.copied().unwrap_or(UNKNOWN)
    }

    /// The number of a text, which is added if it is new.
    pub fn add(&mut self, text: &str) -> u32 {
        let known = self.find(text);
        if known != UNKNOWN {
            return known;
        }
        let id = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        let Self { text: all, ends, table } = self;
        table.insert_unique(hash64(text.as_bytes()), id, |id| {
            let start = id.checked_sub(1).map_or(0, |before| ends[before as usize]);
            hash64(&all.as_bytes()[start as usize..ends[*id as usize] as usize])
        });
        id
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_one_number_each() {
        let mut strings = Strings::default();
        let first = strings.add("阜通东大街");
        assert_eq!((strings.add("阜通东大街"), strings.find("阜通东大街")), (first, first));
        assert_ne!(strings.add("望京街"), first);
        assert_eq!(strings.get(first), "阜通东大街");
        assert_eq!((strings.find("广顺北大街"), strings.find(""), strings.get(NONE)), (UNKNOWN, NONE, ""));
    }
}
