//! Characters of names that look alike: what is misread from a form or mistaken in a list of candidates.

use std::sync::LazyLock;

/// Groups of characters that are taken for one another by their shape.
const GROUPS: &str = "己已巳 戊戌戍戎 未末 候侯 杨扬 晴睛 佑佐 凤风 春舂 尤龙 辩辨辫瓣 徐除 瑞端 晓哓骁 洪供 日曰 土士 千干于 人入 大太犬 王玉 田由甲申 刀力 天夭 今令 贝见 \
冉再 辛幸 卓桌 旻昱 昱翌 祎袆 祯桢 琦绮倚 琪淇棋 钰珏 妍研 媛援缓 栋拣 淑椒 彬杉 柳抑 汪江 沈沉 毅义 玫枚 玲铃 莹萤莺 苗茁 菁箐 菲韭 萍苹 薇微 蕾雷 蓉容 \
莎沙 莲连 茜西 荣荥 景影 昊吴 宇字 宁宇 宏宠 峰蜂 峻俊骏竣 伟纬 佳住 俏悄 儒懦 亮亭 享亨 凯岂 刚钢 利和 勇男 勤勒 北比 博搏傅 卿乡 厚原 友发 叶汁 吉古 \
君居 启后 嘉喜 园圆 坤绅 培陪 夏复 子孑 宪选 少小 尚向 岳缶 川州 希布 帅师 平乎 康庚 建健 强疆 彦颜 恩思 恒桓 悦说 成戌 斌赋 旭旬 明朋 昌晶 晨农 朝潮 \
松柏 柏伯 梅海 梓样 楠南 民氏 永水 沛市 波坡 泽译 洁浩 洋样 涛寿 润闰 清请 源原 滨宾 潇萧 炜玮 焕换 熙照 爱受 牛午 珊删 珍诊 琳林 瑶谣 璐路 矫娇 福副 \
秀季 素索 维难 翔羊 翠萃 联耽 良艮 英央 范苑 茹如 虎虚 裕浴 诗诸 贤肾 贵遗 赫赦 超起 越赵 辉晖 迪油 逸免 邦郑 铭名 锋峰 闫闰 阎闾 雨两 霖霜 青责 顺须 \
颖颍 飞乙 鸣呜 鹏朋 祥样 达迖";

/// Pairs of groups, both ways, sorted.
static PAIRS: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let mut pairs = Vec::new();
    for group in GROUPS.split_whitespace() {
        for a in group.chars() {
            pairs.extend(group.chars().filter(|b| *b != a).map(|b| (u32::from(a), u32::from(b))));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
});

/// Whether two characters look alike.
pub(super) fn alike(a: u32, b: u32) -> bool {
    PAIRS.binary_search(&(a, b)).is_ok()
}
