//! Incremental record linkage: a linkage that takes new, changed and deleted records one at a time, and then has the
//! very entities and edges that linking everything anew with the same weights would give.
//!
//! What depends on the records as a whole is frozen with the weights ([`Trained`]): probabilities, frequencies of
//! values, the sizes from which groups are left out, the chance of sharing a household. Everything else is local.
//! A record's candidates stand in the groups of its blocking keys; a group that grows too large, or is no longer, has
//! its own pairs looked at again. Edges that come or go change the components they are in, and nothing else: these are
//! taken out and given to the function that clusters the whole. Entities that change may tie or untie the homes and
//! phones of their records; the households reached from there are made anew, their pairs scored again, and the
//! components with them. So the work depends on a record's neighbourhood, not on how many records there are.

mod bound;
mod candidates;
mod edit;
mod intake;
mod postings;
mod settle;
mod store;
mod terms;
mod trained;
mod world;

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;
use hashbrown::HashMap;
use jingwei_model::hash::base32;

use crate::block::key;
use crate::cluster::Entities;
use crate::decide::{HOUSEHOLD, Pairs, ScoredPair};
use crate::household::Households;
use crate::linker::{Decision, LinkReport, Linkage, Linker};
use crate::model::{Block, Program};
use crate::records::{Records, Shelf};
use crate::train::Scorer;
use crate::{LinkError, Result};
pub use edit::{Change, Edit};
use intake::Intake;
pub use intake::Rows;
use postings::{Graph, Postings, Tie};
pub(crate) use terms::{Counts, Terms, needed};
pub use trained::Trained;

/// A linkage that takes edits.
#[derive(Debug)]
pub struct Incremental {
    linker: Linker,
    intake: Intake,
    program: Program,
    trained: Arc<Trained>,
    /// The records at their slots; those that were deleted stay where they were.
    records: Records,
    alive: Vec<bool>,
    /// So many slots from the first on are in the order of their keys.
    sorted: usize,
    /// Slots of the others.
    slots: HashMap<u128, u32>,
    /// For each blocking rule the records of each key.
    blocks: Vec<Postings>,
    /// Columns that name a home or a phone.
    home_columns: Vec<Vec<usize>>,
    /// For each of these the records of each home.
    homes: Vec<Postings>,
    chance: f64,
    graph: Graph,
    /// The entities before households are known.
    first: Partition,
    /// The entities, where households change something.
    last: Option<Partition>,
    /// Label of each record's household; 0 when it has none.
    household: Vec<u32>,
    housed: Postings,
    decisions: Vec<Decision>,
    /// Places in `decisions` by the keys of both records.
    decided: HashMap<u128, Vec<usize>>,
}

/// Records in entities.
#[derive(Debug, Default)]
struct Partition {
    /// Slot of the record with the smallest key in each record's entity.
    root: Vec<u32>,
    /// Log odds with which a record belongs to its entity.
    logit: Vec<f32>,
    /// Records of entities with several, by root.
    members: Postings,
}

impl Partition {
    fn of(entities: Entities) -> Self {
        let sizes = entities.sizes();
        let several = entities.root.iter().enumerate().filter(|(_, root)| sizes[**root as usize] > 1);
        let members = several.map(|(record, root)| u64::from(*root) << 32 | record as u64).collect();
        Self { root: entities.root, logit: entities.logit, members: Postings::new(members) }
    }

    /// The records of a root's entity.
    fn entity(&self, root: u32) -> Vec<u32> {
        let records = self.members.records(root);
        if records.is_empty() { vec![root] } else { records }
    }
}

/// The keys under which a record stands in the groups of a rule.
fn block_keys(block: &Block, records: &Records, slot: u32) -> impl Iterator<Item = u32> {
    let upper = |columns: &[usize]| key(records, columns, slot).map(|key| (key >> 32) as u32);
    let left = upper(&block.left);
    let right = if block.is_symmetric() { None } else { upper(&block.right).filter(|right| left != Some(*right)) };
    left.into_iter().chain(right)
}

impl Incremental {
    /// Takes over a linkage. `schemas` are the columns of its tables as they came, by the tables' names in order;
    /// `context` knows the functions of the model.
    ///
    /// # Errors
    /// A model that does not fit the tables.
    pub async fn new(
        context: &SessionContext,
        linker: &Linker,
        schemas: Vec<(String, SchemaRef)>,
        linkage: Linkage,
    ) -> Result<Self> {
        let trained = linkage.trained();
        let Linkage { program, mut records, pairs, entities, first, households, .. } = linkage;
        records.open();
        let (first, last) = match first {
            Some(first) => (first, Some(entities)),
            None => (entities, None),
        };
        let mut edges = Vec::with_capacity(pairs.len());
        let none = f32::NAN;
        for pair in pairs.iter() {
            let (plain, housed) = if pair.rule == HOUSEHOLD { (none, pair.logit) } else { (pair.logit, none) };
            edges.push((pair.left, Tie { other: pair.right, pattern: pair.pattern, plain, housed }));
        }
        let household = households.map_or_else(|| vec![0; records.len()], |households| households.of);
        let parts = Parts { trained, records, edges, first, last, household };
        let mut base = Self::from_parts(context, linker, schemas, parts).await?;
        base.program = program;
        base.score_under_households(&pairs);
        Ok(base)
    }

    /// What a household's evidence replaced is scored again, for the day when the household is no more.
    fn score_under_households(&mut self, pairs: &Pairs) {
        let scorer = Scorer::with_terms(&self.program, &self.records, &self.trained.weights, Some(&self.trained.terms));
        let wanted = pairs.iter().filter(|pair| pair.rule == HOUSEHOLD).map(|pair| (pair.left, pair.right));
        let candidates = wanted.flat_map(|(left, right)| self.common_rules(left, right)).collect();
        let found = self.score(candidates, &self.records, &scorer, |slot| slot);
        for (left, tie) in found {
            let housed = self.graph.between(left, tie.other).map_or(f32::NAN, |known| known.housed);
            self.graph.set(left, Tie { housed, ..tie });
        }
    }

    async fn from_parts(
        context: &SessionContext,
        linker: &Linker,
        schemas: Vec<(String, SchemaRef)>,
        parts: Parts,
    ) -> Result<Self> {
        let Parts { trained, mut records, edges, first, last, household } = parts;
        let (program, intake) = Intake::new(context, linker, schemas).await?;
        trained.check(&program)?;
        if records.stride != program.columns.len() {
            return Err(LinkError::usage("the records were not cleaned with this model; link everything anew"));
        }
        records.domain_of.clone_from(&program.domains);
        let domains = program.domains.iter().flatten().max().map_or(0, |largest| largest + 1);
        records.domains.resize_with(domains, Default::default);
        records.reserve();
        let count = records.len() as u32;
        let entries = |keys: &dyn Fn(u32) -> Vec<u32>| {
            let labelled = |slot: u32| keys(slot).into_iter().map(move |key| u64::from(key) << 32 | u64::from(slot));
            Postings::new((0..count).flat_map(labelled).collect())
        };
        let blocks =
            program.blocks.iter().map(|block| entries(&|slot| block_keys(block, &records, slot).collect())).collect();
        let (home_columns, chance) = trained.ties(&program);
        let home = |columns: &[usize], slot| key(&records, columns, slot).map(|key| (key >> 32) as u32);
        let homes =
            home_columns.iter().map(|columns| entries(&|slot| home(columns, slot).into_iter().collect())).collect();
        let housed = household.iter().enumerate().filter(|(_, label)| **label != 0);
        let housed = Postings::new(housed.map(|(slot, label)| u64::from(*label) << 32 | slot as u64).collect());
        let mut base = Self {
            linker: linker.clone(),
            intake,
            program,
            trained,
            alive: vec![true; records.len()],
            sorted: records.len(),
            slots: HashMap::new(),
            blocks,
            home_columns,
            homes,
            chance,
            graph: Graph::new(records.len(), &edges),
            first: Partition::of(first),
            last: last.map(Partition::of),
            household,
            housed,
            decisions: Vec::new(),
            decided: HashMap::new(),
            records,
        };
        for partition in [Some(&mut base.first), base.last.as_mut()].into_iter().flatten() {
            partition.root.reserve(base.alive.len() / 8);
            partition.logit.reserve(base.alive.len() / 8);
        }
        base.alive.reserve(base.alive.len() / 8);
        base.household.reserve(base.household.len() / 8);
        for decision in &linker.decisions {
            base.decide(*decision);
        }
        Ok(base)
    }

    fn decide(&mut self, decision: Decision) {
        let place = self.decisions.len();
        self.decisions.push(decision);
        self.decided.entry(decision.left).or_default().push(place);
        self.decided.entry(decision.right).or_default().push(place);
    }

    /// What was learned: the weights that every score is made with.
    #[must_use]
    pub fn trained(&self) -> &Arc<Trained> {
        &self.trained
    }

    /// The model it links by, and what people decided.
    #[must_use]
    pub const fn linker(&self) -> &Linker {
        &self.linker
    }

    /// Names of its tables.
    #[must_use]
    pub fn tables(&self) -> &[String] {
        &self.records.tables
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alive.iter().filter(|alive| **alive).count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.alive.contains(&true)
    }

    /// The entity of a record of a table: its id, as [`Linkage::entity_id`] has it.
    #[must_use]
    pub fn entity_of(&self, table: &str, id: &str) -> Option<String> {
        let slot = self.slot(crate::records::record_key(table, id))?;
        Some(base32(self.entity_key(slot)))
    }

    fn partition(&self) -> &Partition {
        self.last.as_ref().unwrap_or(&self.first)
    }

    fn entity_key(&self, slot: u32) -> u128 {
        self.records.keys[self.partition().root[slot as usize] as usize]
    }

    /// The slot of a key whose record is there.
    fn slot(&self, key: u128) -> Option<u32> {
        self.any_slot(key).filter(|slot| self.alive[*slot as usize])
    }

    /// The slot of a key whose record is there or was.
    fn any_slot(&self, key: u128) -> Option<u32> {
        let sorted = &self.records.keys[..self.sorted];
        sorted.binary_search(&key).ok().map(|slot| slot as u32).or_else(|| self.slots.get(&key).copied())
    }

    /// The linkage as it is now: members and edges of every record.
    #[must_use]
    pub fn into_linkage(self) -> Linkage {
        let kept = self.kept();
        let how = self.linker.clustering();
        let pairs = self.pairs(&kept);
        let entities = kept.entities(self.partition());
        let first = self.last.is_some().then(|| kept.entities(&self.first));
        let households = (!self.home_columns.is_empty()).then(|| Households {
            of: kept.households(&self.household),
            chance: self.chance,
            columns: self.home_columns.clone(),
        });
        let scored = |(left, tie): &(u32, Tie)| ScoredPair {
            left: *left,
            right: tie.other,
            pattern: tie.pattern,
            logit: tie.logit(),
            rule: if tie.housed.is_nan() { 0 } else { HOUSEHOLD },
            never: None,
        };
        let pairs = Pairs::from(pairs.iter().map(scored).collect::<Vec<_>>());
        let entity_count = entities.count();
        let (low, high) = self.linker.review();
        let report = LinkReport {
            records: kept.order.len() as u64,
            entities: entity_count as u64,
            review: pairs.iter().filter(|pair| (low..high).contains(&pair.logit)).count() as u64,
            ..LinkReport::default()
        };
        Linkage {
            program: self.program,
            records: kept.records(self.records),
            weights: self.trained.weights.clone(),
            largest: self.trained.largest.clone(),
            given: Some(self.trained),
            households,
            pairs,
            entities,
            first,
            join: how.join,
            least: self.linker.told(),
            review: self.linker.model.review,
            report,
        }
    }

    /// The edges between the records that are there, in the order of their keys.
    fn pairs(&self, kept: &Kept) -> Vec<(u32, Tie)> {
        let mut pairs = Vec::new();
        for (left, slot) in kept.order.iter().enumerate() {
            let left = left as u32;
            for tie in self.graph.of(*slot) {
                let right = kept.place[tie.other as usize];
                if left < right {
                    pairs.push((left, Tie { other: right, ..*tie }));
                }
            }
        }
        pairs.sort_unstable_by_key(|(left, tie)| (*left, tie.other));
        pairs
    }

    fn kept(&self) -> Kept {
        let mut order = (0..self.alive.len() as u32).filter(|slot| self.alive[*slot as usize]).collect::<Vec<_>>();
        order.sort_unstable_by_key(|slot| self.records.keys[*slot as usize]);
        let mut place = vec![u32::MAX; self.alive.len()];
        order.iter().enumerate().for_each(|(new, slot)| place[*slot as usize] = new as u32);
        Kept { order, place }
    }
}

/// What a linkage is made of, in the order of the records' keys.
struct Parts {
    trained: Arc<Trained>,
    records: Records,
    edges: Vec<(u32, Tie)>,
    first: Entities,
    last: Option<Entities>,
    household: Vec<u32>,
}

/// The records that are there, in the order of their keys, and the place of each slot in it.
struct Kept {
    order: Vec<u32>,
    place: Vec<u32>,
}

impl Kept {
    fn records(&self, all: Records) -> Records {
        let mut cells = Vec::with_capacity(self.order.len() * all.stride);
        self.order.iter().for_each(|slot| cells.extend_from_slice(&all.row(*slot)));
        let ordered = |values: &Shelf<f64>| {
            let order = self.order.iter().filter(|_| !values.is_empty());
            order.map(|slot| values[*slot as usize]).collect()
        };
        Records {
            keys: self.order.iter().map(|slot| all.keys[*slot as usize]).collect(),
            table: self.order.iter().map(|slot| all.table[*slot as usize]).collect(),
            id: self.order.iter().map(|slot| all.id[*slot as usize]).collect(),
            numbers: all.numbers.iter().map(ordered).collect(),
            cells: cells.into(),
            ..all
        }
    }

    fn entities(&self, partition: &Partition) -> Entities {
        Entities {
            root: self.order.iter().map(|slot| self.place[partition.root[*slot as usize] as usize]).collect(),
            logit: self.order.iter().map(|slot| partition.logit[*slot as usize]).collect(),
        }
    }

    /// Households by the place of their first record.
    fn households(&self, labels: &[u32]) -> Vec<u32> {
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let number = |(place, slot): (usize, &u32)| match labels[*slot as usize] {
            0 => 0,
            label => *numbers.entry(label).or_insert(place as u32 + 1),
        };
        self.order.iter().enumerate().map(number).collect()
    }
}
