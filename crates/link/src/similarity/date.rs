//! Dates: the same, or changed in a way hands change them.

use chrono::{Datelike, NaiveDate};

use super::Prepare;
use super::agreement::agreements;

agreements! {
    /// How two dates agree.
    DateAgreement {
        /// The same day.
        Same = "same", 1.0, "same day", "日期相同";
        /// Day and month changed places: 03-07 and 07-03.
        Swapped = "swapped", 0.9, "day and month swapped", "月日颠倒";
        /// One digit of YYYYMMDD differs, or two neighbouring digits changed places.
        Slip = "slip", 0.85, "one digit wrong or two swapped", "一位数字有误";
        /// Same year, and one of them is a placeholder: 1 January, or month or day zero.
        Year = "year", 0.7, "same year, day and month unknown", "仅知年份且相同";
        /// Year, month or day differs, the other two agree.
        OneField = "one_field", 0.6, "year, month or day differs", "年月日之一不同";
        /// Same year; month and day differ.
        SameYear = "same_year", 0.3, "same year", "年份相同";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// A date as it is compared: year, month and day, even where no calendar has such a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PreparedDate {
    year: i16,
    month: u8,
    day: u8,
    /// Digits of YYYYMMDD, one a byte.
    digits: u64,
}

impl PreparedDate {
    /// A date of its parts; `None` when they have more digits than a date (year 0 to 9999, month and day 0 to 99).
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(0..=9999).contains(&year) || month > 99 || day > 99 {
            return None;
        }
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let year = i16::try_from(year).ok()?;
        let mut number = u32::from(year.unsigned_abs()) * 10_000 + u32::from(month) * 100 + u32::from(day);
        let mut digits = 0;
        for place in 0..8 {
            digits |= u64::from(number % 10) << (8 * place);
            number /= 10;
        }
        Some(Self { year, month, day, digits })
    }

    /// The calendar day; `None` where there is no such day.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(i32::from(self.year), u32::from(self.month), u32::from(self.day))
    }

    /// Days between two dates, without sign; `None` where one is no day of the calendar.
    #[must_use]
    pub fn days_apart(&self, other: &Self) -> Option<u32> {
        let (one, other) = (self.day()?, other.day()?);
        Some(one.num_days_from_ce().abs_diff(other.num_days_from_ce()))
    }

    /// The year.
    #[must_use]
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// Whether people or things of today can have it: 1850 to 2099, a month and a day of the calendar's range.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        (1850..2100).contains(&self.year) && (1..=12).contains(&self.month) && (1..=31).contains(&self.day)
    }

    const fn is_placeholder(&self) -> bool {
        self.month == 0 || self.day == 0 || (self.month == 1 && self.day == 1)
    }
}

impl From<NaiveDate> for PreparedDate {
    fn from(date: NaiveDate) -> Self {
        let year = date.year().clamp(0, 9999);
        Self::new(year, date.month(), date.day()).unwrap_or(Self { year: 0, month: 0, day: 0, digits: 0 })
    }
}

impl Prepare for PreparedDate {
    type Outcome = DateAgreement;

    /// Reads `1990-01-02`, `19900102`, `1990/1/2`, `1990.1.2`, `1990年1月2日`, and with the year last `2/1/1990`
    /// (day first, unless only month first can be a date). A time behind the date is left out.
    fn prepare(text: &str) -> Option<Self> {
        let mut numbers = [(0_u32, 0_u32); 3];
        let mut count = 0;
        let mut inside = false;
        for character in text.trim().chars().map(jingwei_model::id::clean::half_width) {
            if let Some(digit) = character.to_digit(10) {
                if !inside {
                    if count == 3 {
                        break;
                    }
                    count += 1;
                    inside = true;
                }
                let (number, length) = &mut numbers[count - 1];
                *number = number.checked_mul(10)?.checked_add(digit)?;
                *length += 1;
            } else if inside && count == 3 && matches!(character, 'T' | ' ') {
                break;
            } else if matches!(character, '-' | '/' | '.' | ' ' | '年' | '月' | '日' | 'T' | ':' | '+' | 'Z') {
                if count == 1 && numbers[0].1 == 8 {
                    break;
                }
                inside = false;
            } else {
                return None;
            }
        }
        let [(a, a_length), (b, b_length), (c, c_length)] = numbers;
        match (count, a_length, b_length, c_length) {
            (1, 8, ..) => Self::new(i32::try_from(a / 10_000).ok()?, a / 100 % 100, a % 100),
            (1, 4, ..) => Self::new(i32::try_from(a).ok()?, 0, 0),
            (2, 4, 1..=2, _) => Self::new(i32::try_from(a).ok()?, b, 0),
            (3, 4, 1..=2, 1..=2) => Self::new(i32::try_from(a).ok()?, b, c),
            (3, 1..=2, 1..=2, 4) if a <= 12 && b > 12 => Self::new(i32::try_from(c).ok()?, a, b),
            (3, 1..=2, 1..=2, 4) => Self::new(i32::try_from(c).ok()?, b, a),
            _ => None,
        }
    }

    fn compare(&self, other: &Self) -> DateAgreement {
        if self.digits == other.digits {
            return DateAgreement::Same;
        }
        let (year, month, day) = (self.year == other.year, self.month == other.month, self.day == other.day);
        if year && self.month == other.day && self.day == other.month {
            return DateAgreement::Swapped;
        }
        if year && (self.is_placeholder() || other.is_placeholder()) {
            return DateAgreement::Year;
        }
        if slip(self.digits, other.digits) {
            return DateAgreement::Slip;
        }
        match (year, month, day) {
            (true, true, false) | (true, false, true) | (false, true, true) => DateAgreement::OneField,
            (true, false, false) => DateAgreement::SameYear,
            _ => DateAgreement::Different,
        }
    }
}

/// Whether two rows of digits, one a byte, differ in one place or in two neighbours that changed places.
fn slip(a: u64, b: u64) -> bool {
    let differing = a ^ b;
    if differing == 0 {
        return false;
    }
    let low = differing.trailing_zeros() / 8;
    let high = (63 - differing.leading_zeros()) / 8;
    if low == high {
        return true;
    }
    let digit = |digits: u64, place: u32| digits >> (8 * place) & 0xff;
    high == low + 1 && digit(a, low) == digit(b, high) && digit(a, high) == digit(b, low)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use DateAgreement::{Different, OneField, Same, SameYear, Slip, Swapped, Year};

    fn date(text: &str) -> PreparedDate {
        PreparedDate::prepare(text).unwrap()
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<DateAgreement>();
        for (a, b, agreement) in [
            ("1985-03-07", "1985/3/7", Same),
            ("1985-03-07", "1985-07-03", Swapped),
            ("1985-03-07", "1985-03-09", Slip),
            ("1985-03-07", "1958-03-07", Slip),
            ("1985-03-12", "1985-03-21", Slip),
            ("1985-03-07", "1985-01-01", Year),
            ("1985-03-07", "1985-00-00", Year),
            ("1985-03-07", "1985", Year),
            ("1985-03-07", "1985-03-28", OneField),
            ("1985-03-07", "1967-03-07", OneField),
            ("1985-03-07", "1985-12-28", SameYear),
            ("1985-03-07", "1967-12-28", Different),
        ] {
            assert_eq!(date(a).compare(&date(b)), agreement, "{a} {b}");
        }
    }

    #[test]
    fn usual_spellings_are_read() {
        for text in [
            "1985-03-07",
            "19850307",
            "1985年3月7日",
            "1985.3.7",
            "07/03/1985",
            "1985-03-07T10:00:00Z",
            "１９８５-３-７",
        ] {
            assert_eq!(date(text), PreparedDate::new(1985, 3, 7).unwrap(), "{text}");
        }
        assert_eq!(date("3/25/1985"), PreparedDate::new(1985, 3, 25).unwrap());
        for text in ["", "soon", "123", "1-2-3", "99999999999"] {
            assert_eq!(PreparedDate::prepare(text), None, "{text}");
        }
        assert_eq!(date("2000-02-28").days_apart(&date("2000-03-01")), Some(2));
        assert_eq!(date("2000-02-31").days_apart(&date("2000-03-01")), None);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in (1900_i32..2030, 0_u32..14, 0_u32..33), b in (1900_i32..2030, 0_u32..14, 0_u32..33)) {
            let (a, b) = (PreparedDate::new(a.0, a.1, a.2).unwrap(), PreparedDate::new(b.0, b.1, b.2).unwrap());
            prop_assert_eq!(a.compare(&b), b.compare(&a));
            prop_assert_eq!(a.compare(&a), Same);
            prop_assert_eq!(a.compare(&b) == Same, a == b);
        }

        #[test]
        fn a_slip_is_one_edit_of_the_digits(a in "[0-9]{8}", b in "[0-9]{8}") {
            let number = |text: &str| text.bytes().fold(0, |sum, byte| sum << 8 | u64::from(byte - b'0'));
            let one = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() <= 1;
            let naive = a != b && (one || (crate::similarity::damerau(&a, &b) == 1));
            prop_assert_eq!(slip(number(&a), number(&b)), naive);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}|[0-9/ T:-]{0,20}") {
            let _ = PreparedDate::prepare(&text);
        }
    }
}
