//! Short texts of digits in one word, for whether two of them are one edit apart.
//!
//! Phone numbers, dates and the like are compared for one wrong digit with everybody who shares something else. As a word
//! of four bits a character they are compared in a register, and nothing waits for the texts, which lie far apart.

/// What four bits stand for, from 1 on; 0 is the end.
const SYMBOLS: &[u8] = b"0123456789-X*/+";
/// Characters of a word.
const MOST: usize = 16;

/// A text of up to 16 digits, `-`, `X`, `*`, `/` and `+`, the first character in the lowest bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed(u64);

impl Packed {
    /// What is no such text.
    pub const OTHER: Self = Self(0);

    /// Packs a text; [`OTHER`](Self::OTHER) when it is empty, longer, or has other characters.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.len() > MOST {
            return Self::OTHER;
        }
        let mut word = 0;
        for (place, byte) in text.bytes().enumerate() {
            let symbol = match byte {
                b'0'..=b'9' => usize::from(byte - b'0'),
                _ => match SYMBOLS.iter().position(|symbol| *symbol == byte) {
                    Some(symbol) => symbol,
                    None => return Self::OTHER,
                },
            };
            word |= (symbol as u64 + 1) << (4 * place);
        }
        Self(word)
    }

    /// How many edits are between two texts, if at most one is; with `swaps`, two neighbours that changed places are one.
    /// Both are texts that could be packed.
    #[inline]
    #[must_use]
    pub fn within_one(self, other: Self, swaps: bool) -> Option<usize> {
        let (long, short) = (self.0.max(other.0), self.0.min(other.0));
        let differs = long ^ short;
        if differs == 0 {
            return Some(0);
        }
        // Where the first difference is, and what stands there.
        let first = differs.trailing_zeros() / 4 * 4;
        let at = |word: u64, place: u32| word >> place & 15;
        let rest = differs >> first;
        let same = match length(long) - length(short) {
            0 if rest >> 4 == 0 => true,
            0 => {
                swaps
                    && rest >> 8 == 0
                    && at(long, first) == at(short, first + 4)
                    && at(long, first + 4) == at(short, first)
            }
            1 => {
                let before = long & ((1 << first) - 1);
                before | (long >> first >> 4) << first == short
            }
            _ => false,
        };
        same.then_some(1)
    }
}

/// Characters of a word.
const fn length(word: u64) -> u32 {
    MOST as u32 - word.leading_zeros() / 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{damerau_within, levenshtein_within};
    use super::*;

    #[test]
    fn texts_of_other_characters_or_more_of_them_are_not_packed() {
        for text in ["", "1380013800a", "张三", "12345678901234567", "１２３"] {
            assert_eq!(Packed::new(text), Packed::OTHER, "{text}");
        }
        assert_ne!(Packed::new("++++++++++++++++"), Packed::OTHER);
    }

    proptest! {
        #[test]
        fn one_edit_is_what_the_texts_have(
            a in "[01]{1,5}|[0-9X*/+-]{1,16}", edits in prop::collection::vec((0_usize..17, 0_u8..4, "[01X-]"), 0..3), b in "[01]{1,5}",
        ) {
            let mut edited = a.clone();
            for (place, kind, symbol) in edits {
                let place = place % (edited.len() + 1);
                match kind {
                    0 if edited.len() < 16 => edited.insert_str(place, &symbol),
                    1 if edited.len() > 1 && place < edited.len() => _ = edited.remove(place),
                    2 if place < edited.len() => edited.replace_range(place..=place, &symbol),
                    3 if place + 1 < edited.len() => {
                        let moved = edited.remove(place);
                        edited.insert(place + 1, moved);
                    }
                    _ => {}
                }
            }
            for other in [&edited, &b] {
                let (left, right) = (Packed::new(&a), Packed::new(other));
                prop_assert!(left != Packed::OTHER && right != Packed::OTHER);
                prop_assert_eq!(left.within_one(right, true), damerau_within(&a, other, 1));
                prop_assert_eq!(right.within_one(left, true), damerau_within(&a, other, 1));
                prop_assert_eq!(left.within_one(right, false), levenshtein_within(&a, other, 1));
            }
        }
    }
}
