//! Characters that are taken for one another.

/// Groups by sound or shape.
const ALIKE: &[&str] = &[
    "伟玮炜",
    "丽莉俐",
    "敏闽",
    "杰洁捷",
    "峰锋丰",
    "云芸耘",
    "红虹宏",
    "明铭鸣",
    "军君钧",
    "辉晖",
    "建健",
    "文雯",
    "婷亭",
    "玉钰",
    "志智致",
    "华桦",
    "平萍",
    "英瑛",
    "梅枚",
    "燕艳",
    "霞侠",
    "秀绣",
    "慧惠",
    "涛焘",
    "浩皓昊",
    "宇羽",
    "晨辰",
    "轩萱",
    "佳嘉",
    "欣新鑫",
    "彬斌",
    "波博",
    "林琳霖",
    "荣蓉",
    "兰岚",
    "珍贞",
    "毅义",
    "睿瑞",
    "春椿",
    "阳洋",
    "芬纷",
    "勇永",
    "祥翔",
    "源远",
    "涵晗",
    "静靖",
    "强蔷",
    "娟鹃",
    "桂贵",
    "刚钢",
    "怡宜",
    "张章",
    "陈程",
    "李黎",
    "徐许",
    "吴武",
    "王汪",
    "于余",
    "付傅",
    "阎闫",
    "萧肖",
    "邱丘",
    "江姜",
    "石时",
    "袁原",
    "彭朋",
    "沈申",
    "龙尤",
    "苏书",
];

const SIMPLIFIED: &str = "张刘陈杨赵黄吴孙马郑谢许邓冯韩苏叶蒋吕卢钟谭阎贺顾龚邵万钱严汤庄龙伟丽华军刚红艳玲兰云鹏飞辉国东宁实凤莲学义卫铁锋胜杰强静";
const TRADITIONAL: &str = "張劉陳楊趙黃吳孫馬鄭謝許鄧馮韓蘇葉蔣呂盧鍾譚閻賀顧龔邵萬錢嚴湯莊龍偉麗華軍剛紅豔玲蘭雲鵬飛輝國東寧實鳳蓮學義衛鐵鋒勝傑強靜";

const COMPONENTS: &[(char, &str)] = &[
    ('玥', "（王月）"),
    ('喆', "（吉吉）"),
    ('堃', "（方方土）"),
    ('赟', "（斌贝）"),
    ('頔', "（由页）"),
    ('镕', "（钅容）"),
    ('烜', "（火宣）"),
    ('珺', "（王君）"),
    ('昕', "（日斤）"),
    ('婧', "（女青）"),
    ('祎', "（礻韦）"),
    ('玮', "（王韦）"),
];

const PINYIN: &[(char, &str)] = &[
    ('强', "qiáng"),
    ('伟', "wěi"),
    ('丽', "lì"),
    ('芳', "fāng"),
    ('静', "jìng"),
    ('军', "jūn"),
    ('杰', "jié"),
    ('娟', "juān"),
    ('涛', "tāo"),
    ('明', "míng"),
    ('超', "chāo"),
    ('霞', "xiá"),
    ('平', "píng"),
    ('刚', "gāng"),
    ('桂', "guì"),
    ('英', "yīng"),
    ('华', "huá"),
    ('玉', "yù"),
    ('秀', "xiù"),
    ('国', "guó"),
];

/// A character that sounds or looks alike.
pub fn confuse(character: char, turn: u64) -> Option<char> {
    let group = ALIKE.iter().find(|group| group.contains(character))?;
    let others = group.chars().filter(|other| *other != character).collect::<Vec<_>>();
    others.get(turn as usize % others.len().max(1)).copied()
}

/// The traditional form.
pub fn traditional(character: char) -> char {
    SIMPLIFIED
        .chars()
        .zip(TRADITIONAL.chars())
        .find(|(simplified, _)| *simplified == character)
        .map_or(character, |(_, traditional)| traditional)
}

/// How a register writes a character that its font lacks.
pub fn component_notation(character: char) -> Option<&'static str> {
    COMPONENTS.iter().find(|(rare, _)| *rare == character).map(|(_, notation)| *notation)
}

/// Pinyin with tone, for the characters that a keyboard is known to annotate.
pub fn pinyin_of(character: char) -> Option<&'static str> {
    PINYIN.iter().find(|(known, _)| *known == character).map(|(_, pinyin)| *pinyin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_and_simplified_stand_in_pairs() {
        assert_eq!(SIMPLIFIED.chars().count(), TRADITIONAL.chars().count());
        assert_eq!(traditional('刘'), '劉');
        assert_eq!(traditional('静'), '靜');
        assert_eq!(traditional('王'), '王');
    }

    #[test]
    fn a_confusion_is_another_character() {
        for group in ALIKE {
            for character in group.chars() {
                assert_ne!(confuse(character, 3), Some(character));
            }
        }
    }
}
