//! A few records taken out of many, in the order of their keys, with values numbered anew: what the functions of the
//! batch work on, at a cost that depends on these few alone.

use hashbrown::HashMap;

use crate::records::{NULL, Records, Shelf};

/// Some of the records.
#[derive(Debug)]
pub struct World {
    /// Which ones, in the order of their keys.
    pub slots: Vec<u32>,
    /// They themselves, in that order.
    pub records: Records,
    places: HashMap<u32, u32>,
}

impl World {
    /// Takes these records out of all.
    #[must_use]
    pub fn of(all: &Records, mut slots: Vec<u32>) -> Self {
        slots.sort_unstable_by_key(|slot| all.keys[*slot as usize]);
        slots.dedup();
        let mut records = all.without_rows();
        for slot in &slots {
            push(&mut records, all, *slot);
            records.id.in_memory().push(NULL);
        }
        let places = slots.iter().enumerate().map(|(place, slot)| (*slot, place as u32)).collect();
        Self { slots, records, places }
    }

    /// The place of a record here; it must be one of those taken.
    #[must_use]
    pub fn place(&self, slot: u32) -> u32 {
        self.places.get(&slot).copied().unwrap_or_default()
    }

    /// The places of two records, in the order of their keys.
    #[must_use]
    pub fn pair(&self, one: u32, other: u32) -> (u32, u32) {
        let (one, other) = (self.place(one), self.place(other));
        (one.min(other), one.max(other))
    }

    /// Whether a record is among them.
    #[must_use]
    pub fn holds(&self, slot: u32) -> bool {
        self.places.contains_key(&slot)
    }
}

impl Records {
    /// The same tables and columns, no records and no values.
    #[must_use]
    pub(super) fn without_rows(&self) -> Self {
        Self {
            tables: self.tables.clone(),
            stride: self.stride,
            domain_of: self.domain_of.clone(),
            domains: self.domains.iter().map(|_| Default::default()).collect(),
            numbers: self.numbers.iter().map(|_| Shelf::default()).collect(),
            ..Self::default()
        }
    }

    /// Makes room for an eighth more records.
    pub(super) fn reserve(&mut self) {
        let more = self.len() / 8 + 1024;
        self.keys.in_memory().reserve(more);
        self.table.reserve(more);
        self.id.in_memory().reserve(more);
        self.ids.reserve(more);
        self.cells.in_memory().reserve(more * self.stride);
        let numbers = self.numbers.iter_mut().filter(|values| !values.is_empty());
        numbers.for_each(|values| values.in_memory().reserve(more));
        for domain in &mut self.domains {
            domain.reserve(domain.len() / 8 + 16);
        }
    }

    /// The row of a record of `from`, which has the same columns, in the numbers of these records' values.
    fn translated(&mut self, from: &Self, record: u32) -> Vec<u32> {
        let row = from.row(record);
        (0..self.stride)
            .map(|column| match from.domain_of[column] {
                _ if row[column] == NULL => NULL,
                Some(domain) => self.domains[domain].intern(from.domains[domain].text(row[column])),
                None => row[column],
            })
            .collect()
    }

    /// Puts the values of a record of `from` in the place of one here.
    pub(super) fn replace(&mut self, place: u32, from: &Self, record: u32) {
        let row = self.translated(from, record);
        let start = place as usize * self.stride;
        self.cells.in_memory()[start..start + self.stride].copy_from_slice(&row);
        for (here, there) in self.numbers.iter_mut().zip(&from.numbers) {
            if let (Some(here), Some(there)) = (here.in_memory().get_mut(place as usize), there.get(record as usize)) {
                *here = *there;
            }
        }
    }

    /// Whether a record here says the same as one of `from`.
    #[must_use]
    pub(super) fn says_the_same(&self, place: u32, from: &Self, record: u32) -> bool {
        let (here, there) = (self.row(place), from.row(record));
        let cells = (0..self.stride).all(|column| match self.domain_of[column] {
            Some(domain) => self.domains[domain].text(here[column]) == from.domains[domain].text(there[column]),
            None => here[column] == there[column],
        });
        let bits = |values: &Shelf<f64>, place: u32| values.get(place as usize).map(|value| value.to_bits());
        cells && self.numbers.iter().zip(&from.numbers).all(|(here, there)| bits(here, place) == bits(there, record))
    }
}

/// Adds a record of `from`; its id is for the caller to add.
pub fn push(into: &mut Records, from: &Records, record: u32) {
    let row = into.translated(from, record);
    into.cells.in_memory().extend(row);
    into.keys.in_memory().push(from.keys[record as usize]);
    into.table.push(from.table[record as usize]);
    for (here, there) in into.numbers.iter_mut().zip(&from.numbers) {
        here.in_memory().extend(there.get(record as usize));
    }
}
