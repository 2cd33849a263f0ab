//! A geometry cut into pieces of few vertices.

use geo::bool_ops::OpType;
use geo::{BoundingRect, Coord, CoordsIter, Geometry, Line, LineString, MultiPolygon, Point, Polygon};

use super::areas::operate;
use crate::predicate::{Part, parts};

/// Halves of halves: 2^50 pieces are more than any geometry has.
const MOST_DEPTH: usize = 50;

/// Pieces of at most `most` vertices each, together the same points.
#[must_use]
pub fn subdivide(geometry: &Geometry, most: usize) -> Vec<Geometry> {
    let mut pieces = Vec::new();
    for part in parts(geometry) {
        match part {
            Part::Point(point) => pieces.push(Geometry::Point(Point(point))),
            Part::Line(line) => {
                let step = most.max(2) - 1;
                let mut start = 0;
                while start + 1 < line.0.len().max(2) {
                    let end = (start + step).min(line.0.len() - 1);
                    pieces.push(Geometry::LineString(LineString(line.0[start..=end].to_vec())));
                    if end + 1 >= line.0.len() {
                        break;
                    }
                    start = end;
                }
            }
            Part::Polygon(polygon) => halve(polygon.into_owned(), most.max(5), 0, &mut pieces),
        }
    }
    pieces
}

fn halve(polygon: Polygon, most: usize, depth: usize, pieces: &mut Vec<Geometry>) {
    let Some(rect) = polygon.bounding_rect() else { return };
    if polygon.coords_count() <= most || depth >= MOST_DEPTH || rect.width().max(rect.height()) <= 0.0 {
        pieces.push(Geometry::Polygon(polygon));
        return;
    }
    let across = rect.width() >= rect.height();
    let (across, cut) = cut_of(&polygon, &rect, across);
    // Both halves get the same vertices on the cut, so that the pieces fit edge to edge.
    let polygon = with_vertices_at(&polygon, across, cut);
    let pad = rect.width().max(rect.height());
    let (low, high) = (rect.min() - Coord { x: pad, y: pad }, rect.max() + Coord { x: pad, y: pad });
    let halves = if across {
        [(low, Coord { x: cut, y: high.y }), (Coord { x: cut, y: low.y }, high)]
    } else {
        [(low, Coord { x: high.x, y: cut }), (Coord { x: low.x, y: cut }, high)]
    };
    let whole = MultiPolygon(vec![polygon]);
    for (low, high) in halves {
        let window = MultiPolygon(vec![geo::Rect::new(low, high).to_polygon()]);
        for piece in operate(&whole, &window, OpType::Intersection) {
            halve(piece, most, depth + 1, pieces);
        }
    }
}

/// Where to cut: through the vertex nearest to the middle of the longer side, else of the other. A cut beside it would
/// leave the vertex within a piece for ever, and with it more vertices than a small piece may have.
fn cut_of(polygon: &Polygon, rect: &geo::Rect, across: bool) -> (bool, f64) {
    let through = |across: bool| {
        let of = |coord: Coord| if across { coord.x } else { coord.y };
        let (low, high, middle) = (of(rect.min()), of(rect.max()), of(rect.center()));
        let within = polygon.coords_iter().map(of).filter(|value| *value > low && *value < high);
        within.min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs())).map(|cut| (across, cut))
    };
    let middle = || (across, if across { rect.center().x } else { rect.center().y });
    through(across).or_else(|| through(!across)).unwrap_or_else(middle)
}

fn with_vertices_at(polygon: &Polygon, across: bool, cut: f64) -> Polygon {
    let of = |coord: Coord| if across { coord.x } else { coord.y };
    let ring = |ring: &LineString| {
        let mut coords = ring.0.first().copied().into_iter().collect::<Vec<_>>();
        for Line { start, end } in ring.lines() {
            if (of(start) < cut) != (of(end) < cut) && of(start) != cut && of(end) != cut {
                // From the lower end, so that an edge two polygons share is cut at one point.
                let (a, b) = if of(start) < of(end) { (start, end) } else { (end, start) };
                let along = (cut - of(a)) / (of(b) - of(a));
                coords.push(if across {
                    Coord { x: cut, y: a.y + along * (b.y - a.y) }
                } else {
                    Coord { x: a.x + along * (b.x - a.x), y: cut }
                });
            }
            coords.push(end);
        }
        LineString(coords)
    };
    Polygon::new(ring(polygon.exterior()), polygon.interiors().iter().map(ring).collect())
}
