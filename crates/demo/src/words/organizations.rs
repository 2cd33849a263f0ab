//! Names of organizations.

use crate::draw::scatter;

const FIRST: &[&str] = &[
    "鑫", "宏", "华", "德", "恒", "瑞", "盛", "泰", "兴", "永", "嘉", "金", "博", "远", "汇", "众", "弘", "普", "卓",
    "智", "信", "诚", "安", "佳", "康", "同", "启", "凯", "隆", "骏", "晟", "睿", "联", "中", "天", "聚", "锐", "雅",
    "正", "海", "创", "亿", "拓", "优", "悦", "尚", "蓝", "翰", "铭", "源",
];
const SECOND: &[&str] = &[
    "达", "源", "盛", "泰", "丰", "通", "和", "润", "业", "辉", "诚", "昌", "利", "发", "顺", "嘉", "景", "科", "信",
    "邦", "元", "航", "雅", "程", "腾", "圣", "茂", "洋", "宇", "飞", "宸", "图", "峰", "霖", "佑", "亨", "捷", "凌",
    "启", "朗", "奥", "格", "思", "维", "创", "越", "诺", "泽", "康", "森",
];
const TRADE: &[(&str, &str)] = &[
    ("科技", "科技推广和应用服务业"),
    ("信息技术", "软件和信息技术服务业"),
    ("商贸", "批发业"),
    ("餐饮管理", "餐饮业"),
    ("文化传媒", "文化艺术业"),
    ("建筑装饰", "建筑装饰和其他建筑业"),
    ("教育咨询", "教育"),
    ("医疗器械", "专用设备制造业"),
    ("房地产经纪", "房地产业"),
    ("物流", "道路运输业"),
    ("广告", "商务服务业"),
    ("汽车服务", "机动车、电子产品和日用产品修理业"),
    ("环保工程", "生态保护和环境治理业"),
    ("人力资源", "商务服务业"),
    ("健康管理", "卫生"),
    ("生物科技", "研究和试验发展"),
    ("电子", "计算机、通信和其他电子设备制造业"),
    ("服装", "零售业"),
    ("保洁服务", "居民服务业"),
    ("家政服务", "居民服务业"),
];
const SHOP: &[(&str, &str)] = &[
    ("小吃店", "餐饮业"),
    ("超市", "零售业"),
    ("理发店", "居民服务业"),
    ("水果店", "零售业"),
    ("药店", "零售业"),
    ("烟酒店", "零售业"),
    ("面馆", "餐饮业"),
    ("五金店", "零售业"),
    ("洗衣店", "居民服务业"),
    ("便利店", "零售业"),
    ("美甲店", "居民服务业"),
    ("打字复印部", "商务服务业"),
    ("家电维修部", "修理业"),
    ("花店", "零售业"),
    ("文具店", "零售业"),
    ("火锅店", "餐饮业"),
];
const SOCIAL: &[&str] = &[
    "社区服务中心",
    "老年协会",
    "志愿服务队",
    "书画协会",
    "调解服务中心",
    "儿童成长中心",
    "社会工作事务所",
    "助残服务中心",
];

fn stem(number: u64) -> String {
    let stems = (FIRST.len() * SECOND.len()) as u64;
    let place = scatter(number % stems, 1_201, stems) as usize;
    let mut stem = format!("{}{}", FIRST[place % FIRST.len()], SECOND[place / FIRST.len()]);
    // A third character once the pairs are used up.
    let mut rest = number / stems;
    while rest > 0 {
        stem.push_str(SECOND[rest as usize % SECOND.len()]);
        rest /= SECOND.len() as u64;
    }
    stem
}

/// Company number `number`: name and industry.
pub fn company_name(number: u64) -> (String, &'static str) {
    let (trade, industry) = TRADE[number as usize % TRADE.len()];
    (format!("北京{}{trade}有限公司", stem(number / TRADE.len() as u64)), industry)
}

/// Shop number `number`: name and industry.
pub fn shop_name(number: u64, district: &str) -> (String, &'static str) {
    let (shop, industry) = SHOP[number as usize % SHOP.len()];
    (format!("北京市{district}{}{shop}", stem(number / SHOP.len() as u64)), industry)
}

/// A social organization of a community.
pub fn social_name(community: &str, town: &str, number: u64) -> String {
    format!("北京市{town}{community}{}", SOCIAL[number as usize % SOCIAL.len()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_companies_share_a_name() {
        let mut names = BTreeSet::new();
        for number in 0..200_000 {
            assert!(names.insert(company_name(number).0), "{number}");
        }
    }
}
