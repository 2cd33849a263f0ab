//! Phone numbers: mobile and fixed lines of mainland China, with the masks of hotlines.

use super::clean;
use crate::Reason;

/// What a text says of a phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A whole number: 11 digits of a mobile, or `0AA-NNNNNNNN` of a fixed line without the hyphen.
    Full(String),
    /// A masked one, `*` for the hidden digits.
    Partial(String),
}

/// Reads a number: country code, hyphens, brackets and spaces go, an extension after 转 or `#` is dropped.
///
/// # Errors
/// Why it is no number.
pub fn parse(text: &str) -> Result<Parsed, Reason> {
    // Nearly all numbers are mobile ones written as they should be.
    if let [b'1', b'3'..=b'9', rest @ ..] = text.as_bytes()
        && rest.len() == 9
        && rest.iter().all(u8::is_ascii_digit)
    {
        return Ok(Parsed::Full(text.to_owned()));
    }
    if text.contains(['E', 'e']) && text.contains('+') {
        return Err(Reason::ExcelPrecisionLoss);
    }
    let main = text.split(['转', '#']).next().unwrap_or_default();
    let mut digits = String::with_capacity(main.len());
    let mut hidden = false;
    for character in main.chars().map(clean::half_width) {
        match character {
            '0'..='9' => digits.push(character),
            _ if clean::is_mask(character) || character == 'X' || character == 'x' => {
                hidden = true;
                digits.push('*');
            }
            '+' | '-' | '(' | ')' | '\'' | '.' | '/' | '\u{feff}' | '\u{200b}'..='\u{2015}' => {}
            other if other.is_whitespace() => {}
            _ => return Err(Reason::BadCharacter),
        }
    }
    let national =
        ["0086", "86"].into_iter().find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| rest.len() >= 10));
    let number = national.unwrap_or(&digits);
    if number.is_empty() {
        return Err(Reason::Missing);
    }
    if hidden {
        return match number.len() {
            7..=12 if number.bytes().filter(u8::is_ascii_digit).count() >= 4 => Ok(Parsed::Partial(number.to_owned())),
            7..=12 => Err(Reason::Masked),
            _ => Err(Reason::BadLength),
        };
    }
    let bytes = number.as_bytes();
    let mobile = bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]);
    let fixed = (10..=12).contains(&bytes.len()) && bytes[0] == b'0' && bytes[1] != b'0';
    let local = (7..=8).contains(&bytes.len()) && (b'2'..=b'8').contains(&bytes[0]);
    if mobile || fixed || local { Ok(Parsed::Full(number.to_owned())) } else { Err(Reason::BadLength) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn full(text: &str) -> String {
        match parse(text).unwrap() {
            Parsed::Full(number) | Parsed::Partial(number) => number,
        }
    }

    #[test]
    fn every_spelling_of_a_number_is_the_same_number() {
        for text in [
            "13800138000",
            "+86 138 0013 8000",
            "0086-13800138000",
            "１３８００１３８０００",
            "'13800138000",
            "86-138-0013-8000",
        ] {
            assert_eq!(full(text), "13800138000");
        }
        for text in ["010-62345678", "(010) 6234 5678", "010－62345678转801", "01062345678#801"] {
            assert_eq!(full(text), "01062345678");
        }
    }

    #[test]
    fn masked_numbers_keep_what_shows() {
        for text in ["138****8000", "138××××8000", "138XXXX8000"] {
            assert_eq!(parse(text), Ok(Parsed::Partial("138****8000".to_owned())));
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(parse("12345"), Err(Reason::BadLength));
        assert_eq!(parse("12012345678"), Err(Reason::BadLength));
        assert_eq!(parse("无"), Err(Reason::BadCharacter));
        assert_eq!(parse("1.38001E+10"), Err(Reason::ExcelPrecisionLoss));
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_itself(number in "1[3-9][0-9]{9}") {
            prop_assert_eq!(full(&number), number);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
