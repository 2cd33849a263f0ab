//! One pass over the characters: divisions while names of divisions stand there, numbers with their units, and
//! between them names that end where their last word says.

use jingwei_model::Level;

use super::asides;
use super::gazetteer::Gazetteer;
use super::parsed::{Kind, Parsed, Rule};
use super::words;

/// Longer brackets are no remark.
const LONGEST_BRACKET: usize = 64;

pub(super) struct Scanner<'a> {
    pub gazetteer: &'a Gazetteer,
    pub text: &'a [char],
    pub at: usize,
    pub out: &'a mut Parsed,
    /// The level read last.
    pub last: Option<Level>,
    /// The end of a place's name that stands where the scanner is but names no place there: 三路居 in 三路居路.
    pub known: usize,
    /// Whether two roads cross here: 学院路与成府路交叉口.
    pub crossing: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(gazetteer: &'a Gazetteer, text: &'a [char], out: &'a mut Parsed) -> Self {
        Self { gazetteer, text, at: 0, out, last: None, known: 0, crossing: false }
    }

    /// Reads all characters.
    pub fn run(&mut self) {
        if let length @ 1.. = words::any(self.text, 0, &["中华人民共和国", "中国"])
            && self.gazetteer_begins(length)
        {
            self.drop_to(length, Rule::Country);
        }
        while self.at < self.text.len() {
            let before = self.at;
            self.step();
            if self.at == before {
                self.rest_to(before + 1);
            }
        }
    }

    fn step(&mut self) {
        match self.text[self.at] {
            '(' => return self.bracket(),
            ')' => return self.drop_to(self.at + 1, Rule::Separator),
            _ => {}
        }
        if self.second_address() || self.division() || self.filler() || self.number() {
            return;
        }
        if is_sign(self.text[self.at]) {
            self.drop_to(self.at + 1, Rule::Separator);
        } else {
            self.name();
        }
    }

    pub fn has(&self, level: Level) -> bool {
        self.out.written[level as usize].is_some()
    }

    /// Whether a building or anything in it was read.
    pub fn is_inside(&self) -> bool {
        self.has(Level::Houseno) || self.has(Level::Cellno) || self.has(Level::Floorno) || self.has(Level::Roomno)
    }

    pub fn is_last_at_most(&self, level: Level) -> bool {
        self.last.is_none_or(|last| last <= level)
    }

    /// Takes everything up to `end` as a level's text, with the standard form that `write` appends.
    pub fn set(&mut self, level: Level, end: usize, write: impl FnOnce(&[char], &mut String)) {
        let written = &self.text[self.at..end];
        let start = self.out.forms.len() as u32;
        write(written, &mut self.out.forms);
        self.out.form[level as usize] = Some((start, self.out.forms.len() as u32));
        self.take(level, end);
    }

    /// Takes more text for a level that is there.
    pub fn extend(&mut self, level: Level, end: usize, write: impl FnOnce(&mut String)) {
        if let Some((from, to)) = self.out.form[level as usize] {
            let start = self.out.forms.len() as u32;
            self.out.forms.extend_from_within(from as usize..to as usize);
            write(&mut self.out.forms);
            self.out.form[level as usize] = Some((start, self.out.forms.len() as u32));
        }
        self.take(level, end);
    }

    /// Takes everything up to `end` as a level's text that the standard address is without: a company in a building.
    pub fn mention(&mut self, level: Level, end: usize) {
        self.take(level, end);
    }

    fn take(&mut self, level: Level, end: usize) {
        let span = (self.at as u32, end as u32);
        let first = self.out.written[level as usize].map_or(span.0, |(first, _)| first);
        self.out.written[level as usize] = Some((first, span.1));
        self.out.pieces.push((span.0, span.1, Kind::Level(level)));
        self.at = end;
        self.last = Some(level);
    }

    pub fn drop_to(&mut self, end: usize, rule: Rule) {
        self.out.pieces.push((self.at as u32, end as u32, Kind::Dropped(rule)));
        self.at = end;
    }

    pub fn rest_to(&mut self, end: usize) {
        match self.out.pieces.last_mut() {
            Some((_, last, Kind::Rest)) if *last as usize == self.at => *last = end as u32,
            _ => self.out.pieces.push((self.at as u32, end as u32, Kind::Rest)),
        }
        self.at = end;
    }

    /// A remark in brackets names no level, but for a part of the compound before it: 天通苑(东区).
    fn bracket(&mut self) {
        let window = &self.text[self.at..self.text.len().min(self.at + LONGEST_BRACKET)];
        let Some(close) = window.iter().position(|character| *character == ')') else {
            return self.rest_to(self.at + 1);
        };
        let (start, end) = (self.at + 1, self.at + close);
        // (二楼), (501室): levels like any other.
        if self.last.is_some_and(|last| last >= Level::Road) && super::unit::is_inner(self.text, start, end) {
            return self.drop_to(start, Rule::Separator);
        }
        let is_part = start < end && words::part_of_compound(self.text, start, end) == start;
        if is_part && self.last == Some(Level::Poi) && !self.has(Level::Subpoi) {
            self.drop_to(start, Rule::Separator);
            self.set(Level::Subpoi, end, super::names::push_name);
            self.drop_to(end + 1, Rule::Separator);
        } else if self.last >= Some(Level::Road)
            && !self.has(Level::Poi)
            && super::lexicon::is_place(self.text, start, end)
            && !(start..end).any(|at| asides::begins_aside(self.text, start, at, true))
        {
            // 天山路600弄(思创大厦).
            self.drop_to(start, Rule::Separator);
            self.set(Level::Poi, end, super::names::push_name);
            self.drop_to(end + 1, Rule::Separator);
        } else {
            self.rest_to(end + 1);
        }
    }

    /// The mouth of a road: 永乐路凯旋路口五金店. 口腔医院 and 口福餐厅 are names.
    fn mouth(&mut self) -> bool {
        let begins_name = || {
            matches!(
                self.text.get(self.at + 1),
                Some('腔' | '福' | '岸' | '味' | '碑' | '子' | '琴' | '杯' | '袋' | '香')
            )
        };
        if self.text[self.at] != '口' || !matches!(self.last, Some(Level::Road | Level::Subroad)) || begins_name() {
            return false;
        }
        // With a place at the mouth, the place is the address and not the crossing.
        let ends = self.text.get(self.at + 1).is_none_or(|next| !next.is_alphanumeric());
        self.crossing |= ends && self.last == Some(Level::Subroad);
        self.rest_to(self.at + 1);
        true
    }

    fn filler(&mut self) -> bool {
        let text = self.text;
        if self.mouth() {
            return true;
        }
        let after_division = self.last.is_some_and(|last| last <= Level::District);
        let after_compound = self.last.is_some_and(|last| (Level::Road..=Level::Subpoi).contains(&last));
        if after_division && words::has(text, self.at, "市辖区") {
            self.drop_to(self.at + 3, Rule::Repeated);
            return true;
        }
        // 余姚市城区北滨江路.
        if self.last.is_some_and(|last| matches!(last, Level::City | Level::District))
            && words::any(text, self.at, &["市区", "城区"]) > 0
            && !self.gazetteer_begins(self.at)
        {
            self.drop_to(self.at + 2, Rule::Filler);
            return true;
        }
        let length = match text[self.at] {
            '内' if after_compound && asides::is_filled(text, self.at + 1) => 1,
            '院' if after_compound
                && matches!(text.get(self.at + 1), Some('内'))
                && asides::is_filled(text, self.at + 2) =>
            {
                2
            }
            '院' if self.last == Some(Level::Roadno)
                && text.get(self.at + 1).is_none_or(|next| next.is_ascii_alphanumeric()) =>
            {
                1
            }
            '与' | '和' | '及' | '跟' if self.last == Some(Level::Road) && self.crossing_follows(self.at + 1) => {
                self.crossing = true;
                1
            }
            '的' if self.last.is_some() => 1,
            _ => return false,
        };
        self.drop_to(self.at + length, Rule::Filler);
        true
    }
}

/// Whether a road's sign stands at `end`: 和平镇路 is a road.
pub(super) fn is_road_sign(text: &[char], end: usize) -> bool {
    words::any(text, end, &["路", "街", "巷", "大街", "大道", "胡同", "桥", "站", "口"]) > 0
        && !words::has(text, end, "街道")
}

/// Signs between levels.
fn is_sign(character: char) -> bool {
    matches!(character, '、' | '·' | '…' | '|' | '→') || character.is_ascii_punctuation()
}
