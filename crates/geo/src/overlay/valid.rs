//! A valid geometry of the same points as an invalid one.

use geo::{Coord, Geometry, LineString, MultiPolygon};
use hashbrown::HashSet;

use super::areas::even_odd;
use super::lines::{Noded, canonical, middle, node};
use super::{assemble, empty, gather, kind, near};
use crate::predicate::{Part, parts};

/// Areas that the rings enclose an odd number of times, and what of the rings encloses nothing, as lines;
/// lines without length become points.
#[must_use]
pub fn make_valid(geometry: &Geometry) -> Geometry {
    match geometry {
        Geometry::GeometryCollection(members) => Geometry::GeometryCollection(members.iter().map(make_valid).collect()),
        Geometry::LineString(line) => line_or_point(line),
        Geometry::MultiLineString(lines) => gather(lines.iter().map(line_or_point).collect()),
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) => areas_and_lines(geometry),
        other => other.clone(),
    }
}

fn line_or_point(line: &LineString) -> Geometry {
    match line.0.first() {
        Some(first) if line.0.iter().all(|coord| coord == first) => Geometry::Point((*first).into()),
        _ => Geometry::LineString(line.clone()),
    }
}

fn areas_and_lines(geometry: &Geometry) -> Geometry {
    let parts = parts(geometry);
    let rings = parts.iter().flat_map(Part::lines).collect::<Vec<_>>();
    let polygons = parts.iter().filter_map(|part| match part {
        Part::Polygon(polygon) => Some(polygon.as_ref().clone()),
        _ => None,
    });
    let areas = even_odd(&MultiPolygon(polygons.collect()));
    let border = areas.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors()));
    let border = border.collect::<Vec<_>>();
    let Noded { pieces, .. } = node(&rings);
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for piece in pieces {
        let at = middle(&piece.coords);
        if !border.iter().any(|line| near(line, at)) && seen.insert(canonical(&piece.coords)) {
            lines.push(LineString(piece.coords));
        }
    }
    // A ring of one point draws nothing at all.
    let points: Vec<Coord> = if lines.is_empty() && areas.0.is_empty() {
        rings.iter().filter_map(|ring| ring.0.first().copied()).collect()
    } else {
        Vec::new()
    };
    assemble(areas.0, lines, points).unwrap_or_else(|| empty(kind(geometry)))
}
