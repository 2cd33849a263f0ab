//! GB 32100 unified social credit codes (统一社会信用代码) and the GB 11714 organization codes inside.

use super::clean;
use crate::Reason;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORGANIZATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A code of the right form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditCode {
    /// The 18 characters, or the 15 digits of a licence number that came before.
    pub value: String,
    /// Whether the check character fits. Codes of the pilot era exist that fail it: they are kept, with a warning.
    pub checked: bool,
    /// Whether it is a 15-digit licence number.
    pub legacy: bool,
}

impl CreditCode {
    /// Registering authority (1 机构编制, 5 民政, 9 市场监管, N 农业农村, Y 其他); `None` for a legacy number.
    #[must_use]
    pub fn authority(&self) -> Option<char> {
        if self.legacy { None } else { self.value.chars().next() }
    }

    /// Division of registration, six digits; `None` for a legacy number.
    #[must_use]
    pub fn division(&self) -> Option<&str> {
        if self.legacy { None } else { self.value.get(2..8) }
    }

    /// The organization code inside; `None` for a legacy number.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        if self.legacy { None } else { self.value.get(8..17) }
    }
}

fn value_of(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|letter| *letter == byte).and_then(|place| u32::try_from(place).ok())
}

/// The check character of the first 17; `None` when one of them is not in the alphabet.
#[must_use]
pub fn check_character(code: &[u8]) -> Option<u8> {
    let mut sum = 0;
    let mut weight = 1;
    for byte in code.iter().take(17) {
        sum += value_of(*byte)? * weight;
        weight = weight * 3 % 31;
    }
    Some(ALPHABET[((31 - sum % 31) % 31) as usize])
}

/// The check character of an organization code's first eight (GB 11714).
#[must_use]
pub fn organization_check(code: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in code.iter().zip(ORGANIZATION_WEIGHTS) {
        sum += char::from(*byte).to_digit(36)? * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).ok()?,
    })
}

/// A code from its parts: authority, kind, division and the organization code's first eight characters.
#[must_use]
pub fn make(authority: char, kind: char, division: &str, body: &str) -> Option<String> {
    let mut code = format!("{authority}{kind}{division}{body}");
    code.push(char::from(organization_check(body.as_bytes())?));
    if code.len() != 17 {
        return None;
    }
    code.push(char::from(check_character(code.as_bytes())?));
    Some(code)
}

/// Reads a code.
///
/// # Errors
/// Why the text is no code. A failing check character alone is not an error.
pub fn parse(text: &str) -> Result<CreditCode, Reason> {
    if text.contains(['E', 'e']) && text.contains('+') {
        return Err(Reason::ExcelPrecisionLoss);
    }
    let code = clean::code(text);
    let bytes = code.as_bytes();
    match bytes.len() {
        0 => Err(Reason::Missing),
        _ if code.chars().any(clean::is_mask) => Err(Reason::Masked),
        15 if bytes.iter().all(u8::is_ascii_digit) && bytes[0] != b'0' => {
            Ok(CreditCode { value: code.into_owned(), checked: true, legacy: true })
        }
        18 => {
            if !bytes[2..8].iter().all(u8::is_ascii_digit) || value_of(bytes[17]).is_none() {
                return Err(Reason::BadCharacter);
            }
            let check = check_character(bytes).ok_or(Reason::BadCharacter)?;
            Ok(CreditCode { checked: check == bytes[17], value: code.into_owned(), legacy: false })
        }
        _ if !code.is_ascii() => Err(Reason::BadCharacter),
        _ => Err(Reason::BadLength),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_examples_pass_their_check() {
        for text in [
            "91310110666007217T",
            "91310115591693856A",
            "9144030071526726XG",
            "91350200MA2YJ1XR9G",
            "91350100M000100Y43",
            "91110108MA00A1B20F",
            "52110108MA00A1B20G",
            "54110101MA00A1B205",
            "11110000MA00A1B20Y",
        ] {
            let code = parse(text).unwrap();
            assert!(code.checked, "{text}");
        }
    }

    #[test]
    fn pilot_era_codes_are_kept_but_marked() {
        for (text, check) in [("91350211M000100Y43", b'6'), ("91350211M00013FA1N", b'3'), ("91350203M0001QAY9B", b'9')]
        {
            assert!(!parse(text).unwrap().checked);
            assert_eq!(check_character(text.as_bytes()), Some(check));
        }
    }

    #[test]
    fn the_organization_code_inside_has_its_own_check() {
        for (code, check) in [("66600721", b'7'), ("71526726", b'X'), ("D2143569", b'X')] {
            assert_eq!(organization_check(code.as_bytes()), Some(check));
        }
    }

    #[test]
    fn forbidden_letters_and_lengths_are_refused() {
        assert_eq!(parse("9131011066600721IT"), Err(Reason::BadCharacter));
        assert_eq!(parse("9131011066600721"), Err(Reason::BadLength));
        assert_eq!(parse(" "), Err(Reason::Missing));
        assert!(parse("110105012345678").unwrap().legacy);
    }

    proptest! {
        #[test]
        fn what_is_made_passes(division in 110_000_u32..659_999, body in "[0-9A-HJ-NPQRTUWXY]{8}") {
            let division = division.to_string();
            let code = parse(&make('9', '1', &division, &body).unwrap()).unwrap();
            prop_assert!(code.checked);
            prop_assert_eq!(code.division(), Some(division.as_str()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
