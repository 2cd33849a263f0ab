//! What edges connect: a forest of disjoint sets (Tarjan, *Efficiency of a Good But Not Linear Set Union
//! Algorithm*, 1975), whose roots are the smallest records of their sets.
//!
//! Nothing here takes time but waiting for memory, since edges connect records that lie anywhere. So a set's size stands in the
//! place of its root, where whoever looks for the one finds the other.

use std::hint::{self, black_box};

/// Marks a root: the other bits are how many records its set has. There are fewer, see [`MOST`](crate::records::MOST).
const ROOT: u32 = 1 << 31;

/// Edges whose ends are looked at together before the first of them is followed.
const TOGETHER: usize = 64;

/// Disjoint sets of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// Of a root how many records its set has, marked; of any other record its root.
    slots: Vec<u32>,
}

/// Sets that edges are still connecting: what is above a record need not be its root yet.
#[derive(Debug)]
pub struct Connecting(Sets);

impl Connecting {
    /// A set a record.
    pub fn alone(count: usize) -> Self {
        Self(Sets { slots: vec![ROOT | 1; count] })
    }

    /// Connects sets by edges between their records.
    pub fn connect(&mut self, mut edges: impl Iterator<Item = (u32, u32)>) {
        let Self(sets) = self;
        let mut some = Vec::with_capacity(TOGETHER);
        loop {
            some.clear();
            some.extend(edges.by_ref().take(TOGETHER));
            if some.is_empty() {
                break;
            }
            let above = |record: u32| sets.slots[sets.root(record) as usize];
            black_box(some.iter().fold(0, |sum, (left, right)| sum ^ above(*left) ^ above(*right)));
            some.iter().for_each(|(left, right)| sets.unite(*left, *right));
        }
    }

    /// The sets.
    pub fn finish(self) -> Sets {
        let Self(mut sets) = self;
        // Whoever is above a record is smaller, so that its own slot is its root already. Whether a record is a root itself
        // makes no difference here, and nobody could foretell it.
        for record in 0..sets.len() as u32 {
            let up = sets.root(record);
            let top = sets.root(up);
            if top != up {
                sets.slots[record as usize] = top;
            }
        }
        sets
    }
}

impl Sets {
    /// The sets of so many records that edges connect.
    pub fn of(count: usize, edges: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut sets = Connecting::alone(count);
        sets.connect(edges);
        sets.finish()
    }

    fn find(&mut self, mut record: u32) -> u32 {
        loop {
            let up = self.slots[record as usize];
            if up & ROOT != 0 {
                return record;
            }
            let above = self.slots[up as usize];
            if above & ROOT != 0 {
                return up;
            }
            self.slots[record as usize] = above;
            record = above;
        }
    }

    fn unite(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find(left), self.find(right));
        if left != right {
            let (low, high) = (left.min(right), left.max(right));
            self.slots[low as usize] += self.slots[high as usize] & !ROOT;
            self.slots[high as usize] = low;
        }
    }

    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// The smallest record of a record's set.
    #[inline]
    pub fn root(&self, record: u32) -> u32 {
        let slot = self.slots[record as usize];
        // Half of all records are roots, in no order: what nobody can foretell is chosen without a branch.
        hint::select_unpredictable(slot & ROOT == 0, slot, record)
    }

    /// How many records are in the set of a root.
    #[inline]
    pub fn size_of_root(&self, root: u32) -> u32 {
        self.slots[root as usize] & !ROOT
    }

    /// How many records are in a record's set.
    #[inline]
    pub fn size_around(&self, record: u32) -> u32 {
        self.size_of_root(self.root(record))
    }

    /// How many records the largest set has.
    pub fn largest(&self) -> u32 {
        self.slots.iter().filter(|slot| **slot & ROOT != 0).map(|slot| slot & !ROOT).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_is_whom_edges_connect_and_knows_its_smallest_record_and_its_size(
            edges in prop::collection::vec((0..40_u32, 0..40_u32), 0..60),
        ) {
            let sets = Sets::of(40, edges.iter().copied());
            let mut later = Connecting::alone(40);
            edges.chunks(7).for_each(|some| later.connect(some.iter().copied()));
            prop_assert_eq!(&later.finish(), &sets);
            // By hand: labels spread along edges until nothing changes.
            let mut labels = (0..40_u32).collect::<Vec<_>>();
            for _ in 0..40 {
                for (left, right) in &edges {
                    let least = labels[*left as usize].min(labels[*right as usize]);
                    labels[*left as usize] = least;
                    labels[*right as usize] = least;
                }
            }
            let mut members: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            (0..40).for_each(|record| _ = members.entry(labels[record as usize]).or_default().insert(record));
            for record in 0..40 {
                let root = labels[record as usize];
                prop_assert_eq!(sets.root(record), root);
                prop_assert_eq!(sets.size_around(record), members[&root].len() as u32);
            }
            prop_assert_eq!(sets.largest() as usize, members.values().map(BTreeSet::len).max().unwrap());
        }
    }
}
