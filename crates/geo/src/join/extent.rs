//! Rectangles along the axes, and how they are read off WKB without building a geometry.

use geo::{BoundingRect, Geometry};

use crate::{GeoError, point_of, to_geometry};

/// The least rectangle around a geometry; `min > max` when it has no point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// West.
    pub min_x: f64,
    /// South.
    pub min_y: f64,
    /// East.
    pub max_x: f64,
    /// North.
    pub max_y: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Extent {
    /// The extent of nothing.
    pub const EMPTY: Self =
        Self { min_x: f64::INFINITY, min_y: f64::INFINITY, max_x: f64::NEG_INFINITY, max_y: f64::NEG_INFINITY };

    /// The whole plane.
    pub const EVERYWHERE: Self =
        Self { min_x: f64::NEG_INFINITY, min_y: f64::NEG_INFINITY, max_x: f64::INFINITY, max_y: f64::INFINITY };

    /// The extent of one point.
    #[must_use]
    pub const fn of_point(x: f64, y: f64) -> Self {
        Self { min_x: x, min_y: y, max_x: x, max_y: y }
    }

    /// Whether there is no point in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.min_x > self.max_x || self.min_y > self.max_y
    }

    /// Whether all four sides are finite numbers.
    #[must_use]
    pub const fn is_finite(&self) -> bool {
        self.min_x.is_finite() && self.min_y.is_finite() && self.max_x.is_finite() && self.max_y.is_finite()
    }

    /// Grows to hold a point.
    pub const fn add(&mut self, x: f64, y: f64) {
        self.min_x = self.min_x.min(x);
        self.min_y = self.min_y.min(y);
        self.max_x = self.max_x.max(x);
        self.max_y = self.max_y.max(y);
    }

    /// Grows to hold another extent.
    pub const fn join(&mut self, other: &Self) {
        self.min_x = self.min_x.min(other.min_x);
        self.min_y = self.min_y.min(other.min_y);
        self.max_x = self.max_x.max(other.max_x);
        self.max_y = self.max_y.max(other.max_y);
    }

    /// Whether the two share a point; borders count.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.min_x <= other.max_x && other.min_x <= self.max_x && self.min_y <= other.max_y && other.min_y <= self.max_y
    }

    /// Whether a point is in it; borders count.
    #[must_use]
    pub fn holds(&self, x: f64, y: f64) -> bool {
        self.min_x <= x && x <= self.max_x && self.min_y <= y && y <= self.max_y
    }

    /// Larger by `distance` on every side and by what a computed distance may be off: whatever is computed to lie within
    /// the distance of something in the extent meets it.
    #[must_use]
    pub fn grown(&self, distance: f64) -> Self {
        // Distances are computed from differences of coordinates, each rounded in the size of these.
        let size = self.min_x.abs().max(self.max_x.abs()).max(self.min_y.abs()).max(self.max_y.abs()) + distance;
        let around = distance + size * (16.0 * f64::EPSILON);
        Self {
            min_x: (self.min_x - around).next_down(),
            min_y: (self.min_y - around).next_down(),
            max_x: (self.max_x + around).next_up(),
            max_y: (self.max_y + around).next_up(),
        }
    }

    /// A lower bound of the distance between anything in the two extents, squared.
    #[must_use]
    pub fn distance_squared(&self, other: &Self) -> f64 {
        let x = (other.min_x - self.max_x).max(self.min_x - other.max_x).max(0.0);
        let y = (other.min_y - self.max_y).max(self.min_y - other.max_y).max(0.0);
        x * x + y * y
    }
}

/// What a first look at a geometry's bytes tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Glance {
    /// It has no point at all.
    Empty,
    /// A single point.
    Point(f64, f64),
    /// A polygon or several.
    Area(Extent),
    /// Lines, several points, collections.
    Other(Extent),
}

impl Glance {
    /// The extent.
    #[must_use]
    pub const fn extent(&self) -> Extent {
        match self {
            Self::Empty => Extent::EMPTY,
            Self::Point(x, y) => Extent::of_point(*x, *y),
            Self::Area(extent) | Self::Other(extent) => *extent,
        }
    }
}

/// Reads kind and extent.
///
/// # Errors
/// Bytes that are no geometry, and coordinates that are not finite.
pub fn glance(bytes: &[u8]) -> Result<Glance, GeoError> {
    if let Some((x, y)) = point_of(bytes) {
        return if x.is_finite() && y.is_finite() { Ok(Glance::Point(x, y)) } else { Err(NOT_FINITE) };
    }
    if let Some((extent, [])) = plain_polygon(bytes) {
        return Ok(glance_of(extent, Glance::Area));
    }
    let geometry = to_geometry(bytes)?;
    let mut extent = Extent::EMPTY;
    let mut sound = true;
    geo::CoordsIter::coords_iter(&geometry).for_each(|coord| {
        sound &= coord.x.is_finite() && coord.y.is_finite();
        extent.add(coord.x, coord.y);
    });
    if !sound {
        return Err(NOT_FINITE);
    }
    debug_assert!(extent.is_empty() || geometry.bounding_rect().is_some());
    Ok(match geometry {
        Geometry::Point(point) => Glance::Point(point.x(), point.y()),
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) => glance_of(extent, Glance::Area),
        _ => glance_of(extent, Glance::Other),
    })
}

const NOT_FINITE: GeoError = GeoError::Wkb("a coordinate is not finite");

fn glance_of(extent: Extent, kind: fn(Extent) -> Glance) -> Glance {
    if extent.is_empty() { Glance::Empty } else { kind(extent) }
}

/// The extent of a little-endian polygon of two dimensions and finite coordinates, and the bytes after it; `None` for
/// anything else.
fn plain_polygon(bytes: &[u8]) -> Option<(Extent, &[u8])> {
    let mut rest = bytes.strip_prefix(&[1, 3, 0, 0, 0])?;
    let number = |bytes: &mut &[u8]| {
        let (head, tail) = bytes.split_first_chunk::<4>()?;
        *bytes = tail;
        Some(u32::from_le_bytes(*head) as usize)
    };
    let mut extent = Extent::EMPTY;
    let mut sum = 0.0;
    for _ in 0..number(&mut rest)? {
        let count = number(&mut rest)?;
        let (ring, after) = rest.split_at_checked(count.checked_mul(16)?)?;
        for pair in ring.as_chunks::<16>().0 {
            let (x, y) = pair.split_at(8);
            let (x, y) = (f64::from_le_bytes(x.try_into().ok()?), f64::from_le_bytes(y.try_into().ok()?));
            extent.add(x, y);
            // Minimum and maximum pass over NaN; a product with zero keeps it, and makes one of infinity.
            sum += (x + y) * 0.0;
        }
        rest = after;
    }
    if sum.is_nan() { None } else { Some((extent, rest)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{LineString, Point, polygon};

    use super::*;
    use crate::from_geometry;

    #[test]
    fn kind_and_extent_are_read_off_the_bytes() {
        let square = polygon![(x: 0., y: 1.), (x: 4., y: 1.), (x: 4., y: 5.), (x: 0., y: 1.)];
        let extent = Extent { min_x: 0., min_y: 1., max_x: 4., max_y: 5. };
        assert_eq!(glance(&from_geometry(&square.into())).unwrap(), Glance::Area(extent));
        assert_eq!(glance(&from_geometry(&Point::new(3., 4.).into())).unwrap(), Glance::Point(3., 4.));
        let line = LineString::from(vec![(0., 5.), (4., 1.)]);
        assert_eq!(glance(&from_geometry(&line.into())).unwrap(), Glance::Other(extent));
        assert_eq!(glance(&from_geometry(&LineString::<f64>(vec![]).into())).unwrap(), Glance::Empty);
    }

    #[test]
    fn a_coordinate_that_is_not_finite_is_an_error_in_every_kind() {
        for geometry in [
            Geometry::from(Point::new(f64::INFINITY, 1.)),
            LineString::from(vec![(0., 1.), (4., f64::NEG_INFINITY)]).into(),
            polygon![(x: 0., y: 1.), (x: f64::INFINITY, y: 1.), (x: 4., y: 5.), (x: 0., y: 1.)].into(),
            Geometry::from(Point::new(1., f64::NAN)),
            LineString::from(vec![(0., f64::NAN), (4., 1.)]).into(),
            polygon![(x: 0., y: 1.), (x: 4., y: f64::NAN), (x: 4., y: 5.), (x: 0., y: 1.)].into(),
        ] {
            assert!(glance(&from_geometry(&geometry)).is_err(), "{geometry:?}");
        }
    }

    #[test]
    fn growing_never_loses_what_is_within_the_distance() {
        let grown = Extent::of_point(0.1, 0.2).grown(0.7);
        assert!(grown.holds(0.1 + 0.7, 0.2) && grown.holds(0.1 - 0.7, 0.2 - 0.7));
        // Its distance is computed to be 5 exactly.
        assert!(Extent::of_point(5.0, 0.0).grown(5.0).holds(-1e-16, 0.0));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_a_glance_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120)) {
            let _ = glance(&bytes);
            let mut polygon = vec![1, 3, 0, 0, 0];
            polygon.extend(bytes);
            let _ = glance(&polygon);
        }
    }
}
