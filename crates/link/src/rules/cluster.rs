//! The kernel: union-find over groups of equal hashes, with the conflict values of whole clusters in view.

use jingwei_model::config::EntityConfig;

use super::plan::Hashed;

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
}

/// Clusters the rows. Rules come in their order, groups in the order of their hashes, rows in the order of their
/// keys: nothing depends on how the records arrived.
pub fn cluster(config: &EntityConfig, records: &Hashed) -> Clusters {
    let mut kernel = Kernel::new(records);
    for row in 1..records.keys.len() {
        if records.keys[row] == records.keys[row - 1] {
            kernel.same_record(row - 1, row);
        }
    }
    let mut rule_of: Vec<Option<u16>> = vec![None; records.keys.len()];
    let mut edges = Vec::new();
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
                Outcome::Conflict { left, right, column } => {
                    edges.push(edge(left, right, Some(format!("conflict: {}", config.conflict[column]))));
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
            number.map(|number| {
                (config.rules[usize::from(number)].rule.clone(), config.rules[usize::from(number)].probability)
            })
        })
        .collect();
    Clusters { root, rule, edges }
}

enum Outcome {
    Joined { left: u32, right: u32, newcomer: u32 },
    Conflict { left: u32, right: u32, column: usize },
    Ambiguous { left: u32, right: u32 },
}

struct Kernel {
    /// Parent of each row; a cluster's root is its smallest row.
    parent: Vec<u32>,
    /// For each conflict column, the one value of a root's cluster; 0 while it has none.
    values: Vec<Vec<u64>>,
}

impl Kernel {
    fn new(records: &Hashed) -> Self {
        Self { parent: (0..records.keys.len() as u32).collect(), values: records.conflicts.clone() }
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

    /// The conflict column on which two clusters disagree.
    fn conflict(&self, left: u32, right: u32) -> Option<usize> {
        self.values.iter().position(|values| {
            let (left, right) = (values[left as usize], values[right as usize]);
            left != 0 && right != 0 && left != right
        })
    }

    fn join(&mut self, root: u32, other: u32) {
        self.parent[other as usize] = root;
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
                    Some(column) => tell(Outcome::Conflict { left: camps[number].1, right: row, column }),
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
        let clusters = cluster(&config(2), &records(&rows));
        assert_eq!(clusters.root, vec![0, 1, 0]);
        assert_eq!(clusters.edges.iter().filter(|edge| edge.refused.is_some()).count(), 1);
    }

    #[test]
    fn a_record_that_fits_two_conflicting_ones_joins_neither() {
        let rows = [(1, [7, 0], 11), (2, [7, 0], 12), (3, [7, 0], 0)];
        let clusters = cluster(&config(2), &records(&rows));
        assert_eq!(clusters.root, vec![0, 1, 2]);
    }

    #[test]
    fn a_crowded_key_is_no_evidence() {
        let rows = (1..=101).map(|key| (key, [7, 0], 0)).collect::<Vec<_>>();
        let clusters = cluster(&config(2), &records(&rows));
        assert!(clusters.root.iter().enumerate().all(|(row, root)| row as u32 == *root));
        assert_eq!(clusters.edges.len(), 1);
    }

    proptest! {
        #[test]
        fn no_cluster_ever_holds_two_conflicting_values(rows in prop::collection::vec((0u128..40, [0u64..6, 0u64..6], 0u64..4), 0..60)) {
            let mut rows = rows;
            rows.sort_unstable();
            rows.dedup_by_key(|row| row.0);
            let records = records(&rows);
            let clusters = cluster(&config(2), &records);
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
