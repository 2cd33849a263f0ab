//! Names of divisions: which of the places that bear a name is meant, and whether any is.

use jingwei_model::Level;

use super::gazetteer::{Entry, NOWHERE, RANKS, Rank};
use super::parsed::Rule;
use super::scan::{Scanner, is_road_sign};
use super::words;

/// Names that begin at one place, the longest of them; more than these are never nested.
const MOST_NAMES: usize = 8;

impl Scanner<'_> {
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
    pub fn division(&mut self) -> bool {
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
        if count == 0 {
            return false;
        }
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
        // 艮山西路彭埠镇: a town after a road, also by the name it had.
        let is_town = || matches!(self.text[end - 1], '镇' | '乡') || words::has(self.text, end - 2, "街道");
        if late && !(rank == Rank::Full || (rank == Rank::Old && is_town())) {
            return false;
        }
        let first = entries.partition_point(|entry| entry.rank < rank);
        let count = entries[first..].partition_point(|entry| entry.rank == rank);
        let entries = &entries[first..first + count];
        let known = !self.out.places.is_empty();
        if known {
            self.find_related(entries);
        } else {
            for entry in entries {
                let (place, level) = (entry.place, self.level_of(*entry));
                if !self.has(level) && self.stands_alone(place, level, rank, length) {
                    self.out.spare.push(place);
                }
            }
        }
        if self.out.spare.len() > 1 {
            let gazetteer = self.gazetteer;
            // 永康 is Jinhua's before it is Tainan's.
            if !known && self.out.spare.iter().any(|place| !gazetteer.is_overseas(*place)) {
                self.out.spare.retain(|place| !gazetteer.is_overseas(*place));
            }
            if rank != Rank::Full && !known {
                self.prefer(end);
            }
            let coarsest = self.out.spare.iter().map(|place| gazetteer.places[*place as usize].level).min();
            self.out.spare.retain(|place| Some(gazetteer.places[*place as usize].level) == coarsest);
        }
        !self.out.spare.is_empty()
    }

    /// Fills `spare` with those of one name's places that lie in a place read before, or hold one.
    fn find_related(&mut self, entries: &[Entry]) {
        let gazetteer = self.gazetteer;
        for other in &self.out.places {
            let (start, end) = (*other, gazetteer.places[*other as usize].end);
            let first = entries.partition_point(|entry| entry.place < start);
            let inner = entries[first..].iter().take_while(|entry| entry.place < end);
            self.out.spare.extend(inner.map(|entry| entry.place));
            let mut above = gazetteer.places[start as usize].parent;
            while above != NOWHERE {
                if entries.binary_search_by_key(&above, |entry| entry.place).is_ok() {
                    self.out.spare.push(above);
                }
                above = gazetteer.places[above as usize].parent;
            }
        }
        if self.out.places.len() > 1 {
            self.out.spare.sort_unstable();
            self.out.spare.dedup();
        }
        let written = self.out.written;
        self.out.spare.retain(|place| written[gazetteer.places[*place as usize].level as usize].is_none());
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
                    || (level == Level::District
                        && self.last.is_none()
                        && self.is_unique(place, length)
                        && self.leads_an_address(place, self.at + length))
                    || (level <= Level::Town
                        && (self.gazetteer.home.contains(&place) || self.names_inner(place, self.at + length)))
            }
            Rank::OldShort => false,
        }
    }

    /// Whether what follows a county's name is a place in it or looks like an address: 开化城关镇, but not 金阳光里一区.
    fn leads_an_address(&self, place: u32, end: usize) -> bool {
        let signs = ["镇", "乡", "村", "路", "街", "道", "工业", "开发"];
        let name = self.text[end..].iter().take(8).take_while(|character| !character.is_ascii_alphanumeric()).count();
        let mut inner = false;
        self.gazetteer.names.each(self.text, end, |_, entries| {
            inner |= entries.iter().any(|entry| self.gazetteer.is_within(entry.place, place));
        });
        inner || (end..end + name).any(|at| words::any(self.text, at, &signs) > 0)
    }

    /// Whether a county's name without its kind is no other place's, so that it stands at the head of an address.
    fn is_unique(&self, place: u32, length: usize) -> bool {
        let gazetteer = self.gazetteer;
        let name = &self.text[self.at..self.at + length];
        gazetteer.names.get(name).iter().all(|entry| {
            entry.place == place
                || self.level_of(*entry) > Level::District
                || entry.rank > Rank::Short
                || gazetteer.is_overseas(entry.place)
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
            Rank::Full | Rank::Old if words::is_citizens(self.text, end) => false,
            Rank::Full | Rank::Old => {
                level < Level::Town || self.text[end - 1] == '道' || !is_road_sign(self.text, end)
            }
            Rank::Short | Rank::OldShort => {
                if self.next_lies_within(end, level) {
                    return true;
                }
                // 大石街植村 is in the street, 大石街12号 on a road.
                if level == Level::Town && self.text[end - 1] == '街' && !self.names_street(end) {
                    return false;
                }
                // 学院路与成府路: the street's name without its kind is the road's.
                let is_road = matches!(self.text[end - 1], '路' | '街' | '巷');
                if is_road && self.text.get(end).is_none_or(|next| matches!(next, '与' | '和' | '及' | '(')) {
                    return false;
                }
                // 新街口新街口中路.
                if self.text[end..].starts_with(&self.text[self.at..end]) {
                    return true;
                }
                let mut learned = false;
                self.gazetteer.learned.each(self.text, end, |next, _| learned |= next >= end + 3);
                match level {
                    _ if learned => true,
                    Level::City | Level::District if words::is_zone_next(self.text, end) => true,
                    Level::Town if words::town_office(self.text, end) > 0 => true,
                    Level::Town if super::lexicon::is_market_of(self.text, end) => false,
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
                    // 杭州下城区: a district that was counts like one that is.
                    let sure = entry.rank == Rank::Full
                        || (entry.rank == Rank::Old && next <= Level::District)
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
        // A zone that the table of divisions counts among the towns.
        if level == Level::Town
            && !self.has(Level::Devzone)
            && super::lexicon::zone(self.text, self.at, end) == Some(super::lexicon::Zone::Sure)
        {
            return self.mention(Level::Devzone, end);
        }
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
            if !self.has(level) || !self.out.places.iter().any(|place| self.gazetteer.is_within(*place, entry.place)) {
                return false;
            }
            match entry.rank {
                // 三间房村科技园: a name that begins with the village's.
                Rank::Full if level >= Level::Town => {
                    self.is_last_at_most(Level::Community)
                        && !words::goes_on(self.text, end, false)
                        && !is_road_sign(self.text, end)
                }
                Rank::Full => !words::is_citizens(self.text, end),
                // 房山矿新村, in 房山区: more than the district's name said again.
                Rank::Short => {
                    level <= Level::District
                        && self.is_last_at_most(Level::Community)
                        && (self.last <= Some(Level::District) || self.names_inner(entry.place, end))
                        && !words::goes_on(self.text, end, false)
                }
                _ => false,
            }
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
