//! Raw columns to agreed columns: identifiers, names, dates, addresses, coordinates.
//!
//! Input: raw batches of one part of a source, and the source's configuration. Output: a clean batch and
//! a quarantine batch for each; the same rules one by one as SQL [`functions`]. Invariant: every input row
//! ends in exactly one of the two batches, with its file, sheet and row number, and what was changed or
//! refused in it is named by a [`Reason`](jingwei_model::Reason).

pub mod address;
mod cells;
pub mod codes;
mod column;
mod context;
mod error;
pub mod functions;
pub mod parse;
mod quarantine;
mod record;
mod report;
mod standardizer;

pub use context::Context;
pub use error::StandardizeError;
pub use functions::functions;
pub use jingwei_model::han;
pub use standardizer::{Standardized, Standardizer};
