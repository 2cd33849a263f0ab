//! Names between divisions and numbers: towns and communities the gazetteer does not know, roads, compounds, and
//! what is none of these.

use jingwei_model::Level;

use super::door::Door;
use super::gazetteer::{Learned, NOWHERE, push_community};
use super::lexicon::{self, Zone};
use super::numerals::{Number, is_chinese_numeral, push_chinese, read};
use super::parsed::Rule;
use super::scan::{Scanner, is_road_sign};
use super::unit::{Unit, unit};
use super::words;

/// Words for the place where two roads meet.
const CROSSINGS: [&str; 8] = ["交叉", "路口", "交汇", "交口", "交界", "街口", "十字路口", "丁字路口"];

/// Longer names are no company's.
const LONGEST_COMPANY: usize = 24;

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
        if self.learned() {
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
        words::begins_aside(self.text, start, at, after_name)
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
                    && !words::is_road_next(text, end)
                    && !matches!(next, Some('江' | '海')) =>
            {
                self.last.is_some().then(|| (Level::Town, end + words::town_office(text, end)))
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
                && words::is_filled(text, end) =>
            {
                Some((Level::Road, end))
            }
            _ => None,
        }
    }

    /// The end of a village's group at `place`, which stands where a road would: 三组, 第5队.
    fn group_end(&self, place: usize) -> Option<usize> {
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

    /// The end of the zone whose name the character before `end` ends.
    fn zone(&self, end: usize) -> Option<(Level, usize)> {
        let (text, start) = (self.text, self.at);
        if self.has(Level::Devzone) || self.has(Level::Poi) || is_road_sign(text, end) {
            return None;
        }
        let kind = lexicon::zone(text, start, end)?;
        let name = end - start;
        let numbered = self.has(Level::Roadno) || self.has(Level::Subroadno);
        // 瑞祥新区12幢 is a compound.
        let has_house = || {
            read(text, end).is_some_and(|number| matches!(unit(text, number.end).0, Unit::House | Unit::HouseOrFloor))
        };
        let is_zone = match kind {
            Zone::Sure => name >= 3 && self.last.is_some(),
            Zone::Yard => name >= 3 && self.last.is_some_and(|last| last <= Level::Community) && !numbered,
            Zone::New => {
                let early = matches!(self.last, Some(Level::Prov | Level::City | Level::District));
                (early || (name >= 4 && self.last == Some(Level::Town))) && !has_house()
            }
        };
        // 工业园西区.
        let is_part = text.get(end).is_some_and(|next| words::is_direction(*next)) && text.get(end + 1) == Some(&'区');
        is_zone.then_some((Level::Devzone, end + if is_part { 2 } else { 0 }))
    }

    /// A village that ends at `end`, unless the name goes on.
    fn village(&self, end: usize) -> Option<(Level, usize)> {
        const NO_VILLAGE: [&str; 12] = [
            "新村", "文化村", "度假村", "油画村", "地球村", "艺术村", "民俗村", "家属村", "奥运村", "教师村", "科技村",
            "大学村",
        ];
        const AFTER: [&str; 24] = [
            "大厦", "公寓", "小区", "新村", "小学", "中学", "学校", "幼儿", "卫生", "市场", "菜场", "超市", "公园",
            "客运", "车站", "加油", "信用", "农贸", "酒店", "饭店", "家园", "软件", "文化", "人家",
        ];
        let (text, start) = (self.text, self.at);
        if self.has(Level::Community) || !self.is_last_at_most(Level::Community) {
            return None;
        }
        if self.group_end(end).is_some() {
            return self.community(end);
        }
        if words::is_road_next(text, end)
            || words::has(text, end, "社区")
            || NO_VILLAGE.iter().any(|kind| {
                let length = kind.chars().count();
                end >= start + length && words::has(text, end - length, kind)
            })
        {
            return None;
        }
        // Without a place around it, and where it begins with the name of one, more doubt is due.
        if self.last.is_none() || self.known == end {
            return if words::goes_on(text, end, false) { None } else { self.community(end) };
        }
        if words::any(text, end, &AFTER) > 0 {
            return None;
        }
        // 天山三村12号楼, 清凉东村23幢.
        let is_part = words::is_direction(text[end - 2]) || is_chinese_numeral(text[end - 2]);
        let has_house = || {
            read(text, end).is_some_and(|number| match unit(text, number.end).0 {
                Unit::House | Unit::HouseOrFloor => true,
                Unit::Door => text.get(number.end + 1).is_some_and(char::is_ascii_digit),
                _ => false,
            })
        };
        if is_part && has_house() { None } else { self.community(end) }
    }

    fn community(&self, end: usize) -> Option<(Level, usize)> {
        let open = !self.has(Level::Community) && !is_road_sign(self.text, end);
        open.then(|| (Level::Community, end + words::community_office(self.text, end)))
    }

    /// A road that ends at `end`, unless the name goes on.
    fn road(&self, end: usize) -> Option<(Level, usize)> {
        let text = self.text;
        let level = if !self.has(Level::Road) {
            Level::Road
        } else if !self.has(Level::Subroad) && !self.has(Level::Poi) {
            Level::Subroad
        } else {
            return None;
        };
        let next = text.get(end).copied();
        let after = text.get(end + 1).copied();
        if matches!(next, Some('坊' | '心' | '桥' | '灯' | '道')) {
            return None;
        }
        // 商业街, 铁路局, 四路口村.
        let before = text[end.saturating_sub(2)];
        let is_word = match text[end - 1] {
            '街' => before == '业' || words::has(text, end.saturating_sub(3), "步行街") || words::has(text, end.saturating_sub(3), "美食街"),
            '路' => {
                matches!(before, '铁' | '公') && matches!(next, Some('局' | '段' | '处' | '站' | '管' | '公'))
                    || (next == Some('口') && matches!(after, Some('村' | '镇' | '乡')))
            }
            _ => false,
        };
        let early = self.is_last_at_most(Level::Community) && !self.has(Level::Community);
        let is_village = early && after == Some('村') && next.is_some_and(|next| !next.is_ascii_digit());
        // 横街工业区.
        let is_zone = early && words::any(text, end, &["工业区", "工业园", "开发区", "产业园", "工业小区"]) > 0;
        if is_word || is_village || is_zone {
            return None;
        }
        // After a house's number a road must have one of its own: 318号第一大道2楼 is a place.
        if self.has(Level::Roadno) && !(text[end - 1] == '巷' || text[end - 1] == '弄' || self.has_door(end)) {
            return None;
        }
        let counted = next.is_some_and(|next| words::is_direction(next) || is_chinese_numeral(next));
        if counted && after == Some('段') {
            return Some((level, end + 2));
        }
        // 皇后大道中99号.
        let ends =
            after.is_some_and(|after| after.is_ascii_digit()) || (after.is_none() && end >= 2 && text[end - 2] == '大');
        if counted && ends && next.is_some_and(words::is_direction) {
            return Some((level, end + 1));
        }
        // 中山大道北一段.
        if next.is_some_and(words::is_direction)
            && after.is_some_and(is_chinese_numeral)
            && text.get(end + 2) == Some(&'段')
        {
            return Some((level, end + 3));
        }
        if words::road_goes_on(text, end) {
            return None;
        }
        Some((level, end))
    }

    /// Whether a door's number, a crossing or nothing stands at `end`.
    fn has_door(&self, end: usize) -> bool {
        match self.text.get(end) {
            None | Some('(' | '与' | '和') => true,
            Some(_) => Door::read(self.text, end).is_some() || self.crossing_follows(end),
        }
    }

    /// Takes the name up to `end`, in which no word says what it is.
    fn place_name(&mut self, end: usize) {
        let (text, start) = (self.text, self.at);
        if self.is_inside() {
            return self.tenant(end);
        }
        let mut part = words::part_of_compound(text, start, end);
        if part == start {
            return self.part(end);
        }
        if end - start == 1 {
            self.crossing |= text[start] == '口' && self.last == Some(Level::Subroad);
            return if text[start] == '院' { self.drop_to(end, Rule::Filler) } else { self.rest_to(end) };
        }
        if self.has(Level::Poi) {
            return self.part(end);
        }
        if part == end {
            part = lexicon::second_place(text, start, end);
        } else if lexicon::is_stem_of_name(start, part, text[end - 1]) {
            part = end;
        }
        self.set(Level::Poi, part, push_name);
        if part < end {
            self.part(end);
        }
    }

    /// Takes the name up to `end` as that of a part of the place before.
    fn part(&mut self, end: usize) {
        if self.has(Level::Subpoi) { self.rest_to(end) } else { self.set(Level::Subpoi, end, push_name) }
    }

    /// Takes the name up to `end`, which stands after a building or a floor: a company in it, which the standard address
    /// is without, else a note.
    pub fn tenant(&mut self, end: usize) {
        if words::part_of_compound(self.text, self.at, end) == self.at && !self.has(Level::Subpoi) {
            // 五爱市场3楼A区.
            self.part(end);
        } else if !lexicon::is_place(self.text, self.at, end) {
            self.rest_to(end);
        } else if !self.has(Level::Poi) {
            self.mention(Level::Poi, end);
        } else if !self.has(Level::Subpoi) {
            self.mention(Level::Subpoi, end);
        } else {
            self.rest_to(end);
        }
    }

    /// The end of a company's name that begins here with the name of a division: 台州市宏达鞋业有限公司.
    pub fn company_end(&self) -> Option<usize> {
        let (text, start) = (self.text, self.at);
        let window = start..text.len().min(start + LONGEST_COMPANY);
        let stop = window.clone().find(|at| !text[*at].is_alphanumeric() || text[*at].is_ascii_digit());
        let stop = stop.unwrap_or(window.end);
        (start + 4..=stop).rev().find(|end| lexicon::is_place(text, start, *end)).filter(|end| {
            // 萧山区人民路: a level of the address, not a company.
            !(start + 1..*end).any(|at| matches!(text[at], '路' | '街' | '镇' | '巷' | '号'))
        })
    }

    /// Reads a road or compound of the city's registers.
    fn learned(&mut self) -> bool {
        if self.is_inside() {
            return false;
        }
        let mut found: Option<(usize, Learned)> = None;
        let gazetteer = self.gazetteer;
        let (text, places) = (self.text, &self.out.places);
        let fits = |place: u32| {
            place == NOWHERE
                || places.is_empty()
                || places.iter().any(|other| gazetteer.is_within(place, *other) || gazetteer.is_within(*other, place))
        };
        let (road, poi) = (self.has(Level::Road), self.has(Level::Poi));
        gazetteer.learned.each(text, self.at, |end, values| {
            let aside = words::begins_aside(text, end, end, true);
            let part = text.get(end).is_some_and(|next| {
                words::is_direction(*next) && matches!(text.get(end + 1), Some('区' | '里' | '园'))
            });
            if !aside && (part || words::goes_on(text, end, false)) {
                return;
            }
            for value in values {
                let open = match value {
                    Learned::Road(place) => !road && fits(*place),
                    Learned::Compound(at) => !poi && fits(gazetteer.compounds[*at as usize].place),
                };
                // A compound named like a road is written after that road.
                let better =
                    found.is_none_or(|(last, before)| end > last || (road && matches!(before, Learned::Road(_))));
                if open && better {
                    found = Some((end, *value));
                }
            }
        });
        match found {
            Some((end, Learned::Road(_))) => self.set(Level::Road, end, push_name),
            Some((end, Learned::Compound(_))) => self.place_name(end),
            None => return false,
        }
        true
    }
}

/// Whether a number may be a room's of a tower.
pub(super) fn is_room_number(number: &Number) -> bool {
    number.value() >= 100 || number.len() >= 3
}
