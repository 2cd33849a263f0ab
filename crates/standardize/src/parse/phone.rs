//! Phone numbers, whole or masked.

use jingwei_model::id::phone::{Parsed, parse};

use super::{Cell, refused};

/// Reads a number.
#[must_use]
pub fn phone(text: &str) -> Cell<String> {
    match parse(text) {
        Ok(Parsed::Full(number)) => Cell::Value(number),
        Ok(Parsed::Partial(shown)) => Cell::Partial(shown),
        Err(reason) => refused(reason),
    }
}
