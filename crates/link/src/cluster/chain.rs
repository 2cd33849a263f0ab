//! One component in which even the strongest edges connect very many: too many to look at every pair, so that clusters
//! grow along the edges alone.
//!
//! What can never be one entity is kept apart all the same. Whether two records exclude each other depends on the values
//! that `never` looks at, and on their tables where `one_to_one` marks these. A cluster remembers who stands for each
//! combination of them, and before two clusters are joined all that stand for them are held against each other.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::CAP;
use super::components::Edge;
use crate::compare::Comparer;
use crate::decide::forbids;
use crate::model::Program;
use crate::records::{ColumnKind, Records};

/// Records of a cluster that nothing tells apart which excludes records from each other.
#[derive(Debug, Clone, Copy)]
struct Alike {
    /// Number of the combination of values.
    number: u32,
    /// The first of the records, and the last: a condition may treat its sides differently, and of any record elsewhere
    /// one of these two stands on each side that one of the others does.
    first: u32,
    last: u32,
}

/// Clusters of a component while they grow along its edges.
#[derive(Debug)]
pub struct Chain<'a> {
    program: &'a Program,
    one_to_one: &'a [bool],
    members: &'a [u32],
    parent: Vec<u32>,
    /// Of each root who stands for its cluster, by their numbers.
    alike: Vec<Vec<Alike>>,
    /// Of each root the roots of clusters that it cannot be joined with, and never will be: clusters only grow.
    apart: Vec<HashSet<u32>>,
    /// Log odds with which a record joined.
    strength: Vec<f32>,
}

impl<'a> Chain<'a> {
    /// Begins with a cluster a record.
    #[must_use]
    pub fn new(program: &'a Program, records: &Records, one_to_one: &'a [bool], members: &'a [u32]) -> Self {
        let mut columns = Vec::new();
        program.never.iter().for_each(|never| never.columns(&program.sites, &mut columns));
        columns.sort_unstable();
        columns.dedup();
        let value = |column: usize, record: u32| match program.columns[column].kind {
            ColumnKind::Number => records.numbers[column][record as usize].to_bits(),
            ColumnKind::Text | ColumnKind::Flag => u64::from(records.cell(record, column)),
        };
        let mut numbers: HashMap<Vec<u64>, u32> = HashMap::new();
        let alike = members.iter().map(|record| {
            let table = usize::from(records.table[*record as usize]);
            let marked = if one_to_one[table] { table as u64 + 1 } else { 0 };
            let values = columns.iter().map(|column| value(*column, *record)).chain([marked]).collect();
            let next = numbers.len() as u32;
            vec![Alike { number: *numbers.entry(values).or_insert(next), first: *record, last: *record }]
        });
        Self {
            program,
            one_to_one,
            members,
            alike: alike.collect(),
            parent: (0..members.len() as u32).collect(),
            apart: vec![HashSet::new(); members.len()],
            strength: vec![f32::INFINITY; members.len()],
        }
    }

    /// What people decided stands above everything else: records that are the same are joined whatever forbids it, then
    /// the clusters of those that are not are kept apart. Of several decisions about one pair the last one counts.
    pub fn decide(&mut self, decisions: &[(u32, u32, bool)]) {
        let decisions =
            decisions.iter().map(|(left, right, same)| ((*left, *right), *same)).collect::<BTreeMap<_, _>>();
        for ((left, right), _) in decisions.iter().filter(|(_, same)| **same) {
            let ends = [self.place(*left), self.place(*right)];
            let [a, b] = ends.map(|end| find(&mut self.parent, end));
            if a != b {
                self.join(ends, CAP);
            }
        }
        for ((left, right), _) in decisions.iter().filter(|(_, same)| !**same) {
            let ends = [self.place(*left), self.place(*right)];
            let [a, b] = ends.map(|end| find(&mut self.parent, end));
            if a != b {
                self.keep_apart(a, b);
            }
        }
    }

    /// Joins clusters along edges of at least these log odds, strongest first, as far as nothing forbids it.
    pub fn follow(&mut self, comparer: &mut Comparer<'_>, edges: &[Edge], least: f32) {
        let mut order = edges.iter().filter(|edge| edge.odds >= least).collect::<Vec<_>>();
        order.sort_by(|a, b| b.odds.total_cmp(&a.odds).then((a.left, a.right).cmp(&(b.left, b.right))));
        for edge in order {
            let ends = [self.place(edge.left), self.place(edge.right)];
            let [a, b] = ends.map(|end| find(&mut self.parent, end));
            if a == b || self.apart[a as usize].contains(&b) {
                continue;
            }
            if self.excluded(comparer, a, b) {
                self.keep_apart(a, b);
            } else {
                self.join(ends, edge.odds);
            }
        }
    }

    /// Tells of every record: itself, its root and log odds.
    pub fn tell(&mut self, tell: &mut impl FnMut(u32, u32, f32)) {
        for (number, record) in self.members.iter().enumerate() {
            let root = find(&mut self.parent, number as u32);
            tell(*record, self.members[root as usize], self.strength[number]);
        }
    }

    fn place(&self, record: u32) -> u32 {
        self.members.binary_search(&record).unwrap_or_default() as u32
    }

    /// Whether a record of one cluster excludes one of the other.
    fn excluded(&self, comparer: &mut Comparer<'_>, one: u32, other: u32) -> bool {
        let others = &self.alike[other as usize];
        self.alike[one as usize].iter().any(|a| {
            others.iter().any(|b| {
                [(a.first, b.last), (b.first, a.last)]
                    .into_iter()
                    .any(|(left, right)| left < right && forbids(self.program, comparer, self.one_to_one, left, right))
            })
        })
    }

    fn keep_apart(&mut self, one: u32, other: u32) {
        self.apart[one as usize].insert(other);
        self.apart[other as usize].insert(one);
    }

    /// Joins the clusters that two records are in.
    fn join(&mut self, ends: [u32; 2], strength: f32) {
        let [a, b] = ends.map(|end| find(&mut self.parent, end));
        let (low, high) = (a.min(b), a.max(b));
        self.parent[high as usize] = low;
        for other in std::mem::take(&mut self.apart[high as usize]) {
            self.apart[other as usize].remove(&high);
            if other != low {
                self.keep_apart(low, other);
            }
        }
        let mut more = std::mem::take(&mut self.alike[high as usize]);
        let all = &mut self.alike[low as usize];
        if all.len() < more.len() {
            std::mem::swap(all, &mut more);
        }
        for alike in more {
            match all.binary_search_by_key(&alike.number, |known| known.number) {
                Ok(place) => {
                    let known = &mut all[place];
                    (known.first, known.last) = (known.first.min(alike.first), known.last.max(alike.last));
                }
                Err(place) => all.insert(place, alike),
            }
        }
        for end in ends {
            let known = &mut self.strength[end as usize];
            if known.is_infinite() {
                *known = strength;
            }
        }
    }
}

fn find(parent: &mut [u32], mut record: u32) -> u32 {
    while parent[record as usize] != record {
        let up = parent[parent[record as usize] as usize];
        parent[record as usize] = up;
        record = up;
    }
    record
}
