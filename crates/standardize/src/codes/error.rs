//! What can be wrong with a table of divisions.

use thiserror::Error;

/// A table of divisions that cannot be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum CodesError {
    /// The table is no UTF-8 text.
    #[error("the table of divisions is not UTF-8 text: byte {0} does not belong there; save it as UTF-8")]
    NotText(usize),
    /// The first line does not name the columns.
    #[error(
        "the table of divisions starts with `{0}`; its first line must be `code,name,level,parent,valid_from,valid_to,successor`"
    )]
    Header(String),
    /// A line that does not say what it should.
    #[error("line {line} of the table of divisions: {what}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong and how to mend it.
        what: String,
    },
}

impl CodesError {
    /// Whether the user can mend it: always, since only tables of the user's own are checked.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        true
    }
}
