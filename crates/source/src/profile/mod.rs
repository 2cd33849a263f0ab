//! What a departmental file holds, and a proposal how to read it.

mod columns;
mod crs;
mod dictionary;
mod layout;
mod meaning;
mod propose;
mod read;
mod render;
#[cfg(test)]
mod tests;
mod written;

pub use columns::ColumnProfile;
pub use crs::CrsGuess;
pub use layout::Layout;
pub use meaning::Meaning;
pub use read::{PointColumns, Profile, SheetProfile, profile};
