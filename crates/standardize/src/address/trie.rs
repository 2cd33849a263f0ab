//! Names as a tree of characters: every name that begins at a place in one walk.

use std::collections::BTreeMap;

/// A character of a name, and where the characters that may follow it stand.
#[derive(Debug, Clone, Copy)]
struct Node {
    character: char,
    children: u32,
    values: u32,
    child_count: u16,
    value_count: u16,
}

/// Names, each with values. The children of a node stand side by side, so that a step reads one or two cache lines.
#[derive(Debug, Clone)]
pub(super) struct Trie<V> {
    /// The node of each first character; most places of a text are refused here.
    first: Box<[u32]>,
    nodes: Vec<Node>,
    values: Vec<V>,
}

/// In `first`, the absence of a node.
const NONE: u32 = u32::MAX;

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { first: vec![NONE; 1 << 16].into(), nodes: Vec::new(), values: Vec::new() }
    }
}

/// Names on their way into a tree.
pub(super) type Names<V> = BTreeMap<Box<[char]>, Vec<V>>;

/// Adds a value to a name; a second time changes nothing.
pub(super) fn add<V: PartialEq>(names: &mut Names<V>, name: impl IntoIterator<Item = char>, value: V) {
    let name: Box<[char]> = name.into_iter().collect();
    // Nothing begins with a character above the Basic Multilingual Plane: no place's name does.
    if name.first().is_some_and(|first| (*first as usize) < 1 << 16) {
        let values = names.entry(name).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
}

impl<V: Copy> Trie<V> {
    /// The tree of all names.
    pub fn new(names: &Names<V>) -> Self {
        let names: Vec<(&[char], &[V])> = names.iter().map(|(name, values)| (&**name, &**values)).collect();
        let mut trie = Self::default();
        let (_, count) = trie.grow(&names, 0);
        // The nodes of first characters are laid down before all others.
        for (node, place) in trie.nodes.iter().zip(0..u32::from(count)) {
            if let Some(slot) = trie.first.get_mut(node.character as usize) {
                *slot = place;
            }
        }
        trie
    }

    /// Lays down the nodes for character `depth` of sorted names that are alike before it; where they begin, and how
    /// many they are.
    fn grow(&mut self, names: &[(&[char], &[V])], depth: usize) -> (u32, u16) {
        let begin = self.nodes.len();
        let mut groups = Vec::new();
        let mut at = 0;
        while at < names.len() {
            let Some(&character) = names[at].0.get(depth) else {
                at += 1;
                continue;
            };
            let count = names[at..].partition_point(|(name, _)| name[depth] == character);
            groups.push(at..at + count);
            self.nodes.push(Node { character, children: 0, values: 0, child_count: 0, value_count: 0 });
            at += count;
        }
        let count = u16::try_from(groups.len()).unwrap_or(u16::MAX);
        for (place, group) in groups.into_iter().enumerate() {
            let names = &names[group];
            let (value, value_count) = match names.first() {
                Some((name, values)) if name.len() == depth + 1 => {
                    let value = self.values.len() as u32;
                    self.values.extend_from_slice(values);
                    (value, u16::try_from(values.len()).unwrap_or(u16::MAX))
                }
                _ => (0, 0),
            };
            let (children, child_count) = self.grow(names, depth + 1);
            let node = &mut self.nodes[begin + place];
            (node.children, node.child_count, node.values, node.value_count) =
                (children, child_count, value, value_count);
        }
        (begin as u32, count)
    }

    fn step(&self, node: &Node, character: char) -> Option<&Node> {
        let start = node.children as usize;
        let children = &self.nodes[start..start + usize::from(node.child_count)];
        match children {
            [] => None,
            [only] => (only.character == character).then_some(only),
            _ => children.binary_search_by(|child| child.character.cmp(&character)).ok().map(|at| &children[at]),
        }
    }

    fn root(&self, character: char) -> Option<&Node> {
        match self.first.get(character as usize) {
            Some(&place) if place != NONE => self.nodes.get(place as usize),
            _ => None,
        }
    }

    fn values(&self, node: &Node) -> &[V] {
        &self.values[node.values as usize..node.values as usize + usize::from(node.value_count)]
    }

    /// The values of one name.
    pub fn get(&self, name: &[char]) -> &[V] {
        let Some((first, rest)) = name.split_first() else { return &[] };
        let Some(mut node) = self.root(*first) else { return &[] };
        for character in rest {
            match self.step(node, *character) {
                Some(next) => node = next,
                None => return &[],
            }
        }
        self.values(node)
    }

    /// Calls `found` with the end and the values of each name that begins at `start`, shortest first.
    pub fn each<'a>(&'a self, text: &[char], start: usize, mut found: impl FnMut(usize, &'a [V])) {
        let Some(mut node) = text.get(start).and_then(|first| self.root(*first)) else { return };
        let mut end = start + 1;
        loop {
            if node.value_count > 0 {
                found(end, self.values(node));
            }
            let Some(next) = text.get(end).and_then(|character| self.step(node, *character)) else { return };
            node = next;
            end += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_begins_at_a_place_is_found() {
        let mut names = Names::default();
        for (name, value) in [("望京", 1), ("望京街道", 2), ("望京", 3), ("望京", 1), ("望都", 5), ("京", 4)]
        {
            add(&mut names, name.chars(), value);
        }
        let trie = Trie::new(&names);
        let text: Vec<char> = "在望京街道".chars().collect();
        let mut found = Vec::new();
        trie.each(&text, 1, |end, values| found.push((end, values.to_vec())));
        assert_eq!(found, [(3, vec![1, 3]), (5, vec![2])]);
        assert_eq!(trie.get(&['望', '都']), [5]);
        assert_eq!(trie.get(&['京']), [4]);
        assert!(trie.get(&['望']).is_empty() && trie.get(&['都']).is_empty() && trie.get(&[]).is_empty());
    }
}
