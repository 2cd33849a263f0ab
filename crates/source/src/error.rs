//! What can go wrong while a department's data is read.

use std::fmt;
use std::io;

use thiserror::Error;

/// Result of this crate.
pub type Result<T, E = SourceError> = std::result::Result<T, E>;

/// Data that cannot be read as configured: what, where, and how to mend it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// The file, archive member or database.
    pub file: String,
    /// Sheet, layer or table.
    pub sheet: Option<String>,
    /// 1-based row as the user would find it.
    pub row: Option<i64>,
    /// The column.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", {sheet}")?;
        }
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// An error of this crate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The data or its configuration is not usable.
    #[error("{0}")]
    Data(Box<Fault>),
    /// The operating system or the network refused.
    #[error("{file}: {error}")]
    Io {
        /// The file or address.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// A state that should not be possible.
    #[error("internal error: {0}")]
    Internal(String),
    /// Whoever read the batches has stopped; never shown to a user.
    #[error("the reader stopped")]
    Stopped,
}

impl SourceError {
    /// Data at `file` that cannot be read.
    pub fn data(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Data(Box::new(Fault { file: file.into(), message: message.into(), ..Fault::default() }))
    }

    /// A file the operating system does not give.
    pub fn io(file: impl Into<String>, error: io::Error) -> Self {
        Self::Io { file: file.into(), error }
    }

    /// The same error with advice.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.change(|fault| fault.hint = Some(hint.into()))
    }

    /// The same error, in a sheet, layer or table.
    #[must_use]
    pub fn in_sheet(self, sheet: impl Into<String>) -> Self {
        self.change(|fault| fault.sheet = Some(sheet.into()))
    }

    /// The same error, at a 1-based row.
    #[must_use]
    pub fn at_row(self, row: i64) -> Self {
        self.change(|fault| fault.row = Some(row))
    }

    /// The same error, in a column.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Self {
        self.change(|fault| fault.column = Some(column.into()))
    }

    /// Whether the user can mend it: everything but our own bugs.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        !matches!(self, Self::Internal(_) | Self::Stopped)
    }

    fn change(mut self, change: impl FnOnce(&mut Fault)) -> Self {
        if let Self::Data(fault) = &mut self {
            change(fault);
        }
        self
    }
}

impl From<arrow::error::ArrowError> for SourceError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Internal(format!("assembling a batch: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_how_to_mend_it() {
        let error =
            SourceError::data("a.xlsx", "two columns are called `x`").in_sheet("S1").at_row(3).with_hint("rename one");
        assert_eq!(error.to_string(), "a.xlsx, S1, row 3: two columns are called `x`\nhint: rename one");
        assert!(error.is_user_error());
        assert!(!SourceError::Internal(String::new()).is_user_error());
    }
}
