//! Names as a tree of characters: the longest name that begins at a place in one walk.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Multiplicative hash of one 64-bit key: edges are looked up for every character read.
#[derive(Default)]
pub(super) struct EdgeHasher(u64);

impl Hasher for EdgeHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        let mixed = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// Names, each with values.
#[derive(Debug, Clone)]
pub(super) struct Trie<V> {
    /// Nodes below the root by character; most places of a text are refused here.
    first: Vec<u32>,
    edges: HashMap<u64, u32, BuildHasherDefault<EdgeHasher>>,
    /// Values by node.
    values: Vec<Vec<V>>,
}

/// The root, and in `first` the absence of a node.
const ROOT: u32 = 0;

impl<V: Copy + PartialEq> Default for Trie<V> {
    fn default() -> Self {
        Self { first: vec![ROOT; 1 << 16], edges: HashMap::default(), values: vec![Vec::new()] }
    }
}

impl<V: Copy + PartialEq> Trie<V> {
    /// Adds a value to a name; a second time changes nothing.
    pub fn insert(&mut self, name: impl IntoIterator<Item = char>, value: V) {
        let mut node = ROOT;
        for character in name {
            node = match self.step(node, character) {
                Some(next) => next,
                None => self.grow(node, character),
            };
        }
        if node != ROOT && !self.values[node as usize].contains(&value) {
            self.values[node as usize].push(value);
        }
    }

    fn grow(&mut self, node: u32, character: char) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(Vec::new());
        match self.first.get_mut(character as usize) {
            Some(slot) if node == ROOT => *slot = next,
            _ => {
                self.edges.insert(edge(node, character), next);
            }
        }
        next
    }

    fn step(&self, node: u32, character: char) -> Option<u32> {
        if node == ROOT && (character as usize) < self.first.len() {
            return match self.first[character as usize] {
                ROOT => None,
                next => Some(next),
            };
        }
        self.edges.get(&edge(node, character)).copied()
    }

    /// The values of one name.
    pub fn get(&self, name: &[char]) -> &[V] {
        let mut node = ROOT;
        for character in name {
            match self.step(node, *character) {
                Some(next) => node = next,
                None => return &[],
            }
        }
        &self.values[node as usize]
    }

    /// Calls `found` with the end and the values of each name that begins at `start`, shortest first.
    pub fn each<'a>(&'a self, text: &[char], start: usize, mut found: impl FnMut(usize, &'a [V])) {
        let mut node = ROOT;
        for (place, character) in text.iter().enumerate().skip(start) {
            match self.step(node, *character) {
                Some(next) => node = next,
                None => return,
            }
            let values = &self.values[node as usize];
            if !values.is_empty() {
                found(place + 1, values);
            }
        }
    }
}

fn edge(node: u32, character: char) -> u64 {
    u64::from(node) << 32 | u64::from(character as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_begins_at_a_place_is_found() {
        let mut trie = Trie::default();
        for (name, value) in [("望京", 1), ("望京街道", 2), ("望京", 3), ("望京", 1), ("𠮷祥", 4)] {
            trie.insert(name.chars(), value);
        }
        let text: Vec<char> = "在望京街道".chars().collect();
        let mut found = Vec::new();
        trie.each(&text, 1, |end, values| found.push((end, values.to_vec())));
        assert_eq!(found, [(3, vec![1, 3]), (5, vec![2])]);
        assert_eq!(trie.get(&['𠮷', '祥']), [4]);
        assert!(trie.get(&['望']).is_empty());
    }
}
