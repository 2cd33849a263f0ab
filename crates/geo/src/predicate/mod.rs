//! The exact kernels behind spatial predicates, for the SQL functions and for the spatial join alike.
//!
//! Input: geometries of any type; coordinates are finite. Output: yes or no, a DE-9IM matrix, or a distance.
//! Invariant: whether a point is left of, right of or on an edge is decided by adaptive-precision
//! arithmetic (Shewchuk 1997), so no answer depends on rounding.

mod distance;
mod intersects;
mod locate;
mod parts;
mod prepared;
mod relate;

use geo::Geometry;

pub use distance::{Nearest, distance, farthest, height_over, length, nearest, point_to_segment, within_distance};
use intersects::any_two_segments;
pub use intersects::{intersects, segments_meet};
pub use locate::{Place, on_segment, place_in, place_in_polygon, place_in_ring};
pub use parts::{Part, parts, segments};
pub use prepared::Prepared;
pub use relate::{Matrix, relate};

/// A named relation of two geometries (OGC 06-103r4 §6.1.15, and `PostGIS`'s additions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// They share a point.
    Intersects,
    /// They share none.
    Disjoint,
    /// No point of the second is outside the first, and their interiors meet.
    Contains,
    /// Every point of the second is in the interior of the first.
    ContainsProperly,
    /// The converse of `Contains`.
    Within,
    /// No point of the second is outside the first.
    Covers,
    /// The converse of `Covers`.
    CoveredBy,
    /// They share points of their boundaries only.
    Touches,
    /// Their interiors meet in less than the larger dimension, or a line passes into and out of an area.
    Crosses,
    /// Of one dimension, they share a part of that dimension, and each has a part of its own.
    Overlaps,
    /// The same set of points.
    Equals,
}

impl Predicate {
    /// All of them, in alphabetical order of their names.
    pub const ALL: [Self; 11] = [
        Self::Contains,
        Self::ContainsProperly,
        Self::CoveredBy,
        Self::Covers,
        Self::Crosses,
        Self::Disjoint,
        Self::Equals,
        Self::Intersects,
        Self::Overlaps,
        Self::Touches,
        Self::Within,
    ];

    /// The SQL function's name, e.g. `ST_Contains`.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Intersects => "ST_Intersects",
            Self::Disjoint => "ST_Disjoint",
            Self::Contains => "ST_Contains",
            Self::ContainsProperly => "ST_ContainsProperly",
            Self::Within => "ST_Within",
            Self::Covers => "ST_Covers",
            Self::CoveredBy => "ST_CoveredBy",
            Self::Touches => "ST_Touches",
            Self::Crosses => "ST_Crosses",
            Self::Overlaps => "ST_Overlaps",
            Self::Equals => "ST_Equals",
        }
    }

    /// The predicate of a SQL function, whatever the case of its name.
    #[must_use]
    pub fn of_function(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|predicate| predicate.function().eq_ignore_ascii_case(name))
    }

    /// The predicate that holds of (b, a) exactly when this one holds of (a, b); none for `ContainsProperly`.
    #[must_use]
    pub const fn converse(self) -> Option<Self> {
        Some(match self {
            Self::Contains => Self::Within,
            Self::Within => Self::Contains,
            Self::Covers => Self::CoveredBy,
            Self::CoveredBy => Self::Covers,
            Self::ContainsProperly => return None,
            symmetric => symmetric,
        })
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(self, a: &Geometry, b: &Geometry) -> bool {
        Prepared::borrowed(a).holds(self, b)
    }
}
