//! What a column's values look like: identifiers by their checks, the rest by its form.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Utc};
use jingwei_model::config::Parser;
use jingwei_model::id::{credit, division, phone, plate, resident};
use serde::Serialize;

use super::written::WrittenDates;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Meaning {
    /// Resident identity numbers.
    ResidentId,
    /// Unified social credit codes.
    CreditCode,
    /// Phone numbers.
    Phone,
    /// Number plates.
    Plate,
    /// Division codes.
    Division,
    /// 男 and 女.
    Sex,
    /// 是 and 否.
    Boolean,
    /// Calendar dates.
    Date,
    /// Dates with a time of day.
    Datetime,
    /// Whole numbers.
    Integer,
    /// Decimal numbers.
    Number,
    /// Geometries as WKT, `GeoJSON` or WKB.
    Geometry,
    /// Persons' names.
    Name,
    /// Addresses.
    Address,
    /// Anything else.
    Text,
}

impl Meaning {
    /// Those told apart by a check of each value, the most telling first.
    const CHECKED: [Self; 14] = [
        Self::ResidentId,
        Self::CreditCode,
        Self::Phone,
        Self::Plate,
        Self::Division,
        Self::Geometry,
        Self::Sex,
        Self::Boolean,
        Self::Datetime,
        Self::Date,
        Self::Integer,
        Self::Number,
        Self::Name,
        Self::Address,
    ];

    /// The parser that reads such values.
    #[must_use]
    pub const fn parser(self) -> Parser {
        match self {
            Self::ResidentId => Parser::ResidentId,
            Self::CreditCode => Parser::CreditCode,
            Self::Phone => Parser::Phone,
            Self::Plate => Parser::Plate,
            Self::Division => Parser::Division,
            Self::Sex => Parser::Sex,
            Self::Boolean => Parser::Boolean,
            Self::Date => Parser::Date,
            Self::Datetime => Parser::Datetime,
            Self::Integer => Parser::Integer,
            Self::Number => Parser::Number,
            Self::Geometry => Parser::Geometry,
            Self::Name => Parser::Name,
            Self::Address => Parser::Address,
            Self::Text => Parser::Text,
        }
    }

    /// Whether such values speak of a person and are not to be shown.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::ResidentId | Self::Phone | Self::Plate | Self::Name | Self::Address)
    }

    /// Whether a value is one.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            // Which divisions have existed is another room's knowledge: form and check character decide here.
            Self::ResidentId => resident::parse(text, Utc::now().date_naive(), |_| true).is_ok(),
            Self::CreditCode => text.len() >= 15 && credit::parse(text).is_ok_and(|code| code.checked && !code.legacy),
            // 41234.56 is a quantity.
            Self::Phone => digits(text) >= 7 && !text.contains('.') && phone::parse(text).is_ok(),
            Self::Plate => plate::parse(text).is_ok(),
            Self::Division => {
                matches!(text.len(), 6 | 9 | 12)
                    && is_digits(text)
                    && is_province(&text[..2])
                    && division::parse(text).is_ok()
            }
            Self::Sex => {
                matches!(text, "男" | "女" | "男性" | "女性" | "M" | "F" | "male" | "female" | "Male" | "Female")
            }
            Self::Boolean => matches!(
                text.to_lowercase().as_str(),
                "是" | "否" | "有" | "无" | "yes" | "no" | "y" | "n" | "true" | "false"
            ),
            Self::Datetime => is_datetime(text),
            Self::Date => is_date(text),
            Self::Integer => is_integer(text),
            Self::Number => is_number(text),
            Self::Geometry => is_geometry(text),
            Self::Name => is_name(text),
            Self::Address => is_address(text),
            Self::Text => true,
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_province(code: &str) -> bool {
    matches!(
        code.as_bytes(),
        [b'1', b'1'..=b'5']
            | [b'2', b'1'..=b'3']
            | [b'3', b'1'..=b'7']
            | [b'4', b'1'..=b'6']
            | [b'5', b'0'..=b'4']
            | [b'6', b'1'..=b'5']
            | b"71"
            | b"81"
            | b"82"
    )
}

fn is_date(text: &str) -> bool {
    const PATTERNS: [&str; 7] =
        ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00"];
    let plausible = |date: NaiveDate| (1850..2200).contains(&chrono::Datelike::year(&date));
    text.len() >= 8 && PATTERNS.iter().any(|pattern| NaiveDate::parse_from_str(text, pattern).is_ok_and(plausible))
}

fn is_datetime(text: &str) -> bool {
    let Some(at) = text.find([' ', 'T', '日']) else { return false };
    let rest = text[at..].trim_start_matches([' ', 'T', '日']);
    let date = text[..at].trim_end_matches('日');
    let head = if text[at..].starts_with('日') { format!("{date}日") } else { date.to_owned() };
    is_date(&head) && rest.starts_with(|first: char| first.is_ascii_digit()) && rest.contains(':')
}

/// Digits that count something; those with leading zeros or of great length name something.
pub(super) fn is_integer(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    is_digits(unsigned) && unsigned.len() <= 12 && (unsigned.len() == 1 || !unsigned.starts_with('0'))
}

pub(super) fn is_number(text: &str) -> bool {
    let text = amount(text);
    let plain: String = text.chars().filter(|character| *character != ',').collect();
    let unsigned = plain.strip_prefix('-').unwrap_or(&plain);
    // More digits than any quantity has name something.
    if is_digits(unsigned) && unsigned.len() > 12 && !text.contains(',') {
        return false;
    }
    let form = unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let code = unsigned.len() > 1 && unsigned.starts_with('0') && !unsigned.starts_with("0.");
    form && !code
        && unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits(unsigned) > 0
        && digits(unsigned) <= 17
        && plain.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Without the sign of a currency.
fn amount(text: &str) -> &str {
    let signs = ['$', '¥', '￥', '€', '£'];
    text.strip_prefix(signs).map_or(text, str::trim_start).trim_end_matches('元')
}

fn is_geometry(text: &str) -> bool {
    const KINDS: [&str; 6] = ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"];
    let upper: String = text.chars().take(20).collect::<String>().to_ascii_uppercase();
    (KINDS.iter().any(|kind| upper.starts_with(kind)) && text.ends_with(')'))
        || (text.starts_with('{') && text.contains("\"coordinates\""))
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The surnames of nine people in ten, compounds aside.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀胥郁南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由";

fn is_name(text: &str) -> bool {
    let length = text.chars().count();
    let han = text.chars().filter(|character| is_han(*character)).count();
    let masked = text.chars().filter(|character| matches!(character, '*' | '＊' | '某')).count();
    (2..=4).contains(&length)
        && han + masked == length
        && han > 0
        && text.chars().next().is_some_and(|first| SURNAMES.contains(first) || text.starts_with("欧阳"))
        && !text.ends_with(['街', '路', '区', '镇', '乡', '村', '室', '类', '局', '市', '省'])
}

fn is_address(text: &str) -> bool {
    let length = text.chars().count();
    let marks = [
        '省', '市', '区', '县', '镇', '乡', '街', '路', '巷', '弄', '号', '村', '苑', '园', '楼', '栋', '幢', '单',
        '室', '里', '胡', '院',
    ];
    // A structure that holds places is not an address.
    let plain = !text.starts_with(['{', '[']);
    plain
        && length >= 6
        && text.chars().filter(|character| marks.contains(character)).count() >= 2
        && text.chars().any(is_han)
}

/// Tokens that stand for no value.
pub(super) const NULLS: [&str; 23] = [
    "无", "-", "--", "---", "----", "—", "——", "/", "\\", "N/A", "n/a", "NA", "#N/A", "NULL", "null", "NaN", "nan",
    "不详", "未知", "空", "暂无", "未填", "?",
];

/// The share of values that must be numbers, or dates written in one way, for a column of them.
const NEARLY_ALL: f64 = 0.98;

/// Shares of the values that fit each meaning, of those that fit any value at all.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    counts: BTreeMap<Meaning, u64>,
    values: u64,
    /// Numbers of at most eight digits: a telephone without its area, or any quantity.
    quantities: u64,
    /// What can only be meant for calling: telephones that are neither quantities nor dates.
    calls: u64,
    /// Least and greatest number of digits of whole numbers.
    length: Option<(usize, usize)>,
    written: WrittenDates,
    dated: u64,
}

impl Tally {
    /// Looks at a value.
    pub fn add(&mut self, text: &str) {
        self.values += 1;
        let quantity = text.trim().len() <= 8 && is_digits(text.trim());
        self.quantities += u64::from(quantity);
        let dated = self.written.add(text);
        self.dated += u64::from(dated);
        if is_digits(text.trim()) {
            let digits = text.trim().len();
            let (least, most) = self.length.unwrap_or((digits, digits));
            self.length = Some((least.min(digits), most.max(digits)));
        }
        for meaning in Meaning::CHECKED {
            if meaning.fits(text) {
                *self.counts.entry(meaning).or_default() += 1;
                self.calls += u64::from(meaning == Meaning::Phone && !quantity && !dated && !is_number(text));
            }
        }
    }

    /// The share of values that are telephones and can be nothing else.
    pub fn calls(&self) -> f64 {
        if self.values == 0 { 0.0 } else { self.calls as f64 / self.values as f64 }
    }

    /// Whether all whole numbers have as many digits, and more than most quantities: they name something.
    pub fn is_of_one_length(&self) -> bool {
        self.length.is_some_and(|(least, most)| least == most && least >= 7)
    }

    /// Whether the values are dates that do not begin with the year, and which order they allow.
    pub fn written(&self) -> Option<&WrittenDates> {
        let all = self.dated > 0 && self.written.most() as f64 >= NEARLY_ALL * self.values as f64;
        all.then_some(&self.written)
    }

    /// The share of values that fit.
    pub fn share(&self, meaning: Meaning) -> f64 {
        if self.values == 0 {
            0.0
        } else {
            self.counts.get(&meaning).copied().unwrap_or_default() as f64 / self.values as f64
        }
    }

    /// All shares above nothing.
    pub fn shares(&self) -> BTreeMap<Meaning, f64> {
        self.counts.keys().map(|meaning| (*meaning, self.share(*meaning))).collect()
    }

    /// What the values say they are, when nine in ten agree; `hint` is what the column's name says, and
    /// needs only every other value to agree.
    pub fn verdict(&self, hint: Option<Meaning>) -> Meaning {
        if self.values == 0 {
            return hint.filter(|hint| *hint != Meaning::Geometry).unwrap_or(Meaning::Text);
        }
        if let Some(hint) = hint
            && (self.share(hint) >= 0.5 || matches!(hint, Meaning::Name | Meaning::Address | Meaning::Text))
        {
            // A date column with times of day in it is read as such.
            let timed = hint == Meaning::Date && self.share(Meaning::Datetime) > 0.05;
            return if timed { Meaning::Datetime } else { hint };
        }
        let dated = self.share(Meaning::Date) + self.share(Meaning::Datetime);
        if dated >= 0.9 && self.share(Meaning::Integer) < 0.9 {
            return if self.share(Meaning::Datetime) > 0.05 { Meaning::Datetime } else { Meaning::Date };
        }
        // Few values are neither name nor address by form alone.
        let sure = |meaning: &Meaning| match meaning {
            Meaning::Name | Meaning::Address => false,
            // Every six-digit number above 110000 has the form of a division: only a name says that it is one.
            Meaning::Division => false,
            Meaning::Phone => {
                self.share(*meaning) >= 0.9
                    && self.share(Meaning::Date) < 0.5
                    && self.share(Meaning::Division) < 0.9
                    && self.quantities * 2 < self.values
            }
            Meaning::Datetime | Meaning::Date => self.share(*meaning) >= 0.9,
            // A value that is no number would be lost.
            Meaning::Integer | Meaning::Number => self.share(*meaning) >= NEARLY_ALL,
            other => self.share(*other) >= 0.9,
        };
        Meaning::CHECKED.into_iter().find(sure).unwrap_or(if self.share(Meaning::Address) >= 0.8 {
            Meaning::Address
        } else {
            Meaning::Text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(values: &[&str]) -> Meaning {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add(value));
        tally.verdict(None)
    }

    #[test]
    fn identifiers_are_known_by_their_check_characters() {
        assert_eq!(verdict(&["11010519491231002X"]), Meaning::ResidentId);
        assert_eq!(verdict(&["110105194912310021"]), Meaning::Text);
        assert_eq!(verdict(&["91350100M000100Y43"]), Meaning::CreditCode);
        assert_eq!(verdict(&["13800138000", "010-62345678"]), Meaning::Phone);
        assert_eq!(verdict(&["京A12345"]), Meaning::Plate);
        assert_eq!(verdict(&["62345678", "41234567"]), Meaning::Integer);
        assert_eq!(verdict(&["412345.67", "1412345.20"]), Meaning::Number);
    }

    #[test]
    fn codes_with_leading_zeros_stay_text() {
        assert_eq!(verdict(&["001", "002"]), Meaning::Text);
        assert_eq!(verdict(&["1", "20"]), Meaning::Integer);
        assert_eq!(verdict(&["1.5", "2,000.25"]), Meaning::Number);
    }

    #[test]
    fn money_is_a_number_and_a_column_with_codes_among_its_numbers_is_none() {
        assert_eq!(verdict(&["$37300.00", "$.00", "1,500.5"]), Meaning::Number);
        assert_eq!(verdict(&["1200元", "35元"]), Meaning::Number);
        let mut classes = vec!["1"; 19];
        classes.push("2B");
        assert_eq!(verdict(&classes), Meaning::Text);
        let mut ratios = vec!["0"; 19];
        ratios.push("8.33");
        assert_eq!(verdict(&ratios), Meaning::Number);
        assert_eq!(verdict(&["2010000030511", "2015000345296"]), Meaning::Text);
    }

    #[test]
    fn dates_and_times_are_told_apart() {
        assert_eq!(verdict(&["2024-03-01", "2024年3月1日"]), Meaning::Date);
        assert_eq!(verdict(&["2024-03-01 10:20:00", "2024/3/1 8:00"]), Meaning::Datetime);
    }

    #[test]
    fn a_structure_with_places_in_it_is_no_address() {
        assert_eq!(verdict(&["{\"东城区\": [\"东华门街道\", \"景山街道\"]}"]), Meaning::Text);
    }

    #[test]
    fn a_name_alone_decides_on_divisions_names_and_addresses() {
        let mut tally = Tally::default();
        tally.add("110105");
        assert_eq!(tally.verdict(Some(Meaning::Division)), Meaning::Division);
        assert_eq!(tally.verdict(None), Meaning::Integer);
    }
}
