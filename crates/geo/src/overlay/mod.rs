//! Set operations on geometries of any kind: union, intersection, difference, symmetric difference.
//!
//! Input: finite geometries; areas are valid. Output: areas, then lines, then points, each part once.
//! Invariant: a vertex that was there before keeps its coordinates; nothing is in the result twice.

mod areas;
mod boundary;
mod coverage;
mod grid;
mod lines;
mod rings;
mod subdivide;
mod valid;

use geo::bool_ops::OpType;
use geo::dimensions::Dimensions;
use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use hashbrown::HashSet;

pub use areas::operate as operate_areas;
use boundary::Rings;
pub use coverage::clockwise_before;
use coverage::dissolve_rings;
pub use grid::Grid;
use lines::{Key, Noded, canonical, middle, node};
pub use lines::{key, meetings};
pub use rings::signed_area;
pub use subdivide::subdivide;
pub use valid::make_valid;

use crate::join::Areas;
use crate::predicate::{Part, Place, parts};
use crate::wkb::{coord_of, visit_rings};

/// A set operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// What is in both.
    Intersection,
    /// What is in the first alone.
    Difference,
    /// What is in one alone.
    SymDifference,
    /// What is in either.
    Union,
}

/// A geometry by dimensions; areas do not overlap.
#[derive(Debug, Default, Clone)]
struct Layers {
    areas: Vec<Polygon>,
    lines: Vec<LineString>,
    points: Vec<Coord>,
}

impl Layers {
    fn of(geometry: &Geometry) -> Self {
        let mut layers = Self::default();
        let collection = matches!(geometry, Geometry::GeometryCollection(_));
        layers.take(geometry.clone());
        // Areas of a collection may overlap; those of a valid multipolygon do not.
        if collection && layers.areas.len() > 1 {
            layers.areas = areas::union(layers.areas).0;
        }
        layers
    }

    /// Adds the parts of a geometry without copying them.
    fn take(&mut self, geometry: Geometry) {
        match geometry {
            Geometry::Polygon(polygon) if !polygon.exterior().0.is_empty() => self.areas.push(polygon),
            Geometry::MultiPolygon(polygons) => {
                self.areas.extend(polygons.into_iter().filter(|polygon| !polygon.exterior().0.is_empty()));
            }
            Geometry::GeometryCollection(members) => members.into_iter().for_each(|member| self.take(member)),
            other => {
                for part in parts(&other) {
                    match part {
                        Part::Point(point) => self.points.push(point),
                        Part::Line(line) => self.lines.push(line.into_owned()),
                        Part::Polygon(polygon) => self.areas.push(polygon.into_owned()),
                    }
                }
            }
        }
    }

    fn multi(&self) -> MultiPolygon {
        MultiPolygon(self.areas.clone())
    }

    fn rings(&self) -> Vec<&LineString> {
        self.areas.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors())).collect()
    }
}

/// The union of any number of geometries: areas dissolved, lines noded and once each, points on nothing else.
#[must_use]
pub fn union_all(geometries: Vec<Geometry>) -> Geometry {
    let dimension = geometries.iter().map(kind).max().unwrap_or(Dimensions::Empty);
    let mut layers = Layers::default();
    geometries.into_iter().for_each(|geometry| layers.take(geometry));
    let Layers { areas, lines, points } = layers;
    let areas = areas::union(areas).0;
    if lines.is_empty() && points.is_empty() {
        return assemble(areas, lines, points).unwrap_or_else(|| empty(dimension));
    }
    let area = Area::new(&areas);
    let drawn = lines_of(&area, &lines, |place| place == Place::Outside);
    let points = points_outside(&area, &lines, &points);
    assemble(areas, drawn, points).unwrap_or_else(|| empty(dimension))
}

/// The union of areas that fit edge to edge, straight out of their bytes; `None` where they do not, and for anything
/// else.
#[must_use]
pub fn union_of_fitting(values: &[&[u8]]) -> Option<Geometry> {
    let mut rings = Rings::default();
    // A vertex is two numbers of eight bytes.
    rings.reserve(values.iter().map(|value| value.len()).sum::<usize>() / 16);
    for value in values {
        visit_rings(value, &mut |ring, hole| rings.push(ring.iter().map(coord_of), hole))?;
    }
    let areas = dissolve_rings(rings)?.0;
    Some(assemble(areas, Vec::new(), Vec::new()).unwrap_or_else(|| empty(Dimensions::TwoDimensional)))
}

/// A set operation on two geometries.
#[must_use]
pub fn overlay(a: &Geometry, b: &Geometry, operation: Operation) -> Geometry {
    if operation == Operation::Union {
        return union_all(vec![a.clone(), b.clone()]);
    }
    let dimension = match operation {
        Operation::Intersection => kind(a).min(kind(b)),
        Operation::Difference => kind(a),
        _ => kind(a).max(kind(b)),
    };
    let (left, right) = (Layers::of(a), Layers::of(b));
    let result = match operation {
        Operation::Intersection => intersection(&left, &right),
        Operation::Difference => difference(&left, &right),
        _ => {
            let (one, other) = (difference(&left, &right), difference(&right, &left));
            let mut areas = areas::operate(&left.multi(), &right.multi(), OpType::Xor).0;
            if left.areas.is_empty() || right.areas.is_empty() {
                areas = one.areas.iter().chain(&other.areas).cloned().collect();
            }
            Layers {
                areas,
                lines: one.lines.into_iter().chain(other.lines).collect(),
                points: one.points.into_iter().chain(other.points).collect(),
            }
        }
    };
    assemble(result.areas, result.lines, result.points).unwrap_or_else(|| empty(dimension))
}

/// The dimension of a geometry's type; of an empty one too.
fn kind(geometry: &Geometry) -> Dimensions {
    match geometry {
        Geometry::Point(_) | Geometry::MultiPoint(_) => Dimensions::ZeroDimensional,
        Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => Dimensions::OneDimensional,
        Geometry::GeometryCollection(members) => members.iter().map(kind).max().unwrap_or(Dimensions::Empty),
        _ => Dimensions::TwoDimensional,
    }
}

/// Areas ready to be asked where a point lies.
struct Area<'a> {
    polygons: &'a [Polygon],
    ready: Option<Areas>,
}

impl<'a> Area<'a> {
    fn new(polygons: &'a [Polygon]) -> Self {
        Self { polygons, ready: Areas::of(&Geometry::MultiPolygon(MultiPolygon(polygons.to_vec()))) }
    }

    fn place(&self, coord: Coord) -> Place {
        self.ready.as_ref().map_or(Place::Outside, |ready| ready.locate(0, coord.x, coord.y).into())
    }

    fn rings(&self) -> impl Iterator<Item = &'a LineString> {
        self.polygons.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors()))
    }
}

/// Lines noded with each other and with an area's rings; pieces that a test takes, each once. A piece that
/// is also a piece of a ring lies on the border, whatever rounding says of its middle.
fn lines_of(area: &Area, lines: &[LineString], take: impl Fn(Place) -> bool) -> Vec<LineString> {
    if lines.is_empty() {
        return Vec::new();
    }
    let all = lines.iter().chain(area.rings()).collect::<Vec<_>>();
    let Noded { pieces, .. } = node(&all);
    let border = pieces.iter().filter(|piece| piece.line >= lines.len()).map(|piece| canonical(&piece.coords));
    let border = border.collect::<HashSet<_>>();
    let mut seen: HashSet<Vec<Key>> = HashSet::new();
    let mut found = Vec::new();
    for piece in pieces.into_iter().filter(|piece| piece.line < lines.len()) {
        let name = canonical(&piece.coords);
        let place = if border.contains(&name) { Place::Border } else { area.place(middle(&piece.coords)) };
        if take(place) && seen.insert(name) {
            found.push(LineString(piece.coords));
        }
    }
    found
}

/// Points on neither an area nor a line, each once.
fn points_outside(area: &Area, lines: &[LineString], points: &[Coord]) -> Vec<Coord> {
    let lines = Geometry::MultiLineString(MultiLineString(lines.to_vec()));
    let mut seen = HashSet::new();
    let outside = points.iter().filter(|point| {
        area.place(**point) == Place::Outside && crate::predicate::place_in(&lines, **point) == Place::Outside
    });
    outside.copied().filter(|point| seen.insert(key(*point))).collect()
}

fn difference(a: &Layers, b: &Layers) -> Layers {
    let areas =
        if b.areas.is_empty() { a.areas.clone() } else { areas::operate(&a.multi(), &b.multi(), OpType::Difference).0 };
    let area = Area::new(&b.areas);
    let lines = if a.lines.is_empty() {
        Vec::new()
    } else {
        // Noded with the other's lines too: pieces they share go.
        let all = a.lines.iter().chain(&b.lines).chain(area.rings()).collect::<Vec<_>>();
        let Noded { pieces, .. } = node(&all);
        let others = pieces.iter().filter(|piece| piece.line >= a.lines.len()).map(|piece| canonical(&piece.coords));
        let others = others.collect::<HashSet<_>>();
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for piece in pieces.into_iter().filter(|piece| piece.line < a.lines.len()) {
            let name = canonical(&piece.coords);
            let gone = others.contains(&name) || area.place(middle(&piece.coords)) != Place::Outside;
            if !gone && seen.insert(name) {
                kept.push(LineString(piece.coords));
            }
        }
        kept
    };
    let gone = b.points.iter().map(|point| key(*point)).collect::<HashSet<_>>();
    let mut points = points_outside(&area, &b.lines, &a.points);
    points.retain(|point| !gone.contains(&key(*point)));
    Layers { areas, lines, points }
}

fn intersection(a: &Layers, b: &Layers) -> Layers {
    let areas = if a.areas.is_empty() || b.areas.is_empty() {
        Vec::new()
    } else {
        areas::operate(&a.multi(), &b.multi(), OpType::Intersection).0
    };
    // Everything drawn, noded once: lines of both and rings of both.
    let (rings_a, rings_b) = (a.rings(), b.rings());
    let all = a.lines.iter().chain(rings_a.iter().copied()).chain(&b.lines).chain(rings_b.iter().copied());
    let all = all.collect::<Vec<_>>();
    let (lines_a, drawn_a) = (a.lines.len(), a.lines.len() + rings_a.len());
    let lines_b = drawn_a + b.lines.len();
    let (area_a, area_b) = (Area::new(&a.areas), Area::new(&b.areas));
    let Noded { pieces, nodes } =
        if all.is_empty() { Noded { pieces: Vec::new(), nodes: HashSet::new() } } else { node(&all) };
    let names = pieces.iter().map(|piece| canonical(&piece.coords)).collect::<Vec<_>>();
    let named = |from: usize, to: usize| {
        let picked = pieces.iter().zip(&names).filter(move |(piece, _)| (from..to).contains(&piece.line));
        picked.map(|(_, name)| name.clone()).collect::<HashSet<_>>()
    };
    let (names_a, names_b) = (named(0, drawn_a), named(drawn_a, all.len()));
    let result = Area::new(&areas);
    let on_result = border_of(&result);
    let mut seen: HashSet<Vec<Key>> = HashSet::new();
    let mut lines = Vec::new();
    for (piece, name) in pieces.iter().zip(&names) {
        let of_a = piece.line < drawn_a;
        let is_line = piece.line < lines_a || (drawn_a..lines_b).contains(&piece.line);
        let (others, area) = if of_a { (&names_b, &area_b) } else { (&names_a, &area_a) };
        let at = middle(&piece.coords);
        // A line counts where the other has points at all; a ring only where the other is drawn too.
        let shared = others.contains(name) || (is_line && area.place(at) != Place::Outside);
        let within = result.place(at) != Place::Outside || on_result.iter().any(|line| near(line, at));
        if shared && !within && seen.insert(name.clone()) {
            lines.push(LineString(piece.coords.clone()));
        }
    }
    let touched = touching_points(a, b, &pieces, drawn_a, &nodes, &area_a, &area_b);
    let drawn = Geometry::MultiLineString(MultiLineString(lines.clone()));
    let mut once = HashSet::new();
    let points = touched.into_iter().filter(|point| {
        once.insert(key(*point))
            && result.place(*point) == Place::Outside
            && !on_result.iter().any(|line| near(line, *point))
            && crate::predicate::place_in(&drawn, *point) == Place::Outside
    });
    Layers { points: points.collect(), areas, lines }
}

/// Points in both: points of one on the other, and nodes where the two drawings meet.
fn touching_points(
    a: &Layers,
    b: &Layers,
    pieces: &[lines::Piece],
    drawn_a: usize,
    nodes: &HashSet<Key>,
    area_a: &Area,
    area_b: &Area,
) -> Vec<Coord> {
    let ends = |first: bool| {
        let picked = pieces.iter().filter(move |piece| (piece.line < drawn_a) == first);
        picked.flat_map(|piece| piece.coords.iter().copied()).filter(|coord| nodes.contains(&key(*coord)))
    };
    let names_b = ends(false).map(key).collect::<HashSet<_>>();
    let mut touched = ends(true).filter(|coord| names_b.contains(&key(*coord))).collect::<Vec<_>>();
    let points_b = b.points.iter().map(|point| key(*point)).collect::<HashSet<_>>();
    let lines = |layers: &Layers| Geometry::MultiLineString(MultiLineString(layers.lines.clone()));
    let (lines_a, lines_b) = (lines(a), lines(b));
    let on = |point: Coord, area: &Area, lines: &Geometry| {
        area.place(point) != Place::Outside || crate::predicate::place_in(lines, point) != Place::Outside
    };
    touched.extend(a.points.iter().filter(|point| points_b.contains(&key(**point)) || on(**point, area_b, &lines_b)));
    touched.extend(b.points.iter().filter(|point| on(**point, area_a, &lines_a)));
    touched
}

fn border_of<'a>(area: &Area<'a>) -> Vec<&'a LineString> {
    area.rings().collect()
}

/// Whether a point is on a line but for the rounding of vertices that the overlay made.
fn near(line: &LineString, point: Coord) -> bool {
    let size = line.0.iter().fold(0.0_f64, |size, coord| size.max(coord.x.abs()).max(coord.y.abs()));
    let tolerance = size * 1e-9;
    line.lines().any(|segment| {
        let (a, b) = (segment.start, segment.end);
        let outside = point.x < a.x.min(b.x) - tolerance
            || point.x > a.x.max(b.x) + tolerance
            || point.y < a.y.min(b.y) - tolerance
            || point.y > a.y.max(b.y) + tolerance;
        !outside && crate::predicate::point_to_segment(point, segment).0 <= tolerance
    })
}

/// The parts as the simplest type that holds them; `None` where there are none.
#[must_use]
pub fn assemble(areas: Vec<Polygon>, lines: Vec<LineString>, points: Vec<Coord>) -> Option<Geometry> {
    let areas = areas.into_iter().filter(|area| !area.exterior().0.is_empty()).map(Geometry::Polygon);
    let lines = lines.into_iter().map(Geometry::LineString);
    let points = points.into_iter().map(|point| Geometry::Point(Point(point)));
    let mut all = areas.chain(lines).chain(points).collect::<Vec<_>>();
    match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(gather(all)),
    }
}

/// Geometries put together: a Multi… type where all are of one single type, else a collection.
#[must_use]
pub fn gather(all: Vec<Geometry>) -> Geometry {
    let same = |test: fn(&Geometry) -> bool| all.iter().all(test);
    if same(|one| matches!(one, Geometry::Point(_))) {
        let points = all.into_iter().filter_map(|one| Point::try_from(one).ok()).collect();
        return Geometry::MultiPoint(MultiPoint(points));
    }
    if same(|one| matches!(one, Geometry::LineString(_))) {
        let lines = all.into_iter().filter_map(|one| LineString::try_from(one).ok()).collect();
        return Geometry::MultiLineString(MultiLineString(lines));
    }
    if same(|one| matches!(one, Geometry::Polygon(_))) {
        let polygons = all.into_iter().filter_map(|one| Polygon::try_from(one).ok()).collect();
        return Geometry::MultiPolygon(MultiPolygon(polygons));
    }
    Geometry::GeometryCollection(GeometryCollection(all))
}

/// An empty geometry of a dimension; the point is written as a multipoint, which has an empty form.
#[must_use]
pub fn empty(dimension: Dimensions) -> Geometry {
    match dimension {
        Dimensions::Empty => Geometry::GeometryCollection(GeometryCollection(Vec::new())),
        Dimensions::ZeroDimensional => Geometry::MultiPoint(MultiPoint(Vec::new())),
        Dimensions::OneDimensional => Geometry::LineString(LineString(Vec::new())),
        Dimensions::TwoDimensional => Geometry::Polygon(Polygon::new(LineString(Vec::new()), Vec::new())),
    }
}
