//! What is made of geometries, where several answers are right: what every right answer has in common is compared.

use std::collections::HashMap;
use std::fmt::Write;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use geo::{Geometry, LineString, MultiPoint, Point};
use jingwei_geo::from_geometry;

use super::draw::Draw;
use super::server::Server;
use super::shapes::any_polygon;
use super::{compare, load, none, ours, pairs, shown};

/// Points and lines of random coordinates: no four points lie on one circle.
fn random(count: usize, seed: u64, points: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut draw = Draw(seed);
    let mut one = || {
        let coords = (0..3 + draw.below(9)).map(|_| Point::new(draw.unit() * 9.0, draw.unit() * 9.0));
        let coords = coords.collect::<Vec<_>>();
        from_geometry(&if points {
            Geometry::MultiPoint(MultiPoint(coords))
        } else {
            Geometry::LineString(LineString(coords.into_iter().map(|point| point.0).collect()))
        })
    };
    (0..count).map(|_| (one(), one())).collect()
}

#[tokio::test]
async fn tessellations_have_the_cells_and_the_area_of_those_of_postgis() {
    let Some(server) = Server::start() else { return };
    let pairs = random(1_000, 11, true);
    let context = load(&server, &pairs);
    let expressions = ["ST_Area(ST_ConvexHull(a))", "ST_NumGeometries(ST_VoronoiPolygons(a))"];
    none(&compare(&server, &context, &expressions, &pairs).await);
    // GEOS 3.11 may leave out flat triangles of the hull; the area between all points is the hull's.
    let short = "abs(ST_Area(ST_DelaunayTriangles(a)) - ST_Area(ST_ConvexHull(a))) > 1e-9";
    let batch = ours(&context, &format!("SELECT count(*) FROM t WHERE {short}")).await;
    assert_eq!(shown(batch.column(0), 0), "0");
}

#[tokio::test]
async fn the_frechet_distance_of_lines_is_that_of_postgis() {
    let Some(server) = Server::start() else { return };
    let pairs = random(2_000, 12, false);
    let context = load(&server, &pairs);
    none(&compare(&server, &context, &["ST_FrechetDistance(a, b)"], &pairs).await);
}

#[tokio::test]
async fn a_ring_that_crosses_itself_is_mended_to_the_area_that_postgis_finds() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(13);
    let pairs = (0..4_000)
        .map(|_| {
            let bytes = from_geometry(&any_polygon(&mut draw));
            (bytes.clone(), bytes)
        })
        .collect::<Vec<_>>();
    let context = load(&server, &pairs);
    // Crossings are found on a grid of 2^30 steps over the shape.
    let expression = "CASE WHEN ST_NRings(a) = 1 THEN floor(ST_Area(ST_MakeValid(a)) * 100000 + 0.5) END";
    none(&compare(&server, &context, &[expression], &pairs).await);
}

#[tokio::test]
async fn grids_have_the_cells_of_those_of_postgis() {
    let Some(server) = Server::start() else { return };
    let context = SessionContext::new();
    jingwei_geo::register(&context);
    let mut differences = Vec::new();
    for shape in ["POLYGON((0 0,7 1,3 6,0 0))", "POLYGON((-3.5 2,-1 2,-1 9.25,-3.5 2))", "LINESTRING(0.3 0.3,2 5)"] {
        for size in ["0.7", "1", "2.5"] {
            for grid in ["ST_SquareGrid", "ST_HexagonGrid"] {
                let from = format!("FROM {grid}({size}, ST_GeomFromText('{shape}'))");
                let what = "SELECT count(*), sum(i), sum(j), round(sum(ST_Area(geom))::numeric, 6)";
                let theirs = server.ask(&format!("{what} {from};"));
                let what = "SELECT count(*), sum(i), sum(j), round(sum(ST_Area(geom)), 6)";
                let batch = ours(&context, &format!("{what} {from}")).await;
                let answer = (0..4).map(|column| shown(batch.column(column), 0)).collect::<Vec<_>>();
                let same = theirs.trim().split('|').zip(&answer).all(|(theirs, ours)| {
                    theirs.parse::<f64>().ok().zip(ours.parse::<f64>().ok()).is_some_and(|(a, b)| (a - b).abs() < 1e-5)
                });
                if !same {
                    differences.push(format!("{from}: ours {}, PostGIS {}", answer.join("|"), theirs.trim()));
                }
            }
        }
    }
    none(&differences);
}

#[tokio::test]
async fn clusters_are_those_of_postgis_whatever_their_numbers() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(14);
    let pairs = (0..600)
        .map(|_| {
            let bytes = from_geometry(&Geometry::Point(Point::new(draw.unit() * 9.0, draw.unit() * 9.0)));
            (bytes.clone(), bytes)
        })
        .collect::<Vec<_>>();
    let context = load(&server, &pairs);
    let mut differences = Vec::new();
    // With one point enough for a cluster, no point lies on the rim of two.
    for (reach, least) in [("0.2", 1), ("0.3", 1), ("0.3", 3), ("0.45", 6)] {
        let clusters = format!("ST_ClusterDBSCAN(a, {reach}, {least}) OVER (ORDER BY id)");
        let theirs = server.ask(&format!("SELECT coalesce(({clusters})::text, '') FROM t ORDER BY id;"));
        let batch = ours(&context, &format!("SELECT id, CAST({clusters} AS BIGINT) FROM t ORDER BY id")).await;
        let found = batch.column(1).as_primitive::<Int64Type>();
        let (mut forth, mut back) = (HashMap::new(), HashMap::new());
        for (row, theirs) in theirs.lines().enumerate() {
            let theirs = theirs.parse::<i64>().ok();
            let ours = found.is_valid(row).then(|| found.value(row));
            let alone = theirs.is_none() == ours.is_none();
            // Where a cluster takes several points, one on the rim of two may count to either.
            let same = least > 1
                || (*forth.entry(ours).or_insert(theirs) == theirs && *back.entry(theirs).or_insert(ours) == ours);
            if !alone || !same {
                differences.push(format!("{clusters}, row {row}: ours {ours:?}, PostGIS {theirs:?}"));
            }
        }
    }
    none(&differences);
}

#[tokio::test]
async fn geometries_in_tiles_take_the_room_that_those_of_postgis_take() {
    let Some(server) = Server::start() else { return };
    let pairs = pairs(2_000, 15);
    let context = load(&server, &pairs);
    let tile = "ST_AsMVTGeom(a, ST_MakeEnvelope(0, 0, 7, 7), 4096, 256, true)";
    let polygons = "ST_Dimension(a) = 2 AND NOT ST_IsEmpty(a)";
    let sql = format!("SELECT id, ST_Area({tile}), ST_Perimeter({tile}) FROM t WHERE {polygons} ORDER BY id");
    let theirs = server.ask(&format!("{sql};"));
    let batch = ours(&context, &sql).await;
    let mut differences = Vec::new();
    for (row, theirs) in theirs.lines().enumerate() {
        let mut parts = theirs.split('|').skip(1).map(|part| part.parse::<f64>().unwrap_or_default());
        let (area, around) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let ours = shown(batch.column(1), row).parse::<f64>().unwrap_or_default();
        // Every vertex is moved by half a unit at most, in each direction.
        if (ours - area).abs() > around + 2.0 {
            let mut text = String::new();
            let _ = write!(text, "{tile}, row {theirs}: ours {ours}");
            differences.push(text);
        }
    }
    none(&differences);
}

#[tokio::test]
async fn pieces_are_small_and_together_they_are_what_was_cut_and_what_the_pieces_of_postgis_are() {
    let Some(server) = Server::start() else { return };
    let pairs = pairs(3_000, 16);
    let context = load(&server, &pairs);
    let areas = "ST_Dimension(a) = 2 AND NOT ST_IsEmpty(a)";
    let mut differences = Vec::new();
    for most in [5, 7, 12] {
        let pieces = format!("SELECT id, unnest(ST_Subdivide(a, {most})) AS g FROM t WHERE {areas}");
        let batch = ours(&context, &format!("SELECT id, ST_AsHEXEWKB(g) FROM ({pieces})")).await;
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let mut script =
            String::from("DROP TABLE IF EXISTS o; CREATE TABLE o (id bigint, g geometry); COPY o FROM stdin;\n");
        for row in 0..batch.num_rows() {
            let _ = writeln!(script, "{}\t{}", ids.value(row), shown(batch.column(1), row));
        }
        let _ = write!(
            script,
            "\\.\n
             SELECT id, most, valid, area, ST_Area(a), ST_AsText(a, 6)
             FROM (SELECT id, max(ST_NPoints(g)) AS most, bool_and(ST_IsValid(g)) AS valid, sum(ST_Area(g)) AS area,
                          ST_Union(g) AS whole
                   FROM o GROUP BY id) p RIGHT JOIN t USING (id)
             WHERE {areas}
               AND (most IS NULL OR most > {most} OR NOT valid
                    OR abs(area - ST_Area(a)) > 1e-9
                    OR abs(area - (SELECT sum(ST_Area(theirs)) FROM ST_Subdivide(a, {most}) theirs)) > 1e-9
                    OR ST_Area(ST_SymDifference(whole, a)) > 1e-9
                    OR ST_HausdorffDistance(whole, a) > 1e-6);"
        );
        differences.extend(server.ask(&script).lines().map(|line| format!("ST_Subdivide(a, {most}): {line}")));
    }
    none(&differences);
}
