//! The words that names of places end with, and what each says the place is.

use std::sync::LazyLock;

use super::numerals::is_chinese_numeral;
use super::words::{Suffixes, has, is_direction};

/// What a name says its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Houses that stand together: 小区, 花园, 新村. Numbers in it are buildings.
    Compound,
    /// One house of many rooms: 大厦, 中心, 酒店. Numbers in it are floors and rooms.
    Tower,
    /// Stalls: 市场, 商城. Numbers in it are stalls.
    Market,
    /// A company, shop, school, hospital or office.
    Organization,
}

/// Endings of more than one character, the sort of place they name, and whether a name may end there although more
/// follows: 华星大厦工商银行 is two places, 花园酒店 is one.
const ENDINGS: &[(&str, Sort, bool)] = &[
    ("小区", Sort::Compound, true),
    ("花园", Sort::Compound, true),
    ("家园", Sort::Compound, true),
    ("嘉园", Sort::Compound, true),
    ("佳园", Sort::Compound, true),
    ("公寓", Sort::Compound, true),
    ("新村", Sort::Compound, true),
    ("新苑", Sort::Compound, true),
    ("花苑", Sort::Compound, true),
    ("嘉苑", Sort::Compound, true),
    ("佳苑", Sort::Compound, true),
    ("家苑", Sort::Compound, true),
    ("雅苑", Sort::Compound, true),
    ("名苑", Sort::Compound, true),
    ("花城", Sort::Compound, true),
    ("新城", Sort::Compound, false),
    ("华庭", Sort::Compound, true),
    ("豪庭", Sort::Compound, true),
    ("名都", Sort::Compound, true),
    ("名邸", Sort::Compound, true),
    ("华府", Sort::Compound, true),
    ("山庄", Sort::Compound, true),
    ("别墅", Sort::Compound, true),
    ("宿舍", Sort::Compound, false),
    ("家属院", Sort::Compound, false),
    ("大院", Sort::Compound, false),
    ("公馆", Sort::Compound, false),
    ("广场", Sort::Tower, true),
    ("大厦", Sort::Tower, true),
    ("商厦", Sort::Tower, true),
    ("大楼", Sort::Tower, true),
    ("写字楼", Sort::Tower, true),
    ("商务楼", Sort::Tower, true),
    ("办公楼", Sort::Tower, true),
    ("综合楼", Sort::Tower, true),
    ("商住楼", Sort::Tower, true),
    ("中心", Sort::Tower, true),
    ("国际", Sort::Tower, false),
    ("酒店", Sort::Tower, true),
    ("宾馆", Sort::Tower, true),
    ("饭店", Sort::Tower, true),
    ("大酒店", Sort::Tower, true),
    ("SOHO", Sort::Tower, true),
    ("软件园", Sort::Tower, true),
    ("科技园", Sort::Tower, true),
    ("创业园", Sort::Tower, true),
    ("创意园", Sort::Tower, true),
    ("产业园", Sort::Tower, true),
    ("工业园", Sort::Tower, true),
    ("大学城", Sort::Tower, true),
    ("半岛", Sort::Compound, false),
    ("城区", Sort::Compound, false),
    ("物流园", Sort::Tower, true),
    ("孵化器", Sort::Tower, true),
    ("基地", Sort::Tower, true),
    ("市场", Sort::Market, true),
    ("商城", Sort::Market, true),
    ("商场", Sort::Market, true),
    ("商贸城", Sort::Market, true),
    ("商贸区", Sort::Market, true),
    ("服装城", Sort::Market, true),
    ("皮革城", Sort::Market, true),
    ("轻纺城", Sort::Market, true),
    ("家纺城", Sort::Market, true),
    ("纺织城", Sort::Market, true),
    ("毛衫城", Sort::Market, true),
    ("建材城", Sort::Market, true),
    ("家电城", Sort::Market, true),
    ("家具城", Sort::Market, true),
    ("家居城", Sort::Market, true),
    ("五金城", Sort::Market, true),
    ("汽车城", Sort::Market, true),
    ("汽配城", Sort::Market, true),
    ("电子城", Sort::Market, true),
    ("玉博城", Sort::Market, true),
    ("童装城", Sort::Market, true),
    ("厨具城", Sort::Market, true),
    ("批发城", Sort::Market, true),
    ("鞋城", Sort::Market, true),
    ("鞋都", Sort::Market, true),
    ("灯都", Sort::Market, true),
    ("菜场", Sort::Market, true),
    ("百货", Sort::Market, false),
    ("大世界", Sort::Market, false),
    ("公司", Sort::Organization, false),
    ("集团", Sort::Organization, false),
    ("工厂", Sort::Organization, false),
    ("超市", Sort::Organization, false),
    ("商店", Sort::Organization, false),
    ("商行", Sort::Organization, false),
    ("药店", Sort::Organization, false),
    ("药房", Sort::Organization, false),
    ("门市部", Sort::Organization, false),
    ("经营部", Sort::Organization, false),
    ("营业部", Sort::Organization, false),
    ("营业厅", Sort::Organization, false),
    ("专卖店", Sort::Organization, false),
    ("便利店", Sort::Organization, false),
    ("旗舰店", Sort::Organization, false),
    ("工作室", Sort::Organization, false),
    ("事务所", Sort::Organization, false),
    ("合作社", Sort::Organization, false),
    ("研究所", Sort::Organization, false),
    ("研究院", Sort::Organization, false),
    ("服务站", Sort::Organization, false),
    ("加油站", Sort::Organization, false),
    ("派出所", Sort::Organization, false),
    ("卫生院", Sort::Organization, false),
    ("卫生室", Sort::Organization, false),
    ("卫生站", Sort::Organization, false),
    ("驿站", Sort::Organization, false),
    ("网吧", Sort::Organization, false),
    ("银行", Sort::Organization, false),
    ("支行", Sort::Organization, false),
    ("医院", Sort::Organization, true),
    ("大学", Sort::Organization, true),
    ("学院", Sort::Organization, true),
    ("学校", Sort::Organization, true),
    ("中学", Sort::Organization, true),
    ("小学", Sort::Organization, true),
    ("幼儿园", Sort::Organization, false),
    ("党校", Sort::Organization, false),
    ("法院", Sort::Organization, false),
    ("公园", Sort::Organization, false),
    ("车站", Sort::Organization, false),
    ("食堂", Sort::Organization, false),
    ("门诊", Sort::Organization, false),
    ("诊所", Sort::Organization, false),
    ("县政府", Sort::Organization, false),
    ("镇政府", Sort::Organization, false),
];

/// What a last character alone says.
const fn sort_of_last(last: char) -> Option<Sort> {
    Some(match last {
        '苑' | '园' | '庭' | '邸' | '轩' | '阁' | '居' | '坊' | '墅' | '寓' | '里' | '府' | '院' | '湾' | '郡'
        | '庄' => Sort::Compound,
        '厂' | '店' | '局' | '馆' | '厅' | '社' | '部' | '所' | '校' | '吧' | '寺' => Sort::Organization,
        '城' => Sort::Market,
        _ => return None,
    })
}

static BY_LAST: LazyLock<Suffixes<(Sort, bool)>> =
    LazyLock::new(|| Suffixes::new(ENDINGS.iter().map(|(word, sort, open)| (*word, (*sort, *open)))));

/// The ending of a name that ends at `end`: its length, what it says, and whether more may follow.
fn ending(text: &[char], start: usize, end: usize) -> Option<(usize, Sort, bool)> {
    BY_LAST.at(text, start, end).map(|(length, (sort, open))| (length, sort, open))
}

/// What the name `start..end` says its place is.
pub(super) fn sort_of(text: &[char], start: usize, end: usize) -> Option<Sort> {
    match ending(text, start, end) {
        Some((_, sort, _)) => Some(sort),
        None if end >= start + 2 => sort_of_last(text[end - 1]),
        None => None,
    }
}

/// Whether a name is a hamlet's, whose houses have doors: 俞家湾8号, 前李庄23号.
pub(super) fn is_hamlet(text: &[char], start: usize, end: usize) -> bool {
    ending(text, start, end).is_none() && matches!(text[end - 1], '湾' | '庄' | '里' | '院' | '店' | '寺' | '厂')
}

/// Whether the name `start..end` ends with a word of several characters that only names of places end with.
pub(super) fn is_place(text: &[char], start: usize, end: usize) -> bool {
    ending(text, start, end).is_some_and(|(length, ..)| end > start + length)
        || (end >= start + 3 && matches!(text[end - 1], '店' | '厂' | '馆' | '吧'))
        || (end >= start + 5 && sort_of_last(text[end - 1]) == Some(Sort::Organization))
}

/// Parts of a place, written after its name.
const PARTS: &[&str] = &[
    "主楼",
    "副楼",
    "裙楼",
    "附楼",
    "主塔",
    "门诊楼",
    "门诊部",
    "住院部",
    "住院楼",
    "急诊",
    "写字楼",
    "商务楼",
    "办公楼",
    "综合楼",
    "教学楼",
    "实验楼",
    "行政楼",
    "科研楼",
    "图书馆",
    "食堂",
    "大堂",
    "前台",
    "门卫",
    "传达室",
    "收发室",
    "门面房",
    "店面房",
    "售楼处",
    "物业",
    "正门",
    "北苑",
    "南苑",
    "东苑",
    "西苑",
    "中苑",
    "北园",
    "南园",
    "东园",
    "西园",
    "校区",
    "中心区",
    "男装",
    "女装",
    "组团",
];

static PARTS_BY_LAST: LazyLock<Suffixes<()>> = LazyLock::new(|| Suffixes::new(PARTS.iter().map(|part| (*part, ()))));

/// Where the part of a place begins that the name `start..end` ends with, such as the second of 杭州大厦工商银行 and
/// 萧山人民医院住院部. Equal to `end` if it names one place.
pub(super) fn second_place(text: &[char], start: usize, end: usize) -> usize {
    if let Some((length, ())) = PARTS_BY_LAST.at(text, start, end)
        && let Some(mut begin) = end.checked_sub(length).filter(|begin| *begin >= start + 3)
    {
        // 北校区, 玉泉校区, 滨海校区.
        if has(text, begin, "组团") {
            // 2组团, A组团, 桂花组团.
            let counts = |at: usize| is_chinese_numeral(text[at]) || text[at].is_ascii_alphanumeric();
            let counted = (start + 2..begin).rev().take_while(|at| counts(*at)).count();
            begin -= if counted == 0 && begin >= start + 5 { 2 } else { counted };
        }
        if has(text, begin, "校区") {
            let is_short = is_direction(text[begin - 1]) || matches!(text[begin - 1], '新' | '老');
            let from = begin - if is_short { 1 } else { 2 };
            begin = (start + 2..=from)
                .rev()
                .find(|at| matches!(ending(text, start, *at), Some((_, Sort::Organization, true))))
                .unwrap_or(from);
        }
        let is_named = has(text, end - length, "校区") || has(text, end - length, "组团");
        if begin >= start + 3 && (is_named || sort_of(text, start, begin).is_some()) {
            return begin;
        }
    }
    // The first of two names must end with a word that leaves no doubt, and the second have a stem of its own.
    for begin in start + 4..end.saturating_sub(1) {
        let Some((length, _, true)) = ending(text, start, begin) else { continue };
        if begin < start + length + 1 || is_joined(text, begin) {
            continue;
        }
        if let Some((kind, sort, _)) = ending(text, begin, end)
            && (end >= begin + kind + 2 || (sort == Sort::Market && kind >= 3))
        {
            return begin;
        }
        if end >= begin + 4 && matches!(sort_of_last(text[end - 1]), Some(Sort::Organization)) {
            return begin;
        }
        // 西南大学桂园.
        let is_campus = matches!(ending(text, start, begin), Some((_, Sort::Organization, _)));
        let is_garden = matches!(text[end - 1], '园' | '苑') && ending(text, begin, end).is_none();
        if is_campus && is_garden && end <= begin + 4 {
            return begin;
        }
    }
    end
}

/// Whether what begins at `at` belongs to the name before: 花园大酒店, 人民医院家属院, 大学附属医院, 中心小学.
fn is_joined(text: &[char], at: usize) -> bool {
    const JOINED: &[&str] = &[
        "大", "附属", "附中", "附小", "家属", "宿舍", "幼儿", "管理", "服务", "分", "有限", "物业", "区", "城", "路",
        "街", "村", "小学", "中学", "医院", "公寓", "酒店", "广场", "中心", "国际", "市场", "第", "新", "菜", "农",
        "批发", "购物", "商", "后", "前", "内", "门", "院",
    ];
    // 东区, 北门: a part; 东和公寓: another name.
    let is_side = text.get(at).is_some_and(|side| is_direction(*side))
        && text.get(at + 1).is_none_or(|next| {
            is_direction(*next)
                || matches!(
                    next,
                    '区' | '门' | '苑' | '园' | '校' | '院' | '楼' | '侧' | '座' | '路' | '街' | '大' | '村'
                )
        });
    is_side || JOINED.iter().any(|word| has(text, at, word))
}

/// Whether a name that ends at `end` is a place's, whatever follows.
pub(super) fn is_closed(text: &[char], start: usize, end: usize) -> bool {
    let closed = match ending(text, start, end) {
        Some((length, _, open)) => {
            let is_area = ["半岛", "城区", "新城"].iter().any(|word| has(text, end - length, word));
            end > start + length && (open || is_area)
        }
        None => false,
    };
    closed && !is_joined(text, end)
}

/// Endings of zones wherever they stand.
const ZONES: &[&str] = &[
    "开发区",
    "工业区",
    "高新区",
    "工业园区",
    "产业园区",
    "科技园区",
    "物流园区",
    "高教园区",
    "高新园区",
    "经济园区",
    "商贸园区",
    "创业园区",
    "机电园区",
    "产学研园区",
    "农业园区",
    "集聚区",
    "聚集区",
    "功能区",
    "加工区",
    "保税区",
    "合作区",
    "示范区",
    "试验区",
    "度假区",
    "自贸区",
    "经济区",
    "经济区块",
    "工业区块",
    "工业小区",
    "工业基地",
    "工业片区",
    "产业基地",
    "轻工基地",
    "工业集中区",
    "经开区",
    "农发区",
    "科技城",
    "工业功能区",
    "出口加工区",
];

/// Endings of zones before a road, and of places after a number.
const YARDS: &[&str] = &["工业园", "产业园", "园区", "创业园", "工业新区"];

/// How surely a name is a development zone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Wherever it stands.
    Sure,
    /// Where no number of a house stands before it.
    Yard,
    /// 新区: where it stands between a city and a road.
    New,
}

static ZONES_BY_LAST: LazyLock<Suffixes<Zone>> = LazyLock::new(|| {
    let sure = ZONES.iter().map(|word| (*word, Zone::Sure));
    Suffixes::new(sure.chain(YARDS.iter().map(|word| (*word, Zone::Yard))).chain([("新区", Zone::New)]))
});

/// The zone whose name ends at `end`.
pub(super) fn zone(text: &[char], start: usize, end: usize) -> Option<Zone> {
    let (_, zone) = ZONES_BY_LAST.at(text, start, end)?;
    // 工业园 of 工业园区.
    (text[end - 1] != '园' || text.get(end) != Some(&'区')).then_some(zone)
}

/// Whether a market's name begins with a town's that ends at `end`: 濮院毛衫市场, 织里童装城.
pub(super) fn is_market_of(text: &[char], end: usize) -> bool {
    let last = text.len().min(end + 5);
    (end + 2..=last).any(|stop| {
        matches!(ending(text, end, stop), Some((_, Sort::Market, true)))
            && text[end..stop].iter().all(|character| character.is_alphabetic() && *character != '路')
    })
}

/// Whether a part such as 三区 is part of a short name, as in 翠苑四区 and 凌云二区, but not in 天通苑东区. The stem
/// ends at `end`.
pub(super) fn is_stem_of_name(start: usize, end: usize, part: char) -> bool {
    part == '区' && end == start + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_place_in_a_place_is_cut_off() {
        for (text, first) in [
            ("萧山人民医院住院部", "萧山人民医院"),
            ("总部中心金州大厦", "总部中心"),
            ("杭州城市学院北校区", "杭州城市学院"),
            ("浙江大学玉泉校区", "浙江大学"),
            ("半山家苑北苑", "半山家苑"),
            ("绿都世贸广场写字楼", "绿都世贸广场"),
            ("华源大厦浙江飞剑科技有限公司", "华源大厦"),
            ("国际商务中心大厦", "国际商务中心大厦"),
            ("花园大酒店", "花园大酒店"),
            ("人民医院家属院", "人民医院家属院"),
            ("浙江大学附属第一医院", "浙江大学附属第一医院"),
            ("购物中心", "购物中心"),
            ("写字楼", "写字楼"),
        ] {
            let text = chars(text);
            let cut = second_place(&text, 0, text.len());
            assert_eq!(text[..cut].iter().collect::<String>(), first);
        }
    }

    #[test]
    fn names_say_what_they_are() {
        for (text, sort) in [
            ("翠苑小区", Some(Sort::Compound)),
            ("黄龙世纪广场", Some(Sort::Tower)),
            ("毛衫市场", Some(Sort::Market)),
            ("美洁日用品厂", Some(Sort::Organization)),
            ("杨家牌楼", None),
        ] {
            let text = chars(text);
            assert_eq!(sort_of(&text, 0, text.len()), sort);
        }
        let zones = [
            ("狮山工业区", Some(Zone::Sure)),
            ("工业园", Some(Zone::Yard)),
            ("振东新区", Some(Zone::New)),
            ("翠苑小区", None),
        ];
        for (text, expected) in zones {
            let text = chars(text);
            assert_eq!(zone(&text, 0, text.len()), expected);
        }
    }
}
