//! The words that end names, follow numbers and say where something is without naming it.

use std::sync::LazyLock;

use super::numerals::{is_chinese_numeral, is_stem};

/// Whether `text` has `word` at `place`.
pub(super) fn has(text: &[char], place: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(offset, character)| text.get(place + offset) == Some(&character))
}

/// Length of the first of `words` that stands at `place`, zero if none does.
pub(super) fn any(text: &[char], place: usize, words: &[&str]) -> usize {
    let Some(first) = text.get(place) else { return 0 };
    words.iter().find(|word| word.starts_with(*first) && has(text, place, word)).map_or(0, |word| word.chars().count())
}

/// Many words by their first character, asked for at every character of a text.
pub(super) struct Words {
    /// Which list holds the words that begin with a character; zero for none.
    lists: Box<[u8]>,
    words: Vec<Vec<Box<[char]>>>,
}

impl Words {
    pub fn new(words: &[&str]) -> Self {
        let mut all = Self { lists: vec![0; 1 << 16].into(), words: vec![Vec::new()] };
        for word in words {
            let word: Box<[char]> = word.chars().collect();
            let Some(list) = word.first().and_then(|first| all.lists.get_mut(*first as usize)) else { continue };
            if *list == 0 {
                *list = u8::try_from(all.words.len()).unwrap_or(0);
                all.words.push(Vec::new());
            }
            all.words[usize::from(*list)].push(word);
        }
        all
    }

    /// Whether one of them stands at `place`.
    pub fn begin_at(&self, text: &[char], place: usize) -> bool {
        let Some(&first) = text.get(place) else { return false };
        let list = self.lists.get(first as usize).copied().unwrap_or(0);
        list != 0
            && self.words[usize::from(list)].iter().any(|word| {
                word.len() <= text.len() - place
                    && word.iter().zip(&text[place..]).skip(1).all(|(character, other)| character == other)
            })
    }
}

/// Words by their last character, asked for at many places of every text.
pub(super) struct Suffixes<T> {
    /// Which list holds the words that end with a character; zero for none.
    lists: Box<[u8]>,
    words: Vec<Vec<(Box<[char]>, T)>>,
}

impl<T: Copy> Suffixes<T> {
    /// The words, the longest first of those that end alike.
    pub fn new(words: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        let mut suffixes = Self { lists: vec![0; 1 << 16].into(), words: vec![Vec::new()] };
        for (word, value) in words {
            let word: Box<[char]> = word.chars().collect();
            let Some(list) = word.last().and_then(|last| suffixes.lists.get_mut(*last as usize)) else { continue };
            if *list == 0 {
                *list = u8::try_from(suffixes.words.len()).unwrap_or(0);
                suffixes.words.push(Vec::new());
            }
            suffixes.words[usize::from(*list)].push((word, value));
        }
        for list in &mut suffixes.words {
            list.sort_by_key(|(word, _)| usize::MAX - word.len());
        }
        suffixes
    }

    /// The length and the value of the longest word that `start..end` ends with.
    pub fn at(&self, text: &[char], start: usize, end: usize) -> Option<(usize, T)> {
        let last = *text.get(end.checked_sub(1)?)?;
        let list = self.lists.get(last as usize).copied().unwrap_or(0);
        if list == 0 {
            return None;
        }
        let name = &text[start.min(end)..end];
        let ends = |word: &[char]| {
            word.len() <= name.len()
                && word.iter().rev().zip(name.iter().rev()).skip(1).all(|(one, other)| one == other)
        };
        self.words[usize::from(list)].iter().find(|(word, _)| ends(word)).map(|(word, value)| (word.len(), *value))
    }
}

/// 东 西 南 北 中.
pub(super) const fn is_direction(character: char) -> bool {
    matches!(character, '东' | '西' | '南' | '北' | '中')
}

/// A character that, after a short name such as 望京, makes it part of a longer one: 望京路, 望京桥.
const fn is_generic(character: char) -> bool {
    matches!(
        character,
        '路' | '街'
            | '道'
            | '巷'
            | '里'
            | '村'
            | '庄'
            | '园'
            | '苑'
            | '院'
            | '站'
            | '桥'
            | '门'
            | '口'
            | '湾'
            | '城'
            | '楼'
            | '寺'
            | '庙'
            | '湖'
            | '河'
            | '山'
            | '塔'
            | '坊'
            | '坛'
            | '屯'
            | '营'
            | '堡'
            | '店'
            | '厂'
            | '港'
            | '场'
            | '馆'
            | '塘'
            | '井'
            | '坡'
            | '岭'
            | '沟'
            | '滩'
            | '洼'
            | '圈'
            | '镇'
            | '乡'
            | '县'
            | '区'
            | '市'
            | '州'
            | '盟'
            | '旗'
            | '社'
            | '居'
            | '轩'
            | '阁'
            | '府'
            | '邸'
            | '厦'
            | '座'
            | '栋'
            | '幢'
            | '号'
            | '弄'
            | '条'
            | '组'
            | '队'
            | '段'
            | '线'
            | '台'
            | '亭'
            | '宅'
            | '墅'
            | '校'
            | '厅'
            | '局'
            | '所'
            | '司'
            | '行'
            | '处'
    )
}

/// A word after a number that is no part of a name.
const fn is_numbered(character: char) -> bool {
    matches!(character, '号' | '楼' | '座' | '栋' | '幢' | '弄' | '院' | '门')
}

/// Words that end the names of places.
static KINDS: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "小区", "公寓", "大厦", "广场", "中心", "国际", "商务", "科技", "医院", "学校", "大学", "中学", "小学", "饭店",
        "宾馆", "酒店", "市场", "商场", "商城", "新村", "胡同", "大街", "大道", "街道", "地区", "开发", "工业", "产业",
        "写字", "名苑", "新城", "夹道", "头条", "环路", "高速", "公园", "银行", "超市", "铁路", "地铁", "幼儿", "派出",
        "物业", "村委", "有限", "集团", "经济", "高新", "技术", "家园", "花园", "嘉园", "嘉苑", "佳苑", "佳园", "雅苑",
        "花城", "家苑",
    ])
});

/// Whether 市 before `end` begins a word: 杭州市民中心.
pub(super) fn is_citizens(text: &[char], end: usize) -> bool {
    end > 0 && text[end - 1] == '市' && any(text, end, &["民中心", "民广场", "民公园"]) > 0
}

/// Whether a word that ends the names of places stands at `at`.
pub(super) fn is_kind(text: &[char], at: usize) -> bool {
    KINDS.begin_at(text, at)
}

/// Whether the name that ends at `end` goes on after it, so that what ends there is only part of a name. A short
/// name of a town or community is doubted more than a district's.
pub(super) fn goes_on(text: &[char], end: usize, doubtful: bool) -> bool {
    let Some(&next) = text.get(end) else { return false };
    let after = text.get(end + 1).copied();
    // 城关镇 and 城东街道 follow a county's name.
    let is_inner_town = next == '城' && matches!(after, Some('关' | '厢' | '东' | '西' | '南' | '北' | '中'));
    if (is_generic(next) && !is_inner_town) || KINDS.begin_at(text, end) {
        return true;
    }
    let leads = is_direction(next)
        || matches!(next, '上' | '下' | '前' | '后' | '内' | '外' | '大' | '小' | '新' | '老' | '第');
    if doubtful {
        // 柳市上峰村 and 织里大港御景, but 望京东路, 望京新城 and 望京西园三区.
        let is_short = after.is_none_or(|after| {
            is_generic(after) || is_direction(after) || after.is_ascii_digit() || is_chinese_numeral(after)
        }) && (is_direction(next) || !text.get(end + 2).is_some_and(|third| is_name(*third)));
        let is_word = KINDS.begin_at(text, end) || KINDS.begin_at(text, end + 1) || is_road_within(text, end + 1, 3);
        let goes = leads && (is_short || is_word);
        // 九堡九沙大道, but 望京三区 and 望京十号院.
        let counts = is_chinese_numeral(next)
            && after.is_none_or(|after| {
                is_generic(after) || is_numbered(after) || is_chinese_numeral(after) || matches!(after, '期' | '环')
            });
        return goes || next.is_ascii_alphanumeric() || counts || is_stem(next);
    }
    let after_is_kind = after
        .is_none_or(|after| is_generic(after) || is_direction(after) || after == '环' || is_chinese_numeral(after))
        || KINDS.begin_at(text, end + 1);
    // 北京朝阳北路 goes on, 北京门头沟大东巷 does not.
    let goes = if is_direction(next) { after_is_kind } else { after.is_none_or(is_generic) };
    (leads && goes)
        || (is_chinese_numeral(next)
            && after.is_some_and(|after| (is_generic(after) && !is_numbered(after)) || after == '期' || after == '环'))
}

/// Whether a character may stand in the middle of a name: none that ends one, counts or begins a number.
fn is_name(character: char) -> bool {
    character.is_alphabetic()
        && !character.is_ascii()
        && !is_generic(character)
        && !is_numbered(character)
        && !is_chinese_numeral(character)
}

/// Whether a road's name ends within a few characters.
fn is_road_within(text: &[char], start: usize, most: usize) -> bool {
    text.iter().skip(start).take(most).any(|character| matches!(character, '路' | '街' | '巷' | '道'))
}

/// Whether a road's sign follows directly, as in 和平镇路: what ends at `end` names a road then.
pub(super) fn is_road_next(text: &[char], end: usize) -> bool {
    match text.get(end) {
        Some('路' | '街' | '巷' | '桥' | '站' | '口') => !has(text, end, "街道"),
        Some('大') => matches!(text.get(end + 1), Some('街' | '道' | '桥')),
        Some('胡') => matches!(text.get(end + 1), Some('同')),
        Some(next) if is_direction(*next) => matches!(text.get(end + 1), Some('路' | '街' | '巷' | '口' | '大' | '环')),
        _ => false,
    }
}

/// Whether a development zone's kind follows the name of its city: 金华开发区.
pub(super) fn is_zone_next(text: &[char], end: usize) -> bool {
    const ZONES: [&str; 8] = ["开发区", "经济技术开发区", "经济开发区", "高新", "新区", "经开区", "工业园区", "保税区"];
    any(text, end, &ZONES) > 0
}

/// Length of the office's name after a community's: 花家地社区居委会.
pub(super) fn community_office(text: &[char], place: usize) -> usize {
    any(text, place, &["居民委员会", "村民委员会", "居委会", "村委会", "委员会", "民委员会", "委会"])
}

/// Length of the office's name after a town's: 望京街道办事处.
pub(super) fn town_office(text: &[char], place: usize) -> usize {
    any(text, place, &["街道办事处", "办事处", "人民政府", "街道办", "街办"])
}

/// Where the part of a compound begins that `start..end` ends with: 东区, 三期, A区. Equal to `end` if it names none.
pub(super) fn part_of_compound(text: &[char], start: usize, end: usize) -> usize {
    let mut begin = end;
    while begin > start && matches!(text[begin - 1], '区' | '期') {
        let is_phase = text[begin - 1] == '期';
        let mut at = begin - 1;
        while at > start && (is_chinese_numeral(text[at - 1]) || text[at - 1].is_ascii_digit()) {
            at -= 1;
        }
        if at == begin - 1 && at > start {
            let before = text[at - 1];
            let letter = before.is_ascii_alphabetic() && !(at >= 2 + start && text[at - 2].is_ascii_alphabetic());
            if letter || (is_direction(before) && !is_phase) {
                at -= 1;
            }
        }
        if at == begin - 1 {
            break;
        }
        if at > start && text[at - 1] == '第' {
            at -= 1;
        }
        begin = at;
    }
    // A stem of one character is no name: 北一区 is one part.
    if begin == start + 1 && begin < end { start } else { begin }
}

/// Whether a road's name goes on after `end`: 花园路一街, 大街胡同, 学院路小区.
pub(super) fn road_goes_on(text: &[char], end: usize) -> bool {
    let counted = text[end.min(text.len())..]
        .iter()
        .take(3)
        .take_while(|character| is_chinese_numeral(**character) || is_direction(**character))
        .count();
    let after = end + counted;
    // 五凤大街二巷: a lane of its own.
    if counted > 0 && text.get(after) == Some(&'巷') {
        return false;
    }
    match text.get(after) {
        Some('街' | '路' | '巷' | '里' | '园' | '苑' | '区' | '村' | '社') => true,
        Some('条') => counted > 0,
        Some('头') => counted == 0 && text.get(after + 1) == Some(&'条'),
        Some('胡') => text.get(after + 1) == Some(&'同'),
        Some('夹') => text.get(after + 1) == Some(&'道'),
        Some('大') => counted > 0 && text.get(after + 1) == Some(&'街'),
        Some(_) => {
            counted == 0
                && any(
                    text,
                    after,
                    &["家园", "花园", "小区", "公寓", "嘉园", "佳苑", "雅苑", "名苑", "新村", "花城", "新城", "大厦"],
                ) > 0
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_short_name_before_a_kind_goes_on() {
        for (text, end, doubtful) in [
            ("望京路", 2, true),
            ("北京东路", 2, false),
            ("望京新城", 2, true),
            ("朝阳门外", 2, false),
            ("北京国际大厦", 2, false),
            ("望京3号", 2, true),
        ] {
            assert!(goes_on(&chars(text), end, doubtful), "{text}");
        }
        for (text, end, doubtful) in
            [("望京阜通东大街", 2, true), ("朝阳望京", 2, false), ("北京", 2, false), ("北京东直门", 2, false)]
        {
            assert!(!goes_on(&chars(text), end, doubtful), "{text}");
        }
    }

    #[test]
    fn parts_of_compounds_are_cut_from_the_end() {
        for (text, stem) in [
            ("望京西园三区", 4),
            ("融泽嘉园一期东区", 4),
            ("天通苑A区", 3),
            ("小区", 2),
            ("南湖小区", 4),
            ("三区", 0),
            ("北一区", 0),
            ("未来科技园区", 6),
            ("第三区", 0),
        ] {
            let text = chars(text);
            assert_eq!(part_of_compound(&text, 0, text.len()), stem, "{}", text.iter().collect::<String>());
        }
    }
}
