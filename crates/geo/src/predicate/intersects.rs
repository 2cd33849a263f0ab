//! Whether two geometries share a point, without building a topology.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{BoundingRect, Coord, Geometry, Line, LineString, Rect};

use super::locate::{Place, on_segment, place_in_polygon};
use super::parts::{Part, parts};

/// Pairs of segments that are cheaper to try one by one than to sort.
const FEW_PAIRS: usize = 256;

/// Whether two geometries share a point.
#[must_use]
pub fn intersects(a: &Geometry, b: &Geometry) -> bool {
    let (Some(left), Some(right)) = (a.bounding_rect(), b.bounding_rect()) else { return false };
    if !rects_meet(&left, &right) {
        return false;
    }
    let (a, b) = (parts(a), parts(b));
    a.iter().any(|a| b.iter().any(|b| parts_meet(a, b)))
}

/// Whether two rectangles share a point.
pub fn rects_meet(a: &Rect, b: &Rect) -> bool {
    a.min().x <= b.max().x && b.min().x <= a.max().x && a.min().y <= b.max().y && b.min().y <= a.max().y
}

fn parts_meet(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Point(a), Part::Point(b)) => a == b,
        (Part::Point(point), Part::Line(line)) | (Part::Line(line), Part::Point(point)) => on_line(line, *point),
        (Part::Point(point), Part::Polygon(polygon)) | (Part::Polygon(polygon), Part::Point(point)) => {
            place_in_polygon(polygon, *point) != Place::Outside
        }
        _ => any_two(a, b, &mut segments_meet) || holds_start(a, b) || holds_start(b, a),
    }
}

/// Lines that do not meet a polygon's rings are wholly inside or outside; one vertex tells.
fn holds_start(area: &Part, other: &Part) -> bool {
    let Part::Polygon(polygon) = area else { return false };
    other.first().is_some_and(|first| place_in_polygon(polygon, first) != Place::Outside)
}

fn on_line(line: &LineString, point: Coord) -> bool {
    line.lines().any(|segment| on_segment(segment, point)) || line.0.first() == Some(&point)
}

fn rect_of(part: &Part) -> Option<Rect> {
    match part {
        Part::Point(point) => Some(Rect::new(*point, *point)),
        Part::Line(line) => line.bounding_rect(),
        Part::Polygon(polygon) => polygon.exterior().bounding_rect(),
    }
}

/// Whether a test that only segments with a common point pass holds for a segment of one geometry and one of the other.
pub fn any_two_segments(a: &Geometry, b: &Geometry, mut test: impl FnMut(Line, Line) -> bool) -> bool {
    let (a, b) = (parts(a), parts(b));
    a.iter().any(|a| b.iter().any(|b| any_two(a, b, &mut test)))
}

fn any_two(a: &Part, b: &Part, test: &mut impl FnMut(Line, Line) -> bool) -> bool {
    let (Some(left), Some(right)) = (rect_of(a), rect_of(b)) else { return false };
    if !rects_meet(&left, &right) {
        return false;
    }
    // Only segments in the common rectangle can meet.
    let common = Rect::new(
        Coord { x: left.min().x.max(right.min().x), y: left.min().y.max(right.min().y) },
        Coord { x: left.max().x.min(right.max().x), y: left.max().y.min(right.max().y) },
    );
    let near = |part: &Part| {
        let lines = part.lines().flat_map(LineString::lines);
        lines.filter(|line| rects_meet(&line.bounding_rect(), &common)).collect::<Vec<_>>()
    };
    let (mut a, mut b) = (near(a), near(b));
    if a.len() * b.len() <= FEW_PAIRS {
        return a.iter().any(|a| b.iter().any(|b| test(*a, *b)));
    }
    let west = |line: &Line| line.start.x.min(line.end.x);
    let east = |line: &Line| line.start.x.max(line.end.x);
    a.sort_unstable_by(|one, other| west(one).total_cmp(&west(other)));
    b.sort_unstable_by(|one, other| west(one).total_cmp(&west(other)));
    // A sweep from west to east: of two segments that meet, the one that begins later lies in the other's range.
    sweep(&a, &b, west, east, test) || sweep(&b, &a, west, east, &mut |b, a| test(a, b))
}

fn sweep(
    a: &[Line],
    b: &[Line],
    west: impl Fn(&Line) -> f64,
    east: impl Fn(&Line) -> f64,
    test: &mut impl FnMut(Line, Line) -> bool,
) -> bool {
    let mut first = 0;
    for line in a {
        while first < b.len() && west(&b[first]) < west(line) {
            first += 1;
        }
        if b[first..].iter().take_while(|other| west(other) <= east(line)).any(|other| test(*line, *other)) {
            return true;
        }
    }
    false
}

/// Whether two segments share a point.
#[must_use]
pub fn segments_meet(a: Line, b: Line) -> bool {
    if !rects_meet(&a.bounding_rect(), &b.bounding_rect()) {
        return false;
    }
    let side = |line: Line, point| RobustKernel::orient2d(line.start, line.end, point);
    let (a_start, a_end) = (side(b, a.start), side(b, a.end));
    if a_start == a_end && a_start != Orientation::Collinear {
        return false;
    }
    let (b_start, b_end) = (side(a, b.start), side(a, b.end));
    if b_start == b_end && b_start != Orientation::Collinear {
        return false;
    }
    let crossing = a_start != a_end && b_start != b_end;
    if crossing && a.start != a.end && b.start != b.end {
        return true;
    }
    on_segment(b, a.start) || on_segment(b, a.end) || on_segment(a, b.start) || on_segment(a, b.end)
}
