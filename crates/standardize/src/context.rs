//! What a value's meaning depends on beside its text: the day, the city, the file.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::StandardizeError;

/// Says whether a six-digit division has existed in any revision of GB/T 2260.
pub type KnownDivision = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The circumstances a part of a source is read under. A run fixes them once, so that it gives the same
/// result whenever it is repeated.
#[derive(Clone)]
pub struct Context {
    pub(crate) today: NaiveDate,
    pub(crate) time_zone: Tz,
    pub(crate) crs: Option<String>,
    pub(crate) part: Option<String>,
    pub(crate) known_division: KnownDivision,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("today", &self.today)
            .field("time_zone", &self.time_zone.name())
            .field("crs", &self.crs)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Circumstances on the day `today`: local time of China, coordinates in EPSG:4326 where nothing else
    /// is said, divisions as the built-in table has them.
    #[must_use]
    pub fn new(today: NaiveDate) -> Self {
        Self { today, time_zone: chrono_tz::Asia::Shanghai, crs: None, part: None, known_division: Arc::new(known_division) }
    }

    /// The same in another time zone, by its IANA name.
    ///
    /// # Errors
    /// A name that is none.
    pub fn with_time_zone(mut self, name: &str) -> Result<Self, StandardizeError> {
        self.time_zone = name.parse().map_err(|_| StandardizeError::UnknownTimeZone { name: name.to_owned() })?;
        Ok(self)
    }

    /// The same with the coordinate system of geometries that neither configuration nor file give one.
    #[must_use]
    pub fn with_crs(mut self, crs: impl Into<String>) -> Self {
        self.crs = Some(crs.into());
        self
    }

    /// The same for a part of the source (a file, a sheet, a table), which messages name.
    #[must_use]
    pub fn with_part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// The same with another table of divisions.
    #[must_use]
    pub fn with_known_divisions(mut self, known: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.known_division = Arc::new(known);
        self
    }
}

/// Whether the province of a six-digit division is one of GB/T 2260.
pub(crate) fn known_division(division: &str) -> bool {
    let province = division.get(..2).and_then(|digits| digits.parse::<u8>().ok());
    matches!(province, Some(11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83))
}
