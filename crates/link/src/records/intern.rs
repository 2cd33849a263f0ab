//! Text by number: every distinct value of a domain is kept once.

use hashbrown::HashTable;
use jingwei_model::hash::hash64;

use crate::compare::Prepared;

/// The number of a value that is missing.
pub const NULL: u32 = 0;

/// The distinct values of one or several columns. Number 0 stands for a missing value.
#[derive(Debug)]
pub struct Domain {
    /// Half of each value's hash beside its number: what differs is told apart without looking at the texts.
    table: HashTable<(u32, u32)>,
    halves: Vec<u32>,
    ends: Vec<usize>,
    texts: String,
    prepared: Prepared,
}

impl Default for Domain {
    fn default() -> Self {
        Self {
            table: HashTable::new(),
            halves: vec![0],
            ends: vec![0],
            texts: String::new(),
            prepared: Prepared::default(),
        }
    }
}

/// A place in the table for half a hash: all bits of the place depend on all bits of the half.
const fn spread(half: u32) -> u64 {
    let wide = (half as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    wide ^ wide >> 32
}

impl Domain {
    /// The number of a value; a new one when it was not seen before. Blank text is a missing value.
    pub fn intern(&mut self, value: &str) -> u32 {
        if is_blank(value) {
            return NULL;
        }
        let half = (hash64(value.as_bytes()) >> 32) as u32;
        if let Some(code) = self.place(value, half) {
            return code;
        }
        let code = self.append(value, half);
        self.table.insert_unique(spread(half), (half, code), |entry| spread(entry.0));
        code
    }

    /// Adds a value without asking whether it is there; it cannot be found by its text. For values that stand once.
    pub fn push(&mut self, value: &str) -> u32 {
        if is_blank(value) { NULL } else { self.append(value, 0) }
    }

    fn append(&mut self, value: &str, half: u32) -> u32 {
        let code = self.ends.len() as u32;
        self.texts.push_str(value);
        self.ends.push(self.texts.len());
        self.halves.push(half);
        code
    }

    fn place(&self, value: &str, half: u32) -> Option<u32> {
        let same = |entry: &(u32, u32)| entry.0 == half && self.text(entry.1) == value;
        self.table.find(spread(half), same).map(|entry| entry.1)
    }

    /// Makes room for more values, so that growth does not come at the expense of one that is in a hurry.
    pub fn reserve(&mut self, values: usize) {
        let bytes = self.texts.len() / self.ends.len().max(1) * values;
        self.texts.reserve(bytes);
        self.ends.reserve(values);
        self.halves.reserve(values);
        self.table.reserve(values, |entry| spread(entry.0));
    }

    /// The number of a value that is known.
    #[must_use]
    pub fn find(&self, value: &str) -> Option<u32> {
        self.place(value, (hash64(value.as_bytes()) >> 32) as u32)
    }

    /// The text of a number; empty for a missing value.
    #[inline]
    #[must_use]
    pub fn text(&self, code: u32) -> &str {
        if code == NULL {
            return "";
        }
        let code = code as usize;
        &self.texts[self.ends[code - 1]..self.ends[code]]
    }

    /// The hash of a number's text: the same in every run, unlike the number.
    #[must_use]
    pub fn hash(&self, code: u32) -> u64 {
        hash64(self.text(code).as_bytes())
    }

    /// The upper half of that hash, kept at hand for values that were interned.
    #[inline]
    #[must_use]
    pub fn half(&self, code: u32) -> u32 {
        self.halves[code as usize]
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

    /// Bytes that the values take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let table = self.table.allocation_size();
        (table + self.halves.len() * 4 + self.ends.len() * size_of::<usize>() + self.texts.len()) as u64
    }

    /// What the kernels keep of the values.
    #[inline]
    #[must_use]
    pub const fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}

fn is_blank(value: &str) -> bool {
    // What begins with a letter or a digit is not blank; that is nearly all there is.
    value.as_bytes().first().is_none_or(|first| !first.is_ascii_alphanumeric()) && value.trim().is_empty()
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
