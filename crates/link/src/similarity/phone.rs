//! Telephone numbers: whole, masked, mistyped, with and without area code.

use jingwei_model::id::phone::{self, Parsed};

use super::Prepare;
use super::agreement::agreements;

agreements! {
    /// How two telephone numbers agree.
    PhoneAgreement {
        /// The same number; country code and signs aside.
        Same = "same", 1.0, "same number", "号码相同";
        /// The same fixed line, one of them without its area code.
        WithoutArea = "without_area", 0.9, "same fixed line, area code missing", "固话相同缺区号";
        /// One is masked; at least seven digits show in both, and all agree.
        Masked = "masked", 0.8, "seven or more visible digits agree", "可见七位以上相符";
        /// One digit differs, or two neighbours changed places.
        Slip = "slip", 0.7, "one digit wrong or two swapped", "一位有误或相邻颠倒";
        /// One is masked; four to six digits show in both, and all agree.
        MaskedFew = "masked_few", 0.4, "four to six visible digits agree", "可见四至六位相符";
        /// The same operator prefix and area: the first seven digits of a mobile number.
        SamePrefix = "same_prefix", 0.1, "first seven digits agree", "号段相同";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// A digit that does not show.
const HIDDEN: u8 = 15;
const LONGEST: usize = 16;

/// A telephone number made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    digits: [u8; LONGEST],
    length: u8,
    masked: bool,
}

impl PhoneNumber {
    fn digits(&self) -> &[u8] {
        &self.digits[..usize::from(self.length)]
    }

    /// A fixed line of mainland China without its area code: what follows `0AA` or `0AAA`.
    fn local(&self) -> Option<&[u8]> {
        match self.digits() {
            // 010 and 02X are areas of two digits, all others of three.
            [0, 1..=2, _, rest @ ..] => Some(rest),
            [0, _, _, _, rest @ ..] => Some(rest),
            all if (7..=8).contains(&all.len()) => Some(all),
            _ => None,
        }
    }
}

impl Prepare for PhoneNumber {
    type Outcome = PhoneAgreement;

    /// Reads numbers of mainland China as [`phone::parse`] does, and of elsewhere as their 7 to 16 digits.
    fn prepare(text: &str) -> Option<Self> {
        let parsed = match phone::parse(text) {
            Ok(Parsed::Full(number) | Parsed::Partial(number)) => number,
            Err(_) => {
                let digits = text
                    .chars()
                    .filter_map(|character| character.to_digit(10).and_then(|digit| char::from_digit(digit, 10)));
                let digits = digits.collect::<String>();
                let other = text.chars().any(|character| character.is_alphabetic());
                if other || !(7..=LONGEST).contains(&digits.len()) {
                    return None;
                }
                digits
            }
        };
        let mut digits = [0; LONGEST];
        for (to, byte) in digits.iter_mut().zip(parsed.bytes()) {
            *to = if byte == b'*' { HIDDEN } else { byte.wrapping_sub(b'0') };
        }
        let length = u8::try_from(parsed.len().min(LONGEST)).ok()?;
        Some(Self { digits, length, masked: parsed.contains('*') })
    }

    fn compare(&self, other: &Self) -> PhoneAgreement {
        use PhoneAgreement as Is;
        if self == other && !self.masked {
            return Is::Same;
        }
        let (a, b) = (self.digits(), other.digits());
        if a.len() != b.len() {
            let bare = a.len() < 9 || b.len() < 9;
            return match (self.local(), other.local()) {
                (Some(a), Some(b)) if bare && a == b && a.len() >= 7 => Is::WithoutArea,
                _ => Is::Different,
            };
        }
        if self.masked || other.masked {
            let both = || a.iter().zip(b).filter(|(a, b)| **a != HIDDEN && **b != HIDDEN);
            return match both().count() {
                shown if both().any(|(a, b)| a != b) || shown < 4 => Is::Different,
                ..7 => Is::MaskedFew,
                _ => Is::Masked,
            };
        }
        let mut differing = (0..a.len()).filter(|place| a[*place] != b[*place]);
        match (differing.next(), differing.next(), differing.next()) {
            (Some(_), None, _) => Is::Slip,
            (Some(first), Some(second), None)
                if second == first + 1 && a[first] == b[second] && a[second] == b[first] =>
            {
                Is::Slip
            }
            (Some(first), ..) if a.len() == 11 && first >= 7 => Is::SamePrefix,
            _ => Is::Different,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use PhoneAgreement as Is;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::prepare(text).unwrap()
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<PhoneAgreement>();
        for (a, b, agreement) in [
            ("13800138000", "+86 138-0013-8000", Is::Same),
            ("010-62345678", "62345678", Is::WithoutArea),
            ("0312-6234567", "6234567", Is::WithoutArea),
            ("13800138000", "138****8000", Is::Masked),
            ("138****8000", "138****8000", Is::Masked),
            ("13800138000", "138******00", Is::MaskedFew),
            ("13800138000", "13800138001", Is::Slip),
            ("13800138000", "13800183000", Is::Slip),
            ("13800138000", "13800139123", Is::SamePrefix),
            ("13800138000", "13912345678", Is::Different),
            ("13800138000", "139****8000", Is::Different),
            ("010-62345678", "021-62345678", Is::Different),
            ("+44 20 7946 0958", "44 2079460958", Is::Same),
        ] {
            assert_eq!(number(a).compare(&number(b)), agreement, "{a} {b}");
        }
        for text in ["", "无", "12345", "ext 1234567"] {
            assert_eq!(PhoneNumber::prepare(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in "1[38][0-9*]{9}|0[12][0-9]{8,9}|[2-8][0-9]{6,7}", b in "1[38][0-9*]{9}|0[12][0-9]{8,9}|[2-8][0-9]{6,7}") {
            if let (Some(a), Some(b)) = (PhoneNumber::prepare(&a), PhoneNumber::prepare(&b)) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
                prop_assert!(a.masked || a.compare(&a) == Is::Same);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}|[0-9*]{0,24}") {
            let _ = PhoneNumber::prepare(&text);
        }
    }
}
