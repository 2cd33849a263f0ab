//! Outlines, cells, flaws and tiles: functions whose answers may be worded or drawn in several ways, compared by what every
//! right answer has.

use std::collections::BTreeMap;
use std::fmt::Write;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use geo::{Geometry, MultiPoint, Point};
use jingwei_geo::{from_geometry, to_wkt};

use super::draw::Draw;
use super::server::Server;
use super::shapes::{any_polygon, geometry};
use super::{Coordinates, load, none, ours, pairs, shown};

/// Puts our answers to an expression beside the table `t`, as `o.g`, and gives the lines that a question about both answers.
async fn beside(
    server: &Server,
    context: &SessionContext,
    expression: &str,
    rows: &str,
    question: &str,
) -> Vec<String> {
    let sql = format!("SELECT id, ST_AsHEXEWKB({expression}) FROM t WHERE {rows} ORDER BY id");
    let batch = ours(context, &sql).await;
    let ids = batch.column(0).as_primitive::<Int64Type>();
    let mut script =
        String::from("DROP TABLE IF EXISTS o; CREATE TABLE o (id bigint, g geometry); COPY o FROM stdin;\n");
    for row in 0..batch.num_rows() {
        let answer = shown(batch.column(1), row);
        let _ = writeln!(script, "{}\t{}", ids.value(row), if answer.is_empty() { "\\N" } else { answer.as_str() });
    }
    let _ = write!(script, "\\.\n{question} LIMIT 4;");
    server.ask(&script).lines().map(|line| format!("{expression}: {line}")).collect()
}

/// 600 sets of so many points and some more, each beside itself.
fn points(seed: u64, least: u64, more: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut draw = Draw(seed);
    let set = |_| {
        let points = (0..least + draw.below(more)).map(|_| Point::new(draw.unit() * 9.0, draw.unit() * 9.0));
        let bytes = from_geometry(&Geometry::MultiPoint(MultiPoint(points.collect())));
        (bytes.clone(), bytes)
    };
    (0..600).map(set).collect()
}

#[tokio::test]
async fn a_concave_hull_is_valid_and_around_all_vertices_and_within_the_convex_one_as_that_of_postgis_is() {
    let Some(server) = Server::start() else { return };
    let pairs = points(61, 4, 40);
    let context = load(&server, &pairs);
    let mut differences = Vec::new();
    for concavity in ["", ", 1", ", 4"] {
        // Theirs is held to the same, so that what is asked is not more than what is promised.
        let fine = |hull: &str| {
            format!(
                "ST_IsValid({hull}) AND ST_Covers({hull}, a) AND ST_Area({hull}) > 0
                 AND ST_Area(ST_Difference({hull}, ST_ConvexHull(a))) < 1e-9"
            )
        };
        let question = format!(
            "SELECT id, ST_AsText(a, 3), ST_AsText(g, 3), ST_AsText(theirs, 3)
             FROM t JOIN o USING (id), LATERAL (SELECT ST_ConcaveHull(a, 0.3) AS theirs) q
             WHERE NOT coalesce({} AND {}, false) ORDER BY id",
            fine("g"),
            fine("theirs")
        );
        differences
            .extend(beside(&server, &context, &format!("ST_ConcaveHull(a{concavity})"), "true", &question).await);
    }
    none(&differences);
}

#[tokio::test]
async fn the_borders_of_voronoi_cells_run_where_those_of_postgis_do() {
    let Some(server) = Server::start() else { return };
    let pairs = points(62, 3, 9);
    let context = load(&server, &pairs);
    // Cells are cut from their rectangle in whole numbers of some thousand-millionths of it.
    let question = "SELECT id, ST_AsText(a, 3), ST_AsText(g, 3), ST_AsText(theirs, 3)
        FROM t JOIN o USING (id), LATERAL (SELECT ST_VoronoiLines(a) AS theirs) q
        WHERE abs(ST_Length(g) - ST_Length(theirs)) > 1e-5
           OR coalesce(ST_HausdorffDistance(g, theirs), 9) > 1e-5
        ORDER BY id";
    none(&beside(&server, &context, "ST_VoronoiLines(a)", "true", question).await);
}

#[tokio::test]
async fn what_is_simplified_with_its_topology_stays_valid_and_near_and_has_vertices_of_its_own_as_in_postgis() {
    let Some(server) = Server::start() else { return };
    let pairs = pairs(3_000, 63);
    let context = load(&server, &pairs);
    let mut differences = Vec::new();
    for tolerance in ["0.3", "1", "4"] {
        let fine = |one: &str| {
            format!(
                "ST_IsValid({one}) AND GeometryType({one}) = GeometryType(a) AND ST_NPoints({one}) <= ST_NPoints(a)
                 AND ST_Dimension({one}) = ST_Dimension(a) AND ST_IsEmpty({one}) = ST_IsEmpty(a)
                 AND coalesce(ST_HausdorffDistance({one}, a), 0) <= {tolerance} + 1e-9"
            )
        };
        let own = "(SELECT count(*) FROM ST_DumpPoints(g) p WHERE NOT ST_Intersects(p.geom, ST_Points(a))) = 0";
        let question = format!(
            "SELECT id, ST_AsText(a, 3), ST_AsText(g, 3), ST_AsText(theirs, 3)
             FROM t JOIN o USING (id), LATERAL (SELECT ST_SimplifyPreserveTopology(a, {tolerance}) AS theirs) q
             WHERE NOT coalesce(({}) AND {own}, false) ORDER BY id",
            fine("g"),
        );
        let expression = format!("ST_SimplifyPreserveTopology(a, {tolerance})");
        differences.extend(beside(&server, &context, &expression, "ST_IsValid(a)", &question).await);
    }
    none(&differences);
}

#[tokio::test]
async fn the_reason_why_a_shape_is_invalid_is_one_that_postgis_gives() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(64);
    let pairs = (0..10_000)
        .map(|number: usize| {
            let one = if number.is_multiple_of(8) {
                geometry(&mut draw, Coordinates::Lattice)
            } else {
                any_polygon(&mut draw)
            };
            let bytes = from_geometry(&one);
            (bytes.clone(), bytes)
        })
        .collect::<Vec<_>>();
    let context = load(&server, &pairs);
    let sql = "SELECT ST_IsValidReason(a) FROM t ORDER BY id";
    let theirs = server.ask(&format!("{sql};"));
    let batch = ours(&context, sql).await;
    let mut differences = Vec::new();
    let mut others = BTreeMap::new();
    for (row, theirs) in theirs.lines().enumerate() {
        let ours = shown(batch.column(0), row);
        let kind = |reason: &str| reason.split('[').next().unwrap_or_default().to_owned();
        if (ours == "Valid Geometry") != (theirs == "Valid Geometry") {
            differences.push(format!("ours {ours}, PostGIS {theirs}: {}", to_wkt(&pairs[row].0).unwrap()));
        } else if kind(&ours) != kind(theirs) {
            let entry = others.entry((kind(&ours), kind(theirs))).or_insert((0, row));
            entry.0 += 1;
        }
    }
    for ((ours, theirs), (count, row)) in others {
        eprintln!(
            "{count} of 10,000 are {ours} to us and {theirs} to PostGIS, such as {}",
            to_wkt(&pairs[row].0).unwrap()
        );
    }
    none(&differences);
}
