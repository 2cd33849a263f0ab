//! The forms in which names and numbers are compared: without width, case, signs and the words that only say what
//! something is.

use jingwei_model::Level;
use jingwei_model::id::clean::half_width;

/// Words after numbers that say what they count. 弄 is none of them: 弄 and 号 of a road are numbered apart.
const COUNTED: [&str; 17] = [
    "号楼", "号院", "号房", "号室", "号幢", "号栋", "号座", "号", "楼", "幢", "栋", "座", "院", "单元", "门", "层",
    "室",
];

/// Kinds of compounds, which people leave out or mix up.
const KINDS: [&str; 31] = [
    "国际大厦",
    "商务大厦",
    "写字楼",
    "商务楼",
    "科技园",
    "住宅区",
    "生活区",
    "家属院",
    "小区",
    "家园",
    "花园",
    "嘉园",
    "佳园",
    "公寓",
    "新城",
    "花城",
    "新村",
    "雅苑",
    "佳苑",
    "嘉苑",
    "名苑",
    "家苑",
    "大厦",
    "大楼",
    "广场",
    "中心",
    "山庄",
    "别墅",
    "苑",
    "园",
    "里",
];

const PROVINCES: [&str; 4] = ["特别行政区", "自治区", "省", "市"];
const CITIES: [&str; 4] = ["自治州", "地区", "市", "盟"];
const DISTRICTS: [&str; 6] = ["自治县", "自治旗", "区", "县", "市", "旗"];
const TOWNS: [&str; 7] = ["街道办事处", "街道", "地区", "民族乡", "镇", "乡", "苏木"];
const COMMUNITIES: [&str; 9] =
    ["社区居民委员会", "社区居委会", "居民委员会", "村民委员会", "居委会", "村委会", "社区", "嘎查", "村"];

/// The characters that are compared, one by one.
fn compared(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .map(half_width)
        .filter(|character| character.is_alphanumeric())
        .map(|character| character.to_ascii_uppercase())
}

/// Appends a name.
pub fn push_name(text: &str, out: &mut String) {
    out.extend(compared(text));
}

fn at_least_two(text: &str) -> bool {
    text.chars().nth(1).is_some()
}

fn without<'a>(text: &'a str, words: &[&str]) -> &'a str {
    words.iter().find_map(|word| text.strip_suffix(word).filter(|stem| at_least_two(stem))).unwrap_or(text)
}

/// A division's name without its kind: 望京 of 望京街道.
pub fn core(level: Level, name: &str) -> &str {
    match level {
        Level::Prov => without(name, &PROVINCES),
        Level::City => without(name, &CITIES),
        Level::District => without(name, &DISTRICTS),
        Level::Town => without(name, &TOWNS),
        Level::Community => without(name, &COMMUNITIES),
        _ => name,
    }
}

/// Whether a character tells one thing from its neighbours of the same name: 一区 and 二区, 东里 and 西里.
pub const fn is_mark(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '一' | '二'
                | '三'
                | '四'
                | '五'
                | '六'
                | '七'
                | '八'
                | '九'
                | '十'
                | '百'
                | '零'
                | '甲'
                | '乙'
                | '丙'
                | '丁'
                | '东'
                | '西'
                | '南'
                | '北'
                | '中'
                | '上'
                | '下'
                | '前'
                | '后'
                | '内'
                | '外'
        )
}

/// A compound's name without the part at its end: 望京西园 of 望京西园三区.
pub fn without_part(name: &str) -> &str {
    let Some(stem) = name.strip_suffix(['区', '期']) else { return name };
    let stem = stem.trim_end_matches(is_mark);
    let has_mark = stem.len() + '区'.len_utf8() < name.len();
    if has_mark && at_least_two(stem) { stem.strip_suffix('第').unwrap_or(stem) } else { name }
}

/// A compound's name without its part and its kind: 望京西 of 望京西园三区.
pub fn stem(name: &str) -> &str {
    without(without_part(name), &KINDS)
}

/// Whether a text that is in no level numbers a door, building, unit or room all the same: 14号18号房 behind a name that
/// was read wrongly. What stands in brackets is a note.
pub fn numbers_something(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut digits = 0_usize;
    for character in text.chars().map(half_width) {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '号' | '室' | '楼' | '栋' | '幢' | '座' | '单' | '层' | '户' | '房' if (1..=4).contains(&digits) =>
            {
                return true;
            }
            _ => {}
        }
        digits = if character.is_ascii_digit() && depth == 0 { digits + 1 } else { 0 };
    }
    false
}

const STEMS: [char; 10] = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];

/// Appends the characters of a number; a dash stays between digits, and 号附 and 号之 are one: 188号附5 is 188-5, not 1885.
fn push_digits(text: &str, out: &mut String) {
    let start = out.len();
    for character in text.chars().map(half_width) {
        let is_dash = matches!(character, '-' | '\u{2010}'..='\u{2015}' | '~' | '附' | '之');
        let body = &out[start..];
        let door = body.strip_suffix('号').unwrap_or(body).len();
        if is_dash && body[..door].ends_with(|last: char| last.is_ascii_digit()) {
            out.truncate(start + door);
            out.push('-');
        } else if character.is_alphanumeric() {
            out.push(character.to_ascii_uppercase());
        }
    }
}

/// Appends a number: 6甲 for 甲6号院, 501 for 0501室, 5 for 五号楼, `B1` for 地下1层, 东配 for 东配楼.
pub fn push_number(text: &str, out: &mut String) {
    let start = out.len();
    push_digits(text, out);
    if let Some(word) = COUNTED.iter().find(|word| out[start..].ends_with(**word))
        && out.len() - start > word.len()
    {
        out.truncate(out.len() - word.len());
    }
    let body = &out[start..];
    if body.bytes().all(|byte| byte.is_ascii_digit()) && !body.starts_with('0') {
        return;
    }
    let mut form = String::with_capacity(body.len());
    let below = ["地下", "负"].iter().find_map(|word| body.strip_prefix(word));
    let mut rest = below.unwrap_or(body);
    if below.is_some() {
        form.push('B');
    }
    // 甲6, 6甲 and 6号甲 are one door.
    let mut branch = rest.chars().next().filter(|first| STEMS.contains(first) && rest.len() > first.len_utf8());
    if let Some(first) = branch {
        rest = &rest[first.len_utf8()..];
    } else if let Some(last) = rest.chars().next_back().filter(|last| STEMS.contains(last))
        && let Some(door) = rest.strip_suffix(last).filter(|door| !door.is_empty())
    {
        branch = Some(last);
        rest = door.strip_suffix('号').unwrap_or(door);
    }
    match chinese(rest) {
        Some(value) => form.push_str(&value.to_string()),
        None => {
            let trimmed = rest.trim_start_matches('0');
            form.push_str(if trimmed.starts_with(|next: char| next.is_ascii_digit()) { trimmed } else { rest });
        }
    }
    form.extend(branch);
    out.truncate(start);
    out.push_str(&form);
}

/// The value of Chinese numerals: 十二, 二十, 五零一.
fn chinese(text: &str) -> Option<u32> {
    let digit = |character| "零一二三四五六七八九".chars().position(|digit| digit == character).map(|at| at as u32);
    if text.is_empty() || text.chars().count() > 6 {
        return None;
    }
    if let Some(ten) = text.find('十') {
        let (tens, ones) = (&text[..ten], &text[ten + '十'.len_utf8()..]);
        let tens = if tens.is_empty() { 1 } else { only(tens).and_then(digit)? };
        let ones = if ones.is_empty() { 0 } else { only(ones).and_then(digit)? };
        return Some(tens * 10 + ones);
    }
    text.chars().try_fold(0, |value, character| Some(value * 10 + digit(character)?))
}

fn only(text: &str) -> Option<char> {
    let mut all = text.chars();
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        let mut out = String::new();
        push_number(text, &mut out);
        out
    }

    #[test]
    fn spellings_of_a_number_have_one_form() {
        for (text, form) in [
            ("6号院", "6"),
            ("甲6号", "6甲"),
            ("6号甲", "6甲"),
            ("6甲号", "6甲"),
            ("0501室", "501"),
            ("五号楼", "5"),
            ("二十一号楼", "21"),
            ("五零一", "501"),
            ("a座", "A"),
            ("１２号楼", "12"),
            ("地下1层", "B1"),
            ("1027弄", "1027弄"),
            ("东配楼", "东配"),
            ("188号附5号", "188-5"),
            ("188-5号", "188-5"),
            ("188号之5", "188-5"),
            ("１５－３室", "15-3"),
            ("153室", "153"),
            ("-3室", "3"),
            ("之江楼", "之江"),
            ("1号厂房", "1号厂房"),
            ("0", "0"),
            ("楼", "楼"),
            ("", ""),
        ] {
            assert_eq!(number(text), form, "{text}");
        }
    }

    #[test]
    fn numbers_in_no_level_are_seen_and_notes_are_not() {
        for (text, expected) in [
            ("18号房", true),
            ("条14号十六室", true),
            ("(原3号楼)", false),
            ("往东200米", false),
            ("13800138000", false),
            ("", false),
        ] {
            assert_eq!(numbers_something(text), expected, "{text}");
        }
    }

    #[test]
    fn names_lose_what_only_says_their_kind() {
        assert_eq!(core(Level::Town, "望京街道"), "望京");
        assert_eq!(core(Level::Community, "沙古堆村"), "沙古堆");
        assert_eq!(core(Level::District, "郊区"), "郊区");
        for (name, part, kind) in [
            ("望京西园三区", "望京西园", "望京西"),
            ("华国小区", "华国小区", "华国"),
            ("天通苑东二区", "天通苑", "天通"),
            ("融泽嘉园一期", "融泽嘉园", "融泽"),
            ("小区", "小区", "小区"),
            ("三区", "三区", "三区"),
        ] {
            assert_eq!((without_part(name), stem(name)), (part, kind));
        }
    }
}
