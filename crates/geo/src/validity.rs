//! Why a shape is no proper one (OGC 06-103r4 §6.1.11), in PostGIS's words and with the place.

use std::collections::HashMap;

use geo::{BoundingRect, Coord, CoordsIter, Geometry, Line, LineString, Polygon};
use jingwei_model::Reason;

use crate::overlay::{Grid, clockwise_before, key, meetings};
use crate::predicate::{Place, place_in_polygon, place_in_ring};

/// What is wrong with a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A coordinate is NaN or infinite.
    InvalidCoordinate,
    /// A line without length, a ring without area.
    TooFewPoints,
    /// Two edges cross or overlap.
    SelfIntersection,
    /// A ring comes back to one of its points.
    RingSelfIntersection,
    /// A hole is not within its shell.
    HoleOutsideShell,
    /// A hole lies within another.
    NestedHoles,
    /// A polygon of several lies within another.
    NestedShells,
    /// Holes cut the interior in two.
    DisconnectedInterior,
}

impl Flaw {
    /// The words of PostGIS's `ST_IsValidReason`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InvalidCoordinate => "Invalid Coordinate",
            Self::TooFewPoints => "Too few points in geometry component",
            Self::SelfIntersection => "Self-intersection",
            Self::RingSelfIntersection => "Ring Self-intersection",
            Self::HoleOutsideShell => "Hole lies outside shell",
            Self::NestedHoles => "Holes are nested",
            Self::NestedShells => "Nested shells",
            Self::DisconnectedInterior => "Interior is disconnected",
        }
    }
}

/// The reason and a sentence that names the place; `None` for a valid geometry.
#[must_use]
pub fn why_invalid(geometry: &Geometry) -> Option<(Reason, String)> {
    let (flaw, at) = flaw(geometry)?;
    let crossing = matches!(flaw, Flaw::SelfIntersection | Flaw::RingSelfIntersection);
    let reason = if crossing { Reason::SelfCrossing } else { Reason::InvalidGeometry };
    Some((reason, format!("{}[{} {}]", flaw.words(), at.x, at.y)))
}

/// The first flaw found and where; `None` for a valid geometry.
#[must_use]
pub fn flaw(geometry: &Geometry) -> Option<(Flaw, Coord)> {
    if let Some(at) = geometry.coords_iter().find(|coord| !coord.x.is_finite() || !coord.y.is_finite()) {
        return Some((Flaw::InvalidCoordinate, at));
    }
    match geometry {
        Geometry::LineString(line) => flaw_of_line(line),
        Geometry::MultiLineString(lines) => lines.iter().find_map(flaw_of_line),
        Geometry::Polygon(polygon) => flaw_of_polygons(std::slice::from_ref(polygon)),
        Geometry::MultiPolygon(polygons) => flaw_of_polygons(&polygons.0),
        Geometry::GeometryCollection(members) => members.iter().find_map(flaw),
        _ => None,
    }
}

fn flaw_of_line(line: &LineString) -> Option<(Flaw, Coord)> {
    let first = *line.0.first()?;
    line.0.iter().all(|coord| *coord == first).then_some((Flaw::TooFewPoints, first))
}

/// A ring of a polygon without repeated points.
struct Ring {
    polygon: usize,
    coords: Vec<Coord>,
}

fn flaw_of_polygons(polygons: &[Polygon]) -> Option<(Flaw, Coord)> {
    let mut rings = Vec::new();
    for (number, polygon) in polygons.iter().enumerate() {
        for line in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            let Some(first) = line.0.first() else { continue };
            let mut coords = line.0.clone();
            coords.dedup();
            if coords.len() < 4 || !line.is_closed() {
                return Some((Flaw::TooFewPoints, *first));
            }
            rings.push(Ring { polygon: number, coords });
        }
    }
    let touches = match touches(&rings) {
        Ok(touches) => touches,
        Err(found) => return Some(found),
    };
    polygons.iter().find_map(flaw_of_holes).or_else(|| nested_shells(polygons)).or_else(|| disconnected(&touches))
}

/// Two rings and the point they touch in.
type Touch = (usize, usize, Coord);

/// The points in which different rings touch; or the first meeting that is no touch.
fn touches(rings: &[Ring]) -> Result<Vec<Touch>, (Flaw, Coord)> {
    let mut segments = Vec::new();
    let mut owners = Vec::new();
    for (number, ring) in rings.iter().enumerate() {
        for (place, pair) in ring.coords.windows(2).enumerate() {
            segments.push(Line::new(pair[0], pair[1]));
            owners.push((number, place));
        }
    }
    let mut touches = Vec::new();
    let mut worst: Option<(Flaw, Coord)> = None;
    let Some(grid) = Grid::over(&segments) else { return Ok(touches) };
    grid.all_pairs(&segments, |a, b| {
        let met = meetings(segments[a], segments[b]);
        let Some(&at) = met.first() else { return true };
        let ((ring_a, place_a), (ring_b, place_b)) = (owners[a], owners[b]);
        if met.len() > 1 {
            worst = Some((Flaw::SelfIntersection, at));
            return false;
        }
        if ring_a == ring_b && follow(place_a, place_b, &rings[ring_a].coords) {
            return true;
        }
        let (around_a, around_b) =
            (neighbours(&rings[ring_a].coords, place_a, at), neighbours(&rings[ring_b].coords, place_b, at));
        let inner = |segment: Line| at != segment.start && at != segment.end;
        if inner(segments[a]) && inner(segments[b]) || crosses(at, around_a, around_b) {
            let same_vertex = ring_a == ring_b && !inner(segments[a]) && !inner(segments[b]);
            let flaw = if same_vertex { Flaw::RingSelfIntersection } else { Flaw::SelfIntersection };
            worst = Some((flaw, at));
            return flaw == Flaw::RingSelfIntersection;
        }
        if ring_a == ring_b {
            worst.get_or_insert((Flaw::RingSelfIntersection, at));
        } else if rings[ring_a].polygon == rings[ring_b].polygon {
            touches.push((ring_a, ring_b, at));
        }
        true
    });
    worst.map_or(Ok(touches), Err)
}

/// Whether two segments of a ring are neighbours.
fn follow(a: usize, b: usize, coords: &[Coord]) -> bool {
    let count = coords.len() - 1;
    a.abs_diff(b) == 1 || a.abs_diff(b) == count - 1
}

/// The points before and after a point of a ring's segment.
fn neighbours(coords: &[Coord], place: usize, at: Coord) -> (Coord, Coord) {
    let count = coords.len() - 1;
    let (start, end) = (coords[place], coords[place + 1]);
    if at == start {
        (coords[(place + count - 1) % count], end)
    } else if at == end {
        (start, coords[(place + 1) % count + 1])
    } else {
        (start, end)
    }
}

/// Whether two paths through a point change sides there.
fn crosses(at: Coord, a: (Coord, Coord), b: (Coord, Coord)) -> bool {
    let within = |point| clockwise_before(at, a.0, point, a.1);
    within(b.0) != within(b.1)
}

fn flaw_of_holes(polygon: &Polygon) -> Option<(Flaw, Coord)> {
    let shell = polygon.exterior();
    for hole in polygon.interiors() {
        if let Some(at) = place_of(hole, |coord| place_in_ring(shell, coord), Place::Outside) {
            return Some((Flaw::HoleOutsideShell, at));
        }
    }
    if polygon.interiors().len() < 2 {
        return None;
    }
    let rects = polygon.interiors().iter().map(BoundingRect::bounding_rect).collect::<Vec<_>>();
    for (number, hole) in polygon.interiors().iter().enumerate() {
        for (other, around) in polygon.interiors().iter().enumerate() {
            if other == number || !rect_within(rects[number], rects[other]) {
                continue;
            }
            if let Some(at) = place_of(hole, |coord| place_in_ring(around, coord), Place::Inside) {
                return Some((Flaw::NestedHoles, at));
            }
        }
    }
    None
}

fn rect_within(inner: Option<geo::Rect>, outer: Option<geo::Rect>) -> bool {
    inner.zip(outer).is_some_and(|(inner, outer)| {
        outer.min().x <= inner.min().x
            && outer.min().y <= inner.min().y
            && outer.max().x >= inner.max().x
            && outer.max().y >= inner.max().y
    })
}

/// A vertex of a ring (or the middle of an edge) that tells where the ring lies, if it lies where asked.
fn place_of(ring: &LineString, place: impl Fn(Coord) -> Place, wanted: Place) -> Option<Coord> {
    let middles = ring.lines().map(|line| (line.start + line.end) / 2.0);
    for coord in ring.0.iter().copied().chain(middles) {
        match place(coord) {
            Place::Border => {}
            found => return (found == wanted).then_some(coord),
        }
    }
    None
}

fn nested_shells(polygons: &[Polygon]) -> Option<(Flaw, Coord)> {
    let rects = polygons.iter().map(|polygon| polygon.exterior().bounding_rect()).collect::<Vec<_>>();
    let mut order = (0..polygons.len()).filter(|number| rects[*number].is_some()).collect::<Vec<_>>();
    let west = |number: usize| rects[number].map_or(0.0, |rect| rect.min().x);
    let east = |number: usize| rects[number].map_or(0.0, |rect| rect.max().x);
    order.sort_by(|a, b| west(*a).total_cmp(&west(*b)));
    for (place, &a) in order.iter().enumerate() {
        for &b in order[place + 1..].iter().take_while(|other| west(**other) <= east(a)) {
            for (inner, outer) in [(a, b), (b, a)] {
                if !rect_within(rects[inner], rects[outer]) {
                    continue;
                }
                let shell = polygons[inner].exterior();
                if let Some(at) = place_of(shell, |coord| place_in_polygon(&polygons[outer], coord), Place::Inside) {
                    return Some((Flaw::NestedShells, at));
                }
            }
        }
    }
    None
}

/// Rings and the points they touch in, as a graph: a cycle of it encloses a part of the interior.
fn disconnected(touches: &[Touch]) -> Option<(Flaw, Coord)> {
    let mut parents: Vec<usize> = Vec::new();
    let mut numbers: HashMap<(bool, u64, u64), usize> = HashMap::new();
    let mut joined = std::collections::HashSet::new();
    fn root(parents: &mut [usize], mut node: usize) -> usize {
        while parents[node] != node {
            parents[node] = parents[parents[node]];
            node = parents[node];
        }
        node
    }
    for (a, b, at) in touches {
        let (x, y) = key(*at);
        for ring in [a, b] {
            let mut number = |name| {
                let next = parents.len();
                let number = *numbers.entry(name).or_insert(next);
                if number == next {
                    parents.push(next);
                }
                number
            };
            let (ring, point) = (number((true, *ring as u64, 0)), number((false, x, y)));
            if !joined.insert((ring, point)) {
                continue;
            }
            let (one, other) = (root(&mut parents, ring), root(&mut parents, point));
            if one == other {
                return Some((Flaw::DisconnectedInterior, *at));
            }
            parents[one] = other;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{from_wkt, to_geometry};

    fn reason(wkt: &str) -> String {
        why_invalid(&to_geometry(&from_wkt(wkt).unwrap()).unwrap())
            .map_or_else(|| "Valid Geometry".to_owned(), |(_, reason)| reason)
    }

    #[test]
    fn flaws_are_named_as_postgis_names_them() {
        // Answers of PostGIS 3.3.2 (GEOS 3.11.1).
        for (wkt, expected) in [
            ("POLYGON((0 0,2 2,2 0,0 2,0 0))", "Self-intersection[1 1]"),
            ("LINESTRING(0 0,0 0)", "Too few points in geometry component[0 0]"),
            ("POLYGON((0 0,4 0,4 4,0 4,0 0),(5 5,6 5,6 6,5 5))", "Hole lies outside shell[5 5]"),
            (
                "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,3 1,3 3,1 1),(1.5 1.2,2 1.2,2 1.5,1.5 1.2))",
                "Holes are nested[1.5 1.2]",
            ),
            ("MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((1 1,2 1,2 2,1 1)))", "Nested shells[1 1]"),
            ("MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((4 0,8 0,8 4,4 0)))", "Valid Geometry"),
            ("POLYGON((0 0,4 0,4 4,2 0,0 4,0 0))", "Ring Self-intersection[2 0]"),
            ("POLYGON((0 0,0 0,0 0,0 0))", "Too few points in geometry component[0 0]"),
            ("MULTIPOINT(0 0,0 0)", "Valid Geometry"),
            ("POLYGON EMPTY", "Valid Geometry"),
            ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,1 2,0 0))", "Valid Geometry"),
        ] {
            assert_eq!(reason(wkt), expected, "{wkt}");
        }
        for (wkt, expected) in [
            ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 2,2 4,4 2,2 0,0 2))", "Interior is disconnected"),
            ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,1 2,0 0),(4 4,2 1,1 3,4 4))", "Interior is disconnected"),
            ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,4 0,4 4,0 4,0 0))", "Self-intersection"),
            ("POLYGON((0 0,1 1,2 2,0 0))", "Self-intersection"),
        ] {
            assert!(reason(wkt).starts_with(expected), "{wkt}: {}", reason(wkt));
        }
    }
}
