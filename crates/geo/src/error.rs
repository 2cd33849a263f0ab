//! What can be wrong with a shape or a coordinate system.

use thiserror::Error;

/// An error of geometry.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GeoError {
    /// A coordinate system that nobody knows.
    #[error("`{name}` is no known coordinate system; {hint}")]
    UnknownCrs {
        /// As written.
        name: String,
        /// How to mend it.
        hint: String,
    },
    /// Bytes that are no WKB.
    #[error("not a geometry: {0}")]
    Wkb(&'static str),
    /// Text that is no WKT or `GeoJSON` geometry.
    #[error("not a geometry: {0}")]
    Text(String),
    /// A point outside what a system can express.
    #[error("({x}, {y}) lies outside {crs}")]
    Outside {
        /// East or longitude.
        x: f64,
        /// North or latitude.
        y: f64,
        /// The system.
        crs: String,
    },
}

impl GeoError {
    /// All of them come from the user's data or words.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        true
    }
}
