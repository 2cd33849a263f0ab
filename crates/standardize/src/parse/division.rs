//! Division codes of any level.

use std::borrow::Cow;

use jingwei_model::id::division::parse;

use super::{Cell, refused};

/// Reads a code and cuts its padding zeros at a level's border.
#[must_use]
pub fn division(text: &str) -> Cell<Cow<'_, str>> {
    // Codes from a spreadsheet or a database may have been numbers once.
    parse(text.strip_suffix(".0").unwrap_or(text)).map_or_else(refused, Cell::Value)
}
