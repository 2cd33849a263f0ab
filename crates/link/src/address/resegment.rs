//! Reading the names of a text anew where the parser's cut leads nowhere: 枣园东里北区枣园东里北区名苑 is a community and a
//! compound, 肿瘤医院雅菀 one compound misspelt and not a community with another. The table's own names say where a
//! name may begin; a number that is taken for a building may then turn out to be the door's.

use jingwei_model::{Level, Levels};

use super::forms::{core, is_mark, push_name};
use super::index::{AddressIndex, Feature};
use super::query::{Name, Query};
use super::strings::{NONE, UNKNOWN};

/// A name in a text, and what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Bytes of the zone where the name begins and ends.
    pub name: (usize, usize),
    /// A compound, or the road of a door.
    pub feature: Feature,
    /// The name in the index it is or is one slip from.
    pub id: u32,
}

/// Characters of a zone that are looked at: no name is longer, and a text that is all names is none.
const LONGEST: usize = 48;
/// Characters of a name that are looked at.
const LONGEST_NAME: usize = 24;

/// Where in a text names are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Before the building and what lies in it.
    BeforeHouse,
    /// The same without the kinds of divisions, of texts that are known level by level only.
    WithoutKinds,
    /// Before the door's number.
    BeforeDoor,
}

impl Zone {
    pub const ALL: [Self; 3] = [Self::BeforeHouse, Self::WithoutKinds, Self::BeforeDoor];

    /// Writes the names of a text, one after the other, without what was filled in.
    pub fn write(self, address: &impl Levels, out: &mut String) {
        out.clear();
        let before = if self == Self::BeforeDoor { Level::Roadno } else { Level::Houseno };
        let mut text = String::new();
        if self == Self::BeforeDoor && address.level(Level::Roadno).is_none() {
            return;
        }
        if address.written_before(before, &mut text) {
            if self != Self::WithoutKinds {
                push_name(&text, out);
            }
        } else {
            for level in [Level::Town, Level::Community, Level::Road, Level::Subroad, Level::Poi, Level::Subpoi] {
                if let Some(name) = address.level(level).filter(|_| level < before && !address.is_inferred(level)) {
                    text.clear();
                    push_name(name, &mut text);
                    out.push_str(if self == Self::WithoutKinds { core(level, &text) } else { &text });
                }
            }
        }
        let characters = out.chars().count();
        if let Some((start, _)) = out.char_indices().nth(characters.saturating_sub(LONGEST)) {
            out.drain(..start);
        }
    }
}

impl AddressIndex {
    /// Calls `each` with the names of the table that end where `text` ends or where a known name may: the longest
    /// exact ones, else those one slip away.
    pub(super) fn each_reading(&self, text: &str, mut each: impl FnMut(Reading)) {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let count = ends.len() - 1;
        let mut exact = false;
        for end in (2..=count).rev() {
            // What is left after a name must not number anything.
            if text[ends[end]..].contains(is_mark) {
                break;
            }
            for start in end.saturating_sub(LONGEST_NAME)..end - 1 {
                let name = (ends[start], ends[end]);
                let id = self.strings.find(&text[name.0..name.1]);
                if id < UNKNOWN && self.is_name(id) {
                    exact = true;
                    for feature in [Feature::Place, Feature::Door] {
                        each(Reading { name, feature, id });
                    }
                }
            }
            // A name that ends before the text does leaves words behind; only a long one is worth it.
            if exact || end + 4 < count {
                break;
            }
        }
        if exact {
            return;
        }
        for start in count.saturating_sub(LONGEST_NAME)..count.saturating_sub(2) {
            let name = (ends[start], ends[count]);
            self.fuzzy.each(&text[name.0..name.1], &self.strings, |id, _| {
                for feature in [Feature::Place, Feature::Door] {
                    each(Reading { name, feature, id });
                }
            });
        }
    }

    /// The query as a reading has it.
    pub(super) fn read_as(&self, query: &Query, zone: Zone, text: &str, reading: &Reading) -> Option<Query> {
        let mut read = query.clone();
        let name = &text[reading.name.0..reading.name.1];
        match reading.feature {
            // What is numbered is a road.
            Feature::Place if zone == Zone::BeforeDoor => return None,
            Feature::Place => {
                read.place.text.clear();
                read.place.text.push_str(name);
                read.name_parts(self);
                // What the name swallowed is no road.
                let swallows = |said: &Name| !said.text.is_empty() && name.contains(&*said.text);
                if swallows(&query.road) || query.roadno == NONE {
                    read.road = Name { text: String::new(), id: NONE };
                    read.roadno = NONE;
                }
                if swallows(&query.subroad) || query.roadno == NONE {
                    read.subroad = Name { text: String::new(), id: NONE };
                    read.subroadno = NONE;
                }
            }
            // The road whose number the text says is at that number and at no other: 和街3号2室 is not at 和街2号.
            _ if zone != Zone::BeforeDoor && query.roadno != NONE && names(&query.road, name, reading.id) => {
                return None;
            }
            _ => {
                read.road.text.clear();
                read.road.text.push_str(name);
                read.road.id = self.strings.find(name);
                read.subroad.text.clear();
                read.subroad.id = NONE;
                if zone != Zone::BeforeDoor {
                    // The first number is the door's.
                    if query.house != NONE {
                        read.roadno = query.house;
                        read.house = NONE;
                    } else if query.room != NONE && query.cell == NONE {
                        read.roadno = query.room;
                        read.room = NONE;
                    } else {
                        return None;
                    }
                }
                if zone != Zone::BeforeDoor {
                    read.place.text.clear();
                    read.name_parts(self);
                }
            }
        }
        Some(read)
    }
}

/// Whether a reading is the road that the text names, perhaps with words before it.
fn names(road: &Name, name: &str, id: u32) -> bool {
    id == road.id || (!road.text.is_empty() && name.ends_with(&*road.text))
}
