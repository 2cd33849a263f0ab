//! Edits: what they do to records and indexes, and in which order everything that follows from them is settled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use jingwei_model::hash::base32;

use super::postings::Tie;
use super::world::{World, push};
use super::{Incremental, Rows, block_keys};
use crate::block::key;
use crate::household::LARGEST;
use crate::linker::Decision;
use crate::records::Records;
use crate::train::Scorer;

/// An edit of the records.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "edits come in short lists, and nearly all of them put rows")]
pub enum Edit {
    /// Records that are new, or stand in place of those with their ids.
    Put(Rows),
    /// The record of a key ([`record_key`](crate::record_key)) is no more; one that is not there changes nothing.
    Delete(u128),
    /// What a person decided; it stands above all evidence.
    Decide(Decision),
}

/// A record whose entity is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The record's table.
    pub table: String,
    /// Its id there.
    pub id: String,
    /// Id of the entity it was in; none when the record is new.
    pub before: Option<String>,
    /// Id of the entity it is in; none when the record is deleted.
    pub after: Option<String>,
}

/// Texts of the kinds that registers hold, so that whatever a column is cleaned with has something to do.
const REHEARSED: [&str; 5] = [
    "王芳",
    "11010519491231002X",
    "13800138000",
    "1949年12月31日",
    "北京市朝阳区望京街道阜通东大街6号院5号楼2单元501室",
];

/// What edits have touched.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Slots whose records are new, changed, deleted or decided about.
    pub slots: BTreeSet<u32>,
    /// Sizes of the groups before, by rule and key.
    groups: BTreeMap<(usize, u32), usize>,
    /// Homes by kind and key.
    pub homes: BTreeSet<(usize, u32)>,
    /// Records of these homes before.
    pub housed: BTreeSet<u32>,
}

impl Incremental {
    /// Makes edits, in their order, and settles everything that follows from them. Says which records are in another
    /// entity than before, in the order of their keys.
    pub fn apply(&mut self, edits: Vec<Edit>) -> Vec<Change> {
        let mut touched = Touched::default();
        let mut before = BTreeMap::new();
        for edit in edits {
            match edit {
                Edit::Put(rows) => {
                    for row in 0..rows.records.len() as u32 {
                        self.put(&rows.records, row, &mut touched, &mut before);
                    }
                }
                Edit::Delete(key) => {
                    if let Some(slot) = self.slot(key) {
                        before.entry(slot).or_insert_with(|| Some(self.entity_key(slot)));
                        self.leave(slot, &mut touched);
                        self.alive[slot as usize] = false;
                        touched.slots.insert(slot);
                    }
                }
                Edit::Decide(decision) => {
                    self.decide(decision);
                    touched.slots.extend([decision.left, decision.right].iter().filter_map(|key| self.slot(*key)));
                }
            }
        }
        if touched.slots.is_empty() {
            return Vec::new();
        }
        let changed = self.rescore(&touched);
        self.settle(&touched, changed, &mut before);
        let mut changes = Vec::new();
        for (slot, before) in before {
            let after = self.alive[slot as usize].then(|| self.entity_key(slot));
            if before != after {
                let (table, id) = (self.records.table_of(slot).to_owned(), self.records.id_of(slot).to_owned());
                let change = Change { table, id, before: before.map(base32), after: after.map(base32) };
                changes.push((self.records.keys[slot as usize], change));
            }
        }
        changes.sort_by_key(|(key, _)| *key);
        changes.into_iter().map(|(_, change)| change).collect()
    }

    /// Goes through what an edit does once without one, so that no record waits for plans that run for the first time and
    /// tables that are made when first asked: rows of made-up texts are cleaned and forgotten, and a record that has edges
    /// is settled anew, which leaves everything as it is.
    pub(super) async fn rehearse(&mut self) {
        for (name, schema) in self.intake.schemas() {
            let column = |field: &FieldRef| match field.data_type() {
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                    cast(&StringArray::from(REHEARSED.to_vec()), field.data_type())
                }
                other => Ok(new_null_array(other, REHEARSED.len())),
            };
            let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>();
            if let Ok(rows) = columns.and_then(|columns| RecordBatch::try_new(Arc::clone(&schema), columns)) {
                // A table whose ids are no texts refuses the rows, after their cleaning.
                let _ = self.read(&name, &rows).await;
            }
        }
        let Some(slot) = (0..self.records.len() as u32).find(|slot| !self.graph.of(*slot).is_empty()) else { return };
        let touched = Touched { slots: BTreeSet::from([slot]), ..Touched::default() };
        let changed = self.rescore(&touched);
        self.settle(&touched, changed, &mut BTreeMap::new());
    }

    fn put(&mut self, rows: &Records, row: u32, touched: &mut Touched, before: &mut BTreeMap<u32, Option<u128>>) {
        let key = rows.keys[row as usize];
        let slot = match self.any_slot(key) {
            Some(slot) if self.alive[slot as usize] => {
                if self.records.says_the_same(slot, rows, row) {
                    return;
                }
                before.entry(slot).or_insert_with(|| Some(self.entity_key(slot)));
                self.leave(slot, touched);
                self.records.replace(slot, rows, row);
                slot
            }
            Some(slot) => {
                before.entry(slot).or_insert(None);
                self.records.replace(slot, rows, row);
                self.alive[slot as usize] = true;
                slot
            }
            None => {
                let slot = self.records.len() as u32;
                push(&mut self.records, rows, row);
                let id = self.records.ids.intern(rows.id_of(row));
                self.records.id.in_memory().push(id);
                self.alive.push(true);
                self.slots.insert(key, slot);
                self.household.push(0);
                for partition in [Some(&mut self.first), self.last.as_mut()].into_iter().flatten() {
                    partition.root.push(slot);
                    partition.logit.push(f32::INFINITY);
                }
                before.insert(slot, None);
                slot
            }
        };
        touched.slots.insert(slot);
        self.enter(slot, touched);
    }

    /// Takes a record out of its groups and homes.
    fn leave(&mut self, slot: u32, touched: &mut Touched) {
        self.note(slot, touched);
        for (rule, block) in self.program.blocks.iter().enumerate() {
            for key in block_keys(block, &self.records, slot) {
                self.blocks[rule].remove(key, slot);
            }
        }
        for (kind, columns) in self.home_columns.iter().enumerate() {
            if let Some(key) = key(&self.records, columns, slot) {
                self.homes[kind].remove((key >> 32) as u32, slot);
            }
        }
    }

    /// Puts a record into its groups and homes.
    fn enter(&mut self, slot: u32, touched: &mut Touched) {
        self.note(slot, touched);
        for (rule, block) in self.program.blocks.iter().enumerate() {
            for key in block_keys(block, &self.records, slot) {
                self.blocks[rule].insert(key, slot);
            }
        }
        for (kind, columns) in self.home_columns.iter().enumerate() {
            if let Some(key) = key(&self.records, columns, slot) {
                self.homes[kind].insert((key >> 32) as u32, slot);
            }
        }
    }

    /// Writes down how its groups and homes are before the first edit of each.
    fn note(&self, slot: u32, touched: &mut Touched) {
        for (rule, block) in self.program.blocks.iter().enumerate() {
            for key in block_keys(block, &self.records, slot) {
                touched.groups.entry((rule, key)).or_insert_with(|| self.blocks[rule].count(key));
            }
        }
        for (kind, columns) in self.home_columns.iter().enumerate() {
            let Some(key) = key(&self.records, columns, slot).map(|key| (key >> 32) as u32) else { continue };
            if touched.homes.insert((kind, key)) && self.homes[kind].count(key) <= LARGEST {
                touched.housed.extend(self.homes[kind].records(key));
            }
        }
    }

    /// Brings the edges up to date; gives the slots at whose edges something changed, the touched ones among them.
    fn rescore(&mut self, touched: &Touched) -> BTreeSet<u32> {
        let mut changed = touched.slots.clone();
        let drop = |base: &mut Self, one: u32, tie: Tie, changed: &mut BTreeSet<u32>| {
            changed.extend([one, tie.other]);
            base.graph.set(one, tie);
        };
        for slot in &touched.slots {
            for tie in self.graph.of(*slot).to_vec() {
                drop(self, *slot, Tie { plain: f32::NAN, housed: f32::NAN, ..tie }, &mut changed);
            }
            // Those whom nothing but a decision binds to it.
            changed.extend(self.decided_about(*slot));
        }
        let mut candidates = Vec::new();
        let mut opened = Vec::new();
        for ((rule, key), before) in &touched.groups {
            let after = self.blocks[*rule].count(*key);
            match (self.admits(*rule, *before), self.admits(*rule, after)) {
                (true, false) => {
                    // A group that is too large now: its edges stay where another rule brings them.
                    let members = self.blocks[*rule].records(*key);
                    for one in &members {
                        for tie in self.graph.of(*one).to_vec() {
                            if *one < tie.other && !tie.plain.is_nan() && members.binary_search(&tie.other).is_ok() {
                                candidates.extend(self.common_rules(*one, tie.other));
                                drop(self, *one, Tie { plain: f32::NAN, ..tie }, &mut changed);
                            }
                        }
                    }
                }
                (false, true) => opened.push((*rule, *key)),
                _ => {}
            }
        }
        for (rule, key) in opened {
            let members = self.blocks[rule].records(key);
            for (place, other) in members.iter().enumerate() {
                candidates.extend(members[..place].iter().map(|one| (*one, *other, rule as u16)));
            }
        }
        for slot in touched.slots.iter().filter(|slot| self.alive[**slot as usize]) {
            self.candidates(*slot, &mut candidates);
        }
        let world = World::of(&self.records, candidates.iter().flat_map(|(one, other, _)| [*one, *other]).collect());
        let weights = &self.trained.weights;
        let scorer = Scorer::with_terms(&self.program, &world.records, weights, Some(&self.trained.terms));
        let found = self.score(candidates, &world.records, &scorer, |slot| world.place(slot));
        for (one, tie) in found {
            let known = self.graph.between(one, tie.other);
            if known.is_none_or(|known| known.plain.is_nan()) {
                changed.extend([one, tie.other]);
                let housed = known.map_or(f32::NAN, |known| known.housed);
                self.graph.set(one, Tie { housed, ..tie });
            }
        }
        changed
    }
}
