//! Edit distances, with a limit beyond which nobody asks: Levenshtein, and Damerau in the form of optimal string
//! alignment, where two neighbours that changed places cost one.
//!
//! Bit-parallel, 64 rows of the matrix in one word: G. Myers, "A fast bit-vector algorithm for approximate string
//! matching based on dynamic programming", J. ACM 46 (1999), in the form of H. Hyyrö, "A bit-vector algorithm for
//! computing Levenshtein and Damerau edit distances", Nordic J. Computing 10 (2003), who adds transpositions.

use super::text::{self, Unit};

/// Levenshtein distance in characters.
#[must_use]
pub fn levenshtein(a: &str, b: &str) -> usize {
    text::edit_distance(a, b, usize::MAX, false).unwrap_or_default()
}

/// Levenshtein distance in characters if it is at most `limit`.
#[must_use]
pub fn levenshtein_within(a: &str, b: &str, limit: usize) -> Option<usize> {
    text::edit_distance(a, b, limit, false)
}

/// Damerau distance (optimal string alignment) in characters.
#[must_use]
pub fn damerau(a: &str, b: &str) -> usize {
    text::edit_distance(a, b, usize::MAX, true).unwrap_or_default()
}

/// Damerau distance (optimal string alignment) in characters if it is at most `limit`.
#[must_use]
pub fn damerau_within(a: &str, b: &str, limit: usize) -> Option<usize> {
    text::edit_distance(a, b, limit, true)
}

/// 1 less the Damerau distance over the longer length: 1 the same, 0 nothing in common.
#[must_use]
pub fn edit_similarity(a: &str, b: &str) -> f64 {
    let longer = a.chars().count().max(b.chars().count());
    if longer == 0 { 1.0 } else { 1.0 - damerau(a, b) as f64 / longer as f64 }
}

pub(super) fn distance<A: Unit, B: Unit>(a: &[A], b: &[B], limit: usize, swaps: bool) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // What is the same at both ends is in every best alignment.
    let start = a.iter().zip(b).take_while(|(a, b)| a.code() == b.code()).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a.code() == b.code()).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    if a.is_empty() || b.is_empty() {
        let rest = a.len().max(b.len());
        return (rest <= limit).then_some(rest);
    }
    if a.len() == 1 && b.len() == 1 {
        return (limit >= 1).then_some(1);
    }
    if limit <= 1 {
        let swapped = swaps && a.len() == 2 && b.len() == 2 && a[0].code() == b[1].code() && a[1].code() == b[0].code();
        return (swapped && limit == 1).then_some(1);
    }
    if a.len() <= b.len() { columns(a, b, limit, swaps) } else { columns(b, a, limit, swaps) }
}

fn columns<A: Unit, B: Unit>(pattern: &[A], text: &[B], limit: usize, swaps: bool) -> Option<usize> {
    if pattern.len() > 64 {
        return rows(pattern, text, limit, swaps);
    }
    // Where each ASCII character stands in the pattern; others are looked for when they come.
    let mut places = [0_u64; 128];
    for (place, unit) in pattern.iter().enumerate() {
        if let Some(mask) = places.get_mut(unit.code() as usize) {
            *mask |= 1 << place;
        }
    }
    let find = |code: u32| {
        places.get(code as usize).copied().unwrap_or_else(|| {
            pattern.iter().enumerate().fold(0, |mask, (place, unit)| mask | u64::from(unit.code() == code) << place)
        })
    };
    let last = 1_u64 << (pattern.len() - 1);
    let (mut up, mut down) = (u64::MAX, 0_u64);
    let (mut diagonal, mut before) = (0_u64, 0_u64);
    let mut score = pattern.len();
    for (place, unit) in text.iter().enumerate() {
        let here = find(unit.code());
        let swapped = if swaps { ((!diagonal & here) << 1) & before } else { 0 };
        diagonal = ((here & up).wrapping_add(up) ^ up) | here | down | swapped;
        let mut right = down | !(diagonal | up);
        let mut left = diagonal & up;
        if right & last != 0 {
            score += 1;
        } else if left & last != 0 {
            score -= 1;
        }
        // Each character still to come can mend one error at most.
        if score > limit.saturating_add(text.len() - place - 1) {
            return None;
        }
        right = (right << 1) | 1;
        left <<= 1;
        up = left | !(diagonal | right);
        down = right & diagonal;
        before = here;
    }
    (score <= limit).then_some(score)
}

/// The matrix row by row, for patterns of more than 64 characters; only cells within `limit` of the diagonal.
fn rows<A: Unit, B: Unit>(pattern: &[A], text: &[B], limit: usize, swaps: bool) -> Option<usize> {
    let width = text.len() + 1;
    let limit = limit.min(width.max(pattern.len()));
    let beyond = limit + 1;
    let (mut above, mut row, mut next) =
        ((0..width).map(|cost| cost.min(beyond)).collect::<Vec<_>>(), vec![beyond; width], vec![beyond; width]);
    // `next` is the row two above, until it is written over.
    for (line, unit) in pattern.iter().enumerate() {
        let (from, to) = ((line + 1).saturating_sub(limit).max(1), (line + 1 + limit).min(text.len()));
        let two_above = &mut next;
        row[from - 1] = if from == 1 { (line + 1).min(beyond) } else { beyond };
        let mut least = row[from - 1];
        for place in from..=to {
            let same = unit.code() == text[place - 1].code();
            let mut cost = above[place - 1] + usize::from(!same);
            cost = cost.min(above[place] + 1).min(row[place - 1] + 1);
            if swaps
                && line > 0
                && place > 1
                && unit.code() == text[place - 2].code()
                && pattern[line - 1].code() == text[place - 1].code()
            {
                cost = cost.min(two_above[place - 2] + 1);
            }
            row[place] = cost.min(beyond);
            least = least.min(row[place]);
        }
        if to < text.len() {
            row[to + 1] = beyond;
        }
        // A swap may still come from the row above.
        if least > limit && above.iter().min().is_none_or(|above| *above >= limit) {
            return None;
        }
        std::mem::swap(two_above, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    (above[text.len()] <= limit).then_some(above[text.len()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use proptest::prelude::*;

    use super::*;

    fn naive(a: &str, b: &str, swaps: bool) -> usize {
        let (a, b) = (a.chars().collect::<Vec<_>>(), b.chars().collect::<Vec<_>>());
        let mut cost = vec![vec![0; b.len() + 1]; a.len() + 1];
        for line in 0..=a.len() {
            for place in 0..=b.len() {
                cost[line][place] = if line == 0 || place == 0 {
                    line + place
                } else {
                    let mut least = cost[line - 1][place - 1] + usize::from(a[line - 1] != b[place - 1]);
                    least = least.min(cost[line - 1][place] + 1).min(cost[line][place - 1] + 1);
                    if swaps && line > 1 && place > 1 && a[line - 1] == b[place - 2] && a[line - 2] == b[place - 1] {
                        least = least.min(cost[line - 2][place - 2] + 1);
                    }
                    least
                };
            }
        }
        cost[a.len()][b.len()]
    }

    #[test]
    fn well_known_distances_come_out() {
        assert_eq!(levenshtein("kitten", "sitting"), 3);
        assert_eq!(levenshtein("张小明", "张明"), 1);
        assert_eq!((levenshtein("ab", "ba"), damerau("ab", "ba")), (2, 1));
        // Optimal string alignment edits no substring twice.
        assert_eq!(damerau("CA", "ABC"), 3);
        assert_eq!(damerau_within("abcd", "wxyz", 3), None);
        assert_eq!(edit_similarity("", ""), 1.0);
    }

    proptest! {
        #[test]
        fn the_fast_ways_agree_with_the_plain_one(
            a in "[ab]{0,12}|[a-c国家]{0,8}|[ab]{60,140}", b in "[ab]{0,12}|[a-c国家]{0,8}|[ab]{60,140}", swaps: bool, limit in 0_usize..60,
        ) {
            let real = naive(&a, &b, swaps);
            prop_assert_eq!(text::edit_distance(&a, &b, usize::MAX, swaps), Some(real));
            prop_assert_eq!(text::edit_distance(&a, &b, limit, swaps), (real <= limit).then_some(real));
        }

        #[test]
        fn close_long_texts_are_found(a in "[ab]{65,120}", place in 0_usize..60, swaps: bool, limit in 0_usize..4) {
            let mut b = a.clone().into_bytes();
            b.swap(place, place + 1);
            b.remove(place + 4);
            let b = String::from_utf8(b).unwrap_or_default();
            let real = naive(&a, &b, swaps);
            prop_assert_eq!(text::edit_distance(&a, &b, limit, swaps), (real <= limit).then_some(real));
        }

        #[test]
        fn it_is_a_symmetric_distance(a in "\\PC{0,18}", b in "\\PC{0,18}") {
            prop_assert_eq!(damerau(&a, &b), damerau(&b, &a));
            prop_assert_eq!(levenshtein(&a, &b), levenshtein(&b, &a));
            prop_assert!(damerau(&a, &b) <= levenshtein(&a, &b));
            prop_assert_eq!(damerau(&a, &a), 0);
            prop_assert!((0.0..=1.0).contains(&edit_similarity(&a, &b)));
        }
    }
}
