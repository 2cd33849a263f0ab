//! Resident identity numbers: whole, of 15 digits, masked, mistyped, rounded by a spreadsheet.

use jingwei_model::id::{clean, resident};

use super::Prepare;
use super::agreement::agreements;

agreements! {
    /// How two resident ids agree.
    ResidentIdAgreement {
        /// Both whole, and the same; 15 digits are taken for the 18 they became.
        Same = "same", 1.0, "same number", "证号相同";
        /// One digit differs or two neighbours changed places, and a check digit or date says that one of the two
        /// is mistyped.
        Slip = "slip", 0.95, "one digit wrong or two swapped", "一位有误或相邻颠倒";
        /// One is masked or rounded; at least ten places show in both, and all agree.
        Partial10 = "partial_10", 0.9, "ten or more visible digits agree", "可见十位以上相符";
        /// As above, with seven to nine places.
        Partial7 = "partial_7", 0.8, "seven to nine visible digits agree", "可见七至九位相符";
        /// As above, with four to six.
        Partial4 = "partial_4", 0.6, "four to six visible digits agree", "可见四至六位相符";
        /// One is masked; of at least seven places that show in both one differs, or two neighbours changed places.
        PartialSlip = "partial_slip", 0.5, "masked, one visible digit differs", "脱敏且可见一位有误";
        /// Not the same, but region and date of birth agree.
        SameBirth = "same_birth", 0.3, "same region and date of birth", "地区与生日相同";
        /// Not the same, but the date of birth agrees.
        SameDate = "same_date", 0.2, "same date of birth", "生日相同";
        /// Not the same, but the region of first registration agrees.
        SameRegion = "same_region", 0.1, "same region", "地区相同";
        /// Too little shows in both to say anything.
        Unknown = "unknown", 0.05, "too little visible in both", "可见位数不足";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// A place that does not show.
const HIDDEN: u8 = 15;
const PLACES: usize = 18;

/// A resident id made ready: 18 places, each a digit, X or hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResidentNumber {
    shown: Shown,
    /// Another way in which the text can be meant: fifteen characters with a mask are an id of fifteen digits, or one of
    /// eighteen whose mask was written too short.
    other: Option<Shown>,
}

/// The places of one reading of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shown {
    /// Places from the left, one a byte.
    places: [u8; PLACES],
    /// How many places show.
    count: u8,
    /// Whether all do, and check digit and date are right.
    valid: bool,
}

impl ResidentNumber {
    /// Whether the number is whole and its check digit and date are right.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.shown.valid
    }

    /// Whether every place shows.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.shown.count as usize == PLACES
    }

    /// The day of birth of a valid number.
    #[must_use]
    pub fn birth(&self) -> Option<super::PreparedDate> {
        let number = |range: std::ops::Range<usize>| {
            self.shown.places[range].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit))
        };
        let year = i32::try_from(number(6..10)).ok()?;
        if self.shown.valid { super::PreparedDate::new(year, number(10..12), number(12..14)) } else { None }
    }

    /// Places that show in both, and how many of them agree.
    #[must_use]
    pub fn agreeing(&self, other: &Self) -> (u8, u8) {
        self.shown.agreeing(&other.shown)
    }

    /// Whether the two cannot be one person's: both valid, and not the same.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        self.shown.valid && other.shown.valid && self.shown.places != other.shown.places
    }

    /// The readings of the text.
    fn readings(&self) -> impl Iterator<Item = &Shown> {
        std::iter::once(&self.shown).chain(&self.other)
    }
}

impl Shown {
    fn agreeing(&self, other: &Self) -> (u8, u8) {
        let (mut both, mut agree) = (0, 0);
        for (a, b) in self.places.iter().zip(&other.places) {
            let shown = *a != HIDDEN && *b != HIDDEN;
            both += u8::from(shown);
            agree += u8::from(shown && a == b);
        }
        (both, agree)
    }

    fn same(&self, other: &Self, range: std::ops::Range<usize>) -> bool {
        let (a, b) = (&self.places[range.clone()], &other.places[range]);
        a == b && !a.contains(&HIDDEN)
    }

    /// Whether the visible places differ in one, or in two neighbours that changed places.
    fn slipped(&self, other: &Self) -> bool {
        let mut differing = [0; 2];
        let mut count = 0;
        for (place, (a, b)) in self.places.iter().zip(&other.places).enumerate() {
            if a != b && *a != HIDDEN && *b != HIDDEN {
                if count == 2 {
                    return false;
                }
                differing[count] = place;
                count += 1;
            }
        }
        let [first, second] = differing;
        count == 1
            || count == 2
                && second == first + 1
                && self.places[first] == other.places[second]
                && self.places[second] == other.places[first]
    }
}

impl Prepare for ResidentNumber {
    type Outcome = ResidentIdAgreement;

    /// Takes 15 and 18 places, masked ones too, and masks of another length, of which only the ends are certain
    /// (`1101051949****`). A number in the notation of a spreadsheet (`1.10105E+17`) or with three zeros in place of its
    /// end shows no more than the digits that survived.
    fn prepare(text: &str) -> Option<Self> {
        let alone = |places: &[u8; PLACES]| Shown::of(places).map(|shown| Self { shown, other: None });
        if let Some(rounded) = exponent(text) {
            return alone(&rounded);
        }
        let code = clean::code(text);
        let count = code.chars().count();
        if count != 15 && count != PLACES {
            return alone(&ends(&code)?);
        }
        // XX hides, X alone is the check character of eleven.
        let crosses = code.contains("XX");
        let mut places = [HIDDEN; PLACES];
        for (place, character) in code.chars().enumerate() {
            // Behind the sixth digit stands the century, which 15 digits leave out.
            let to = if count == 15 && place >= 6 { place + 2 } else { place };
            places[to] = match character {
                '0'..='9' => u8::try_from(character.to_digit(10)?).ok()?,
                'X' if place == 17 && !code.ends_with("XX") => 10,
                'X' if count == 15 && place == 14 && !code.ends_with("XX") => return alone(&ends(&code)?),
                'X' if crosses => HIDDEN,
                _ if clean::is_mask(character) => HIDDEN,
                _ => return None,
            };
        }
        if count == PLACES {
            return alone(&places);
        }
        let masked = places[..6].contains(&HIDDEN) || places[8..17].contains(&HIDDEN);
        (places[6], places[7]) = (1, 9);
        let other = if masked { ends(&code).and_then(|places| Shown::of(&places)) } else { None };
        match (Shown::of(&places), other) {
            (Some(shown), other) => Some(Self { shown, other: other.filter(|other| *other != shown) }),
            (None, Some(shown)) => Some(Self { shown, other: None }),
            (None, None) => None,
        }
    }

    fn compare(&self, other: &Self) -> ResidentIdAgreement {
        let pairs = self.readings().flat_map(|one| other.readings().map(move |other| one.compare(other)));
        // Of what a text can mean, the reading that agrees best counts: agreements go from strongest to weakest.
        pairs.min().unwrap_or(ResidentIdAgreement::Unknown)
    }
}

impl Shown {
    fn compare(&self, other: &Self) -> ResidentIdAgreement {
        use ResidentIdAgreement as Is;
        let (both, agree) = self.agreeing(other);
        if usize::from(agree) == PLACES {
            return Is::Same;
        }
        if agree == both {
            return match both {
                10.. => Is::Partial10,
                7..=9 => Is::Partial7,
                4..=6 => Is::Partial4,
                _ => Is::Unknown,
            };
        }
        if self.slipped(other) {
            if usize::from(both) == PLACES {
                if !(self.valid && other.valid) {
                    return Is::Slip;
                }
            } else if both >= 7 {
                return Is::PartialSlip;
            }
        }
        match (self.same(other, 0..6), self.same(other, 6..14)) {
            (true, true) => Is::SameBirth,
            (false, true) => Is::SameDate,
            (true, false) => Is::SameRegion,
            (false, false) => Is::Different,
        }
    }

    fn of(places: &[u8; PLACES]) -> Option<Self> {
        let mut places = *places;
        let whole = !places.contains(&HIDDEN);
        let mut ascii = [b'0'; PLACES];
        for (to, from) in ascii.iter_mut().zip(&places) {
            *to = if *from == 10 { b'X' } else { b'0' + from };
        }
        let mut valid = whole && places[..17].iter().all(|place| *place <= 9);
        // The check character of 15 digits follows from them.
        if places[17] == HIDDEN && !places[..17].contains(&HIDDEN) {
            let check = resident::check_character(&ascii[..17]);
            places[17] = if check == b'X' { 10 } else { check - b'0' };
            ascii[17] = check;
            valid = true;
        }
        if valid {
            valid = resident::check_character(&ascii[..17]) == ascii[17] && is_date(&places[6..14]);
        }
        if whole && !valid && places[15..] == [0, 0, 0] {
            places[15..].fill(HIDDEN);
        }
        let shown = places.iter().filter(|place| **place != HIDDEN).count();
        (shown >= 4).then(|| Self { places, count: u8::try_from(shown).unwrap_or_default(), valid })
    }
}

/// The ends of a masked id whose length says nothing: what shows before the mask are its first places, what shows behind
/// it its last ones.
fn ends(code: &str) -> Option<[u8; PLACES]> {
    const LENGTHS: std::ops::RangeInclusive<usize> = 12..=20;
    let characters = code.chars().collect::<Vec<_>>();
    // Fewer characters are a telephone number's.
    if !LENGTHS.contains(&characters.len()) {
        return None;
    }
    let hides = |place: usize| {
        let at = |place: usize| characters.get(place).copied();
        let cross = |place: usize| at(place) == Some('X');
        at(place).is_some_and(clean::is_mask)
            || cross(place) && (cross(place + 1) || place.checked_sub(1).is_some_and(cross))
    };
    let first = (0..characters.len()).find(|place| hides(*place))?;
    let last = (0..characters.len()).rfind(|place| hides(*place))?;
    if !(first..=last).all(hides) || first + characters.len() - last - 1 > PLACES - 1 {
        return None;
    }
    let mut places = [HIDDEN; PLACES];
    let shown = characters.iter().enumerate().filter(|(place, _)| *place < first || *place > last);
    for (place, character) in shown {
        let to = if place < first { place } else { PLACES + place - characters.len() };
        places[to] = match character {
            'X' if to == PLACES - 1 => 10,
            digit => u8::try_from(digit.to_digit(10)?).ok()?,
        };
    }
    Some(places)
}

fn is_date(digits: &[u8]) -> bool {
    let number =
        |range: std::ops::Range<usize>| digits[range].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    let year = i32::try_from(number(0..4)).unwrap_or_default();
    year >= 1800 && chrono::NaiveDate::from_ymd_opt(year, number(4..6), number(6..8)).is_some()
}

/// The digits that survive in `1.10105194912310E+17`; the last one shown may be rounded and is left out.
fn exponent(text: &str) -> Option<[u8; PLACES]> {
    let text = text.trim();
    let (mantissa, power) = text.split_once(['E', 'e'])?;
    if power.trim_start_matches('+').parse::<usize>() != Ok(PLACES - 1) {
        return None;
    }
    let digits = mantissa
        .chars()
        .filter(|character| *character != '.')
        .map(|character| character.to_digit(10))
        .collect::<Option<Vec<_>>>()?;
    let mut places = [HIDDEN; PLACES];
    for (to, digit) in places.iter_mut().zip(&digits[..digits.len().saturating_sub(1).min(15)]) {
        *to = u8::try_from(*digit).ok()?;
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use ResidentIdAgreement as Is;

    fn number(text: &str) -> ResidentNumber {
        ResidentNumber::prepare(text).unwrap()
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<ResidentIdAgreement>();
        for (a, b, agreement) in [
            ("11010519491231002X", "11010519491231002x", Is::Same),
            ("11010519491231002X", "110105491231002", Is::Same),
            ("11010519491231002X", "11010519491231003X", Is::Slip),
            ("11010519491231002X", "11010519492131002X", Is::Slip),
            ("11010519491231002X", "110105********002X", Is::Partial10),
            ("110105********002X", "110105********002X", Is::Partial10),
            ("11010519491231002X", "1101051949********", Is::Partial10),
            ("11010519491231002X", "110105194912310000", Is::Partial10),
            ("11010519491231002X", "1.10105194912310E+17", Is::Partial10),
            ("11010519491231002X", "110***********002X", Is::Partial7),
            ("11010519491231002X", "1101**************", Is::Partial4),
            ("110***********0***", "****0519******0***", Is::Unknown),
            ("11010519491231002X", "110105********003X", Is::PartialSlip),
            ("110105194912310038", "11010519491231002X", Is::SameBirth),
            ("11010519491231002X", "110105********0123", Is::SameRegion),
            // Masks that are longer or shorter than what they hide.
            ("11010519491231002X", "110105****002X", Is::Partial10),
            ("11010519491231002X", "1101051949****", Is::Partial10),
            ("11010519491231002X", "1101051949******", Is::Partial10),
            ("11010519491231002X", "***********002X", Is::Partial4),
            ("11010519491231002X", "**************002X", Is::Partial4),
            ("11010519491231002X", "110105XXXXXX002X", Is::Partial10),
            // Fifteen characters are an id of fifteen digits, or a short mask of one of eighteen.
            ("11010519491231002X", "110105******002", Is::Partial10),
            ("110105491231002", "110105*****1002", Is::Partial10),
            ("11010519491231002X", "110105*****002X", Is::Partial10),
            ("110101199003071234", "***********1234", Is::Partial4),
            ("110101199003071234", "***********1235", Is::Different),
            ("1101051949****", "**********1234", Is::Unknown),
        ] {
            assert_eq!(number(a).compare(&number(b)), agreement, "{a} {b}");
        }
        assert!(number("11010519491231002X").excludes(&number("321083197812162119")));
        assert!(!number("11010519491231002X").excludes(&number("110105********0123")));
        assert_eq!(number("11010519491231002X").agreeing(&number("110105********0023")), (10, 9));
    }

    #[test]
    fn neighbours_of_one_registry_are_not_taken_for_a_slip() {
        let make = |sequence| resident::make("110105", NaiveDate::from_ymd_opt(2001, 2, 3).unwrap(), sequence).unwrap();
        assert_eq!(number(make(21).as_str()).compare(&number(make(23).as_str())), Is::SameBirth);
    }

    #[test]
    fn what_is_no_number_is_not_prepared() {
        for text in [
            "",
            "12345",
            "无",
            "******************",
            "护照E12345678",
            "1.1E+10",
            "138****8000",
            "12*45*7890123",
            "110105194912",
        ] {
            assert_eq!(ResidentNumber::prepare(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in "[0-9*]{18}|11010519[0-9]{9}[0-9X]|[0-9*]{15}|110105[0-9]{0,4}[*]{1,9}[0-9]{0,4}", b in "[0-9*]{18}|11010519[0-9]{9}[0-9X]|[0-9*]{15}|110105[0-9]{0,4}[*]{1,9}[0-9]{0,4}") {
            if let (Some(a), Some(b)) = (ResidentNumber::prepare(&a), ResidentNumber::prepare(&b)) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
                prop_assert_eq!(a.excludes(&b), b.excludes(&a));
                let (both, agree) = a.agreeing(&a);
                prop_assert_eq!(both, agree);
                if a.is_whole() {
                    prop_assert_eq!(a.compare(&a), Is::Same);
                }
            }
        }

        #[test]
        fn a_mask_of_a_number_never_contradicts_it(sequence in 1_u16..999, from in 0_usize..18, length in 1_usize..12) {
            let id = resident::make("110105", NaiveDate::from_ymd_opt(1985, 5, 17).unwrap(), sequence).unwrap();
            let hidden = id.as_str().char_indices().map(|(place, digit)| if (from..from + length).contains(&place) { '*' } else { digit }).collect::<String>();
            let (whole, hidden) = (number(id.as_str()), number(&hidden));
            prop_assert!(matches!(whole.compare(&hidden), Is::Same | Is::Partial10 | Is::Partial7 | Is::Partial4));
            prop_assert!(!whole.excludes(&hidden));
        }

        #[test]
        fn one_wrong_digit_is_a_slip(sequence in 1_u16..999, place in 0_usize..17, by in 1_u8..10) {
            let id = resident::make("110105", NaiveDate::from_ymd_opt(1985, 5, 17).unwrap(), sequence).unwrap();
            let mut bytes = id.as_str().as_bytes().to_vec();
            bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
            let wrong = String::from_utf8(bytes).unwrap();
            prop_assume!(!wrong.ends_with("000"));
            prop_assert_eq!(number(id.as_str()).compare(&number(&wrong)), Is::Slip);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}|[0-9.]{1,18}E\\+17") {
            let _ = ResidentNumber::prepare(&text);
        }
    }
}
