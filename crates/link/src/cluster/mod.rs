//! Pairs to entities: agglomeration by the evidence between whole clusters, not chains of pairs.
//!
//! Records that edges strong enough to join connect form a component. Within it every pair counts, also those that no rule
//! brought together, and clusters grow from the strongest evidence on: two clusters are joined while the mean log
//! odds between their records speak for it and nothing forbids it. A chain a–b–c with a and c plainly different does
//! not become one entity, and what can never be one entity is never in one cluster. A pair is scored when something depends
//! on it, which is seldom.

mod bundles;
mod chain;
mod component;
mod components;
mod outcome;
#[cfg(test)]
mod tests;

use std::ops::Range;

use bundles::Bundles;
use chain::Chain;
use component::{Component, Judge, join_three};
use components::{Components, Edge, Stretch};
use hashbrown::HashMap;
use outcome::Outcome;

use crate::Result;
use crate::compare::Comparer;
use crate::decide::{Hope, Look, Pairs, ScoredPair, distribute, forbids, runs_within};
use crate::memory::Room;
use crate::model::Program;
use crate::parallel;
use crate::records::{Gathered, Records};
use crate::sets::Sets;
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

impl Entities {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.root.iter().zip(0..).filter(|(root, record)| *root == record).count()
    }

    /// How many records each has, at the place of its smallest record.
    #[must_use]
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.root.len()];
        self.root.iter().for_each(|root| sizes[*root as usize] += 1);
        sizes
    }

    /// The records, entity by entity, in the order of the entities' smallest records.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        let mut records = Bundles::new(self.sizes());
        self.root.iter().zip(0..).for_each(|(root, record)| records.put(*root, record));
        records.into_items()
    }
}

/// What clustering leaves behind for the next time.
#[derive(Debug, Default)]
pub struct Traces {
    /// The components, before a large one is taken apart.
    components: Sets,
    /// The smallest records of components with pairs that have no edge and do not show that they agree on something that a
    /// household shares: what these score may depend on who shares one.
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
    /// The components, after large ones were taken apart.
    sets: Sets,
    /// How often each record's component was taken apart; empty when none was.
    steps: Vec<u8>,
    /// The components before.
    whole: Option<Sets>,
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
struct Part<'a, E> {
    roots: Range<u32>,
    pairs: &'a [ScoredPair],
    edges: E,
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
        let components = &traces.components;
        let mut open = vec![false; components.len()];
        traces.open.iter().for_each(|root| open[*root as usize] = true);
        for end in changed.iter().flat_map(|pair| [pair.left, pair.right]) {
            open[components.root(end) as usize] = true;
        }
        let mut entities = Entities { root: first.root.clone(), logit: first.logit.clone() };
        let records = 0..components.len() as u32;
        // Record by record, so that all that is asked of a pair is one flag of one of its records.
        let touched = records.map(|record| open[components.root(record) as usize]).collect::<Vec<_>>();
        for record in (0..touched.len()).filter(|record| touched[*record]) {
            entities.root[record] = record as u32;
            entities.logit[record] = f32::INFINITY;
        }
        let wanted = |pair: &ScoredPair| pair.logit >= self.how.join && touched[pair.left as usize];
        let either = |(left, right, _): &&(u32, u32, bool)| touched[*left as usize] || touched[*right as usize];
        let decisions = self.decisions.iter().filter(either).copied();
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
        let part = Part { roots: 0..parted.sets.len() as u32, pairs, edges };
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
        let mut counts = vec![0_u32; parted.sets.len()];
        for pair in files.iter().filter(&kept) {
            counts[parted.sets.root(pair.left) as usize] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or_default() as usize;
        if most > room.pairs {
            return Err(room.too_little(most));
        }
        let ends = runs_within(counts.iter().map(|count| u64::from(*count)), room.pairs as u64);
        drop(counts);
        let parts = distribute(files.iter().filter(&kept), ends.len(), spill, |pair| {
            let root = parted.sets.root(pair.left);
            Some(ends.partition_point(|end| *end <= root))
        })?;
        let decided = decided(&parted, decisions);
        let (mut open, mut start) = (Vec::new(), 0);
        for (part, end) in parts.into_iter().zip(ends) {
            let pairs = part.to_vec();
            drop(part);
            let part = Part { roots: start..end, pairs: &pairs, edges: 0..pairs.len() as u32 };
            open.extend(self.join_part(scorer, &parted, part, &decided, entities));
            start = end;
        }
        Ok(traces(parted, open))
    }

    /// The components that edges and decisions connect. One too large to look at every pair of it is taken apart at its
    /// weaker edges.
    fn parted<I: Iterator<Item = ScoredPair>>(&self, edges: impl Fn() -> I, decisions: &[(u32, u32, bool)]) -> Parted {
        let count = self.records.len();
        let same = || decisions.iter().filter(|(.., same)| *same).map(|(left, right, _)| (*left, *right));
        let ends = |edge: ScoredPair| (edge.left, edge.right);
        let sets = Sets::of(count, edges().map(ends).chain(same()));
        let mut parted = Parted { sets, steps: Vec::new(), whole: None };
        for step in 1..=STEPS {
            if parted.sets.largest() as usize <= LARGE {
                break;
            }
            parted.steps.resize(count, 0);
            for (steps, record) in parted.steps.iter_mut().zip(0..) {
                if parted.sets.size_around(record) as usize > LARGE {
                    *steps = step;
                }
            }
            let kept = edges().filter(|edge| parted.keeps(edge, self.how)).map(ends);
            let apart = Sets::of(count, kept.chain(same()));
            let before = std::mem::replace(&mut parted.sets, apart);
            parted.whole.get_or_insert(before);
        }
        parted
    }

    /// Joins the records of some components; gives the roots of those in which scores may depend on who shares a household.
    fn join_part(
        &self,
        scorer: &Scorer<'_>,
        parted: &Parted,
        part: Part<'_, impl Iterator<Item = u32>>,
        decided: &Decided,
        entities: &mut Entities,
    ) -> Vec<u32> {
        let Self { program, records, one_to_one, how, .. } = *self;
        let mut comparer = Comparer::new(program, records);
        let never = |pair: &ScoredPair| forbids(program, &mut comparer, one_to_one, pair.left, pair.right);
        let outcome = Outcome::over(std::mem::take(entities));
        let stretches = Stretch::all(parted, part, decided, never, |edge| self.pair(edge, &outcome));
        // A few components are done sooner than a thread begins.
        let threads = parallel::threads().min(stretches.iter().map(Stretch::len).sum::<usize>() / 64 + 1);
        let hope = Hope::new(program, scorer, how.join);
        let state = || {
            let judge = Judge { program, scorer, look: Look::new(&hope, records), one_to_one };
            (judge, Component::default(), Vec::new(), Vec::new())
        };
        let open = parallel::map_with(threads, stretches, state, |(judge, component, members, ahead), stretch| {
            let components = Components::new(stretch, parted, decided);
            let mut tell = |record, root, logit| outcome.tell(record, root, logit);
            let mut open = Vec::new();
            for (number, root) in components.roots.iter().enumerate() {
                if number.is_multiple_of(TOGETHER) {
                    let next = &components.roots[number..components.roots.len().min(number + TOGETHER)];
                    components.compared(next, ahead);
                    records.fetch(ahead);
                }
                let decided = decided.get(root).map_or(&[][..], Vec::as_slice);
                let edges = components.edges(*root);
                if let Some(edges) = components.triangle(*root).filter(|_| decided.is_empty()) {
                    join_three(*root, edges, how.join, &mut tell);
                    continue;
                }
                components.members(*root, decided, members);
                if members.len() > LARGE {
                    let mut chain = Chain::new(program, records, one_to_one, members);
                    chain.decide(decided);
                    chain.follow(&mut judge.look.comparer, edges, how.join);
                    chain.tell(&mut tell);
                    continue;
                }
                let mut rows = Gathered::new(records);
                rows.gather(members);
                component.begin(members);
                component.take(edges);
                component.bound(judge, &rows);
                if component.open {
                    open.push(*root);
                }
                component.decide(decided);
                component.join(how.join, |left, right| judge.score(left, right), &mut tell);
            }
            open
        });
        *entities = outcome.finish();
        open.concat()
    }

    /// Joins two records that nothing but the edge between them connects with anyone: more than half of all components.
    fn pair(&self, edge: &Edge, outcome: &Outcome) {
        let strength = edge.odds.clamp(-CAP, CAP);
        if strength >= self.how.join && edge.odds > f32::NEG_INFINITY {
            outcome.tell_two(edge.left, edge.right, strength);
        }
    }
}

/// What people decided, by component.
fn decided(parted: &Parted, decisions: &[(u32, u32, bool)]) -> Decided {
    let mut decided = Decided::new();
    for decision in decisions {
        let root = parted.sets.root(decision.0);
        if root == parted.sets.root(decision.1) {
            decided.entry(root).or_default().push(*decision);
        }
    }
    decided
}

/// What is left behind of components and the roots of those that are open.
fn traces(parted: Parted, open: Vec<u32>) -> Traces {
    let components = parted.whole.unwrap_or(parted.sets);
    let open = open.into_iter().map(|root| components.root(root)).collect();
    Traces { components, open }
}
