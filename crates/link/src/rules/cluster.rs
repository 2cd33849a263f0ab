//! The kernel: union-find over groups of equal hashes, with the conflict values of whole clusters in view, and with what
//! people decided before everything else.

use hashbrown::HashMap;
use jingwei_model::config::EntityConfig;

use super::plan::Hashed;
use crate::Decision;

/// What members and edges are said to come from that a person decided.
const DECISION: &str = "decision";
/// Why two records are kept apart that a person keeps apart.
const DIFFERENT: &str = "a person decided that they differ";

/// Which rows belong together, and the evidence.
#[derive(Debug, Default)]
pub struct Clusters {
    /// The first row of each row's cluster.
    pub root: Vec<u32>,
    /// The rule that brought a row's record to its cluster: name and probability; `None` for the first.
    pub rule: Vec<Option<(String, f64)>>,
    /// Evidence between rows.
    pub edges: Vec<Edge>,
}

/// Evidence between two rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// One row.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// The rule that speaks for it.
    pub rule: String,
    /// Its probability.
    pub probability: f64,
    /// Why it was refused, if it was.
    pub refused: Option<String>,
    /// Whether it is for people to decide.
    pub review: bool,
}

/// Clusters the rows. Rules come in their order, groups in the order of their hashes, rows in the order of their
/// keys: nothing depends on how the records arrived.
pub fn cluster(config: &EntityConfig, records: &Hashed, decisions: &[Decision]) -> Clusters {
    let mut kernel = Kernel::new(records);
    for row in 1..records.keys.len() {
        if records.keys[row] == records.keys[row - 1] {
            kernel.same_record(row - 1, row);
        }
    }
    let mut rule_of: Vec<Option<u16>> = vec![None; records.keys.len()];
    let mut edges = Vec::new();
    for (left, right, same) in decided(records, decisions) {
        let refused = (!same).then(|| DIFFERENT.to_owned());
        let probability = if same { 1.0 } else { 0.0 };
        edges.push(Edge { left, right, rule: DECISION.to_owned(), probability, refused, review: false });
        if !same {
            kernel.bar(left, right);
        } else if let Some(newcomer) = kernel.decided(left, right) {
            rule_of[newcomer as usize] = Some(PERSON);
        }
    }
    for (number, rule) in config.rules.iter().enumerate() {
        let hashes = &records.rules[number];
        let mut order = (0..hashes.len()).filter(|row| hashes[*row] != 0).map(|row| row as u32).collect::<Vec<_>>();
        order.sort_unstable_by_key(|row| (hashes[*row as usize], *row));
        for group in order.chunk_by(|a, b| hashes[*a as usize] == hashes[*b as usize]).filter(|group| group.len() > 1) {
            let edge = |left, right, refused| Edge {
                left,
                right,
                rule: rule.rule.clone(),
                probability: rule.probability,
                refused,
                review: false,
            };
            let mut rows = Vec::with_capacity(group.len());
            for row in group {
                if rows.last().is_none_or(|last| records.keys[*last as usize] != records.keys[*row as usize]) {
                    rows.push(*row);
                }
            }
            if rows.len() < 2 {
                continue;
            }
            if rows.len() > rule.max_group {
                let reason = format!("group of {} records, more than {}", rows.len(), rule.max_group);
                edges.push(edge(rows[0], rows[rows.len() - 1], Some(reason)));
                continue;
            }
            kernel.group(&rows, |outcome| match outcome {
                Outcome::Joined { left, right, newcomer } => {
                    rule_of[newcomer as usize] = u16::try_from(number).ok();
                    edges.push(edge(left, right, None));
                }
                Outcome::Conflict { left, right, against: Against::Column(column) } => {
                    edges.push(edge(left, right, Some(format!("conflict: {}", config.conflict[column]))));
                }
                Outcome::Conflict { left, right, against: Against::Person } => {
                    edges.push(edge(left, right, Some(DIFFERENT.to_owned())));
                }
                Outcome::Ambiguous { left, right } => {
                    edges.push(edge(
                        left,
                        right,
                        Some("ambiguous: it fits entities that conflict with each other".to_owned()),
                    ));
                }
            });
        }
    }
    let root = (0..records.keys.len()).map(|row| kernel.find(row as u32)).collect();
    let rule = rule_of
        .into_iter()
        .map(|number| {
            number.map(|number| match config.rules.get(usize::from(number)) {
                Some(rule) => (rule.rule.clone(), rule.probability),
                None => (DECISION.to_owned(), 1.0),
            })
        })
        .collect();
    Clusters { root, rule, edges }
}

/// Stands for a person among the numbers of rules.
const PERSON: u16 = u16::MAX;

/// What people decided about rows: those that are one before those that differ, each in the order of the rows.
fn decided(records: &Hashed, decisions: &[Decision]) -> Vec<(u32, u32, bool)> {
    let row = |key: u128| {
        let row = records.keys.partition_point(|known| *known < key);
        (records.keys.get(row) == Some(&key)).then_some(row as u32)
    };
    let mut decided = Vec::new();
    for decision in decisions {
        if let (Some(a), Some(b)) = (row(decision.left), row(decision.right))
            && a != b
        {
            decided.push((a.min(b), a.max(b), decision.same));
        }
    }
    decided.sort_unstable_by_key(|(left, right, same)| (!same, *left, *right));
    decided.dedup();
    decided
}

/// What keeps two clusters apart.
#[derive(Clone, Copy)]
enum Against {
    Column(usize),
    Person,
}

enum Outcome {
    Joined { left: u32, right: u32, newcomer: u32 },
    Conflict { left: u32, right: u32, against: Against },
    Ambiguous { left: u32, right: u32 },
}

struct Kernel {
    /// Parent of each row; a cluster's root is its smallest row.
    parent: Vec<u32>,
    /// For each conflict column, the one value of a root's cluster; 0 while it has none.
    values: Vec<Vec<u64>>,
    /// For roots of clusters that people keep apart from others, rows of these others.
    barred: HashMap<u32, Vec<u32>>,
}

impl Kernel {
    fn new(records: &Hashed) -> Self {
        let parent = (0..records.keys.len() as u32).collect();
        Self { parent, values: records.conflicts.clone(), barred: HashMap::new() }
    }

    fn find(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let up = self.parent[self.parent[row as usize] as usize];
            self.parent[row as usize] = up;
            row = up;
        }
        row
    }

    /// Joins two rows of one record whatever they say; the first value stands for the record.
    fn same_record(&mut self, left: usize, right: usize) {
        let (left, right) = (self.find(left as u32), self.find(right as u32));
        self.join(left.min(right), left.max(right));
    }

    /// Joins two clusters because a person says so, whatever they say; gives the root that is one no longer.
    fn decided(&mut self, left: u32, right: u32) -> Option<u32> {
        let (left, right) = (self.find(left), self.find(right));
        let (root, other) = (left.min(right), left.max(right));
        (root != other).then(|| {
            self.join(root, other);
            other
        })
    }

    /// Keeps the clusters of two rows apart.
    fn bar(&mut self, left: u32, right: u32) {
        for (row, other) in [(left, right), (right, left)] {
            let root = self.find(row);
            self.barred.entry(root).or_default().push(other);
        }
    }

    /// What keeps two clusters apart, which are told by their roots.
    fn conflict(&mut self, left: u32, right: u32) -> Option<Against> {
        if let Some(others) = self.barred.get(&left).cloned()
            && others.into_iter().any(|row| self.find(row) == right)
        {
            return Some(Against::Person);
        }
        let column = self.values.iter().position(|values| {
            let (left, right) = (values[left as usize], values[right as usize]);
            left != 0 && right != 0 && left != right
        });
        column.map(Against::Column)
    }

    fn join(&mut self, root: u32, other: u32) {
        self.parent[other as usize] = root;
        if let Some(others) = self.barred.remove(&other) {
            self.barred.entry(root).or_default().extend(others);
        }
        for values in &mut self.values {
            if values[root as usize] == 0 {
                values[root as usize] = values[other as usize];
            }
        }
    }

    fn known(&self, root: u32) -> usize {
        self.values.iter().filter(|values| values[root as usize] != 0).count()
    }

    /// Joins the clusters of a group. Those that say most come first; one that fits two which conflict with each
    /// other joins neither, because either link would be a guess.
    fn group(&mut self, rows: &[u32], mut tell: impl FnMut(Outcome)) {
        let mut clusters = rows.iter().map(|row| (self.find(*row), *row)).collect::<Vec<_>>();
        clusters.sort_unstable();
        clusters.dedup_by_key(|(root, _)| *root);
        if clusters.len() < 2 {
            return;
        }
        clusters.sort_by_key(|(root, row)| (std::cmp::Reverse(self.known(*root)), *row));
        let mut camps: Vec<(u32, u32)> = Vec::new();
        for (root, row) in clusters {
            let mut fits = None;
            let mut count = 0;
            for (number, (camp, _)) in camps.iter().enumerate() {
                match self.conflict(*camp, root) {
                    None => {
                        count += 1;
                        fits = fits.or(Some(number));
                    }
                    Some(against) => tell(Outcome::Conflict { left: camps[number].1, right: row, against }),
                }
            }
            match fits {
                Some(number) if count == 1 => {
                    let (camp, first) = camps[number];
                    let (low, high) = (camp.min(root), camp.max(root));
                    self.join(low, high);
                    camps[number].0 = low;
                    tell(Outcome::Joined { left: first, right: row, newcomer: high });
                }
                Some(number) => tell(Outcome::Ambiguous { left: camps[number].1, right: row }),
                None => camps.push((root, row)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::RecordBatch;
    use arrow::datatypes::Schema;
    use jingwei_model::Element;
    use jingwei_model::config::{EntityConfig, MatchRule};
    use proptest::prelude::*;

    use super::*;

    fn config(rules: usize) -> EntityConfig {
        EntityConfig {
            element: Element::People,
            rules: (0..rules)
                .map(|n| MatchRule { rule: format!("r{n}"), on: vec!["x".into()], probability: 0.9, max_group: 100 })
                .collect(),
            conflict: vec!["resident_id".into()],
            model: None,
            incidents: None,
            survivorship: Default::default(),
        }
    }

    fn records(rows: &[(u128, [u64; 2], u64)]) -> Hashed {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        Hashed {
            keys: rows.iter().map(|row| row.0).collect(),
            rules: (0..2).map(|rule| rows.iter().map(|row| row.1[rule]).collect()).collect(),
            conflicts: vec![rows.iter().map(|row| row.2).collect()],
            names: RecordBatch::new_empty(Arc::new(Schema::empty())),
        }
    }

    #[test]
    fn a_chain_does_not_join_two_that_conflict() {
        // 1 and 2 share a phone with 3; 1 and 2 have different ids.
        let rows = [(1, [7, 0], 11), (2, [0, 8], 12), (3, [7, 8], 0)];
        let clusters = cluster(&config(2), &records(&rows), &[]);
        assert_eq!(clusters.root, vec![0, 1, 0]);
        assert_eq!(clusters.edges.iter().filter(|edge| edge.refused.is_some()).count(), 1);
    }

    #[test]
    fn a_record_that_fits_two_conflicting_ones_joins_neither() {
        let rows = [(1, [7, 0], 11), (2, [7, 0], 12), (3, [7, 0], 0)];
        let clusters = cluster(&config(2), &records(&rows), &[]);
        assert_eq!(clusters.root, vec![0, 1, 2]);
    }

    #[test]
    fn a_crowded_key_is_no_evidence() {
        let rows = (1..=101).map(|key| (key, [7, 0], 0)).collect::<Vec<_>>();
        let clusters = cluster(&config(2), &records(&rows), &[]);
        assert!(clusters.root.iter().enumerate().all(|(row, root)| row as u32 == *root));
        assert_eq!(clusters.edges.len(), 1);
    }

    fn decision(left: u128, right: u128, same: bool) -> Decision {
        Decision { left, right, same }
    }

    #[test]
    fn what_a_person_decided_stands_above_rules_and_conflicts() {
        // 1 and 2 share a phone and 3 and 4 nothing; 3 and 4 have different ids.
        let rows = [(1, [7, 0], 0), (2, [7, 0], 0), (3, [0, 0], 11), (4, [0, 0], 12)];
        let decisions = [decision(2, 1, false), decision(4, 3, true), decision(4, 99, true)];
        let clusters = cluster(&config(2), &records(&rows), &decisions);
        assert_eq!(clusters.root, vec![0, 1, 2, 2]);
        assert_eq!(clusters.rule[3], Some((DECISION.to_owned(), 1.0)));
        let refused = clusters.edges.iter().filter(|edge| edge.refused.as_deref() == Some(DIFFERENT));
        assert_eq!(refused.map(|edge| edge.rule.as_str()).collect::<Vec<_>>(), [DECISION, "r0"]);
    }

    #[test]
    fn those_kept_apart_are_not_joined_through_a_third() {
        // 2 shares a phone with 1, an address with 3; 1 and 3 differ.
        let rows = [(1, [7, 0], 0), (2, [7, 8], 0), (3, [0, 8], 0)];
        let clusters = cluster(&config(2), &records(&rows), &[decision(1, 3, false)]);
        assert_eq!(clusters.root, vec![0, 0, 2]);
    }

    proptest! {
        #[test]
        fn decisions_that_agree_with_each_other_are_obeyed(
            rows in prop::collection::vec((0u128..20, [0u64..6, 0u64..6], 0u64..4), 0..40),
            people in prop::collection::vec(0u8..8, 20), pairs in prop::collection::vec((0u128..20, 0u128..20), 0..20),
        ) {
            let mut rows = rows;
            rows.sort_unstable();
            rows.dedup_by_key(|row| row.0);
            // Everybody decides by who the records really are.
            let same = |a: u128, b: u128| people[a as usize] == people[b as usize];
            let decisions = pairs.iter().map(|(a, b)| decision(*a, *b, same(*a, *b))).collect::<Vec<_>>();
            let records = records(&rows);
            let clusters = cluster(&config(2), &records, &decisions);
            for (a, b, same) in decided(&records, &decisions) {
                prop_assert_eq!(clusters.root[a as usize] == clusters.root[b as usize], same);
            }
        }

        #[test]
        fn no_cluster_ever_holds_two_conflicting_values(rows in prop::collection::vec((0u128..40, [0u64..6, 0u64..6], 0u64..4), 0..60)) {
            let mut rows = rows;
            rows.sort_unstable();
            rows.dedup_by_key(|row| row.0);
            let records = records(&rows);
            let clusters = cluster(&config(2), &records, &[]);
            for a in 0..rows.len() {
                for b in 0..rows.len() {
                    if clusters.root[a] == clusters.root[b] {
                        let (a, b) = (records.conflicts[0][a], records.conflicts[0][b]);
                        prop_assert!(a == 0 || b == 0 || a == b);
                    }
                }
                // Exactly the first record of a cluster has no rule.
                prop_assert_eq!(clusters.rule[a].is_none(), clusters.root[a] as usize == a);
            }
        }
    }
}
