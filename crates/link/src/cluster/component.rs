//! One component: clusters grow from the strongest evidence on, by every pair of it.
//!
//! Of a pair without an edge no more is worked out than is asked for. What it scores at most shows from equal and unequal
//! values alone, and stands in for what it scores until two clusters would be joined by it. Most never are: a value that
//! excludes two of their records decides it, or the bounds are low enough.

use super::components::Edge;
use super::{CAP, SMALL};
use crate::compare::Pair;
use crate::decide::{Look, forbids_for};
use crate::model::Program;
use crate::records::Gathered;
use crate::train::Scorer;

/// Parts of one that log odds are added up in, so that their sums are exact and no order of adding changes them.
const PARTS: f64 = (1_u64 << 32) as f64;

/// What a pair that no rule brought together counts for at most: less than the strongest edges do, so that of equals those
/// are joined first that a rule brought together, and most others need not be scored any more.
const UNSEEN: f32 = CAP - 1.0 / 128.0;

/// What pairs without an edge are scored by; one for each thread.
pub struct Judge<'a> {
    /// The model.
    pub program: &'a Program,
    /// Scores them.
    pub scorer: &'a Scorer<'a>,
    /// Looks at them.
    pub look: Look<'a>,
    /// By table, whether no entity stands there twice.
    pub one_to_one: &'a [bool],
}

impl Judge<'_> {
    fn forbids(&mut self, pair: &Pair<'_>) -> bool {
        forbids_for(self.program, &mut self.look.comparer, self.one_to_one, pair)
    }

    /// The most that a pair may score, and whether it shows that both agree on something that households share.
    pub fn at_most(&mut self, pair: &Pair<'_>) -> (f32, bool) {
        let (left, right) = pair.records();
        let (most, agrees) = self.look.at_most(pair);
        // The bounds know nothing of what a household adds.
        (if self.scorer.housed(left, right) { UNSEEN } else { most.min(UNSEEN) }, agrees)
    }

    /// What a pair scores.
    pub fn score(&mut self, left: u32, right: u32) -> f32 {
        let pattern = self.look.comparer.pattern(left, right);
        let logit = self.scorer.evidence(pattern, left, right).logit() as f32;
        // What is no number stays none.
        if logit > UNSEEN { UNSEEN } else { logit }
    }
}

/// No cluster before another that it could be joined with.
const NONE: (f64, usize) = (f64::NEG_INFINITY, usize::MAX);

/// Records that edges connect. The room for one is used for the next.
#[derive(Debug, Default)]
pub struct Component {
    members: Vec<u32>,
    /// Log odds of every pair, by place, as far as they count; minus infinity when something forbids it.
    odds: Vec<f64>,
    /// Pairs of which the log odds are not known yet, but that they are at most these.
    at_most: Vec<bool>,
    /// How many of these there are.
    unknown: usize,
    /// Places of records that people decided are the same.
    same: Vec<(usize, usize)>,
    clusters: Clusters,
    /// Whether a pair without an edge does not show that it agrees on something that a household shares, so that its score
    /// may depend on who shares one.
    pub open: bool,
}

impl Component {
    /// Begins with other records.
    pub fn begin(&mut self, members: &[u32]) {
        let pairs = members.len() * members.len();
        self.members.clear();
        self.members.extend(members);
        self.odds.clear();
        self.odds.resize(pairs, f64::NAN);
        self.at_most.clear();
        self.at_most.resize(pairs, false);
        self.unknown = 0;
        self.same.clear();
        self.open = false;
    }

    fn place(&self, record: u32) -> usize {
        self.members.binary_search(&record).unwrap_or_default()
    }

    fn set(&mut self, a: usize, b: usize, logit: f32, at_most: bool) {
        let count = self.members.len();
        let (one, other) = (a * count + b, b * count + a);
        (self.odds[one], self.odds[other]) = (capped(logit), capped(logit));
        self.unknown = self.unknown + usize::from(at_most) - usize::from(self.at_most[one]);
        (self.at_most[one], self.at_most[other]) = (at_most, at_most);
    }

    /// Takes up what pairs with an edge score.
    pub fn take(&mut self, edges: &[Edge]) {
        for edge in edges {
            self.set(self.place(edge.left), self.place(edge.right), edge.odds, false);
        }
    }

    /// Takes up what pairs without an edge score at most.
    pub fn bound(&mut self, judge: &mut Judge<'_>, rows: &Gathered<'_>) {
        let count = self.members.len();
        for a in 0..count {
            for b in 0..a {
                if !self.odds[a * count + b].is_nan() {
                    continue;
                }
                let records = (self.members[b], self.members[a]);
                let pair = judge.look.comparer.pair(records, (rows.row(b), rows.row(a)));
                if judge.forbids(&pair) {
                    self.set(a, b, f32::NEG_INFINITY, false);
                } else if count <= SMALL {
                    let (most, agrees) = judge.at_most(&pair);
                    self.open |= !agrees;
                    // Nothing counts for less than the cap: a bound that low is all there is to know.
                    self.set(a, b, most, most > -CAP);
                } else {
                    self.set(a, b, -CAP, false);
                }
            }
        }
    }

    /// What people decided stands above everything else.
    pub fn decide(&mut self, decisions: &[(u32, u32, bool)]) {
        for (left, right, same) in decisions {
            let (a, b) = (self.place(*left), self.place(*right));
            self.same.retain(|known| *known != (a, b) && *known != (b, a));
            if *same && a != b {
                self.same.push((a, b));
            }
            self.set(a, b, if *same { CAP } else { f32::NEG_INFINITY }, false);
        }
    }

    /// Joins from the strongest evidence on. `score` is asked what a pair scores of which no more than a bound is known;
    /// `tell` is told of every record its root and log odds.
    pub fn join(&mut self, least: f32, mut score: impl FnMut(u32, u32) -> f32, tell: &mut impl FnMut(u32, u32, f32)) {
        let count = self.members.len();
        self.clusters.begin(&self.odds, count);
        for (a, b) in &self.same {
            let (one, other) = (self.clusters.root[*a], self.clusters.root[*b]);
            if one != other {
                self.clusters.merge(one.min(other), one.max(other), f64::from(CAP));
            }
        }
        while let Some((mean, low, high)) = self.clusters.strongest(least) {
            // What is known only to be at most so strong may be weaker than what comes next.
            if !self.learn((low, high), least, &mut score) {
                self.clusters.merge(low, high, mean);
            }
        }
        let clusters = &self.clusters;
        for (place, record) in self.members.iter().enumerate() {
            tell(*record, self.members[clusters.root[place]], clusters.strength[place]);
        }
    }

    /// Scores the pairs between two clusters that are not known yet, until these cannot be joined; whether there were any.
    fn learn(&mut self, (low, high): (usize, usize), least: f32, score: &mut impl FnMut(u32, u32) -> f32) -> bool {
        if self.unknown == 0 {
            return false;
        }
        let count = self.members.len();
        let unknown = self.unknown;
        for a in 0..count {
            let other = match self.clusters.root[a] {
                root if root == low => high,
                root if root == high => low,
                _ => continue,
            };
            for b in 0..a {
                let place = a * count + b;
                if self.clusters.root[b] != other || !self.at_most[place] {
                    continue;
                }
                let before = self.odds[place];
                self.set(a, b, score(self.members[b], self.members[a]), false);
                self.clusters.change(low, high, self.odds[place] - before);
                // They are out of the question: what is left of the bounds need not be known.
                if self.clusters.mean(low, high) < f64::from(least) {
                    self.clusters.look(high);
                    return true;
                }
            }
        }
        if self.unknown < unknown {
            self.clusters.look(high);
        }
        self.unknown < unknown
    }
}

/// Joins three records between all of which there are edges, which is what most components beyond two are: as
/// [`Component::join`] would, in at most two steps. `root` is the smallest of the records.
pub fn join_three(root: u32, edges: &[Edge; 3], least: f32, tell: &mut impl FnMut(u32, u32, f32)) {
    let last = edges.iter().map(|edge| edge.left.max(edge.right)).max().unwrap_or(root);
    // Each record is in two of the edges.
    let sum = edges.iter().map(|edge| u64::from(edge.left) + u64::from(edge.right)).sum::<u64>() / 2;
    let members = [root, (sum - u64::from(root) - u64::from(last)) as u32, last];
    let mut odds = [0.0; 3];
    for edge in edges {
        let place = if edge.left.min(edge.right) != root { 2 } else { usize::from(edge.left.max(edge.right) == last) };
        odds[place] = capped(edge.odds);
    }
    let joins = |mean: f64| mean > f64::NEG_INFINITY && mean >= f64::from(least);
    let (mut roots, mut strength) = ([0, 1, 2], [f32::INFINITY; 3]);
    let stronger = |best: usize, pair: usize| if odds[pair] > odds[best] { pair } else { best };
    let first = stronger(stronger(0, 1), 2);
    if joins(odds[first]) {
        let (low, high, other) = [(0, 1, 2), (0, 2, 1), (1, 2, 0)][first];
        roots[high] = low;
        (strength[low], strength[high]) = (odds[first] as f32, odds[first] as f32);
        let mean = (odds[(first + 1) % 3] + odds[(first + 2) % 3]) / 2.0;
        if joins(mean) {
            (roots, strength[other]) = ([0; 3], mean as f32);
        }
    }
    (0..3).for_each(|place| tell(members[place], members[roots[place]], strength[place]));
}

/// Log odds that count for no more than they may, in whole [`PARTS`]. What is no number joins nothing.
fn capped(logit: f32) -> f64 {
    let logit = f64::from(logit);
    let cap = f64::from(CAP);
    let joins = logit > f64::NEG_INFINITY;
    if joins { (logit.clamp(-cap, cap) * PARTS) as i64 as f64 / PARTS } else { f64::NEG_INFINITY }
}

/// Clusters of a component while they grow.
#[derive(Debug, Default)]
struct Clusters {
    count: usize,
    /// The clusters there are, in order.
    alive: Vec<usize>,
    size: Vec<f64>,
    /// Sum of the log odds between the records of two clusters.
    sum: Vec<f64>,
    /// Of each cluster the one among those before it with which it has the highest mean log odds, and these.
    best: Vec<(f64, usize)>,
    root: Vec<usize>,
    /// Log odds with which a record joined.
    strength: Vec<f32>,
}

impl Clusters {
    /// Begins with a cluster a record.
    fn begin(&mut self, odds: &[f64], count: usize) {
        self.count = count;
        self.alive.clear();
        self.alive.extend(0..count);
        self.size.clear();
        self.size.resize(count, 1.0);
        self.sum.clear();
        self.sum.extend(odds);
        self.root.clear();
        self.root.extend(0..count);
        self.strength.clear();
        self.strength.resize(count, f32::INFINITY);
        self.best.clear();
        self.best.resize(count, NONE);
        (0..count).for_each(|cluster| self.look(cluster));
    }

    fn mean(&self, a: usize, b: usize) -> f64 {
        self.sum[a * self.count + b] / (self.size[a] * self.size[b])
    }

    /// Looks for the best of a cluster.
    fn look(&mut self, cluster: usize) {
        let mut best = NONE;
        for other in self.alive.iter().copied().take_while(|other| *other < cluster) {
            let mean = self.mean(cluster, other);
            if mean > best.0 {
                best = (mean, other);
            }
        }
        self.best[cluster] = best;
    }

    /// The two clusters with the highest mean log odds, if these are at least `least`; of several the first.
    fn strongest(&self, least: f32) -> Option<(f64, usize, usize)> {
        let mut best = (f64::NEG_INFINITY, 0, 0);
        for cluster in &self.alive {
            let (mean, other) = self.best[*cluster];
            if mean > best.0 {
                best = (mean, other, *cluster);
            }
        }
        (best.0 > f64::NEG_INFINITY && best.0 >= f64::from(least)).then_some(best)
    }

    /// A pair between two clusters turns out to have other log odds, by so much.
    fn change(&mut self, low: usize, high: usize, more: f64) {
        self.sum[low * self.count + high] += more;
        self.sum[high * self.count + low] += more;
    }

    fn merge(&mut self, low: usize, high: usize, strength: f64) {
        let count = self.count;
        self.alive.retain(|cluster| *cluster != high);
        self.size[low] += self.size[high];
        for root in &mut self.root {
            if *root == high {
                *root = low;
            }
        }
        for place in [low, high] {
            if self.strength[place].is_infinite() {
                self.strength[place] = strength as f32;
            }
        }
        for other in self.alive.iter().copied().filter(|other| *other != low) {
            self.sum[low * count + other] += self.sum[high * count + other];
            self.sum[other * count + low] = self.sum[low * count + other];
        }
        for number in self.alive.partition_point(|cluster| *cluster < low)..self.alive.len() {
            let cluster = self.alive[number];
            let best = self.best[cluster];
            if cluster == low || best.1 == low || best.1 == high {
                self.look(cluster);
            } else {
                let mean = self.mean(cluster, low);
                if mean > best.0 || (mean == best.0 && low < best.1) {
                    self.best[cluster] = (mean, low);
                }
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
            order in Just([(3, 5), (3, 9), (5, 9)]).prop_shuffle(),
            turned in any::<[bool; 3]>(),
            least in prop_oneof![Just(4.0), -15.0..15.0_f32],
        ) {
            let edges = [0, 1, 2].map(|place| {
                let (left, right) = if turned[place] { (order[place].1, order[place].0) } else { order[place] };
                Edge::new(3, left, right, odds[place])
            });
            let mut component = Component::default();
            component.begin(&[3, 5, 9]);
            component.take(&edges);
            let (mut three, mut any) = (Vec::new(), Vec::new());
            join_three(3, &edges, least, &mut |record, root, logit| three.push((record, root, logit)));
            component.join(least, |_, _| unreachable!("every pair has an edge"), &mut |record, root, logit| any.push((record, root, logit)));
            prop_assert_eq!(three, any);
        }

        #[test]
        fn what_is_no_number_joins_nothing(sign in prop::bool::ANY) {
            let mut component = Component::default();
            component.begin(&[3, 5]);
            component.take(&[Edge::new(3, 3, 5, if sign { f32::NAN } else { -f32::NAN })]);
            let mut told = Vec::new();
            component.join(-15.0, |_, _| unreachable!("every pair has an edge"), &mut |record, root, _| {
                told.push((record, root));
            });
            prop_assert_eq!(told, [(3, 3), (5, 5)]);
        }

        #[test]
        fn bounds_decide_nothing_that_scores_would_not(
            (count, exact, above, edge) in (2..9_usize).prop_flat_map(|count| {
                let pairs = count * count;
                let odds = prop_oneof![Just(f32::NEG_INFINITY), Just(CAP), (-15..15_i8).prop_map(f32::from), -15.0..15.0_f32];
                (
                    Just(count), prop::collection::vec(odds, pairs), prop::collection::vec(0.0..9.0_f32, pairs),
                    prop::collection::vec(any::<bool>(), pairs),
                )
            }),
            least in prop_oneof![Just(4.0), -15.0..15.0_f32],
        ) {
            let members = (0..count as u32).collect::<Vec<_>>();
            let (mut known, mut bound) = (Component::default(), Component::default());
            known.begin(&members);
            bound.begin(&members);
            for a in 0..count {
                for b in 0..a {
                    let place = a * count + b;
                    let odds = exact[place];
                    known.set(a, b, odds, false);
                    if edge[place] || odds == f32::NEG_INFINITY {
                        bound.set(a, b, odds, false);
                    } else {
                        bound.set(a, b, odds + above[place], true);
                    }
                }
            }
            let (mut whole, mut lazy, mut asked) = (Vec::new(), Vec::new(), Vec::new());
            known.join(least, |_, _| unreachable!("every pair is known"), &mut |record, root, logit| whole.push((record, root, logit)));
            let score = |left: u32, right: u32| {
                asked.push((left, right));
                exact[right as usize * count + left as usize]
            };
            bound.join(least, score, &mut |record, root, logit| lazy.push((record, root, logit)));
            prop_assert_eq!(whole, lazy);
            // No pair is scored twice.
            let all = asked.len();
            asked.sort_unstable();
            asked.dedup();
            prop_assert_eq!(asked.len(), all);
        }
    }
}
