//! Real-estate unit codes (不动产单元代码): 28 characters, of which the first 19 name the parcel.

use super::clean;
use crate::Reason;

/// A unit or parcel code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateUnit {
    /// 19 characters of a parcel, or 28 of a unit.
    pub value: String,
}

impl EstateUnit {
    /// The parcel.
    #[must_use]
    pub fn parcel(&self) -> &str {
        &self.value[..19]
    }

    /// The building, where the unit is in one: parcel, `F` and four digits.
    #[must_use]
    pub fn building(&self) -> Option<&str> {
        (self.value.len() == 28 && &self.value[19..20] == "F").then(|| &self.value[..24])
    }
}

/// Reads a code.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<EstateUnit, Reason> {
    let code = clean::code(text);
    let bytes = code.as_bytes();
    if bytes.is_empty() {
        return Err(Reason::Missing);
    }
    if !matches!(bytes.len(), 19 | 28) {
        return Err(Reason::BadLength);
    }
    let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    let owner = bytes[12];
    let kind = bytes[13];
    let ownership =
        b"GJZ".contains(&owner) && b"ABSXCDEFHGWY".contains(&kind) && (!matches!(kind, b'A' | b'C') || owner == b'J');
    if !digits(0..12) || !ownership || !digits(14..19) {
        return Err(Reason::BadCharacter);
    }
    if bytes.len() == 28 {
        let bare = bytes[19] == b'W' && &bytes[20..] == b"00000000";
        if !(b"FLQ".contains(&bytes[19]) || bare) || !digits(20..28) {
            return Err(Reason::BadCharacter);
        }
    }
    Ok(EstateUnit { value: code.into_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_unit_names_its_parcel_and_building() {
        let unit = parse("450103001001GB00001F00010001").unwrap();
        assert_eq!((unit.parcel(), unit.building()), ("450103001001GB00001", Some("450103001001GB00001F0001")));
        assert_eq!(parse("450103001001GB00001").unwrap().building(), None);
    }

    #[test]
    fn homesteads_are_collective_and_bare_land_has_no_serial() {
        assert_eq!(parse("450103001001GC00001"), Err(Reason::BadCharacter));
        assert!(parse("450103001001JC00001W00000000").is_ok());
        assert_eq!(parse("450103001001JC00001W00000001"), Err(Reason::BadCharacter));
        assert_eq!(parse("450103001001GB00001F0001"), Err(Reason::BadLength));
    }
}
