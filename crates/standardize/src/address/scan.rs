//! One pass over the characters: divisions while names of divisions stand there, numbers with their units, and
//! between them names that end where their last word says.

use jingwei_model::Level;

use super::gazetteer::{Entry, Gazetteer, NOWHERE, RANKS, Rank};
use super::parsed::{Kind, Parsed, Rule};
use super::words;

/// Longer brackets are no remark.
const LONGEST_BRACKET: usize = 64;

/// Names that begin at one place, the longest of them; more than these are never nested.
const MOST_NAMES: usize = 8;

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
        if self.division() || self.filler() || self.number() {
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
            && !(start..end).any(|at| words::begins_aside(self.text, start, at, true))
        {
            // 天山路600弄(思创大厦).
            self.drop_to(start, Rule::Separator);
            self.set(Level::Poi, end, super::names::push_name);
            self.drop_to(end + 1, Rule::Separator);
        } else {
            self.rest_to(end + 1);
        }
    }

    fn filler(&mut self) -> bool {
        let text = self.text;
        let after_division = self.last.is_some_and(|last| last <= Level::District);
        let after_compound = self.last.is_some_and(|last| (Level::Road..=Level::Subpoi).contains(&last));
        if after_division && words::has(text, self.at, "市辖区") {
            self.drop_to(self.at + 3, Rule::Repeated);
            return true;
        }
        let length = match text[self.at] {
            '内' if after_compound && words::is_filled(text, self.at + 1) => 1,
            '院' if after_compound
                && matches!(text.get(self.at + 1), Some('内'))
                && words::is_filled(text, self.at + 2) =>
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

    /// Whether a division's full name begins at `place`, so that what stands before it is no part of the address. A
    /// district far from home must hold the division named next: 阳光丽景新城北区 holds the name of one by chance.
    pub fn gazetteer_begins(&self, place: usize) -> bool {
        let mut begins = false;
        self.gazetteer.names.each(self.text, place, |end, entries| {
            begins |= end >= place + 3
                && entries.iter().any(|entry| {
                    entry.rank == Rank::Full
                        && match self.level_of(*entry) {
                            Level::Prov | Level::City => true,
                            Level::District => {
                                self.gazetteer.home.contains(&entry.place)
                                    || !matches!(self.text[end - 1], '区')
                                    || self.names_inner(entry.place, end)
                            }
                            _ => false,
                        }
                });
        });
        begins
    }

    fn level_of(&self, entry: Entry) -> Level {
        self.gazetteer.places[entry.place as usize].level
    }

    /// Reads a division's name.
    fn division(&mut self) -> bool {
        self.known = 0;
        if self.is_inside() {
            return false;
        }
        let start = self.at;
        let mut names: [(usize, &[Entry]); MOST_NAMES] = [(0, &[]); MOST_NAMES];
        let mut count = 0;
        let gazetteer = self.gazetteer;
        gazetteer.names.each(self.text, start, |end, entries| {
            if count < MOST_NAMES {
                names[count] = (end, entries);
                count += 1;
            }
        });
        let learned = self.learned_end();
        for (end, entries) in names[..count].iter().rev() {
            // 东高村镇 and 东高村: the name that holds the next one is meant.
            let several = entries.iter().any(|entry| entry.rank != entries[0].rank);
            if several && RANKS.iter().any(|rank| self.is_candidate(*end, entries, *rank) && self.holds_next(*end)) {
                self.accept(*end);
                return true;
            }
            for rank in RANKS {
                let is_far = |entry: &Entry| !gazetteer.home.contains(&entry.place);
                let shadowed = learned > *end
                    && (matches!(rank, Rank::Short | Rank::OldShort)
                        || (self.out.places.is_empty() && entries.iter().all(is_far)));
                if !shadowed && self.is_candidate(*end, entries, rank) && self.stands(*end, rank) {
                    self.accept(*end);
                    return true;
                }
            }
            if self.repeats(*end, entries) {
                return true;
            }
            if self.known == 0
                && entries.iter().any(|entry| {
                    self.out.places.iter().any(|place| {
                        gazetteer.is_within(entry.place, *place) || gazetteer.is_within(*place, entry.place)
                    })
                })
            {
                self.known = *end;
            }
        }
        false
    }

    /// The end of the longest learned name that begins here.
    pub fn learned_end(&self) -> usize {
        let mut last = 0;
        self.gazetteer.learned.each(self.text, self.at, |end, _| last = end);
        last
    }

    fn holds_next(&self, end: usize) -> bool {
        let level = self.out.spare.first().map_or(Level::Prov, |place| self.gazetteer.places[*place as usize].level);
        self.next_lies_within(end, level)
    }

    /// Fills `spare` with the places a name may stand for here.
    fn is_candidate(&mut self, end: usize, entries: &[Entry], rank: Rank) -> bool {
        let length = end - self.at;
        let late = !self.is_last_at_most(Level::Community);
        self.out.spare.clear();
        if late && rank != Rank::Full {
            return false;
        }
        let known = !self.out.places.is_empty();
        for entry in entries.iter().filter(|entry| entry.rank == rank) {
            let (place, level) = (entry.place, self.level_of(*entry));
            if self.has(level) || (!known && !self.stands_alone(place, level, rank, length)) {
                continue;
            }
            let fits =
                !known
                    || self.out.places.iter().any(|other| {
                        self.gazetteer.is_within(place, *other) || self.gazetteer.is_within(*other, place)
                    });
            if fits {
                self.out.spare.push(place);
            }
        }
        if self.out.spare.len() > 1 {
            if rank != Rank::Full && !known {
                self.prefer(end);
            }
            let gazetteer = self.gazetteer;
            let coarsest = self.out.spare.iter().map(|place| gazetteer.places[*place as usize].level).min();
            self.out.spare.retain(|place| Some(gazetteer.places[*place as usize].level) == coarsest);
        }
        !self.out.spare.is_empty()
    }

    /// Of several places that one short name may mean, those that hold the place named next, else those of the home
    /// city.
    fn prefer(&mut self, end: usize) {
        let gazetteer = self.gazetteer;
        let (mut count, mut next) = (0, [0_u32; 16]);
        gazetteer.names.each(self.text, end, |_, entries| {
            let sure = |entry: &&Entry| {
                entry.rank == Rank::Full || (entry.rank == Rank::Short && self.level_of(**entry) <= Level::City)
            };
            for entry in entries.iter().filter(sure) {
                if count < next.len() {
                    next[count] = entry.place;
                    count += 1;
                }
            }
        });
        let holds =
            |place: &u32| next[..count].iter().any(|inner| inner != place && gazetteer.is_within(*inner, *place));
        if self.out.spare.iter().any(holds) {
            self.out.spare.retain(holds);
        } else if self.out.spare.iter().any(|place| gazetteer.places[*place as usize].level == Level::Prov) {
            // 河北 is the province before it is a town.
            self.out.spare.retain(|place| gazetteer.places[*place as usize].level == Level::Prov);
        } else if self.out.spare.iter().any(|place| gazetteer.home.contains(place)) {
            self.out.spare.retain(|place| gazetteer.home.contains(place));
        }
    }

    /// Whether a name means a division without any other named before it.
    fn stands_alone(&self, place: u32, level: Level, rank: Rank, length: usize) -> bool {
        match rank {
            // 东区, 城区: any compound may have one.
            Rank::Full | Rank::Old => {
                let last = self.text[self.at + length - 1];
                let is_home = self.gazetteer.home.contains(&place);
                match level {
                    Level::Prov | Level::City => true,
                    Level::District => {
                        let end = self.at + length;
                        // 新北区嘉园: a compound far from Changzhou.
                        length > 2 && (is_home || last != '区' || !words::is_kind(self.text, end)) || last != '区'
                    }
                    // A town whose name does not say that it is one.
                    _ => {
                        matches!(last, '道' | '镇' | '乡' | '区' | '木' | '处' | '村')
                            || is_home
                            || self.names_inner(place, self.at + length)
                    }
                }
            }
            Rank::Short => {
                level <= Level::City
                    || (level == Level::District && self.last.is_none() && self.is_unique(place, length))
                    || (level <= Level::Town
                        && (self.gazetteer.home.contains(&place) || self.names_inner(place, self.at + length)))
            }
            Rank::OldShort => false,
        }
    }

    /// Whether a county's name without its kind is no other place's, so that it stands at the head of an address.
    fn is_unique(&self, place: u32, length: usize) -> bool {
        let gazetteer = self.gazetteer;
        let name = &self.text[self.at..self.at + length];
        gazetteer.names.get(name).iter().all(|entry| {
            entry.place == place || self.level_of(*entry) > Level::District || entry.rank > Rank::Short
        })
    }

    /// Whether a division in `place` is named at `at`.
    fn names_inner(&self, place: u32, at: usize) -> bool {
        let mut follows = false;
        self.gazetteer.names.each(self.text, at, |_, entries| {
            follows |= entries.iter().any(|entry| {
                matches!(entry.rank, Rank::Full | Rank::Old)
                    && entry.place != place
                    && self.gazetteer.is_within(entry.place, place)
            });
        });
        follows
    }

    /// Whether what follows a name leaves it a division's name.
    fn stands(&self, end: usize, rank: Rank) -> bool {
        let level = self.out.spare.first().map_or(Level::Prov, |place| self.gazetteer.places[*place as usize].level);
        match rank {
            // Without a place around it, a village before a road is the road's name.
            Rank::Full | Rank::Old if level == Level::Community && self.out.places.is_empty() => {
                !words::is_road_next(self.text, end)
            }
            Rank::Full | Rank::Old => {
                level < Level::Town || self.text[end - 1] == '道' || !is_road_sign(self.text, end)
            }
            Rank::Short | Rank::OldShort => {
                if self.next_lies_within(end, level) {
                    return true;
                }
                // 大石街植村 is in the street, 大石街12号 on a road.
                if level == Level::Town
                    && self.text[end - 1] == '街'
                    && !self.names_street(end)
                {
                    return false;
                }
                // 学院路与成府路: the street's name without its kind is the road's.
                let is_road = matches!(self.text[end - 1], '路' | '街' | '巷');
                if is_road && self.text.get(end).is_none_or(|next| matches!(next, '与' | '和' | '及' | '(')) {
                    return false;
                }
                let mut learned = false;
                self.gazetteer.learned.each(self.text, end, |next, _| learned |= next >= end + 3);
                match level {
                    _ if learned => true,
                    Level::City | Level::District if words::is_zone_next(self.text, end) => true,
                    Level::Town if words::town_office(self.text, end) > 0 => true,
                    Level::Community if words::community_office(self.text, end) > 0 => true,
                    // 芳城园一区 alone is the compound, as it is before 12号楼.
                    _ if end == self.text.len() => {
                        level <= Level::District || (level == Level::Town && !self.out.places.is_empty())
                    }
                    Level::Town if self.text[end].is_ascii_digit() && !is_road => {
                        !super::unit::is_name_number(self.text, end)
                    }
                    _ => !words::goes_on(self.text, end, level >= Level::Town),
                }
            }
        }
    }

    /// Whether what stands at `end` leaves 大石街 the name of a street office: another name, and no door.
    fn names_street(&self, end: usize) -> bool {
        let Some(&next) = self.text.get(end) else { return false };
        let is_door = super::door::Door::read(self.text, end).is_some();
        next.is_alphabetic() && !next.is_ascii() && !words::is_direction(next) && !is_door
    }

    /// Whether the next name is that of a division in one of the candidates.
    fn next_lies_within(&self, end: usize, level: Level) -> bool {
        let mut lies = false;
        self.gazetteer.names.each(self.text, end, |_, entries| {
            lies = lies
                || entries.iter().any(|entry| {
                    let next = self.level_of(*entry);
                    let sure = entry.rank == Rank::Full
                        || (entry.rank == Rank::Short && next <= Level::Town && level <= Level::District);
                    sure && next > level
                        && self.out.spare.iter().any(|place| self.gazetteer.is_within(entry.place, *place))
                });
        });
        lies
    }

    fn accept(&mut self, end: usize) {
        let gazetteer = self.gazetteer;
        let level = self.out.spare.first().map_or(Level::Prov, |place| gazetteer.places[*place as usize].level);
        let found = std::mem::take(&mut self.out.spare);
        if self.out.places.is_empty() {
            self.out.places.extend_from_slice(&found);
        } else {
            let before = std::mem::take(&mut self.out.places);
            for place in &found {
                if before.iter().any(|other| gazetteer.is_within(*place, *other)) {
                    self.out.places.push(*place);
                } else {
                    self.out.places.extend(before.iter().filter(|other| gazetteer.is_within(**other, *place)));
                }
            }
            self.out.places.sort_unstable();
            self.out.places.dedup();
        }
        self.out.spare = found;
        let office = match level {
            Level::Town => words::town_office(self.text, end),
            Level::Community => words::community_office(self.text, end),
            _ => 0,
        };
        let write = if level == Level::Community { super::gazetteer::push_community } else { super::names::push_name };
        self.set(level, end + office, write);
    }

    /// A division that was said before: dropped, but for the city of a municipality.
    fn repeats(&mut self, end: usize, entries: &[Entry]) -> bool {
        let said = entries.iter().find(|entry| {
            let level = self.level_of(**entry);
            let plain = match entry.rank {
                // 三间房村科技园: a name that begins with the village's.
                Rank::Full if level >= Level::Town => {
                    self.is_last_at_most(Level::Community)
                        && !words::goes_on(self.text, end, false)
                        && !is_road_sign(self.text, end)
                }
                Rank::Full => true,
                // 房山矿新村, in 房山区: more than the district's name said again.
                Rank::Short => {
                    level <= Level::District
                        && self.is_last_at_most(Level::Community)
                        && (self.last <= Some(Level::District) || self.names_inner(entry.place, end))
                        && !words::goes_on(self.text, end, false)
                }
                _ => false,
            };
            plain
                && self.has(level)
                && self.out.places.iter().any(|place| self.gazetteer.is_within(*place, entry.place))
        });
        let Some(said) = said else { return false };
        if self.last.is_some_and(|last| last >= Level::Road)
            && let Some(end) = self.company_end()
        {
            self.tenant(end);
            return true;
        }
        let place = &self.gazetteer.places[said.place as usize];
        if place.level == Level::Prov
            && place.name.ends_with('市')
            && !self.has(Level::City)
            && self.last == Some(Level::Prov)
        {
            self.set(Level::City, end, super::names::push_name);
        } else {
            self.drop_to(end, Rule::Repeated);
        }
        true
    }

    /// The one place the address lies in: that of the home city where several remain, else what they have in common.
    pub fn place(&self) -> u32 {
        let (gazetteer, places) = (self.gazetteer, &self.out.places);
        let mut home = places.iter().filter(|place| gazetteer.home.contains(place)).peekable();
        if home.peek().is_some() { self.common(home) } else { self.common(places.iter()) }
    }

    pub fn common<'p>(&self, places: impl Iterator<Item = &'p u32>) -> u32 {
        let mut common: Option<u32> = None;
        for place in places {
            let mut above = common.unwrap_or(*place);
            while above != NOWHERE && !self.gazetteer.is_within(*place, above) {
                above = self.gazetteer.places[above as usize].parent;
            }
            common = Some(above);
        }
        common.unwrap_or(NOWHERE)
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
