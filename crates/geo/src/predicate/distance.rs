//! The distance of two geometries in the plane, and where it is attained.
//!
//! Formulas of point and segment as in PostGIS's `lw_dist2d_*`, so that `ST_DWithin` agrees to the last bit.

use geo::{BoundingRect, Coord, Geometry, Line, LineString, Rect};

use super::intersects::segments_meet;
use super::locate::{Place, place_in_polygon};
use super::parts::{Part, parts};

/// Segments of a block that is skipped as a whole when its rectangle is too far away.
const BLOCK: usize = 16;

/// The shortest way between two geometries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Its length, in the coordinates' unit.
    pub distance: f64,
    /// Where it begins, on the first geometry.
    pub from: Coord,
    /// Where it ends, on the second.
    pub to: Coord,
}

/// The distance; `None` where one is empty.
#[must_use]
pub fn distance(a: &Geometry, b: &Geometry) -> Option<f64> {
    if let (Geometry::Point(a), Geometry::Point(b)) = (a, b) {
        return Some(between_points(a.0, b.0));
    }
    nearest(a, b).map(|nearest| nearest.distance)
}

/// Whether two geometries are at most `limit` apart; false where one is empty.
#[must_use]
pub fn within_distance(a: &Geometry, b: &Geometry, limit: f64) -> bool {
    if let (Geometry::Point(a), Geometry::Point(b)) = (a, b) {
        return between_points(a.0, b.0) <= limit;
    }
    search(a, b, limit).is_some_and(|nearest| nearest.distance <= limit)
}

/// The shortest way; `None` where one is empty.
#[must_use]
pub fn nearest(a: &Geometry, b: &Geometry) -> Option<Nearest> {
    search(a, b, 0.0)
}

/// The largest distance of two vertices: `ST_MaxDistance`; `None` where one is empty.
#[must_use]
pub fn farthest(a: &Geometry, b: &Geometry) -> Option<Nearest> {
    use geo::CoordsIter;
    let mut best: Option<Nearest> = None;
    for from in a.coords_iter() {
        for to in b.coords_iter() {
            let distance = between_points(from, to);
            if best.is_none_or(|best| distance > best.distance) {
                best = Some(Nearest { distance, from, to });
            }
        }
    }
    best
}

/// The nearest pair of points, or the first found that is no farther than `enough`.
fn search(a: &Geometry, b: &Geometry, enough: f64) -> Option<Nearest> {
    let (a, b) = (parts(a), parts(b));
    let mut best: Option<Nearest> = None;
    for a in &a {
        for b in &b {
            between(a, b, enough, &mut best);
            if best.is_some_and(|best| best.distance <= enough) {
                return best;
            }
        }
    }
    best
}

fn between(a: &Part, b: &Part, enough: f64, best: &mut Option<Nearest>) {
    if let (Part::Point(from), Part::Point(to)) = (a, b) {
        take(best, between_points(*from, *to), *from, *to);
        return;
    }
    if let Some(point) = starts_within(a, b).or_else(|| starts_within(b, a)) {
        take(best, 0.0, point, point);
        return;
    }
    let (a, b) = (blocks(a), blocks(b));
    for (rect, segments) in &a {
        for (other_rect, others) in &b {
            if best.is_some_and(|best| gap(rect, other_rect) > best.distance) {
                continue;
            }
            for segment in segments {
                for other in others {
                    segment_to_segment(*segment, *other, best);
                }
            }
            if best.is_some_and(|best| best.distance <= enough) {
                return;
            }
        }
    }
}

/// The first vertex of `other`, where it lies in the polygon `area`.
fn starts_within(area: &Part, other: &Part) -> Option<Coord> {
    let Part::Polygon(polygon) = area else { return None };
    other.first().filter(|first| place_in_polygon(polygon, *first) != Place::Outside)
}

/// Segments in blocks with their rectangles; a point is one segment without length.
fn blocks(part: &Part) -> Vec<(Rect, Vec<Line>)> {
    let mut segments = match part {
        Part::Point(point) => vec![Line::new(*point, *point)],
        _ => part.lines().flat_map(LineString::lines).collect::<Vec<_>>(),
    };
    if segments.is_empty() {
        segments.extend(part.first().map(|first| Line::new(first, first)));
    }
    let blocks = segments.chunks(BLOCK).map(|block| {
        let rects = block.iter().map(|line| line.bounding_rect());
        let whole = rects.reduce(|a, b| {
            Rect::new(
                Coord { x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y) },
                Coord { x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y) },
            )
        });
        (whole.unwrap_or_else(|| Rect::new(Coord::default(), Coord::default())), block.to_vec())
    });
    blocks.collect()
}

/// A lower bound of the distance of what two rectangles hold, a little low so that rounding skips nothing.
fn gap(a: &Rect, b: &Rect) -> f64 {
    let dx = (a.min().x - b.max().x).max(b.min().x - a.max().x).max(0.0);
    let dy = (a.min().y - b.max().y).max(b.min().y - a.max().y).max(0.0);
    dx.hypot(dy) * (1.0 - 1e-14)
}

fn take(best: &mut Option<Nearest>, distance: f64, from: Coord, to: Coord) {
    if best.is_none_or(|best| distance < best.distance) {
        *best = Some(Nearest { distance, from, to });
    }
}

fn between_points(a: Coord, b: Coord) -> f64 {
    length(b.x - a.x, b.y - a.y)
}

/// How far two points are apart, given their differences: the one formula of all functions and of the join, so that they
/// agree to the last bit (with each other and with `PostGIS`).
#[must_use]
#[inline]
pub fn length(dx: f64, dy: f64) -> f64 {
    (dx * dx + dy * dy).sqrt()
}

fn segment_to_segment(a: Line, b: Line, best: &mut Option<Nearest>) {
    if a.start != a.end && b.start != b.end && segments_meet(a, b) {
        let at = meeting(a, b);
        take(best, 0.0, at, at);
        return;
    }
    for point in [a.start, a.end] {
        let (distance, to) = point_to_segment(point, b);
        take(best, distance, point, to);
    }
    for point in [b.start, b.end] {
        let (distance, from) = point_to_segment(point, a);
        take(best, distance, from, point);
    }
}

/// A point that two segments that meet have in common, as exactly as it can be written.
fn meeting(a: Line, b: Line) -> Coord {
    for point in [a.start, a.end] {
        if super::locate::on_segment(b, point) {
            return point;
        }
    }
    for point in [b.start, b.end] {
        if super::locate::on_segment(a, point) {
            return point;
        }
    }
    let (d, e) = (a.delta(), b.delta());
    let cross = d.x * e.y - d.y * e.x;
    let along = ((b.start.x - a.start.x) * e.y - (b.start.y - a.start.y) * e.x) / cross;
    Coord { x: a.start.x + along * d.x, y: a.start.y + along * d.y }
}

/// The distance of a point to a segment, and the segment's nearest point: that of the foot, as it is rounded, unless the
/// point is on the segment as far as can be told.
pub fn point_to_segment(point: Coord, segment: Line) -> (f64, Coord) {
    let (a, b) = (segment.start, segment.end);
    if a == b {
        return (between_points(point, a), a);
    }
    let squared = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    let along = ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / squared;
    if along < 0.0 || along.is_nan() {
        return (between_points(point, a), a);
    }
    if along > 1.0 {
        return (between_points(point, b), b);
    }
    if (a.y - point.y) * (b.x - a.x) == (a.x - point.x) * (b.y - a.y) {
        return (0.0, point);
    }
    let foot = Coord { x: a.x + along * (b.x - a.x), y: a.y + along * (b.y - a.y) };
    (between_points(point, foot), foot)
}

/// How far a point is from a segment by its height over the segment's line, whose rounding `PostGIS`'s `ST_Simplify`
/// goes by where two vertices are equally far.
#[must_use]
pub fn height_over(point: Coord, segment: Line) -> f64 {
    let (distance, foot) = point_to_segment(point, segment);
    let (a, b) = (segment.start, segment.end);
    if foot == a || foot == b {
        return distance;
    }
    let squared = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    let side = ((a.y - point.y) * (b.x - a.x) - (a.x - point.x) * (b.y - a.y)) / squared;
    side.abs() * squared.sqrt()
}
