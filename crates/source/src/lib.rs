//! Departmental files and databases read as they are into Arrow batches.
//!
//! Input: one [`jingwei_model::config::SourceConfig`] and a [`Locator`]. Output: the source's [`Part`]s in a
//! deterministic order, each a schema and a stream of batches whose first columns say where every row came
//! from. Invariant: no row is lost or invented: a row that cannot be read is a row too, with the reason in
//! `_error` and its text in `_text`; memory stays bounded however large a file or a line is.

mod archive;
mod csv;
mod encoding;
mod error;
mod header;
mod location;
mod open;
mod part;
mod provenance;
mod rows;
mod stream;
#[cfg(test)]
mod testing;

pub use archive::Packing;
pub use error::{Fault, Result, SourceError};
pub use open::{fingerprint, open};
pub use part::{BATCH_ROWS, BatchStream, Format, LocalFile, Locator, Part};
pub use provenance::{PROVENANCE, Provenance, RowFault};
