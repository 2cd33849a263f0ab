//! The coordinate system a range of coordinates speaks for.

use serde::Serialize;

/// A guess at a coordinate system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrsGuess {
    /// The likeliest, e.g. `EPSG:4548`.
    pub crs: String,
    /// Others that the range allows.
    pub others: Vec<String>,
    /// What the guess rests on, and what it cannot know.
    pub note: String,
}

/// A range of coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    min: (f64, f64),
    max: (f64, f64),
}

impl Default for Range {
    fn default() -> Self {
        Self { min: (f64::INFINITY, f64::INFINITY), max: (f64::NEG_INFINITY, f64::NEG_INFINITY) }
    }
}

impl Range {
    /// Takes a point in.
    pub fn add(&mut self, x: f64, y: f64) {
        if x.is_finite() && y.is_finite() {
            self.min = (self.min.0.min(x), self.min.1.min(y));
            self.max = (self.max.0.max(x), self.max.1.max(y));
        }
    }

    /// This range of x with the other's of y, both taken from columns of plain numbers.
    pub fn with_y_of(&self, other: &Self) -> Self {
        Self { min: (self.min.0, other.min.1), max: (self.max.0, other.max.1) }
    }

    fn within(&self, x: (f64, f64), y: (f64, f64)) -> bool {
        self.min.0 >= x.0 && self.max.0 <= x.1 && self.min.1 >= y.0 && self.max.1 <= y.1
    }

    /// The system the range speaks for; `None` for no range known.
    pub fn guess(&self) -> Option<CrsGuess> {
        if self.min.0 > self.max.0 {
            return None;
        }
        if self.within((73.0, 136.0), (3.0, 54.0)) {
            return Some(CrsGuess {
                crs: "EPSG:4326".to_owned(),
                others: vec!["EPSG:4490".to_owned(), "GCJ-02".to_owned(), "BD-09".to_owned()],
                note: "longitude and latitude; ranges cannot tell WGS 84 and CGCS2000 from GCJ-02 (off by 0.5 km) and BD-09 (off by 1 km): ask the department which map they were taken from".to_owned(),
            });
        }
        if self.within((-180.0, 180.0), (-90.0, 90.0)) {
            let note = "longitude and latitude outside China".to_owned();
            return Some(CrsGuess { crs: "EPSG:4326".to_owned(), others: Vec::new(), note });
        }
        let north = (300_000.0, 6_000_000.0);
        // The zone's number stands before the easting.
        let zone = (self.min.0 / 1_000_000.0).floor();
        if (25.0..=45.0).contains(&zone) && self.within((zone * 1e6 + 1e5, zone * 1e6 + 9e5), north) {
            let zone = zone as u32;
            let note = format!("metres in the 3-degree zone {zone} of CGCS2000, the zone standing before the easting");
            return Some(CrsGuess { crs: format!("EPSG:{}", 4513 + zone - 25), others: Vec::new(), note });
        }
        if self.within((100_000.0, 900_000.0), (1_900_000.0, 6_000_000.0)) {
            let note = "metres of a 3-degree zone of CGCS2000 without its number; the city's longitude tells which (117° E is the guess, the others lie beside it)".to_owned();
            let others = ["EPSG:4547", "EPSG:4549", "EPSG:4546"].map(str::to_owned).to_vec();
            return Some(CrsGuess { crs: "EPSG:4548".to_owned(), others, note });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn guess(points: &[(f64, f64)]) -> Option<String> {
        let mut range = Range::default();
        points.iter().for_each(|(x, y)| range.add(*x, *y));
        range.guess().map(|guess| guess.crs)
    }

    #[test]
    fn ranges_speak_for_their_systems() {
        assert_eq!(guess(&[(116.3, 39.9), (116.5, 40.1)]).unwrap(), "EPSG:4326");
        assert_eq!(guess(&[(442_000.0, 4_419_000.0), (460_000.0, 4_430_000.0)]).unwrap(), "EPSG:4548");
        assert_eq!(guess(&[(39_442_000.0, 4_419_000.0)]).unwrap(), "EPSG:4527");
        assert_eq!(guess(&[(1e9, 1e9)]), None);
        assert_eq!(guess(&[]), None);
    }
}
