//! Number plates.

use jingwei_model::id::plate::{Plate, parse};

use super::{Cell, refused};

/// Reads a plate.
#[must_use]
pub fn plate(text: &str) -> Cell<Plate> {
    parse(text).map_or_else(refused, Cell::Value)
}
