//! Distances, lengths and areas on the Earth taken as a sphere, from longitudes and latitudes in degrees.
//!
//! Lines and borders run along great circles, so the antimeridian is a line like any other. Radius: the
//! mean one of WGS 84, (2a + b) / 3, as PostGIS's `ST_DistanceSphere` has it.

use geo::{Coord, Geometry, Line, LineString, Polygon};

use crate::predicate::{Part, parts, segments_meet};

/// Metres.
pub const RADIUS: f64 = 6_371_008.771_415_059;

/// Metres: the least radius of curvature of the WGS 84 spheroid, that of the meridian at the equator, b² / a. The distance
/// on the spheroid is never less than that of the same longitudes and latitudes on a sphere of this radius.
pub const LEAST_RADIUS: f64 = 6_335_439.327;

/// A direction from the centre of the Earth.
#[derive(Debug, Clone, Copy)]
struct Direction([f64; 3]);

impl Direction {
    fn of(coord: Coord) -> Self {
        let (lon, lat) = (coord.x.to_radians(), coord.y.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    }

    fn dot(self, other: Self) -> f64 {
        self.0.iter().zip(other.0).map(|(a, b)| a * b).sum()
    }

    fn cross(self, other: Self) -> Self {
        let ([a, b, c], [d, e, f]) = (self.0, other.0);
        Self([b * f - c * e, c * d - a * f, a * e - b * d])
    }

    fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The angle between two directions; exact for small and for near-opposite ones alike.
    fn angle(self, other: Self) -> f64 {
        self.cross(other).length().atan2(self.dot(other))
    }

    fn coord(self) -> Coord {
        let [x, y, z] = self.0;
        Coord { x: y.atan2(x).to_degrees(), y: z.atan2(x.hypot(y)).to_degrees() }
    }
}

/// The great-circle distance of two points in metres.
#[must_use]
pub fn point_distance(a: Coord, b: Coord) -> f64 {
    // Haversine: exact for small distances, which are the ones asked for.
    let (lat_a, lat_b) = (a.y.to_radians(), b.y.to_radians());
    let (dlat, dlon) = ((b.y - a.y).to_radians(), (b.x - a.x).to_radians());
    let half = (dlat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * RADIUS * half.sqrt().min(1.0).asin()
}

/// The shortest distance of two geometries in metres, and the points it is between; `None` where one is empty.
#[must_use]
pub fn nearest(a: &Geometry, b: &Geometry) -> Option<(f64, Coord, Coord)> {
    let (a, b) = (parts(a), parts(b));
    let mut best: Option<(f64, Coord, Coord)> = None;
    for a in &a {
        for b in &b {
            let found = between(a, b)?;
            if best.is_none_or(|best| found.0 < best.0) {
                best = Some(found);
            }
            if found.0 == 0.0 {
                return best;
            }
        }
    }
    best
}

fn between(a: &Part, b: &Part) -> Option<(f64, Coord, Coord)> {
    let (first_a, first_b) = (a.first()?, b.first()?);
    for (area, point) in [(a, first_b), (b, first_a)] {
        if let Part::Polygon(polygon) = area
            && holds(polygon, point)
        {
            return Some((0.0, point, point));
        }
    }
    let arcs = |part: &Part| match part {
        Part::Point(point) => vec![Line::new(*point, *point)],
        _ => part.lines().flat_map(LineString::lines).collect::<Vec<_>>(),
    };
    let (arcs_a, arcs_b) = (arcs(a), arcs(b));
    let mut best = (point_distance(first_a, first_b), first_a, first_b);
    for one in &arcs_a {
        for other in &arcs_b {
            if arcs_cross(*one, *other) {
                return Some((0.0, one.start, one.start));
            }
            for point in [one.start, one.end] {
                let foot = foot(point, *other);
                let distance = point_distance(point, foot);
                if distance < best.0 {
                    best = (distance, point, foot);
                }
            }
            for point in [other.start, other.end] {
                let foot = foot(point, *one);
                let distance = point_distance(point, foot);
                if distance < best.0 {
                    best = (distance, foot, point);
                }
            }
        }
    }
    Some(best)
}

/// The point of an arc that is nearest to another.
fn foot(point: Coord, arc: Line) -> Coord {
    let (p, a, b) = (Direction::of(point), Direction::of(arc.start), Direction::of(arc.end));
    let nearer = || if p.angle(a) <= p.angle(b) { arc.start } else { arc.end };
    let normal = a.cross(b);
    let size = normal.length();
    if size < 1e-15 {
        return nearer();
    }
    let height = p.dot(normal) / size;
    let on_circle = Direction([0, 1, 2].map(|axis| p.0[axis] - height * normal.0[axis] / size));
    if on_circle.length() < 1e-15 {
        return arc.start;
    }
    // The foot lies on the arc when it is ahead of the start and behind the end.
    if a.cross(on_circle).dot(normal) >= 0.0 && on_circle.cross(b).dot(normal) >= 0.0 {
        on_circle.coord()
    } else {
        nearer()
    }
}

fn arcs_cross(a: Line, b: Line) -> bool {
    if a.start == a.end || b.start == b.end {
        return false;
    }
    // Short arcs are straight to well within a rounding; the plane's test is exact there.
    let size = [a.dx(), a.dy(), b.dx(), b.dy()].iter().fold(0.0_f64, |size, part| size.max(part.abs()));
    if size < 1e-5 {
        return segments_meet(a, b);
    }
    let [p, q, r, s] = [a.start, a.end, b.start, b.end].map(Direction::of);
    let (one, other) = (p.cross(q), r.cross(s));
    let sides = (one.dot(r), one.dot(s), other.dot(p), other.dot(q));
    if sides.0 * sides.1 > 0.0 || sides.2 * sides.3 > 0.0 {
        return false;
    }
    // Great circles cross twice; the crossing counts where it lies on both arcs.
    let at = one.cross(other);
    let on = |from: Direction, to: Direction, normal: Direction, at: Direction| {
        from.cross(at).dot(normal) >= 0.0 && at.cross(to).dot(normal) >= 0.0
    };
    let opposite = Direction(at.0.map(|part| -part));
    at.length() > 0.0 && [at, opposite].into_iter().any(|at| on(p, q, one, at) && on(r, s, other, at))
}

/// Whether a polygon holds a point: its rings turn around the point once, seen along great circles.
fn holds(polygon: &Polygon, point: Coord) -> bool {
    let inside = |ring: &LineString| {
        let azimuth = |to: Coord| {
            let (lat, other) = (point.y.to_radians(), to.y.to_radians());
            let dlon = (to.x - point.x).to_radians();
            (dlon.sin() * other.cos()).atan2(lat.cos() * other.sin() - lat.sin() * other.cos() * dlon.cos())
        };
        let turn = ring.lines().map(|line| {
            let turn = azimuth(line.end) - azimuth(line.start);
            (turn + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI
        });
        // Seen from the other side of the Earth a ring turns around the point too.
        let middle = ring.0.iter().fold(Direction([0.0; 3]), |sum, coord| {
            let vertex = Direction::of(*coord);
            Direction([0, 1, 2].map(|axis| sum.0[axis] + vertex.0[axis]))
        });
        turn.sum::<f64>().abs() > std::f64::consts::PI && middle.dot(Direction::of(point)) > 0.0
    };
    inside(polygon.exterior()) && !polygon.interiors().iter().any(inside)
}

/// The length of a line in metres.
#[must_use]
pub fn line_length(line: &LineString) -> f64 {
    line.lines().map(|line| point_distance(line.start, line.end)).sum()
}

/// The area of polygons in square metres, by their spherical excess (Bevis & Cambareri 1987).
#[must_use]
pub fn area(geometry: &Geometry) -> f64 {
    let ring = |ring: &LineString| {
        let excess = ring.lines().map(|line| {
            let dlon = (line.dx() + 180.0).rem_euclid(360.0) - 180.0;
            let (a, b) = ((line.start.y.to_radians() / 2.0).tan(), (line.end.y.to_radians() / 2.0).tan());
            2.0 * ((dlon.to_radians() / 2.0).tan() * (a + b)).atan2(1.0 + a * b)
        });
        excess.sum::<f64>().abs() * RADIUS * RADIUS
    };
    let polygon =
        |polygon: &Polygon| (ring(polygon.exterior()) - polygon.interiors().iter().map(ring).sum::<f64>()).max(0.0);
    match geometry {
        Geometry::Polygon(one) => polygon(one),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(polygon).sum(),
        Geometry::GeometryCollection(members) => members.iter().map(area).sum(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{from_wkt, to_geometry};

    fn read(wkt: &str) -> Geometry {
        to_geometry(&from_wkt(wkt).unwrap()).unwrap()
    }

    fn metres(a: &str, b: &str) -> f64 {
        nearest(&read(a), &read(b)).unwrap().0
    }

    #[test]
    fn distances_are_those_of_postgis() {
        // ST_DistanceSphere of PostGIS 3.3.2.
        assert!((metres("POINT(116.4 39.9)", "POINT(116.4 40)") - 11_119.507_973_46).abs() < 1e-6);
        assert!((metres("LINESTRING(0 0,1 0)", "POINT(0.5 1)") - 111_195.079_734_63).abs() < 1e-6);
        assert_eq!(metres("POLYGON((0 0,1 0,1 1,0 1,0 0))", "POINT(0.5 0.5)"), 0.0);
        assert_eq!(metres("LINESTRING(0 0,1 0)", "LINESTRING(0.5 -1,0.6 1)"), 0.0);
        assert!((line_length(&LineString::from(vec![(0., 0.), (1., 1.)])) - 157_249.597_768_505_1).abs() < 1e-6);
        assert!((area(&read("POLYGON((0 0,1 0,1 1,0 1,0 0))")) - 12_364_031_798.546_02).abs() < 1.0);
    }

    #[test]
    fn the_antimeridian_is_a_line_like_any_other() {
        assert!((metres("POINT(179.9 0)", "POINT(-179.9 0)") - metres("POINT(0 0)", "POINT(0.2 0)")).abs() < 1e-6);
        let pacific = "POLYGON((179 -1,-179 -1,-179 1,179 1,179 -1))";
        assert_eq!(metres(pacific, "POINT(180 0)"), 0.0);
        assert!(metres(pacific, "POINT(0 0)") > 1e7);
    }
}
