//! What ties a base value back to a departmental file.

use std::fmt;

use crate::Element;
use crate::hash::{base32, hash128};

/// Names one record of one source for good: source, record label and the record's id in the source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// Source, e.g. `hukou`.
    pub source: String,
    /// Record label within the source, e.g. `people` or `owner`.
    pub record: String,
    /// Id of the record within source and label.
    pub record_id: String,
}

impl RecordKey {
    /// A hash that orders and compares records without their text.
    #[must_use]
    pub fn hash(&self) -> u128 {
        hash128(format!("{}\u{1f}{}\u{1f}{}", self.source, self.record, self.record_id).as_bytes())
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.record, self.record_id)
    }
}

/// The id a new entity takes from the smallest of its record hashes; `salt` counts up when that id has
/// already been another entity's.
#[must_use]
pub fn entity_id(element: Element, record_hash: u128, salt: u32) -> String {
    let hash =
        if salt == 0 { record_hash } else { hash128(&[&record_hash.to_be_bytes()[..], &salt.to_be_bytes()].concat()) };
    format!("{}{}", element.id_letter(), base32(hash))
}
