//! Pairs to entities: agglomeration by the evidence between whole clusters, not chains of pairs.
//!
//! Records that edges strong enough to join connect form a component. Within it every pair is scored, also those that no rule
//! brought together, and clusters grow from the strongest evidence on: two clusters are joined while the mean log
//! odds between their records speak for it and nothing forbids it. A chain a–b–c with a and c plainly different does
//! not become one entity, and what can never be one entity is never in one cluster.

mod chain;
mod component;

use chain::Chain;
use component::Component;
use hashbrown::HashMap;

use crate::compare::Comparer;
use crate::decide::{ScoredPair, forbids};
use crate::model::Program;
use crate::parallel;
use crate::records::Records;
use crate::train::Scorer;

/// Components with more records than this keep the edges they have, without scoring every pair.
const SMALL: usize = 100;
/// Components with more records than this are taken apart at their weaker edges first.
const LARGE: usize = 400;
/// How often a large component is taken apart, at ever stronger edges.
const STEPS: usize = 8;
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

impl Clusterer<'_> {
    /// Joins records to entities.
    #[must_use]
    pub fn cluster(&self, scorer: &Scorer<'_>, pairs: &[ScoredPair]) -> (Entities, Traces) {
        let join = self.how.join;
        let edges = (0..pairs.len() as u32).filter(|edge| pairs[*edge as usize].logit >= join).collect();
        let mut entities =
            Entities { root: (0..self.records.len() as u32).collect(), logit: vec![f32::INFINITY; self.records.len()] };
        let traces = self.join(scorer, pairs, edges, self.decisions, &mut entities);
        (entities, traces)
    }

    /// Joins records to entities now that households are known; `first` and `traces` are from before, `pairs` the pairs
    /// as they are now, `changed` those of them that are new or other than before. Gives what clustering everything
    /// would: a component that no changed pair touches, and in which no score depends on households, is left as it is.
    #[must_use]
    pub fn again(
        &self,
        scorer: &Scorer<'_>,
        pairs: &[ScoredPair],
        changed: &[ScoredPair],
        first: &Entities,
        traces: &Traces,
    ) -> Entities {
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
        let edges = (0..pairs.len() as u32).filter(|edge| {
            let pair = &pairs[*edge as usize];
            pair.logit >= self.how.join && touched(pair.left)
        });
        let decisions = self.decisions.iter().filter(|(left, right, _)| touched(*left) || touched(*right)).copied();
        self.join(scorer, pairs, edges.collect(), &decisions.collect::<Vec<_>>(), &mut entities);
        entities
    }

    /// Joins the records that edges and decisions connect; in `entities` they stand alone.
    fn join(
        &self,
        scorer: &Scorer<'_>,
        pairs: &[ScoredPair],
        mut edges: Vec<u32>,
        decisions: &[(u32, u32, bool)],
        entities: &mut Entities,
    ) -> Traces {
        let Self { program, records, one_to_one, how, .. } = *self;
        let mut parent = components(records.len(), pairs, &edges, decisions);
        let mut sizes = vec![0_u32; parent.len()];
        parent.iter().for_each(|root| sizes[*root as usize] += 1);
        let mut traces = Traces::default();
        // A component too large to look at every pair of it is taken apart at its weaker edges.
        for step in 1..=STEPS {
            if sizes.iter().all(|size| *size as usize <= LARGE) {
                break;
            }
            let least = how.join + step as f32 * 2.0;
            edges.retain(|edge| {
                let pair = &pairs[*edge as usize];
                sizes[parent[pair.left as usize] as usize] as usize <= LARGE || pair.logit >= least
            });
            let apart = components(records.len(), pairs, &edges, decisions);
            let whole = std::mem::replace(&mut parent, apart);
            if traces.component.is_empty() {
                traces.component = whole;
            }
            sizes.fill(0);
            parent.iter().for_each(|root| sizes[*root as usize] += 1);
        }
        // What people decided, by component.
        let mut decided: HashMap<u32, Vec<(u32, u32, bool)>> = HashMap::new();
        for decision in decisions {
            let root = parent[decision.0 as usize];
            if root == parent[decision.1 as usize] {
                decided.entry(root).or_default().push(*decision);
            }
        }
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
        let count = parent.len() as u32;
        let several = |root: u32| sizes[root as usize] > 1 && larger(root);
        let members = (0..count).filter(|record| several(parent[*record as usize]));
        let members = Bundles::new(count, members, |record| parent[record as usize]);
        let edges = Bundles::new(count, edges.iter().copied(), |edge| parent[pairs[edge as usize].left as usize]);
        let roots = (0..count).filter(|root| several(*root)).collect::<Vec<_>>();
        let tasks = parallel::ranges(roots.len(), 64.min(roots.len().max(1)));
        // A few components are done sooner than a thread begins.
        let threads = parallel::threads().min(roots.len() / 32 + 1);
        let results = parallel::map(threads, tasks, |range| {
            let mut comparer = Comparer::new(program, records);
            let mut component = Component::default();
            let (mut joined, mut open) = (Vec::new(), Vec::new());
            for root in &roots[range] {
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
        if traces.component.is_empty() {
            traces.component = parent;
        }
        for (joined, open) in results {
            for (record, root, logit) in joined {
                entities.root[record as usize] = root;
                entities.logit[record as usize] = logit;
            }
            traces.open.extend(open.into_iter().map(|root| traces.component[root as usize]));
        }
        traces
    }
}

/// Numbers in bundles, by the record that is their component's root.
struct Bundles {
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl Bundles {
    /// Bundles numbers by their roots, which are below `count`; within a bundle they keep their order.
    fn new(count: u32, numbers: impl Iterator<Item = u32> + Clone, root: impl Fn(u32) -> u32) -> Self {
        let mut places = vec![0_u32; count as usize + 1];
        numbers.clone().for_each(|number| places[root(number) as usize + 1] += 1);
        let mut sum = 0;
        for place in &mut places {
            sum += *place;
            *place = sum;
        }
        let mut bundled = vec![0; sum as usize];
        for number in numbers {
            let place = &mut places[root(number) as usize];
            bundled[*place as usize] = number;
            *place += 1;
        }
        // Each place has moved on to where its bundle ends.
        places.pop();
        Self { numbers: bundled, ends: places }
    }

    fn of(&self, root: u32) -> &[u32] {
        let start = if root == 0 { 0 } else { self.ends[root as usize - 1] };
        &self.numbers[start as usize..self.ends[root as usize] as usize]
    }
}

/// The smallest record of each record's component.
fn components(count: usize, pairs: &[ScoredPair], edges: &[u32], decisions: &[(u32, u32, bool)]) -> Vec<u32> {
    let mut parent = (0..count as u32).collect::<Vec<_>>();
    for edge in edges {
        unite(&mut parent, pairs[*edge as usize].left, pairs[*edge as usize].right);
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
