//! Words that say where something is without naming it, and words about people.

use std::sync::LazyLock;

use super::numerals::is_chinese_numeral;
use super::words::{Words, is_direction};

/// Words that place something relative to what is named before.
static RELATIVE: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "附近",
        "周边",
        "周围",
        "对面",
        "对过",
        "斜对面",
        "旁边",
        "隔壁",
        "门口",
        "路口",
        "交叉口",
        "交汇处",
        "交汇",
        "交口",
        "十字路口",
        "丁字路口",
        "之间",
        "以东",
        "以西",
        "以南",
        "以北",
        "往东",
        "往西",
        "往南",
        "往北",
        "往前",
        "向东",
        "向西",
        "向南",
        "向北",
        "东侧",
        "西侧",
        "南侧",
        "北侧",
        "东面",
        "西面",
        "南面",
        "北面",
        "拐角",
        "楼下",
        "楼上",
        "底商",
        "门前",
        "院外",
        "交界",
        "路段",
        "路边",
        "边上",
        "左边",
        "右边",
        "对门",
        "斜对门",
        "路东",
        "路西",
        "路南",
        "路北",
        "东边",
        "西边",
        "南边",
        "北边",
        "后面",
        "前面",
        "里面",
        "外面",
        "背后",
        "楼后",
        "楼前",
        "大门口",
        "马路对面",
        "向里",
        "往里",
        "巷内",
        "进去",
        "左转",
        "右转",
        "左拐",
        "右拐",
        "直走",
    ])
});

/// Words that begin a note about people, not a place.
static NOTES: LazyLock<Words> = LazyLock::new(|| {
    Words::new(&[
        "业主",
        "租户",
        "租客",
        "住户",
        "户籍",
        "户主",
        "现住",
        "暂住",
        "常住",
        "反映",
        "电联",
        "联系",
        "有人",
        "物业办",
        "集群",
        "收件",
        "收货",
        "姓名",
        "地址",
        "所在地区",
        "详细地址",
        "先生",
        "女士",
        "小姐",
        "师傅",
        "电话",
        "手机",
        "转交",
        "自编",
        "邮编",
        "身份证",
        "请",
        "快递",
        "代收",
        "来电",
        "投诉",
        "微信",
        "旺旺",
        "备注",
        "务必",
        "麻烦",
        "谢谢",
        "送货",
        "自提",
        "签收",
        "打电话",
        "上门",
    ])
});

/// Words after a surname.
static TITLES: LazyLock<Words> = LazyLock::new(|| Words::new(&["先生", "女士", "小姐", "师傅"]));

/// Whether words that name no place begin at `at`, in a name that began at `start`.
pub(super) fn begins_aside(text: &[char], start: usize, at: usize, after_name: bool) -> bool {
    let Some(&character) = text.get(at) else { return false };
    // 衙门口 is a place.
    let is_gate = character == '门' && text.get(at + 1) == Some(&'口') && at == start + 1;
    if (RELATIVE.begin_at(text, at) && !is_gate) || NOTES.begin_at(text, at) {
        return true;
    }
    // 王先生: the surname belongs to the note.
    if TITLES.begin_at(text, at + 1) {
        return true;
    }
    if character == '旁' && text.get(at + 1).is_none_or(|next| *next == '(') {
        return true;
    }
    // 东门, 北口 at a name's end; 西门子 and 东直门 are names.
    is_direction(character)
        && after_name
        && (at == start || at >= start + 2)
        && matches!(text.get(at + 1), Some('门' | '口' | '边' | '头'))
        && (text.get(at + 2).is_none_or(|next| matches!(next, '外' | '内' | '旁' | '对' | '附' | '往' | '('))
            || NOTES.begin_at(text, at + 2))
}

/// The hundred commonest surnames.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚\
                        卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";

/// Whether `start..end` is somebody's name: two or three characters before a phone's number, or before 收.
pub(super) fn is_person(text: &[char], start: usize, end: usize) -> bool {
    let receives = text[end - 1] == '收';
    let last = if receives { end - 1 } else { end };
    let phones = || text[end..].iter().take(11).take_while(|character| character.is_ascii_digit()).count() >= 7;
    (start + 2..=start + 3).contains(&last) && (receives || phones()) && SURNAMES.contains(text[start])
}

/// Whether a number, a bracket, a note or nothing stands at `at`, so that 内 before it is no part of a name such as
/// 内务府.
pub(super) fn is_filled(text: &[char], at: usize) -> bool {
    text.get(at)
        .is_none_or(|next| next.is_ascii_alphanumeric() || next.is_ascii_punctuation() || is_chinese_numeral(*next))
        || begins_aside(text, at, at, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_places_and_notes_are_no_names() {
        for (text, place) in [
            ("方恒国际东门", Some(4)),
            ("西门子大厦", None),
            ("东直门", None),
            ("方恒国际附近", Some(4)),
            ("门口", Some(0)),
            ("小区王先生", Some(2)),
            ("家园业主反映", Some(2)),
        ] {
            let text = text.chars().collect::<Vec<char>>();
            assert_eq!(
                (0..text.len()).find(|at| begins_aside(&text, 0, *at, *at > 0)),
                place,
                "{}",
                text.iter().collect::<String>()
            );
        }
    }
}
