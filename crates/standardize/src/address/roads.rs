//! Roads, zones and villages: names whose last word says what they are, unless they go on.

use jingwei_model::Level;

use super::door::Door;
use super::lexicon::{self, Zone};
use super::numerals::{is_chinese_numeral, read};
use super::scan::{Scanner, is_road_sign};
use super::unit::{Unit, unit};
use super::words;

/// Most characters of a road's name after a place's.
const LONGEST_ROAD: usize = 6;

impl Scanner<'_> {
    /// A road that ends at `end`, unless the name goes on.
    pub fn road(&self, end: usize) -> Option<(Level, usize)> {
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
            '街' => {
                before == '业'
                    || words::has(text, end.saturating_sub(3), "步行街")
                    || words::has(text, end.saturating_sub(3), "美食街")
            }
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
        if let Some(place) = self.place_before_road(end) {
            return Some((Level::Poi, place));
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

    /// Where the name of a place ends that stands before the road's in what looks like one name: 大学城学府北路.
    fn place_before_road(&self, end: usize) -> Option<usize> {
        let (text, start) = (self.text, self.at);
        if self.has(Level::Poi) || self.has(Level::Road) || end < start + 6 {
            return None;
        }
        let first = (start + 3).max(end.saturating_sub(LONGEST_ROAD));
        (first..end.saturating_sub(2)).find(|place| lexicon::is_closed(text, start, *place))
    }

    /// Whether a highway is named by its ends, as in 平兴线58号, and not a wire.
    pub fn is_highway(&self, end: usize) -> bool {
        let goods = matches!(self.text[end - 2], '电' | '无' | '有' | '热' | '在' | '光' | '毛' | '针' | '流' | '产');
        let after = self.text.get(end).copied();
        !goods && !after.is_some_and(|after| matches!(after, '缆' | '路' | '材' | '厂' | '圈' | '束' | '带' | '绳'))
    }

    /// Whether a door's number, a crossing or nothing stands at `end`.
    fn has_door(&self, end: usize) -> bool {
        match self.text.get(end) {
            None | Some('(' | '与' | '和') => true,
            Some(_) => Door::read(self.text, end).is_some() || self.crossing_follows(end),
        }
    }

    /// The end of the zone whose name the character before `end` ends.
    pub fn zone(&self, end: usize) -> Option<(Level, usize)> {
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
    pub fn village(&self, end: usize) -> Option<(Level, usize)> {
        const NO_VILLAGE: [&str; 12] = [
            "新村",
            "文化村",
            "度假村",
            "油画村",
            "地球村",
            "艺术村",
            "民俗村",
            "家属村",
            "奥运村",
            "教师村",
            "科技村",
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
}
