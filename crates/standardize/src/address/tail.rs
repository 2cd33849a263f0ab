//! Numbers and what they number: doors, buildings, units, floors, rooms, alone or joined by dashes.

use std::fmt::Write;

use jingwei_model::Level;

use super::fold::form;
use super::names::is_room_number;
use super::numerals::{Number, is_chinese_numeral, is_stem, read};
use super::parsed::Rule;
use super::scan::Scanner;
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

const HALLS: [&str; 7] = ["宿舍楼", "教学楼", "办公楼", "厂房", "车间", "仓库", "宿舍"];

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
        '室' | '户' => (Unit::Room, at + 1),
        '房' if matches!(second, Some('间' | '室')) || words::is_filled(text, at + 1) => {
            (Unit::Room, at + 1 + usize::from(matches!(second, Some('间' | '室'))))
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
    }) || (text.get(at + 1) != Some(&'口') && words::begins_aside(text, at + 1, at + 1, true))
}

/// Whether the number at `at` is part of a name: 3区, 10号线.
pub(super) fn is_name_number(text: &[char], at: usize) -> bool {
    read(text, at).is_none_or(|number| unit(text, number.end).0 == Unit::Name)
}

/// 号 and what may follow it.
fn door_unit(text: &[char], at: usize) -> (Unit, usize) {
    let second = text.get(at + 1).copied();
    let third = text.get(at + 2).copied();
    if let Some(hall) = HALLS.iter().find(|hall| words::has(text, at + 1, hall)) {
        return (Unit::Hall(hall), at + 1 + hall.chars().count());
    }
    match second {
        Some('楼') => (Unit::House, at + 2 + usize::from(matches!(third, Some('栋' | '幢' | '座')))),
        Some('幢' | '栋' | '座') => (Unit::House, at + 2),
        Some('院') => (Unit::Yard, at + 2),
        Some('大') if third == Some('院') && words::is_filled(text, at + 3) => (Unit::Yard, at + 3),
        Some('房') if matches!(third, Some('间' | '室')) || words::is_filled(text, at + 2) => {
            (Unit::Room, at + 2 + usize::from(matches!(third, Some('间' | '室'))))
        }
        Some('室' | '户') => (Unit::Room, at + 2),
        Some('单') if third == Some('元') => (Unit::Cell, at + 3),
        Some('门') if is_gate(text, at + 1) => (Unit::Cell, at + 2),
        Some('线' | '桥' | '地' | '口' | '井' | '店' | '馆' | '厅' | '公' | '坑' | '闸') => (Unit::Name, at),
        _ => (Unit::Door, at + 1),
    }
}

/// A number on a road: 6号, 甲6号院, 6-2号, 12号附3号, 1027弄.
#[derive(Debug, Clone, Copy)]
struct Door {
    end: usize,
    number: Number,
    stem: Option<char>,
    /// A second number, and the sign before it.
    sub: Option<(char, Number)>,
    lane: bool,
}

impl Door {
    fn write(&self, out: &mut String) {
        out.extend(self.stem);
        out.push_str(self.number.trimmed());
        match self.sub {
            Some(('附', sub)) => {
                let _ = write!(out, "号附{}号", sub.trimmed());
            }
            Some((_, sub)) => {
                let _ = write!(out, "-{}号", sub.trimmed());
            }
            None => out.push(if self.lane { '弄' } else { '号' }),
        }
    }

    /// Reads one; without 号 or 弄 it is none.
    fn read(text: &[char], at: usize) -> Option<Self> {
        let number = read(text, at)?;
        let mut door = Self { end: number.end, number, stem: number.stem, sub: None, lane: false };
        let mut at = number.end;
        if let Some(stem) = text.get(at).copied().filter(|stem| is_stem(*stem)) {
            door.stem = Some(stem);
            at += 1;
        } else if matches!(text.get(at), Some('-' | '之' | '附'))
            && let Some(sub) = read(text, at + 1)
        {
            door.sub = Some((if text[at] == '附' { '附' } else { '-' }, sub));
            at = sub.end;
        }
        let (unit, end) = unit(text, at);
        door.end = end;
        match unit {
            Unit::Lane if door.sub.is_none() => door.lane = true,
            Unit::Door | Unit::Yard => {}
            _ => return None,
        }
        if unit == Unit::Door && door.sub.is_none() {
            door.read_after(text);
        }
        // 号院 may be said once more: 号院内.
        if unit == Unit::Yard && text.get(door.end) == Some(&'内') && words::is_filled(text, door.end + 1) {
            door.end += 1;
        }
        Some(door)
    }

    /// 6号甲, 6号之1, 12号附3号.
    fn read_after(&mut self, text: &[char]) {
        let next = text.get(self.end).copied();
        match next {
            Some(stem) if is_stem(stem) && self.stem.is_none() => {
                let after = text.get(self.end + 1).copied();
                // 12号甲5号楼 has the building 甲5, 12号甲5室 the door 甲12.
                let counts = read(text, self.end + 1).is_some_and(|number| {
                    matches!(unit(text, number.end).0, Unit::House | Unit::HouseOrFloor | Unit::Hash)
                });
                let names_house = counts || matches!(after, Some('座' | '栋' | '楼' | '幢' | '单'));
                if !names_house {
                    self.stem = Some(stem);
                    self.end += 1;
                    if text.get(self.end) == Some(&'院') {
                        self.end += 1;
                    }
                }
            }
            Some(sign @ ('之' | '附')) => {
                if let Some(sub) = read(text, self.end + 1) {
                    self.sub = Some((if sign == '附' { '附' } else { '-' }, sub));
                    self.end = sub.end + usize::from(text.get(sub.end) == Some(&'号'));
                }
            }
            _ => {}
        }
    }
}

/// The standard form of a road number of a register; `None` if it is none.
pub(super) fn standard_roadno(text: &str) -> Option<String> {
    let mut folded: Vec<char> = text.chars().filter_map(form).collect();
    if folded.last().is_some_and(char::is_ascii_digit) {
        folded.push('号');
    }
    let door = Door::read(&folded, 0)?;
    let mut out = String::new();
    door.write(&mut out);
    Some(out)
}

fn write_house(number: &Number, out: &mut String) {
    if number.is_letters() {
        let _ = write!(out, "{}座", number.text());
    } else {
        out.extend(number.stem);
        let _ = write!(out, "{}号楼", number.trimmed());
    }
}

fn write_with(number: &Number, unit: &str, out: &mut String) {
    out.extend(number.stem);
    out.push_str(number.trimmed());
    out.push_str(unit);
}

const fn is_joint(character: char) -> bool {
    matches!(character, '-' | '/' | '、')
}

/// Numbers joined by dashes.
struct Group {
    numbers: [Option<Number>; 5],
    count: usize,
    end: usize,
}

impl Group {
    fn read(text: &[char], first: Number) -> Self {
        let mut group = Self { numbers: [Some(first), None, None, None, None], count: 1, end: first.end };
        while group.count < group.numbers.len() {
            let Some(&joint) = text.get(group.end) else { break };
            // 5一2一501: the numeral one typed for a dash.
            let typed = joint == '一'
                && text[group.end - 1].is_ascii_digit()
                && text.get(group.end + 1).is_some_and(char::is_ascii_digit);
            if !is_joint(joint) && !typed {
                break;
            }
            let Some(next) = read(text, group.end + 1) else { break };
            group.numbers[group.count] = Some(next);
            group.count += 1;
            group.end = next.end;
        }
        group
    }
}

impl Scanner<'_> {
    /// Reads a number with its unit, or numbers joined by dashes.
    pub fn number(&mut self) -> bool {
        let (text, start) = (self.text, self.at);
        if self.basement() {
            return true;
        }
        let mut at = start;
        match text[at] {
            '第' | '#' => at += 1,
            joint if is_joint(joint) && self.last.is_some_and(|last| last >= Level::Road) => at += 1,
            _ => {}
        }
        let digits = text[at..].iter().take_while(|character| character.is_ascii_digit()).count();
        if digits >= 7 || (digits == 6 && self.last.is_none()) {
            // A phone number, a postcode, an identifier.
            self.rest_to(at + digits);
            return true;
        }
        let Some(first) = read(text, at) else { return false };
        // 9511工厂联合大街: a place's name that begins with a number.
        if at == start && self.known > first.end && !matches!(self.last, Some(Level::Road | Level::Subroad)) {
            return false;
        }
        if at > start && text[start] == '第' && matches!(unit(text, first.end).0, Unit::None | Unit::Name | Unit::Door)
        {
            return false;
        }
        let begin = |scanner: &mut Self| {
            if at > start {
                scanner.drop_to(at, if text[start] == '第' { Rule::Filler } else { Rule::Separator });
            }
        };
        if let Some(level) = self.door_level()
            && let Some(door) = Door::read(text, at)
        {
            begin(self);
            self.set(level, door.end, |_, out| door.write(out));
            return true;
        }
        let group = Group::read(text, first);
        let (unit, end) = unit(text, group.end);
        if group.numbers.iter().flatten().any(|number| number.is_digits() && number.len() >= 7) {
            self.rest_to(end);
            return true;
        }
        match unit {
            Unit::Distance => {
                self.rest_to(end);
                return true;
            }
            Unit::Name => return false,
            // 三房村, 三门峡: without what they count in, these are names.
            Unit::Room if first.chinese && text[first.end] == '房' && !self.is_inside() => return false,
            Unit::Cell if first.chinese && text[first.end] == '门' && self.is_last_at_most(Level::Road) => {
                return false;
            }
            Unit::HouseOrFloor if first.chinese && self.is_last_at_most(Level::Town) => return false,
            Unit::Yard if first.chinese && text[first.end] == '院' => return false,
            _ => {}
        }
        if group.count == 1 { self.single(first, unit, end, begin) } else { self.group(&group, unit, end, begin) }
    }

    /// 负一层, 地下2层, B1层, 地下室.
    fn basement(&mut self) -> bool {
        let (text, start) = (self.text, self.at);
        let skip = match text[start] {
            '负' => 1,
            '地' if words::has(text, start, "地下室") => {
                if self.last.is_none() || self.has(Level::Floorno) {
                    return false;
                }
                self.set(Level::Floorno, start + 3, |_, out| out.push_str("地下1层"));
                return true;
            }
            '地' if words::has(text, start, "地下") => 2,
            'B' => 1,
            _ => return false,
        };
        let Some(number) = read(text, start + skip) else { return false };
        let end = match text.get(number.end) {
            Some('层' | '楼' | 'F') => number.end + 1,
            _ => return false,
        };
        if self.has(Level::Floorno) || !number.is_digits() || (text[start] == 'B' && text[number.end] == '楼') {
            return false;
        }
        self.set(Level::Floorno, end, |_, out| {
            let _ = write!(out, "地下{}层", number.trimmed());
        });
        true
    }

    /// The level of a door's number here; `None` where 号 counts buildings or rooms.
    fn door_level(&self) -> Option<Level> {
        if self.is_inside() {
            return None;
        }
        match self.last {
            Some(Level::Road) if !self.has(Level::Roadno) => Some(Level::Roadno),
            Some(Level::Subroad) if !self.has(Level::Subroadno) => Some(Level::Subroadno),
            _ if self.has(Level::Poi) || self.has(Level::Subpoi) => None,
            _ if self.has(Level::Roadno) || self.has(Level::Subroadno) => None,
            _ => Some(Level::Roadno),
        }
    }

    /// Whether buildings are numbered by doors here: 1027弄5号.
    fn is_in_lane(&self) -> bool {
        let last = if self.has(Level::Subroadno) { Level::Subroadno } else { Level::Roadno };
        self.out.form(last).is_some_and(|door| door.ends_with('弄'))
    }

    /// The building or room that a number with 号 or without a unit is here.
    fn house_or_room(&self, number: &Number, has_sign: bool) -> Option<Level> {
        if self.has(Level::Roomno) {
            return None;
        }
        if self.is_inside() {
            return Some(Level::Roomno);
        }
        if number.has_letter_first() && number.is_letters() {
            return Some(Level::Houseno);
        }
        if self.has(Level::Poi) || self.has(Level::Subpoi) || self.is_in_lane() {
            return Some(if is_room_number(number) { Level::Roomno } else { Level::Houseno });
        }
        Some(if has_sign || is_room_number(number) { Level::Roomno } else { Level::Houseno })
    }

    fn write_level(&mut self, level: Level, number: &Number, end: usize) {
        self.set(level, end, |_, out| match level {
            Level::Houseno => write_house(number, out),
            Level::Cellno => write_with(number, "单元", out),
            Level::Floorno => write_with(number, "层", out),
            Level::Roomno => write_with(number, "室", out),
            _ => write_with(number, "号", out),
        });
    }

    fn single(&mut self, number: Number, unit: Unit, end: usize, begin: impl Fn(&mut Self)) -> bool {
        let level = match unit {
            Unit::Door => self.house_or_room(&number, true),
            Unit::House => return self.house(number, end, begin),
            Unit::Hall(hall) => {
                if !self.has(Level::Houseno) {
                    begin(self);
                    self.set(Level::Houseno, end, |_, out| {
                        let _ = write!(out, "{}号{hall}", number.trimmed());
                    });
                    return true;
                }
                None
            }
            Unit::HouseOrFloor => {
                if number.has_letter_first() && !self.has(Level::Houseno) {
                    return self.house(number, end, begin);
                }
                let in_tower = self.out.form(Level::Poi).is_some_and(words::is_tower) && !self.has(Level::Subpoi);
                Some(if self.has(Level::Houseno) || self.has(Level::Cellno) || in_tower {
                    Level::Floorno
                } else {
                    Level::Houseno
                })
            }
            Unit::Hash => Some(if !self.has(Level::Houseno) {
                Level::Houseno
            } else if !self.has(Level::Cellno) && self.text.get(end).is_some_and(char::is_ascii_digit) {
                Level::Cellno
            } else {
                Level::Roomno
            }),
            Unit::Cell => Some(Level::Cellno),
            Unit::Floor => Some(Level::Floorno),
            Unit::Room => Some(Level::Roomno),
            Unit::None => return self.bare(number, begin),
            Unit::Yard | Unit::Lane | Unit::Distance | Unit::Name => None,
        };
        begin(self);
        match level {
            // 700弄41号甲.
            Some(Level::Houseno) if unit == Unit::Door => {
                let stemmed = Door::read(self.text, self.at).filter(|door| door.sub.is_none());
                let number = number.with_stem(stemmed.map_or(number.stem, |door| door.stem));
                self.write_level(Level::Houseno, &number, stemmed.map_or(end, |door| door.end));
            }
            Some(level) if !self.has(level) => self.write_level(level, &number, end),
            _ => self.rest_to(end),
        }
        true
    }

    /// A building, or a wing of the one before: 1号楼A座.
    fn house(&mut self, number: Number, end: usize, begin: impl Fn(&mut Self)) -> bool {
        begin(self);
        if !self.has(Level::Houseno) && !self.has(Level::Roomno) {
            self.write_level(Level::Houseno, &number, end);
        } else if self.last == Some(Level::Houseno) && number.is_letters() {
            self.extend(Level::Houseno, end, |out| write_house(&number, out));
        } else {
            self.rest_to(end);
        }
        true
    }

    /// A number without a unit.
    fn bare(&mut self, number: Number, begin: impl Fn(&mut Self)) -> bool {
        let next = self.text.get(number.end).copied();
        let is_end = next.is_none_or(|next| !next.is_alphanumeric())
            || words::begins_aside(self.text, number.end, number.end, true);
        // Numerals and letters without a unit are words, but for the room that ends an address.
        if number.chinese && !(is_end && (self.is_inside() || number.len() >= 3)) {
            return false;
        }
        if number.is_letters() && !(is_end && self.has(Level::Poi)) {
            return false;
        }
        let level = match self.last {
            // 北四路12小区.
            Some(Level::Road) if words::any(self.text, number.end, &["小区", "社区", "大院", "艺术区"]) > 0 => {
                return false;
            }
            Some(Level::Road) if !self.has(Level::Roadno) && !self.has(Level::Poi) => Some(Level::Roadno),
            Some(Level::Subroad) if !self.has(Level::Subroadno) && !self.has(Level::Poi) => Some(Level::Subroadno),
            Some(Level::Community) if is_end => Some(Level::Roadno),
            // 11号9511工厂联合新城: a name that begins with a number.
            Some(Level::Roadno | Level::Subroadno) if !is_end => return false,
            Some(last) if last >= Level::Roadno && last != Level::Subroad => self.house_or_room(&number, false),
            // 798艺术区.
            _ if !is_end => return false,
            _ => None,
        };
        begin(self);
        match level {
            // 158甲2门: the stem is the door's.
            Some(level @ (Level::Roadno | Level::Subroadno))
                if !self.has(level) && next.is_some_and(is_stem) && number.stem.is_none() =>
            {
                let number = number.with_stem(next);
                self.write_level(level, &number, number.end + 1);
            }
            Some(level) if !self.has(level) => self.write_level(level, &number, number.end),
            _ => self.rest_to(number.end),
        }
        true
    }

    /// Numbers joined by dashes: building, unit, floor and room from the left, by how many there are and what stands
    /// before them.
    fn group(&mut self, group: &Group, unit: Unit, end: usize, begin: impl Fn(&mut Self)) -> bool {
        let [Some(first), Some(second), third, fourth, fifth] = group.numbers else { return false };
        begin(self);
        let numbers = [Some(first), Some(second), third, fourth];
        if fifth.is_some() {
            self.rest_to(end);
            return true;
        }
        // 1-10幢, 5-6号楼, 1-2层, 501-502室 are one level each.
        let range = match unit {
            Unit::House | Unit::HouseOrFloor | Unit::Hash if group.count == 2 && !self.has(Level::Houseno) => {
                Some((Level::Houseno, "号楼"))
            }
            Unit::Floor if group.count == 2 => Some((Level::Floorno, "层")),
            Unit::Cell if group.count == 2 && self.has(Level::Houseno) => Some((Level::Cellno, "单元")),
            Unit::Room | Unit::None | Unit::Door
                if group.count == 2
                    && is_room_number(&first)
                    && (self.has(Level::Cellno) || is_room_number(&second)) =>
            {
                Some((Level::Roomno, "室"))
            }
            _ => None,
        };
        if let Some((level, kind)) = range {
            if self.has(level) {
                self.rest_to(end);
            } else {
                self.set(level, end, |_, out| {
                    let _ = write!(out, "{}-{}{kind}", first.trimmed(), second.trimmed());
                });
            }
            return true;
        }
        let levels = self.group_levels(group.count, unit, &second);
        // The unit after the last number belongs to it.
        for (place, (number, level)) in numbers.iter().flatten().zip(levels).enumerate() {
            let end = if place + 1 == group.count { end } else { number.end };
            if self.has(level) {
                self.rest_to(end);
            } else if level == Level::Houseno && number.is_letters() {
                self.set(level, end, |_, out| write_house(number, out));
            } else {
                self.write_level(level, number, end);
            }
            if place + 1 < group.count {
                self.drop_to(self.at + 1, Rule::Separator);
            }
        }
        true
    }

    fn group_levels(&self, count: usize, unit: Unit, second: &Number) -> [Level; 4] {
        use Level::{Cellno, Floorno, Houseno, Roadno, Roomno};
        let on_road = matches!(self.last, Some(Level::Road)) && !self.has(Roadno) && !self.has(Level::Poi);
        let first = if on_road { Roadno } else { Houseno };
        let to_unit = unit == Unit::Cell;
        let room_ends = matches!(unit, Unit::Room | Unit::Door) || is_room_number(second);
        if self.has(Cellno) {
            return [Floorno, Roomno, Roomno, Roomno];
        }
        if self.has(Houseno) {
            return match count {
                2 => [Cellno, Roomno, Roomno, Roomno],
                _ => [Cellno, Floorno, Roomno, Roomno],
            };
        }
        match count {
            2 if to_unit || !room_ends => [first, Cellno, Roomno, Roomno],
            2 => [first, Roomno, Roomno, Roomno],
            3 if to_unit => [Roadno, Houseno, Cellno, Roomno],
            3 => [first, Cellno, Roomno, Roomno],
            _ if on_road => [Roadno, Houseno, Cellno, Roomno],
            _ => [Houseno, Cellno, Floorno, Roomno],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::standard_roadno;

    #[test]
    fn doors_have_one_form() {
        for (written, form) in [
            ("6号", "6号"),
            ("６号院", "6号"),
            ("六号", "6号"),
            ("甲6号", "甲6号"),
            ("6号甲", "甲6号"),
            ("6甲号", "甲6号"),
            ("6-2号", "6-2号"),
            ("6号之2", "6-2号"),
            ("12号附3号", "12号附3号"),
            ("1027弄", "1027弄"),
            ("06", "6号"),
            ("甲6号院", "甲6号"),
        ] {
            assert_eq!(standard_roadno(written).as_deref(), Some(form), "{written}");
        }
        assert_eq!(standard_roadno("5号楼"), None);
    }
}
