//! Whether a geometry is simple (OGC 06-103r4 §6.1.6): lines do not meet themselves but at their ends.

use std::collections::HashMap;

use geo::{Coord, Geometry, Line, LineString};

use crate::predicate::segments_meet;

/// Whether a geometry is simple.
pub fn is_simple(geometry: &Geometry) -> bool {
    match geometry {
        Geometry::MultiPoint(points) => {
            let mut seen = std::collections::HashSet::new();
            points.iter().all(|point| seen.insert(((point.x() + 0.0).to_bits(), (point.y() + 0.0).to_bits())))
        }
        Geometry::LineString(line) => lines_are_simple(std::slice::from_ref(line)),
        Geometry::MultiLineString(lines) => lines_are_simple(&lines.0),
        Geometry::Polygon(polygon) => std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .all(|ring| lines_are_simple(std::slice::from_ref(ring))),
        Geometry::MultiPolygon(polygons) => {
            polygons.iter().all(|polygon| is_simple(&Geometry::Polygon(polygon.clone())))
        }
        Geometry::GeometryCollection(members) => members.iter().all(is_simple),
        _ => true,
    }
}

/// One segment with the line it is of and its place there.
struct Piece {
    segment: Line,
    line: usize,
    place: usize,
    last: bool,
}

fn lines_are_simple(lines: &[LineString]) -> bool {
    let mut ends: HashMap<usize, (Coord, Coord)> = HashMap::new();
    let mut pieces = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let segments = line.lines().filter(|segment| segment.start != segment.end).collect::<Vec<_>>();
        if let (Some(first), Some(last)) = (line.0.first(), line.0.last()) {
            ends.insert(number, (*first, *last));
        }
        let count = segments.len();
        pieces.extend(segments.into_iter().enumerate().map(|(place, segment)| Piece {
            segment,
            line: number,
            place,
            last: place + 1 == count,
        }));
    }
    let west = |piece: &Piece| piece.segment.start.x.min(piece.segment.end.x);
    let east = |piece: &Piece| piece.segment.start.x.max(piece.segment.end.x);
    pieces.sort_by(|a, b| west(a).total_cmp(&west(b)));
    for (number, piece) in pieces.iter().enumerate() {
        for other in pieces[number + 1..].iter().take_while(|other| west(other) <= east(piece)) {
            if !may_meet(piece, other, &ends) {
                return false;
            }
        }
    }
    true
}

/// Whether two segments meet at most where they are allowed to.
fn may_meet(a: &Piece, b: &Piece, ends: &HashMap<usize, (Coord, Coord)>) -> bool {
    if !segments_meet(a.segment, b.segment) {
        return true;
    }
    let Some(shared) = only_shared_end(a.segment, b.segment) else { return false };
    if a.line == b.line {
        let (first, second) = if a.place < b.place { (a, b) } else { (b, a) };
        let neighbours =
            first.place + 1 == second.place && first.segment.end == second.segment.start && shared == first.segment.end;
        let closing = first.place == 0
            && second.last
            && ends.get(&a.line).is_some_and(|(from, to)| from == to && *from == shared);
        return neighbours || closing;
    }
    // Different lines touch in ends of both; a closed line has none.
    let is_end = |piece: &Piece| {
        ends.get(&piece.line).is_some_and(|(from, to)| from != to && (*from == shared || *to == shared))
    };
    is_end(a) && is_end(b)
}

/// The vertex two segments share, where they share nothing else.
fn only_shared_end(a: Line, b: Line) -> Option<Coord> {
    let (from_a, from_b, shared) = if a.start == b.start {
        (a.end, b.end, a.start)
    } else if a.start == b.end {
        (a.end, b.start, a.start)
    } else if a.end == b.start {
        (a.start, b.end, a.end)
    } else if a.end == b.end {
        (a.start, b.start, a.end)
    } else {
        return None;
    };
    // Collinear and on the same side of the shared vertex: they overlap.
    let overlap = crate::predicate::on_segment(Line::new(shared, from_a), from_b)
        || crate::predicate::on_segment(Line::new(shared, from_b), from_a);
    (!overlap).then_some(shared)
}
