//! The joint between the formats and everything after them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::Stream;
use jingwei_model::config::SourceConfig;

use crate::archive::{self, Packing};
use crate::error::{Result, SourceError};

/// Rows of a batch; a batch may hold fewer.
pub const BATCH_ROWS: usize = 8192;

/// Where things are looked for.
#[derive(Debug, Clone, Default)]
pub struct Locator {
    /// The folder relative paths start at.
    pub root: PathBuf,
    /// Options of the object stores (`aws_region`, `aws_endpoint`, …).
    pub options: BTreeMap<String, String>,
    /// A folder for what must lie on a local disk to be read: downloads and members of archives.
    pub temp: PathBuf,
}

/// Batches of one part, in order.
pub type BatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch, SourceError>> + Send>>;

/// One file, sheet, layer, archive member or query result.
pub struct Part {
    /// What `_file` says.
    pub file: String,
    /// What `_sheet` says.
    pub sheet: Option<String>,
    /// The columns, provenance first.
    pub schema: SchemaRef,
    /// The rows. Nothing is read before the first poll.
    pub rows: BatchStream,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("file", &self.file)
            .field("sheet", &self.sheet)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// A file on a local disk, or a stream out of one.
#[derive(Debug, Clone)]
pub struct LocalFile {
    /// The name shown to the user, e.g. `inbox/2024.zip!people.csv`.
    pub display: String,
    /// Where the bytes lie.
    pub path: PathBuf,
    /// How they are wrapped there; formats that must seek always get [`Packing::Plain`].
    pub packing: Packing,
}

impl LocalFile {
    /// A plain file.
    pub fn plain(display: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { display: display.into(), path: path.into(), packing: Packing::Plain }
    }

    /// The unwrapped bytes from the beginning.
    ///
    /// # Errors
    /// The file cannot be opened, or its wrapping is broken.
    pub fn reader(&self) -> Result<Box<dyn Read + Send>> {
        archive::reader(self)
    }
}

/// A file format.
pub trait Format {
    /// The parts of a file. Reads as little as the columns need; the rows come with [`Part::rows`].
    fn open(&self, file: LocalFile, config: &SourceConfig) -> impl Future<Output = Result<Vec<Part>>> + Send;
}
