//! Free text → standard address, and point → standard address: the parser, the index and the table of addresses put
//! together.
//!
//! The parser learns the roads and compounds of the very table it is asked against; what it reads goes to the index,
//! which knows no parser. A table of other countries' addresses has no levels: there an address is found when its
//! settled spelling is one of the table's.

mod build;
mod file;
mod nearest;
mod plain;
mod read;
mod shared;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::{Arc, OnceLock};

use jingwei_link::address::{AddressIndex, Evidence, Search, Verdict};
use jingwei_model::{Level, Levels};
use jingwei_standardize::address::{AddressParser, Grain, Parsed};
use serde::Serialize;

pub use build::{GeocoderBuilder, StandardColumns};
pub use file::{GeocodeReport, GeocodeTask, geocode_file};
pub use nearest::Nearby;
pub use shared::SharedGeocoder;

use nearest::Nearest;
use plain::PlainIndex;
pub(crate) use read::Read;
use texts::Texts;

/// Standard addresses, ready to be asked.
#[derive(Debug)]
pub struct Geocoder {
    kind: Kind,
    ids: Texts,
    canonical: Texts,
    levels: Vec<Option<Grain>>,
    /// Longitude and latitude; not a number where an address has no point.
    points: Vec<(f64, f64)>,
    nearest: OnceLock<Nearest>,
}

/// How texts are compared.
#[derive(Debug)]
enum Kind {
    Levels { parser: Arc<AddressParser>, index: Box<AddressIndex> },
    Plain(PlainIndex),
}

/// A standard address.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandardAddress {
    /// Its id.
    pub id: String,
    /// Its standard spelling.
    pub canonical: String,
    /// How fine it is.
    pub level: Option<&'static str>,
    /// Longitude, degrees.
    pub lon: Option<f64>,
    /// Latitude, degrees.
    pub lat: Option<f64>,
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// `found`, `tied`, `no_such_address` or `unknown`.
    pub verdict: &'static str,
    /// The row that was found.
    pub row: Option<u32>,
    /// The likeliest row, found or not.
    pub first: Option<u32>,
    /// How likely that is the one; zero where there is none.
    pub probability: f64,
    /// The building or compound named, where the text's own address is not in the table.
    pub nearest: Option<u32>,
}

/// An address a text may mean, with the evidence.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The address.
    #[serde(flatten)]
    pub address: StandardAddress,
    /// How likely it is the one.
    pub probability: f64,
    /// Level by level.
    pub evidence: Vec<LevelEvidence>,
}

/// What one level proves.
#[derive(Debug, Clone, Serialize)]
pub struct LevelEvidence {
    /// The level.
    pub level: &'static str,
    /// What the text has.
    pub text: String,
    /// What the address has.
    pub address: String,
    /// `agrees`, `misspelt`, `partly`, `missing`, `extra` or `differs`.
    pub outcome: jingwei_link::address::Outcome,
    /// Natural logarithm of the likelihood ratio.
    pub weight: f32,
}

impl From<Evidence> for LevelEvidence {
    fn from(evidence: Evidence) -> Self {
        let Evidence { level, text, address, outcome, weight } = evidence;
        Self { level: level.name(), text, address, outcome, weight }
    }
}

impl Geocoder {
    /// Number of addresses.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.levels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Bytes of the index, without the ids, spellings and points of the table itself.
    #[must_use]
    pub fn index_memory(&self) -> usize {
        match &self.kind {
            Kind::Levels { index, .. } => index.memory(),
            Kind::Plain(index) => index.memory(),
        }
    }

    /// A row's id.
    #[must_use]
    pub fn id(&self, row: u32) -> &str {
        self.ids.get(row)
    }

    /// A row's standard spelling.
    #[must_use]
    pub fn canonical(&self, row: u32) -> &str {
        self.canonical.get(row)
    }

    /// How fine a row's address is.
    #[must_use]
    pub fn level(&self, row: u32) -> Option<&'static str> {
        self.levels.get(row as usize).copied().flatten().map(Grain::name)
    }

    /// A row's longitude and latitude.
    #[must_use]
    pub fn point(&self, row: u32) -> Option<(f64, f64)> {
        self.points.get(row as usize).copied().filter(|point| point.0.is_finite() && point.1.is_finite())
    }

    /// A row.
    #[must_use]
    pub fn address(&self, row: u32) -> StandardAddress {
        let point = self.point(row);
        StandardAddress {
            id: self.id(row).to_owned(),
            canonical: self.canonical(row).to_owned(),
            level: self.level(row),
            lon: point.map(|point| point.0),
            lat: point.map(|point| point.1),
        }
    }

    /// Buffers for asking one text after another.
    #[must_use]
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { geocoder: self, parsed: Parsed::default(), search: Search::default() }
    }

    /// The standard address nearest to a point, of those no finer than a building where the table has such.
    #[must_use]
    pub fn reverse(&self, lon: f64, lat: f64) -> Option<Nearby> {
        self.nearest.get_or_init(|| Nearest::new(&self.points, &self.levels)).find(&self.points, lon, lat)
    }

    /// Levels of a text, as parsed; none where addresses have no levels.
    #[must_use]
    pub fn parse(&self, text: &str) -> Vec<(&'static str, String)> {
        let Kind::Levels { parser, .. } = &self.kind else { return Vec::new() };
        let mut parsed = Parsed::default();
        parser.parse(text, &mut parsed);
        let levels = Level::ALL.into_iter();
        levels.filter_map(|level| Some((level.name(), parsed.get(level)?.to_owned()))).collect()
    }

    /// The addresses a text may mean, the likeliest first, with the evidence.
    #[must_use]
    pub fn explain(&self, text: &str) -> Vec<Explained> {
        match &self.kind {
            Kind::Levels { parser, index } => {
                let mut parsed = Parsed::default();
                parser.parse(text, &mut parsed);
                let (_, candidates) = index.find_explained(&Read::new(&parsed, text));
                candidates
                    .into_iter()
                    .map(|(candidate, evidence)| Explained {
                        address: self.address(candidate.row),
                        probability: candidate.probability,
                        evidence: evidence.into_iter().map(LevelEvidence::from).collect(),
                    })
                    .collect()
            }
            Kind::Plain(index) => {
                let rows = index.find(text, &self.canonical);
                let probability = 1.0 / rows.len().max(1) as f64;
                rows.into_iter()
                    .map(|row| Explained { address: self.address(row), probability, evidence: Vec::new() })
                    .collect()
            }
        }
    }
}

/// Asks one text after another.
#[derive(Debug)]
pub struct Lookup<'a> {
    geocoder: &'a Geocoder,
    parsed: Parsed,
    search: Search,
}

impl Lookup<'_> {
    /// What a text means. The answer is the same whatever was asked before.
    pub fn find(&mut self, text: &str) -> Match {
        match &self.geocoder.kind {
            Kind::Levels { parser, index } => {
                parser.parse(text, &mut self.parsed);
                let verdict = index.find(&Read::new(&self.parsed, text), &mut self.search);
                let first = self.search.candidates().first();
                Match {
                    verdict: verdict.name(),
                    row: verdict.row(),
                    first: first.map(|candidate| candidate.row),
                    probability: first.map_or(0.0, |candidate| candidate.probability),
                    nearest: self.search.nearest(),
                }
            }
            Kind::Plain(index) => {
                let rows = index.find(text, &self.geocoder.canonical);
                let row = if let [only] = rows[..] { Some(only) } else { None };
                Match {
                    verdict: match rows.len() {
                        0 => Verdict::Unknown.name(),
                        1 => "found",
                        _ => Verdict::Tied.name(),
                    },
                    row,
                    first: rows.first().copied(),
                    probability: if rows.is_empty() { 0.0 } else { 1.0 / rows.len() as f64 },
                    nearest: None,
                }
            }
        }
    }
}

/// How fine an address is, by its finest level.
fn grain(address: &impl Levels) -> Option<Grain> {
    Level::ALL.into_iter().rev().find(|level| address.level(*level).is_some()).map(Grain::of)
}
