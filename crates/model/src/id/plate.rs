//! Number plates of vehicles: seven characters, or eight for new-energy vehicles.

use super::clean;
use crate::Reason;

const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新使";

/// A plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plate {
    /// The characters, upper case, without the dot.
    pub value: String,
    /// Whether it is a new-energy vehicle's.
    pub new_energy: bool,
}

/// Reads a plate.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Plate, Reason> {
    let value: String = clean::code(text).chars().filter(|character| !matches!(character, '·' | '.' | '•')).collect();
    let characters = value.chars().collect::<Vec<_>>();
    if characters.is_empty() {
        return Err(Reason::Missing);
    }
    if !(7..=8).contains(&characters.len()) {
        return Err(Reason::BadLength);
    }
    let letter = |character: char| character.is_ascii_uppercase() && !matches!(character, 'I' | 'O');
    let serial = |character: char| letter(character) || character.is_ascii_digit();
    if !PROVINCES.contains(characters[0]) || !characters[1].is_ascii_uppercase() || characters[1] == 'I' {
        return Err(Reason::BadCharacter);
    }
    let tail = &characters[2..];
    let new_energy = tail.len() == 6;
    let fits = if new_energy {
        let small = "DABCEFGHJK".contains(tail[0]) && serial(tail[1]) && tail[2..].iter().all(char::is_ascii_digit);
        let large = tail[..5].iter().all(char::is_ascii_digit) && "DABCEFGHJK".contains(tail[5]);
        small || large
    } else {
        tail[..4].iter().all(|character| serial(*character)) && (serial(tail[4]) || "挂学警港澳".contains(tail[4]))
    };
    if fits { Ok(Plate { value, new_energy }) } else { Err(Reason::BadCharacter) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ordinary_special_and_new_energy_plates_are_read() {
        for (text, value, new_energy) in [
            ("京A12345", "京A12345", false),
            ("京a·12345", "京A12345", false),
            ("粤Z1234港", "粤Z1234港", false),
            ("京AD12345", "京AD12345", true),
            ("京A12345D", "京A12345D", true),
            ("沪AK12345", "沪AK12345", true),
        ] {
            assert_eq!(parse(text).unwrap(), Plate { value: value.to_owned(), new_energy });
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_refused() {
        assert_eq!(parse("京AI2345O"), Err(Reason::BadCharacter));
        assert_eq!(parse("A12345"), Err(Reason::BadLength));
    }
}
