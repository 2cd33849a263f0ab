//! Names between divisions and numbers: towns and communities the gazetteer does not know, roads, compounds, and
//! what is none of these.

use jingwei_model::Level;

use super::asides;
use super::door::Door;
use super::gazetteer::push_community;
use super::numerals::{Number, is_chinese_numeral, push_chinese, read};
use super::parsed::Rule;
use super::scan::{Scanner, is_road_sign};
use super::unit::{Unit, unit};
use super::words;

/// Words for the place where two roads meet.
const CROSSINGS: [&str; 8] = ["交叉", "路口", "交汇", "交口", "交界", "街口", "十字路口", "丁字路口"];

/// What may follow a number that is part of a name: 三区, 12条, 2期.
const fn is_name_after_number(character: char) -> bool {
    matches!(
        character,
        '区' | '期'
            | '里'
            | '条'
            | '街'
            | '路'
            | '巷'
            | '组'
            | '队'
            | '社'
            | '村'
            | '道'
            | '国'
            | '省'
            | '县'
            | '乡'
            | '段'
            | '环'
    )
}

/// Appends a name's standard form: numbers that belong to it in Chinese numerals, as the rules for place names want.
pub(super) fn push_name(written: &[char], out: &mut String) {
    let mut at = 0;
    while at < written.len() {
        let character = written[at];
        if character.is_ascii_digit() && (at == 0 || !written[at - 1].is_ascii_alphanumeric()) {
            let end = at + written[at..].iter().take_while(|character| character.is_ascii_digit()).count();
            if end - at <= 2
                && character != '0'
                && matches!(
                    written.get(end),
                    Some('区' | '期' | '里' | '条' | '街' | '路' | '巷' | '组' | '队' | '社' | '村' | '段')
                )
            {
                let value =
                    written[at..end].iter().fold(0, |value, digit| value * 10 + digit.to_digit(10).unwrap_or(0));
                push_chinese(value, out);
            } else {
                out.extend(&written[at..end]);
            }
            at = end;
        } else {
            out.push(character);
            at += 1;
        }
    }
}

impl Scanner<'_> {
    /// Reads the name that begins here.
    pub fn name(&mut self) {
        let (start, text) = (self.at, self.text);
        if self.is_said_again() || self.learned() {
            return;
        }
        let nothing_yet = self.last.is_none();
        let digits = text[start..].iter().take_while(|character| character.is_ascii_digit()).count();
        let inner = (start + digits).max(self.known);
        let mut at = start;
        while at < text.len() {
            if self.is_aside(start, at) {
                break;
            }
            if at > start && at >= inner && self.stops(at) {
                break;
            }
            if at > start && nothing_yet && self.gazetteer_begins(at) {
                return self.rest_to(at);
            }
            if self.ends_phase(at) {
                return self.place_name(at + 1);
            }
            if !self.is_inside()
                && at + 1 >= self.known
                && let Some((level, end)) = self.ends_level(at)
            {
                let write = if level == Level::Community { push_community } else { push_name };
                return self.set(level, end, write);
            }
            at += 1;
        }
        if at == start {
            self.crossing |= self.last == Some(Level::Subroad) && words::any(text, start, &CROSSINGS) > 0;
            let end = self.aside_end();
            self.rest_to(end);
        } else {
            self.place_name(at);
        }
    }

    /// Drops a town, community, zone or road that the text has said before: 文三路文三路477号.
    fn is_said_again(&mut self) -> bool {
        let (text, start) = (self.text, self.at);
        if self.is_inside() {
            return false;
        }
        for level in [Level::Town, Level::Community, Level::Devzone, Level::Road] {
            let Some((first, last)) = self.out.written[level as usize] else { continue };
            let name = &text[first as usize..last as usize];
            let end = start + name.len();
            if name.len() < 3 || !text[start..].starts_with(name) {
                continue;
            }
            if level == Level::Road {
                // 解放南路菜场 is a place, and no road said again.
                let door = Door::read(text, end);
                if door.is_some() || end == text.len() {
                    self.drop_to(end, Rule::Repeated);
                    self.last = Some(Level::Road);
                    let said = self.out.written[Level::Roadno as usize];
                    if let (Some(door), Some((first, last))) = (door, said)
                        && text[end..door.end] == text[first as usize..last as usize]
                    {
                        self.drop_to(door.end, Rule::Repeated);
                        self.last = Some(Level::Roadno);
                    }
                    return true;
                }
            } else if self.is_last_at_most(level) && !words::goes_on(text, end, false) && !is_road_sign(text, end) {
                self.drop_to(end, Rule::Repeated);
                return true;
            }
        }
        false
    }

    /// Whether the phase of a compound ends at `at`, before the name of a road: 软件园二期望海路.
    fn ends_phase(&self, at: usize) -> bool {
        self.text[at] == '期'
            && at >= self.at + 3
            && (is_chinese_numeral(self.text[at - 1]) || self.text[at - 1].is_ascii_digit())
            && !self.has(Level::Poi)
            && !self.is_inside()
    }

    /// The end of words that name no place.
    fn aside_end(&self) -> usize {
        let mut end = self.at + 1;
        while end < self.text.len() && !self.stops(end) && !(self.last.is_none() && self.gazetteer_begins(end)) {
            end += 1;
        }
        end
    }

    fn is_aside(&self, start: usize, at: usize) -> bool {
        let after_name = at > start || matches!(self.last, Some(last) if last >= Level::Road);
        // 安定路口: the road ends before 口.
        if at > start && self.text[at] == '路' {
            return false;
        }
        asides::begins_aside(self.text, start, at, after_name)
    }

    /// Whether a name ends before `at`.
    fn stops(&self, at: usize) -> bool {
        let character = self.text[at];
        if matches!(character, '(' | ')' | '-' | '/' | '、' | '|' | ':' | '#') {
            return true;
        }
        let is_number =
            character.is_ascii_alphanumeric() || is_chinese_numeral(character) || super::numerals::is_stem(character);
        is_number && self.is_number(at)
    }

    /// Whether a number with a unit stands at `at`, and not one that is part of a name.
    fn is_number(&self, at: usize) -> bool {
        let (text, character) = (self.text, self.text[at]);
        if character.is_ascii_alphabetic() && at > 0 && text[at - 1].is_ascii_alphabetic() {
            // 望京SOHO T1座, SOHO B座: the last letter is the building's.
            let next = text.get(at + 1).copied();
            return matches!(next, Some('座' | '栋' | '幢' | '塔'))
                || (character == 'T' && next.is_some_and(|next| next.is_ascii_digit()));
        }
        // A run of digits is read from its first.
        if character.is_ascii_digit() && at > 0 && text[at - 1].is_ascii_digit() {
            return false;
        }
        let Some(number) = read(text, at) else { return character.is_ascii_digit() };
        let next = text.get(number.end).copied();
        let (unit, _) = unit(text, number.end);
        let joined = next.is_none_or(|next| matches!(next, '-' | '/' | '(' | ')' | '、'));
        // 公园壹号, 湘湖一号3幢: names that end with a number.
        let is_name = |at: usize| {
            number.chinese
                && number.len() == 1
                && unit == Unit::Door
                && at > self.at
                && !self.is_inside()
                && (character == '壹' || text.get(number.end + 1).is_some_and(char::is_ascii_digit))
        };
        match unit {
            Unit::Door if is_name(at) => false,
            Unit::None if number.chinese => {
                (joined && next.is_some_and(|next| next == '-'))
                    || (next.is_none() && (self.is_inside() || number.len() >= 3))
            }
            Unit::None if number.is_letters() => next.is_some_and(|next| next == '-'),
            Unit::None => joined && !next.is_some_and(is_name_after_number),
            Unit::Name => false,
            Unit::Cell if number.chinese && text[number.end] == '门' => self.is_inside(),
            Unit::Room if number.chinese && text[number.end] != '室' => self.is_inside(),
            Unit::Yard if number.chinese && text[number.end] == '院' => false,
            Unit::Floor if number.is_letters() => false,
            _ => true,
        }
    }

    /// Whether the name of a road follows that crosses the one before.
    pub fn crossing_follows(&self, place: usize) -> bool {
        (place..self.text.len().min(place + 16)).any(|at| words::any(self.text, at, &CROSSINGS) > 0)
    }

    /// The level that the name from here to `at` is, if its last word says so.
    fn ends_level(&self, at: usize) -> Option<(Level, usize)> {
        let (text, start) = (self.text, self.at);
        if at == start {
            return None;
        }
        let next = text.get(at + 1).copied();
        let before = text[at - 1];
        let early = self.is_last_at_most(Level::Community);
        let end = at + 1;
        match text[at] {
            '街' if next == Some('道') && text.get(at + 2) != Some(&'口') => {
                (early && !self.has(Level::Town)).then(|| (Level::Town, at + 2 + words::any(text, at + 2, &["办事处"])))
            }
            '街' | '路' | '巷' => self.road(end),
            '弄' if at >= start + 2 => self.road(end),
            '线' if early && at == start + 2 && self.is_highway(end) => self.road(end),
            '同' if before == '胡' => self.road(end),
            '条' if (before == '头' || is_chinese_numeral(before)) && !words::goes_on(text, end, false) => {
                self.road(end)
            }
            '道' => match before {
                '大' | '夹' => self.road(end),
                '国' | '省' | '县' | '乡' if text[start..at - 1].iter().all(char::is_ascii_alphanumeric) => {
                    self.road(end)
                }
                '街' | '隧' | '通' | '车' | '行' | '人' | '轨' | '河' | '跑' | '频' => None,
                _ if at >= start + 2
                    && next.is_none_or(|next| {
                        next.is_ascii_digit()
                            || super::numerals::is_stem(next)
                            || (is_chinese_numeral(next) && self.is_number(end))
                    }) =>
                {
                    self.road(end)
                }
                _ => None,
            },
            '区' if before == '社' && at >= start + 2 => self.community(end),
            '居' | '村' if words::community_office(text, at) > 0 => {
                (!self.has(Level::Community)).then(|| (Level::Community, at + words::community_office(text, at)))
            }
            '村' => self.village(end),
            '镇' | '乡'
                if self.is_last_at_most(Level::Devzone)
                    && !self.has(Level::Town)
                    // 梦想小镇, 都市水乡.
                    && !matches!(before, '小' | '古' | '集' | '水' | '家' | '老' | '故' | '同')
                    && !words::is_road_next(text, end)
                    && words::any(text, end, &["江市", "江路", "江街", "海区", "海路", "海街"]) == 0 =>
            {
                self.last.is_some().then(|| (Level::Town, end + words::town_office(text, end)))
            }
            // 场桥办事处, of a town that became a street.
            '处' if early && !self.has(Level::Town) && at >= start + 4 && words::has(text, at - 2, "办事处") => {
                Some((Level::Town, end))
            }
            '县' | '旗' if matches!(self.last, Some(Level::Prov | Level::City)) && !self.has(Level::District) => {
                Some((Level::District, end))
            }
            '区' | '园' | '城' | '地' | '块' if let Some(found) = self.zone(end) => Some(found),
            '区' if matches!(self.last, Some(Level::Prov | Level::City))
                && !self.has(Level::District)
                && (start + 2..start + 5).contains(&at) =>
            {
                let plain = !matches!(
                    before,
                    '小' | '社' | '东' | '西' | '南' | '北' | '中' | '园' | '街' | '新' | '期' | '发' | '校' | '库'
                ) && !before.is_ascii_alphanumeric()
                    && !is_chinese_numeral(before);
                plain.then_some((Level::District, end))
            }
            '组' | '队' | '社' if self.last == Some(Level::Community) && self.group_end(start) == Some(end) => {
                Some((Level::Road, end))
            }
            // 施家桥组12号.
            '组' if self.last == Some(Level::Community)
                && (start + 1..start + 5).contains(&at)
                && asides::is_filled(text, end) =>
            {
                Some((Level::Road, end))
            }
            _ => None,
        }
    }

    /// The end of a village's group at `place`, which stands where a road would: 三组, 第5队.
    pub fn group_end(&self, place: usize) -> Option<usize> {
        let from = place + usize::from(self.text.get(place) == Some(&'第'));
        let numerals = self
            .text
            .get(from..)?
            .iter()
            .take(4)
            .take_while(|character| character.is_ascii_digit() || is_chinese_numeral(**character))
            .count();
        let at = from + numerals;
        let is_group = match self.text.get(at) {
            Some('组' | '队') => true,
            Some('社') => self.text.get(at + 1) != Some(&'区'),
            _ => false,
        };
        (numerals > 0 && is_group).then_some(at + 1)
    }

    pub fn community(&self, end: usize) -> Option<(Level, usize)> {
        let open = !self.has(Level::Community) && !is_road_sign(self.text, end);
        open.then(|| (Level::Community, end + words::community_office(self.text, end)))
    }
}

/// Whether a number may be a room's of a tower.
pub(super) fn is_room_number(number: &Number) -> bool {
    number.value() >= 100 || number.len() >= 3
}
