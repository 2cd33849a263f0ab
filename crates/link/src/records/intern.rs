//! Text by number: every distinct value of a domain is kept once.

use hashbrown::HashTable;
use jingwei_model::hash::hash64;

/// The number of a value that is missing.
pub const NULL: u32 = 0;

/// The distinct values of one or several columns. Number 0 stands for a missing value.
#[derive(Debug)]
pub struct Domain {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Default for Domain {
    fn default() -> Self {
        Self { table: HashTable::new(), hashes: vec![0], ends: vec![0], bytes: Vec::new() }
    }
}

impl Domain {
    /// The number of a value; a new one when it was not seen before. Blank text is a missing value.
    pub fn intern(&mut self, value: &str) -> u32 {
        if value.is_empty() || value.trim().is_empty() {
            return NULL;
        }
        let hash = hash64(value.as_bytes());
        let (hashes, ends, bytes) = (&self.hashes, &self.ends, &self.bytes);
        let same = |code: &u32| {
            let code = *code as usize;
            hashes[code] == hash && &bytes[ends[code - 1]..ends[code]] == value.as_bytes()
        };
        if let Some(code) = self.table.find(hash, same) {
            return *code;
        }
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(value.as_bytes());
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.table.insert_unique(hash, code, |code| hashes[*code as usize]);
        code
    }

    /// Makes room for more values, so that growth does not come at the expense of one that is in a hurry.
    pub fn reserve(&mut self, values: usize) {
        let bytes = self.bytes.len() / self.ends.len().max(1) * values;
        self.bytes.reserve(bytes);
        self.ends.reserve(values);
        self.hashes.reserve(values);
        let hashes = &self.hashes;
        self.table.reserve(values, |code| hashes[*code as usize]);
    }

    /// The number of a value that is known.
    #[must_use]
    pub fn find(&self, value: &str) -> Option<u32> {
        let hash = hash64(value.as_bytes());
        self.table.find(hash, |code| self.hashes[*code as usize] == hash && self.text(*code) == value).copied()
    }

    /// The text of a number; empty for a missing value.
    #[must_use]
    pub fn text(&self, code: u32) -> &str {
        if code == NULL {
            return "";
        }
        let code = code as usize;
        // Only whole texts are ever put in.
        std::str::from_utf8(&self.bytes[self.ends[code - 1]..self.ends[code]]).unwrap_or_default()
    }

    /// The hash of a number's text: the same in every run, unlike the number.
    #[must_use]
    pub fn hash(&self, code: u32) -> u64 {
        self.hashes[code as usize]
    }

    /// How many numbers there are, the missing value's among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_texts_and_only_they_share_a_number(values in prop::collection::vec("[ab ]{0,3}", 0..40)) {
            let mut domain = Domain::default();
            let codes = values.iter().map(|value| domain.intern(value)).collect::<Vec<_>>();
            for (a, code) in values.iter().zip(&codes) {
                if a.trim().is_empty() {
                    prop_assert_eq!(*code, NULL);
                    continue;
                }
                prop_assert_eq!(domain.text(*code), a);
                prop_assert_eq!(domain.find(a), Some(*code));
                for (b, other) in values.iter().zip(&codes) {
                    prop_assert_eq!(a == b, code == other);
                }
            }
        }
    }
}
