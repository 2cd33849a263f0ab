//! What `SQLite` says, in words that help.

use rusqlite::{Error, ErrorCode};

use crate::error::SourceError;

/// An error of the database `display`.
pub(crate) fn failed(display: &str, error: &Error) -> SourceError {
    let code = error.sqlite_error_code();
    let hint = match code {
        Some(ErrorCode::NotADatabase) => {
            "the file is no SQLite database, or an encrypted one: export it without encryption"
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "the database is damaged: run `sqlite3 FILE .recover`, or have it sent again"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program is writing to it: try again when it has ended, or read a copy"
        }
        Some(ErrorCode::CannotOpen) => "check that the file may be read, and its folder too",
        Some(ErrorCode::ReadOnly) => "from.query may read only: write one SELECT",
        _ => "check from.table and from.query",
    };
    let message = match error {
        Error::SqlInputError { msg, sql, offset, .. } => {
            let place = usize::try_from(*offset)
                .ok()
                .and_then(|offset| sql.get(..offset))
                .map_or(0, |before| before.chars().count());
            format!("the query is not understood: {msg} (at character {})", place + 1)
        }
        other => format!("the database cannot be read: {other}"),
    };
    SourceError::data(display, message).with_hint(hint)
}
