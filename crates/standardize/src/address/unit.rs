//! The words after numbers, and what they say a number numbers.

use super::asides;
use super::numerals::{is_chinese_numeral, read};
use super::words;

/// What a number numbers, by the word after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 号: a door, a building or a room, by what stands before.
    Door,
    /// 号院.
    Yard,
    /// 弄.
    Lane,
    /// 号楼, 幢, 栋, 座.
    House,
    /// 号厂房, 号车间: kept as written.
    Hall(&'static str),
    /// 楼: a building or a floor.
    HouseOrFloor,
    /// `#`: the next level.
    Hash,
    /// 单元, 门.
    Cell,
    /// 层, F.
    Floor,
    /// 室, 户, 房.
    Room,
    /// 米: a distance.
    Distance,
    /// A word that makes the number part of a name: 号线, 区, 期.
    Name,
    /// No word.
    None,
}

const HALLS: [&str; 9] = ["宿舍楼", "教学楼", "办公楼", "公寓楼", "厂房", "车间", "仓库", "宿舍", "公寓"];

/// Words after a stall's or shop's number.
const STALLS: [&str; 12] = ["档口", "铺位", "商铺", "店面", "店铺", "门面", "摊位", "柜台", "卡位", "档", "铺", "摊"];

/// The unit at `at`, and where it ends.
pub(super) fn unit(text: &[char], at: usize) -> (Unit, usize) {
    let Some(&first) = text.get(at) else { return (Unit::None, at) };
    let second = text.get(at + 1).copied();
    let third = text.get(at + 2).copied();
    match first {
        '号' => door_unit(text, at),
        '#' => match second {
            Some('楼' | '院') if third != Some('层') => {
                (if second == Some('院') { Unit::Yard } else { Unit::House }, at + 2)
            }
            _ => (Unit::Hash, at + 1),
        },
        '楼' => match second {
            Some('栋' | '幢' | '座') => (Unit::House, at + 2),
            Some('层') => (Unit::Floor, at + 2),
            _ => (Unit::HouseOrFloor, at + 1),
        },
        '幢' | '栋' | '座' => (Unit::House, at + 1 + usize::from(second == Some('楼'))),
        '舍' if at > 0 && text[at - 1].is_ascii_digit() => (Unit::House, at + 1),
        '塔' if at > 0 && text[at - 1].is_ascii_alphanumeric() => {
            (Unit::House, at + 1 + usize::from(matches!(second, Some('楼' | '座'))))
        }
        '单' if second == Some('元') => (Unit::Cell, at + 2 + usize::from(third == Some('门'))),
        '单' if second.is_none_or(|next| next.is_ascii_digit() || is_chinese_numeral(next) || next == '-') => {
            (Unit::Cell, at + 1)
        }
        '门' if is_gate(text, at) => (Unit::Cell, at + 1 + usize::from(second == Some('洞'))),
        '层' => (Unit::Floor, at + 1),
        'F' if !second.is_some_and(|next| next.is_ascii_alphabetic()) => (Unit::Floor, at + 1),
        // 户籍, 户主 begin a note.
        '户' if matches!(second, Some('籍' | '主' | '口')) => (Unit::None, at),
        '室' | '户' => (Unit::Room, at + 1),
        '房' if matches!(second, Some('间' | '室')) || asides::is_filled(text, at + 1) => {
            (Unit::Room, at + 1 + usize::from(matches!(second, Some('间' | '室'))))
        }
        '档' | '铺' | '店' | '商' | '摊' | '柜' | '卡' if words::any(text, at, &STALLS) > 0 => {
            (Unit::Room, at + words::any(text, at, &STALLS))
        }
        '弄' => (Unit::Lane, at + 1),
        '院' if (at > 0 && text[at - 1].is_ascii_digit() && second != Some('区'))
            || second.is_none_or(|next| {
                next.is_ascii_alphanumeric() || matches!(next, '内' | '(' | '-') || is_chinese_numeral(next)
            }) =>
        {
            (Unit::Yard, at + 1)
        }
        '米' => (Unit::Distance, at + 1 + usize::from(second == Some('处'))),
        '公' if second == Some('里') => (Unit::Distance, at + 2),
        '区' | '期' | '里' | '条' | '街' | '路' | '巷' | '组' | '队' | '社' | '村' | '道' | '国' | '省' | '县'
        | '乡' | '段' | '环' => (Unit::Name, at),
        _ => (Unit::None, at),
    }
}

/// Whether 门 at `at` counts units, and does not begin a word: 10号门楼广场, 5号门口.
fn is_gate(text: &[char], at: usize) -> bool {
    text.get(at + 1).is_none_or(|next| {
        next.is_ascii_alphanumeric()
            || is_chinese_numeral(*next)
            || matches!(next, '洞' | '-' | '/' | '(' | '、' | '第')
    }) || (text.get(at + 1) != Some(&'口') && asides::begins_aside(text, at + 1, at + 1, true))
}

/// Whether the number at `at` is part of a name: 3区, 10号线.
pub(super) fn is_name_number(text: &[char], at: usize) -> bool {
    read(text, at).is_none_or(|number| unit(text, number.end).0 == Unit::Name)
}

/// Whether `start..end` is the number of a floor, a room, a unit or a building, with its word.
pub(super) fn is_inner(text: &[char], start: usize, end: usize) -> bool {
    read(text, start).is_some_and(|number| match unit(text, number.end) {
        (Unit::Floor | Unit::HouseOrFloor | Unit::Room | Unit::Cell | Unit::House, last) => last == end,
        _ => false,
    })
}

/// 号 and what may follow it.
fn door_unit(text: &[char], at: usize) -> (Unit, usize) {
    let second = text.get(at + 1).copied();
    let third = text.get(at + 2).copied();
    if let Some(hall) = HALLS.iter().find(|hall| words::has(text, at + 1, hall)) {
        return (Unit::Hall(hall), at + 1 + hall.chars().count());
    }
    if let length @ 1.. = words::any(text, at + 1, &STALLS) {
        return (Unit::Room, at + 1 + length);
    }
    match second {
        Some('楼') => (Unit::House, at + 2 + usize::from(matches!(third, Some('栋' | '幢' | '座')))),
        Some('幢' | '栋' | '座') => (Unit::House, at + 2),
        Some('院') if matches!(third, Some('巷' | '路' | '街' | '胡')) => (Unit::Name, at),
        Some('院') => (Unit::Yard, at + 2),
        Some('大') if third == Some('院') && asides::is_filled(text, at + 3) => (Unit::Yard, at + 3),
        Some('房') if matches!(third, Some('间' | '室')) || asides::is_filled(text, at + 2) => {
            (Unit::Room, at + 2 + usize::from(matches!(third, Some('间' | '室'))))
        }
        Some('户') if matches!(third, Some('籍' | '主' | '口')) => (Unit::Door, at + 1),
        Some('室' | '户') => (Unit::Room, at + 2),
        Some('单') if third == Some('元') => (Unit::Cell, at + 3),
        Some('门') if is_gate(text, at + 1) => (Unit::Cell, at + 2),
        // 6号大街, 3号路, 2号支路 are roads; 6号路口, 14号街面房 are doors.
        Some('大') if matches!(third, Some('街' | '道' | '路')) => (Unit::Name, at),
        Some('支') if third == Some('路') => (Unit::Name, at),
        Some('路') if !matches!(third, Some('口' | '边' | '旁' | '东' | '西' | '南' | '北' | '对')) => {
            (Unit::Name, at)
        }
        Some('街') if !matches!(third, Some('道' | '面' | '口')) => (Unit::Name, at),
        Some('公') if matches!(third, Some('路' | '馆')) => (Unit::Name, at),
        Some('小') if third == Some('区') => (Unit::Name, at),
        Some('地') if third != Some('下') => (Unit::Name, at),
        Some('线' | '桥' | '口' | '井' | '店' | '馆' | '厅' | '坑' | '闸') => (Unit::Name, at),
        _ => (Unit::Door, at + 1),
    }
}
