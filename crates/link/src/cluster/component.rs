//! One component: every pair of it is scored, and clusters grow from the strongest evidence on.

use super::{CAP, SMALL};
use crate::compare::Comparer;
use crate::decide::{ScoredPair, forbids};
use crate::model::Program;
use crate::train::Scorer;

/// Records that edges connect. The room for one is used for the next.
#[derive(Debug, Default)]
pub struct Component {
    members: Vec<u32>,
    /// Log odds of every pair, by place; minus infinity when something forbids it.
    odds: Vec<f32>,
    clusters: Clusters,
    /// Whether people decided something about it.
    decided: bool,
    /// Whether a pair without an edge agrees on nothing that a household shares, so that its score depends on who shares
    /// one.
    pub open: bool,
}

impl Component {
    /// Begins with other records.
    pub fn begin(&mut self, members: &[u32]) {
        self.members.clear();
        self.members.extend(members);
        self.odds.clear();
        self.odds.resize(members.len() * members.len(), f32::NAN);
        self.open = false;
        self.decided = false;
    }

    fn place(&self, record: u32) -> usize {
        self.members.binary_search(&record).unwrap_or_default()
    }

    fn set(&mut self, a: usize, b: usize, logit: f32) {
        let count = self.members.len();
        self.odds[a * count + b] = logit;
        self.odds[b * count + a] = logit;
    }

    /// Scores every pair, those of edges as these have it.
    pub fn score<'a>(
        &mut self,
        program: &Program,
        scorer: &Scorer<'_>,
        comparer: &mut Comparer<'_>,
        edges: impl Iterator<Item = &'a ScoredPair>,
        one_to_one: &[bool],
    ) {
        let count = self.members.len();
        for edge in edges {
            let never = edge.never.unwrap_or_else(|| forbids(program, comparer, one_to_one, edge.left, edge.right));
            let (a, b) = (self.place(edge.left), self.place(edge.right));
            self.set(a, b, if never { f32::NEG_INFINITY } else { edge.logit });
        }
        for a in 0..count {
            for b in 0..a {
                if !self.odds[a * count + b].is_nan() {
                    continue;
                }
                let (left, right) = (self.members[b], self.members[a]);
                let logit = if forbids(program, comparer, one_to_one, left, right) {
                    f32::NEG_INFINITY
                } else if count <= SMALL {
                    let pattern = comparer.pattern(left, right);
                    self.open |= !scorer.agrees(pattern);
                    scorer.evidence(pattern, left, right).logit() as f32
                } else {
                    -CAP
                };
                self.set(a, b, logit);
            }
        }
    }

    /// What people decided stands above everything else.
    pub fn decide(&mut self, decisions: &[(u32, u32, bool)]) {
        self.decided = !decisions.is_empty();
        for (left, right, same) in decisions {
            let (a, b) = (self.place(*left), self.place(*right));
            self.set(a, b, if *same { f32::INFINITY } else { f32::NEG_INFINITY });
        }
    }

    /// Joins from the strongest evidence on. `joined` gets record, root and log odds.
    pub fn join(&mut self, least: f32, joined: &mut Vec<(u32, u32, f32)>) {
        if self.members.len() == 3 && !self.decided {
            self.join_three(least, joined);
        } else {
            self.join_any(least, joined);
        }
    }

    /// The same for three records, which most components beyond two have: at most two steps.
    fn join_three(&self, least: f32, joined: &mut Vec<(u32, u32, f32)>) {
        let odds = [self.odds[3], self.odds[6], self.odds[7]].map(capped);
        let joins = |mean: f32| mean > f32::NEG_INFINITY && mean >= least;
        let (mut root, mut strength) = ([0, 1, 2], [f32::INFINITY; 3]);
        let stronger = |best: usize, pair: usize| if odds[pair] > odds[best] { pair } else { best };
        let first = stronger(stronger(0, 1), 2);
        if joins(odds[first]) {
            let (low, high, other) = [(0, 1, 2), (0, 2, 1), (1, 2, 0)][first];
            root[high] = low;
            (strength[low], strength[high]) = (odds[first], odds[first]);
            let mean = (odds[(first + 1) % 3] + odds[(first + 2) % 3]) / 2.0;
            if joins(mean) {
                (root, strength[other]) = ([0; 3], mean);
            }
        }
        joined.extend((0..3).map(|place| (self.members[place], self.members[root[place]], strength[place])));
    }

    fn join_any(&mut self, least: f32, joined: &mut Vec<(u32, u32, f32)>) {
        let count = self.members.len();
        let clusters = &mut self.clusters;
        clusters.begin(&self.odds, count);
        for a in 0..count {
            for b in 0..a {
                if self.odds[a * count + b] == f32::INFINITY && clusters.root[a] != clusters.root[b] {
                    let (low, high) = (clusters.root[a].min(clusters.root[b]), clusters.root[a].max(clusters.root[b]));
                    clusters.merge(low, high, CAP);
                }
            }
        }
        while let Some((mean, low, high)) = clusters.strongest(least) {
            clusters.merge(low, high, mean);
        }
        for place in 0..count {
            joined.push((self.members[place], self.members[clusters.root[place]], clusters.strength[place]));
        }
    }
}

/// Log odds that count for no more than they may.
fn capped(logit: f32) -> f32 {
    if logit == f32::NEG_INFINITY { logit } else { logit.clamp(-CAP, CAP) }
}

/// Clusters of a component while they grow.
#[derive(Debug, Default)]
struct Clusters {
    count: usize,
    alive: Vec<bool>,
    size: Vec<f32>,
    /// Sum of the log odds between the records of two clusters.
    sum: Vec<f32>,
    root: Vec<usize>,
    /// Log odds with which a record joined.
    strength: Vec<f32>,
}

impl Clusters {
    /// Begins with a cluster a record.
    fn begin(&mut self, odds: &[f32], count: usize) {
        self.count = count;
        self.alive.clear();
        self.alive.resize(count, true);
        self.size.clear();
        self.size.resize(count, 1.0);
        self.sum.clear();
        self.sum.extend(odds.iter().copied().map(capped));
        self.root.clear();
        self.root.extend(0..count);
        self.strength.clear();
        self.strength.resize(count, f32::INFINITY);
    }

    /// The two clusters with the highest mean log odds, if these are at least `least`.
    fn strongest(&self, least: f32) -> Option<(f32, usize, usize)> {
        let mut best: Option<(f32, usize, usize)> = None;
        for a in (0..self.count).filter(|a| self.alive[*a]) {
            for b in (0..a).filter(|b| self.alive[*b]) {
                let sum = self.sum[a * self.count + b];
                let mean = sum / (self.size[a] * self.size[b]);
                if sum > f32::NEG_INFINITY && mean >= least && best.is_none_or(|best| mean > best.0) {
                    best = Some((mean, b, a));
                }
            }
        }
        best
    }

    fn merge(&mut self, low: usize, high: usize, strength: f32) {
        let count = self.count;
        self.alive[high] = false;
        for other in 0..count {
            if other != low && other != high {
                self.sum[low * count + other] += self.sum[high * count + other];
                self.sum[other * count + low] = self.sum[low * count + other];
            }
        }
        self.size[low] += self.size[high];
        for place in 0..count {
            if self.root[place] == high {
                self.root[place] = low;
            }
        }
        for place in [low, high] {
            if self.strength[place].is_infinite() {
                self.strength[place] = strength;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn three_records_are_joined_as_any_number_is(
            odds in prop::array::uniform3(prop_oneof![
                Just(f32::NEG_INFINITY), Just(CAP), Just(-CAP), Just(4.0), (-40..40_i8).prop_map(f32::from), -20.0..20.0_f32,
            ]),
            least in prop_oneof![Just(4.0), -15.0..15.0_f32],
        ) {
            let mut component = Component::default();
            component.begin(&[3, 5, 9]);
            for ((a, b), odds) in [(0, 1), (0, 2), (1, 2)].into_iter().zip(odds) {
                component.set(a, b, odds);
            }
            let (mut three, mut any) = (Vec::new(), Vec::new());
            component.join_three(least, &mut three);
            component.join_any(least, &mut any);
            prop_assert_eq!(three, any);
        }
    }
}
