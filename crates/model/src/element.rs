//! The six elements a city is described by: 人 地 房 事 物 组织.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the six elements, or of the three tables that tie them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// Persons (人).
    People,
    /// Parcels and lots (地).
    Land,
    /// Buildings, units and rooms (房).
    Housing,
    /// What happened or was asked for (事).
    Events,
    /// Components, devices and other things (物).
    Objects,
    /// Organizations (组织).
    Organizations,
    /// Districts, streets, communities and grids, as polygons.
    Areas,
}

impl Element {
    /// All elements in the order in which they are integrated: areas locate everything else, land
    /// carries housing, and events point at all of them.
    pub const ALL: [Self; 7] =
        [Self::Areas, Self::Land, Self::Housing, Self::Organizations, Self::People, Self::Objects, Self::Events];

    /// The name of its base table, e.g. `people`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Land => "land",
            Self::Housing => "housing",
            Self::Events => "events",
            Self::Objects => "objects",
            Self::Organizations => "organizations",
            Self::Areas => "areas",
        }
    }

    /// The letter its entity ids begin with.
    #[must_use]
    pub const fn id_letter(self) -> char {
        match self {
            Self::People => 'p',
            Self::Land => 'l',
            Self::Housing => 'h',
            Self::Events => 'e',
            Self::Objects => 'o',
            Self::Organizations => 'g',
            Self::Areas => 'a',
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Element {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|element| element.name() == text)
            .ok_or_else(|| format!("`{text}` is not an element; the elements are people, land, housing, events, objects, organizations and areas"))
    }
}
