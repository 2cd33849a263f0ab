//! How well entities agree with the truth, counted in pairs of records.

use std::fmt;

use hashbrown::HashMap;
use serde::Serialize;

/// Pairwise quality: of the pairs of records inside entities, how many are right, and how many were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quality {
    /// Records with a truth.
    pub records: u64,
    /// Entities found.
    pub entities: u64,
    /// Entities in truth.
    pub true_entities: u64,
    /// Pairs in truth.
    pub true_pairs: u64,
    /// Pairs found.
    pub found_pairs: u64,
    /// Pairs found that are true.
    pub correct_pairs: u64,
    /// Correct of found.
    pub precision: f64,
    /// Correct of true.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// Compares (found entity, true entity) of every record. Pairs are counted from the sizes of the overlaps, never listed.
pub fn evaluate<'a>(records: impl Iterator<Item = (&'a str, &'a str)>) -> Quality {
    let mut count = Overlaps::default();
    records.for_each(|(entity, real)| count.add(entity, real));
    count.quality(count.pairs())
}

/// Compares (group, found entity, true entity) of every record, by pairs of records of two groups: those within a group
/// are left out. Entities are those with any record.
pub fn evaluate_across<'a>(records: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Quality {
    let mut all = Overlaps::default();
    let mut groups: HashMap<&str, Overlaps<'_>> = HashMap::new();
    for (group, entity, real) in records {
        all.add(entity, real);
        groups.entry(group).or_default().add(entity, real);
    }
    let mut pairs = all.pairs();
    for within in groups.values().map(Overlaps::pairs) {
        pairs.iter_mut().zip(within).for_each(|(pairs, within)| *pairs -= within);
    }
    all.quality(pairs)
}

/// How many records each found entity, each true one, and each two of them have.
#[derive(Default)]
struct Overlaps<'a> {
    found: HashMap<&'a str, u64>,
    truth: HashMap<&'a str, u64>,
    both: HashMap<(&'a str, &'a str), u64>,
    records: u64,
}

impl<'a> Overlaps<'a> {
    fn add(&mut self, entity: &'a str, real: &'a str) {
        *self.found.entry(entity).or_default() += 1;
        *self.truth.entry(real).or_default() += 1;
        *self.both.entry((entity, real)).or_default() += 1;
        self.records += 1;
    }

    /// Pairs found, true, and both.
    fn pairs(&self) -> [u64; 3] {
        let pairs = |sizes: &mut dyn Iterator<Item = &u64>| sizes.map(|size| size * (size - 1) / 2).sum::<u64>();
        [pairs(&mut self.found.values()), pairs(&mut self.truth.values()), pairs(&mut self.both.values())]
    }

    fn quality(&self, [found_pairs, true_pairs, correct_pairs]: [u64; 3]) -> Quality {
        // Nothing to find and nothing found is no fault.
        let ratio = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (ratio(correct_pairs, found_pairs), ratio(correct_pairs, true_pairs));
        let f1 = if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        Quality {
            records: self.records,
            entities: self.found.len() as u64,
            true_entities: self.truth.len() as u64,
            true_pairs,
            found_pairs,
            correct_pairs,
            precision,
            recall,
            f1,
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} records, {} entities ({} in truth): precision {:.4}, recall {:.4}, F1 {:.4}",
            self.records, self.entities, self.true_entities, self.precision, self.recall, self.f1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{evaluate, evaluate_across};

    #[test]
    fn pairs_are_counted_as_by_hand() {
        // Truth {1,2,3}, {4}; found {1,2}, {3,4}: 3 true pairs, 2 found, 1 correct.
        let quality = evaluate([("a", "x"), ("a", "x"), ("b", "x"), ("b", "y")].into_iter());
        assert_eq!((quality.true_pairs, quality.found_pairs, quality.correct_pairs), (3, 2, 1));
        assert!(
            (quality.precision - 0.5).abs() < 1e-12
                && (quality.recall - 1.0 / 3.0).abs() < 1e-12
                && (quality.f1 - 0.4).abs() < 1e-12
        );
    }
    #[test]
    fn pairs_of_one_group_do_not_count_across_groups() {
        // Truth {1,2,3}, {4}; found {1,2}, {3,4}; 1 and 2 are of one group, 3 and 4 of another: true across are 1–3 and
        // 2–3, and none of them is found.
        let rows = [("g", "a", "x"), ("g", "a", "x"), ("h", "b", "x"), ("h", "b", "y")];
        let quality = evaluate_across(rows.into_iter());
        assert_eq!((quality.true_pairs, quality.found_pairs, quality.correct_pairs), (2, 0, 0));
        let other = [("g", "a", "x"), ("h", "a", "x"), ("h", "b", "x"), ("g", "b", "y")];
        let quality = evaluate_across(other.into_iter());
        assert_eq!((quality.true_pairs, quality.found_pairs, quality.correct_pairs), (2, 2, 1));
    }
}
