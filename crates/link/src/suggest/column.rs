//! What a column holds, judged by its values: kind, how selective it is, how often it is empty.

use hashbrown::HashMap;
use jingwei_model::han::is_han;

use crate::similarity::{PhoneNumber, Prepare, PreparedDate, RegistrationCode, ResidentNumber};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// Nothing that tells records apart: empty, or one value.
    Nothing,
    /// Citizen identity numbers, whole or masked.
    ResidentId,
    /// Registration numbers of organizations.
    CreditCode,
    /// Telephone numbers.
    Phone,
    /// Mail addresses.
    Email,
    /// Days.
    Date,
    /// Longitude or latitude, or another number with a fraction.
    Number,
    /// Names of Chinese persons.
    ChineseName,
    /// Other Chinese text: addresses, names of places and organizations.
    ChineseText,
    /// One word in letters: a given name, a surname, a town.
    Word,
    /// Several words, with or without numbers.
    Words,
    /// A number or code without a known pattern: a postcode, a house number, an account.
    Code,
    /// One of a few values.
    Category,
}

impl Meaning {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to compare",
            Self::ResidentId => "resident id",
            Self::CreditCode => "registration number",
            Self::Phone => "telephone number",
            Self::Email => "mail address",
            Self::Date => "date",
            Self::Number => "number",
            Self::ChineseName => "Chinese name",
            Self::ChineseText => "Chinese text",
            Self::Word => "word",
            Self::Words => "text",
            Self::Code => "code",
            Self::Category => "category",
        }
    }
}

/// Counts over a column's values.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Rows seen.
    pub rows: usize,
    /// Rows with a value.
    pub filled: usize,
    /// How often each value stands, by its hash after folding.
    counts: HashMap<u64, u32>,
    whole_ids: usize,
    masked_ids: usize,
    credit: usize,
    mobile: usize,
    phone: usize,
    email: usize,
    date: usize,
    integer: usize,
    fraction: usize,
    chinese: usize,
    person: usize,
    word: usize,
    words: usize,
    address: usize,
    characters: usize,
    least: f64,
    most: f64,
    /// The first rows as they are, for what is asked of values together.
    head: Vec<Option<Box<str>>>,
}

/// Rows that are kept as they are.
const HEAD: usize = 20_000;

/// The hundred most frequent surnames, which nine of ten Chinese persons have.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付\
方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向常汤康易乔赖文张劉陳楊黃趙吳孫馬鄭謝許鄧馮";

impl Column {
    /// An empty one.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), least: f64::INFINITY, most: f64::NEG_INFINITY, ..Self::default() }
    }

    /// Counts a row.
    pub fn push(&mut self, value: Option<&str>) {
        self.rows += 1;
        let value = value.map(str::trim).filter(|text| !text.is_empty());
        if self.head.len() < HEAD {
            self.head.push(value.map(Box::from));
        }
        let Some(text) = value else { return };
        self.filled += 1;
        let folded = crate::similarity::fold(text);
        *self.counts.entry(jingwei_model::hash::hash64(folded.as_bytes())).or_default() += 1;
        let count = text.chars().count();
        self.characters += count;
        if text.bytes().any(|byte| byte.is_ascii_digit()) {
            self.count_numbers(text, count);
        }
        let han = text.chars().filter(|character| is_han(*character)).count();
        if han * 2 > count {
            self.chinese += 1;
            self.address += usize::from(
                count >= 5
                    && text.contains(['路', '街', '号', '楼', '室', '村', '巷', '胡'])
                    && text
                        .chars()
                        .any(|character| character.is_numeric() || "一二三四五六七八九十".contains(character)),
            );
            let surname = text.chars().next().is_some_and(|first| SURNAMES.contains(first));
            self.person += usize::from((2..=4).contains(&han) && count <= 6 && surname);
        } else if text.chars().any(char::is_alphabetic) {
            let words = text.split_whitespace().count();
            let letters = text.chars().filter(|character| character.is_alphabetic()).count();
            self.word += usize::from(words == 1 && letters * 5 >= count * 4);
            self.words += usize::from(words > 1);
            self.email += usize::from(words == 1 && text.split_once('@').is_some_and(|(_, host)| host.contains('.')));
        }
    }

    fn count_numbers(&mut self, text: &str, count: usize) {
        if matches!(count, 15 | 18)
            && let Some(id) = ResidentNumber::prepare(text)
        {
            self.whole_ids += usize::from(id.is_valid());
            self.masked_ids += usize::from(!id.is_whole());
        }
        self.credit += usize::from(RegistrationCode::prepare(text).is_some_and(|code| code.is_checked()));
        if PhoneNumber::prepare(text).is_some() {
            self.phone += 1;
            let digits =
                text.chars().filter(|character| character.is_ascii_digit() || *character == '*').collect::<String>();
            let national = digits.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&digits);
            self.mobile +=
                usize::from(matches!(national.as_bytes(), [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9));
        }
        self.date += usize::from(PreparedDate::prepare(text).is_some_and(|date| date.is_plausible()));
        let number = text.strip_prefix('-').unwrap_or(text);
        self.integer += usize::from(number.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(value) = number.parse::<f64>().ok().filter(|value| value.is_finite()) {
            self.fraction += usize::from(number.contains('.'));
            (self.least, self.most) = (self.least.min(value), self.most.max(value));
        }
    }

    /// Share of the rows that have a value.
    #[must_use]
    pub fn filled_share(&self) -> f64 {
        share(self.filled, self.rows)
    }

    /// Different values seen.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// Whether every row has a value of its own.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.rows > 1 && self.filled == self.rows && self.distinct() == self.rows
    }

    /// Probability that two filled rows drawn at random have the same value.
    #[must_use]
    pub fn collision(&self) -> f64 {
        if self.filled < 2 {
            return 1.0;
        }
        let same: u64 = self.counts.values().map(|count| u64::from(*count) * u64::from(count - 1)).sum();
        same as f64 / (self.filled as f64 * (self.filled - 1) as f64)
    }

    /// Rows that have the commonest value.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.counts.values().max().map_or(0, |count| *count as usize)
    }

    /// Mean length in characters.
    #[must_use]
    pub fn length(&self) -> f64 {
        if self.filled == 0 { 0.0 } else { self.characters as f64 / self.filled as f64 }
    }

    /// Adds what was seen of the same column elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (value, count) in &other.counts {
            *self.counts.entry(*value).or_default() += count;
        }
        for (to, from) in [
            (&mut self.rows, other.rows),
            (&mut self.filled, other.filled),
            (&mut self.whole_ids, other.whole_ids),
            (&mut self.masked_ids, other.masked_ids),
            (&mut self.credit, other.credit),
            (&mut self.mobile, other.mobile),
            (&mut self.phone, other.phone),
            (&mut self.email, other.email),
            (&mut self.date, other.date),
            (&mut self.integer, other.integer),
            (&mut self.fraction, other.fraction),
            (&mut self.chinese, other.chinese),
            (&mut self.person, other.person),
            (&mut self.word, other.word),
            (&mut self.words, other.words),
            (&mut self.address, other.address),
            (&mut self.characters, other.characters),
        ] {
            *to += from;
        }
        (self.least, self.most) = (self.least.min(other.least), self.most.max(other.most));
        self.head.extend(other.head.iter().take(HEAD.saturating_sub(self.head.len())).cloned());
    }

    /// Of the filled values, the share that are whole numbers of residents.
    #[must_use]
    pub fn whole_share(&self) -> f64 {
        share(self.whole_ids, self.filled)
    }

    /// Whether the Chinese text is addresses.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.address * 2 >= self.filled
    }

    /// From the least number to the greatest.
    #[must_use]
    pub fn span(&self) -> f64 {
        if self.most > self.least { self.most - self.least } else { 1.0 }
    }

    /// Probability that two filled rows drawn at random agree in the coarse part of their values.
    #[must_use]
    pub fn coarse_collision(&self) -> f64 {
        let (counts, filled) = self.coarse_counts();
        if filled < 2 {
            return 1.0;
        }
        let same = counts.values().map(|count| count * (count - 1)).sum::<u64>();
        // What does not happen among the first rows may yet happen.
        (same.max(1)) as f64 / (filled * (filled - 1)) as f64
    }

    /// Rows that have the commonest coarse part, as the first rows have it.
    #[must_use]
    pub fn coarse_largest(&self) -> usize {
        let (counts, filled) = self.coarse_counts();
        let most = counts.values().copied().max().unwrap_or_default();
        (most as f64 * self.filled as f64 / filled.max(1) as f64).ceil() as usize
    }

    /// How often each coarse part stands among the first rows, and how many of these have a value.
    fn coarse_counts(&self) -> (HashMap<String, u64>, u64) {
        let meaning = self.meaning();
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut filled = 0_u64;
        for text in self.head.iter().flatten() {
            filled += 1;
            if let Some(part) = coarse(meaning, text) {
                *counts.entry(part).or_default() += 1;
            }
        }
        (counts, filled)
    }

    /// Of the rows of one table that hold both a valid resident id and a day here, the share in which the day is the
    /// id's day of birth; `None` where too few hold both.
    #[must_use]
    pub fn births_agree(&self, days: &Self) -> Option<f64> {
        let (mut both, mut agree) = (0, 0);
        for (id, day) in self.head.iter().zip(&days.head) {
            if let (Some(id), Some(day)) = (id, day)
                && let (Some(id), Some(day)) = (ResidentNumber::prepare(id), PreparedDate::prepare(day))
                && let Some(birth) = id.birth()
            {
                both += 1;
                agree += usize::from(birth == day);
            }
        }
        (both >= 20).then(|| share(agree, both))
    }

    /// Values in common with another column, as a share of the smaller set.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let (small, large) = if self.counts.len() <= other.counts.len() {
            (&self.counts, &other.counts)
        } else {
            (&other.counts, &self.counts)
        };
        share(small.keys().filter(|value| large.contains_key(*value)).count(), small.len())
    }

    /// What the column holds.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        let of_filled = |count: usize| share(count, self.filled);
        if self.filled == 0 || self.distinct() < 2 {
            return Meaning::Nothing;
        }
        if of_filled(self.whole_ids + self.masked_ids) >= 0.6 {
            return Meaning::ResidentId;
        }
        if of_filled(self.credit) >= 0.6 {
            return Meaning::CreditCode;
        }
        if of_filled(self.mobile) >= 0.6 {
            return Meaning::Phone;
        }
        if of_filled(self.email) >= 0.7 {
            return Meaning::Email;
        }
        if of_filled(self.date) >= 0.8 && self.distinct() > 12 {
            return Meaning::Date;
        }
        // Few values that each stand often.
        if self.distinct() <= 50 && self.distinct() * 10 <= self.filled {
            return Meaning::Category;
        }
        if of_filled(self.phone) >= 0.8 && hint(&self.name, PHONE_HINTS) {
            return Meaning::Phone;
        }
        if of_filled(self.chinese) >= 0.6 {
            let person = of_filled(self.person) >= 0.6 && self.length() <= 5.0;
            return if person { Meaning::ChineseName } else { Meaning::ChineseText };
        }
        if of_filled(self.fraction) >= 0.3 && of_filled(self.fraction + self.integer) >= 0.9 {
            return Meaning::Number;
        }
        if of_filled(self.word) >= 0.7 {
            return Meaning::Word;
        }
        if of_filled(self.words) >= 0.3 {
            return Meaning::Words;
        }
        if of_filled(self.word + self.words) >= 0.7 {
            return Meaning::Word;
        }
        Meaning::Code
    }
}

/// The part of a value that survives more errors than the whole.
fn coarse(meaning: Meaning, text: &str) -> Option<String> {
    let first = |count: usize| Some(text.to_lowercase().chars().take(count).collect::<String>());
    match meaning {
        Meaning::ResidentId => {
            let shown = text.chars().collect::<Vec<_>>();
            (shown.len() == 18).then(|| shown[..6].iter().chain(&shown[14..]).collect())
        }
        Meaning::Date => PreparedDate::prepare(text).map(|date| date.year().to_string()),
        Meaning::Email => text.split('@').next().map(str::to_lowercase),
        Meaning::ChineseName => first(1),
        Meaning::ChineseText => {
            let digits = text
                .chars()
                .map(|character| if character.is_ascii_digit() { character } else { ' ' })
                .collect::<String>();
            let numbers = digits.split_whitespace().collect::<Vec<_>>();
            if numbers.len() >= 3 { Some(numbers[numbers.len() - 3..].join("/")) } else { first(3) }
        }
        _ => first(3),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

const PHONE_HINTS: &[&str] = &["phone", "mobile", "tel", "fax", "cell", "电话", "手机", "联系方式"];

/// Whether a column's name holds one of these words; a weak sign, never needed for the plain cases.
pub(super) fn hint(name: &str, words: &[&str]) -> bool {
    let name = name.to_lowercase();
    words.iter().any(|word| name.contains(word))
}
