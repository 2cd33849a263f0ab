//! Numbers joined by dashes: 5-2-501, 1-10幢.

use std::fmt::Write;

use jingwei_model::Level;

use super::lexicon::Sort;
use super::names::is_room_number;
use super::numerals::{Number, read};
use super::parsed::Rule;
use super::scan::Scanner;
use super::tail::{MOST_FLOORS, write_house};
use super::unit::Unit;

pub(super) const fn is_joint(character: char) -> bool {
    matches!(character, '-' | '/' | '、')
}

/// Numbers joined by dashes.
pub(super) struct Group {
    pub numbers: [Option<Number>; 5],
    pub count: usize,
    pub end: usize,
}

impl Group {
    pub fn read(text: &[char], first: Number) -> Self {
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
    /// Numbers joined by dashes: building, unit, floor and room from the left, by how many there are and what stands
    /// before them.
    pub fn group(&mut self, group: &Group, unit: Unit, end: usize, begin: impl Fn(&mut Self)) -> bool {
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
            // 秋涛路2-8: a door's number like 2-8号, not a unit of a building.
            Unit::None if group.count == 2 && second.is_digits() && !is_room_number(&second) => match self.last {
                Some(Level::Road) if !self.has(Level::Roadno) => Some((Level::Roadno, "号")),
                Some(Level::Subroad) if !self.has(Level::Subroadno) => Some((Level::Subroadno, "号")),
                _ => None,
            },
            Unit::Room | Unit::None | Unit::Door
                if group.count == 2
                    && is_room_number(&first)
                    && (self.has(Level::Cellno) || is_room_number(&second)) =>
            {
                Some((Level::Roomno, "室"))
            }
            // 4幢28-3: the third door on floor 28, as Chongqing numbers rooms.
            Unit::Room | Unit::None | Unit::Door
                if group.count == 2
                    && first.is_digits()
                    && (10..=MOST_FLOORS).contains(&first.value())
                    && second.is_digits()
                    && second.len() == 1
                    && (self.has(Level::Houseno) || self.sort() == Some(Sort::Tower)) =>
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
        let levels = self.group_levels(group, unit);
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

    fn group_levels(&self, group: &Group, unit: Unit) -> [Level; 4] {
        use Level::{Cellno, Floorno, Houseno, Roadno, Roomno, Subroadno};
        let [_, second, third, ..] = group.numbers;
        // 3-5-2 after a house: unit, floor and the one of a few doors on it, as the Northeast writes.
        let is_few = |number: Option<Number>| number.is_some_and(|number| number.is_digits() && number.len() == 1);
        let on_road = matches!(self.last, Some(Level::Road)) && !self.has(Roadno) && !self.has(Level::Poi);
        let first = match self.last {
            Some(Level::Subroad) if !self.has(Subroadno) && !self.has(Level::Poi) => Subroadno,
            _ if on_road => Roadno,
            _ => Houseno,
        };
        let to_unit = unit == Unit::Cell;
        let room_ends = matches!(unit, Unit::Room | Unit::Door) || second.is_some_and(|second| is_room_number(&second));
        if self.has(Cellno) {
            return [Floorno, Roomno, Roomno, Roomno];
        }
        if self.has(Houseno) {
            return match group.count {
                2 => [Cellno, Roomno, Roomno, Roomno],
                _ => [Cellno, Floorno, Roomno, Roomno],
            };
        }
        let numbered = self.has(Roadno) || self.has(Subroadno);
        match group.count {
            2 if to_unit || !room_ends => [first, Cellno, Roomno, Roomno],
            2 => [first, Roomno, Roomno, Roomno],
            3 if to_unit => [Roadno, Houseno, Cellno, Roomno],
            3 if numbered && !self.has(Level::Poi) && is_few(third) => [Cellno, Floorno, Roomno, Roomno],
            3 => [first, Cellno, Roomno, Roomno],
            _ if on_road => [Roadno, Houseno, Cellno, Roomno],
            _ => [Houseno, Cellno, Floorno, Roomno],
        }
    }
}
