//! How Chinese text is read, in letters without tones: for search, not for speech.

use std::sync::LazyLock;

use ::pinyin::{Pinyin, ToPinyin, ToPinyinMulti};
use hashbrown::HashMap;

use super::is_han;

/// Surnames that are read otherwise than the character usually is.
const SURNAMES: &[(&str, &str)] = &[
    ("万俟", "mo qi"),
    ("尉迟", "yu chi"),
    ("长孙", "zhang sun"),
    ("澹台", "tan tai"),
    ("亓官", "qi guan"),
    ("鲜于", "xian yu"),
    ("令狐", "ling hu"),
    ("单于", "chan yu"),
    ("单", "shan"),
    ("曾", "zeng"),
    ("仇", "qiu"),
    ("区", "ou"),
    ("解", "xie"),
    ("查", "zha"),
    ("朴", "piao"),
    ("盖", "ge"),
    ("任", "ren"),
    ("华", "hua"),
    ("乐", "yue"),
    ("缪", "miao"),
    ("宓", "mi"),
    ("翟", "zhai"),
    ("覃", "qin"),
    ("召", "shao"),
    ("折", "she"),
    ("黑", "he"),
    ("秘", "bi"),
    ("种", "chong"),
    ("员", "yun"),
    ("贠", "yun"),
    ("阚", "kan"),
    ("谌", "chen"),
    ("冼", "xian"),
    ("洗", "xian"),
    ("那", "na"),
    ("燕", "yan"),
    ("纪", "ji"),
    ("过", "guo"),
    ("宁", "ning"),
    ("葛", "ge"),
    ("隗", "wei"),
    ("尉", "wei"),
    ("祭", "zhai"),
    ("卜", "bu"),
    ("柏", "bai"),
    ("车", "che"),
    ("贾", "jia"),
    ("句", "gou"),
    ("阙", "que"),
    ("繁", "po"),
    ("牟", "mu"),
    ("粘", "nian"),
    ("相", "xiang"),
    ("都", "du"),
    ("会", "gui"),
    ("仉", "zhang"),
    ("隽", "juan"),
    ("薄", "bo"),
    ("呙", "guo"),
    ("撒", "sa"),
    ("适", "kuo"),
    ("宿", "su"),
    ("乜", "nie"),
    ("佴", "nai"),
    ("郇", "xun"),
    ("钭", "tou"),
    ("郄", "qie"),
    ("角", "jue"),
    ("沈", "shen"),
    ("石", "shi"),
    ("叶", "ye"),
    ("尹", "yin"),
    ("臧", "zang"),
    ("瞿", "qu"),
    ("逄", "pang"),
    ("晁", "chao"),
    ("应", "ying"),
    ("盛", "sheng"),
    ("强", "qiang"),
    ("俞", "yu"),
    ("褚", "chu"),
    ("行", "xing"),
    ("干", "gan"),
    ("系", "xi"),
    ("车", "che"),
    ("單", "shan"),
    ("區", "ou"),
    ("蓋", "ge"),
    ("華", "hua"),
    ("樂", "yue"),
    ("繆", "miao"),
    ("員", "yun"),
    ("種", "chong"),
    ("葉", "ye"),
    ("紀", "ji"),
    ("過", "guo"),
    ("寧", "ning"),
];

/// Words of the domain in which a character is read otherwise than usually.
const WORDS: &[(&str, &str)] = &[
    ("重庆", "chong qing"),
    ("重新", "chong xin"),
    ("重复", "chong fu"),
    ("银行", "yin hang"),
    ("行业", "hang ye"),
    ("长安", "chang an"),
    ("长城", "chang cheng"),
    ("长沙", "chang sha"),
    ("长春", "chang chun"),
    ("长江", "chang jiang"),
    ("长阳", "chang yang"),
    ("长辛店", "chang xin dian"),
    ("长椿", "chang chun"),
    ("长度", "chang du"),
    ("朝阳", "chao yang"),
    ("朝内", "chao nei"),
    ("朝外", "chao wai"),
    ("朝天", "chao tian"),
    ("大厦", "da sha"),
    ("厦门", "xia men"),
    ("西藏", "xi zang"),
    ("东莞", "dong guan"),
    ("六安", "lu an"),
    ("蚌埠", "beng bu"),
    ("台州", "tai zhou"),
    ("丽水", "li shui"),
    ("番禺", "pan yu"),
    ("单县", "shan xian"),
    ("会计", "kuai ji"),
    ("音乐", "yin yue"),
    ("乐清", "yue qing"),
    ("都江堰", "du jiang yan"),
    ("成都", "cheng du"),
    ("首都", "shou du"),
    ("大栅栏", "da shi lan"),
    ("十里堡", "shi li pu"),
    ("地坛", "di tan"),
    ("宁波", "ning bo"),
    ("单元", "dan yuan"),
    ("单位", "dan wei"),
    ("单身", "dan shen"),
    ("单号", "dan hao"),
    ("查询", "cha xun"),
    ("检查", "jian cha"),
    ("解决", "jie jue"),
    ("解除", "jie chu"),
    ("区域", "qu yu"),
    ("区政府", "qu zheng fu"),
    ("曾经", "ceng jing"),
    ("任务", "ren wu"),
    ("会议", "hui yi"),
    ("行政", "xing zheng"),
    ("纪委", "ji wei"),
    ("燕山", "yan shan"),
    ("石景山", "shi jing shan"),
    ("都市", "du shi"),
    ("给排水", "ji pai shui"),
    ("供给", "gong ji"),
    ("调查", "diao cha"),
    ("调解", "tiao jie"),
    ("空调", "kong tiao"),
    ("重点", "zhong dian"),
    ("车站", "che zhan"),
    ("种植", "zhong zhi"),
    ("员工", "yuan gong"),
    ("黑色", "hei se"),
    ("盖章", "gai zhang"),
    ("相关", "xiang guan"),
    ("过期", "guo qi"),
    ("系统", "xi tong"),
    ("适用", "shi yong"),
    ("薄弱", "bo ruo"),
];

type Readings = HashMap<char, Vec<(&'static str, &'static str)>>;

fn by_first(pairs: &[(&'static str, &'static str)]) -> Readings {
    let mut table = Readings::new();
    for (written, read) in pairs {
        if let Some(first) = written.chars().next() {
            table.entry(first).or_default().push((written, read));
        }
    }
    for readings in table.values_mut() {
        readings.sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
    }
    table
}

static SURNAME_READINGS: LazyLock<Readings> = LazyLock::new(|| by_first(SURNAMES));
static WORD_READINGS: LazyLock<Readings> = LazyLock::new(|| by_first(WORDS));

fn longest(table: &Readings, text: &str) -> Option<(&'static str, &'static str)> {
    let first = text.chars().next()?;
    table.get(&first)?.iter().find(|(written, _)| text.starts_with(written)).copied()
}

/// The readings of one character without tones, the usual one first; a reading may come twice, in other tones.
/// Empty for a character that is not Chinese. ü stays ü.
pub fn readings(character: char) -> impl Iterator<Item = &'static str> {
    character.to_pinyin_multi().into_iter().flatten().map(Pinyin::plain)
}

/// The surname a Chinese name begins with, where it is read otherwise than its characters usually are or has two
/// characters: its length in characters and its reading. `None` for a surname of one character read as usual.
#[must_use]
pub fn surname_reading(name: &str) -> Option<(usize, &'static str)> {
    longest(&SURNAME_READINGS, name).map(|(written, read)| (written.chars().count(), read))
}

/// Appends the reading of `text` to `out`: syllables in lower case parted by spaces (ü as v), words of other
/// scripts as they are in lower case, marks left out. Two to four Chinese characters are read as a name.
pub fn pinyin(text: &str, out: &mut String) {
    let start = out.len();
    let mut rest = text;
    let like_a_name = (2..=4).contains(&text.chars().count()) && text.chars().all(is_han);
    if like_a_name
        && longest(&WORD_READINGS, text).is_none()
        && let Some((written, read)) = longest(&SURNAME_READINGS, text)
    {
        out.push_str(read);
        rest = &rest[written.len()..];
    }
    let mut in_word = false;
    while let Some(character) = rest.chars().next() {
        if let Some((written, read)) = longest(&WORD_READINGS, rest) {
            separate(out, start);
            out.push_str(read);
            rest = &rest[written.len()..];
            in_word = false;
            continue;
        }
        rest = &rest[character.len_utf8()..];
        if let Some(reading) = character.to_pinyin() {
            separate(out, start);
            // ü is typed v.
            out.extend(reading.plain().chars().map(|letter| if letter == 'ü' { 'v' } else { letter }));
            in_word = false;
        } else if character.is_alphanumeric() {
            if !in_word {
                separate(out, start);
            }
            out.extend(character.to_lowercase());
            in_word = true;
        } else {
            in_word = false;
        }
    }
}

fn separate(out: &mut String, start: usize) {
    if out.len() > start {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut out = String::new();
        pinyin(text, &mut out);
        out
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, reading) in [
            ("单田芳", "shan tian fang"),
            ("曾国藩", "zeng guo fan"),
            ("仇英", "qiu ying"),
            ("区志强", "ou zhi qiang"),
            ("解晓东", "xie xiao dong"),
            ("查良镛", "zha liang yong"),
            ("朴树", "piao shu"),
            ("盖叫天", "ge jiao tian"),
            ("任平", "ren ping"),
            ("万俟卨", "mo qi xie"),
            ("尉迟恭", "yu chi gong"),
            ("张三", "zhang san"),
            ("欧阳修", "ou yang xiu"),
        ] {
            assert_eq!(read(name), reading, "{name}");
        }
    }

    #[test]
    fn words_are_read_as_words() {
        for (text, reading) in [
            ("重庆市", "chong qing shi"),
            ("朝阳区单元楼", "chao yang qu dan yuan lou"),
            ("解决", "jie jue"),
            ("望京SOHO 3号", "wang jing soho 3 hao"),
            ("大厦", "da sha"),
            ("", ""),
            ("，。", ""),
            ("吕布", "lv bu"),
            ("长椿街", "chang chun jie"),
            ("张家港", "zhang jia gang"),
            ("银河", "yin he"),
            ("垡头", "fa tou"),
        ] {
            assert_eq!(read(text), reading, "{text}");
        }
    }
}
