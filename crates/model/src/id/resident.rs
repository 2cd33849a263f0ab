//! GB 11643 citizen identity numbers (公民身份号码), with the 15-digit form they replaced.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::clean;
use crate::Reason;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// What a text says of a resident id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A whole, valid number.
    Full(ResidentId),
    /// A masked number: the characters that show, with `*` for those that do not.
    Partial(String),
}

/// A valid 18-character number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResidentId {
    digits: [u8; 18],
    birth_date: NaiveDate,
}

/// The sex a number encodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Odd sequence number.
    Male,
    /// Even sequence number.
    Female,
}

impl Sex {
    /// `male` or `female`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

impl ResidentId {
    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only digits and X ever get in, so the bytes are always text.
        std::str::from_utf8(&self.digits).unwrap_or_default()
    }

    /// Division of first registration, six digits.
    #[must_use]
    pub fn division(&self) -> &str {
        &self.as_str()[..6]
    }

    /// Date of birth.
    #[must_use]
    pub const fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// Sex.
    #[must_use]
    pub const fn sex(&self) -> Sex {
        if self.digits[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }
}

/// The check character of 17 digits (ISO 7064 MOD 11-2).
#[must_use]
pub fn check_character(digits: &[u8]) -> u8 {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECK[(sum % 11) as usize]
}

/// A number from its parts; `None` when a part has no place in one.
#[must_use]
pub fn make(division: &str, birth: NaiveDate, sequence: u16) -> Option<ResidentId> {
    let text = format!("{division}{:04}{:02}{:02}{sequence:03}", birth.year(), birth.month(), birth.day());
    if text.len() != 17 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut digits = [0; 18];
    digits[..17].copy_from_slice(text.as_bytes());
    digits[17] = check_character(&digits[..17]);
    Some(ResidentId { digits, birth_date: birth })
}

/// Reads a number: cleans it, turns 15 digits into 18, checks check character, date and division.
/// `known` says whether a six-digit division has existed in any revision of GB/T 2260.
///
/// # Errors
/// Why it is no valid number. A masked one is not an error but [`Parsed::Partial`].
pub fn parse(text: &str, today: NaiveDate, known: impl Fn(&str) -> bool) -> Result<Parsed, Reason> {
    // Nearly all numbers come as they should; the rest is looked at with care.
    let bare = matches!(text.as_bytes(), [body @ .., b'0'..=b'9' | b'X'] if matches!(body.len(), 14 | 17) && body.iter().all(u8::is_ascii_digit));
    let code = if bare { Cow::Borrowed(text) } else { clean::code(text) };
    if !bare {
        if text.contains(['E', 'e']) && text.contains('+') {
            return Err(Reason::ExcelPrecisionLoss);
        }
        if code.is_empty() {
            return Err(Reason::Missing);
        }
        if let Some(partial) = masked(&code) {
            return partial.map(Parsed::Partial);
        }
    }
    let bytes = code.as_bytes();
    let mut digits = [0; 18];
    match bytes.len() {
        18 => digits.copy_from_slice(bytes),
        15 => {
            digits[..6].copy_from_slice(&bytes[..6]);
            digits[6..8].copy_from_slice(b"19");
            digits[8..17].copy_from_slice(&bytes[6..]);
        }
        _ => return Err(if code.is_ascii() { Reason::BadLength } else { Reason::BadCharacter }),
    }
    if !digits[..17].iter().all(u8::is_ascii_digit) {
        return Err(Reason::BadCharacter);
    }
    let check = check_character(&digits[..17]);
    if bytes.len() == 15 {
        digits[17] = check;
    } else if digits[17] != check {
        return Err(match digits[17] {
            // A spreadsheet keeps fifteen digits of a number and fills up with zeros.
            b'0' if digits.ends_with(b"000") => Reason::ExcelPrecisionLoss,
            b'0'..=b'9' | b'X' => Reason::BadCheckDigit,
            _ => Reason::BadCharacter,
        });
    }
    let number = |range: std::ops::Range<usize>| {
        digits[range].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    let year = i32::try_from(number(6..10)).map_err(|_| Reason::BadDate)?;
    let birth_date = NaiveDate::from_ymd_opt(year, number(10..12), number(12..14)).ok_or(Reason::BadDate)?;
    if year < 1800 {
        return Err(Reason::BadDate);
    }
    if birth_date > today {
        return Err(Reason::FutureDate);
    }
    let id = ResidentId { digits, birth_date };
    // Permanent residents from abroad (9…) and residents from Hong Kong, Macau and Taiwan have prefixes of their own.
    let special = id.division().starts_with('9') || ["810000", "820000", "830000"].contains(&id.division());
    if !special && !known(id.division()) {
        return Err(Reason::UnknownDivision);
    }
    Ok(Parsed::Full(id))
}

/// A text with hidden characters, settled: `Some(Err)` when too little shows to be worth anything.
fn masked(code: &str) -> Option<Result<String, Reason>> {
    let runs_of_x = code.contains("XX");
    if !code.chars().any(clean::is_mask) && !runs_of_x {
        return None;
    }
    let hidden = |character: char| clean::is_mask(character) || (runs_of_x && character == 'X');
    let last_is_check = code.ends_with('X') && !code.ends_with("XX");
    let count = code.chars().count();
    let mut out = String::with_capacity(count);
    for (place, character) in code.chars().enumerate() {
        if place + 1 == count && last_is_check {
            out.push('X');
        } else if hidden(character) {
            out.push('*');
        } else if character.is_ascii_digit() {
            out.push(character);
        } else {
            return Some(Err(Reason::BadCharacter));
        }
    }
    if !(10..=18).contains(&count) {
        return Some(Err(Reason::BadLength));
    }
    Some(if out.bytes().filter(u8::is_ascii_digit).count() >= 4 { Ok(out) } else { Err(Reason::Masked) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 30).unwrap()
    }

    fn read(text: &str) -> Result<Parsed, Reason> {
        parse(text, today(), |_| true)
    }

    fn full(text: &str) -> ResidentId {
        match read(text).unwrap() {
            Parsed::Full(id) => id,
            Parsed::Partial(text) => panic!("{text} is masked"),
        }
    }

    #[test]
    fn the_published_examples_are_valid() {
        for text in [
            "11010519491231002X",
            "321083197812162119",
            "34052419800101001X",
            "110101202311012176",
            "440524188001010014",
            "110108202402290010",
        ] {
            assert_eq!(full(text).as_str(), text);
        }
        let id = full("11010519491231002x");
        assert_eq!(
            (id.division(), id.birth_date(), id.sex()),
            ("110105", NaiveDate::from_ymd_opt(1949, 12, 31).unwrap(), Sex::Female)
        );
    }

    #[test]
    fn a_wrong_check_digit_is_named() {
        for text in ["110101202311012171", "340524198001010013"] {
            assert_eq!(read(text), Err(Reason::BadCheckDigit), "{text}");
        }
    }

    #[test]
    fn an_impossible_date_is_refused_even_with_a_right_check_digit() {
        for text in ["110101199002300014", "110101999999990015"] {
            assert_eq!(read(text), Err(Reason::BadDate), "{text}");
        }
    }

    #[test]
    fn fifteen_digits_become_eighteen() {
        for (old, new) in [
            ("150102880730303", "150102198807303035"),
            ("110105491231002", "11010519491231002X"),
            ("370725881105149", "37072519881105149X"),
            ("130503670401001", "130503196704010016"),
            ("370986890623212", "370986198906232123"),
        ] {
            assert_eq!(full(old).as_str(), new);
        }
    }

    #[test]
    fn width_spaces_and_the_spreadsheet_apostrophe_do_not_matter() {
        for text in [
            "'11010519491231002X",
            "１１０１０５１９４９１２３１００２Ｘ",
            " 110105 19491231 002x ",
            "110105-19491231-002X\u{200b}",
        ] {
            assert_eq!(full(text).as_str(), "11010519491231002X");
        }
    }

    #[test]
    fn a_number_rounded_by_a_spreadsheet_is_recognised() {
        assert_eq!(read("110105194912310000"), Err(Reason::ExcelPrecisionLoss));
        assert_eq!(read("1.10105194912310E+17"), Err(Reason::ExcelPrecisionLoss));
    }

    #[test]
    fn masked_numbers_keep_what_shows() {
        for (text, partial) in [
            ("110105********0123", "110105********0123"),
            ("110105××××××××012X", "110105********012X"),
            ("1101051990******", "1101051990******"),
            ("110105XXXXXXXX0123", "110105********0123"),
        ] {
            assert_eq!(read(text), Ok(Parsed::Partial(partial.to_owned())));
        }
        assert_eq!(read("******************"), Err(Reason::Masked));
    }

    #[test]
    fn abolished_and_special_divisions_are_asked_for_and_excused() {
        let known = |division: &str| division == "110104";
        let id = make("110104", NaiveDate::from_ymd_opt(1970, 1, 1).unwrap(), 1).unwrap();
        assert!(parse(id.as_str(), today(), known).is_ok());
        assert!(parse("830000199001010012", today(), known).is_ok());
        assert_eq!(parse("11010519491231002X", today(), known), Err(Reason::UnknownDivision));
    }

    #[test]
    fn a_birth_after_today_is_refused() {
        let id = make("110105", NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(), 1).unwrap();
        assert_eq!(read(id.as_str()), Err(Reason::FutureDate));
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(days in 0_i32..46_000, sequence in 1_u16..999, division in 110_000_u32..659_999) {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(i64::from(days));
            let id = make(&division.to_string(), birth, sequence).unwrap();
            prop_assert_eq!(read(id.as_str()), Ok(Parsed::Full(id)));
        }

        #[test]
        fn one_wrong_digit_is_always_found(sequence in 1_u16..999, place in 0_usize..17, by in 1_u8..10) {
            let id = make("110105", NaiveDate::from_ymd_opt(1985, 5, 17).unwrap(), sequence).unwrap();
            let mut bytes = id.as_str().as_bytes().to_vec();
            bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
            prop_assert!(read(std::str::from_utf8(&bytes).unwrap()).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
