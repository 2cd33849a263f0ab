//! Groups of one column: its values are sorted in place of the records, and no value that stands once is sorted in vain.

use super::{Groups, KEY, mixed, sorted};
use crate::records::Records;

/// The place of a record that is in no group.
const NOWHERE: u32 = u32::MAX;

/// The groups of one column, as the general way finds them; none where that is no better.
pub fn groups(
    records: &Records,
    columns: &[usize],
    shift: u32,
    max_group: Option<usize>,
    limit: u64,
) -> Option<Groups> {
    let [column] = *columns else { return None };
    let domain = &records.domains[records.domain_of[column]?];
    // Values that are about as many as the records are sorted no sooner than these.
    if domain.len() > records.len() / 4 * 3 {
        return None;
    }
    let counts = records.frequencies(column);
    let mask = (1_u64 << shift) - 1;
    let keyed = (0..domain.len() as u32).filter(|code| counts[*code as usize] > 0).filter_map(|code| {
        let key = mixed(KEY, domain.half(code));
        (key & mask == 0).then_some(key >> 32 << 32 | u64::from(code))
    });
    let keyed = sorted(keyed.collect());
    // Values whose keys are the same by chance are one group.
    let runs = || keyed.chunk_by(|a, b| a >> 32 == b >> 32);
    let count = |keyed: &u64| counts[*keyed as u32 as usize];
    let size = |run: &[u64]| run.iter().map(|keyed| count(keyed) as usize).sum::<usize>();
    let mut groups = Groups::of_sizes(runs().map(size), max_group, limit);
    // Where the next record of each value goes, those of a group next to each other.
    let mut places = vec![NOWHERE; domain.len()];
    let mut by_chance = Vec::new();
    for run in runs() {
        let mut place = groups.ends.last().copied().unwrap_or_default();
        if groups.admit((run[0] >> 32) as u32, size(run)) {
            for keyed in run {
                places[*keyed as u32 as usize] = place;
                place += count(keyed);
            }
            by_chance.extend((run.len() > 1).then_some(groups.len() - 1));
        }
    }
    groups.records = vec![0; groups.ends.last().copied().unwrap_or_default() as usize];
    records.each(column, |record, code| {
        let place = &mut places[code as usize];
        if *place != NOWHERE {
            groups.records[*place as usize] = record;
            *place += 1;
        }
    });
    for group in by_chance {
        let start = if group == 0 { 0 } else { groups.ends[group - 1] as usize };
        groups.records[start..groups.ends[group] as usize].sort_unstable();
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::super::{collect, keys};
    use super::*;
    use crate::records::{ColumnKind, NULL};

    proptest! {
        #[test]
        fn values_are_grouped_as_records_are(
            values in prop::collection::vec(0_u32..40, 60..400), max_group in prop::option::of(2_usize..20),
            limit in 0_u64..2000, shift in 0_u32..3,
        ) {
            let mut records = Records::empty(&[ColumnKind::Text, ColumnKind::Text], &[Some(0), Some(0)]);
            let domain = &mut records.domains[0];
            // Values that are only pushed have all the same half of a hash.
            let codes = (0..40_u32).map(|value| match value {
                0 => NULL,
                1..5 => domain.push(&value.to_string()),
                _ => domain.intern(&value.to_string()),
            });
            let codes = codes.collect::<Vec<_>>();
            records.cells = values.iter().flat_map(|value| [7, codes[*value as usize]]).collect();
            records.keys = (0..values.len() as u128).collect();
            let found = groups(&records, &[1], shift, max_group, limit).unwrap();
            let expected = collect(&sorted(keys(&records, &[1], shift)), max_group, limit);
            prop_assert_eq!((&found.records, &found.ends, &found.pairs), (&expected.records, &expected.ends, &expected.pairs));
            prop_assert_eq!((found.left_out, found.wanted, found.largest), (expected.left_out, expected.wanted, expected.largest));
            prop_assert_eq!(&found.left_out_keys, &expected.left_out_keys);
        }
    }
}
