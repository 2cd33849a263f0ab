//! Lines of text.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{DemoError, Result};

/// A buffered text file.
pub struct Lines {
    path: PathBuf,
    out: BufWriter<File>,
    rows: u64,
}

impl Lines {
    /// Creates the file and the folders above it.
    pub fn create(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        let file = File::create(path).map_err(DemoError::io(path))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(1 << 18, file), rows: 0 })
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(DemoError::io(&self.path))
    }

    /// Writes one row of the data.
    pub fn row(&mut self, bytes: &[u8]) -> Result<()> {
        self.rows += 1;
        self.raw(bytes)
    }

    /// Rows so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Flushes and closes.
    pub fn finish(mut self) -> Result<u64> {
        self.out.flush().map_err(DemoError::io(&self.path))?;
        Ok(self.rows)
    }
}
