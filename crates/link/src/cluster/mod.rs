//! Pairs to entities: agglomeration by the evidence between whole clusters, not chains of pairs.
//!
//! Records that edges strong enough to join connect form a component. Within it every pair is scored, also those that no rule
//! brought together, and clusters grow from the strongest evidence on: two clusters are joined while the mean log
//! odds between their records speak for it and nothing forbids it. A chain a–b–c with a and c plainly different does
//! not become one entity, and what can never be one entity is never in one cluster.

mod chain;
mod component;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::ops::Range;

use chain::Chain;
use component::Component;
use hashbrown::HashMap;

use crate::Result;
use crate::block::pairs_of;
use crate::compare::Comparer;
use crate::decide::{Pairs, ScoredPair, distribute, forbids, runs_within};
use crate::memory::Room;
use crate::model::Program;
use crate::parallel;
use crate::records::Records;
use crate::train::Scorer;

/// Components with more records than this keep the edges they have, without scoring every pair.
const SMALL: usize = 100;
/// Components with more records than this are taken apart at their weaker edges first.
const LARGE: usize = 400;
/// Rows of so many components are looked at together before their pairs are compared.
const TOGETHER: usize = 64;
/// How often a large component is taken apart, at ever stronger edges.
const STEPS: u8 = 8;
/// Log odds beyond which more evidence does not count for more.
const CAP: f32 = 12.0;

/// How clusters are made.
#[derive(Debug, Clone, Copy)]
pub struct Clustering {
    /// Log odds from which records are joined. Weaker edges need not connect a component: between clusters whose mean log
    /// odds are as high as this there is a pair whose log odds are.
    pub join: f32,
}

/// The entities.
#[derive(Debug, Default)]
pub struct Entities {
    /// The smallest record of each record's entity.
    pub root: Vec<u32>,
    /// Log odds with which a record belongs to its entity; infinite when it is alone.
    pub logit: Vec<f32>,
}

/// What clustering leaves behind for the next time.
#[derive(Debug, Default)]
pub struct Traces {
    /// The smallest record of each record's component, before a large one is taken apart.
    component: Vec<u32>,
    /// Those of components in which pairs were scored that agree on nothing that a household shares.
    open: Vec<u32>,
}

/// What records are clustered by.
#[derive(Debug, Clone, Copy)]
pub struct Clusterer<'a> {
    /// The model.
    pub program: &'a Program,
    /// The records.
    pub records: &'a Records,
    /// By table, whether no entity stands there twice.
    pub one_to_one: &'a [bool],
    /// What people decided.
    pub decisions: &'a [(u32, u32, bool)],
    /// How clusters are made.
    pub how: Clustering,
}

/// Components of records, and how the large ones were taken apart.
#[derive(Debug)]
struct Parted {
    /// The smallest record of each record's component, after large ones were taken apart.
    parent: Vec<u32>,
    /// How many records each component has, by that record.
    sizes: Vec<u32>,
    /// How often each record's component was taken apart; empty when none was.
    steps: Vec<u8>,
    /// The smallest record of each record's component before.
    whole: Option<Vec<u32>>,
}

impl Parted {
    /// Whether an edge was not cut when its component was taken apart.
    #[inline]
    fn keeps(&self, edge: &ScoredPair, how: Clustering) -> bool {
        match self.steps.get(edge.left as usize) {
            None | Some(0) => true,
            Some(step) => edge.logit >= how.least_of(*step),
        }
    }
}

impl Clustering {
    /// Log odds of an edge that is not cut when a large component is taken apart for the nth time.
    fn least_of(self, step: u8) -> f32 {
        self.join + f32::from(step) * 2.0
    }
}

/// Components whose smallest records are next to each other, and the pairs among which their edges are.
struct Part<'a> {
    roots: Range<u32>,
    pairs: &'a [ScoredPair],
    edges: Vec<u32>,
}

/// What people decided, by component.
type Decided = HashMap<u32, Vec<(u32, u32, bool)>>;

impl Clusterer<'_> {
    /// Joins records to entities.
    #[must_use]
    pub fn cluster(&self, scorer: &Scorer<'_>, pairs: &[ScoredPair]) -> (Entities, Traces) {
        let mut entities = self.alone();
        let wanted = |pair: &ScoredPair| pair.logit >= self.how.join;
        let traces = self.join(scorer, pairs, wanted, self.decisions, &mut entities);
        (entities, traces)
    }

    /// The same for pairs that may lie in files.
    ///
    /// # Errors
    /// The disk is full or broken; one component whose edges do not fit into memory.
    pub fn cluster_all(&self, scorer: &Scorer<'_>, pairs: &Pairs, room: &Room) -> Result<(Entities, Traces)> {
        let mut entities = self.alone();
        let wanted = |pair: &ScoredPair| pair.logit >= self.how.join;
        let traces = self.join_all(scorer, pairs, wanted, self.decisions, &mut entities, room)?;
        Ok((entities, traces))
    }

    fn alone(&self) -> Entities {
        let count = self.records.len();
        Entities { root: (0..count as u32).collect(), logit: vec![f32::INFINITY; count] }
    }

    /// Joins records to entities now that households are known; `first` and `traces` are from before, `pairs` the pairs
    /// as they are now, `changed` those of them that are new or other than before. Gives what clustering everything
    /// would: a component that no changed pair touches, and in which no score depends on households, is left as it is.
    ///
    /// # Errors
    /// As [`cluster_all`](Self::cluster_all).
    pub fn again(
        &self,
        scorer: &Scorer<'_>,
        pairs: &Pairs,
        changed: &Pairs,
        (first, traces): (&Entities, &Traces),
        room: &Room,
    ) -> Result<Entities> {
        let component = &traces.component;
        let mut touched = vec![false; component.len()];
        traces.open.iter().for_each(|root| touched[*root as usize] = true);
        for end in changed.iter().flat_map(|pair| [pair.left, pair.right]) {
            touched[component[end as usize] as usize] = true;
        }
        let touched = |record: u32| touched[component[record as usize] as usize];
        let mut entities = Entities { root: first.root.clone(), logit: first.logit.clone() };
        for record in (0..component.len() as u32).filter(|record| touched(*record)) {
            entities.root[record as usize] = record;
            entities.logit[record as usize] = f32::INFINITY;
        }
        let wanted = |pair: &ScoredPair| pair.logit >= self.how.join && touched(pair.left);
        let decisions = self.decisions.iter().filter(|(left, right, _)| touched(*left) || touched(*right)).copied();
        self.join_all(scorer, pairs, wanted, &decisions.collect::<Vec<_>>(), &mut entities, room)?;
        Ok(entities)
    }

    /// Joins the records that wanted pairs and decisions connect; in `entities` they stand alone.
    fn join(
        &self,
        scorer: &Scorer<'_>,
        pairs: &[ScoredPair],
        wanted: impl Fn(&ScoredPair) -> bool,
        decisions: &[(u32, u32, bool)],
        entities: &mut Entities,
    ) -> Traces {
        let parted = self.parted(|| pairs.iter().copied().filter(&wanted), decisions);
        let edges = (0..pairs.len() as u32).filter(|edge| {
            let pair = &pairs[*edge as usize];
            wanted(pair) && parted.keeps(pair, self.how)
        });
        let part = Part { roots: 0..parted.parent.len() as u32, pairs, edges: edges.collect() };
        let decided = decided(&parted, decisions);
        let open = self.join_part(scorer, &parted, part, &decided, entities);
        traces(parted, open)
    }

    /// The same for pairs that may lie in files: these are brought together by component, as many components at a time
    /// as there is room for their edges.
    fn join_all(
        &self,
        scorer: &Scorer<'_>,
        pairs: &Pairs,
        wanted: impl Fn(&ScoredPair) -> bool,
        decisions: &[(u32, u32, bool)],
        entities: &mut Entities,
        room: &Room,
    ) -> Result<Traces> {
        let (files, spill) = match (pairs.in_memory(), &room.spill) {
            (None, Some(spill)) => (pairs, spill),
            (pairs, _) => return Ok(self.join(scorer, pairs.unwrap_or_default(), wanted, decisions, entities)),
        };
        let parted = self.parted(|| files.iter().filter(&wanted), decisions);
        let kept = |pair: &ScoredPair| wanted(pair) && parted.keeps(pair, self.how);
        let mut counts = vec![0_u32; parted.parent.len()];
        for pair in files.iter().filter(&kept) {
            counts[parted.parent[pair.left as usize] as usize] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or_default() as usize;
        if most > room.pairs {
            return Err(room.too_little(most));
        }
        let ends = runs_within(counts.iter().map(|count| u64::from(*count)), room.pairs as u64);
        drop(counts);
        let parts = distribute(files.iter().filter(&kept), ends.len(), spill, |pair| {
            let root = parted.parent[pair.left as usize];
            Some(ends.partition_point(|end| *end <= root))
        })?;
        let decided = decided(&parted, decisions);
        let (mut open, mut start) = (Vec::new(), 0);
        for (part, end) in parts.into_iter().zip(ends) {
            let pairs = part.to_vec();
            drop(part);
            let part = Part { roots: start..end, pairs: &pairs, edges: (0..pairs.len() as u32).collect() };
            open.extend(self.join_part(scorer, &parted, part, &decided, entities));
            start = end;
        }
        Ok(traces(parted, open))
    }

    /// The components that edges and decisions connect. One too large to look at every pair of it is taken apart at its
    /// weaker edges.
    fn parted<I: Iterator<Item = ScoredPair>>(&self, edges: impl Fn() -> I, decisions: &[(u32, u32, bool)]) -> Parted {
        let count = self.records.len();
        let sizes_of = |parent: &[u32]| {
            let mut sizes = vec![0_u32; count];
            parent.iter().for_each(|root| sizes[*root as usize] += 1);
            sizes
        };
        let parent = components(count, edges(), decisions);
        let sizes = sizes_of(&parent);
        let mut parted = Parted { parent, sizes, steps: Vec::new(), whole: None };
        for step in 1..=STEPS {
            if parted.sizes.iter().all(|size| *size as usize <= LARGE) {
                break;
            }
            parted.steps.resize(count, 0);
            for (steps, root) in parted.steps.iter_mut().zip(&parted.parent) {
                if parted.sizes[*root as usize] as usize > LARGE {
                    *steps = step;
                }
            }
            let apart = components(count, edges().filter(|edge| parted.keeps(edge, self.how)), decisions);
            parted.sizes = sizes_of(&apart);
            let before = std::mem::replace(&mut parted.parent, apart);
            parted.whole.get_or_insert(before);
        }
        parted
    }

    /// Joins the records of some components; gives the roots of those in which pairs were scored that agree on nothing
    /// that a household shares.
    fn join_part(
        &self,
        scorer: &Scorer<'_>,
        parted: &Parted,
        part: Part<'_>,
        decided: &Decided,
        entities: &mut Entities,
    ) -> Vec<u32> {
        let Self { program, records, one_to_one, how, .. } = *self;
        let Parted { parent, sizes, .. } = parted;
        let Part { roots: of, pairs, mut edges } = part;
        // Two records and the edge between them: more than half of all components, and nothing but that edge to look at.
        let larger = |root: u32| sizes[root as usize] > 2 || decided.contains_key(&root);
        let mut comparer = Comparer::new(program, records);
        edges.retain(|edge| {
            let pair = &pairs[*edge as usize];
            let root = parent[pair.left as usize];
            if larger(root) {
                return true;
            }
            let strength = pair.logit.clamp(-CAP, CAP);
            let never = || forbids(program, &mut comparer, one_to_one, pair.left, pair.right);
            if strength >= how.join && !pair.never.unwrap_or_else(never) {
                for record in [pair.left, pair.right] {
                    entities.root[record as usize] = root;
                    entities.logit[record as usize] = strength;
                }
            }
            false
        });
        // Records and edges of each component, next to each other.
        let several = |root: u32| sizes[root as usize] > 1 && larger(root);
        // Nobody stands before the smallest record of a component.
        let members = (of.start..parent.len() as u32).filter(|record| {
            let root = parent[*record as usize];
            of.contains(&root) && several(root)
        });
        let members = Bundles::new(of.clone(), members, |record| parent[record as usize]);
        let edges = Bundles::new(of.clone(), edges.iter().copied(), |edge| parent[pairs[edge as usize].left as usize]);
        let roots = of.filter(|root| several(*root)).collect::<Vec<_>>();
        let tasks = parallel::ranges(roots.len(), 64.min(roots.len().max(1)));
        // A few components are done sooner than a thread begins.
        let threads = parallel::threads().min(roots.len() / 32 + 1);
        let results = parallel::map(threads, tasks, |range| {
            let mut comparer = Comparer::new(program, records);
            let mut component = Component::default();
            let (mut joined, mut open) = (Vec::new(), Vec::new());
            let mut ahead = Vec::new();
            for (number, root) in roots[range.clone()].iter().enumerate() {
                if number.is_multiple_of(TOGETHER) {
                    ahead.clear();
                    let next = &roots[range.start + number..range.end.min(range.start + number + TOGETHER)];
                    // Where every pair has an edge there is nothing to compare.
                    let count = |bundles: &Bundles, root: u32| bundles.of(root).len() as u64;
                    let open = |root: &&u32| count(&edges, **root) < pairs_of(count(&members, **root));
                    ahead.extend(next.iter().filter(open).flat_map(|root| members.of(*root)));
                    records.fetch(&ahead);
                    // Edges of a component lie as far apart as the rules that found them.
                    let edges = next.iter().flat_map(|root| edges.of(*root));
                    black_box(edges.fold(0, |sum, edge| sum ^ pairs[*edge as usize].left));
                }
                let (members, edges) = (members.of(*root), edges.of(*root));
                let edges = || edges.iter().map(|edge| &pairs[*edge as usize]);
                let decided = decided.get(root).map_or(&[][..], Vec::as_slice);
                if members.len() > LARGE {
                    let edges = edges().copied().collect::<Vec<_>>();
                    let mut chain = Chain::new(program, records, one_to_one, members);
                    chain.decide(decided);
                    chain.follow(&mut comparer, &edges, how.join);
                    chain.tell(&mut joined);
                    continue;
                }
                component.begin(members);
                component.score(program, scorer, &mut comparer, edges(), one_to_one);
                if component.open {
                    open.push(*root);
                }
                component.decide(decided);
                component.join(how.join, &mut joined);
            }
            (joined, open)
        });
        let mut open = Vec::new();
        for (joined, of_task) in results {
            for (record, root, logit) in joined {
                entities.root[record as usize] = root;
                entities.logit[record as usize] = logit;
            }
            open.extend(of_task);
        }
        open
    }
}

/// What people decided, by component.
fn decided(parted: &Parted, decisions: &[(u32, u32, bool)]) -> Decided {
    let mut decided = Decided::new();
    for decision in decisions {
        let root = parted.parent[decision.0 as usize];
        if root == parted.parent[decision.1 as usize] {
            decided.entry(root).or_default().push(*decision);
        }
    }
    decided
}

/// What is left behind of components and the roots of those that are open.
fn traces(parted: Parted, open: Vec<u32>) -> Traces {
    let component = parted.whole.unwrap_or(parted.parent);
    let open = open.into_iter().map(|root| component[root as usize]).collect();
    Traces { component, open }
}

/// Numbers in bundles, by the record that is their component's root.
struct Bundles {
    first: u32,
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl Bundles {
    /// Bundles numbers by their roots, which are among `roots`; within a bundle they keep their order.
    fn new(roots: Range<u32>, numbers: impl Iterator<Item = u32> + Clone, root: impl Fn(u32) -> u32) -> Self {
        let first = roots.start;
        let mut places = vec![0_u32; roots.len() + 1];
        numbers.clone().for_each(|number| places[(root(number) - first) as usize + 1] += 1);
        let mut sum = 0;
        for place in &mut places {
            sum += *place;
            *place = sum;
        }
        let mut bundled = vec![0; sum as usize];
        for number in numbers {
            let place = &mut places[(root(number) - first) as usize];
            bundled[*place as usize] = number;
            *place += 1;
        }
        // Each place has moved on to where its bundle ends.
        places.pop();
        Self { first, numbers: bundled, ends: places }
    }

    fn of(&self, root: u32) -> &[u32] {
        let place = (root - self.first) as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.numbers[start as usize..self.ends[place] as usize]
    }
}

/// The smallest record of each record's component.
fn components(count: usize, edges: impl Iterator<Item = ScoredPair>, decisions: &[(u32, u32, bool)]) -> Vec<u32> {
    let mut parent = (0..count as u32).collect::<Vec<_>>();
    for edge in edges {
        unite(&mut parent, edge.left, edge.right);
    }
    for (left, right, same) in decisions {
        if *same {
            unite(&mut parent, *left, *right);
        }
    }
    for record in 0..count as u32 {
        let root = find(&mut parent, record);
        parent[record as usize] = root;
    }
    parent
}

fn find(parent: &mut [u32], mut record: u32) -> u32 {
    while parent[record as usize] != record {
        let up = parent[parent[record as usize] as usize];
        parent[record as usize] = up;
        record = up;
    }
    record
}

fn unite(parent: &mut [u32], left: u32, right: u32) {
    let (left, right) = (find(parent, left), find(parent, right));
    let (low, high) = (left.min(right), left.max(right));
    parent[high as usize] = low;
}
