//! The components that there is something to decide about, with their edges next to each other.
//!
//! Edges come in no order. They are put into stretches of components first, a few hundred, and within each by component
//! then: both times they go to places that the processor's cache holds.

use super::bundles::Bundles;
use super::{Decided, Part, Parted, TOGETHER};
use crate::block::pairs_of;
use crate::decide::ScoredPair;
use crate::sets::Sets;

/// The least records of a stretch: the numbers of so many are held by the innermost cache.
const WIDTH: usize = 1 << 13;
/// The most stretches.
const STRETCHES: usize = 1 << 9;

/// Edges of components whose smallest records are next to each other, but for those of two records and an edge.
pub struct Stretch {
    /// The first record, and how many there are.
    first: u32,
    width: u32,
    /// The smallest record of each edge's component, and the edge's place among the pairs.
    edges: Vec<(u32, u32)>,
}

impl Stretch {
    /// The stretches of a part; `pair` is told the edge of each component that is two records and an edge.
    pub fn all(
        parted: &Parted,
        part: Part<'_, impl Iterator<Item = u32>>,
        decided: &Decided,
        mut pair: impl FnMut(&ScoredPair),
    ) -> Vec<Self> {
        let Part { roots, pairs, mut edges } = part;
        let sets = &parted.sets;
        let width = WIDTH.max(roots.len().div_ceil(STRETCHES)).next_power_of_two();
        let firsts = roots.clone().step_by(width);
        let stretch = |first| Self { first, width: (width as u32).min(roots.end - first), edges: Vec::new() };
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
                if *size == 2 && !decided.contains_key(root) {
                    pair(&pairs[*edge as usize]);
                } else {
                    let place = (*root - roots.start) as usize >> width.trailing_zeros();
                    stretches[place].edges.push((*root, *edge));
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
    pairs: &'a [ScoredPair],
    first: u32,
    /// Places among the pairs, by component, of all records of the stretch.
    edges: Bundles,
}

impl<'a> Components<'a> {
    /// Those of a stretch whose edges are among `pairs`, and those that decisions alone make.
    pub fn new(stretch: Stretch, parted: &'a Parted, pairs: &'a [ScoredPair], decided: &Decided) -> Self {
        let Stretch { first, width, edges: all } = stretch;
        let mut counts = vec![0; width as usize];
        all.iter().for_each(|(root, _)| counts[(root - first) as usize] += 1);
        let mut edges = Bundles::new(counts);
        all.iter().for_each(|(root, edge)| edges.put(root - first, *edge));
        let any = |root: &u32| !edges.of((root - first) as usize).is_empty() || decided.contains_key(root);
        Self { roots: (first..first + width).filter(any).collect(), sets: &parted.sets, pairs, first, edges }
    }

    /// The edges of a component.
    pub fn edges(&self, root: u32) -> impl Iterator<Item = &'a ScoredPair> + Clone + '_ {
        self.edges.of((root - self.first) as usize).iter().map(|edge| &self.pairs[*edge as usize])
    }

    /// Fills in the records of a component, in order: those of its edges and of what people decided about it.
    pub fn members(&self, root: u32, decided: &[(u32, u32, bool)], members: &mut Vec<u32>) {
        members.clear();
        members.extend(self.edges(root).flat_map(|edge| [edge.left, edge.right]));
        members.extend(decided.iter().flat_map(|(left, right, _)| [*left, *right]));
        members.sort_unstable();
        members.dedup();
    }

    /// Looks at the edges of some components, which lie as far apart as the rules that found them, and says which records
    /// will be compared: none where every pair has an edge.
    pub fn look_ahead(&self, roots: &[u32], compared: &mut Vec<u32>) {
        compared.clear();
        for root in roots {
            let edges = self.edges.of((root - self.first) as usize);
            let pairs = pairs_of(u64::from(self.sets.size_of_root(*root)));
            let all = compared.len();
            compared.extend(self.edges(*root).flat_map(|edge| [edge.left, edge.right]));
            if edges.len() as u64 == pairs {
                compared.truncate(all);
            }
        }
    }
}
