//! Geometries to ask about: random and degenerate, the same at every run.

use geo::{Coord, Geometry, LineString, MapCoords, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use jingwei_geo::why_invalid;

use super::draw::Draw;

/// Where coordinates come from.
#[derive(Clone, Copy)]
pub enum Coordinates {
    /// Small whole numbers: shapes touch, overlap and coincide often.
    Lattice,
    /// Any numbers.
    Random,
    /// Longitudes around the antimeridian, at latitudes with many digits.
    Antimeridian,
}

pub const ALL: [Coordinates; 3] = [Coordinates::Lattice, Coordinates::Random, Coordinates::Antimeridian];

fn coord(draw: &mut Draw, kind: Coordinates) -> Coord {
    match kind {
        Coordinates::Lattice => Coord { x: draw.below(7) as f64, y: draw.below(7) as f64 },
        Coordinates::Random => Coord { x: draw.unit() * 7.0, y: draw.unit() * 7.0 },
        Coordinates::Antimeridian => {
            let x = 179.7 + draw.unit() * 0.6;
            Coord { x: if x > 180.0 { x - 360.0 } else { x }, y: draw.unit() * 0.6 }
        }
    }
}

fn line(draw: &mut Draw, kind: Coordinates) -> LineString {
    let count = 2 + draw.below(5) as usize;
    let mut coords: Vec<Coord> = Vec::new();
    if matches!(kind, Coordinates::Lattice) && draw.below(4) == 0 {
        // All on one straight line, some of it twice.
        let (from, step) = (coord(draw, kind), draw.below(3) as f64);
        coords.extend((0..count).map(|place| from + Coord { x: (place % 3) as f64, y: step * (place % 3) as f64 }));
    } else {
        coords.extend((0..count).map(|_| coord(draw, kind)));
    }
    if draw.below(6) == 0 {
        coords.push(coords[0]);
    }
    if coords.iter().all(|coord| *coord == coords[0]) {
        coords.push(coords[0] + Coord { x: 1.0, y: 0.0 });
    }
    LineString(coords)
}

/// A valid polygon: a star around a centre, sometimes with a hole, sometimes with a hole that touches.
fn polygon(draw: &mut Draw, kind: Coordinates) -> Polygon {
    loop {
        let centre = coord(draw, kind);
        let size = match kind {
            Coordinates::Antimeridian => 0.05 + draw.unit() * 0.2,
            _ => 1.0 + draw.below(4) as f64,
        };
        let ring = |draw: &mut Draw, size: f64| {
            let count = 3 + draw.below(7);
            let turn = draw.unit();
            let mut ring = (0..count)
                .map(|corner| {
                    let angle = std::f64::consts::TAU * (corner as f64 + turn) / count as f64;
                    let radius = size * (0.4 + 0.6 * draw.unit());
                    let coord = centre + Coord { x: radius * angle.cos(), y: radius * angle.sin() };
                    match kind {
                        Coordinates::Lattice => Coord { x: coord.x.round(), y: coord.y.round() },
                        _ => coord,
                    }
                })
                .collect::<Vec<_>>();
            ring.push(ring[0]);
            LineString(ring)
        };
        let shell = if draw.below(4) == 0 && matches!(kind, Coordinates::Lattice) {
            let far = centre + Coord { x: size, y: 1.0 + draw.below(4) as f64 };
            geo::Rect::new(centre, far).to_polygon().exterior().clone()
        } else {
            ring(draw, size)
        };
        let holes = if draw.below(3) == 0 { vec![ring(draw, size * 0.4)] } else { Vec::new() };
        let polygon = Polygon::new(shell, holes);
        if why_invalid(&Geometry::Polygon(polygon.clone())).is_none() {
            return polygon;
        }
    }
}

fn empty(draw: &mut Draw) -> Geometry {
    match draw.below(5) {
        0 => Geometry::LineString(LineString(Vec::new())),
        1 => Geometry::Polygon(Polygon::new(LineString(Vec::new()), Vec::new())),
        2 => Geometry::MultiPoint(MultiPoint(Vec::new())),
        3 => Geometry::MultiLineString(MultiLineString(Vec::new())),
        _ => Geometry::MultiPolygon(MultiPolygon(Vec::new())),
    }
}

/// A valid geometry of any type but a collection.
pub fn geometry(draw: &mut Draw, kind: Coordinates) -> Geometry {
    match draw.below(20) {
        0..=2 => Geometry::Point(Point(coord(draw, kind))),
        3 => Geometry::MultiPoint(MultiPoint((0..1 + draw.below(4)).map(|_| Point(coord(draw, kind))).collect())),
        4..=8 => Geometry::LineString(line(draw, kind)),
        9..=10 => {
            Geometry::MultiLineString(MultiLineString((0..1 + draw.below(3)).map(|_| line(draw, kind)).collect()))
        }
        11..=16 => Geometry::Polygon(polygon(draw, kind)),
        17..=18 => loop {
            let polygons = MultiPolygon((0..2 + draw.below(2)).map(|_| polygon(draw, kind)).collect());
            if why_invalid(&Geometry::MultiPolygon(polygons.clone())).is_none() {
                break Geometry::MultiPolygon(polygons);
            }
        },
        _ => empty(draw),
    }
}

/// A pair; often the second is made of the first, so that they share what random ones never do.
pub fn pair(draw: &mut Draw, kind: Coordinates) -> (Geometry, Geometry) {
    let a = geometry(draw, kind);
    let b = match draw.below(6) {
        0 => a.clone(),
        1 => {
            let step = if matches!(kind, Coordinates::Antimeridian) { 0.03125 } else { draw.below(3) as f64 };
            a.map_coords(|coord| coord + Coord { x: step, y: 0.0 })
        }
        2 => match &a {
            Geometry::Polygon(polygon) => Geometry::LineString(polygon.exterior().clone()),
            Geometry::LineString(line) => {
                line.0.first().map_or_else(|| a.clone(), |coord| Geometry::Point(Point(*coord)))
            }
            _ => geometry(draw, kind),
        },
        _ => geometry(draw, kind),
    };
    (a, b)
}

/// Polygons that may be invalid: rings drawn without a look at each other.
pub fn any_polygon(draw: &mut Draw) -> Geometry {
    let ring = |draw: &mut Draw| {
        let count = 3 + draw.below(4);
        let mut ring = (0..count).map(|_| coord(draw, Coordinates::Lattice)).collect::<Vec<_>>();
        ring.push(ring[0]);
        LineString(ring)
    };
    let any = |draw: &mut Draw| {
        let shell = if draw.below(2) == 0 {
            geo::Rect::new(Coord { x: 0.0, y: 0.0 }, Coord { x: 6.0, y: 6.0 }).to_polygon().exterior().clone()
        } else {
            ring(draw)
        };
        let holes = (0..draw.below(3)).map(|_| ring(draw)).collect();
        Polygon::new(shell, holes)
    };
    if draw.below(3) == 0 {
        Geometry::MultiPolygon(MultiPolygon(vec![polygon(draw, Coordinates::Lattice), any(draw)]))
    } else {
        Geometry::Polygon(any(draw))
    }
}
