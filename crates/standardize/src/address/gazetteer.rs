//! The names an address may hold: every division in all its forms, and the roads and compounds learned from a
//! city's own registers.

use std::collections::HashMap;

use jingwei_model::Level;

use super::fold::form;
use super::names::push_name;
use super::trie::{Names, Trie, add};
use super::words;
use crate::codes::{Division, Divisions, Level as DivisionLevel};

/// No place.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A division that stands today.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub code: Box<str>,
    pub level: Level,
    /// Standard name; empty for a level that only completes the code system.
    pub name: Box<str>,
    pub parent: u32,
    /// First place after those that lie in this one.
    pub end: u32,
}

/// How a name stands for a place, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The name, or one that cannot be another's.
    Full,
    /// Without its kind: 朝阳.
    Short,
    /// A name it had before, or that of a place it took over: 崇文区.
    Old,
    /// Such a name without its kind.
    OldShort,
}

/// Surest first.
pub(super) const RANKS: [Rank; 4] = [Rank::Full, Rank::Short, Rank::Old, Rank::OldShort];

/// A name's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub place: u32,
    pub rank: Rank,
}

/// A road of the city's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRoad<'a> {
    /// Its name.
    pub name: &'a str,
    /// Code of the division it lies in.
    pub division: &'a str,
}

/// A compound (小区, 大厦, 院) of the city's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCompound<'a> {
    /// Its name; empty where it is a number on a road alone.
    pub name: &'a str,
    /// Code of the division it lies in, as fine as the register has it.
    pub division: &'a str,
    /// The road it is numbered on.
    pub road: Option<&'a str>,
    /// Its number there.
    pub roadno: Option<&'a str>,
}

/// A learned compound.
#[derive(Debug, Clone)]
pub(super) struct Compound {
    pub name: Box<str>,
    pub place: u32,
    pub road: Box<str>,
    pub roadno: Box<str>,
}

/// A learned name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learned {
    Road(u32),
    Compound(u32),
}

/// All names.
#[derive(Debug, Clone, Default)]
pub(super) struct Gazetteer {
    pub places: Vec<Place>,
    /// Entries ordered by rank and place.
    pub names: Trie<Entry>,
    /// Places of the home city.
    pub home: std::ops::Range<u32>,
    pub learned: Trie<Learned>,
    /// The learned names, for those that are learned later.
    learned_names: Names<Learned>,
    pub compounds: Vec<Compound>,
    /// Compounds by road and number: 阜通东大街|6号.
    pub doors: HashMap<Box<str>, Vec<u32>>,
}

impl Gazetteer {
    /// The names of a table's divisions. The home city, whose places win where a name is ambiguous, is `home`, else the
    /// one whose communities the table lists.
    pub fn new(divisions: &Divisions, home: Option<&str>) -> Self {
        let mut gazetteer = Self::default();
        gazetteer.collect(divisions);
        let home = match home {
            Some(code) => gazetteer.place_of(code),
            None => gazetteer.best_known_city(),
        };
        if let Some(place) = home.and_then(|home| gazetteer.places.get(home as usize).map(|place| home..place.end)) {
            gazetteer.home = place;
        }
        let mut names = Names::default();
        for place in 0..gazetteer.places.len() {
            gazetteer.name(place as u32, &mut names);
        }
        gazetteer.name_the_past(divisions, &mut names);
        for entries in names.values_mut() {
            entries.sort_unstable_by_key(|entry| (entry.rank, entry.place));
        }
        gazetteer.names = Trie::new(&names);
        gazetteer
    }

    fn collect(&mut self, divisions: &Divisions) {
        let mut above: Vec<u32> = Vec::new();
        for division in divisions.iter().filter(|division| division.valid_to().is_none()) {
            while let Some(top) = above.last()
                && !division.code().starts_with(&*self.places[*top as usize].code)
            {
                let end = self.places.len() as u32;
                self.places[*top as usize].end = end;
                above.pop();
            }
            let parent = above.last().copied().unwrap_or(NOWHERE);
            let place = Place {
                code: division.code().into(),
                level: level(division.level()),
                name: self.standard_name(&division, parent).into(),
                parent,
                end: NOWHERE,
            };
            above.push(self.places.len() as u32);
            self.places.push(place);
        }
        let end = self.places.len() as u32;
        for place in above {
            self.places[place as usize].end = end;
        }
    }

    fn standard_name(&self, division: &Division<'_>, parent: u32) -> String {
        let above = self.places.get(parent as usize).map_or("", |place| &*place.name);
        let name = division.name();
        if division.is_placeholder() {
            return if above.ends_with('市') && division.level() == DivisionLevel::City {
                above.to_owned()
            } else {
                String::new()
            };
        }
        match division.level() {
            // 东莞 has no districts; its code table repeats the city.
            DivisionLevel::District if name == above => String::new(),
            DivisionLevel::Community => community_name(name),
            _ => name.to_owned(),
        }
    }

    fn best_known_city(&self) -> Option<u32> {
        let mut counts: Vec<(u32, u32)> = Vec::new();
        for place in self.places.iter().filter(|place| place.level == Level::Community) {
            let mut city = place.parent;
            while city != NOWHERE && self.places[city as usize].level > Level::City {
                city = self.places[city as usize].parent;
            }
            match counts.last_mut() {
                Some((last, count)) if *last == city => *count += 1,
                _ => counts.push((city, 1)),
            }
        }
        let (city, _) = counts
            .into_iter()
            .filter(|(city, _)| *city != NOWHERE)
            .max_by_key(|(city, count)| (*count, u32::MAX - *city))?;
        // A municipality's 市辖区 is the municipality.
        let parent = self.places[city as usize].parent;
        let is_municipality = parent != NOWHERE && self.places[parent as usize].name == self.places[city as usize].name;
        Some(if is_municipality { parent } else { city })
    }

    /// The place of a code, or of the finest code above it that is known.
    pub fn place_of(&self, code: &str) -> Option<u32> {
        [12, 9, 6, 4, 2].into_iter().filter_map(|length| code.get(..length)).find_map(|code| {
            self.places
                .binary_search_by(|place| (*place.code).cmp(code))
                .ok()
                .and_then(|place| u32::try_from(place).ok())
        })
    }

    /// Whether a place lies in Taiwan, Hong Kong or Macau, whose districts share names with those of the mainland.
    pub fn is_overseas(&self, place: u32) -> bool {
        let code = &self.places[place as usize].code;
        ["71", "81", "82"].iter().any(|province| code.starts_with(province))
    }

    /// Whether `place` lies in `area` or is it.
    pub fn is_within(&self, place: u32, area: u32) -> bool {
        area <= place && self.places.get(area as usize).is_some_and(|area| place < area.end)
    }

    fn name(&self, at: u32, names: &mut Names<Entry>) {
        let mut insert = |name: &str, rank| insert(names, name, at, rank);
        let place = &self.places[at as usize];
        let (name, level) = (place.name.clone(), place.level);
        // The city level of a municipality is found by the province's name.
        let repeats = self.places.get(place.parent as usize).is_some_and(|parent| parent.name == name);
        if name.is_empty() || (repeats && level == Level::City) {
            return;
        }
        insert(&name, Rank::Full);
        let stem = stem(&name, level);
        if stem.chars().count() < 2 || stem.len() == name.len() {
            return;
        }
        insert(stem, Rank::Short);
        // 喇叭沟门满族, of 喇叭沟门满族乡.
        if level == Level::Town
            && let Some(longer) = name.strip_suffix(['乡', '镇'])
        {
            insert(longer, Rank::Short);
        }
        for (kind, short) in [("自治州", "州"), ("自治县", "县"), ("自治旗", "旗"), ("民族乡", "乡"), ("族乡", "乡")]
        {
            if name.ends_with(kind) {
                insert(&format!("{stem}{short}"), Rank::Full);
            }
        }
        // 大石街, as Guangzhou writes; 龙华新区, as it was called before it was a district.
        if level == Level::Town && name.ends_with("街道") {
            insert(&format!("{stem}街"), Rank::Short);
        }
        if level == Level::District && name.ends_with('区') && !name.ends_with("新区") {
            insert(&format!("{stem}新区"), Rank::Old);
        }
        if level == Level::Town {
            // Townships became towns, towns streets; people keep writing what they knew.
            let kinds = ["街道", "镇", "乡", "地区"];
            for kind in &kinds[..if self.home.contains(&at) { 4 } else { 3 }] {
                insert(&format!("{stem}{kind}"), Rank::Old);
            }
        }
        if level == Level::Community && self.home.contains(&at) {
            let other = if name.ends_with('村') { "社区" } else { "村" };
            if !stem.ends_with('村') {
                insert(&format!("{stem}{other}"), Rank::Old);
            }
        }
    }

    /// Names and places that are no more, down to districts.
    fn name_the_past(&self, divisions: &Divisions, names: &mut Names<Entry>) {
        for division in divisions
            .iter()
            .filter(|division| division.valid_to().is_some() && division.level() <= DivisionLevel::District)
        {
            // A name that went on under another code says nothing of what took over this one.
            let province = division.code().get(..2);
            let moved = || {
                divisions
                    .find(division.name(), province, None)
                    .iter()
                    .any(|other| other.code() != division.code() && other.valid_from() >= division.valid_to())
            };
            if division.is_placeholder() || moved() {
                continue;
            }
            let code = divisions.successor(division.code(), None).unwrap_or(division.code());
            let Ok(place) = self.places.binary_search_by(|place| (*place.code).cmp(code)) else { continue };
            let name = division.name();
            // A county that became a city's districts is no city.
            if self.places[place].level < level(division.level()) && !name.ends_with('市') {
                continue;
            }
            insert(names, name, place as u32, Rank::Old);
            let stem = stem(name, level(division.level()));
            if stem.chars().count() >= 2 {
                insert(names, stem, place as u32, Rank::OldShort);
            }
        }
    }

    /// Learns roads and compounds.
    pub fn learn<'a>(
        &mut self,
        roads: impl IntoIterator<Item = KnownRoad<'a>>,
        compounds: impl IntoIterator<Item = KnownCompound<'a>>,
    ) {
        for road in roads {
            let place = self.place_of(road.division).unwrap_or(NOWHERE);
            if let Some(name) = standard(road.name) {
                self.learn_name(road.name, &name, Learned::Road(place));
            }
        }
        for compound in compounds {
            let name = standard(compound.name).unwrap_or_default();
            let place = self.place_of(compound.division).unwrap_or(NOWHERE);
            let road = compound.road.and_then(standard).unwrap_or_default();
            let roadno = compound.roadno.and_then(super::door::standard_roadno).unwrap_or_default();
            let at = self.compounds.len() as u32;
            if let Some(road_name) = compound.road {
                self.learn_name(road_name, &road, Learned::Road(place));
            }
            if !road.is_empty() && !roadno.is_empty() {
                self.doors.entry(format!("{road}|{roadno}").into()).or_default().push(at);
            }
            if !name.is_empty() {
                self.learn_name(compound.name, &name, Learned::Compound(at));
            }
            self.compounds.push(Compound { name: name.into(), place, road: road.into(), roadno: roadno.into() });
        }
        self.learned = Trie::new(&self.learned_names);
    }

    fn learn_name(&mut self, written: &str, standard: &str, learned: Learned) {
        add(&mut self.learned_names, written.chars().filter_map(form), learned);
        add(&mut self.learned_names, standard.chars(), learned);
    }
}

fn insert(names: &mut Names<Entry>, name: &str, place: u32, rank: Rank) {
    if name.chars().count() >= 2 {
        add(names, name.chars().filter_map(form), Entry { place, rank });
    }
}

/// A name in its standard form; `None` if nothing but blanks.
fn standard(name: &str) -> Option<String> {
    let folded: Vec<char> = name.chars().filter_map(form).collect();
    let mut out = String::new();
    push_name(&folded, &mut out);
    (folded.len() >= 2).then_some(out)
}

const fn level(level: DivisionLevel) -> Level {
    match level {
        DivisionLevel::Province => Level::Prov,
        DivisionLevel::City => Level::City,
        DivisionLevel::District => Level::District,
        DivisionLevel::Town => Level::Town,
        DivisionLevel::Community => Level::Community,
    }
}

/// A community's name without its office: 花家地社区, 辛庄村.
fn community_name(name: &str) -> String {
    let folded: Vec<char> = name.chars().filter_map(form).collect();
    let mut out = String::new();
    push_community(&folded, &mut out);
    out
}

/// Appends a community's standard name.
pub(super) fn push_community(written: &[char], out: &mut String) {
    let office = (0..written.len()).find(|place| {
        let length = words::community_office(written, *place);
        length > 0 && place + length == written.len()
    });
    let stem = &written[..office.unwrap_or(written.len())];
    out.extend(stem);
    if let Some(office) = office {
        let kind = if written[office] == '村' { "村" } else { "社区" };
        if !out.ends_with(kind) {
            out.push_str(kind);
        }
    }
}

const PEOPLES: [&str; 62] = [
    "蒙古族",
    "回族",
    "藏族",
    "维吾尔族",
    "维吾尔",
    "苗族",
    "彝族",
    "壮族",
    "布依族",
    "朝鲜族",
    "满族",
    "侗族",
    "瑶族",
    "白族",
    "土家族",
    "哈尼族",
    "哈萨克族",
    "哈萨克",
    "傣族",
    "黎族",
    "傈僳族",
    "佤族",
    "畲族",
    "拉祜族",
    "水族",
    "东乡族",
    "纳西族",
    "景颇族",
    "柯尔克孜族",
    "柯尔克孜",
    "土族",
    "达斡尔族",
    "仫佬族",
    "羌族",
    "布朗族",
    "撒拉族",
    "毛南族",
    "仡佬族",
    "锡伯族",
    "锡伯",
    "阿昌族",
    "普米族",
    "塔吉克族",
    "塔吉克",
    "怒族",
    "鄂温克族",
    "德昂族",
    "保安族",
    "裕固族",
    "独龙族",
    "鄂伦春族",
    "赫哲族",
    "门巴族",
    "珞巴族",
    "基诺族",
    "俄罗斯族",
    "塔塔尔族",
    "乌孜别克族",
    "京族",
    "高山族",
    "各族",
    "民族",
];

/// A name without its kind and without the peoples it is named after.
fn stem(name: &str, level: Level) -> &str {
    let kinds: &[&str] = match level {
        Level::Prov => &["特别行政区", "自治区", "省", "市"],
        Level::City => &["自治州", "地区", "市", "盟"],
        Level::District => &["自治县", "自治旗", "特区", "林区", "新区", "区", "县", "市", "旗"],
        Level::Town => &["街道", "地区", "镇", "乡", "苏木"],
        _ => &["社区", "村"],
    };
    let mut stem = kinds.iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name);
    while level <= Level::Town
        && let Some(shorter) = PEOPLES.iter().find_map(|people| stem.strip_suffix(people))
        && shorter.chars().count() >= 2
    {
        stem = shorter;
    }
    stem
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn stems_lose_kind_and_peoples() {
        for (name, level, expected) in [
            ("广西壮族自治区", Level::Prov, "广西"),
            ("延边朝鲜族自治州", Level::City, "延边"),
            ("长阳土家族自治县", Level::District, "长阳"),
            ("常营回族乡", Level::Town, "常营"),
            ("花家地社区", Level::Community, "花家地"),
            ("恩施土家族苗族自治州", Level::City, "恩施"),
        ] {
            assert_eq!(stem(name, level), expected);
        }
    }

    #[test]
    fn offices_become_the_communities_they_serve() {
        for (written, expected) in [
            ("多福巷社区居委会", "多福巷社区"),
            ("辛庄村委会", "辛庄村"),
            ("六渡河村村民委员会", "六渡河村"),
            ("和平里居委会", "和平里社区"),
            ("机场工作区社区", "机场工作区社区"),
        ] {
            assert_eq!(community_name(written), expected);
        }
    }

    #[test]
    fn the_home_city_is_the_one_whose_communities_are_listed() {
        let gazetteer = Gazetteer::new(Divisions::builtin(), None);
        assert_eq!(&*gazetteer.places[gazetteer.home.start as usize].code, "11");
        assert_eq!(gazetteer.home.end, gazetteer.places[gazetteer.home.start as usize].end);
        let district = gazetteer.place_of("110105").unwrap();
        assert!(gazetteer.is_within(gazetteer.place_of("110105026001").unwrap(), district));
        assert!(!gazetteer.is_within(gazetteer.place_of("110106").unwrap(), district));
    }
}
