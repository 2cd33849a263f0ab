//! Chinese addresses in sixteen levels.
//!
//! Input: an address as a department writes it. Output: each level as written, the levels filled from the table
//! of divisions and from the city's registers, one standard spelling for all spellings that mean the same, and
//! what is in no level. Invariant: every character ends in a level, in the rest, or is dropped by a named
//! [`Rule`]; parsing takes time in proportion to the length of the text, and never fails.
//!
//! The parser reads from left to right once. Names of divisions come from a tree of all names in all their
//! forms; a name that several places bear is decided by the names around it. What follows is cut where a word
//! says what it ends: 街道, 村, 路, 号, 号楼, 单元, 室. Numbers joined by dashes are told apart by how many there
//! are and what stands before them.

mod asides;
mod division;
mod door;
mod fold;
pub mod functions;
mod gazetteer;
mod group;
mod lexicon;
mod names;
mod numerals;
mod parsed;
mod places;
mod range;
mod render;
mod roads;
mod scan;
mod second;
mod tail;
#[cfg(test)]
mod tests;
mod trie;
mod unit;
mod words;

use std::sync::{Arc, OnceLock};

use crate::codes::Divisions;

pub use functions::{functions, functions_with};
pub use gazetteer::{KnownCompound, KnownRoad};
pub use parsed::{Grain, Kind, Parsed, Rule, Segment};
pub use range::expand_range;

/// Reads addresses.
#[derive(Debug, Clone, Default)]
pub struct AddressParser {
    gazetteer: gazetteer::Gazetteer,
}

impl AddressParser {
    /// A parser over a table of divisions. Names that several places bear mean the one in the home city, which is
    /// the city whose communities the table lists.
    #[must_use]
    pub fn new(divisions: &Arc<Divisions>) -> Self {
        Self { gazetteer: gazetteer::Gazetteer::new(divisions, None) }
    }

    /// A parser whose home is the division with code `home`.
    #[must_use]
    pub fn with_home(divisions: &Arc<Divisions>, home: &str) -> Self {
        Self { gazetteer: gazetteer::Gazetteer::new(divisions, Some(home)) }
    }

    /// The parser over the table that comes with the program, made once.
    #[must_use]
    pub fn builtin() -> &'static Arc<Self> {
        static PARSER: OnceLock<Arc<AddressParser>> = OnceLock::new();
        PARSER.get_or_init(|| Arc::new(Self::new(Divisions::builtin())))
    }

    /// Code of the home division; empty where there is none.
    #[must_use]
    pub fn home(&self) -> &str {
        self.gazetteer.places.get(self.gazetteer.home.start as usize).map_or("", |place| &place.code)
    }

    /// Learns roads and compounds of the city's own registers: their names are read as they are, and what the
    /// register says of them (road, number, community) completes addresses that leave it out.
    pub fn learn<'a>(
        &mut self,
        roads: impl IntoIterator<Item = KnownRoad<'a>>,
        compounds: impl IntoIterator<Item = KnownCompound<'a>>,
    ) {
        self.gazetteer.learn(roads, compounds);
    }

    /// Reads an address into `out`, whose buffers are used again.
    pub fn parse(&self, text: &str, out: &mut Parsed) {
        out.begin(text);
        let folded = std::mem::take(&mut out.folded);
        let mut scanner = scan::Scanner::new(&self.gazetteer, &folded.chars, out);
        scanner.run();
        scanner.finish();
        out.folded = folded;
    }
}

/// Reads an address with the parser over the built-in table.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let mut out = Parsed::default();
    AddressParser::builtin().parse(text, &mut out);
    out
}
