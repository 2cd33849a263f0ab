//! Weights without labels: u from random pairs, m and the related class by expectation maximization, and how many
//! pairs of each class there are.

mod em;
mod labels;
mod random;
mod rarity;
mod weights;

use std::collections::BTreeSet;

use hashbrown::HashMap;
use jingwei_model::config::TrainingConfig;
use random::{all_pairs, draw};
pub use weights::{Evidence, Outcomes, Scorer, Weights, probability};

use crate::block::{Blocks, Groups, Sampled, allowed, meets, pairs_of};
use crate::cluster::Entities;
use crate::compare::Comparer;
use crate::model::Program;
use crate::parallel;
use crate::records::Records;
use em::{Classes, Sample};
use labels::Labels;

/// Trains the weights by the records of `sampled`. `blocks` are the groups of the model's rules, in their order; `labels` are pairs of which it is
/// known whether they are one entity, if there are any.
#[must_use]
pub fn train(
    program: &Program,
    sampled: &Sampled<'_>,
    blocks: &Blocks<'_>,
    config: &TrainingConfig,
    labels: &[(u32, u32, bool)],
) -> Weights {
    let records = sampled.records();
    let labels = Labels::new(program, records, labels);
    let chances = random::chances(program, records, sampled, config);
    let pairs = all_pairs(program, records).max(1.0);
    let mut samples = Sampler { program, records, blocks, sampled, config }.samples();
    let mut u = chances.iter().map(|chances| chances.levels.clone()).collect::<Vec<_>>();
    let mut classes = em::start(program, &u);
    let (mut matches, mut related) = (1.0, 0.0);
    for _ in 0..3 {
        let rounds = em::learn(program, &mut samples, &u, &mut classes);
        labels.teach(program, &u, &mut classes, related / pairs);
        (matches, related) = sizes(program, &samples, &u, &classes, pairs, config.recall);
        tracing::debug!(rounds, matches, related, "learned");
        // Random pairs hold a few of one entity and of one household: for fine values these are most of those
        // that agree, and say nothing of chance.
        for (number, chances) in chances.iter().enumerate() {
            let known = chances.known * pairs;
            for (level, u) in u[number].iter_mut().enumerate() {
                let counted = chances.levels[level] * known;
                let explained =
                    chances.known * (matches * classes.m[number][level] + related * classes.related[number][level]);
                *u = ((counted - explained) / known).max(chances.levels[level] * 0.01);
            }
            let sum = u[number].iter().sum::<f64>();
            u[number].iter_mut().for_each(|u| *u /= sum);
        }
        for (number, comparison) in program.comparisons.iter().enumerate() {
            if !comparison.household {
                em::pin(&mut classes.related[number], u[number][0]);
            }
        }
    }
    for sample in &samples {
        tracing::debug!(block = sample.name, shares = ?sample.shares, patterns = sample.patterns.len(), "sample");
    }
    let random = chances.into_iter().map(|chances| chances.levels).collect();
    weights(program, sampled, Learned { classes, u, random, matches, related, pairs }, config)
}

/// Learns m again from the pairs inside the entities found with the weights, and how many there are, when that is far
/// fewer than the weights believe: pairs that are judged one by one can be taken for matches though no two of them
/// could stand in one entity. None when entities and weights agree.
#[must_use]
pub fn corrected(
    program: &Program,
    sampled: &Sampled<'_>,
    entities: &Entities,
    trained: &Weights,
    config: &TrainingConfig,
) -> Option<Weights> {
    let records = sampled.records();
    let inside = entities.sizes().iter().map(|size| pairs_of(u64::from(*size))).sum::<u64>();
    if inside < LEAST_PAIRS || trained.matches * config.recall <= BELIEVED * inside as f64 {
        return None;
    }
    let order = entities.order();
    let root = |record: &u32| entities.root[*record as usize];
    let groups = || order.chunk_by(|a, b| root(a) == root(b)).filter(|members| members.len() > 1);
    // Whole entities, evenly chosen, until they hold as many pairs as some blocks would be looked at.
    let every = inside.div_ceil(10 * config.block_pairs.max(1) as u64) as usize;
    let mut comparer = Comparer::new(program, records);
    let mut m: Vec<Vec<f64>> = trained.outcomes.iter().map(|outcomes| outcomes.m.clone()).collect();
    for members in groups().step_by(every.max(1)) {
        for (place, right) in members.iter().enumerate() {
            for left in members[..place].iter().filter(|left| allowed(program, records, **left, *right)) {
                let pattern = comparer.pattern(*left, *right);
                for (comparison, m) in program.comparisons.iter().zip(&mut m) {
                    match comparison.level_in(pattern) {
                        0 => {}
                        level => m[level - 1] += 1.0,
                    }
                }
            }
        }
    }
    for levels in &mut m {
        let sum = levels.iter().sum::<f64>();
        levels.iter_mut().for_each(|level| *level /= sum);
    }
    let outcomes = |of: fn(&Outcomes) -> &Vec<f64>| trained.outcomes.iter().map(|all| of(all).clone()).collect();
    let learned = Learned {
        classes: Classes { m, related: outcomes(|outcomes| &outcomes.related) },
        u: outcomes(|outcomes| &outcomes.u),
        random: outcomes(|outcomes| &outcomes.random),
        matches: inside as f64 / config.recall,
        related: trained.related,
        pairs: trained.pairs,
    };
    Some(weights(program, sampled, learned, config))
}

/// Fewer pairs inside entities than this teach nothing.
const LEAST_PAIRS: u64 = 50;
/// So many times as many matches as pairs inside entities are too many to believe.
const BELIEVED: f64 = 1.5;

/// What was learned, before the worth of rare values.
struct Learned {
    classes: Classes,
    u: Vec<Vec<f64>>,
    random: Vec<Vec<f64>>,
    matches: f64,
    related: f64,
    pairs: f64,
}

fn weights(program: &Program, sampled: &Sampled<'_>, learned: Learned, config: &TrainingConfig) -> Weights {
    let Learned { classes, u, random, matches, related, pairs } = learned;
    let rarities = rarities(program, sampled, &classes, &u, (matches, related, pairs), config);
    Weights {
        outcomes: program
            .comparisons
            .iter()
            .enumerate()
            .map(|(number, comparison)| Outcomes {
                comparison: comparison.name.clone(),
                labels: (1..=comparison.outcomes()).map(|level| comparison.label(level).to_owned()).collect(),
                m: classes.m[number].clone(),
                u: u[number].clone(),
                related: classes.related[number].clone(),
                random: random[number].clone(),
                rarity: rarities[number].clone(),
            })
            .collect(),
        matches,
        related,
        pairs,
    }
}

/// For each comparison and level with a term frequency: what replaces ln u, by class of frequency.
fn rarities(
    program: &Program,
    sampled: &Sampled<'_>,
    classes: &Classes,
    u: &[Vec<f64>],
    (matches, related, pairs): (f64, f64, f64),
    config: &TrainingConfig,
) -> Vec<Vec<Vec<Option<f64>>>> {
    let places = program
        .comparisons
        .iter()
        .enumerate()
        .flat_map(|(number, comparison)| (0..comparison.levels.len()).map(move |place| (number, place)));
    let tasks = places.filter(|(number, place)| program.comparisons[*number].levels[*place].term_frequency.is_some());
    let tasks = tasks.collect::<Vec<_>>();
    let odds = parallel::map(parallel::threads(), tasks.clone(), |task| {
        rarity::odds(program, sampled, task, classes, u, config)
    });
    let others = (pairs - matches - related).max(1.0);
    let mut all =
        program.comparisons.iter().map(|comparison| vec![Vec::new(); comparison.levels.len()]).collect::<Vec<_>>();
    for ((number, place), odds) in tasks.into_iter().zip(odds) {
        let prior = (matches * classes.m[number][place] / others).ln();
        all[number][place] = odds.into_iter().map(|odds| odds.map(|odds| prior - odds)).collect();
    }
    all
}

/// What samples are drawn from.
struct Sampler<'a> {
    program: &'a Program,
    records: &'a Records,
    blocks: &'a Blocks<'a>,
    sampled: &'a Sampled<'a>,
    config: &'a TrainingConfig,
}

impl Sampler<'_> {
    /// Pattern counts of the model's rules and, so that no comparison is without a block it is not made of, of the best
    /// agreement of each comparison.
    fn samples(&self) -> Vec<Sample> {
        let rules = self.program.blocks.len();
        let tasks = (0..rules + self.program.comparisons.len()).collect();
        parallel::map(self.blocks.at_once(parallel::threads()), tasks, |number: usize| {
            if number < rules {
                let block = &self.program.blocks[number];
                return Some(self.sample(&self.blocks.of(number), Some(number), &block.name, &block.inputs));
            }
            let comparison = &self.program.comparisons[number - rules];
            let mut agreements = comparison.levels.iter().map(|level| level.condition.agreements());
            let columns = agreements.find(|columns| !columns.is_empty())?;
            // A value that many share brings few pairs of one entity together.
            let groups = self.sampled.of(&columns).0.up_to(200);
            Some(self.sample(&groups, None, &format!("{} equal", comparison.name), &comparison.inputs))
        })
        .into_iter()
        .flatten()
        .filter(|sample| !sample.patterns.is_empty())
        .collect()
    }

    /// Pattern counts of the pairs of some groups; those of a rule, if they are one's, and how many no rule before it
    /// brings together.
    fn sample(&self, groups: &Groups, rule: Option<usize>, name: &str, inputs: &BTreeSet<String>) -> Sample {
        let (program, records) = (self.program, self.records);
        let mut comparer = Comparer::new(program, records);
        let total = groups.total();
        let wanted = (self.config.block_pairs as u64).min(total);
        let mut counts: HashMap<u64, f64> = HashMap::new();
        let mut fresh: HashMap<u64, f64> = HashMap::new();
        // Evenly over all pairs, each stretch at a place drawn for it.
        let numbers = (0..wanted).map(|place| {
            let start = |place: u64| (u128::from(total) * u128::from(place) / u128::from(wanted)) as u64;
            let (from, to) = (start(place), start(place + 1));
            if wanted == total { place } else { from + draw(self.config.seed ^ 0x1f, place, to - from) }
        });
        for_each_fetched(records, groups.pairs_of_ascending(numbers), |left, right| {
            if !allowed(program, records, left, right) {
                return;
            }
            if let Some(filter) = rule.and_then(|rule| program.blocks[rule].filter.as_ref())
                && !comparer.holds(filter, left, right)
            {
                return;
            }
            let pattern = comparer.pattern(left, right);
            *counts.entry(pattern).or_default() += 1.0;
            if let Some(rule) = rule
                && !program.blocks[..rule].iter().zip(self.blocks.known()).any(|(block, groups)| {
                    meets(block, records, left, right, &groups.left_out_keys)
                        && block.filter.as_ref().is_none_or(|filter| comparer.holds(filter, left, right))
                })
            {
                *fresh.entry(pattern).or_default() += total as f64 / wanted as f64;
            }
        });
        let sorted = |counts: HashMap<u64, f64>| {
            let mut counts = counts.into_iter().collect::<Vec<_>>();
            counts.sort_unstable_by_key(|(pattern, _)| *pattern);
            counts
        };
        let learned = program.comparisons.iter().map(|comparison| comparison.inputs.is_disjoint(inputs)).collect();
        let shares = if program.comparisons.iter().any(|comparison| comparison.household) {
            [0.4, 0.2, 0.4]
        } else {
            [0.4, 0.0, 0.6]
        };
        Sample { name: name.to_owned(), learned, patterns: sorted(counts), fresh: sorted(fresh), shares }
    }
}

/// Pairs whose rows are looked at together before they are compared.
const TOGETHER: usize = 64;

/// Hands over one pair after the other, with their rows at hand.
fn for_each_fetched(records: &Records, pairs: impl Iterator<Item = (u32, u32)>, mut each: impl FnMut(u32, u32)) {
    let mut pairs = pairs.fuse();
    let (mut some, mut ends) = (Vec::with_capacity(TOGETHER), Vec::with_capacity(2 * TOGETHER));
    loop {
        some.clear();
        some.extend(pairs.by_ref().take(TOGETHER));
        if some.is_empty() {
            return;
        }
        ends.clear();
        ends.extend(some.iter().flat_map(|(left, right)| [*left, *right]));
        records.fetch(&ends);
        some.iter().for_each(|(left, right)| each(*left, *right));
    }
}

/// How many pairs are of one entity and how many are related: those among the candidates, by their probability,
/// until the numbers agree with the probabilities that follow from them.
fn sizes(
    program: &Program,
    samples: &[Sample],
    u: &[Vec<f64>],
    classes: &Classes,
    pairs: f64,
    recall: f64,
) -> (f64, f64) {
    let logs = |table: &[Vec<f64>], pattern: u64| {
        program
            .comparisons
            .iter()
            .zip(table)
            .map(|(comparison, levels)| match comparison.level_in(pattern) {
                0 => 0.0,
                level => levels[level - 1].ln(),
            })
            .sum::<f64>()
    };
    let candidates = samples
        .iter()
        .flat_map(|sample| &sample.fresh)
        .map(|(pattern, count)| {
            (*count, logs(&classes.m, *pattern), logs(&classes.related, *pattern), logs(u, *pattern))
        })
        .collect::<Vec<_>>();
    let all = candidates.iter().map(|candidate| candidate.0).sum::<f64>().max(1.0);
    let households = program.comparisons.iter().any(|comparison| comparison.household);
    let (mut matches, mut related) = (all * 0.3, if households { all * 0.2 } else { 0.0 });
    for _ in 0..200 {
        let others = (pairs - matches - related).max(1.0);
        let (mut same, mut kin) = (0.0, 0.0);
        for (count, m, h, u) in &candidates {
            let log =
                [matches.ln() + m, if related > 0.0 { related.ln() + h } else { f64::NEG_INFINITY }, others.ln() + u];
            let high = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let odds = log.map(|log| (log - high).exp());
            let sum = odds.iter().sum::<f64>();
            same += count * odds[0] / sum;
            kin += count * odds[1] / sum;
        }
        let next = ((same / recall).max(0.5), kin);
        let moved = (next.0 - matches).abs() / matches + (next.1 - related).abs() / related.max(1.0);
        (matches, related) = next;
        if moved < 1e-6 {
            break;
        }
    }
    (matches, related)
}
