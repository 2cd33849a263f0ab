//! The index: areas, sites in them, and the addresses at each site.
//!
//! A *site* is what a door number or a compound's name stands for: everything of an address down to the compound. An
//! address is a site and a *tail*: building, unit, floor and room. Sites are found by features (compound, road and
//! number, village and number), addresses by site, building and room; each through a table that holds one number a
//! feature and a chain through those that share it. Nothing is ever scanned, and adding touches only what is added.

use hashbrown::{HashSet, HashTable};
use jingwei_model::{Level, Levels};

use super::forms::{core, push_name, push_number, stem};
use super::fuzzy::Fuzzy;
use super::strings::{NONE, Strings, UNKNOWN};

/// The levels above roads.
pub const DIVISIONS: [Level; 6] =
    [Level::Prov, Level::City, Level::District, Level::Devzone, Level::Town, Level::Community];

/// The district's place among them.
pub const DISTRICT: usize = 2;

/// The divisions of an address without their kinds, coarse to fine, and as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub cores: [u32; 6],
    pub names: [u32; 6],
}

impl Area {
    /// The finest division.
    pub fn finest(&self) -> u32 {
        self.cores.iter().rev().copied().find(|core| *core != NONE).unwrap_or(NONE)
    }
}

/// An address down to its compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    pub area: u32,
    pub road: u32,
    pub roadno: u32,
    pub subroad: u32,
    pub subroadno: u32,
    /// Compound and part in one.
    pub place: u32,
    /// The compound without part and kind.
    pub stem: u32,
}

/// A standard address.
#[derive(Debug, Clone, Copy)]
pub struct Leaf {
    pub site: u32,
    pub house: u32,
    pub cell: u32,
    pub floor: u32,
    pub room: u32,
    /// The next with the same site, house and room.
    pub next: u32,
    /// The address it is a spelling of.
    pub row: u32,
}

/// What sites are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// The compound's whole name.
    Place,
    /// The compound's name without part and kind.
    Stem,
    /// Road and number.
    Door,
    /// A division and a number, where there is no road and no compound: doors of villages, and divisions themselves.
    Village,
    /// The same within a district, for names that a province has by the hundred.
    PlaceIn,
    DoorIn,
    VillageIn,
    /// Road and number within the finest division: 三组12号 of a village.
    DoorAt,
}

impl Feature {
    pub const ALL: [Self; 8] = [
        Self::Place,
        Self::Stem,
        Self::Door,
        Self::Village,
        Self::PlaceIn,
        Self::DoorIn,
        Self::VillageIn,
        Self::DoorAt,
    ];

    /// This feature within an area.
    pub const fn within(self, area: u32, key: (u32, u32)) -> Option<(Self, (u32, u32))> {
        let feature = match self {
            Self::Place => Self::PlaceIn,
            Self::Door => Self::DoorIn,
            Self::Village => Self::VillageIn,
            _ => return None,
        };
        Some((feature, (area, paired(key))))
    }
}

/// Two numbers in one. Two pairs that fall together only lead to a site more, which is then compared like any other.
pub const fn paired(key: (u32, u32)) -> u32 {
    (key.0.rotate_left(16) ^ key.1).wrapping_mul(0x9e37_79b1)
}

/// A feature's value; `None` where a site does not have it.
pub type Key = Option<(u32, u32)>;

/// First site of each value, and the next of each site.
#[derive(Debug, Clone, Default)]
struct Chains {
    heads: HashTable<u32>,
    next: Vec<u32>,
}

/// Standard addresses, ready to be found. Rows are numbered in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct AddressIndex {
    pub(super) strings: Strings,
    pub(super) areas: Vec<Area>,
    area_table: HashTable<u32>,
    pub(super) sites: Vec<Site>,
    site_table: HashTable<u32>,
    chains: [Chains; 8],
    /// The first spelling of each row.
    pub(super) rows: Vec<u32>,
    pub(super) leaves: Vec<Leaf>,
    leaf_heads: HashTable<u32>,
    pub(super) fuzzy: Fuzzy,
    /// Whether a string is in `fuzzy`.
    misspelt: Vec<bool>,
    removed: HashSet<u32>,
}

fn mix(values: &[u32]) -> u64 {
    values.iter().fold(0x2545_f491_4f6c_dd1d, |hash: u64, value| {
        let hash = (hash ^ u64::from(*value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 29)
    })
}

impl AddressIndex {
    /// An index without addresses.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a standard address and returns its row. An address may be added twice; it is then found as two that tie.
    pub fn add(&mut self, address: &impl Levels) -> u32 {
        let row = self.rows.len() as u32;
        self.rows.push(self.leaves.len() as u32);
        self.add_spelling(row, address);
        row
    }

    /// Adds another spelling of the address of a row: a former name, a gate on another road.
    pub fn add_spelling(&mut self, row: u32, address: &impl Levels) {
        let mut buffer = String::new();
        let area = self.add_area(address, &mut buffer);
        let mut form = |strings: &mut Strings, levels: &[Level], push: fn(&str, &mut String)| {
            buffer.clear();
            for text in levels.iter().filter_map(|level| address.level(*level)) {
                push(text, &mut buffer);
            }
            strings.add(&buffer)
        };
        let strings = &mut self.strings;
        let road = form(strings, &[Level::Road], push_name);
        let roadno = form(strings, &[Level::Roadno], push_number);
        let subroad = form(strings, &[Level::Subroad], push_name);
        let mut subroadno = form(strings, &[Level::Subroadno], push_number);
        let place = form(strings, &[Level::Poi, Level::Subpoi], push_name);
        let mut house = form(strings, &[Level::Houseno], push_number);
        let cell = form(strings, &[Level::Cellno], push_number);
        let floor = form(strings, &[Level::Floorno], push_number);
        let room = form(strings, &[Level::Roomno], push_number);
        settle_lane(subroad, &mut subroadno, &mut house);
        let stem_text = stem(strings.get(place)).to_owned();
        let stem = strings.add(&stem_text);
        let site = self.add_site(Site { area, road, roadno, subroad, subroadno, place, stem });
        self.add_leaf(Leaf { site, house, cell, floor, room, next: NONE, row });
    }

    /// Takes an address out; its row is never given again.
    pub fn remove(&mut self, row: u32) {
        if (row as usize) < self.rows.len() {
            self.removed.insert(row);
        }
    }

    /// Number of addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() - self.removed.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held, whatever is reserved ahead among them.
    #[must_use]
    pub fn memory(&self) -> usize {
        let chains = self.chains.iter().map(|chains| chains.heads.allocation_size() + chains.next.capacity() * 4);
        self.strings.memory()
            + self.fuzzy.memory()
            + self.misspelt.capacity()
            + self.areas.capacity() * size_of::<Area>()
            + self.area_table.allocation_size()
            + self.sites.capacity() * size_of::<Site>()
            + self.site_table.allocation_size()
            + chains.sum::<usize>()
            + self.leaves.capacity() * size_of::<Leaf>()
            + self.rows.capacity() * 4
            + self.leaf_heads.allocation_size()
    }

    /// Gives back what is reserved ahead, when no more is to be added soon.
    pub fn shrink(&mut self) {
        self.leaves.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.sites.shrink_to_fit();
        for chains in &mut self.chains {
            chains.next.shrink_to_fit();
        }
    }

    fn add_area(&mut self, address: &impl Levels, buffer: &mut String) -> u32 {
        let mut area = Area { cores: [NONE; 6], names: [NONE; 6] };
        for (place, level) in DIVISIONS.into_iter().enumerate() {
            let Some(text) = address.level(level) else { continue };
            buffer.clear();
            push_name(text, buffer);
            area.names[place] = self.strings.add(buffer);
            area.cores[place] = self.strings.add(core(level, buffer));
        }
        let hash = mix(&area.names);
        if let Some(known) = self.area_table.find(hash, |known| self.areas[*known as usize] == area) {
            return *known;
        }
        let id = self.areas.len() as u32;
        self.areas.push(area);
        self.area_table.insert_unique(hash, id, |id| mix(&self.areas[*id as usize].names));
        id
    }

    fn add_site(&mut self, site: Site) -> u32 {
        let values = |site: &Site| [site.area, site.road, site.roadno, site.subroad, site.subroadno, site.place];
        let hash = mix(&values(&site));
        if let Some(known) = self.site_table.find(hash, |known| self.sites[*known as usize] == site) {
            return *known;
        }
        let id = self.sites.len() as u32;
        self.sites.push(site);
        self.site_table.insert_unique(hash, id, |id| mix(&values(&self.sites[*id as usize])));
        for feature in Feature::ALL {
            let key = self.key(feature, id);
            let chains = &self.chains[feature as usize];
            let head = key.and_then(|key| {
                let hash = mix(&[key.0, key.1]);
                chains.heads.find(hash, |head| self.key(feature, *head) == Some(key)).copied()
            });
            let (areas, sites) = (&self.areas, &self.sites);
            let chains = &mut self.chains[feature as usize];
            match (key, head) {
                (None, _) => chains.next.push(NONE),
                (Some(_), Some(head)) => {
                    // After the head, so that the table need not change.
                    let after = chains.next[head as usize];
                    chains.next.push(after);
                    chains.next[head as usize] = id;
                }
                (Some(key), None) => {
                    chains.next.push(NONE);
                    chains.heads.insert_unique(mix(&[key.0, key.1]), id, |id| {
                        let (first, second) = key_of(areas, sites, feature, *id).unwrap_or((NONE, NONE));
                        mix(&[first, second])
                    });
                }
            }
        }
        let village = self.key(Feature::Village, id).map_or(NONE, |key| key.0);
        for name in [site.place, site.road, village] {
            self.add_misspelt(name);
        }
        id
    }

    fn add_misspelt(&mut self, name: u32) {
        if name == NONE {
            return;
        }
        self.misspelt.resize(self.misspelt.len().max(name as usize + 1), false);
        if !std::mem::replace(&mut self.misspelt[name as usize], true) {
            self.fuzzy.add(name, self.strings.get(name));
        }
    }

    /// Whether a name is that of a compound, road or village here.
    pub(super) fn is_name(&self, name: u32) -> bool {
        self.misspelt.get(name as usize).copied().unwrap_or(false)
    }

    fn key(&self, feature: Feature, site: u32) -> Key {
        key_of(&self.areas, &self.sites, feature, site)
    }

    fn add_leaf(&mut self, mut leaf: Leaf) {
        let place = self.leaves.len() as u32;
        let hash = mix(&[leaf.site, leaf.house, leaf.room]);
        let same = |other: &Leaf| other.house == leaf.house && other.room == leaf.room && other.site == leaf.site;
        if let Some(head) = self.leaf_heads.find(hash, |head| same(&self.leaves[*head as usize])).copied() {
            leaf.next = self.leaves[head as usize].next;
            self.leaves[head as usize].next = place;
            self.leaves.push(leaf);
        } else {
            self.leaves.push(leaf);
            self.leaf_heads.insert_unique(hash, place, |place| {
                let leaf = &self.leaves[*place as usize];
                mix(&[leaf.site, leaf.house, leaf.room])
            });
        }
    }

    /// Calls `each` with the sites of a feature's value, at most `most`.
    pub(super) fn sites_of(&self, feature: Feature, key: (u32, u32), most: usize, mut each: impl FnMut(u32)) {
        if key.0 >= UNKNOWN || key.1 == UNKNOWN {
            return;
        }
        let chains = &self.chains[feature as usize];
        let head = chains.heads.find(mix(&[key.0, key.1]), |head| self.key(feature, *head) == Some(key));
        let mut site = head.copied().unwrap_or(NONE);
        for _ in 0..most {
            if site == NONE {
                return;
            }
            each(site);
            site = chains.next[site as usize];
        }
    }

    /// Calls `each` with the addresses at a site that have this house and room.
    pub(super) fn leaves_of(&self, site: u32, house: u32, room: u32, mut each: impl FnMut(&Leaf)) {
        if house == UNKNOWN || room == UNKNOWN {
            return;
        }
        let head = self.leaf_heads.find(mix(&[site, house, room]), |head| {
            let leaf = &self.leaves[*head as usize];
            leaf.site == site && leaf.house == house && leaf.room == room
        });
        let mut place = head.copied().unwrap_or(NONE);
        while let Some(leaf) = self.leaves.get(place as usize) {
            if self.removed.is_empty() || !self.removed.contains(&leaf.row) {
                each(leaf);
            }
            place = leaf.next;
        }
    }
}

/// 1027弄5号: the number in a lane is that of a building, whichever column a register keeps it in.
pub fn settle_lane(subroad: u32, subroadno: &mut u32, house: &mut u32) {
    if subroad == NONE && *house == NONE {
        std::mem::swap(subroadno, house);
    }
}

fn key_of(areas: &[Area], sites: &[Site], feature: Feature, at: u32) -> Key {
    let site = &sites[at as usize];
    let area = &areas[site.area as usize];
    let finest = area.finest();
    let within = |feature: Feature| {
        let district = area.cores[DISTRICT];
        let key = key_of(areas, sites, feature, at)?;
        (district != NONE).then_some((district, paired(key)))
    };
    match feature {
        Feature::Place => (site.place != NONE).then_some((site.place, 0)),
        Feature::Stem => (site.stem != NONE && site.stem != site.place).then_some((site.stem, 0)),
        Feature::Door => (site.road != NONE).then_some((site.road, site.roadno)),
        Feature::Village => {
            (site.road == NONE && site.place == NONE && finest != NONE).then_some((finest, site.roadno))
        }
        Feature::PlaceIn => within(Feature::Place),
        Feature::DoorIn => within(Feature::Door),
        Feature::VillageIn => within(Feature::Village),
        Feature::DoorAt => {
            let key = key_of(areas, sites, Feature::Door, at)?;
            (finest != NONE && finest != area.cores[DISTRICT]).then_some((finest, paired(key)))
        }
    }
}
