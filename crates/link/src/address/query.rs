//! A text's levels, as numbers of the index.

use jingwei_model::{Level, Levels};

use super::forms::{core, numbers_something, push_name, push_number, stem, without_part};
use super::index::{AddressIndex, DIVISIONS, settle_lane};
use super::strings::{NONE, UNKNOWN};

/// A name of the text.
#[derive(Debug, Clone, Default)]
pub struct Name {
    pub text: String,
    pub id: u32,
}

impl Name {
    fn fill(&mut self, index: &AddressIndex, address: &impl Levels, levels: &[Level]) {
        self.text.clear();
        for text in levels.iter().filter_map(|level| address.level(*level)) {
            push_name(text, &mut self.text);
        }
        self.id = index.strings.find(&self.text);
    }
}

/// What a text says.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Divisions without their kinds.
    pub divisions: [u32; 6],
    /// Those that somebody else filled in.
    pub inferred: [bool; 6],
    pub road: Name,
    pub roadno: u32,
    pub subroad: Name,
    pub subroadno: u32,
    pub place: Name,
    /// The compound without part and kind.
    pub stem: u32,
    /// The compound without its part.
    pub whole: u32,
    pub house: u32,
    pub cell: u32,
    pub floor: u32,
    pub room: u32,
    /// The text has a number that is in no level.
    pub has_unread_number: bool,
    buffer: String,
}

impl Query {
    /// Takes a text's levels.
    pub fn fill(&mut self, index: &AddressIndex, address: &impl Levels) {
        for (place, level) in DIVISIONS.into_iter().enumerate() {
            self.buffer.clear();
            self.divisions[place] = address.level(level).map_or(NONE, |text| {
                push_name(text, &mut self.buffer);
                index.strings.find(core(level, &self.buffer))
            });
            self.inferred[place] = address.is_inferred(level);
        }
        self.road.fill(index, address, &[Level::Road]);
        self.subroad.fill(index, address, &[Level::Subroad]);
        self.place.fill(index, address, &[Level::Poi, Level::Subpoi]);
        self.name_parts(index);
        let mut number = |level: Level| {
            self.buffer.clear();
            address.level(level).map_or(NONE, |text| {
                push_number(text, &mut self.buffer);
                index.strings.find(&self.buffer)
            })
        };
        self.roadno = number(Level::Roadno);
        self.subroadno = number(Level::Subroadno);
        self.house = number(Level::Houseno);
        self.cell = number(Level::Cellno);
        self.floor = number(Level::Floorno);
        self.room = number(Level::Roomno);
        self.has_unread_number = numbers_something(address.unread());
        settle_lane(self.subroad.id, &mut self.subroadno, &mut self.house);
    }

    /// Looks up the compound and its parts.
    pub fn name_parts(&mut self, index: &AddressIndex) {
        self.place.id = index.strings.find(&self.place.text);
        self.stem = index.strings.find(stem(&self.place.text));
        self.whole = index.strings.find(without_part(&self.place.text));
    }

    /// The divisions that the text names, the finest first.
    pub fn villages(&self) -> impl Iterator<Item = u32> {
        let said = self.divisions.iter().zip(&self.inferred).rev().filter(|(_, inferred)| !**inferred);
        said.map(|(division, _)| *division).filter(|division| *division < UNKNOWN)
    }
}
