//! Resident ids (GB 11643), whole or masked.

use chrono::NaiveDate;
use jingwei_model::id::resident::{Parsed, ResidentId, parse};

use super::{Cell, refused};

/// Reads an id; `known` says whether a division has ever existed.
#[must_use]
pub fn resident_id(text: &str, today: NaiveDate, known: impl Fn(&str) -> bool) -> Cell<ResidentId> {
    match parse(text, today, known) {
        Ok(Parsed::Full(id)) => Cell::Value(id),
        Ok(Parsed::Partial(shown)) => Cell::Partial(shown),
        Err(reason) => refused(reason),
    }
}
