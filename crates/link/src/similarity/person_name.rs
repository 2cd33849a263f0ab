//! Names of persons in alphabets: order of the parts, initials, slips.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Prepare;
use super::Text;
use super::agreement::agreements;

agreements! {
    /// How two names in an alphabet agree.
    PersonNameAgreement {
        /// The same parts in the same order; case, accents and titles aside.
        Exact = "exact", 1.0, "same name", "姓名相同";
        /// The same parts in another order: Smith, John.
        Reordered = "reordered", 0.97, "same parts, other order", "词序不同";
        /// The same, with parts cut to initials: J. Smith.
        Initials = "initials", 0.85, "same with initials", "首字母缩写相符";
        /// Every part has its like, at least one with a slip: Jon Smith, John Smyth.
        Slip = "slip", 0.8, "same with slips of the pen", "拼写有误";
        /// All parts of one are in the other, which has more.
        Contained = "contained", 0.7, "one has more parts", "一方多词";
        /// A part of three or more letters agrees.
        Part = "part", 0.3, "one part agrees", "部分相同";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// Words that are no part of a name.
const TITLES: &[&str] =
    &["mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam", "jr", "sr", "ii", "iii", "iv", "esq", "phd", "md"];
/// Parts that are looked at; the rest of a longer name is left out.
const MOST: usize = 6;
/// Jaro-Winkler similarity from which on two parts are one with a slip.
const ALIKE: f64 = 0.88;

/// A name made ready: its parts in lower case without accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    parts: Box<[Text]>,
    /// First letter of each part, for initials.
    first: [u32; MOST],
}

/// How two parts agree, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Like {
    No,
    Slip,
    Initial,
    Equal,
}

impl PersonName {
    fn like(&self, place: usize, other: &Self, there: usize) -> Like {
        let (a, b) = (&self.parts[place], &other.parts[there]);
        if a == b {
            Like::Equal
        } else if (a.len() == 1 || b.len() == 1) && self.first[place] == other.first[there] {
            Like::Initial
        } else if a.len().min(b.len()) >= 3 && a.jaro_winkler(b) >= ALIKE {
            Like::Slip
        } else {
            Like::No
        }
    }

    /// The best way to give each part from `place` on one of `free` in the other name: how many are equal,
    /// initials, slips, in this order of worth.
    fn best(&self, other: &Self, place: usize, free: u8) -> [u8; 3] {
        if place == self.parts.len() {
            return [0; 3];
        }
        let mut best = self.best(other, place + 1, free);
        for there in (0..other.parts.len()).filter(|there| free >> there & 1 == 1) {
            let kind = match self.like(place, other, there) {
                Like::Equal => 0,
                Like::Initial => 1,
                Like::Slip => 2,
                Like::No => continue,
            };
            let mut found = self.best(other, place + 1, free & !(1 << there));
            found[kind] += 1;
            // Parts that have their like count first, then how alike they are.
            let worth = |found: [u8; 3]| (found.iter().sum::<u8>(), found);
            if worth(found) > worth(best) {
                best = found;
            }
        }
        best
    }
}

impl Prepare for PersonName {
    type Outcome = PersonNameAgreement;

    fn prepare(text: &str) -> Option<Self> {
        let mut parts: Vec<String> = vec![String::new()];
        for character in text.nfkd() {
            if character.is_alphanumeric() {
                if let Some(part) = parts.last_mut() {
                    part.extend(character.to_lowercase());
                }
            } else if is_combining_mark(character) || matches!(character, '\'' | '’' | '`') {
                // O'Brien, é: no end of a part.
            } else if parts.last().is_some_and(|part| !part.is_empty()) {
                parts.push(String::new());
            }
        }
        let named = |part: &String| !part.is_empty() && !TITLES.contains(&part.as_str());
        if parts.iter().any(named) {
            parts.retain(named);
        } else {
            parts.retain(|part| !part.is_empty());
        }
        parts.truncate(MOST);
        if parts.is_empty() {
            return None;
        }
        let mut first = [0; MOST];
        for (to, part) in first.iter_mut().zip(&parts) {
            *to = part.chars().next().map_or(0, u32::from);
        }
        Some(Self { parts: parts.iter().map(|part| Text::new(part)).collect(), first })
    }

    fn compare(&self, other: &Self) -> PersonNameAgreement {
        use PersonNameAgreement as Is;
        if self.parts == other.parts {
            return Is::Exact;
        }
        let (a, b) = if self.parts.len() <= other.parts.len() { (self, other) } else { (other, self) };
        let [equal, initials, slips] = a.best(b, 0, u8::MAX >> (8 - b.parts.len())).map(usize::from);
        let (fewer, more) = (a.parts.len(), b.parts.len());
        if equal == more {
            return Is::Reordered;
        }
        if equal + initials + slips == fewer && (fewer == more || fewer >= 2) {
            return match (initials, slips) {
                (0, 0) => Is::Contained,
                (1.., 0) if equal > 0 => Is::Initials,
                (_, 1..) if fewer == more && (equal + slips > 0) => Is::Slip,
                _ if equal > 0 => Is::Part,
                _ => Is::Different,
            };
        }
        let long = |part: &Text| part.len() >= 3;
        if a.parts.iter().any(|part| long(part) && b.parts.contains(part)) { Is::Part } else { Is::Different }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use PersonNameAgreement as Is;

    fn compare(a: &str, b: &str) -> PersonNameAgreement {
        let (a, b) = (PersonName::prepare(a).unwrap(), PersonName::prepare(b).unwrap());
        assert_eq!(a.compare(&b), b.compare(&a));
        a.compare(&b)
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<PersonNameAgreement>();
        for (a, b, agreement) in [
            ("John Smith", "JOHN  smith", Is::Exact),
            ("Dr. José O'Brien", "jose obrien", Is::Exact),
            ("Smith, John", "John Smith", Is::Reordered),
            ("J. Smith", "John Smith", Is::Initials),
            ("John A. Smith", "John Albert Smith", Is::Initials),
            ("Jon Smith", "John Smyth", Is::Slip),
            ("John Smith", "John Albert Smith", Is::Contained),
            ("John Smith", "John Brown", Is::Part),
            ("John Smith", "Mary Brown", Is::Different),
            ("J. S.", "John Smith", Is::Different),
        ] {
            assert_eq!(compare(a, b), agreement, "{a} {b}");
        }
        assert_eq!(PersonName::prepare(" . "), None);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in "([a-d]{1,4} ?){1,5}|\\PC{1,12}", b in "([a-d]{1,4} ?){1,5}|\\PC{1,12}") {
            if let (Some(a), Some(b)) = (PersonName::prepare(&a), PersonName::prepare(&b)) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
                prop_assert_eq!(a.compare(&a), Is::Exact);
            }
        }

        #[test]
        fn the_order_of_parts_does_not_matter(a in "[a-z]{3,8}", b in "[a-z]{3,8}", c in "[a-z]{3,8}") {
            let agreement = compare(&format!("{a} {b} {c}"), &format!("{c}, {a} {b}"));
            prop_assert!(agreement <= Is::Reordered);
        }
    }
}
