//! Identity and phone numbers that no two people share.

use chrono::{Datelike, NaiveDate};
use jingwei_model::id::resident;

use super::person::Sex;
use crate::draw::{Draw, scatter};

/// Where people of the city were registered first, with the codes that were in force before today's.
/// Code, the code before it, and the last year in which the earlier one was given out.
const EARLIER: &[(&str, &str, i32)] = &[
    ("110101", "110103", 2010),
    ("110102", "110104", 2010),
    ("110112", "110223", 1997),
    ("110113", "110222", 1998),
    ("110114", "110221", 1999),
    ("110115", "110224", 2001),
    ("110116", "110227", 2001),
    ("110117", "110226", 2001),
    ("110118", "110228", 2015),
    ("110119", "110229", 2015),
];

/// Counties that people come to the city from.
const ELSEWHERE: &[&str] = &[
    "130121", "130125", "130227", "130324", "130425", "130528", "130623", "130725", "130826", "130927", "131024",
    "131121", "140122", "140221", "150122", "150221", "211224", "211322", "220122", "220322", "230123", "230225",
    "231225", "320321", "320722", "330122", "330326", "340121", "340321", "341221", "341522", "350121", "350583",
    "360121", "360733", "370124", "370321", "370783", "371322", "371728", "410122", "410325", "410522", "410724",
    "411121", "411323", "411526", "411722", "420222", "420624", "421122", "430321", "430523", "431225", "450123",
    "500101", "510121", "510525", "511124", "511321", "511622", "520121", "520323", "530125", "530325", "610122",
    "610323", "610422", "610827", "620122", "620523", "640122",
];

const FIRST_DAY: i64 = 0;
const DAYS: usize = 46_000;

/// Gives out identity numbers as registries do: one after the other for each division, day and sex. Its
/// memory does not grow with the city.
pub struct IdBook {
    divisions: Vec<&'static str>,
    given: Vec<u16>,
    origin: NaiveDate,
}

impl IdBook {
    /// An empty book.
    pub fn new() -> Self {
        let local = CURRENT.iter().copied().chain(EARLIER.iter().map(|(_, earlier, _)| *earlier));
        let divisions = local.chain(ELSEWHERE.iter().copied()).collect::<Vec<_>>();
        let given = vec![0; divisions.len() * DAYS * 2];
        Self { divisions, given, origin: NaiveDate::from_ymd_opt(1901, 1, 1).unwrap_or(NaiveDate::MIN) }
    }

    /// The number of somebody born at `birth`, first registered in `district` or, if not a local, elsewhere.
    pub fn give(&mut self, draw: &mut Draw, district: &str, local: bool, birth: NaiveDate, sex: Sex) -> String {
        let wanted = if local { local_division(draw, district, birth.year()) } else { draw.pick(ELSEWHERE) };
        let division = self.divisions.iter().position(|known| *known == wanted).unwrap_or(0);
        let day = (birth - self.origin).num_days().max(FIRST_DAY) as usize % DAYS;
        // A division that has run out of numbers for a day sends to the next one, as a neighbouring station would.
        for step in 0..self.divisions.len() {
            let division = (division + step) % self.divisions.len();
            let given = &mut self.given[(division * DAYS + day) * 2 + usize::from(sex == Sex::Female)];
            if *given >= 499 {
                continue;
            }
            let place = (u64::from(*given) * 211 + division as u64 * 37 + day as u64 * 17) % 499;
            *given += 1;
            let sequence = place as u16 * 2 + if sex == Sex::Male { 1 } else { 2 };
            if let Some(id) = resident::make(self.divisions[division], birth, sequence) {
                return id.as_str().to_owned();
            }
        }
        String::new()
    }
}

const CURRENT: &[&str] = &[
    "110101", "110102", "110105", "110106", "110107", "110108", "110109", "110111", "110112", "110113", "110114",
    "110115", "110116", "110117", "110118", "110119",
];

fn local_division(draw: &mut Draw, district: &str, year: i32) -> &'static str {
    let home = if draw.chance(0.6) { CURRENT.iter().find(|code| **code == district) } else { None };
    let code = home.copied().unwrap_or_else(|| *draw.pick(&CURRENT[..6]));
    let earlier = EARLIER.iter().find(|(current, _, last)| *current == code && year <= *last);
    match earlier {
        // 崇文 and 宣武 were half of what is now one district.
        Some((current, earlier, _)) if !matches!(*current, "110101" | "110102") || draw.chance(0.5) => earlier,
        _ => code,
    }
}

const PREFIXES: &[&str] = &[
    "138", "139", "136", "135", "137", "158", "159", "150", "151", "152", "188", "187", "186", "185", "130", "131",
    "132", "156", "133", "153", "189", "180", "177", "176", "199",
];

/// The mobile number of person number `person`; nobody else has it.
pub fn mobile(draw: &mut Draw, person: u64) -> String {
    format!("{}{:08}", draw.pick(PREFIXES), scatter(person, 61_803_399, 100_000_000))
}

/// A number that belonged to the same person before, and is nobody's in the city now.
pub fn former_mobile(person: u64) -> String {
    format!("147{:08}", scatter(person, 31_415_927, 100_000_000))
}

/// The fixed line of household number `household`.
pub fn fixed_line(household: u64) -> String {
    format!("010{}{:07}", 6 + household % 3, scatter(household, 314_159, 10_000_000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_people_get_one_number_and_every_number_is_valid() {
        let mut book = IdBook::new();
        let mut seen = BTreeSet::new();
        let today = NaiveDate::from_ymd_opt(2026, 6, 30).unwrap();
        for index in 0..30_000 {
            let mut draw = Draw::new(1, "test", index);
            let birth = NaiveDate::from_ymd_opt(1950 + (index % 3) as i32, 3, 1 + (index % 5) as u32).unwrap();
            let sex = if index % 2 == 0 { Sex::Male } else { Sex::Female };
            let id = book.give(&mut draw, "110105", true, birth, sex);
            assert!(matches!(resident::parse(&id, today, |_| true), Ok(resident::Parsed::Full(_))), "{id}");
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn phones_are_phones() {
        for person in 0..1000 {
            let number = mobile(&mut Draw::new(1, "phone", person), person);
            assert!(jingwei_model::id::phone::parse(&number).is_ok(), "{number}");
            assert!(jingwei_model::id::phone::parse(&fixed_line(person)).is_ok());
        }
    }
}
