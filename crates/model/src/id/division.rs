//! Division codes: GB/T 2260 (two, four, six digits) and the nine and twelve digits below it.

use std::borrow::Cow;

use super::clean;
use crate::Reason;

/// The level a code's length stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DivisionLevel {
    /// Two digits.
    Province,
    /// Four.
    City,
    /// Six.
    District,
    /// Nine.
    Town,
    /// Twelve.
    Community,
}

/// What a township-level unit is, by digits seven to nine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TownKind {
    /// 街道 (001-099).
    Street,
    /// 镇 (100-199).
    Town,
    /// 乡 (200-399).
    Township,
    /// 类似乡级: development zones and farms (400-599).
    Similar,
}

/// Reads a code and cuts the zeros that pad it, at a level's border.
///
/// # Errors
/// Why it is no code.
pub fn parse(text: &str) -> Result<Cow<'_, str>, Reason> {
    let code = clean::code(text);
    if code.is_empty() {
        return Err(Reason::Missing);
    }
    if !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::BadCharacter);
    }
    // 17 digits: the urban/rural class after the twelfth says nothing of the place.
    let end = match code.len() {
        17 => 12,
        2 | 4 | 6 | 9 | 12 => code.len(),
        _ => return Err(Reason::BadLength),
    };
    let mut end = end;
    for (border, below) in [(12, 9), (9, 6), (6, 4), (4, 2)] {
        if end == border && code[below..border].bytes().all(|byte| byte == b'0') {
            end = below;
        }
    }
    Ok(match code {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    })
}

/// The level of a cut code.
#[must_use]
pub const fn level(code: &str) -> Option<DivisionLevel> {
    match code.len() {
        2 => Some(DivisionLevel::Province),
        4 => Some(DivisionLevel::City),
        6 => Some(DivisionLevel::District),
        9 => Some(DivisionLevel::Town),
        12 => Some(DivisionLevel::Community),
        _ => None,
    }
}

/// What kind of township-level unit a code of nine or more digits belongs to.
#[must_use]
pub fn town_kind(code: &str) -> Option<TownKind> {
    match code.get(6..9)?.parse::<u16>().ok()? {
        1..=99 => Some(TownKind::Street),
        100..=199 => Some(TownKind::Town),
        200..=399 => Some(TownKind::Township),
        400..=599 => Some(TownKind::Similar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn padding_zeros_are_cut_at_level_borders() {
        for (text, code) in [
            ("110000", "11"),
            ("110100", "1101"),
            ("110105", "110105"),
            ("110105001000", "110105001"),
            ("110105001002", "110105001002"),
            ("11010500100211120", "110105001002"),
            ("110000000000", "11"),
        ] {
            assert_eq!(parse(text).unwrap(), code);
        }
        assert_eq!(parse("11010"), Err(Reason::BadLength));
    }

    #[test]
    fn township_kinds_follow_the_ranges() {
        assert_eq!(town_kind("110115403"), Some(TownKind::Similar));
        assert_eq!(town_kind("110105001002"), Some(TownKind::Street));
        assert_eq!(town_kind("110117101"), Some(TownKind::Town));
    }
}
