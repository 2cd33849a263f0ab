//! Numbers: full width, thousands separators, 万 and 亿, sums of money. Other units are not guessed away: `12 m²` is no
//! number.

use std::borrow::Cow;

use jingwei_model::Reason;
use jingwei_model::id::clean::half_width;

use super::Cell;

/// Reads a decimal number.
#[must_use]
pub fn number(text: &str) -> Cell<f64> {
    let plain = plain(text);
    if plain.is_empty() {
        return Cell::Missing;
    }
    let (amount, sign) = money(&plain);
    let (digits, scale) = scaled(amount);
    decimal(digits)
        .map(|value| value * scale * sign)
        .filter(|value| value.is_finite())
        .map_or(Cell::Refused(Reason::NotANumber), Cell::Value)
}

/// Reads a whole number; a fraction of zeros does not make it less whole.
#[must_use]
pub fn integer(text: &str) -> Cell<i64> {
    // 2^53: from here on a floating number may stand for several whole ones.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let plain = plain(text);
    if plain.is_empty() {
        return Cell::Missing;
    }
    if let Some(value) = ungrouped(&plain).and_then(|digits| digits.parse().ok()) {
        return Cell::Value(value);
    }
    let (amount, sign) = money(&plain);
    let (digits, scale) = scaled(amount);
    match decimal(digits).map(|value| value * scale * sign) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Some(value) if value.fract() == 0.0 && value.abs() < EXACT => Cell::Value(value as i64),
        _ => Cell::Refused(Reason::NotANumber),
    }
}

/// Half width, without spaces; borrowed when it is already so.
fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(text.trim_start_matches('\''));
    }
    let kept = |character: &char| {
        !character.is_whitespace() && !matches!(character, '\'' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    Cow::Owned(
        text.chars()
            .map(half_width)
            .map(|character| if character == '−' || character == '—' { '-' } else { character })
            .filter(kept)
            .collect(),
    )
}

/// Without the sign of a currency, which does not change the number, and with the sign of a sum in brackets, as
/// accountants write what is below nothing. A whole number in brackets is a footnote.
fn money(text: &str) -> (&str, f64) {
    const SIGNS: [char; 5] = ['$', '¥', '￥', '€', '£'];
    let bare = |text: &str| SIGNS.into_iter().find(|sign| text.starts_with(*sign)).map(char::len_utf8);
    let inner = text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
    let inner = inner.filter(|inner| inner.contains(['.', ',']) || bare(inner).is_some());
    let (text, sign) = inner.map_or((text, 1.0), |inner| (inner, -1.0));
    let text = text.strip_suffix('元').unwrap_or(text);
    if let Some(length) = bare(text) {
        return (&text[length..], sign);
    }
    match text.strip_prefix('-').and_then(|rest| bare(rest).map(|length| &rest[length..])) {
        Some(rest) => (rest, -sign),
        None => (text, sign),
    }
}

fn scaled(text: &str) -> (&str, f64) {
    for (word, scale) in [("万亿", 1e12), ("亿", 1e8), ("億", 1e8), ("万", 1e4), ("萬", 1e4)] {
        if let Some(digits) = text.strip_suffix(word) {
            return (digits, scale);
        }
    }
    (text, 1.0)
}

fn decimal(text: &str) -> Option<f64> {
    // The standard parser would also take `inf` and `nan`.
    let legal =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b',' | b'e' | b'E'));
    if !legal { None } else { ungrouped(text)?.parse().ok() }
}

/// Without thousands separators; `None` when commas stand where no thousands end.
fn ungrouped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(',') {
        return Some(Cow::Borrowed(text));
    }
    let whole = text.split(['.', 'e', 'E']).next().unwrap_or_default();
    let mut groups = whole.trim_start_matches(['+', '-']).split(',');
    let first = groups.next()?.len();
    let regular =
        (1..=3).contains(&first) && groups.all(|group| group.len() == 3) && !text[whole.len()..].contains(',');
    regular.then(|| Cow::Owned(text.replace(',', "")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn separators_width_and_chinese_scales_are_understood() {
        for (text, value) in [
            ("12.5", 12.5),
            ("1,234,567.8", 1_234_567.8),
            ("１２．５", 12.5),
            ("1.2万", 12_000.0),
            ("3亿", 3e8),
            ("-0.5", -0.5),
            (" 1 000 ", 1000.0),
            ("1e3", 1000.0),
            ("'7", 7.0),
        ] {
            assert_eq!(number(text), Cell::Value(value), "{text}");
        }
    }

    #[test]
    fn sums_of_money_are_numbers() {
        for (text, value) in [
            ("$37300.00", 37_300.0),
            ("$ 1,234.5", 1234.5),
            (".00", 0.0),
            ("￥12.5万", 125_000.0),
            ("3万元", 30_000.0),
            ("-$5", -5.0),
            ("(1,234.50)", -1234.5),
            ("($7)", -7.0),
        ] {
            assert_eq!(number(text), Cell::Value(value), "{text}");
        }
        assert_eq!(integer("$1,200"), Cell::Value(1200));
        for text in ["$", "(12)", "()", "$$5", "元", "$-", "5$"] {
            assert_eq!(number(text), Cell::Refused(Reason::NotANumber), "{text}");
        }
    }

    #[test]
    fn units_and_stray_marks_are_refused() {
        for text in ["12㎡", "12 m2", "1,5", "1,23,4", "1.2.3", "inf", "NaN", "约12", "12%", "1e999"] {
            assert_eq!(number(text), Cell::Refused(Reason::NotANumber), "{text}");
        }
    }

    #[test]
    fn whole_numbers_stay_exact() {
        assert_eq!(integer("9007199254740993"), Cell::Value(9_007_199_254_740_993));
        assert_eq!(integer("12.0"), Cell::Value(12));
        assert_eq!(integer("1,234"), Cell::Value(1234));
        assert_eq!(integer("1.5万"), Cell::Value(15_000));
        assert_eq!(integer("1.5"), Cell::Refused(Reason::NotANumber));
        assert_eq!(integer(""), Cell::Missing);
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_itself(value: i64, real in -1e15_f64..1e15) {
            prop_assert_eq!(integer(&value.to_string()), Cell::Value(value));
            prop_assert_eq!(number(&real.to_string()), Cell::Value(real));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = (number(&text), integer(&text));
        }
    }
}
