//! Identity and phone numbers as registers show, damage and dress them.

use chrono::Datelike;

use crate::city::{Neighbourhood, Person, former_mobile};
use crate::draw::Draw;
use crate::rates;

/// How a register shows identity numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The police's own: never missing, old ones with fifteen digits.
    Official,
    /// Typed from a card by somebody else.
    Typed,
}

/// An identity number as a register writes it; empty when it has none.
pub fn identity(person: &Person, shown: Shown, draw: &mut Draw) -> String {
    let id = person.id.as_str();
    if shown == Shown::Official
        && person.birth.year() < rates::ID_FIFTEEN_BEFORE
        && draw.chance(rates::ID_FIFTEEN)
        && id.len() == 18
    {
        return format!("{}{}", &id[..6], &id[8..17]);
    }
    if shown == Shown::Typed && draw.chance(rates::ID_MISSING) {
        return if draw.chance(0.3) { "无".to_owned() } else { String::new() };
    }
    if draw.chance(rates::ID_WRONG_DIGIT) {
        return wrong_digit(id, draw);
    }
    if id.ends_with('X') && draw.chance(rates::ID_LOWER_X) {
        return id.to_lowercase();
    }
    if draw.chance(rates::ID_DRESSED) {
        return match draw.below(3) {
            0 => full_width(id),
            1 => format!("'{id}"),
            _ => format!("{} {} {}", &id[..6], &id[6..14], &id[14..]),
        };
    }
    id.to_owned()
}

fn wrong_digit(id: &str, draw: &mut Draw) -> String {
    let place = draw.between(6, 16) as usize;
    let by = draw.between(1, 9) as u8;
    id.bytes()
        .enumerate()
        .map(|(at, byte)| char::from(if at == place { b'0' + (byte - b'0' + by) % 10 } else { byte }))
        .collect()
}

/// What a spreadsheet leaves of an identity number kept as a number: fifteen digits. Numbers that end in X stay text.
pub fn damaged_by_excel(id: &str) -> Option<f64> {
    let number: u64 = id.parse().ok()?;
    Some((number / 1000 * 1000) as f64)
}

/// The first six and the last four characters.
pub fn masked_id(id: &str) -> String {
    format!("{}********{}", &id[..6], &id[14..])
}

/// The first three and the last four digits.
pub fn masked_phone(phone: &str) -> String {
    match (phone.get(..3), phone.get(phone.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if phone.len() == 11 => format!("{head}****{tail}"),
        _ => phone.to_owned(),
    }
}

/// A phone number as a register writes it; empty when it has none.
pub fn phone(person: &Person, home: &Neighbourhood, draw: &mut Draw) -> String {
    let dice = draw.unit();
    if dice < rates::PHONE_MISSING {
        return String::new();
    }
    let number = if dice < rates::PHONE_MISSING + rates::PHONE_CHANGED {
        Some(former_mobile(person.number))
    } else if dice < rates::PHONE_MISSING + rates::PHONE_CHANGED + rates::PHONE_OF_FAMILY {
        home.head_of(person).phone.clone()
    } else {
        person.phone.clone()
    };
    let number = number.unwrap_or_default();
    if number.len() != 11 || !draw.chance(rates::PHONE_DRESSED) {
        return number;
    }
    match draw.below(3) {
        0 if number.starts_with("010") => format!("010-{}", &number[3..]),
        0 => format!("+86{number}"),
        1 => format!("{} {} {}", &number[..3], &number[3..7], &number[7..]),
        _ => full_width(&number),
    }
}

/// ASCII in full width.
pub fn full_width(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '!'..='~' => char::from_u32(character as u32 + 0xfee0).unwrap_or(character),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_keeps_fifteen_digits() {
        assert_eq!(damaged_by_excel("110105199001011239"), Some(110_105_199_001_011_000.0));
        assert_eq!(damaged_by_excel("11010519900101123X"), None);
    }

    #[test]
    fn masks_hide_the_middle() {
        assert_eq!(masked_id("110105199001011239"), "110105********1239");
        assert_eq!(masked_phone("13800138000"), "138****8000");
        assert_eq!(full_width("3a"), "３ａ");
    }
}
