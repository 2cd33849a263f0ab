//! Names of roads and compounds: each number has a name that no other has.

use crate::draw::scatter;

const FIRST: &[&str] = &[
    "望", "锦", "瑞", "翠", "碧", "云", "龙", "凤", "观", "静", "和", "福", "康", "安", "新", "永", "长", "天", "紫",
    "银", "玉", "江", "海", "星", "月", "华", "御", "嘉", "景", "春", "秋", "清", "明",
];
const SECOND: &[&str] = &[
    "湖", "泉", "都", "府", "源", "岸", "悦", "林", "港", "湾", "苑", "澜", "城", "馨", "枫", "竹", "棠", "松", "兰",
    "禧",
];
const ENDING: &[&str] = &[
    "家园",
    "花园",
    "嘉园",
    "雅苑",
    "名苑",
    "新居",
    "佳苑",
    "小区",
    "公寓",
    "华庭",
    "庭院",
    "名邸",
    "国际公寓",
    "丽景",
    "雅居",
    "绿洲",
    "名都",
    "华府",
];
const PART: &[&str] = &["", "一区", "二区", "三区", "东区", "西区", "南区", "北区", "四区", "五区"];

/// The name of compound number `number`, and the part of it where it has parts.
pub fn compound_name(number: u64) -> (String, &'static str) {
    let stems = (FIRST.len() * SECOND.len() * ENDING.len()) as u64;
    let stem = scatter(number % stems, 7_919, stems) as usize;
    let name = format!(
        "{}{}{}",
        FIRST[stem % FIRST.len()],
        SECOND[stem / FIRST.len() % SECOND.len()],
        ENDING[stem / FIRST.len() / SECOND.len()]
    );
    (name, PART[(number / stems) as usize % PART.len()])
}

const ROAD_FIRST: &[&str] = &[
    "阜", "广", "宏", "惠", "建", "景", "康", "利", "南", "平", "启", "庆", "仁", "荣", "盛", "泰", "通", "文", "祥",
    "兴", "旭", "学", "延", "阳", "益", "育", "远", "育慧", "承", "崇", "德", "东", "丰",
];
const ROAD_SECOND: &[&str] = &[
    "成", "达", "德", "丰", "光", "和", "华", "辉", "吉", "嘉", "坤", "乐", "民", "宁", "清", "荣", "盛", "顺", "泰",
    "通", "旺", "业", "义", "元", "苑", "泽", "治", "众",
];
const ROAD_ENDING: &[&str] = &[
    "路",
    "街",
    "东路",
    "西路",
    "南路",
    "北路",
    "东街",
    "西街",
    "南街",
    "北街",
    "大街",
    "中路",
    "胡同",
    "东大街",
    "西大街",
];

/// The name of road number `number`.
pub fn road_name(number: u64) -> String {
    let names = (ROAD_FIRST.len() * ROAD_SECOND.len() * ROAD_ENDING.len()) as u64;
    let place = scatter(number % names, 6_101, names) as usize;
    // Beyond the stock, roads are numbered, as in new districts.
    let numbered = match number / names {
        0 => "",
        1 => "一",
        2 => "二",
        3 => "三",
        _ => "四",
    };
    format!(
        "{}{}{numbered}{}",
        ROAD_FIRST[place % ROAD_FIRST.len()],
        ROAD_SECOND[place / ROAD_FIRST.len() % ROAD_SECOND.len()],
        ROAD_ENDING[place / ROAD_FIRST.len() / ROAD_SECOND.len()]
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_compounds_or_roads_share_a_name() {
        let mut compounds = BTreeSet::new();
        for number in 0..60_000 {
            assert!(compounds.insert(compound_name(number)), "{number}");
        }
        let mut roads = BTreeSet::new();
        for number in 0..50_000 {
            assert!(roads.insert(road_name(number)), "{number}: {}", road_name(number));
        }
    }
}
