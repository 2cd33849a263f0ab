//! Pairs to entities: agglomeration by the evidence between whole clusters, not chains of pairs.
//!
//! Records that edges connect form a component. Within it every pair is scored, also those that no blocking rule
//! brought together, and clusters grow from the strongest evidence on: two clusters are joined while the mean log
//! odds between their records speak for it and nothing forbids it. A chain a–b–c with a and c plainly different does
//! not become one entity, and what can never be one entity is never in one cluster.

use hashbrown::HashMap;

use crate::compare::Comparer;
use crate::decide::ScoredPair;
use crate::model::Program;
use crate::parallel;
use crate::records::Records;
use crate::train::Scorer;

/// Components with more records than this keep the edges they have, without scoring every pair.
const SMALL: usize = 100;
/// Components with more records than this are taken apart at their weaker edges first.
const LARGE: usize = 400;
/// How often a large component is taken apart, at ever stronger edges.
const STEPS: usize = 8;
/// Log odds beyond which more evidence does not count for more.
const CAP: f32 = 12.0;

/// How clusters are made.
#[derive(Debug, Clone, Copy)]
pub struct Clustering {
    /// Log odds from which records are joined.
    pub join: f32,
    /// Log odds from which an edge connects a component.
    pub connect: f32,
}

/// The entities.
#[derive(Debug, Default)]
pub struct Entities {
    /// The smallest record of each record's entity.
    pub root: Vec<u32>,
    /// Log odds with which a record belongs to its entity; infinite when it is alone.
    pub logit: Vec<f32>,
    /// Joins refused because something forbids them: the two records and their log odds.
    pub refused: Vec<(u32, u32, f32)>,
}

/// Joins records to entities.
#[must_use]
pub fn cluster(
    program: &Program,
    records: &Records,
    scorer: &Scorer<'_>,
    pairs: &[ScoredPair],
    one_to_one: &[bool],
    decisions: &[(u32, u32, bool)],
    how: Clustering,
) -> Entities {
    let mut edges =
        (0..pairs.len() as u32).filter(|edge| pairs[*edge as usize].logit >= how.connect).collect::<Vec<_>>();
    let mut parent = components(records.len(), pairs, &edges, decisions);
    // A component too large to look at every pair of it is taken apart at its weaker edges.
    for step in 1..=STEPS {
        let mut sizes = vec![0_u32; parent.len()];
        parent.iter().for_each(|root| sizes[*root as usize] += 1);
        let least = how.connect.max(how.join) + step as f32 * 2.0;
        if sizes.iter().all(|size| *size as usize <= LARGE) {
            break;
        }
        edges.retain(|edge| {
            let pair = &pairs[*edge as usize];
            sizes[parent[pair.left as usize] as usize] as usize <= LARGE || pair.logit >= least
        });
        parent = components(records.len(), pairs, &edges, decisions);
    }
    // Edges and records of each component, next to each other.
    let mut connected = vec![false; parent.len()];
    for edge in &edges {
        let pair = &pairs[*edge as usize];
        connected[pair.left as usize] = true;
        connected[pair.right as usize] = true;
    }
    // What people decided, by component.
    let mut decided: HashMap<u32, Vec<(u32, u32, bool)>> = HashMap::new();
    for decision in decisions {
        let root = parent[decision.0 as usize];
        if root == parent[decision.1 as usize] {
            decided.entry(root).or_default().push(*decision);
            connected[decision.0 as usize] = true;
            connected[decision.1 as usize] = true;
        }
    }
    let count = parent.len() as u32;
    let members =
        Bundles::new(count, (0..count).filter(|record| connected[*record as usize]), |record| parent[record as usize]);
    let edges = Bundles::new(count, edges.iter().copied(), |edge| parent[pairs[edge as usize].left as usize]);
    let roots = (0..count).filter(|root| !members.of(*root).is_empty()).collect::<Vec<_>>();
    let tasks = parallel::ranges(roots.len(), 64.min(roots.len().max(1)));
    // A few components are done sooner than a thread begins.
    let threads = parallel::threads().min(roots.len() / 32 + 1);
    let results = parallel::map(threads, tasks, |range| {
        let mut comparer = Comparer::new(program, records);
        let mut joined = Vec::new();
        let mut refused = Vec::new();
        for root in &roots[range] {
            let (members, edges) = (members.of(*root), edges.of(*root));
            let decided = decided.get(root).map_or(&[][..], Vec::as_slice);
            if let ([low, high], [edge], []) = (members, edges, decided) {
                // Two records and the edge between them: more than half of all components.
                let logit = pairs[*edge as usize].logit;
                let strength = logit.clamp(-CAP, CAP);
                if logit < how.join || forbidden(program, records, &mut comparer, one_to_one, *low, *high) {
                    continue;
                }
                if strength >= how.join {
                    joined.extend([(*low, *low, strength), (*high, *low, strength)]);
                } else {
                    refused.push((*low, *high, logit));
                }
                continue;
            }
            let edges = edges.iter().map(|edge| pairs[*edge as usize]).collect::<Vec<_>>();
            if members.len() > LARGE {
                chain(program, &mut comparer, members, &edges, how.join, &mut joined);
                continue;
            }
            let mut component = Component::new(members);
            component.score(program, records, scorer, &mut comparer, &edges, one_to_one);
            component.decide(decided);
            component.join(how.join, &mut joined, &mut refused);
        }
        (joined, refused)
    });
    let mut entities = Entities {
        root: (0..records.len() as u32).collect(),
        logit: vec![f32::INFINITY; records.len()],
        refused: Vec::new(),
    };
    for (joined, refused) in results {
        for (record, root, logit) in joined {
            entities.root[record as usize] = root;
            entities.logit[record as usize] = logit;
        }
        entities.refused.extend(refused);
    }
    entities
}

/// Numbers in bundles, by the record that is their component's root.
struct Bundles {
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl Bundles {
    /// Bundles numbers by their roots, which are below `count`; within a bundle they keep their order.
    fn new(count: u32, numbers: impl Iterator<Item = u32> + Clone, root: impl Fn(u32) -> u32) -> Self {
        let mut places = vec![0_u32; count as usize + 1];
        numbers.clone().for_each(|number| places[root(number) as usize + 1] += 1);
        let mut sum = 0;
        for place in &mut places {
            sum += *place;
            *place = sum;
        }
        let mut bundled = vec![0; sum as usize];
        for number in numbers {
            let place = &mut places[root(number) as usize];
            bundled[*place as usize] = number;
            *place += 1;
        }
        // Each place has moved on to where its bundle ends.
        places.pop();
        Self { numbers: bundled, ends: places }
    }

    fn of(&self, root: u32) -> &[u32] {
        let start = if root == 0 { 0 } else { self.ends[root as usize - 1] };
        &self.numbers[start as usize..self.ends[root as usize] as usize]
    }
}

/// Whether two records can never be one entity.
fn forbidden(
    program: &Program,
    records: &Records,
    comparer: &mut Comparer<'_>,
    one_to_one: &[bool],
    left: u32,
    right: u32,
) -> bool {
    let table = records.table[left as usize];
    let exclusive = table == records.table[right as usize] && one_to_one[usize::from(table)];
    exclusive || program.never.iter().any(|never| comparer.holds(never, left, right))
}

/// The smallest record of each record's component.
fn components(count: usize, pairs: &[ScoredPair], edges: &[u32], decisions: &[(u32, u32, bool)]) -> Vec<u32> {
    let mut parent = (0..count as u32).collect::<Vec<_>>();
    for edge in edges {
        unite(&mut parent, pairs[*edge as usize].left, pairs[*edge as usize].right);
    }
    for (left, right, same) in decisions {
        if *same {
            unite(&mut parent, *left, *right);
        }
    }
    for record in 0..count as u32 {
        let root = find(&mut parent, record);
        parent[record as usize] = root;
    }
    parent
}

/// Joins the records of a component in which even the strongest edges connect very many: along its edges, strongest
/// first, unless something forbids the ends or the first records of their clusters to be one.
fn chain(
    program: &Program,
    comparer: &mut Comparer<'_>,
    members: &[u32],
    edges: &[ScoredPair],
    least: f32,
    joined: &mut Vec<(u32, u32, f32)>,
) {
    let place = |record: u32| members.binary_search(&record).unwrap_or_default() as u32;
    let mut order = edges.iter().filter(|edge| edge.logit >= least).collect::<Vec<_>>();
    order.sort_by(|a, b| b.logit.total_cmp(&a.logit).then((a.left, a.right).cmp(&(b.left, b.right))));
    let mut parent = (0..members.len() as u32).collect::<Vec<_>>();
    let mut strength = vec![f32::INFINITY; members.len()];
    for edge in order {
        let (a, b) = (place(edge.left), place(edge.right));
        let (low, high) = {
            let (a, b) = (find(&mut parent, a), find(&mut parent, b));
            (a.min(b), a.max(b))
        };
        let (first, second) = (members[low as usize], members[high as usize]);
        let mut forbidden =
            |left: u32, right: u32| program.never.iter().any(|never| comparer.holds(never, left, right));
        if low == high || forbidden(first, second) || forbidden(edge.left, edge.right) {
            continue;
        }
        parent[high as usize] = low;
        for end in [a, b] {
            if strength[end as usize].is_infinite() {
                strength[end as usize] = edge.logit;
            }
        }
    }
    for (number, record) in members.iter().enumerate() {
        let root = find(&mut parent, number as u32);
        joined.push((*record, members[root as usize], strength[number]));
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

fn unite(parent: &mut [u32], left: u32, right: u32) {
    let (left, right) = (find(parent, left), find(parent, right));
    let (low, high) = (left.min(right), left.max(right));
    parent[high as usize] = low;
}

/// Records that edges connect.
struct Component<'a> {
    members: &'a [u32],
    /// Log odds of every pair, by place; minus infinity when something forbids it.
    odds: Vec<f32>,
}

impl<'a> Component<'a> {
    fn new(members: &'a [u32]) -> Self {
        Self { members, odds: vec![f32::NAN; members.len() * members.len()] }
    }

    fn place(&self, record: u32) -> usize {
        self.members.binary_search(&record).unwrap_or_default()
    }

    fn set(&mut self, a: usize, b: usize, logit: f32) {
        let count = self.members.len();
        self.odds[a * count + b] = logit;
        self.odds[b * count + a] = logit;
    }

    fn score(
        &mut self,
        program: &Program,
        records: &Records,
        scorer: &Scorer<'_>,
        comparer: &mut Comparer<'_>,
        edges: &[ScoredPair],
        one_to_one: &[bool],
    ) {
        let count = self.members.len();
        for edge in edges {
            let (a, b) = (self.place(edge.left), self.place(edge.right));
            self.set(a, b, edge.logit);
        }
        for a in 0..count {
            for b in 0..a {
                let (left, right) = (self.members[b], self.members[a]);
                if forbidden(program, records, comparer, one_to_one, left, right) {
                    self.set(a, b, f32::NEG_INFINITY);
                } else if self.odds[a * count + b].is_nan() {
                    let logit = if count <= SMALL {
                        let pattern = comparer.pattern(left, right);
                        scorer.evidence(pattern, left, right).logit() as f32
                    } else {
                        -CAP
                    };
                    self.set(a, b, logit);
                }
            }
        }
    }

    /// What people decided stands above everything else.
    fn decide(&mut self, decisions: &[(u32, u32, bool)]) {
        for (left, right, same) in decisions {
            let (a, b) = (self.place(*left), self.place(*right));
            self.set(a, b, if *same { f32::INFINITY } else { f32::NEG_INFINITY });
        }
    }

    /// Joins from the strongest evidence on. `joined` gets record, root and log odds.
    fn join(&self, least: f32, joined: &mut Vec<(u32, u32, f32)>, refused: &mut Vec<(u32, u32, f32)>) {
        let count = self.members.len();
        let mut clusters = Clusters {
            count,
            alive: vec![true; count],
            size: vec![1.0; count],
            sum: self
                .odds
                .iter()
                .map(|logit| if *logit == f32::NEG_INFINITY { *logit } else { logit.clamp(-CAP, CAP) })
                .collect(),
            root: (0..count).collect(),
            strength: vec![f32::INFINITY; count],
        };
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
        let Clusters { root, strength, .. } = clusters;
        for a in 0..count {
            for b in 0..a {
                let logit = self.odds[a * count + b];
                if root[a] != root[b] && logit >= least {
                    refused.push((self.members[b], self.members[a], logit));
                }
            }
        }
        for place in 0..count {
            joined.push((self.members[place], self.members[root[place]], strength[place]));
        }
    }
}

/// Clusters of a component while they grow.
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
