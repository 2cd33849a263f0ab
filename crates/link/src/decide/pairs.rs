//! Scored pairs: in memory while there is room for them, else in files, one after the other in the order in which they
//! were found. Nothing that is found depends on where they lie.

use std::sync::Arc;

use super::ScoredPair;
use crate::Result;
use crate::memory::Room;
use crate::records::{Filling, Shelf, Spill};

/// A pair as it lies in a file.
type Packed = [u64; 3];

/// Pairs of a file that are unpacked before what was read is given back.
const STRETCH: usize = 1 << 14;

/// Files that are written at once.
const FILES: usize = 256;

/// Scored pairs.
#[derive(Debug, Default)]
pub struct Pairs {
    memory: Vec<ScoredPair>,
    file: Shelf<Packed>,
}

impl From<Vec<ScoredPair>> for Pairs {
    fn from(memory: Vec<ScoredPair>) -> Self {
        Self { memory, file: Shelf::default() }
    }
}

impl Pairs {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.len() + self.file.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they lie in a file.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        !self.file.is_empty()
    }

    /// All of them, where they lie in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<&[ScoredPair]> {
        (!self.is_spilled()).then_some(&self.memory)
    }

    /// All of them, in memory.
    #[must_use]
    pub fn to_vec(&self) -> Vec<ScoredPair> {
        let mut pairs = Vec::with_capacity(self.len());
        pairs.extend(self.iter());
        pairs
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = ScoredPair> + '_ {
        let file = self.file.stretches(STRETCH).flatten().map(|packed| unpacked(*packed));
        self.memory.iter().copied().chain(file)
    }
}

fn packed(pair: &ScoredPair) -> Packed {
    let never = match pair.never {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    };
    let ends = u64::from(pair.left) | u64::from(pair.right) << 32;
    [ends, pair.pattern, u64::from(pair.logit.to_bits()) | u64::from(pair.rule) << 32 | never << 48]
}

fn unpacked([ends, pattern, rest]: Packed) -> ScoredPair {
    ScoredPair {
        left: ends as u32,
        right: (ends >> 32) as u32,
        pattern,
        logit: f32::from_bits(rest as u32),
        rule: (rest >> 32) as u16,
        never: match rest >> 48 {
            0 => None,
            known => Some(known == 2),
        },
    }
}

/// Pairs that are being found.
#[derive(Debug)]
pub struct Finding<'a> {
    room: &'a Room,
    memory: Vec<ScoredPair>,
    file: Option<Filling<Packed>>,
}

impl<'a> Finding<'a> {
    /// None yet; those that there is no room for go to a file.
    #[must_use]
    pub const fn new(room: &'a Room) -> Self {
        Self { room, memory: Vec::new(), file: None }
    }

    /// Adds pairs behind the others.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn extend(&mut self, found: &[ScoredPair]) -> Result<()> {
        if let Some(file) = &mut self.file {
            return found.iter().try_for_each(|pair| file.extend(&[packed(pair)]));
        }
        match &self.room.spill {
            Some(spill) if self.memory.len() + found.len() > self.room.pairs => {
                let mut file = Filling::new(Some(spill), 0)?;
                std::mem::take(&mut self.memory)
                    .iter()
                    .chain(found)
                    .try_for_each(|pair| file.extend(&[packed(pair)]))?;
                self.file = Some(file);
            }
            _ => self.memory.extend_from_slice(found),
        }
        Ok(())
    }

    /// All that were found.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn finish(self) -> Result<Pairs> {
        let file = self.file.map(Filling::finish).transpose()?.unwrap_or_default();
        Ok(Pairs { memory: self.memory, file })
    }
}

/// Distributes pairs over files: `part` says into which of `parts` one goes, if into any. In each they keep their order.
///
/// # Errors
/// The disk is full or broken.
pub fn distribute(
    pairs: impl Iterator<Item = ScoredPair>,
    parts: usize,
    spill: &Arc<Spill>,
    part: impl Fn(&ScoredPair) -> Option<usize>,
) -> Result<Vec<Pairs>> {
    let mut files = (0..parts).map(|_| Filling::new(Some(spill), 0)).collect::<Result<Vec<_>>>()?;
    for pair in pairs {
        if let Some(number) = part(&pair) {
            files[number].extend(&[packed(&pair)])?;
        }
    }
    let filed = |file: Filling<Packed>| Ok(Pairs { memory: Vec::new(), file: file.finish()? });
    files.into_iter().map(filed).collect()
}

/// Runs of numbers that have no more than `room` together, but for single ones that have more, and no more runs than
/// files are written at once; `counts` says how many each number has. Gives where each run ends.
#[must_use]
pub fn runs_within(counts: impl Iterator<Item = u64> + Clone, room: u64) -> Vec<u32> {
    let total = counts.clone().sum::<u64>();
    let room = room.max(total.div_ceil(FILES as u64 / 2));
    let (mut ends, mut sum, mut next) = (Vec::new(), 0, 0);
    for count in counts {
        if sum > 0 && sum + count > room {
            ends.push(next);
            sum = 0;
        }
        sum += count;
        next += 1;
    }
    ends.push(next);
    ends
}

/// The pairs in the order of their records, each two records once.
///
/// # Errors
/// The disk is full or broken.
pub fn sorted(pairs: Pairs, records: usize, room: &Room) -> Result<Pairs> {
    let sort = |pairs: &mut Vec<ScoredPair>| {
        pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
        pairs.dedup_by_key(|pair| (pair.left, pair.right));
    };
    let Some(spill) = room.spill.as_ref().filter(|_| pairs.is_spilled()) else {
        let mut memory = pairs.memory;
        sort(&mut memory);
        return Ok(Pairs::from(memory));
    };
    // By the left record: buckets of neighbours, as many of them together as there is room for.
    let bucket = |pair: &ScoredPair| (u64::from(pair.left) * BUCKETS as u64 / records.max(1) as u64) as usize;
    let mut counts = vec![0_u64; BUCKETS];
    pairs.iter().for_each(|pair| counts[bucket(&pair)] += 1);
    let ends = runs_within(counts.iter().copied(), room.pairs as u64);
    let parts = distribute(pairs.iter(), ends.len(), spill, |pair| {
        Some(ends.partition_point(|end| *end as usize <= bucket(pair)))
    })?;
    drop(pairs);
    let mut finding = Finding::new(room);
    for part in parts {
        let mut memory = part.to_vec();
        sort(&mut memory);
        finding.extend(&memory)?;
    }
    finding.finish()
}

/// Buckets of left records that are told apart.
const BUCKETS: usize = 1 << 14;

/// All pairs once each; one that a household brought stands for the same pair found before. Those of the households
/// are in the order of their records.
///
/// # Errors
/// The disk is full or broken.
pub fn united(pairs: Pairs, more: &Pairs, records: usize, room: &Room) -> Result<Pairs> {
    if more.is_empty() {
        return Ok(pairs);
    }
    let mut kept = pairs;
    let mut more_pairs = more.iter().peekable();
    // What was found anew, as much at a time as there is room for.
    while more_pairs.peek().is_some() {
        let known = more_pairs.by_ref().take(room.pairs.max(1 << 16)).map(|pair| key(&pair)).collect::<Vec<_>>();
        // Most records begin no such pair, and nothing is searched for them.
        let mut begins = vec![0_u64; records.div_ceil(64)];
        known.iter().for_each(|key| begins[(key >> 38) as usize] |= 1 << (key >> 32 & 63));
        let stays = |pair: &ScoredPair| {
            begins[pair.left as usize / 64] >> (pair.left % 64) & 1 == 0 || known.binary_search(&key(pair)).is_err()
        };
        if kept.is_spilled() {
            let mut finding = Finding::new(room);
            for pair in kept.iter().filter(stays) {
                finding.extend(&[pair])?;
            }
            kept = finding.finish()?;
        } else {
            kept.memory.retain(stays);
        }
    }
    add(kept, more, room)
}

/// Adds pairs behind others.
fn add(pairs: Pairs, more: &Pairs, room: &Room) -> Result<Pairs> {
    if let (Some(_), Some(more)) = (pairs.in_memory(), more.in_memory())
        && pairs.len() + more.len() <= room.pairs
    {
        let mut memory = pairs.memory;
        memory.extend_from_slice(more);
        return Ok(Pairs::from(memory));
    }
    let mut finding = Finding::new(room);
    for pair in pairs.iter().chain(more.iter()) {
        finding.extend(&[pair])?;
    }
    finding.finish()
}

const fn key(pair: &ScoredPair) -> u64 {
    (pair.left as u64) << 32 | pair.right as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn pair((left, right, pattern, logit): (u32, u32, u64, f32)) -> ScoredPair {
        let never = [None, Some(false), Some(true)][(pattern % 3) as usize];
        ScoredPair { left, right, pattern, logit, rule: (pattern >> 7) as u16, never }
    }

    fn found(pairs: &[ScoredPair], room: &Room) -> Pairs {
        let mut finding = Finding::new(room);
        pairs.chunks(7).for_each(|some| finding.extend(some).unwrap());
        finding.finish().unwrap()
    }

    fn all(pairs: &Pairs) -> Vec<ScoredPair> {
        pairs.iter().collect()
    }

    proptest! {
        #[test]
        fn pairs_in_files_are_what_they_are_in_memory(
            some in prop::collection::vec((0..40_u32, 40..80_u32, any::<u64>(), -9.0..9.0_f32), 0..120),
            anew in prop::collection::vec((0..40_u32, 40..80_u32, any::<u64>(), -9.0..9.0_f32), 0..60),
            within in 0_usize..130,
        ) {
            let once = |pairs: Vec<(u32, u32, u64, f32)>| {
                let mut seen = std::collections::HashSet::new();
                pairs.into_iter().map(pair).filter(|pair| seen.insert(key(pair))).collect::<Vec<_>>()
            };
            let (some, anew) = (once(some), once(anew));
            let (free, bound) = (Room::unbound(), Room::of(within, Spill::new(std::env::temp_dir(), 0)));
            let (in_memory, in_file) = (found(&some, &free), found(&some, &bound));
            prop_assert_eq!((in_memory.is_spilled(), in_file.is_spilled()), (false, some.len() > within));
            prop_assert_eq!(all(&in_file), some.clone());
            let more = [sorted(found(&anew, &free), 80, &free).unwrap(), sorted(found(&anew, &bound), 80, &bound).unwrap()];
            prop_assert_eq!(all(&more[0]), all(&more[1]));
            prop_assert!(all(&more[0]).is_sorted_by_key(key));
            let whole = united(in_memory, &more[0], 80, &free).unwrap();
            let bound_whole = united(in_file, &more[1], 80, &bound).unwrap();
            prop_assert_eq!(all(&whole), all(&bound_whole));
            let replaced = some.iter().filter(|pair| anew.iter().any(|anew| key(anew) == key(pair))).count();
            prop_assert_eq!(whole.len(), some.len() + anew.len() - replaced);
        }
    }

    #[test]
    fn a_run_has_no_more_than_there_is_room_for_but_for_a_single_number() {
        assert_eq!(runs_within([3, 3, 9, 1, 1, 0, 5].into_iter(), 6), [2, 3, 6, 7]);
        assert_eq!(runs_within(std::iter::empty(), 6), [0]);
        assert!(runs_within((0..100_000).map(|_| 1), 1).len() <= FILES);
    }
}
