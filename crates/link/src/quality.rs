//! How well entities agree with the truth, counted in pairs of records.

use std::fmt;

use serde::Serialize;

use crate::block::pairs_of;

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
pub fn evaluate<E: Ord + Copy, R: Ord + Copy>(records: impl Iterator<Item = (E, R)>) -> Quality {
    let overlaps = Overlaps::of(records.collect());
    overlaps.quality(overlaps.pairs)
}

/// Compares (group, found entity, true entity) of every record, by pairs of records of two groups: those within a group
/// are left out. Entities are those with any record.
pub fn evaluate_across<G: Ord + Copy, E: Ord + Copy, R: Ord + Copy>(
    records: impl Iterator<Item = (G, E, R)>,
) -> Quality {
    let records = records.collect::<Vec<_>>();
    let all = Overlaps::of(records.iter().map(|(_, entity, real)| (*entity, *real)).collect());
    let within =
        Overlaps::of(records.iter().map(|(group, entity, real)| ((*group, *entity), (*group, *real))).collect());
    let mut pairs = all.pairs;
    pairs.iter_mut().zip(within.pairs).for_each(|(pairs, within)| *pairs -= within);
    all.quality(pairs)
}

/// How many found entities there are, how many true ones, and how many pairs of records are found, true, and both.
struct Overlaps {
    records: u64,
    found: u64,
    truth: u64,
    pairs: [u64; 3],
}

impl Overlaps {
    /// Records are sorted rather than counted by name: it takes no memory beside them.
    fn of<E: Ord + Copy, R: Ord + Copy>(mut records: Vec<(E, R)>) -> Self {
        records.sort_unstable_by_key(|(_, real)| *real);
        let (truth, true_pairs) = runs(&records, |(_, real)| *real);
        records.sort_unstable();
        let (found, found_pairs) = runs(&records, |(entity, _)| *entity);
        let (_, correct_pairs) = runs(&records, |both| *both);
        Self { records: records.len() as u64, found, truth, pairs: [found_pairs, true_pairs, correct_pairs] }
    }

    fn quality(&self, [found_pairs, true_pairs, correct_pairs]: [u64; 3]) -> Quality {
        // Nothing to find and nothing found is no fault.
        let ratio = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (ratio(correct_pairs, found_pairs), ratio(correct_pairs, true_pairs));
        let f1 = if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        Quality {
            records: self.records,
            entities: self.found,
            true_entities: self.truth,
            true_pairs,
            found_pairs,
            correct_pairs,
            precision,
            recall,
            f1,
        }
    }
}

/// How many runs of records with one key there are, and how many pairs of records within them.
fn runs<T, K: PartialEq>(records: &[T], key: impl Fn(&T) -> K) -> (u64, u64) {
    let runs = records.chunk_by(|a, b| key(a) == key(b)).map(|run| pairs_of(run.len() as u64));
    runs.fold((0, 0), |(runs, all), pairs| (runs + 1, all + pairs))
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
