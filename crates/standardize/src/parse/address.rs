//! Address text: width and spaces settled, so that equal addresses look equal; the parts are the address
//! parser's business.

use std::borrow::Cow;

use jingwei_model::Reason;
use jingwei_model::id::clean::half_width;

use super::Cell;
use super::text::{is_damaged, is_invisible};
use crate::han::is_han;

/// Half-width letters, digits and marks; no spaces beside Chinese characters, one between words.
/// A question mark has no business in an address: it is a character that got lost.
#[must_use]
pub fn address(text: &str) -> Cell<Cow<'_, str>> {
    let clean = if text.chars().all(is_settled) { Cow::Borrowed(text) } else { Cow::Owned(settled(text)) };
    if clean.is_empty() {
        Cell::Missing
    } else if is_damaged(&clean) || clean.contains(['?', '□']) {
        Cell::Noted(clean, Reason::Mojibake)
    } else {
        Cell::Value(clean)
    }
}

fn is_settled(character: char) -> bool {
    match character {
        ' ' | '\'' => false,
        '!'..='~' => true,
        other => is_han(other),
    }
}

fn settled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    // Whether the last character written is one that spaces stand beside for no reason.
    let mut beside = true;
    for character in text.trim_start_matches('\'').chars() {
        let (character, han) = match character {
            '\u{4e00}'..='\u{9fff}' => (character, true),
            '!'..='~' => (character, false),
            other => (half_width(other), is_han(other)),
        };
        if character.is_whitespace() {
            space = true;
        } else if character.is_ascii_graphic()
            || han
            || !is_invisible(character)
            || ('\u{80}'..='\u{9f}').contains(&character)
        {
            if space && !beside && !han {
                out.push(' ');
            }
            (space, beside) = (false, han);
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_spaces_do_not_matter() {
        for spelling in ["望京街道 阜通东大街 ６号", "望京街道　阜通东大街6号", "望京街道阜通东大街6 号\u{feff}"]
        {
            assert_eq!(address(spelling).value().as_deref(), Some("望京街道阜通东大街6号"), "{spelling}");
        }
        assert_eq!(address("12  West 4th St").value().as_deref(), Some("12 West 4th St"));
        assert_eq!(address("朝阳区?家地西里").reason(), Some(Reason::Mojibake));
        assert_eq!(address("（东区）"), Cell::Value("(东区)".into()));
    }
}
