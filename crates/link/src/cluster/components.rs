//! The components that there is something to decide about, with their edges next to each other.
//!
//! Edges come in no order. They are put into stretches of components first, a few hundred, and within each by component
//! then: both times they go to places that the processor's cache holds.

use super::bundles::Bundles;
use super::{Decided, Part, Parted, TOGETHER};
use crate::block::pairs_of;
use crate::decide::ScoredPair;
use crate::sets::Sets;

/// What clustering needs of a pair that is an edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edge {
    /// The smallest record of its component.
    root: u32,
    /// One record.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// Log odds that they are one entity; minus infinity when something forbids it.
    pub odds: f32,
}

/// The least records of a stretch: the numbers of so many are held by the innermost cache.
const WIDTH: usize = 1 << 13;
/// The most stretches.
const STRETCHES: usize = 1 << 9;

impl Edge {
    /// An edge of a component.
    pub const fn new(root: u32, left: u32, right: u32, odds: f32) -> Self {
        Self { root, left, right, odds }
    }
}

/// Edges of components whose smallest records are next to each other, but for those of two records and an edge.
pub struct Stretch {
    /// The first record, and how many there are.
    first: u32,
    width: u32,
    edges: Vec<Edge>,
}

impl Stretch {
    /// The stretches of a part. `forbids` is asked of a pair where nobody has looked; `pair` is told the edge of each
    /// component that is two records and an edge.
    pub fn all(
        parted: &Parted,
        part: Part<'_, impl Iterator<Item = u32>>,
        decided: &Decided,
        mut forbids: impl FnMut(&ScoredPair) -> bool,
        mut pair: impl FnMut(&Edge),
    ) -> Vec<Self> {
        let Part { roots, pairs, mut edges } = part;
        let sets = &parted.sets;
        let width = WIDTH.max(roots.len().div_ceil(STRETCHES)).next_power_of_two();
        let firsts = roots.clone().step_by(width);
        let share = pairs.len() / firsts.len().max(1);
        let stretch =
            |first| Self { first, width: (width as u32).min(roots.end - first), edges: Vec::with_capacity(share) };
        let mut stretches = firsts.map(stretch).collect::<Vec<_>>();
        let (mut some, mut found) = (Vec::with_capacity(TOGETHER), Vec::with_capacity(TOGETHER));
        loop {
            some.clear();
            some.extend(edges.by_ref().take(TOGETHER));
            if some.is_empty() {
                return stretches;
            }
            // What is read for one edge depends on nothing that is read for another, and nothing branches in between, so
            // that memory is waited for once for all of them.
            found.clear();
            found.extend(some.iter().map(|edge| (sets.root(pairs[*edge as usize].left), 0)));
            found.iter_mut().for_each(|(root, size)| *size = sets.size_of_root(*root));
            for (edge, (root, size)) in some.iter().zip(&found) {
                let scored = &pairs[*edge as usize];
                let never = scored.never.unwrap_or_else(|| forbids(scored));
                let odds = if never { f32::NEG_INFINITY } else { scored.logit };
                let edge = Edge::new(*root, scored.left, scored.right, odds);
                if *size == 2 && !decided.contains_key(root) {
                    pair(&edge);
                } else {
                    let place = (*root - roots.start) as usize >> width.trailing_zeros();
                    stretches[place].edges.push(edge);
                }
            }
        }
    }

    /// How many edges there are.
    pub const fn len(&self) -> usize {
        self.edges.len()
    }
}

/// The components of a stretch.
pub struct Components<'a> {
    /// The smallest record of each.
    pub roots: Vec<u32>,
    sets: &'a Sets,
    first: u32,
    /// By component, of all records of the stretch.
    edges: Bundles<Edge>,
}

impl<'a> Components<'a> {
    /// Those of a stretch, and those that decisions alone make.
    pub fn new(stretch: Stretch, parted: &'a Parted, decided: &Decided) -> Self {
        let Stretch { first, width, edges: all } = stretch;
        let mut counts = vec![0; width as usize];
        all.iter().for_each(|edge| counts[(edge.root - first) as usize] += 1);
        let any =
            |root: &u32| counts[(root - first) as usize] > 0 || (!decided.is_empty() && decided.contains_key(root));
        let roots = (first..first + width).filter(any).collect();
        let mut edges = Bundles::new(counts);
        all.iter().for_each(|edge| edges.put(edge.root - first, *edge));
        Self { roots, sets: &parted.sets, first, edges }
    }

    /// The edges of a component.
    pub fn edges(&self, root: u32) -> &[Edge] {
        self.edges.of((root - self.first) as usize)
    }

    /// The edges of a component of three records, where there is one between each two of them.
    pub fn triangle(&self, root: u32) -> Option<&[Edge; 3]> {
        self.edges(root).as_array().filter(|_| self.sets.size_of_root(root) == 3)
    }

    /// Fills in the records of a component, in order: those of its edges and of what people decided about it.
    pub fn members(&self, root: u32, decided: &[(u32, u32, bool)], members: &mut Vec<u32>) {
        members.clear();
        members.extend(self.edges(root).iter().flat_map(|edge| [edge.left, edge.right]));
        members.extend(decided.iter().flat_map(|(left, right, _)| [*left, *right]));
        members.sort_unstable();
        members.dedup();
    }

    /// Which records of some components will be compared: none where every pair has an edge.
    pub fn compared(&self, roots: &[u32], compared: &mut Vec<u32>) {
        compared.clear();
        for root in roots {
            let edges = self.edges(*root);
            if edges.len() as u64 != pairs_of(u64::from(self.sets.size_of_root(*root))) {
                compared.extend(edges.iter().flat_map(|edge| [edge.left, edge.right]));
            }
        }
    }
}
