//! Which pairs of records are looked at: groups of equal keys, found by sorting, and a bound on their number.

use hashbrown::HashSet;
use jingwei_model::config::LinkMode;

use crate::model::{Block, Program};
use crate::parallel;
use crate::records::{NULL, Records};

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
    /// Keys of the groups that were left out.
    pub left_out_keys: HashSet<u64>,
    /// Pairs that all groups would have brought, those left out among them.
    pub wanted: u64,
}

impl Groups {
    /// Records of a group.
    #[must_use]
    pub fn group(&self, number: usize) -> &[u32] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.records[start..self.ends[number] as usize]
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
    pub fn runs(&self, count: usize) -> Vec<std::ops::Range<usize>> {
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

    /// The pair of a number below [`Groups::total`].
    #[must_use]
    pub fn pair(&self, number: u64) -> (u32, u32) {
        let group = self.pairs.partition_point(|pairs| *pairs <= number);
        let before = if group == 0 { 0 } else { self.pairs[group - 1] };
        self.pair_of(group, number - before)
    }

    /// The pair of a number within a group.
    #[must_use]
    pub fn pair_of(&self, group: usize, number: u64) -> (u32, u32) {
        let records = self.group(group);
        let mut rest = number;
        // Pairs are counted by their larger member: (0,1), (0,2), (1,2), (0,3) …
        let guess = ((8.0 * rest as f64 + 1.0).sqrt() as u64 + 1) / 2;
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
    let mut keyed = keys(records, columns);
    sort(&mut keyed);
    collect(&keyed, max_group, limit)
}

/// Groups of records that share columns and a number given to each; 0 is none.
#[must_use]
pub fn keyed_groups(records: &Records, columns: &[usize], numbers: &[u32]) -> Groups {
    let mut keyed = keys(records, columns);
    keyed.retain(|(_, record)| numbers[*record as usize] != 0);
    for (key, record) in &mut keyed {
        *key = (*key ^ u64::from(numbers[*record as usize])).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    }
    sort(&mut keyed);
    collect(&keyed, None, u64::MAX)
}

/// Groups of a rule whose sides differ: a record stands in the group of its left key and in that of its right key.
#[must_use]
pub fn rule_groups(records: &Records, block: &Block, limit: u64) -> Groups {
    if block.is_symmetric() {
        return groups(records, &block.left, block.max_group, limit);
    }
    let mut keyed = keys(records, &block.left);
    keyed.extend(keys(records, &block.right));
    sort(&mut keyed);
    keyed.dedup();
    collect(&keyed, block.max_group, limit)
}

fn sort(keyed: &mut [(u64, u32)]) {
    keyed.sort_unstable();
}

fn keys(records: &Records, columns: &[usize]) -> Vec<(u64, u32)> {
    let parts = parallel::map(parallel::threads(), parallel::ranges(records.len(), 16), |range| {
        range.filter_map(|record| Some((key(records, columns, record as u32)?, record as u32))).collect::<Vec<_>>()
    });
    parts.concat()
}

/// 64 bits that stand for a record's values in some columns; none when one is missing.
#[inline]
#[must_use]
pub fn key(records: &Records, columns: &[usize], record: u32) -> Option<u64> {
    let row = records.row(record);
    let mut key: u64 = 0x9E37_79B9_7F4A_7C15;
    for column in columns {
        if row[*column] == NULL {
            return None;
        }
        key = (key ^ u64::from(row[*column])).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        key ^= key >> 32;
    }
    Some(key)
}

fn collect(keyed: &[(u64, u32)], max_group: Option<usize>, limit: u64) -> Groups {
    // How many groups there are of each size decides which sizes are too large.
    let mut sizes: std::collections::BTreeMap<usize, u64> = std::collections::BTreeMap::new();
    for group in keyed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        *sizes.entry(group.len()).or_default() += 1;
    }
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
    let mut groups = Groups { wanted, ..Groups::default() };
    let mut total = 0;
    for group in keyed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        if group.len() > largest {
            let (size, count) = groups.left_out.unwrap_or_default();
            groups.left_out = Some((size.max(group.len()), count + 1));
            groups.left_out_keys.insert(group[0].0);
            continue;
        }
        groups.records.extend(group.iter().map(|(_, record)| *record));
        groups.ends.push(groups.records.len() as u32);
        total += pairs_of(group.len() as u64);
        groups.pairs.push(total);
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
pub fn meets(block: &Block, records: &Records, left: u32, right: u32, left_out: &HashSet<u64>) -> bool {
    let equal = |a: &[usize], b: &[usize]| {
        let (left, right) = (records.row(left), records.row(right));
        a.iter().zip(b).all(|(a, b)| left[*a] != NULL && left[*a] == right[*b])
    };
    let meets = equal(&block.left, &block.right) || (!block.is_symmetric() && equal(&block.right, &block.left));
    meets && (left_out.is_empty() || !key(records, &block.left, left).is_some_and(|key| left_out.contains(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_every_group_has_a_number() {
        let groups =
            Groups { records: vec![1, 2, 3, 7, 8, 9, 10], ends: vec![3, 7], pairs: vec![3, 9], ..Groups::default() };
        let mut pairs = (0..groups.total()).map(|number| groups.pair(number)).collect::<Vec<_>>();
        pairs.sort_unstable();
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 3), (7, 8), (7, 9), (7, 10), (8, 9), (8, 10), (9, 10)]);
        assert_eq!(groups.runs(2).into_iter().flatten().collect::<Vec<_>>(), [0, 1]);
    }
}
