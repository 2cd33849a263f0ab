//! What can go wrong with the tables.

use thiserror::Error;

/// An error of the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The storage URL cannot be used.
    #[error("storage `{url}`: {reason}; write a folder or a URL such as s3://bucket/path")]
    Location {
        /// As configured.
        url: String,
        /// Why.
        reason: String,
    },
    /// Another run is writing.
    #[error("another run (process {holder}) is writing to {path}; wait for it to end")]
    Locked {
        /// The lock file.
        path: String,
        /// Process id of the holder.
        holder: String,
    },
    /// Another run published while this one worked.
    #[error("another run published snapshot {seq} meanwhile; run again")]
    Overtaken {
        /// The number both wanted.
        seq: u64,
    },
    /// No such table in the snapshot.
    #[error("there is no table `{0}` in this snapshot")]
    NoTable(String),
    /// A snapshot that cannot be read.
    #[error("snapshot {seq} cannot be read: {reason}")]
    BadSnapshot {
        /// Its number.
        seq: u64,
        /// Why.
        reason: String,
    },
    /// The object store failed.
    #[error("storage: {0}")]
    Storage(#[from] object_store::Error),
    /// A file or folder of the system failed.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Delta refused a commit.
    #[error("table `{table}`: {error}")]
    Delta {
        /// The table.
        table: String,
        /// Why.
        error: Box<deltalake::DeltaTableError>,
    },
    /// Parquet refused data.
    #[error("table `{table}`: {error}")]
    Parquet {
        /// The table.
        table: String,
        /// Why.
        error: parquet::errors::ParquetError,
    },
    /// Arrow refused data.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// The query engine refused a plan.
    #[error(transparent)]
    DataFusion(#[from] datafusion::error::DataFusionError),
    /// The run history failed.
    #[error("run history: {0}")]
    Ops(#[from] rusqlite::Error),
    /// A state that should not be possible.
    #[error("internal error: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether the user can mend it.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        matches!(
            self,
            Self::Location { .. }
                | Self::Locked { .. }
                | Self::Overtaken { .. }
                | Self::NoTable(_)
                | Self::Storage(_)
                | Self::Io { .. }
        )
    }
}
