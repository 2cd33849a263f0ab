//! What can go wrong while linking.

use std::fmt::Display;
use std::path::Path;

use datafusion::error::DataFusionError;
use thiserror::Error;

/// Result of linking.
pub type Result<T, E = LinkError> = std::result::Result<T, E>;

/// An error of linkage.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// A rule's SQL does not fit the records.
    #[error("rule `{rule}`, `{sql}`: {message}")]
    Rule {
        /// The rule.
        rule: String,
        /// The expression.
        sql: String,
        /// Why.
        message: String,
    },
    /// The model or the tables are not as they must be.
    #[error("{0}")]
    Usage(String),
    /// A file of a kept linkage, or of plans, cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: String,
    },
    /// The query engine failed.
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
    /// Arrow refused data.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// A state that should not be possible.
    #[error("internal error: {0}")]
    Internal(String),
}

impl LinkError {
    /// A mistake of the user's.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// What becomes of an error with the file at this path.
    pub(crate) fn of_file<E: Display>(path: &Path) -> impl Fn(E) -> Self {
        move |error| Self::File { path: path.display().to_string(), error: error.to_string() }
    }

    /// Whether the user can mend it.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        matches!(self, Self::Rule { .. } | Self::Usage(_) | Self::File { .. })
    }
}
