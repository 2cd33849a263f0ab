//! The cleaning every code goes through: width, case and characters that carry no meaning.

use std::borrow::Cow;

/// Half-width upper-case form without spaces, zero-width characters, hyphens and the apostrophe that
/// spreadsheets put before text. Borrows when there is nothing to do.
#[must_use]
pub fn code(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'*') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match half_width(character) {
            ' ' | '-' | '\'' | '\u{2018}' | '\u{2019}' | '\u{feff}' => {}
            '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{2060}' => {}
            other if other.is_whitespace() || other.is_control() => {}
            other => out.extend(other.to_uppercase()),
        }
    }
    Cow::Owned(out)
}

/// The ASCII form of a full-width character; others unchanged.
#[must_use]
pub fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// Whether a character stands for a hidden one.
#[must_use]
pub fn is_mask(character: char) -> bool {
    matches!(character, '*' | '×' | '＊' | '✱' | '●' | '•')
}
