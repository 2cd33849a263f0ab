//! Sets of tokens: words, n-grams of characters, the items of an array.

use jingwei_model::hash::hash64;

use super::Prepare;
use super::exact::fold;

/// A set of tokens, as sorted hashes of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tokens(Box<[u64]>);

impl Tokens {
    /// The set of these items.
    pub fn of<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        let mut hashes = items.into_iter().map(|item| hash64(item.as_ref())).collect::<Vec<_>>();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes.into())
    }

    /// Words of a text after folding: runs of letters and digits, and each Chinese character.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self::of(words(&fold(text)))
    }

    /// Runs of `length` characters of a text after folding, its spaces left out; a shorter text is one run.
    #[must_use]
    pub fn grams(text: &str, length: usize) -> Self {
        let folded = fold(text);
        let text = folded.chars().filter(|character| *character != ' ').collect::<String>();
        let ends = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect::<Vec<_>>();
        let length = length.max(1);
        if text.is_empty() {
            Self(Box::default())
        } else if ends.len() <= length {
            Self::of([text.as_str()])
        } else {
            Self::of(ends.iter().zip(&ends[length..]).map(|(start, end)| &text[*start..*end]))
        }
    }

    /// How many tokens there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many tokens are in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> usize {
        let (mut a, mut b) = (&*self.0, &*other.0);
        let mut count = 0;
        while let ([first, rest_a @ ..], [second, rest_b @ ..]) = (a, b) {
            count += usize::from(first == second);
            // Which side moves on is decided without a branch that nothing could foresee.
            (a, b) = (if first <= second { rest_a } else { a }, if second <= first { rest_b } else { b });
        }
        count
    }

    /// Common tokens over all tokens (P. Jaccard, 1901). Two empty sets are the same.
    #[must_use]
    pub fn jaccard(&self, other: &Self) -> f64 {
        let common = self.common(other);
        ratio(common, self.len() + other.len() - common)
    }

    /// Common tokens over the smaller set (overlap coefficient): 1 when one contains the other.
    #[must_use]
    pub fn containment(&self, other: &Self) -> f64 {
        if self.is_empty() != other.is_empty() {
            return 0.0;
        }
        ratio(self.common(other), self.len().min(other.len()))
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Prepare for Tokens {
    type Outcome = f64;

    fn prepare(text: &str) -> Option<Self> {
        let tokens = Self::words(text);
        (!tokens.is_empty()).then_some(tokens)
    }

    fn compare(&self, other: &Self) -> f64 {
        self.jaccard(other)
    }
}

/// The words of a folded text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        rest = &rest[start..];
        let first = rest.chars().next()?;
        let length = if jingwei_model::han::is_han(first) {
            first.len_utf8()
        } else {
            rest.find(|other: char| !other.is_alphanumeric() || jingwei_model::han::is_han(other)).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_single_chinese_characters() {
        assert_eq!(words("12 new road, 望京soho3").collect::<Vec<_>>(), ["12", "new", "road", "望", "京", "soho3"]);
        assert_eq!(Tokens::words("New  Road 12").jaccard(&Tokens::words("12, new road")), 1.0);
        assert_eq!(Tokens::words("a b c").jaccard(&Tokens::words("b c d")), 0.5);
        assert_eq!(Tokens::words("a b").containment(&Tokens::words("b c a")), 1.0);
        assert_eq!(Tokens::words("a").containment(&Tokens::words("")), 0.0);
        assert_eq!(Tokens::grams("night", 2).common(&Tokens::grams("nacht", 2)), 1);
        assert_eq!(Tokens::grams("a", 3).len(), 1);
    }

    proptest! {
        #[test]
        fn it_agrees_with_sets(a in proptest::collection::vec("[a-f]", 0..8), b in proptest::collection::vec("[a-f]", 0..8)) {
            let (one, other) = (Tokens::of(&a), Tokens::of(&b));
            let (a, b) = (a.into_iter().collect::<BTreeSet<_>>(), b.into_iter().collect::<BTreeSet<_>>());
            prop_assert_eq!(one.common(&other), a.intersection(&b).count());
            prop_assert_eq!(one.jaccard(&other), ratio(a.intersection(&b).count(), a.union(&b).count()));
            prop_assert_eq!(one.jaccard(&other), other.jaccard(&one));
            prop_assert_eq!(one.containment(&other), other.containment(&one));
            prop_assert!(one.jaccard(&other) <= one.containment(&other));
            prop_assert_eq!(one.jaccard(&one), 1.0);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}", length in 0_usize..6) {
            prop_assert!(Tokens::grams(&text, length).len() <= text.chars().count().max(1) * 3);
            let _ = Tokens::words(&text);
        }
    }
}
