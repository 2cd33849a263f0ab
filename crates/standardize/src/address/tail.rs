//! Numbers and what they number: doors, buildings, units, floors, rooms, alone or joined by dashes.

use std::fmt::Write;

use jingwei_model::Level;

use super::asides;
use super::door::Door;
use super::group::{Group, is_joint};
use super::lexicon::{self, Sort};
use super::names::is_room_number;
use super::numerals::{Number, is_stem, read};
use super::parsed::Rule;
use super::scan::Scanner;
use super::unit::{Unit, unit};
use super::words;

/// A number before 楼 above this counts buildings.
pub(super) const MOST_FLOORS: u32 = 80;

/// Digits of a mobile phone's number.
const MOBILE: usize = 11;

pub(super) fn write_house(number: &Number, out: &mut String) {
    if number.is_letters() {
        let _ = write!(out, "{}座", number.text());
    } else {
        out.extend(number.stem);
        let _ = write!(out, "{}号楼", number.trimmed());
    }
}

pub(super) fn write_with(number: &Number, unit: &str, out: &mut String) {
    out.extend(number.stem);
    out.push_str(number.trimmed());
    out.push_str(unit);
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
        if self.named_part() || (digits > MOBILE && self.room_and_mobile(at, digits)) {
            return true;
        }
        let is_postcode = || self.last.is_none() || unit(text, at + digits).0 == Unit::None;
        if digits >= 7 || (digits == 6 && is_postcode()) {
            // A phone number, a postcode, an identifier.
            self.rest_to(at + digits);
            return true;
        }
        let Some(first) = read(text, at) else { return false };
        // 六号院佳苑: a learned name that begins with a number.
        if at == start && self.learned_end() > first.end + 1 {
            return false;
        }
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
        if first.is_digits()
            && unit(text, first.end).0 == Unit::Lane
            && !self.is_inside()
            && !self.has(Level::Roadno)
            && !self.has(Level::Subroadno)
            && (!self.has(Level::Subroad) || self.last == Some(Level::Subroad))
        {
            begin(self);
            self.write_lane(&first);
            return true;
        }
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
            Unit::Yard if first.chinese && (text[first.end] == '院' || self.has(Level::Roadno)) => return false,
            _ => {}
        }
        if group.count == 1 { self.single(first, unit, end, begin) } else { self.group(&group, unit, end, begin) }
    }

    /// 700弄, and the lane in it: 1755弄3支弄.
    fn write_lane(&mut self, number: &Number) {
        let text = self.text;
        let mut end = number.end + 1;
        let inner = read(text, end).filter(|inner| words::has(text, inner.end, "支弄"));
        if let Some(inner) = &inner {
            end = inner.end + 2;
        }
        let write = |out: &mut String| {
            write_with(number, "弄", out);
            if let Some(inner) = inner {
                write_with(&inner, "支弄", out);
            }
        };
        // 216巷32弄.
        if self.has(Level::Subroad) {
            self.extend(Level::Subroad, end, write);
        } else {
            self.set(Level::Subroad, end, |_, out| write(out));
        }
    }

    /// Units and rooms that have a name and no number: 丙单元, 东单元, 中户, 左门.
    fn named_part(&mut self) -> bool {
        let (text, start) = (self.text, self.at);
        if !(is_stem(text[start]) || words::is_direction(text[start]) || matches!(text[start], '左' | '右')) {
            return false;
        }
        let level = match text.get(start + 1) {
            Some('单') if text.get(start + 2) == Some(&'元') && !self.has(Level::Cellno) => Level::Cellno,
            Some('门' | '户' | '室')
                if !self.has(Level::Roomno)
                    && (self.has(Level::Cellno) || self.has(Level::Floorno))
                    && asides::is_filled(text, start + 2) =>
            {
                Level::Roomno
            }
            _ => return false,
        };
        let end = start + if level == Level::Cellno { 3 } else { 2 };
        self.set(level, end, |written, out| out.extend(written));
        true
    }

    /// A room's number and a mobile phone's typed without a space: 20113957112345.
    fn room_and_mobile(&mut self, at: usize, digits: usize) -> bool {
        let end = at + digits;
        let phone = end - MOBILE;
        let is_mobile = self.text[phone] == '1' && matches!(self.text[phone + 1], '3'..='9');
        let Some(room) = read(&self.text[..phone], at).filter(|room| is_mobile && room.len() <= 4) else {
            return false;
        };
        let level = match self.last {
            Some(Level::Road) => Some(Level::Roadno),
            Some(last) if last >= Level::Roadno && !self.has(Level::Roomno) => self.house_or_room(&room, false),
            _ => None,
        };
        if at > self.at {
            self.drop_to(at, Rule::Separator);
        }
        match level {
            Some(level) if !self.has(level) => self.write_level(level, &room, phone),
            _ => self.rest_to(phone),
        }
        self.rest_to(end);
        true
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
        let open = !self.has(Level::Road) && !self.has(Level::Roadno) && !self.has(Level::Subroadno);
        match self.last {
            Some(Level::Road) if !self.has(Level::Roadno) => Some(Level::Roadno),
            Some(Level::Subroad) if !self.has(Level::Subroadno) => Some(Level::Subroadno),
            // 武林广场29号.
            Some(Level::Poi) if open && self.is_square() => Some(Level::Roadno),
            // 下梁村二区56号.
            Some(Level::Subpoi) if open && self.has(Level::Community) && !self.has(Level::Poi) => Some(Level::Roadno),
            // 灵山村杨家牌楼56号: a hamlet has doors, a compound has buildings.
            Some(Level::Poi) if open && self.is_hamlet() => Some(Level::Roadno),
            _ if self.has(Level::Poi) || self.has(Level::Subpoi) => None,
            _ if self.has(Level::Roadno) || self.has(Level::Subroadno) => None,
            _ => Some(Level::Roadno),
        }
    }

    fn is_square(&self) -> bool {
        self.out.written[Level::Poi as usize].is_some_and(|(_, end)| words::has(self.text, end as usize - 2, "广场"))
    }

    fn is_hamlet(&self) -> bool {
        let Some((start, end)) = self.out.written[Level::Poi as usize] else { return false };
        match self.sort() {
            None => self.has(Level::Community) || self.has(Level::Town),
            Some(_) => self.has(Level::Community) && lexicon::is_hamlet(self.text, start as usize, end as usize),
        }
    }

    /// What the place read says it is.
    pub fn sort(&self) -> Option<Sort> {
        let (start, end) = self.out.written[Level::Poi as usize]?;
        lexicon::sort_of(self.text, start as usize, end as usize)
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
        if self.has(Level::Poi) || self.has(Level::Subpoi) {
            let is_stall = has_sign && self.sort() == Some(Sort::Market);
            return Some(if is_stall || is_room_number(number) { Level::Roomno } else { Level::Houseno });
        }
        Some(if has_sign || is_room_number(number) { Level::Roomno } else { Level::Houseno })
    }

    /// Whether a number before 楼 counts floors, and not buildings as in 安贞西里三区15楼4门.
    fn is_floor(&self, number: &Number, end: usize) -> bool {
        if self.has(Level::Houseno) || self.has(Level::Cellno) {
            return true;
        }
        if number.value() > MOST_FLOORS {
            return false;
        }
        let is_compound = self.sort() == Some(Sort::Compound) || (self.has(Level::Subpoi) && self.sort().is_none());
        if matches!(self.sort(), Some(Sort::Tower | Sort::Market)) {
            return true;
        }
        match read(self.text, end) {
            Some(next) if unit(self.text, next.end).0 == Unit::Cell => false,
            Some(next) if next.is_digits() && next.len() >= 3 => {
                !is_compound
                    || next.trimmed().starts_with(number.trimmed())
                        && next.trimmed().len() == number.trimmed().len() + 2
            }
            _ => !is_compound,
        }
    }

    pub fn write_level(&mut self, level: Level, number: &Number, end: usize) {
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
                Some(if self.is_floor(&number, end) { Level::Floorno } else { Level::Houseno })
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
        if let Some(level) = level.filter(|level| !self.has(*level))
            && self.range(level, &number, unit, end)
        {
            return true;
        }
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

    /// Reads a range whose both ends have their word: 34栋-35栋, 3层至5层.
    fn range(&mut self, level: Level, first: &Number, kind: Unit, end: usize) -> bool {
        let sign = match kind {
            Unit::House | Unit::HouseOrFloor => "号楼",
            Unit::Cell => "单元",
            Unit::Floor => "层",
            Unit::Room => "室",
            _ => return false,
        };
        if !matches!(self.text.get(end), Some('-' | '至' | '到')) || !first.is_digits() {
            return false;
        }
        let Some(second) = read(self.text, end + 1).filter(Number::is_digits) else { return false };
        let (unit, last) = unit(self.text, second.end);
        if unit != kind || second.value() <= first.value() {
            return false;
        }
        let sign = if level == Level::Floorno { "层" } else { sign };
        self.set(level, last, |_, out| {
            let _ = write!(out, "{}-{}{sign}", first.trimmed(), second.trimmed());
        });
        true
    }

    /// A building, or a wing of the one before: 1号楼A座.
    fn house(&mut self, number: Number, end: usize, begin: impl Fn(&mut Self)) -> bool {
        begin(self);
        if !self.has(Level::Houseno) && !self.has(Level::Roomno) {
            if self.range(Level::Houseno, &number, Unit::House, end) {
                return true;
            }
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
            || asides::begins_aside(self.text, number.end, number.end, true);
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
}
