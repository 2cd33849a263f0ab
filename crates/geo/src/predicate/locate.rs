//! Where a point lies: inside a shape, on its border, or outside.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Geometry, Line, LineString, Polygon};

use super::parts::{Part, parts};
use crate::join::Position;

/// Where a point lies with respect to a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the interior.
    Inside,
    /// On the boundary.
    Border,
    /// Elsewhere.
    Outside,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        match position {
            Position::Inside => Self::Inside,
            Position::Boundary => Self::Border,
            Position::Outside => Self::Outside,
        }
    }
}

/// With respect to the area that a closed ring goes around: winding number (Sunday 2001) with exact orientation, so that
/// what a ring goes around twice is inside, as in `PostGIS`.
#[must_use]
pub fn place_in_ring(ring: &LineString, point: Coord) -> Place {
    let mut winding = 0;
    for pair in ring.0.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (lower, upper, turn) = if a.y <= b.y { (a, b, 1) } else { (b, a, -1) };
        if point.y < lower.y || point.y > upper.y {
            continue;
        }
        // A lower end belongs to the edge, an upper one to the next: a vertex is crossed once.
        let turn = if point.y < upper.y { turn } else { 0 };
        // Wholly to the right: crossed without a look at its slope.
        if point.x < a.x && point.x < b.x {
            winding += turn;
            continue;
        }
        if point.x > a.x && point.x > b.x {
            continue;
        }
        match RobustKernel::orient2d(lower, upper, point) {
            Orientation::Collinear => {
                if point.x >= a.x.min(b.x) && point.x <= a.x.max(b.x) {
                    return Place::Border;
                }
            }
            Orientation::CounterClockwise => winding += turn,
            Orientation::Clockwise => {}
        }
    }
    if winding == 0 { Place::Outside } else { Place::Inside }
}

/// With respect to a polygon with holes.
#[must_use]
pub fn place_in_polygon(polygon: &Polygon, point: Coord) -> Place {
    match place_in_ring(polygon.exterior(), point) {
        Place::Inside => {}
        elsewhere => return elsewhere,
    }
    for hole in polygon.interiors() {
        match place_in_ring(hole, point) {
            Place::Inside => return Place::Outside,
            Place::Border => return Place::Border,
            Place::Outside => {}
        }
    }
    Place::Inside
}

/// Whether a point is on a segment, ends included.
#[must_use]
pub fn on_segment(segment: Line, point: Coord) -> bool {
    let (a, b) = (segment.start, segment.end);
    point.x >= a.x.min(b.x)
        && point.x <= a.x.max(b.x)
        && point.y >= a.y.min(b.y)
        && point.y <= a.y.max(b.y)
        && RobustKernel::orient2d(a, b, point) == Orientation::Collinear
}

/// With respect to any geometry. Ends of lines are boundary where an odd number of them meets (the
/// mod-2 rule of OGC 06-103r4); the interior of one part of a collection covers the boundary of another.
#[must_use]
pub fn place_in(geometry: &Geometry, point: Coord) -> Place {
    let (mut inside, mut border, mut on_line, mut ends) = (false, false, false, 0_u32);
    for part in parts(geometry) {
        match part {
            Part::Point(other) => inside |= other == point,
            Part::Line(line) => {
                on_line |= line.lines().any(|segment| on_segment(segment, point));
                if line.0.first() != line.0.last() {
                    ends += u32::from(line.0.first() == Some(&point)) + u32::from(line.0.last() == Some(&point));
                }
            }
            Part::Polygon(polygon) => match place_in_polygon(&polygon, point) {
                Place::Inside => inside = true,
                Place::Border => border = true,
                Place::Outside => {}
            },
        }
    }
    if inside {
        Place::Inside
    } else if border || ends % 2 == 1 {
        Place::Border
    } else if on_line {
        Place::Inside
    } else {
        Place::Outside
    }
}
