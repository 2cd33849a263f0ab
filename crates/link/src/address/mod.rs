//! Free-text addresses to the standard addresses they mean.
//!
//! Input: standard addresses level by level, and the levels that a parser reads from a text ([`Levels`]); this module
//! knows no parser. Output: the address a text means with its probability, several that tie, or an explicit "no such
//! address"; and the evidence for it, level by level. Invariants: an answer depends on the text and the addresses
//! alone, not on other texts or on the order in which addresses were added; no search scans; numbers that contradict
//! are never one address.
//!
//! A text is compared with the few sites (compounds, doors, villages) that share a feature with it; each level adds the
//! logarithm of a likelihood ratio (Fellegi and Sunter, 1969), and the probabilities are those of Bayes' rule over the
//! addresses found, an address missing from each site, and something altogether unknown.
//!
//! ```
//! use jingwei_link::address::{AddressIndex, Search, Verdict};
//! use jingwei_model::{Address, Level};
//!
//! let address = |levels: &[(Level, &str)]| {
//!     let mut address = Address::default();
//!     levels.iter().for_each(|(level, text)| address.set(*level, Some((*text).to_owned())));
//!     address
//! };
//! let mut index = AddressIndex::new();
//! let row = index.add(&address(&[
//!     (Level::District, "朝阳区"),
//!     (Level::Road, "阜通东大街"),
//!     (Level::Roadno, "6号院"),
//!     (Level::Poi, "方恒国际"),
//!     (Level::Houseno, "5号楼"),
//! ]));
//! let mut search = Search::default();
//! let text = address(&[(Level::Poi, "方恒国际"), (Level::Houseno, "5幢")]);
//! assert_eq!(index.find(&text, &mut search).row(), Some(row));
//! let text = address(&[(Level::Poi, "方恒国际"), (Level::Houseno, "8幢")]);
//! assert_eq!(index.find(&text, &mut search), Verdict::NoSuchAddress);
//! ```
//!
//! [`Levels`]: jingwei_model::Levels

mod explain;
mod find;
mod forms;
mod fuzzy;
mod index;
mod measure;
mod query;
mod resegment;
mod score;
mod strings;
#[cfg(test)]
mod tests;
mod weights;

pub use explain::Evidence;
pub use find::{Candidate, Search, Verdict};
pub use index::AddressIndex;
pub use measure::{Measure, Share};
pub use score::Outcome;
