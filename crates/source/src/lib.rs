//! Departmental files and databases read as they are into Arrow batches.
//!
//! Input: one [`jingwei_model::config::SourceConfig`] and a [`Locator`]. Output: the source's [`Part`]s in a
//! deterministic order, each a schema and a stream of batches whose first columns say where every row came
//! from. Invariant: no row is lost or invented: a row that cannot be read is a row too, with the reason in
//! `_error` and its text in `_text`; memory stays bounded however large a file or a line is.

mod archive;
mod arrow;
mod columnar;
mod csv;
mod database;
mod encoding;
mod error;
mod excel;
mod geojson;
mod geopackage;
mod guard;
mod header;
mod json;
mod location;
mod open;
mod parquet;
mod part;
mod profile;
mod provenance;
mod rows;
mod shapefile;
mod sqlite;
mod stream;
#[cfg(test)]
mod testing;
mod typed;

pub use archive::Packing;
pub use error::{Fault, Result, SourceError};
pub use open::{fingerprint, open};
pub use parquet::parquet_geometries;
pub use part::{BATCH_ROWS, BatchStream, Format, LocalFile, Locator, Part};
pub use profile::{ColumnProfile, CrsGuess, Layout, Meaning, PointColumns, Profile, SheetProfile, profile};
pub use provenance::{PROVENANCE, Provenance, RowFault};
pub use typed::GEOMETRY;
