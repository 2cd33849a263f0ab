//! Names of persons.

use crate::draw::Draw;

/// Surnames with their share in a thousand.
const SURNAMES: &[(&str, f64)] = &[
    ("王", 72.0),
    ("李", 71.0),
    ("张", 67.0),
    ("刘", 53.0),
    ("陈", 45.0),
    ("杨", 31.0),
    ("赵", 22.0),
    ("黄", 21.0),
    ("周", 19.0),
    ("吴", 19.0),
    ("徐", 15.0),
    ("孙", 15.0),
    ("胡", 13.0),
    ("朱", 13.0),
    ("高", 12.0),
    ("林", 11.0),
    ("何", 11.0),
    ("郭", 11.0),
    ("马", 11.0),
    ("罗", 9.0),
    ("梁", 8.0),
    ("宋", 8.0),
    ("郑", 8.0),
    ("谢", 7.5),
    ("韩", 7.0),
    ("唐", 7.0),
    ("冯", 6.5),
    ("于", 6.5),
    ("董", 6.0),
    ("萧", 1.0),
    ("肖", 5.0),
    ("程", 5.5),
    ("曹", 5.5),
    ("袁", 5.0),
    ("邓", 5.0),
    ("许", 5.0),
    ("傅", 4.0),
    ("付", 2.0),
    ("沈", 4.5),
    ("曾", 4.5),
    ("彭", 4.5),
    ("吕", 4.5),
    ("苏", 4.0),
    ("卢", 4.0),
    ("蒋", 4.0),
    ("蔡", 4.0),
    ("贾", 4.0),
    ("丁", 3.8),
    ("魏", 4.5),
    ("薛", 3.5),
    ("叶", 3.8),
    ("阎", 1.5),
    ("闫", 2.5),
    ("余", 3.5),
    ("潘", 3.5),
    ("杜", 3.8),
    ("戴", 3.0),
    ("夏", 3.0),
    ("钟", 3.0),
    ("汪", 3.2),
    ("田", 3.5),
    ("任", 3.2),
    ("姜", 3.2),
    ("范", 3.2),
    ("方", 3.0),
    ("石", 3.0),
    ("姚", 3.0),
    ("谭", 3.0),
    ("廖", 2.8),
    ("邹", 2.6),
    ("熊", 2.5),
    ("金", 3.0),
    ("陆", 2.6),
    ("郝", 2.6),
    ("孔", 2.2),
    ("白", 2.6),
    ("崔", 2.8),
    ("康", 2.2),
    ("毛", 2.2),
    ("邱", 2.2),
    ("秦", 2.4),
    ("江", 2.4),
    ("史", 2.2),
    ("顾", 2.2),
    ("侯", 2.2),
    ("邵", 2.0),
    ("孟", 2.2),
    ("龙", 1.8),
    ("万", 2.0),
    ("段", 2.0),
    ("雷", 1.9),
    ("钱", 2.0),
    ("汤", 1.8),
    ("尹", 1.8),
    ("黎", 1.6),
    ("易", 1.6),
    ("常", 1.8),
    ("武", 1.8),
    ("乔", 1.6),
    ("贺", 1.7),
    ("赖", 1.4),
    ("龚", 1.5),
    ("文", 1.5),
    ("庞", 1.2),
    ("樊", 1.2),
    ("殷", 1.1),
    ("施", 1.3),
    ("洪", 1.2),
    ("翟", 1.0),
    ("安", 1.2),
    ("倪", 1.0),
    ("严", 1.2),
    ("牛", 1.2),
    ("温", 1.0),
    ("芦", 0.8),
    ("季", 0.9),
    ("俞", 0.9),
    ("章", 0.9),
    ("鲁", 0.9),
    ("葛", 0.9),
    ("伍", 0.8),
    ("申", 0.9),
    ("单", 0.4),
    ("仇", 0.2),
    ("区", 0.2),
    ("解", 0.3),
    ("查", 0.3),
    ("朴", 0.3),
    ("盖", 0.2),
    ("任", 0.5),
    ("欧阳", 0.7),
    ("司马", 0.1),
    ("诸葛", 0.1),
    ("上官", 0.2),
    ("皇甫", 0.1),
    ("尉迟", 0.05),
];

/// Given names: men before and after 1975, women before and after 1975; all single characters.
const MEN_OLD: &str = "国建军志强文明德福永庆贵生根发富民树松山海江河林峰东云成新荣春祥宏光玉振学礼义忠孝卫红兵铁柱长喜宝全有万世绍金银石顺";
const MEN_YOUNG: &str = "伟杰涛超鹏飞斌宇浩凯健俊帅辉磊博轩泽睿子梓昊然嘉铭天佑皓航瑞毅恒阳鑫晨旭洋翔翰哲思源一诺奕霖煜烁坤乾启晓明亮彬彪晖霄峻逸景";
const WOMEN_OLD: &str = "秀英桂兰玉珍淑华芳凤梅素琴云莲真荣爱香月彩春菊惠红霞萍翠芬金银巧美玲敏桃杏枝志文雅淑贤慧琳淑";
const WOMEN_YOUNG: &str = "娜静丽艳娟婷雪颖露瑶怡雁蓓眉琳蕊薇菁梦岚婕馨韵融园咏聪澜纯悦昭冰爽希宁欣柔晓枫芸菲依可舒影诗涵雨子梓语桐若萱妍佳嘉思琪莹";
/// Characters that old fonts and code pages lack, or that few can read.
const RARE: &str = "玥喆堃赟頔镕烜珺昕婧祎䶮㐀𠮷";

/// A surname.
pub fn surname(draw: &mut Draw) -> &'static str {
    SURNAMES[draw.weighted(SURNAMES.iter().map(|(_, share)| *share))].0
}

/// A given name of one or two characters.
pub fn given_name(draw: &mut Draw, male: bool, born: i32) -> String {
    let old = born < 1975;
    let stock = match (male, old) {
        (true, true) => MEN_OLD,
        (true, false) => MEN_YOUNG,
        (false, true) => WOMEN_OLD,
        (false, false) => WOMEN_YOUNG,
    };
    let count = stock.len() as u64 / 3;
    let at = |place: u64| stock.chars().nth(place as usize).unwrap_or('文');
    // The first characters of a stock are the usual ones.
    let one = |draw: &mut Draw| {
        let place = (draw.unit() * draw.unit().sqrt() * count as f64) as u64;
        at(place)
    };
    let mut name = String::new();
    name.push(one(draw));
    let single = match (old, born >= 1990) {
        (true, _) => 0.18,
        (false, false) => 0.38,
        (false, true) => 0.2,
    };
    if !draw.chance(single) {
        name.push(if draw.chance(0.012) {
            RARE.chars().nth(draw.below(14) as usize).unwrap_or('玥')
        } else {
            one(draw)
        });
    }
    name
}

/// Ethnic groups with their share in a thousand, as in the capital.
const ETHNICITIES: &[(&str, f64)] = &[
    ("汉族", 955.0),
    ("满族", 21.0),
    ("回族", 13.0),
    ("蒙古族", 5.0),
    ("朝鲜族", 3.0),
    ("土家族", 1.5),
    ("壮族", 1.0),
    ("苗族", 0.8),
    ("维吾尔族", 0.5),
];

/// An ethnic group.
pub fn ethnicity(draw: &mut Draw) -> &'static str {
    ETHNICITIES[draw.weighted(ETHNICITIES.iter().map(|(_, share)| *share))].0
}
