//! Equality, plain and of folded text.

use std::borrow::Cow;

use jingwei_model::hash::hash64;
use jingwei_model::id::clean::half_width;

use super::Prepare;

/// A text that is compared by equality after [`fold`]: 64 bits stand for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Folded(u64);

impl Prepare for Folded {
    type Outcome = bool;

    fn prepare(text: &str) -> Option<Self> {
        let folded = fold(text);
        (!folded.is_empty()).then(|| Self(hash64(folded.as_bytes())))
    }

    fn compare(&self, other: &Self) -> bool {
        self == other
    }
}

/// Half-width lower-case form, traditional characters simplified, white space trimmed and single.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for character in text.chars().map(half_width) {
        if character.is_whitespace() || character.is_control() {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) && !out.is_empty() {
            out.push(' ');
        }
        if character.is_ascii() {
            out.push(character.to_ascii_lowercase());
        } else {
            out.extend(jingwei_model::han::fold(character).to_lowercase());
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn width_case_forms_and_space_do_not_matter() {
        for (a, b) in [("Ａbc  d", " abc D "), ("張三", "张三"), ("É", "é")] {
            assert_eq!(fold(a), fold(b));
            assert!(Folded::prepare(a).unwrap().compare(&Folded::prepare(b).unwrap()));
        }
        assert_eq!(Folded::prepare(" \t"), None);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "[ -~　-龥Ａ-ｚ\\s]{0,20}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once).into_owned(), once);
        }
    }
}
