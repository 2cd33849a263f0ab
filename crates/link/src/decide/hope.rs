//! Pairs that cannot reach the least score are given up before they are compared in full.
//!
//! Most pairs that blocking rules bring together are of strangers or relatives, and that shows from equal and unequal
//! values alone. Similarities are what takes time. So each comparison is first looked at without them; what it may still
//! turn out to be worth, at most, stands in for what is not known. As long as the sum can reach the least score the
//! similarities of one comparison after the other are computed, the cheapest first. Nothing is given up that would be
//! kept: every number here is a bound from above.

use super::sight::{Seen, Sight};
use crate::block::{Groups, meets};
use crate::compare::{Comparer, Glance, Kernel, Pair};
use crate::model::{Comparison, Condition, Program};
use crate::records::Records;
use crate::train::Scorer;

/// Far more than what adding up in another order can change, far less than what matters.
const MARGIN: f64 = 1e-3;
/// What follows from so many sights is remembered; a power of two.
const MEMORY: usize = 1 << 12;

/// Bounds of what the comparisons of a pair are worth.
#[derive(Debug)]
pub struct Hope<'a> {
    program: &'a Program,
    scorer: &'a Scorer<'a>,
    least: f64,
    /// For each comparison: the most it is worth when its level lies between two others, the last of them certain to
    /// hold if none before does.
    between: Vec<Vec<Vec<[f64; 2]>>>,
    /// Comparisons in the order in which their similarities are computed.
    order: Vec<usize>,
    sight: Sight,
    /// The bounds before anything is compared.
    nothing: Bounds,
}

/// What is known of a pair before any similarity is computed.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// The levels of the comparisons; of one that is open, the level that holds if none before does.
    pattern: u64,
    /// The first level that an open comparison can have, laid out as in a pattern.
    first: u64,
    /// A bit for each comparison that is open, of which there are never more than 64.
    open: u64,
    /// A bit for each comparison that is worth the more, the rarer its values are.
    rare: u64,
    /// The most that the pair scores as one entity against two related ones, and against strangers, but for what is rare.
    most: [f64; 2],
}

impl<'a> Hope<'a> {
    /// Bounds for pairs scored without households, of which those are wanted that score `least` or more.
    #[must_use]
    pub fn new(program: &'a Program, scorer: &'a Scorer<'a>, least: f32) -> Self {
        let between = program.comparisons.iter().enumerate().map(|(number, comparison)| {
            let last = comparison.levels.len() + 1;
            let worth = (0..=last).map(|level| scorer.worth_at_most(number, level)).collect::<Vec<_>>();
            let most = |from: usize, to: usize| {
                // A comparison may also turn out to say nothing.
                let nothing = if to == last { [0.0; 2] } else { [f64::NEG_INFINITY; 2] };
                worth[from..=to].iter().fold(nothing, |most, worth| [most[0].max(worth[0]), most[1].max(worth[1])])
            };
            (0..=last).map(|from| (0..=last).map(|to| most(from.min(to), to)).collect()).collect()
        });
        let mut order = (0..program.comparisons.len()).collect::<Vec<_>>();
        order.sort_by_key(|number| cost(program, &program.comparisons[*number]));
        let prior = scorer.prior();
        let most = [prior.same - prior.related, prior.same - prior.other];
        Self {
            program,
            scorer,
            least: f64::from(least) - MARGIN,
            between: between.collect(),
            order,
            sight: Sight::new(program),
            nothing: Bounds { pattern: 0, first: 0, open: 0, rare: 0, most },
        }
    }

    /// What a comparison adds to the bounds of a pair.
    fn look(&self, number: usize, comparer: &mut Comparer<'_>, pair: &Pair<'_>, bounds: &mut Bounds) {
        let comparison = &self.program.comparisons[number];
        let (level, worth) = match comparer.glance(comparison, pair) {
            Glance::Level(level) if self.scorer.varies(number, level) => {
                bounds.rare |= 1 << number;
                (level, [0.0; 2])
            }
            Glance::Level(level) => (level, self.scorer.worth_at_most(number, level)),
            Glance::Between(from, to) => {
                bounds.open |= 1 << number;
                bounds.first |= (from as u64) << comparison.shift;
                (to, self.between[number][from][to])
            }
        };
        bounds.pattern |= (level as u64) << comparison.shift;
        bounds.most = [bounds.most[0] + worth[0], bounds.most[1] + worth[1]];
    }
}

/// Looks at one pair after the other; one for each thread.
#[derive(Debug)]
pub struct Look<'a> {
    hope: &'a Hope<'a>,
    /// Compares what does not show.
    pub comparer: Comparer<'a>,
    /// What followed from what pairs showed, of the comparisons that are seen.
    memory: Vec<(Seen, Bounds)>,
}

/// A pair that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    pair: Pair<'a>,
    seen: Seen,
}

impl<'a> Look<'a> {
    /// A look at records.
    #[must_use]
    pub fn new(hope: &'a Hope<'a>, records: &'a Records) -> Self {
        Self { hope, comparer: Comparer::new(hope.program, records), memory: Vec::new() }
    }

    /// Takes up a pair whose rows are at hand. Scoring does little else, and as a call it would take a twentieth longer.
    #[inline(always)]
    pub fn pair<'p>(&mut self, records: (u32, u32), rows: (&'p [u32], &'p [u32])) -> Taken<'p> {
        let pair = self.comparer.pair(records, rows);
        self.take(&pair)
    }

    #[inline(always)]
    fn take<'p>(&self, pair: &Pair<'p>) -> Taken<'p> {
        Taken { pair: *pair, seen: self.hope.sight.of(pair) }
    }

    /// Whether a rule with these groups brings the pair together.
    #[inline]
    pub fn meets(&mut self, rule: usize, groups: &Groups, taken: &Taken<'_>) -> bool {
        let brought = match self.hope.sight.agrees(rule, taken.seen) {
            Some(agrees) if !agrees || groups.left_out_keys.is_empty() => agrees,
            _ => {
                let (left, right) = taken.pair.records();
                let block = &self.hope.program.blocks[rule];
                meets(block, self.comparer.records(), left, right, &groups.left_out_keys)
            }
        };
        brought && self.passes(rule, taken)
    }

    /// Whether a pair that a rule brings together passes its filter.
    #[inline]
    pub fn passes(&mut self, rule: usize, taken: &Taken<'_>) -> bool {
        let filter = self.hope.program.blocks[rule].filter.as_ref();
        filter.is_none_or(|filter| self.comparer.holds_for(filter, &taken.pair))
    }

    /// The levels of all comparisons, if the pair may score enough.
    pub fn pattern(&mut self, taken: &Taken<'_>) -> Option<u64> {
        let hope = self.hope;
        let pair = &taken.pair;
        let (left, right) = pair.records();
        let mut bounds = self.bounds(taken);
        let comparisons = &hope.program.comparisons;
        if bounds.most[0].min(bounds.most[1]) < hope.least {
            return None;
        }
        for number in hope.order.iter().copied().filter(|number| bounds.open >> number & 1 == 1) {
            let comparison = &comparisons[number];
            let (first, last) = (comparison.level_in(bounds.first), comparison.level_in(bounds.pattern));
            let bound = hope.between[number][first][last];
            let level = self.comparer.level_of(comparison, pair);
            bounds.pattern &= !(((1 << comparison.bits) - 1) << comparison.shift);
            bounds.pattern |= (level as u64) << comparison.shift;
            let worth = hope.scorer.worth(number, level, left, right);
            bounds.most = [bounds.most[0] - bound[0] + worth[0], bounds.most[1] - bound[1] + worth[1]];
            if bounds.most[0].min(bounds.most[1]) < hope.least {
                return None;
            }
        }
        Some(bounds.pattern)
    }

    /// The most that a pair that was taken up may score, as far as it shows without computing similarities, and whether it
    /// shows that the records agree on something that households share. Households themselves are left out of account.
    pub fn at_most(&mut self, pair: &Pair<'_>) -> (f32, bool) {
        let bounds = self.bounds(&self.take(pair));
        let mut comparisons = self.hope.program.comparisons.iter().enumerate();
        let agrees = comparisons.any(|(number, comparison)| {
            comparison.household && bounds.open >> number & 1 == 0 && comparison.level_in(bounds.pattern) == 1
        });
        ((bounds.most[0].min(bounds.most[1]) + MARGIN) as f32, agrees)
    }

    /// The bounds of a pair: those of another that showed the same, what does not show, and how rare its values are.
    #[inline(always)]
    fn bounds(&mut self, taken: &Taken<'_>) -> Bounds {
        let hope = self.hope;
        if self.memory.is_empty() {
            self.memory.resize(MEMORY, (Seen::NOTHING, hope.nothing));
        }
        let (known, bounds) = &mut self.memory[taken.seen.place(MEMORY)];
        if *known != taken.seen {
            *known = taken.seen;
            *bounds = hope.nothing;
            for number in hope.sight.covered() {
                hope.look(*number, &mut self.comparer, &taken.pair, bounds);
            }
        }
        let mut bounds = *bounds;
        for number in hope.sight.others() {
            hope.look(*number, &mut self.comparer, &taken.pair, &mut bounds);
        }
        let (left, right) = taken.pair.records();
        let mut rare = bounds.rare;
        while rare != 0 {
            let number = rare.trailing_zeros() as usize;
            let level = hope.program.comparisons[number].level_in(bounds.pattern);
            let worth = hope.scorer.worth(number, level, left, right);
            bounds.most = [bounds.most[0] + worth[0], bounds.most[1] + worth[1]];
            rare &= rare - 1;
        }
        bounds
    }
}

/// What it takes to compute a comparison's similarities, roughly.
fn cost(program: &Program, comparison: &Comparison) -> usize {
    let mut sites = Vec::new();
    comparison.null.iter().for_each(|null| sites_of(null, &mut sites));
    comparison.levels.iter().for_each(|level| sites_of(&level.condition, &mut sites));
    sites.sort_unstable();
    sites.dedup();
    let cost = |site: &usize| match program.sites[*site].kernel {
        // Whether a single edit is between two texts shows at their ends.
        Kernel::Levenshtein | Kernel::DamerauLevenshtein if program.sites[*site].most <= 1 => 1,
        Kernel::Swapped | Kernel::Metres => 1,
        _ => 8,
    };
    sites.iter().map(cost).sum()
}

fn sites_of(condition: &Condition, into: &mut Vec<usize>) {
    match condition {
        Condition::Score(site, ..) => into.push(*site),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| sites_of(part, into)),
        Condition::Not(part) => sites_of(part, into),
        Condition::Equal { .. } | Condition::Flag { .. } | Condition::Difference { .. } | Condition::Constant(_) => {}
    }
}
