//! Which pairs of records are looked at: groups of equal keys, found by sorting, and a bound on their number.

mod kept;
mod value;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::{HashMap, HashSet};
use jingwei_model::config::LinkMode;

pub use kept::Blocks;
use kept::Shelved;

use crate::model::{Block, Program};
use crate::parallel;
use crate::records::{NULL, Records, Spill};

/// Records that share a key, group after group.
#[derive(Debug, Default)]
pub struct Groups {
    /// Records, those of a group next to each other, ascending.
    pub records: Vec<u32>,
    /// Where each group ends; the first begins at 0.
    pub ends: Vec<u32>,
    /// Pairs before each group's end.
    pub pairs: Vec<u64>,
    /// Size of the largest group that was left out, and how many were.
    pub left_out: Option<(usize, usize)>,
    /// Upper halves of the keys of the groups that were left out.
    pub left_out_keys: HashSet<u32>,
    /// Pairs that all groups would have brought, those left out among them.
    pub wanted: u64,
    /// Larger groups are left out.
    pub largest: Option<usize>,
}

/// Groups whose records are looked at together.
const TOGETHER: usize = 32;

impl Groups {
    /// Groups to come, of such sizes: which are too large is decided by how many there are of each.
    fn of_sizes(all: impl Iterator<Item = usize>, max_group: Option<usize>, limit: u64) -> Self {
        let mut sizes: std::collections::BTreeMap<usize, u64> = std::collections::BTreeMap::new();
        let mut small = [0_u64; 64];
        for size in all {
            match small.get_mut(size) {
                Some(count) => *count += 1,
                None => *sizes.entry(size).or_default() += 1,
            }
        }
        sizes.extend(small.into_iter().enumerate().skip(2).filter(|(_, count)| *count > 0));
        let wanted = sizes.iter().map(|(size, count)| count * pairs_of(*size as u64)).sum::<u64>();
        let mut largest = max_group.unwrap_or(usize::MAX);
        let mut sum = 0;
        for (size, count) in &sizes {
            let more = count * pairs_of(*size as u64);
            if sum + more > limit {
                largest = largest.min(size - 1);
                break;
            }
            sum += more;
        }
        Self { wanted, largest: (largest < usize::MAX).then_some(largest), ..Self::default() }
    }

    /// Makes the next group, of this key and size, unless it is too small or too large; its records are to be put behind
    /// those of the others.
    fn admit(&mut self, key: u32, size: usize) -> bool {
        if size < 2 {
            return false;
        }
        if self.largest.is_some_and(|largest| size > largest) {
            let (most, count) = self.left_out.unwrap_or_default();
            self.left_out = Some((most.max(size), count + 1));
            self.left_out_keys.insert(key);
            return false;
        }
        let total = self.total() + pairs_of(size as u64);
        self.ends.push(self.ends.last().copied().unwrap_or_default() + size as u32);
        self.pairs.push(total);
        true
    }

    /// Records of a group.
    #[must_use]
    pub fn group(&self, number: usize) -> &[u32] {
        self.members(number..number + 1)
    }

    /// Records of some groups, one group after the other.
    #[must_use]
    pub fn members(&self, groups: Range<usize>) -> &[u32] {
        let before = |number: usize| if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.records[before(groups.start)..before(groups.end)]
    }

    /// The records of each of some groups. `look` is handed those of a few groups to come, so that memory is waited for once
    /// for all of them, since none of what is read depends on another, instead of for each when its turn comes.
    pub fn ahead<'a>(
        &'a self,
        run: Range<usize>,
        mut look: impl FnMut(&'a [u32]) + 'a,
    ) -> impl Iterator<Item = &'a [u32]> + 'a {
        let (mut looked, end) = (run.start, run.end);
        run.map(move |number| {
            if number == looked {
                looked = end.min(number + TOGETHER);
                look(self.members(number..looked));
            }
            self.group(number)
        })
    }

    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Pairs of all groups, before those within one table are taken out when only tables are linked.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.pairs.last().copied().unwrap_or_default()
    }

    /// Groups cut into runs with nearly equal numbers of pairs.
    #[must_use]
    pub fn runs(&self, count: usize) -> Vec<Range<usize>> {
        let total = self.total();
        let mut runs = Vec::new();
        let mut start = 0;
        for part in 1..=count as u64 {
            let bound = (u128::from(total) * u128::from(part) / count as u128) as u64;
            let end =
                if part == count as u64 { self.len() } else { self.pairs.partition_point(|pairs| *pairs <= bound) };
            if end > start {
                runs.push(start..end);
                start = end;
            }
        }
        runs
    }

    /// The same without the groups: what was left out and how many pairs there would have been.
    #[must_use]
    pub fn without_groups(&self) -> Self {
        Self {
            left_out: self.left_out,
            left_out_keys: self.left_out_keys.clone(),
            wanted: self.wanted,
            largest: self.largest,
            ..Self::default()
        }
    }

    /// The groups of at most so many records.
    #[must_use]
    pub fn up_to(&self, most: usize) -> Self {
        let mut kept = Self { wanted: self.wanted, ..Self::default() };
        let mut total = 0;
        for members in (0..self.len()).map(|number| self.group(number)).filter(|members| members.len() <= most) {
            kept.records.extend(members);
            kept.ends.push(kept.records.len() as u32);
            total += pairs_of(members.len() as u64);
            kept.pairs.push(total);
        }
        kept
    }

    /// The pair of a number below [`Groups::total`].
    #[must_use]
    pub fn pair(&self, number: u64) -> (u32, u32) {
        let group = self.pairs.partition_point(|pairs| *pairs <= number);
        let before = if group == 0 { 0 } else { self.pairs[group - 1] };
        self.pair_of(group, number - before)
    }

    /// The pairs of ascending numbers below [`Groups::total`].
    pub fn pairs_of_ascending(&self, numbers: impl Iterator<Item = u64>) -> impl Iterator<Item = (u32, u32)> {
        let mut group = 0;
        numbers.map(move |number| {
            while self.pairs[group] <= number {
                group += 1;
            }
            let before = if group == 0 { 0 } else { self.pairs[group - 1] };
            self.pair_of(group, number - before)
        })
    }

    /// The pair of a number within a group.
    #[must_use]
    pub fn pair_of(&self, group: usize, number: u64) -> (u32, u32) {
        let records = self.group(group);
        let mut rest = number;
        // Pairs are counted by their larger member: (0,1), (0,2), (1,2), (0,3) …
        let guess = ((8.0 * rest as f64 + 1.0).sqrt() as u64).div_ceil(2);
        let mut second = guess.max(1) as usize;
        while (second as u64) * (second as u64 - 1) / 2 > rest {
            second -= 1;
        }
        while (second as u64 + 1) * second as u64 / 2 <= rest {
            second += 1;
        }
        rest -= second as u64 * (second as u64 - 1) / 2;
        (records[rest as usize], records[second])
    }
}

/// Pairs among `count` records.
#[must_use]
pub const fn pairs_of(count: u64) -> u64 {
    if count == 0 { 0 } else { count * (count - 1) / 2 }
}

/// Groups records by columns; a record with a missing value is in none. Groups beyond `max_group` are left out, and
/// the largest ones until no more than `limit` pairs are brought together.
#[must_use]
pub fn groups(records: &Records, columns: &[usize], max_group: Option<usize>, limit: u64) -> Groups {
    grouped(records, columns, 0, max_group, limit)
}

/// The groups of keys with `shift` zero bits.
fn grouped(records: &Records, columns: &[usize], shift: u32, max_group: Option<usize>, limit: u64) -> Groups {
    value::groups(records, columns, shift, max_group, limit)
        .unwrap_or_else(|| collect(&sorted(keys(records, columns, shift)), max_group, limit))
}

/// Groups, and how many groups each stands for.
type Weighted = Arc<(Groups, f64)>;

/// The groups of some keys of several sets of columns, drawn evenly, and how many groups each stands for: all of them
/// where the columns have few values or the records are few. Each set is grouped once, when it is first asked for; where
/// memory is limited its groups then lie in a file.
#[derive(Debug)]
pub struct Sampled<'a> {
    records: &'a Records,
    known: Mutex<HashMap<Vec<usize>, Known>>,
    spill: Option<Arc<Spill>>,
}

/// Groups that were asked for before.
#[derive(Debug)]
enum Known {
    Memory(Weighted),
    /// The groups, how many groups each stands for, and pairs of all of them.
    File(Arc<Shelved>, f64, u64),
}

impl<'a> Sampled<'a> {
    /// Nothing grouped yet.
    #[must_use]
    pub fn new(records: &'a Records, spill: Option<Arc<Spill>>) -> Self {
        Self { records, known: Mutex::default(), spill }
    }

    /// The records that are grouped.
    #[must_use]
    pub const fn records(&self) -> &'a Records {
        self.records
    }

    /// The groups of these columns and how many groups each stands for.
    #[must_use]
    pub fn of(&self, columns: &[usize]) -> Weighted {
        // A thread that ended while it held the lock left nothing half done: only whole entries are put in.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(columns).map(|known| match known {
            Known::Memory(groups) => Ok(Arc::clone(groups)),
            Known::File(groups, each, _) => Err((Arc::clone(groups), *each)),
        });
        match found {
            Some(Ok(groups)) => return groups,
            Some(Err((groups, each))) => return Arc::new((groups.read(&Groups::default()), each)),
            None => {}
        }
        let grouped = Arc::new(sampled_groups(self.records, columns));
        // Groups for which there is no file are made anew the next time.
        let kept = match &self.spill {
            None => Some(Known::Memory(Arc::clone(&grouped))),
            Some(spill) => Shelved::new(&grouped.0, spill)
                .ok()
                .map(|shelved| Known::File(Arc::new(shelved), grouped.1, grouped.0.total())),
        };
        kept.into_iter().for_each(|kept| _ = known().insert(columns.to_vec(), kept));
        grouped
    }

    /// How many pairs of records agree on these columns.
    #[must_use]
    pub fn together(&self, columns: &[usize]) -> f64 {
        if let Some(Known::File(_, each, total)) =
            self.known.lock().unwrap_or_else(PoisonError::into_inner).get(columns)
        {
            return each * *total as f64;
        }
        let grouped = self.of(columns);
        grouped.1 * grouped.0.total() as f64
    }
}

fn sampled_groups(records: &Records, columns: &[usize]) -> (Groups, f64) {
    let values = columns
        .iter()
        .filter_map(|column| records.domain_of[*column])
        .map(|domain| records.domains[domain].len())
        .max()
        .unwrap_or_default();
    let shift = if values < 50_000 { 0 } else { (records.len() / 200_000).max(1).ilog2() };
    let groups = grouped(records, columns, shift, None, u64::MAX);
    (groups, f64::from(1_u32 << shift))
}

/// Groups of records that have the same number; 0 is none.
#[must_use]
pub fn numbered_groups(numbers: &[u32]) -> Groups {
    let keyed = numbers
        .iter()
        .enumerate()
        .filter(|(_, number)| **number != 0)
        .map(|(record, number)| u64::from(*number) << 32 | record as u64)
        .collect();
    collect(&sorted(keyed), None, u64::MAX)
}

/// Groups of which each record is told with its group: the group in the upper half, the record in the lower; sorted.
#[must_use]
pub fn told_groups(keyed: &[u64]) -> Groups {
    collect(keyed, None, u64::MAX)
}

/// Groups of a rule whose sides differ: a record stands in the group of its left key and in that of its right key.
#[must_use]
pub fn rule_groups(records: &Records, block: &Block, limit: u64) -> Groups {
    if block.is_symmetric() {
        return groups(records, &block.left, block.max_group, limit);
    }
    let mut keyed = keys(records, &block.left, 0);
    keyed.extend(keys(records, &block.right, 0));
    let mut keyed = sorted(keyed);
    keyed.sort_unstable();
    keyed.dedup();
    collect(&keyed, block.max_group, limit)
}

/// The upper half of each record's key and the record, in the order of the records. Two keys that share these 32 bits
/// by chance make a group too large by one, whose pairs are looked at in vain. With a `shift` only keys with that many
/// zero bits are given.
fn keys(records: &Records, columns: &[usize], shift: u32) -> Vec<u64> {
    let mask = (1_u64 << shift) - 1;
    let parts = parallel::map(parallel::threads(), parallel::ranges(records.len(), 16), |range| {
        let mut keyed = Vec::with_capacity(range.len() >> shift);
        let mut push = |record: u64, key: Option<u64>| {
            if let Some(key) = key.filter(|key| key & mask == 0) {
                keyed.push(key >> 32 << 32 | record);
            }
        };
        records.rows(range.clone()).enumerate().for_each(|(place, row)| {
            push((range.start + place) as u64, key_of(records, columns, |column| row[column]));
        });
        for stretch in records.narrow_rows(range) {
            for record in stretch.records() {
                push(record as u64, key_of(records, columns, |column| stretch.cell(record, column)));
            }
        }
        keyed
    });
    parts.concat()
}

/// Sorts by the upper half, keeping the order within (least significant digit first, in three digits of 11 bits).
fn sorted(mut keyed: Vec<u64>) -> Vec<u64> {
    if keyed.len() < 4096 {
        keyed.sort_by_key(|keyed| keyed >> 32);
        return keyed;
    }
    let mut other = vec![0_u64; keyed.len()];
    // How often each digit stands at each place, in one pass.
    let mut counts = [[0_usize; 2048]; 3];
    for keyed in &keyed {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[(keyed >> (32 + 11 * place) & 2047) as usize] += 1;
        }
    }
    for (place, mut starts) in counts.into_iter().enumerate() {
        let digit = 32 + 11 * place;
        if starts[(keyed[0] >> digit & 2047) as usize] == keyed.len() {
            continue;
        }
        let mut sum = 0;
        for start in &mut starts {
            let count = *start;
            *start = sum;
            sum += count;
        }
        for keyed in &keyed {
            let start = &mut starts[(keyed >> digit & 2047) as usize];
            other[*start] = *keyed;
            *start += 1;
        }
        std::mem::swap(&mut keyed, &mut other);
    }
    keyed
}

/// 64 bits that stand for the texts a record has in some columns, the same in every run; none when one is missing.
#[inline]
#[must_use]
pub fn key(records: &Records, columns: &[usize], record: u32) -> Option<u64> {
    key_of(records, columns, |column| records.cell(record, column))
}

/// The key of a record whose cells are asked for.
#[inline]
fn key_of(records: &Records, columns: &[usize], cell: impl Fn(usize) -> u32) -> Option<u64> {
    let mut key = KEY;
    for column in columns {
        let code = cell(*column);
        if code == NULL {
            return None;
        }
        let half = records.domain_of[*column].map_or(code, |domain| records.domains[domain].half(code));
        key = mixed(key, half);
    }
    Some(key)
}

/// A key of no column.
const KEY: u64 = 0x9E37_79B9_7F4A_7C15;

/// A key and the half of one more value's hash.
#[inline]
const fn mixed(key: u64, half: u32) -> u64 {
    let key = (key ^ half as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    key ^ key >> 32
}

fn collect(keyed: &[u64], max_group: Option<usize>, limit: u64) -> Groups {
    let runs = || keyed.chunk_by(|a, b| a >> 32 == b >> 32);
    let mut groups = Groups::of_sizes(runs().map(<[u64]>::len), max_group, limit);
    for group in runs() {
        if groups.admit((group[0] >> 32) as u32, group.len()) {
            groups.records.extend(group.iter().map(|keyed| *keyed as u32));
        }
    }
    groups
}

/// Whether two records may be compared at all.
#[inline]
#[must_use]
pub fn allowed(program: &Program, records: &Records, left: u32, right: u32) -> bool {
    program.mode != LinkMode::LinkOnly || records.table[left as usize] != records.table[right as usize]
}

/// Whether a rule brings two records together, in the order given or turned; `left_out` holds the keys of groups
/// that are too large.
#[must_use]
pub fn meets(block: &Block, records: &Records, left: u32, right: u32, left_out: &HashSet<u32>) -> bool {
    let equal = |a: &[usize], b: &[usize]| {
        let cells = |(a, b): (&usize, &usize)| (records.cell(left, *a), records.cell(right, *b));
        a.iter().zip(b).map(cells).all(|(a, b)| a != NULL && a == b)
    };
    // Each order of the two has a key of its own, and it is that key's group which may have been left out.
    let open = |columns: &[usize]| {
        left_out.is_empty() || !key(records, columns, left).is_some_and(|key| left_out.contains(&((key >> 32) as u32)))
    };
    (equal(&block.left, &block.right) && open(&block.left))
        || (!block.is_symmetric() && equal(&block.right, &block.left) && open(&block.right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_by_the_upper_half_keeps_the_order_within() {
        let keyed =
            (0..10_000_u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) << 32 | n).collect::<Vec<_>>();
        let mut expected = keyed.clone();
        expected.sort_by_key(|keyed| keyed >> 32);
        assert_eq!(sorted(keyed), expected);
    }

    #[test]
    fn every_pair_of_every_group_has_a_number() {
        let groups =
            Groups { records: vec![1, 2, 3, 7, 8, 9, 10], ends: vec![3, 7], pairs: vec![3, 9], ..Groups::default() };
        let mut pairs = (0..groups.total()).map(|number| groups.pair(number)).collect::<Vec<_>>();
        assert_eq!(groups.pairs_of_ascending(0..groups.total()).collect::<Vec<_>>(), pairs);
        let some = || [0, 2, 3, 8].into_iter();
        assert_eq!(
            groups.pairs_of_ascending(some()).collect::<Vec<_>>(),
            some().map(|at| pairs[at as usize]).collect::<Vec<_>>()
        );
        pairs.sort_unstable();
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 3), (7, 8), (7, 9), (7, 10), (8, 9), (8, 10), (9, 10)]);
        assert_eq!(groups.runs(2).into_iter().flatten().collect::<Vec<_>>(), [0, 1]);
    }
}
