//! What a value's meaning depends on beside its text: the day, the city, the file.

use std::fmt;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::StandardizeError;
use crate::codes::Divisions;

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
        Self {
            today,
            time_zone: chrono_tz::Asia::Shanghai,
            crs: None,
            part: None,
            known_division: Arc::new(known_division),
        }
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

/// Whether the city of a six-digit division is in any revision of GB/T 2260. Not the district: the police have
/// given out numbers under codes of development zones and farms that no revision lists, and their bearers
/// would lose their ids.
pub(crate) fn known_division(division: &str) -> bool {
    static CITIES: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut known = vec![false; 10_000];
        for code in Divisions::builtin().iter().map(|division| division.code()) {
            if let Some(place) = city(code) {
                known[place] = true;
            }
        }
        known
    });
    city(division).is_some_and(|place| CITIES[place])
}

fn city(code: &str) -> Option<usize> {
    code.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cities_of_every_revision_are_known_and_others_are_not() {
        for division in ["110105", "110103", "110104", "110228", "321083", "340524", "440524", "150102", "370986"] {
            assert!(known_division(division), "{division}");
        }
        for division in ["000000", "119900", "999999", "", "北京市"] {
            assert!(!known_division(division), "{division}");
        }
    }
}
