//! Entities and households after an edit: what changed edges touch is taken out and given to the functions of the
//! batch.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};

use super::edit::Touched;
use super::postings::Tie;
use super::world::World;
use super::{Incremental, Partition};
use crate::block::{allowed, key};
use crate::cluster::Clusterer;
use crate::compare::Comparer;
use crate::decide::ScoredPair;
use crate::household::{Households, LARGEST, personal};
use crate::records::NULL;
use crate::train::Scorer;

impl Incremental {
    /// Clusters what `changed` slots reach, makes households and clusters anew where that changes something.
    pub(super) fn settle(
        &mut self,
        touched: &Touched,
        mut changed: BTreeSet<u32>,
        before: &mut BTreeMap<u32, Option<u128>>,
    ) {
        let regrouped = self.cluster(&changed, touched, true, before);
        if self.last.is_some() {
            changed.extend(self.households(touched, regrouped));
            self.cluster(&changed, touched, false, before);
        }
    }

    /// The log odds of an edge, before households are known or after.
    fn odds(tie: &Tie, first: bool) -> f32 {
        if first { tie.plain } else { tie.logit() }
    }

    /// Everything that edges and decisions connect with the seeds.
    fn reached(&self, seeds: &BTreeSet<u32>, first: bool) -> Vec<u32> {
        let join = self.linker.clustering().join;
        let mut seen = HashSet::new();
        let mut queue = Vec::new();
        let mut reach = |slot: u32, queue: &mut Vec<u32>| {
            if self.alive[slot as usize] && seen.insert(slot) {
                queue.push(slot);
            }
        };
        seeds.iter().for_each(|slot| reach(*slot, &mut queue));
        let mut done = 0;
        while let Some(slot) = queue.get(done).copied() {
            done += 1;
            for tie in self.graph.of(slot) {
                if Self::odds(tie, first) >= join {
                    reach(tie.other, &mut queue);
                }
            }
            self.decided_about(slot).for_each(|slot| reach(slot, &mut queue));
        }
        queue
    }

    /// The records that people decided to be the same as one, itself among them.
    pub(super) fn decided_about(&self, slot: u32) -> impl Iterator<Item = u32> {
        let places = self.decided.get(&self.records.keys[slot as usize]).into_iter().flatten();
        let same = places.map(|place| self.decisions[*place]).filter(|decision| decision.same);
        same.flat_map(|decision| [decision.left, decision.right]).filter_map(|key| self.slot(key))
    }

    /// Clusters the components of the seeds; gives the records whose entity has other records than before, or one
    /// that was touched. With the final clusters, `before` gets the entities that records were in.
    fn cluster(
        &mut self,
        seeds: &BTreeSet<u32>,
        touched: &Touched,
        first: bool,
        before: &mut BTreeMap<u32, Option<u128>>,
    ) -> BTreeSet<u32> {
        let world = World::of(&self.records, self.reached(seeds, first));
        let mut pairs = Vec::new();
        for slot in &world.slots {
            for tie in self.graph.of(*slot) {
                let logit = Self::odds(tie, first);
                if *slot < tie.other && !logit.is_nan() && world.holds(tie.other) {
                    let (left, right) = world.pair(*slot, tie.other);
                    pairs.push(ScoredPair { left, right, pattern: tie.pattern, logit, rule: 0, never: None });
                }
            }
        }
        pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
        let mut places = BTreeSet::new();
        for slot in &world.slots {
            places.extend(self.decided.get(&self.records.keys[*slot as usize]).into_iter().flatten().copied());
        }
        let decisions = places.into_iter().map(|place| self.decisions[place]).collect::<Vec<_>>();
        let decisions = crate::linker::located(&world.records, &decisions);
        let model = &self.linker.model;
        let one_to_one = self.records.tables.iter().map(|table| model.one_to_one.contains(table)).collect::<Vec<_>>();
        let households = (!first).then(|| self.households_of(&world));
        let scorer = self.scorer(&world).with_households(households.as_ref());
        let clusterer = Clusterer {
            program: &self.program,
            records: &world.records,
            one_to_one: &one_to_one,
            decisions: &decisions,
            how: self.linker.clustering(),
        };
        let (entities, _) = clusterer.cluster(&scorer, &pairs);

        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, root) in entities.root.iter().enumerate() {
            groups.entry(world.slots[*root as usize]).or_default().push(world.slots[place]);
        }
        let tell = !first || self.last.is_none();
        let partition = if first { &mut self.first } else { self.last.get_or_insert_default() };
        let mut different = BTreeSet::new();
        let mut gone = BTreeSet::new();
        for members in groups.values() {
            let root = partition.root[members[0] as usize];
            let same = members.iter().all(|slot| partition.root[*slot as usize] == root)
                && partition.entity(root).len() == members.len()
                && members.iter().all(|slot| !touched.slots.contains(slot));
            if !same {
                different.extend(members);
                gone.extend(members.iter().map(|slot| partition.root[*slot as usize]));
            }
        }
        let dead = touched.slots.iter().filter(|slot| !self.alive[**slot as usize]).copied().collect::<Vec<_>>();
        gone.extend(dead.iter().map(|slot| partition.root[*slot as usize]));
        if tell {
            // The entities as they were; a root's key is their id.
            for slot in &world.slots {
                let key = self.records.keys[partition.root[*slot as usize] as usize];
                before.entry(*slot).or_insert(Some(key));
            }
        }
        partition.regroup(&groups, &gone, &dead);
        for (place, slot) in world.slots.iter().enumerate() {
            partition.logit[*slot as usize] = entities.logit[place];
        }
        different
    }

    fn scorer<'a>(&'a self, world: &'a World) -> Scorer<'a> {
        let (weights, terms) = (&self.trained.weights, &self.trained.terms);
        Scorer::with_terms(&self.program, &world.records, weights, Some(terms))
    }

    fn households_of(&self, world: &World) -> Households {
        Households {
            of: world.slots.iter().map(|slot| self.household[*slot as usize]).collect(),
            chance: self.chance,
            columns: Vec::new(),
        }
    }

    /// Makes the households anew that touched records, and records in other entities, are or were in; gives the slots
    /// at whose evidence that changes something.
    fn households(&mut self, touched: &Touched, regrouped: BTreeSet<u32>) -> BTreeSet<u32> {
        let mut seeds = regrouped;
        seeds.extend(&touched.slots);
        seeds.extend(&touched.housed);
        for (kind, key) in &touched.homes {
            if self.homes[*kind].count(*key) <= LARGEST {
                seeds.extend(self.homes[*kind].records(*key));
            }
        }
        let labels = seeds.iter().map(|slot| self.household[*slot as usize]).filter(|label| *label != 0);
        for label in labels.collect::<BTreeSet<_>>() {
            seeds.extend(self.housed.records(label));
        }
        let (mut found, mut alone) = self.tied(&seeds);
        // Those that are as they were are left alone.
        let same = |base: &Self, members: &[u32]| {
            let label = base.household[members[0] as usize];
            members.iter().all(|slot| base.household[*slot as usize] == label && !touched.slots.contains(slot))
                && (label == 0 || base.housed.count(label) == members.len())
                && (label == 0) == (members.len() == 1)
        };
        found.retain(|members| !same(self, members));
        alone.retain(|slot| self.household[*slot as usize] != 0 || touched.slots.contains(slot));
        alone.extend(touched.slots.iter().filter(|slot| !self.alive[**slot as usize]));
        let mut changed = found.iter().flatten().chain(&alone).copied().collect::<BTreeSet<_>>();
        let gone = changed.iter().map(|slot| self.household[*slot as usize]).filter(|label| *label != 0);
        for label in gone.collect::<BTreeSet<_>>() {
            self.housed.set(label, Vec::new());
        }
        alone.iter().for_each(|slot| self.household[*slot as usize] = 0);
        for members in &found {
            let label = members[0] + 1;
            members.iter().for_each(|slot| self.household[*slot as usize] = label);
            self.housed.set(label, members.clone());
        }
        // What a household said of pairs is said anew.
        for slot in changed.clone() {
            for tie in self.graph.of(slot).to_vec() {
                if !tie.housed.is_nan() {
                    changed.insert(tie.other);
                    self.graph.set(slot, Tie { housed: f32::NAN, ..tie });
                }
            }
        }
        for (one, tie) in self.score_households(&found) {
            let plain = self.graph.between(one, tie.other).map_or(f32::NAN, |known| known.plain);
            changed.extend([one, tie.other]);
            self.graph.set(one, Tie { plain, ..tie });
        }
        changed
    }

    /// Records tied with each of the seeds by entities, homes and phones: households, and records that share none.
    fn tied(&self, seeds: &BTreeSet<u32>) -> (Vec<Vec<u32>>, Vec<u32>) {
        let mut seen: HashMap<u32, bool> = HashMap::new();
        let (mut found, mut alone) = (Vec::new(), Vec::new());
        for seed in seeds.iter().filter(|slot| self.alive[**slot as usize]) {
            if let Some(large) = seen.get(seed) {
                if *large {
                    alone.push(*seed);
                }
                continue;
            }
            let mut members = vec![*seed];
            let mut here = HashSet::new();
            here.insert(*seed);
            let mut homes = HashSet::new();
            let (mut done, mut large) = (0, false);
            while done < members.len() && !large {
                let slot = members[done];
                done += 1;
                let mut next = self.first.entity(self.first.root[slot as usize]);
                for (kind, columns) in self.home_columns.iter().enumerate() {
                    let Some(key) = key(&self.records, columns, slot).map(|key| (key >> 32) as u32) else { continue };
                    if homes.insert((kind, key)) && self.homes[kind].count(key) <= LARGEST {
                        next.extend(self.homes[kind].records(key));
                    }
                }
                for slot in next {
                    if here.insert(slot) {
                        members.push(slot);
                        // What ties to one that shares no household, because too many would, shares none.
                        large |= seen.get(&slot).is_some_and(|large| *large) || members.len() > LARGEST;
                    }
                }
            }
            members.iter().for_each(|slot| _ = seen.insert(*slot, large));
            members.sort_unstable();
            match members.len() {
                _ if large => alone.push(*seed),
                1 => alone.push(*seed),
                _ => found.push(members),
            }
        }
        (found, alone)
    }

    /// Scores the pairs of households as the batch does (`decide::score_households`).
    fn score_households(&self, found: &[Vec<u32>]) -> Vec<(u32, Tie)> {
        let sets = personal(&self.program, &self.trained.weights);
        let world = World::of(&self.records, found.concat());
        let households = self.households_of(&world);
        let scorer = self.scorer(&world).with_households(Some(&households));
        let mut comparer = Comparer::new(&self.program, &world.records);
        let mut scored = Vec::new();
        for members in found {
            for (place, other) in members.iter().enumerate() {
                for one in &members[..place] {
                    let (left, right) = world.pair(*one, *other);
                    let (a, b) = (world.records.row(left), world.records.row(right));
                    let agree = |columns: &Vec<usize>| {
                        columns.iter().all(|column| a[*column] != NULL && a[*column] == b[*column])
                    };
                    if !allowed(&self.program, &world.records, left, right) || !sets.iter().any(agree) {
                        continue;
                    }
                    let pattern = comparer.pattern(left, right);
                    if scorer.agrees(pattern) {
                        continue;
                    }
                    let housed = scorer.evidence(pattern, left, right).logit() as f32;
                    if housed >= self.linker.told() {
                        scored.push((*one, Tie { other: *other, pattern, plain: f32::NAN, housed }));
                    }
                }
            }
        }
        scored
    }
}

impl Partition {
    /// Puts entities in the place of those whose roots are gone; records that are no more stand alone.
    fn regroup(&mut self, groups: &BTreeMap<u32, Vec<u32>>, gone: &BTreeSet<u32>, dead: &[u32]) {
        for root in gone {
            self.members.set(*root, Vec::new());
        }
        for slot in dead {
            self.root[*slot as usize] = *slot;
            self.logit[*slot as usize] = f32::INFINITY;
        }
        for (root, members) in groups {
            let changed = members.len() > 1 && self.members.count(*root) != members.len();
            if changed || members.iter().any(|slot| self.root[*slot as usize] != *root) {
                let mut members = members.clone();
                members.sort_unstable();
                members.iter().for_each(|slot| self.root[*slot as usize] = *root);
                self.members.set(*root, if members.len() > 1 { members } else { Vec::new() });
            }
        }
    }
}
