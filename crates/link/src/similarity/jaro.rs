//! Jaro and Jaro-Winkler similarity of strings, over characters.
//!
//! M. A. Jaro, "Advances in record-linkage methodology as applied to matching the 1985 census of Tampa, Florida",
//! JASA 84 (1989); W. E. Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter
//! model of record linkage" (1990). As in Winkler's own program, transpositions are halved in whole numbers and
//! the common prefix counts (a tenth a character, four at most) where the similarity is above 0.7.
//!
//! The greedy assignment of characters may depend on which string comes first; both are put in one order first,
//! so the result is symmetric.

use std::cmp::Ordering;

use super::text::{self, Kernel, Unit};

/// Similarities above this are raised for a common prefix.
const BOOST_ABOVE: f64 = 0.7;
/// What a character of the common prefix adds of what is missing to 1.
const PREFIX_SCALE: f64 = 0.1;
/// Characters of the prefix that count.
const PREFIX_MOST: usize = 4;

/// Jaro similarity, 0 to 1. Two empty texts are the same.
#[must_use]
pub fn jaro(a: &str, b: &str) -> f64 {
    struct Plain;
    impl Kernel for Plain {
        type Out = f64;
        fn run<A: Unit, B: Unit>(self, a: &[A], b: &[B]) -> f64 {
            general(a, b)
        }
        fn ascii(self, a: &[u8], b: &[u8]) -> f64 {
            ascii(a, b)
        }
    }
    text::with_units(a, b, Plain)
}

/// Jaro-Winkler similarity, 0 to 1. Two empty texts are the same.
#[must_use]
pub fn jaro_winkler(a: &str, b: &str) -> f64 {
    text::jaro_winkler(a, b)
}

pub(super) fn winkler<A: Unit, B: Unit>(a: &[A], b: &[B], jaro: f64) -> f64 {
    if jaro <= BOOST_ABOVE {
        return jaro;
    }
    let prefix = a.iter().zip(b).take(PREFIX_MOST).take_while(|(a, b)| a.code() == b.code()).count();
    let boost = prefix as f64 * PREFIX_SCALE;
    boost.mul_add(1.0 - jaro, jaro)
}

/// Whether the two have to change places: shorter first, then the lesser.
fn in_order<A: Unit, B: Unit>(a: &[A], b: &[B]) -> bool {
    a.len().cmp(&b.len()).then_with(|| a.iter().map(|unit| unit.code()).cmp(b.iter().map(|unit| unit.code())))
        != Ordering::Greater
}

/// How far apart two characters may stand and still be common.
const fn window(longer: usize) -> usize {
    (longer / 2).saturating_sub(1)
}

fn similarity(common: usize, out_of_order: usize, a: usize, b: usize) -> f64 {
    if common == 0 {
        return 0.0;
    }
    let matched = common as f64;
    let in_order = (common - out_of_order / 2) as f64;
    (matched / a as f64 + matched / b as f64 + in_order / matched) / 3.0
}

/// Any units, any length.
pub(super) fn general<A: Unit, B: Unit>(a: &[A], b: &[B]) -> f64 {
    if in_order(a, b) { ordered(a, b) } else { ordered(b, a) }
}

fn ordered<A: Unit, B: Unit>(a: &[A], b: &[B]) -> f64 {
    const WORDS: usize = 16;
    if a.is_empty() {
        return if b.is_empty() { 1.0 } else { 0.0 };
    }
    let words = b.len().div_ceil(64);
    let (mut on_stack, mut on_heap) = ([0_u64; 2 * WORDS], Vec::new());
    let taken = if words <= WORDS {
        &mut on_stack[..2 * words]
    } else {
        on_heap.resize(2 * words, 0);
        &mut on_heap[..]
    };
    let (taken_a, taken_b) = taken.split_at_mut(words);
    let reach = window(b.len());
    let mut common = 0;
    for (place, unit) in a.iter().enumerate() {
        let start = place.saturating_sub(reach);
        let end = (place + reach + 1).min(b.len());
        let free = |other: usize| taken_b[other / 64] >> (other % 64) & 1 == 0;
        let mut window = b[start.min(end)..end].iter().zip(start..);
        if let Some((_, other)) = window.find(|(other, at)| other.code() == unit.code() && free(*at)) {
            taken_b[other / 64] |= 1 << (other % 64);
            taken_a[place / 64] |= 1 << (place % 64);
            common += 1;
        }
    }
    let chosen = |taken: &[u64], place: usize| taken[place / 64] >> (place % 64) & 1 == 1;
    let left = a.iter().enumerate().filter(|(place, _)| chosen(taken_a, *place)).map(|(_, unit)| unit.code());
    let right = b.iter().enumerate().filter(|(place, _)| chosen(taken_b, *place)).map(|(_, unit)| unit.code());
    let out_of_order = left.zip(right).filter(|(left, right)| left != right).count();
    similarity(common, out_of_order, a.len(), b.len())
}

/// ASCII: strings of up to 16 bytes are compared a whole string at a time, as lanes of one 128-bit word.
pub(super) fn ascii(a: &[u8], b: &[u8]) -> f64 {
    if a.len() > 16 || b.len() > 16 {
        return general(a, b);
    }
    if a == b {
        return 1.0;
    }
    let (a, b) = if in_order(a, b) { (a, b) } else { (b, a) };
    lanes(a, b)
}

const HIGH: u128 = u128::from_ne_bytes([0x80; 16]);

/// Jaro of two ASCII strings of at most 16 bytes, the shorter first. A lane's top bit says whether the character
/// is meant: bytes below 0x80 leave it free, and `0x80 - x` has it exactly where x is zero, without a borrow.
fn lanes(a: &[u8], b: &[u8]) -> f64 {
    if a.is_empty() {
        return if b.is_empty() { 1.0 } else { 0.0 };
    }
    let mut bytes = [0; 16];
    bytes[..b.len()].copy_from_slice(b);
    let word = u128::from_le_bytes(bytes);
    let reach = window(b.len());
    let all = HIGH >> (8 * (16 - b.len()));
    let mut free = all;
    let mut taken_a = 0_u32;
    // The window of the first character; it widens, then moves along.
    let mut view = HIGH >> (8 * (15 - reach));
    for (place, byte) in a.iter().enumerate() {
        let equal = (HIGH - (word ^ u128::from_ne_bytes([*byte; 16]))) & free & view;
        let first = equal & equal.wrapping_neg();
        free ^= first;
        taken_a |= u32::from(first != 0) << place;
        view = (view << 8) | if place < reach { 0x80 } else { 0 };
    }
    let mut taken_b = all ^ free;
    let common = taken_a.count_ones() as usize;
    let mut out_of_order = 0;
    while taken_a != 0 {
        let left = a[taken_a.trailing_zeros() as usize];
        let right = b[(taken_b.trailing_zeros() / 8) as usize];
        out_of_order += usize::from(left != right);
        taken_a &= taken_a - 1;
        taken_b &= taken_b - 1;
    }
    similarity(common, out_of_order, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use proptest::prelude::*;

    use super::*;

    fn naive(a: &str, b: &str) -> f64 {
        let (mut a, mut b) = (a.chars().collect::<Vec<_>>(), b.chars().collect::<Vec<_>>());
        if (a.len(), &a) > (b.len(), &b) {
            std::mem::swap(&mut a, &mut b);
        }
        if a.is_empty() {
            return f64::from(u8::from(b.is_empty()));
        }
        let reach = (b.len() / 2).saturating_sub(1);
        let mut free = vec![true; b.len()];
        let mut left = Vec::new();
        for (place, character) in a.iter().enumerate() {
            if let Some(found) =
                (0..b.len()).find(|other| free[*other] && b[*other] == *character && place.abs_diff(*other) <= reach)
            {
                free[found] = false;
                left.push(*character);
            }
        }
        let right = b.iter().zip(&free).filter(|(_, free)| !**free).map(|(character, _)| *character);
        let wrong = left.iter().zip(right).filter(|(a, b)| **a != *b).count();
        similarity(left.len(), wrong, a.len(), b.len())
    }

    #[test]
    fn the_published_examples_come_out() {
        for (a, b, plain, raised) in [
            ("MARTHA", "MARHTA", 0.944, 0.961),
            ("DWAYNE", "DUANE", 0.822, 0.840),
            ("DIXON", "DICKSONX", 0.767, 0.813),
            ("JONES", "JOHNSON", 0.790, 0.832),
            ("ABROMS", "ABRAMS", 0.889, 0.922),
            ("SEAN", "SUSAN", 0.783, 0.805),
        ] {
            assert!((jaro(a, b) - plain).abs() < 5e-4, "{a} {b} {}", jaro(a, b));
            assert!((jaro_winkler(a, b) - raised).abs() < 5e-4, "{a} {b} {}", jaro_winkler(a, b));
        }
        assert_eq!(jaro_winkler("", ""), 1.0);
        assert_eq!(jaro_winkler("a", ""), 0.0);
    }

    #[test]
    fn a_prefix_does_not_raise_what_is_unlike() {
        assert_eq!(jaro("abcdefgh", "abzzzzzz"), jaro_winkler("abcdefgh", "abzzzzzz"));
    }

    proptest! {
        #[test]
        fn the_fast_ways_agree_with_the_plain_one(a in "[abc]{0,20}|[a-c国]{0,8}|[ab]{60,150}", b in "[abc]{0,20}|[a-c国]{0,8}|[ab]{60,150}") {
            prop_assert_eq!(jaro(&a, &b), naive(&a, &b));
        }

        #[test]
        fn it_is_symmetric_bounded_and_one_for_the_same(a in "\\PC{0,18}", b in "\\PC{0,18}") {
            let there = jaro_winkler(&a, &b);
            prop_assert_eq!(there, jaro_winkler(&b, &a));
            prop_assert!((0.0..=1.0).contains(&there));
            prop_assert_eq!(jaro_winkler(&a, &a), 1.0);
            prop_assert!(there >= jaro(&a, &b));
            let (one, other) = (super::super::Text::new(&a), super::super::Text::new(&b));
            prop_assert_eq!(one.jaro_winkler(&other), there);
        }
    }
}
