//! Addresses: level by level where they are parsed, by numbers and words where they are not.

use jingwei_model::hash::hash64;
use jingwei_model::{Address, Level};

use super::agreement::agreements;
use super::exact::fold;
use super::marks;
use super::{Prepare, Tokens};

agreements! {
    /// How far two parsed addresses agree. Levels that one of the two leaves out do not count against it.
    AddressAgreement {
        /// The same room of the same building.
        Room = "room", 1.0, "same room", "同一房间";
        /// Building, unit and room agree; of what compound is not said by both.
        RoomUnplaced = "room_unplaced", 0.85, "same building, unit and room numbers", "楼单元室号相同";
        /// The same unit of the same building.
        Unit = "unit", 0.8, "same unit", "同一单元";
        /// The same building.
        Building = "building", 0.7, "same building", "同一楼栋";
        /// The same number of a road, or the same compound.
        Compound = "compound", 0.5, "same compound", "同一院落或小区";
        /// The same road, with other numbers or none.
        Road = "road", 0.35, "same road", "同一道路";
        /// The same community or village.
        Community = "community", 0.3, "same community", "同一社区";
        /// The same street, town or township.
        Town = "town", 0.2, "same town or street office", "同一街道乡镇";
        /// Nothing that both say can be compared.
        Unknown = "unknown", 0.15, "nothing to compare", "无可比较";
        /// The same district, and no more.
        District = "district", 0.1, "same district", "同一区县";
        /// Different districts, or nothing agrees.
        Different = "different", 0.0, "different", "不同";
    }
}

/// Levels in which a name that differs by one slip is still the same name.
const SOFT: [Level; 4] = [Level::Community, Level::Road, Level::Subroad, Level::Poi];

/// A parsed address made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressLevels {
    /// Hash of each level's text; zero where it has none.
    levels: [u64; 16],
    /// Characters of the soft levels.
    soft: [Box<[char]>; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Agree,
    Differ,
    Absent,
}

impl AddressLevels {
    /// Prepares a parsed address; `None` when it has no level.
    #[must_use]
    pub fn new(address: &Address) -> Option<Self> {
        let mut levels = [0; 16];
        for level in Level::ALL {
            if let Some(text) = address.get(level) {
                let text = bare(level, &fold(text));
                levels[level as usize] = if text.is_empty() { 0 } else { hash64(text.as_bytes()).max(1) };
            }
        }
        let soft = SOFT
            .map(|level| address.get(level).map(|text| bare(level, &fold(text)).chars().collect()).unwrap_or_default());
        (levels != [0; 16]).then_some(Self { levels, soft })
    }

    /// Compares with another; symmetric.
    #[must_use]
    pub fn compare(&self, other: &Self) -> AddressAgreement {
        use AddressAgreement as Is;
        use Seen::{Absent, Agree, Differ};
        let seen = |level| self.seen(other, level);
        if seen(Level::District) == Differ || seen(Level::City) == Differ || seen(Level::Prov) == Differ {
            return Is::Different;
        }
        let (road, number) = (seen(Level::Road), seen(Level::Roadno));
        let lane = seen(Level::Subroad) != Differ && seen(Level::Subroadno) != Differ;
        let compound = seen(Level::Poi) == Agree && seen(Level::Subpoi) != Differ;
        let community = seen(Level::Community);
        let by_number = road == Agree && number == Agree && lane;
        let nothing_finer = road == Absent && seen(Level::Poi) == Absent;
        let elsewhere = road == Differ || number == Differ || !lane || seen(Level::Poi) == Differ && road == Absent;
        let (house, cell, room) = (seen(Level::Houseno), seen(Level::Cellno), seen(Level::Roomno));
        if by_number || compound || community == Agree && nothing_finer && house == Agree {
            return match (house, cell, room) {
                (Differ, ..) => Is::Compound,
                (_, Agree | Absent, Agree) => Is::Room,
                (Agree, Agree, _) => Is::Unit,
                (Agree, ..) => Is::Building,
                _ => Is::Compound,
            };
        }
        if !elsewhere && house == Agree && room == Agree && cell != Differ {
            return Is::RoomUnplaced;
        }
        if road == Agree {
            Is::Road
        } else if community == Agree {
            Is::Community
        } else if seen(Level::Town) == Agree {
            Is::Town
        } else if seen(Level::District) == Agree {
            Is::District
        } else if Level::ALL.into_iter().all(|level| seen(level) == Absent) {
            Is::Unknown
        } else {
            Is::Different
        }
    }

    fn seen(&self, other: &Self, level: Level) -> Seen {
        let (a, b) = (self.levels[level as usize], other.levels[level as usize]);
        if a == 0 || b == 0 {
            return Seen::Absent;
        }
        let soft = || {
            SOFT.iter()
                .position(|soft| *soft == level)
                .is_some_and(|place| marks::near(&self.soft[place], &other.soft[place]))
        };
        if a == b || soft() { Seen::Agree } else { Seen::Differ }
    }
}

/// What separates the levels of an address that is written as one text, as it does the items of a list.
pub(crate) const LEVEL_END: char = '\u{1f}';

impl Prepare for AddressLevels {
    type Outcome = AddressAgreement;

    /// Takes the sixteen levels, coarse to fine, with [`LEVEL_END`] between them.
    fn prepare(text: &str) -> Option<Self> {
        let mut address = Address::default();
        for (level, text) in Level::ALL.into_iter().zip(text.split(LEVEL_END)) {
            address.set(level, Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        }
        Self::new(&address)
    }

    fn compare(&self, other: &Self) -> AddressAgreement {
        Self::compare(self, other)
    }
}

/// A level's text without the word that only says what level it is, where departments leave that out.
fn bare(level: Level, text: &str) -> String {
    let endings: &[&str] = match level {
        Level::Prov => &["省", "市", "自治区"],
        Level::City => &["市"],
        Level::Town => &["街道办事处", "街道", "地区", "镇", "乡"],
        Level::Community => &["社区居委会", "居委会", "村委会", "社区", "村"],
        Level::Roadno | Level::Subroadno => &["号院", "号", "院", "弄"],
        Level::Houseno => &["号楼", "幢", "栋", "楼", "座", "号"],
        Level::Cellno => &["单元", "门"],
        Level::Floorno => &["层", "楼"],
        Level::Roomno => &["室", "号", "户"],
        _ => &[],
    };
    let text = text.trim();
    let bare = endings.iter().find_map(|ending| text.strip_suffix(ending)).filter(|bare| !bare.is_empty());
    bare.unwrap_or(text).trim_start_matches('0').to_owned()
}

/// An unparsed address made ready, in any language: its numbers in order, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressTokens {
    numbers: Box<[u32]>,
    words: Tokens,
}

impl Prepare for AddressTokens {
    type Outcome = f64;

    fn prepare(text: &str) -> Option<Self> {
        let folded = fold(text);
        let mut numbers = Vec::new();
        let mut rest = String::with_capacity(folded.len());
        let mut run = String::new();
        let mut close = |run: &mut String, rest: &mut String| {
            match number(run) {
                Some(value) => {
                    numbers.push(value);
                    rest.push(' ');
                }
                None => rest.push_str(run),
            }
            run.clear();
        };
        for character in folded.chars() {
            let digit = character.is_ascii_digit();
            let numeral = "零一二三四五六七八九十百".contains(character);
            let of_run = run.chars().next_back().is_some_and(|last| last.is_ascii_digit() == digit);
            if (digit || numeral) && (run.is_empty() || of_run) {
                run.push(character);
                continue;
            }
            if !run.is_empty() {
                close(&mut run, &mut rest);
            }
            if digit || numeral { run.push(character) } else { rest.push(character) }
        }
        if !run.is_empty() {
            close(&mut run, &mut rest);
        }
        let words = if rest.is_ascii() {
            Tokens::words(&rest)
        } else {
            Tokens::grams(&rest.replace(|other: char| !other.is_alphanumeric(), " "), 2)
        };
        (!numbers.is_empty() || !words.is_empty()).then(|| Self { numbers: numbers.into(), words })
    }

    /// Half for the numbers, counted from the finest one that is said, half for the words in common.
    fn compare(&self, other: &Self) -> f64 {
        let (a, b) = (&self.numbers, &other.numbers);
        let words = f64::midpoint(self.words.jaccard(&other.words), self.words.containment(&other.words));
        if a.is_empty() && b.is_empty() {
            return words;
        }
        let fewer = a.len().min(b.len());
        let agreeing = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
        let numbers = if fewer == 0 { 0.0 } else { agreeing as f64 / fewer as f64 };
        f64::midpoint(numbers, words)
    }
}

/// The value of digits, or of Chinese numerals up to 999. A numeral alone that may be part of a name (三 of 三里屯) is
/// a number all the same: it is one in both spellings.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.trim_start_matches('0');
        return if digits.is_empty() { Some(0) } else { digits.get(..digits.len().min(9))?.parse().ok() };
    }
    let (mut total, mut last) = (0_u32, None);
    for character in text.chars() {
        match "零一二三四五六七八九".chars().position(|digit| digit == character) {
            Some(0) => last = None,
            // 五〇三 read digit by digit.
            Some(digit) => {
                let digit = u32::try_from(digit).ok()?;
                last = Some(last.map_or(digit, |before: u32| before.saturating_mul(10).saturating_add(digit)));
            }
            None => {
                let unit = if character == '百' { 100 } else { 10 };
                total = total.saturating_add(last.take().unwrap_or(1).saturating_mul(unit));
            }
        }
    }
    Some(total.saturating_add(last.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use proptest::prelude::*;

    use super::*;
    use AddressAgreement as Is;

    fn levels(parts: &[(Level, &str)]) -> AddressLevels {
        let mut address = Address::default();
        for (level, text) in parts {
            address.set(*level, Some((*text).to_owned()));
        }
        AddressLevels::new(&address).unwrap()
    }

    #[test]
    fn levels_that_are_left_out_do_not_count() {
        use Level::{Cellno, Community, District, Houseno, Poi, Road, Roadno, Roomno, Town};
        crate::similarity::agreement::tests::assert_lawful::<AddressAgreement>();
        let full = levels(&[
            (District, "朝阳区"),
            (Town, "望京街道"),
            (Community, "花家地社区"),
            (Road, "阜通东大街"),
            (Roadno, "6号院"),
            (Houseno, "3号楼"),
            (Cellno, "2单元"),
            (Roomno, "501室"),
        ]);
        for (parts, agreement) in [
            (&[(Road, "阜通东大街"), (Roadno, "6号"), (Houseno, "3幢"), (Cellno, "2"), (Roomno, "0501")][..], Is::Room),
            (&[(Road, "阜通东街"), (Roadno, "6号"), (Houseno, "3"), (Cellno, "2"), (Roomno, "501")], Is::Different),
            (&[(Road, "埠通东大街"), (Roadno, "6号"), (Houseno, "3"), (Cellno, "2"), (Roomno, "501")], Is::Room),
            (&[(Road, "阜通东大街"), (Roadno, "6号"), (Houseno, "3"), (Cellno, "2"), (Roomno, "502")], Is::Unit),
            (&[(Road, "阜通东大街"), (Roadno, "6号"), (Houseno, "3"), (Cellno, "1"), (Roomno, "501")], Is::Building),
            (&[(Road, "阜通东大街"), (Roadno, "6号"), (Houseno, "4"), (Cellno, "2"), (Roomno, "501")], Is::Compound),
            (&[(Road, "阜通东大街"), (Roadno, "8号"), (Houseno, "3"), (Cellno, "2"), (Roomno, "501")], Is::Road),
            (&[(Community, "花家地"), (Houseno, "3楼"), (Cellno, "2门"), (Roomno, "501")], Is::Room),
            (&[(Poi, "方恒国际"), (Houseno, "3"), (Cellno, "2"), (Roomno, "501")], Is::RoomUnplaced),
            (&[(District, "海淀区"), (Road, "阜通东大街"), (Roadno, "6号")], Is::Different),
            (&[(District, "朝阳区"), (Town, "望京")], Is::Town),
            (&[(District, "朝阳区")], Is::District),
            (&[(Poi, "方恒国际")], Is::Unknown),
        ] {
            let other = levels(parts);
            assert_eq!(full.compare(&other), agreement, "{parts:?}");
            assert_eq!(other.compare(&full), agreement, "{parts:?}");
        }
        assert_eq!(full.compare(&full), Is::Room);
        let joined = "\u{1f}\u{1f}朝阳区\u{1f}\u{1f}望京街道\u{1f}花家地社区\u{1f}阜通东大街\u{1f}6号院\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}3号楼\u{1f}2单元\u{1f}\u{1f}501室";
        assert_eq!(AddressLevels::prepare(joined), Some(full));
        assert_eq!(AddressLevels::prepare(&"\u{1f}".repeat(15)), None);
        assert_eq!(AddressLevels::new(&Address::default()), None);
    }

    #[test]
    fn unparsed_addresses_agree_by_numbers_and_words() {
        let compare = |a, b| AddressTokens::prepare(a).unwrap().compare(&AddressTokens::prepare(b).unwrap());
        assert_eq!(compare("12 New Road, Flat 3", "12 new road flat 3"), 1.0);
        assert!(compare("阜通东大街6号院十二号楼2单元501", "朝阳区阜通东大街6号院12号楼2单元501室") > 0.8);
        assert!(compare("阜通东大街6号院12号楼2单元501", "阜通东大街6号院12号楼2单元502") < 0.55);
        assert!(compare("12 New Road", "13 New Road") < compare("12 New Road", "12 New Rd"));
    }

    #[test]
    fn numerals_have_their_value() {
        for (text, value) in [("十二", 12), ("二十", 20), ("一百零三", 103), ("五零三", 3), ("007", 7), ("二五", 25)]
        {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }

    proptest! {
        #[test]
        fn unparsed_comparison_is_symmetric_and_bounded(a in "\\PC{1,20}|[0-9一二十号楼街 a]{1,12}", b in "\\PC{1,20}|[0-9一二十号楼街 a]{1,12}") {
            if let (Some(a), Some(b)) = (AddressTokens::prepare(&a), AddressTokens::prepare(&b)) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
                prop_assert!((0.0..=1.0).contains(&a.compare(&b)));
                prop_assert_eq!(a.compare(&a), 1.0);
            }
        }

        #[test]
        fn parsed_comparison_is_symmetric(a in proptest::collection::vec((0_usize..16, "[1-3一二]{1,2}|[阜通东大街]{2,4}"), 1..9), b in proptest::collection::vec((0_usize..16, "[1-3一二]{1,2}|[阜通东大街]{2,4}"), 1..9)) {
            let make = |parts: &[(usize, String)]| levels(&parts.iter().map(|(level, text)| (Level::ALL[*level], text.as_str())).collect::<Vec<_>>());
            prop_assert_eq!(make(&a).compare(&make(&b)), make(&b).compare(&make(&a)));
        }
    }
}
