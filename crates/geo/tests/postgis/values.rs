//! Functions asked one by one, over points, lines and shapes of every kind.

use geo::{Geometry, LineString, Point};
use jingwei_geo::from_geometry;

use super::draw::Draw;
use super::server::Server;
use super::{compare, load, none, pairs};

/// Points on a lattice and between, the same in a pair now and then.
fn points(count: usize, seed: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut draw = Draw(seed);
    let mut one = || {
        let lattice = draw.below(3) == 0;
        let mut number = |size: f64| if lattice { draw.below(7) as f64 } else { (draw.unit() - 0.5) * size };
        let (x, y) = (number(360.0), number(170.0));
        from_geometry(&Geometry::Point(Point::new(x, y)))
    };
    let pair = |number: usize| {
        let a = one();
        let b = if number.is_multiple_of(10) { a.clone() } else { one() };
        (a, b)
    };
    (0..count).map(pair).collect()
}

/// Lines of random corners, some of them closed.
fn lines(count: usize, seed: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut draw = Draw(seed);
    let mut one = || {
        let count = 2 + draw.below(6);
        let mut corners =
            (0..count).map(|_| geo::Coord { x: draw.unit() * 9.0, y: draw.unit() * 9.0 }).collect::<Vec<_>>();
        if corners.len() > 3 && draw.below(3) == 0 {
            corners.extend(corners.first().copied());
        }
        from_geometry(&Geometry::LineString(LineString(corners)))
    };
    (0..count).map(|_| (one(), one())).collect()
}

#[tokio::test]
async fn of_points_both_give_the_same() {
    let Some(server) = Server::start() else { return };
    let pairs = points(2_000, 41);
    let context = load(&server, &pairs);
    let expressions = [
        "ST_X(a)",
        "ST_Y(b)",
        "ST_SRID(ST_SetSRID(a, 4326))",
        "ST_Azimuth(a, b)",
        "ST_MaxDistance(a, b)",
        "ST_GeoHash(a, 5)",
        "ST_GeoHash(ST_SetSRID(a, 4326), 12)",
        "ST_AsText(ST_PointFromGeoHash(ST_GeoHash(a, 8)), 9)",
        "ST_AsText(ST_GeomFromGeoHash(ST_GeoHash(a, 6)), 9)",
        "ST_AsText(ST_MakeLine(a, b))",
        "ST_AsText(ST_MakePoint(ST_X(a), ST_Y(b)))",
        "ST_AsText(ST_Point(ST_Y(a), ST_X(b)))",
        "ST_AsText(ST_Scale(a, 2, 3))",
        "ST_AsText(ST_Rotate(a, 0.5), 6)",
        "ST_AsText(ST_Transform(ST_SetSRID(a, 4326), 3857), 3)",
        "ST_AsText(ST_TileEnvelope(6, CAST(id % 64 AS int), CAST(id % 61 AS int)), 3)",
        "ST_AsText(ST_Square(1.5, CAST(id % 7 AS int), CAST(id % 5 AS int)), 6)",
        "ST_AsText(ST_Hexagon(1.5, CAST(id % 7 AS int), CAST(id % 5 AS int)), 6)",
    ];
    none(&compare(&server, &context, &expressions, &pairs).await);
}

#[tokio::test]
async fn of_lines_both_give_the_same() {
    let Some(server) = Server::start() else { return };
    let pairs = lines(2_000, 42);
    let context = load(&server, &pairs);
    let expressions = [
        "ST_IsRing(a)",
        "ST_LineLocatePoint(a, ST_StartPoint(b))",
        "ST_AsText(ST_LineInterpolatePoint(a, 0.3), 6)",
        "ST_AsText(ST_LineInterpolatePoints(a, 0.3), 6)",
        "ST_Length(ST_LineSubstring(a, 0.25, 0.8))",
        "ST_FrechetDistance(a, b, 0.5)",
        "ST_HausdorffDistance(a, b, 0.25)",
        "ST_AsText(ST_RemoveRepeatedPoints(a))",
        "ST_Length(ST_Segmentize(a, 0.7))",
        "ST_NPoints(ST_Segmentize(a, 0.7))",
        "ST_AsText(ST_SnapToGrid(a, 0.5), 6)",
        "ST_AsText(ST_SnapToGrid(a, 0.1, 0.2, 0.5, 0.25), 6)",
    ];
    none(&compare(&server, &context, &expressions, &pairs).await);
}

#[tokio::test]
async fn of_shapes_of_every_kind_both_give_the_same() {
    let Some(server) = Server::start() else { return };
    let pairs = pairs(3_000, 43);
    let context = load(&server, &pairs);
    let expressions = [
        "ST_YMin(a)",
        "ST_XMax(a)",
        "ST_CoordDim(a)",
        "encode(ST_AsBinary(a), 'hex')",
        "encode(ST_AsEWKB(ST_SetSRID(a, 4548)), 'hex')",
        "ST_AsText(ST_GeomFromWKB(ST_AsBinary(a)))",
        "ST_AsText(ST_GeomFromEWKB(ST_AsEWKB(a)))",
        "ST_AsText(ST_GeomFromEWKT(ST_AsEWKT(a)))",
        "ST_AsText(ST_GeometryFromText(ST_AsText(a)))",
        "ST_AsText(ST_Collect(a, b))",
        // PostGIS turns lines around as well.
        "CASE WHEN ST_Dimension(a) = 2 THEN ST_AsText(ST_ForcePolygonCW(a)) END",
        "CASE WHEN ST_Dimension(a) = 2 THEN ST_AsText(ST_ForcePolygonCCW(a)) END",
        // PostGIS compares bytes, in which 0 and -0 differ; a sum with 0 makes them one.
        "ST_OrderingEquals(ST_Translate(a, 0, 0), ST_Translate(b, 0, 0))",
        // PostGIS stops short in geometries that meet, and gives no largest distance for some that do not.
        "CASE WHEN ST_Disjoint(a, b) THEN ST_DFullyWithin(a, b, 4) END",
        // Where several points are nearest, which one is given is open; how far it is, is not.
        "ST_Distance(ST_ClosestPoint(a, b), b)",
        "ST_Distance(ST_ClosestPoint(a, b), a)",
        "ST_Length(ST_ShortestLine(a, b))",
    ];
    none(&compare(&server, &context, &expressions, &pairs).await);
}
