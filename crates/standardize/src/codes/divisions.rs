//! The table in memory and what it is asked.

use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use jingwei_model::hash::hash64;

use super::error::CodesError;
use super::table::{Code, Row, read};

static BUILTIN: &[u8] = include_bytes!("../../../../config/codes/divisions.csv");

/// Successors are followed this far; more can only be a circle.
const MOST_SUCCESSORS: usize = 16;

/// The level of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省, 自治区, 直辖市.
    Province,
    /// 地级市, 自治州, 盟.
    City,
    /// 区, 县, 旗.
    District,
    /// 街道, 镇, 乡.
    Town,
    /// 社区, 村.
    Community,
}

impl Level {
    /// The level whose codes have this many digits.
    #[must_use]
    pub const fn of_length(digits: usize) -> Option<Self> {
        match digits {
            2 => Some(Self::Province),
            4 => Some(Self::City),
            6 => Some(Self::District),
            9 => Some(Self::Town),
            12 => Some(Self::Community),
            _ => None,
        }
    }

    /// Its name in the table and in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::District => "district",
            Self::Town => "town",
            Self::Community => "community",
        }
    }
}

/// One name of one code over one time.
#[derive(Debug, Clone, Copy)]
pub struct Division<'a> {
    table: &'a Divisions,
    row: &'a Row,
}

impl<'a> Division<'a> {
    /// The code, cut to its level's length.
    #[must_use]
    pub fn code(&self) -> &'a str {
        &self.table.text[self.row.code_text.start as usize..self.row.code_text.end as usize]
    }

    /// The name as the table has it.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.table.text[self.row.name.start as usize..self.row.name.end as usize]
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::of_length(self.row.code.len()).unwrap_or(Level::Community)
    }

    /// Whether the name is one that only completes the code system: 市辖区, 县, 省直辖县级行政区划.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        let name = self.name();
        matches!(name, "市辖区" | "县" | "市") || name.contains("直辖县级")
    }

    /// The first day the name stood for the code; null: before the first revision known.
    #[must_use]
    pub fn valid_from(&self) -> Option<NaiveDate> {
        self.row.from
    }

    /// The first day it no longer did.
    #[must_use]
    pub fn valid_to(&self) -> Option<NaiveDate> {
        self.row.to
    }

    /// The division above, on the same day.
    #[must_use]
    pub fn parent(&self, day: Option<NaiveDate>) -> Option<Division<'a>> {
        self.table.by_code(self.row.code.parent()?, day)
    }
}

/// A table of administrative divisions.
#[derive(Debug, Default)]
pub struct Divisions {
    text: String,
    rows: Vec<Row>,
    /// Hashes of names and the rows that bear them.
    names: Vec<(u64, u32)>,
}

impl Divisions {
    /// Reads a table.
    ///
    /// # Errors
    /// The line that does not say what it should.
    pub fn load(bytes: &[u8]) -> Result<Self, CodesError> {
        let text = std::str::from_utf8(bytes).map_err(|error| CodesError::NotText(error.valid_up_to()))?.to_owned();
        let rows = read(&text)?;
        let mut names: Vec<(u64, u32)> = rows
            .iter()
            .zip(0_u32..)
            .map(|(row, place)| (hash64(&text.as_bytes()[row.name.start as usize..row.name.end as usize]), place))
            .collect();
        names.sort_unstable();
        Ok(Self { text, rows, names })
    }

    /// The table that comes with the program, read once.
    #[must_use]
    pub fn builtin() -> &'static Arc<Self> {
        static TABLE: OnceLock<Arc<Divisions>> = OnceLock::new();
        // A test reads the embedded table, so that the empty one is never used.
        TABLE.get_or_init(|| Arc::new(Self::load(BUILTIN).unwrap_or_default()))
    }

    /// Every row, ordered by code and time.
    pub fn iter(&self) -> impl Iterator<Item = Division<'_>> {
        self.rows.iter().map(|row| Division { table: self, row })
    }

    /// What a code was called on a day: the name that stood then, else the last one before it; without a day,
    /// the newest.
    #[must_use]
    pub fn get(&self, code: &str, day: Option<NaiveDate>) -> Option<Division<'_>> {
        self.by_code(Code::parse(code)?, day)
    }

    fn by_code(&self, code: Code, day: Option<NaiveDate>) -> Option<Division<'_>> {
        let start = self.rows.partition_point(|row| row.code < code);
        let mut found = None;
        for row in self.rows[start..].iter().take_while(|row| row.code == code) {
            if day.is_none_or(|day| row.from.is_none_or(|from| from <= day)) {
                found = Some(Division { table: self, row });
            }
        }
        found
    }

    /// Whether a code was ever given out.
    #[must_use]
    pub fn is_known(&self, code: &str) -> bool {
        Code::parse(code).is_some_and(|code| self.rows.binary_search_by_key(&code, |row| row.code).is_ok())
    }

    /// Whether six digits, such as those a resident id begins with, were ever a division's code. Zeros may
    /// stand for the levels below.
    #[must_use]
    pub fn is_known_prefix(&self, six: &str) -> bool {
        if six.len() != 6 || !six.is_ascii() {
            return false;
        }
        let cut = match (&six[2..4], &six[4..]) {
            ("00", "00") => 2,
            (_, "00") => 4,
            _ => 6,
        };
        self.is_known(&six[..cut])
    }

    /// The divisions that bear a name on a day (on any day without one), in `within` if that is given, ordered by
    /// code.
    #[must_use]
    pub fn find(&self, name: &str, within: Option<&str>, day: Option<NaiveDate>) -> Vec<Division<'_>> {
        let hash = hash64(name.as_bytes());
        let above = match within {
            Some(code) => match Code::parse(code) {
                Some(code) => Some(code),
                None => return Vec::new(),
            },
            None => None,
        };
        let start = self.names.partition_point(|(known, _)| *known < hash);
        self.names[start..]
            .iter()
            .take_while(|(known, _)| *known == hash)
            .map(|(_, place)| Division { table: self, row: &self.rows[*place as usize] })
            .filter(|division| division.name() == name)
            .filter(|division| above.is_none_or(|above| division.row.code.is_within(above)))
            .filter(|division| day.is_none_or(|day| division.row.is_valid_on(day)))
            .collect()
    }

    /// The divisions directly below a code on a day, ordered by code.
    pub fn children<'a>(&'a self, code: &str, day: NaiveDate) -> impl Iterator<Item = Division<'a>> + use<'a> {
        let above = Code::parse(code);
        let start = above.map_or(self.rows.len(), |above| self.rows.partition_point(|row| row.code <= above));
        self.rows[start..]
            .iter()
            .take_while(move |row| above.is_some_and(|above| row.code.is_within(above)))
            .filter(move |row| row.code.parent() == above && row.is_valid_on(day))
            .map(move |row| Division { table: self, row })
    }

    /// The code that took over from an abolished one by a day (today's without one): null while the code itself
    /// stands, and where no successor is known.
    #[must_use]
    pub fn successor(&self, code: &str, day: Option<NaiveDate>) -> Option<&str> {
        let code = Code::parse(code)?;
        let mut current = code;
        for _ in 0..MOST_SUCCESSORS {
            let row = self.by_code(current, day)?.row;
            let stands = row.to.is_none_or(|to| day.is_some_and(|day| day < to));
            match row.successor {
                Some(next) if !stands => current = next,
                _ => break,
            }
        }
        (current != code).then(|| self.by_code(current, None).map(|division| division.code())).flatten()
    }

    /// Names from the province down, without repeating a municipality's and without placeholders.
    #[must_use]
    pub fn full_name(&self, code: &str, day: Option<NaiveDate>) -> Option<String> {
        let division = self.get(code, day)?;
        let mut names = vec![division.name()];
        let mut above = division.parent(day);
        while let Some(parent) = above {
            // 香港特别行政区 stands at the city's level as well.
            if !parent.is_placeholder() && names.last() != Some(&parent.name()) {
                names.push(parent.name());
            }
            above = parent.parent(day);
        }
        names.reverse();
        Some(names.concat())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_embedded_table_is_whole() {
        let table = Divisions::load(BUILTIN).unwrap();
        let now = "2024-01-01".parse().unwrap();
        assert_eq!(table.children("1101", now).count(), 16);
        assert_eq!(table.iter().filter(|division| division.level() == Level::Community).count(), 7301);
        assert_eq!(table.iter().filter(|d| d.level() == Level::Province && d.valid_to().is_none()).count(), 34);
        assert_eq!(table.get("110105026", None).unwrap().name(), "望京街道");
        assert_eq!(table.full_name("110105026", None).unwrap(), "北京市朝阳区望京街道");
        assert_eq!(table.full_name("810101", None).unwrap(), "香港特别行政区中西区");
    }

    #[test]
    fn a_code_has_the_name_of_its_day() {
        let table = Divisions::builtin();
        assert_eq!(table.get("110228", day("2014-12-31")).unwrap().name(), "密云县");
        assert_eq!(table.get("110118", day("2016-01-01")).unwrap().name(), "密云区");
        assert!(table.get("110118", day("2014-12-31")).is_none());
        assert_eq!(table.get("110103", day("2024-01-01")).unwrap().name(), "崇文区");
        assert_eq!(table.get("420600", day("2024-01-01")).map(|d| d.name()), None);
        assert_eq!(table.get("4206", day("2001-01-01")).unwrap().name(), "襄樊市");
        assert_eq!(table.get("4206", day("2024-01-01")).unwrap().name(), "襄阳市");
    }

    #[test]
    fn abolished_codes_lead_to_what_took_over() {
        let table = Divisions::builtin();
        for (old, new) in [
            ("110103", "110101"),
            ("110104", "110102"),
            ("110221", "110114"),
            ("110222", "110113"),
            ("110223", "110112"),
            ("110224", "110115"),
            ("110226", "110117"),
            ("110227", "110116"),
            ("110228", "110118"),
            ("110229", "110119"),
            ("120107", "120116"),
            ("310103", "310101"),
            ("310108", "310106"),
            ("330104", "330102"),
            ("440107", "440103"),
        ] {
            assert_eq!(table.successor(old, None), Some(new), "{old}");
        }
        assert_eq!(table.successor("110105", None), None);
        assert_eq!(table.successor("110103", day("2009-01-01")), None, "it stood then");
        assert_eq!(table.successor("110103", day("2011-01-01")), Some("110101"));
    }

    #[test]
    fn prefixes_of_all_revisions_are_known() {
        let table = Divisions::builtin();
        for six in [
            "110103", "110104", "110228", "321083", "340521", "440524", "150102", "370725", "130503", "110000",
            "110100", "710000",
        ] {
            assert!(table.is_known_prefix(six), "{six}");
        }
        for six in ["000000", "999999", "119999", "11010", "1101055", "北京"] {
            assert!(!table.is_known_prefix(six), "{six}");
        }
    }

    #[test]
    fn names_are_no_keys_but_names_with_a_place_are() {
        let table = Divisions::builtin();
        assert_eq!(table.find("朝阳区", None, day("2024-01-01")).len(), 2);
        let here: Vec<_> = table.find("朝阳区", Some("11"), day("2024-01-01")).iter().map(Division::code).collect();
        assert_eq!(here, ["110105"]);
        assert!(table.find("辛庄村委会", None, None).len() >= 11);
        assert!(table.find("朝阳区", Some("x"), None).is_empty());
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_line() {
        let head = "code,name,level,parent,valid_from,valid_to,successor\n";
        for (row, what) in [
            ("11,北京市,province,,,", "6 cells"),
            ("1x,北京市,province,,,,", "no code"),
            ("11,,province,,,,", "no name"),
            ("11,北京市,city,,,,", "length of a province"),
            ("1101,市辖区,city,12,,,", "does not lie"),
            ("11,北京市,province,,1949,,", "no day"),
            ("11,北京市,province,,,,1", "successor"),
        ] {
            let error = Divisions::load(format!("{head}{row}\n").as_bytes()).unwrap_err();
            assert!(error.to_string().contains(what) && error.to_string().contains("line 2"), "{error}");
            assert!(error.is_user_error());
        }
        assert!(matches!(Divisions::load(b"a,b\n"), Err(CodesError::Header(_))));
        assert!(matches!(Divisions::load(b"\xff\xfe"), Err(CodesError::NotText(0))));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_read_but_never_a_panic(text in "\\PC{0,200}") {
            let _ = Divisions::load(text.as_bytes());
            let table = Divisions::builtin();
            let _ = (table.get(&text, None), table.is_known_prefix(&text), table.successor(&text, None), table.find(&text, Some(&text), None));
        }

        #[test]
        fn every_successor_that_is_named_exists(place in 0_usize..57_000) {
            let table = Divisions::builtin();
            if let Some(code) = table.rows[place].successor {
                prop_assert!(table.by_code(code, None).is_some());
            }
        }
    }
}
