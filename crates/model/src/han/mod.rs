//! Chinese characters: which they are, their simplified and standard forms, and how they are read.
//!
//! Shared by standardization (keys, readings) and by linkage (names that differ in form or sound only).

mod fold;
mod pinyin;

pub use fold::{TABLES, fold, name_key, simplified, simplify};
pub use pinyin::{pinyin, readings, surname_reading};

/// Whether a character is Chinese: an ideograph, a radical, or the 〇 of numbers.
#[must_use]
pub const fn is_han(character: char) -> bool {
    matches!(
        character,
        '\u{4e00}'..='\u{9fff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{2e80}'..='\u{2fdf}'
            | '\u{2ff0}'..='\u{2fff}'
            | '\u{3007}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}'
    )
}
