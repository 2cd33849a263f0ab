//! How well a site fits a text, and an address at it.

use serde::Serialize;

use super::forms::{stem, without_part};
use super::fuzzy::{Slip, slip};
use super::index::{AddressIndex, Leaf, Site};
use super::query::{Name, Query};
use super::strings::{NONE, UNKNOWN};
use super::weights as w;

/// How a level of a text compares with that of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The same.
    Agrees,
    /// One slip of the pen apart.
    Misspelt,
    /// The same in part: a compound without its part or its kind.
    Partly,
    /// The address has it and the text does not.
    Missing,
    /// The text has it and the address does not.
    Extra,
    /// They contradict.
    Differs,
}

type Scored = Option<(Outcome, f32)>;

impl AddressIndex {
    /// The weight of a site.
    pub(super) fn site_score(&self, query: &Query, site: &Site) -> f32 {
        let area = &self.areas[site.area as usize];
        let mut score = 0.0;
        for place in 0..area.cores.len() {
            score += self.division(query, &area.cores, place).map_or(0.0, |scored| scored.1);
        }
        let parts = [
            self.road(query, site),
            self.door(query, site),
            self.subroad(query, site),
            number(query.subroadno, site.subroadno),
            self.place(query, site),
        ];
        parts.into_iter().flatten().fold(score, |score, part| score + part.1)
    }

    /// A division; those of the text may stand a level off: 望京 is a street and a community.
    pub(super) fn division(&self, query: &Query, cores: &[u32; 6], place: usize) -> Scored {
        let (said, known) = (query.divisions[place], cores[place]);
        if said == NONE || known == NONE {
            return None;
        }
        if said == known {
            let share = if query.inferred[place] { 0.5 } else { 1.0 };
            return Some((Outcome::Agrees, w::DIVISION_AGREES[place] * share));
        }
        if query.inferred[place] {
            return None;
        }
        if said != UNKNOWN && cores[place.saturating_sub(1)..].contains(&said) {
            return Some((Outcome::Agrees, 0.5));
        }
        Some((Outcome::Differs, w::DIVISION_DIFFERS[place]))
    }

    pub(super) fn road(&self, query: &Query, site: &Site) -> Scored {
        named(self, &query.road, site.road, query.roadno == site.roadno)
    }

    pub(super) fn subroad(&self, query: &Query, site: &Site) -> Scored {
        named(self, &query.subroad, site.subroad, query.roadno == site.roadno)
    }

    /// The door's number, where it is counted on the same road.
    pub(super) fn door(&self, query: &Query, site: &Site) -> Scored {
        let same_road = query.road.id == site.road
            || query.road.id == NONE
            || (site.road != NONE && slip(&query.road.text, self.strings.get(site.road)).is_some());
        if same_road { number(query.roadno, site.roadno) } else { None }
    }

    pub(super) fn place(&self, query: &Query, site: &Site) -> Scored {
        let (said, known) = (&query.place, site.place);
        match (said.id, known) {
            (NONE, NONE) => return None,
            (NONE, _) => return Some((Outcome::Missing, 0.0)),
            (_, NONE) => return Some((Outcome::Extra, w::PLACE_EXTRA)),
            _ => {}
        }
        if said.id == known {
            return Some((Outcome::Agrees, w::PLACE_AGREES));
        }
        let name = self.strings.get(known);
        let known_name = if self.is_name(said.id) { w::KNOWN_NAME } else { 0.0 };
        if let Some(slip) = slip(&said.text, name) {
            // Another name on another road is another compound.
            if self.road(query, site).is_some_and(|road| road.0 == Outcome::Differs) {
                return Some((Outcome::Differs, w::PLACE_DIFFERS));
            }
            // 永馨家园 and 龙馨家园: half of what tells them apart.
            let short = stem(&said.text).chars().count() <= 2;
            let plain = slip == Slip::Plain && !short;
            let weight = if plain { w::PLACE_MISSPELT } else { w::PLACE_MISSPELT_MARK };
            return Some((Outcome::Misspelt, weight + known_name));
        }
        let (said_whole, known_whole) = (without_part(&said.text), without_part(name));
        if said_whole == known_whole {
            let both = said_whole.len() < said.text.len() && known_whole.len() < name.len();
            return Some(if both {
                (Outcome::Differs, w::PART_DIFFERS)
            } else {
                (Outcome::Partly, w::PART_MISSING + known_name)
            });
        }
        if stem(&said.text) == stem(name) {
            let parts = [&said.text[said_whole.len()..], &name[known_whole.len()..]];
            let part = match parts {
                [said, known] if said == known => 0.0,
                ["", _] | [_, ""] => w::PART_MISSING - w::PLACE_AGREES,
                _ => w::PART_DIFFERS - w::PLACE_AGREES,
            };
            let bare = said_whole == stem(name) || known_whole == stem(&said.text);
            return Some(if bare {
                (Outcome::Partly, w::KIND_MISSING + part + known_name)
            } else {
                (Outcome::Differs, w::KIND_DIFFERS + part + known_name)
            });
        }
        let is_compound = self.is_name(said.id);
        Some((Outcome::Differs, if is_compound { w::PLACE_DIFFERS } else { w::PLACE_OTHER }))
    }

    /// The weight of an address at a site, beside the site's own.
    pub(super) fn tail_score(query: &Query, leaf: &Leaf) -> f32 {
        let floor = detail(query.floor, leaf.floor).map_or(0.0, |scored| scored.1);
        w::TAIL_EXISTS + detail(query.cell, leaf.cell).map_or(0.0, |scored| scored.1) + floor
    }
}

/// A name and that of a site. One slip is forgiven where the number after it agrees.
fn named(index: &AddressIndex, said: &Name, known: u32, numbers_agree: bool) -> Scored {
    match (said.id, known) {
        (NONE, NONE) => return None,
        (NONE, _) => return Some((Outcome::Missing, 0.0)),
        (_, NONE) => return Some((Outcome::Extra, w::ROAD_EXTRA)),
        _ => {}
    }
    if said.id == known {
        return Some((Outcome::Agrees, w::ROAD_AGREES));
    }
    let known_name = if index.is_name(said.id) { w::KNOWN_NAME } else { 0.0 };
    match slip(&said.text, index.strings.get(known)) {
        Some(Slip::Plain) if numbers_agree => Some((Outcome::Misspelt, w::ROAD_MISSPELT + known_name)),
        Some(Slip::Risky) if numbers_agree => Some((Outcome::Misspelt, w::ROAD_MISSPELT_MARK + known_name)),
        _ if index.is_name(said.id) => Some((Outcome::Differs, w::ROAD_DIFFERS)),
        _ => Some((Outcome::Differs, w::ROAD_OTHER)),
    }
}

pub(super) fn number(said: u32, known: u32) -> Scored {
    match (said, known) {
        (NONE, NONE) => None,
        (NONE, _) => Some((Outcome::Missing, 0.0)),
        (_, NONE) => Some((Outcome::Extra, w::NUMBER_MISSING)),
        (said, known) if said == known => Some((Outcome::Agrees, w::NUMBER_AGREES)),
        _ => Some((Outcome::Differs, w::NUMBER_DIFFERS)),
    }
}

pub(super) fn detail(said: u32, known: u32) -> Scored {
    match (said, known) {
        (NONE, NONE) => None,
        (NONE, _) => Some((Outcome::Missing, w::DETAIL_MISSING)),
        (_, NONE) => Some((Outcome::Extra, w::DETAIL_EXTRA)),
        (said, known) if said == known => Some((Outcome::Agrees, w::DETAIL_AGREES)),
        _ => Some((Outcome::Differs, w::NUMBER_DIFFERS)),
    }
}
