//! A net under third-party readers: hostile bytes may make them panic, and the user shall read which file it was.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Result, SourceError};

/// Runs a reader; should it panic, the file is the culprit.
///
/// # Errors
/// Those of `work`, and a panic in it.
pub fn guarded<T>(display: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let error = SourceError::data(display, "the file is damaged so badly that its reader gave up");
        Err(error.with_hint("open it in the program it comes from and save it again, or have it sent again"))
    })
}
