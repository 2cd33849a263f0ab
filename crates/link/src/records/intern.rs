//! Text by number: every distinct value of a domain is kept once.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{Array, StringArray};
use foldhash::quality::FixedState;
use jingwei_model::hash::hash64;

use super::shelf::Spill;
use super::texts::Texts;
use crate::Result;
use crate::compare::Prepared;

/// The number of a value that is missing.
pub const NULL: u32 = 0;

/// So many values are looked up together.
const TOGETHER: usize = 256;

/// The hash of the checks, which outlive no run.
const CHECK: FixedState = FixedState::with_seed(0x9E37_79B9_7F4A_7C15);

/// The distinct values of one or several columns. Number 0 stands for a missing value.
#[derive(Debug)]
pub struct Domain {
    table: Table,
    halves: Vec<u32>,
    /// Further 64 bits of the values' hashes while values are read: they tell as surely who is who, and nothing waits for
    /// a text, which lies elsewhere in memory or in a file. None when all have been read.
    checks: Option<Vec<u64>>,
    /// The values by their numbers; that of a missing value is empty.
    texts: Texts,
    prepared: Prepared,
}

impl Default for Domain {
    fn default() -> Self {
        let mut texts = Texts::default();
        texts.push("");
        Self {
            table: Table::default(),
            halves: vec![0],
            checks: Some(Vec::new()),
            texts,
            prepared: Prepared::default(),
        }
    }
}

/// Numbers by half of their texts' hashes, which stands beside them: what differs is told apart without looking at the
/// texts. Open addressing with linear probing; the place follows the half's order, so that growing moves entries to
/// where it has just been.
#[derive(Debug, Default)]
struct Table {
    /// The half in the upper 32 bits, the number in the lower; 0 is free.
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    /// Where a half belongs; the table has room.
    #[inline]
    fn home(&self, half: u32) -> usize {
        // All bits of the place depend on all bits of the half.
        let spread = u64::from(half).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (spread >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// Makes room for so many more: a quarter of the places stays free.
    fn reserve(&mut self, more: usize) {
        let wanted = self.used + more;
        if wanted * 4 <= self.slots.len() * 3 {
            return;
        }
        let old = std::mem::take(&mut self.slots);
        let places = (wanted * 4 / 3 + 1).next_power_of_two().max(16);
        // Written through at once: a page that comes zeroed from the system, and is first read at a place and then written,
        // is fetched twice, and every other thread interrupted.
        black_box(&mut self.slots).reserve_exact(places);
        self.slots.resize(places, 0);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            self.put(slot);
        }
    }

    fn put(&mut self, slot: u64) {
        let mut place = self.home((slot >> 32) as u32);
        while self.slots[place] != 0 {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = slot;
    }

    /// The number of a half for which `same` holds.
    #[inline]
    fn find(&self, half: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut place = self.home(half);
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == half && same(slot as u32) {
                return Some(slot as u32);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }
}

/// The half of a text's hash by which it is found.
#[inline]
fn half_of(value: &str) -> u32 {
    (hash64(value.as_bytes()) >> 32) as u32
}

impl Domain {
    /// The number of a value; a new one when it was not seen before. Blank text is a missing value.
    pub fn intern(&mut self, value: &str) -> u32 {
        if is_blank(value) { NULL } else { self.intern_by(value, half_of(value), NULL) }
    }

    /// Interns a value that is likely to have this number, if that is none of a missing value.
    fn intern_by(&mut self, value: &str, half: u32, likely: u32) -> u32 {
        let check = self.check_of(value);
        if likely != NULL && self.is(likely, value, check) {
            return likely;
        }
        if let Some(code) = self.place(value, half, check) {
            return code;
        }
        let code = self.append(value, half);
        if let Some(checks) = &mut self.checks {
            // What was only pushed is not found, and its check is never asked for.
            checks.resize(code as usize, 0);
            checks.push(check);
        }
        self.table.reserve(1);
        self.table.put(u64::from(half) << 32 | u64::from(code));
        self.table.used += 1;
        code
    }

    /// Interns a column: `put` is told each row that has a value, and the value's number.
    pub fn intern_all(&mut self, texts: &StringArray, mut put: impl FnMut(usize, u32)) {
        let mut found: Vec<(usize, u32, u32)> = Vec::with_capacity(TOGETHER);
        let mut row = 0;
        while row < texts.len() {
            found.clear();
            while row < texts.len() && found.len() < TOGETHER {
                if texts.is_valid(row) && !is_blank(texts.value(row)) {
                    found.push((row, half_of(texts.value(row)), NULL));
                }
                row += 1;
            }
            self.fetch(&mut found);
            for (row, half, likely) in &found {
                put(*row, self.intern_by(texts.value(*row), *half, *likely));
            }
        }
    }

    /// Looks at everything that finding these values will look at, and says which number each of them is likely to have.
    /// Memory is waited for once in a while instead of for each value after the other: what is read here depends on
    /// nothing that was read for another value.
    fn fetch(&self, found: &mut [(usize, u32, u32)]) {
        if self.table.slots.is_empty() {
            return;
        }
        black_box(found.iter().fold(0, |sum, (_, half, _)| sum ^ self.table.slots[self.table.home(*half)]));
        for (_, half, code) in found.iter_mut() {
            *code = self.table.find(*half, |_| true).unwrap_or(NULL);
        }
        if let Some(checks) = &self.checks {
            let check = |code: u32| checks.get(code as usize).copied().unwrap_or_default();
            black_box(found.iter().fold(0, |sum, (_, _, code)| sum ^ check(*code)));
            return;
        }
        let texts = found.iter().map(|(_, _, code)| self.texts.bytes(*code)).collect::<Vec<_>>();
        black_box(texts.iter().fold(0_u8, |sum, text| sum ^ text.first().copied().unwrap_or_default()));
    }

    /// Adds a value without asking whether it is there; it cannot be found by its text. For values that stand once.
    pub fn push(&mut self, value: &str) -> u32 {
        if is_blank(value) { NULL } else { self.append(value, 0) }
    }

    fn append(&mut self, value: &str, half: u32) -> u32 {
        self.halves.push(half);
        self.texts.push(value)
    }

    /// What tells texts apart whose halves are the same while values are read: 64 bits of another hash, 96 bits with the
    /// half's. Of 100 million values two are taken for one with a chance of 1 to 10^13.
    #[inline]
    fn check_of(&self, value: &str) -> u64 {
        if self.checks.is_none() {
            return 0;
        }
        let mut hasher = CHECK.build_hasher();
        hasher.write(value.as_bytes());
        hasher.finish()
    }

    #[inline]
    fn place(&self, value: &str, half: u32, check: u64) -> Option<u32> {
        self.table.find(half, |code| self.is(code, value, check))
    }

    /// Whether a number whose half is that of a value is the value's.
    #[inline]
    fn is(&self, code: u32, value: &str, check: u64) -> bool {
        match &self.checks {
            Some(checks) => checks[code as usize] == check,
            None => self.texts.bytes(code) == value.as_bytes(),
        }
    }

    /// Makes room for more values, so that growth does not come at the expense of one that is in a hurry.
    pub fn reserve(&mut self, values: usize) {
        self.texts.reserve(values);
        self.halves.reserve(values);
        self.table.reserve(values);
    }

    /// The number of a value that is known.
    #[must_use]
    pub fn find(&self, value: &str) -> Option<u32> {
        let check = self.check_of(value);
        self.place(value, half_of(value), check)
    }

    /// The text of a number; empty for a missing value.
    #[inline]
    #[must_use]
    pub fn text(&self, code: u32) -> &str {
        self.texts.get(code)
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
        self.halves.get(code as usize).copied().unwrap_or_default()
    }

    /// How many numbers there are, the missing value's among them.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.texts.len() == 1
    }

    /// Bytes of memory that the values take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let checks = self.checks.as_ref().map_or(0, Vec::capacity);
        let known = self.table.slots.len() * 8 + self.halves.capacity() * 4 + checks * 8;
        known as u64 + self.texts.memory()
    }

    /// Puts texts into files, but for the latest.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        self.texts.shelve(spill)
    }

    /// Bytes of the texts that lie in files.
    #[must_use]
    pub fn in_files(&self) -> u64 {
        self.texts.in_files()
    }

    /// Brings the texts into memory.
    pub fn unshelve(&mut self) {
        self.texts.unshelve();
    }

    /// Gives up the checks once values have been read: few are looked for from then on, and those by their texts.
    pub fn settle(&mut self) {
        self.checks = None;
    }

    /// Gives up finding values by their texts, which takes memory, until [`open`](Self::open).
    pub fn close(&mut self) {
        self.settle();
        // Texts that were only pushed, as ids are, are told apart by their numbers alone.
        if self.table.used == 0 && self.len() > 1 && self.halves.iter().all(|half| *half == 0) {
            self.halves = Vec::new();
        }
        self.halves.shrink_to_fit();
        // What was only pushed is not found and must not be after opening.
        if self.table.used + 1 == self.len() {
            self.table = Table::default();
        }
    }

    /// Finds values by their texts again.
    pub fn open(&mut self) {
        if self.table.used == 0 && self.halves.iter().skip(1).any(|half| *half != 0) {
            self.table.reserve(self.len());
            for code in 1..self.len() as u32 {
                self.table.put(u64::from(self.halves[code as usize]) << 32 | u64::from(code));
            }
            self.table.used = self.len() - 1;
        }
    }

    /// What the kernels keep of the values.
    #[inline]
    #[must_use]
    pub const fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}

fn is_blank(value: &str) -> bool {
    // What begins with a letter, a digit or a character from U+4000 on is not blank; that is nearly all there is.
    let filled = |first: &u8| first.is_ascii_alphanumeric() || *first > 0xe3;
    !value.as_bytes().first().is_some_and(filled) && value.trim().is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_found_wherever_their_texts_lie_while_they_are_read_and_afterwards() {
        let spill = Spill::new(std::env::temp_dir(), 1 << 16);
        let (mut domain, mut settled) = (Domain::default(), Domain::default());
        settled.settle();
        let value = |n: u32| format!("value {}", n.wrapping_mul(0x9E37_79B9) % 90_000);
        for n in 0..300_000 {
            if n == 120_000 || n == 200_000 {
                domain.shelve(&spill).unwrap();
                assert!(domain.in_files() > 0);
            }
            assert_eq!(domain.intern(&value(n)), settled.intern(&value(n)));
        }
        assert!(spill.written() > 0 && domain.find("value 90000").is_none());
        domain.close();
        domain.open();
        assert_eq!(domain.find(&value(17)), settled.find(&value(17)));
        assert_eq!(domain.intern("value 90000"), settled.intern("value 90000"));
        domain.unshelve();
        assert_eq!(domain.intern("value 90000"), domain.len() as u32 - 1);
    }

    #[test]
    fn values_that_are_only_pushed_are_not_found() {
        let mut domain = Domain::default();
        let pushed = domain.push("a");
        let interned = [domain.intern("b"), domain.intern("a")];
        domain.push("c");
        assert_eq!(
            [domain.find("b"), domain.find("a"), domain.find("c")],
            [Some(interned[0]), Some(interned[1]), None]
        );
        assert!(pushed < interned[0] && domain.intern("c") == domain.len() as u32 - 1);
        domain.settle();
        assert_eq!([domain.find("b"), domain.find("a")], interned.map(Some));
    }

    proptest! {
        #[test]
        fn a_column_gets_the_numbers_its_values_would_get_one_by_one(
            columns in prop::collection::vec(prop::collection::vec(prop::option::of("[a-d 王]{0,4}"), 0..600), 1..4),
        ) {
            let (mut one, mut all) = (Domain::default(), Domain::default());
            for column in columns {
                let singly = column.iter().map(|value| value.as_ref().map_or(NULL, |value| one.intern(value)));
                let singly = singly.collect::<Vec<_>>();
                let mut together = vec![NULL; column.len()];
                all.intern_all(&StringArray::from(column), |row, code| together[row] = code);
                prop_assert_eq!(singly, together);
            }
        }

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
