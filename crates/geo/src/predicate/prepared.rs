//! One geometry made ready to be compared with many.

use std::borrow::Cow;
use std::cell::OnceCell;

use geo::dimensions::{Dimensions, HasDimensions};
use geo::{BoundingRect, Geometry, PreparedGeometry, Rect, Relate};

use super::intersects::{intersects, rects_meet};
use super::relate::{Matrix, relate};
use super::{Place, Predicate, place_in};
use crate::join::Areas;

/// Vertices from which an index of a polygon's edges pays.
const WORTH_SLABS: usize = 24;

/// A geometry, its extent, and, made when first needed, an index of its edges and its topology graph.
pub struct Prepared<'a> {
    geometry: Cow<'a, Geometry>,
    dimensions: Dimensions,
    rect: Option<Rect>,
    areas: OnceCell<Option<Areas>>,
    graph: OnceCell<PreparedGeometry<'static, Geometry>>,
    repeated: bool,
}

impl<'a> Prepared<'a> {
    /// For a geometry that is compared with many others.
    #[must_use]
    pub fn new(geometry: Geometry) -> Self {
        Self::from_cow(Cow::Owned(geometry), true)
    }

    /// For one comparison: nothing is made ready.
    #[must_use]
    pub fn borrowed(geometry: &'a Geometry) -> Self {
        Self::from_cow(Cow::Borrowed(geometry), false)
    }

    fn from_cow(geometry: Cow<'a, Geometry>, repeated: bool) -> Self {
        Self {
            dimensions: geometry.dimensions(),
            rect: geometry.bounding_rect(),
            geometry,
            areas: OnceCell::new(),
            graph: OnceCell::new(),
            repeated,
        }
    }

    /// The geometry itself.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Whether a predicate holds between this geometry and another.
    #[must_use]
    pub fn holds(&self, predicate: Predicate, other: &Geometry) -> bool {
        if let Geometry::Point(point) = other {
            return self.holds_of_point(predicate, point.x(), point.y());
        }
        let (Some(rect), Some(other_rect)) = (self.rect, other.bounding_rect()) else {
            return empty_holds(predicate, self.rect.is_none() && other.bounding_rect().is_none());
        };
        if !rects_meet(&rect, &other_rect) {
            return predicate == Predicate::Disjoint;
        }
        match predicate {
            Predicate::Intersects => return intersects(&self.geometry, other),
            Predicate::Disjoint => return !intersects(&self.geometry, other),
            Predicate::Contains | Predicate::Covers | Predicate::ContainsProperly if !encloses(&rect, &other_rect) => {
                return false;
            }
            Predicate::Within | Predicate::CoveredBy if !encloses(&other_rect, &rect) => return false,
            Predicate::Equals if rect != other_rect => return false,
            _ => {}
        }
        if let (Geometry::Point(point), Some(converse)) = (self.geometry.as_ref(), predicate.converse()) {
            return Prepared::borrowed(other).holds_of_point(converse, point.x(), point.y());
        }
        self.matrix(other).holds(predicate, self.dimensions, other.dimensions())
    }

    /// The DE-9IM matrix of this geometry and another.
    #[must_use]
    pub fn matrix(&self, other: &Geometry) -> Matrix {
        if !self.repeated {
            return relate(&self.geometry, other);
        }
        let graph = self.graph.get_or_init(|| PreparedGeometry::from(self.geometry.as_ref().clone()));
        Matrix::of(&graph.relate(other), &self.geometry, other)
    }

    /// Where a point lies.
    #[must_use]
    #[inline]
    pub fn place(&self, x: f64, y: f64) -> Place {
        let outside = |rect: Rect| x < rect.min().x || x > rect.max().x || y < rect.min().y || y > rect.max().y;
        if self.rect.is_none_or(outside) {
            return Place::Outside;
        }
        let areas = self.areas.get_or_init(|| {
            let large = || geo::CoordsIter::coords_count(self.geometry.as_ref()) >= WORTH_SLABS;
            if self.repeated && large() { Areas::of(&self.geometry) } else { None }
        });
        match areas {
            Some(areas) => areas.locate(0, x, y).into(),
            None => place_in(&self.geometry, geo::Coord { x, y }),
        }
    }

    /// Whether a predicate holds between this geometry and a point of finite coordinates.
    #[must_use]
    #[inline]
    pub fn holds_of_point(&self, predicate: Predicate, x: f64, y: f64) -> bool {
        let place = self.place(x, y);
        let is_point = || {
            let mut coords = geo::CoordsIter::coords_iter(self.geometry.as_ref());
            self.dimensions == Dimensions::ZeroDimensional && coords.all(|coord| coord.x == x && coord.y == y)
        };
        match predicate {
            Predicate::Intersects | Predicate::Covers => place != Place::Outside,
            Predicate::Disjoint => place == Place::Outside,
            Predicate::Contains | Predicate::ContainsProperly => place == Place::Inside,
            Predicate::Touches => place == Place::Border,
            Predicate::Within | Predicate::CoveredBy | Predicate::Equals => place == Place::Inside && is_point(),
            // A point is on a line or not; nothing of it is left over to cross or overlap with.
            Predicate::Crosses | Predicate::Overlaps => false,
        }
    }
}

/// What holds where one geometry or both are empty.
fn empty_holds(predicate: Predicate, both: bool) -> bool {
    match predicate {
        Predicate::Disjoint => true,
        Predicate::Equals => both,
        _ => false,
    }
}

fn encloses(outer: &Rect, inner: &Rect) -> bool {
    outer.min().x <= inner.min().x
        && outer.min().y <= inner.min().y
        && outer.max().x >= inner.max().x
        && outer.max().y >= inner.max().y
}
