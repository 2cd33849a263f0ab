//! Identifiers and code systems: parsing, checking and their parts. Each parser is a pure function of the
//! text (and of what it is told about the day and the divisions), so that a register can be checked
//! anywhere.

pub mod clean;
pub mod credit;
pub mod division;
pub mod estate;
pub mod grid;
mod mask;
pub mod phone;
pub mod plate;
pub mod resident;

pub use mask::mask_key;
