//! A geometry's simple parts: points, lines and polygons, whatever collections they are wrapped in.

use std::borrow::Cow;

use geo::{Coord, Geometry, Line, LineString, Polygon};

/// A simple part of a geometry.
#[derive(Debug, Clone)]
pub enum Part<'a> {
    /// A point.
    Point(Coord),
    /// A line of at least one vertex.
    Line(Cow<'a, LineString>),
    /// A polygon with a shell.
    Polygon(Cow<'a, Polygon>),
}

/// All simple parts that are not empty, in their order.
#[must_use]
pub fn parts(geometry: &Geometry) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    collect(geometry, &mut found);
    found
}

fn collect<'a>(geometry: &'a Geometry, found: &mut Vec<Part<'a>>) {
    match geometry {
        Geometry::Point(point) => found.push(Part::Point(point.0)),
        Geometry::Line(line) => found.push(Part::Line(Cow::Owned(LineString(vec![line.start, line.end])))),
        Geometry::LineString(line) => push_line(line, found),
        Geometry::Polygon(polygon) => push_polygon(polygon, found),
        Geometry::MultiPoint(points) => found.extend(points.iter().map(|point| Part::Point(point.0))),
        Geometry::MultiLineString(lines) => lines.iter().for_each(|line| push_line(line, found)),
        Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| push_polygon(polygon, found)),
        Geometry::GeometryCollection(members) => members.iter().for_each(|member| collect(member, found)),
        Geometry::Rect(rect) => found.push(Part::Polygon(Cow::Owned(rect.to_polygon()))),
        Geometry::Triangle(triangle) => found.push(Part::Polygon(Cow::Owned(triangle.to_polygon()))),
    }
}

fn push_line<'a>(line: &'a LineString, found: &mut Vec<Part<'a>>) {
    if !line.0.is_empty() {
        found.push(Part::Line(Cow::Borrowed(line)));
    }
}

fn push_polygon<'a>(polygon: &'a Polygon, found: &mut Vec<Part<'a>>) {
    if !polygon.exterior().0.is_empty() {
        found.push(Part::Polygon(Cow::Borrowed(polygon)));
    }
}

impl Part<'_> {
    /// The lines it is drawn with: itself, or its rings; none for a point.
    pub fn lines(&self) -> impl Iterator<Item = &LineString> {
        let (line, polygon) = match self {
            Part::Point(_) => (None, None),
            Part::Line(line) => (Some(line.as_ref()), None),
            Part::Polygon(polygon) => (None, Some(polygon.as_ref())),
        };
        line.into_iter().chain(polygon.into_iter().flat_map(|polygon| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).filter(|ring| !ring.0.is_empty())
        }))
    }

    /// Its first vertex.
    #[must_use]
    pub fn first(&self) -> Option<Coord> {
        match self {
            Part::Point(point) => Some(*point),
            Part::Line(line) => line.0.first().copied(),
            Part::Polygon(polygon) => polygon.exterior().0.first().copied(),
        }
    }
}

/// The segments of a geometry's lines and rings, those without length included.
#[must_use]
pub fn segments(geometry: &Geometry) -> Vec<Line> {
    let parts = parts(geometry);
    parts.iter().flat_map(Part::lines).flat_map(LineString::lines).collect()
}
