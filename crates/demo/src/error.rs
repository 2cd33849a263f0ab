//! What can go wrong while the city is written.

use std::path::PathBuf;

use thiserror::Error;

/// Result of the generator.
pub type Result<T, E = DemoError> = std::result::Result<T, E>;

/// A demo city that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The options ask for something that cannot be.
    #[error("{what}; {mend}")]
    Options {
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
    },
    /// A file cannot be created or written.
    #[error("{}: {error}; check that the folder can be written and has room", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A workbook, database or column file refuses what is written into it.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A state that should not be possible.
    #[error("internal error: {0}")]
    Internal(String),
}

impl DemoError {
    /// Whether the user can mend it.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        matches!(self, Self::Options { .. } | Self::Io { .. })
    }

    /// For `map_err` on a file's input and output.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    /// For `map_err` on a file format's own errors.
    pub(crate) fn format<E: std::fmt::Display>(path: impl Into<PathBuf>) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |error| Self::Format { path, message: error.to_string() }
    }
}
