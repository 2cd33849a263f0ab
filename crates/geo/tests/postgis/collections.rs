//! Nulls, empty geometries and collections: what predicates say of them, and how collections are taken apart.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use geo::{Geometry, GeometryCollection, MultiLineString, MultiPoint, MultiPolygon};
use jingwei_geo::{from_geometry, predicate::Predicate, to_wkt, why_invalid};

use super::draw::Draw;
use super::server::Server;
use super::shapes::{ALL, Coordinates, geometry, pair};
use super::{PAIRS, alike, load_with_nulls, none, ours, shown};

type Nullable = (Option<Vec<u8>>, Option<Vec<u8>>);

/// A collection, sometimes empty, sometimes of collections.
fn collection(draw: &mut Draw, kind: Coordinates, depth: u64) -> Geometry {
    let members = (0..draw.below(4)).map(|_| {
        if depth > 0 && draw.below(4) == 0 { collection(draw, kind, depth - 1) } else { geometry(draw, kind) }
    });
    Geometry::GeometryCollection(GeometryCollection(members.collect()))
}

/// The members of a collection as the Multi… geometry of their type; `None` where they are of several, or none, or areas
/// that overlap.
fn homogeneous(geometry: &Geometry) -> Option<Geometry> {
    let Geometry::GeometryCollection(members) = geometry else { return None };
    // With the first empty member PostGIS 3.3 gives up measuring.
    if members.iter().any(|member| geo::CoordsIter::coords_count(member) == 0) {
        return None;
    }
    let (mut points, mut lines, mut areas) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        match member {
            Geometry::Point(point) => points.push(*point),
            Geometry::LineString(line) => lines.push(line.clone()),
            Geometry::MultiLineString(more) => lines.extend(more.0.iter().cloned()),
            Geometry::Polygon(polygon) => areas.push(polygon.clone()),
            Geometry::MultiPolygon(more) => areas.extend(more.0.iter().cloned()),
            _ => return None,
        }
    }
    let multi = match (points.is_empty(), lines.is_empty(), areas.is_empty()) {
        (false, true, true) => Geometry::MultiPoint(MultiPoint(points)),
        (true, false, true) => Geometry::MultiLineString(MultiLineString(lines)),
        (true, true, false) => Geometry::MultiPolygon(MultiPolygon(areas)),
        _ => return None,
    };
    why_invalid(&multi).is_none().then_some(multi)
}

async fn differences(
    server: &Server,
    context: &SessionContext,
    expressions: &[(String, String)],
    pairs: &[Nullable],
) -> Vec<String> {
    let mut differences = Vec::new();
    for (mine, theirs) in expressions {
        let answers = server.ask(&format!("SELECT coalesce(({theirs})::text, '') FROM t ORDER BY id;"));
        let batch = ours(context, &format!("SELECT {mine} FROM t ORDER BY id")).await;
        assert_eq!(answers.lines().count(), batch.num_rows(), "{theirs}");
        let mut count = 0;
        for (row, theirs) in answers.lines().enumerate() {
            let theirs = match theirs {
                "true" => "t",
                "false" => "f",
                other => other,
            };
            let answer = shown(batch.column(0), row);
            if !alike(&answer, theirs) {
                count += 1;
                if count <= 3 {
                    let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| to_wkt(bytes).unwrap());
                    let (a, b) = (text(&pairs[row].0), text(&pairs[row].1));
                    differences.push(format!("{mine}: ours {answer}, PostGIS {theirs}\n    a = {a:?}\n    b = {b:?}"));
                }
            }
        }
        if count > 0 {
            differences.push(format!("{mine}: {count} of {} differ", batch.num_rows()));
        }
    }
    differences
}

fn predicates() -> Vec<(String, String)> {
    let all = Predicate::ALL.iter().map(|predicate| format!("{}(a, b)", predicate.function()));
    all.chain(["ST_DWithin(a, b, 1)".to_owned(), "ST_Distance(a, b)".to_owned()])
        .map(|one| (one.clone(), one))
        .collect()
}

#[tokio::test]
async fn predicates_of_nulls_and_of_empty_geometries_answer_as_in_postgis() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(51);
    let empties = ["POINT EMPTY", "LINESTRING EMPTY", "POLYGON EMPTY", "MULTIPOINT EMPTY", "MULTIPOLYGON EMPTY"];
    let empties = empties.map(|text| jingwei_geo::from_wkt(text).unwrap());
    let pairs = (0..4_000)
        .map(|number: usize| {
            let (a, b) = pair(&mut draw, ALL[number % 3]);
            let mut one = |geometry: &Geometry| match draw.below(4) {
                0 => None,
                1 => Some(empties[draw.below(5) as usize].clone()),
                _ => Some(from_geometry(geometry)),
            };
            (one(&a), one(&b))
        })
        .collect::<Vec<_>>();
    let context = load_with_nulls(&server, &pairs);
    none(&differences(&server, &context, &predicates(), &pairs).await);
}

#[tokio::test]
async fn a_collection_has_the_relations_of_its_members_together() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(52);
    // PostGIS refuses collections in these predicates; it is asked about the same members as one Multi… geometry.
    let (mut collections, mut multis) = (Vec::new(), Vec::new());
    while collections.len() < PAIRS {
        let kind = if draw.below(2) == 0 { Coordinates::Lattice } else { ALL[collections.len() % 3] };
        let one = collection(&mut draw, kind, 0);
        let Some(multi) = homogeneous(&one) else { continue };
        let other = Some(from_geometry(&geometry(&mut draw, kind)));
        let (one, multi) = (Some(from_geometry(&one)), Some(from_geometry(&multi)));
        let turned = collections.len() % 2 == 0;
        collections.push(if turned { (other.clone(), one) } else { (one, other.clone()) });
        multis.push(if turned { (other, multi) } else { (multi, other) });
    }
    load_with_nulls(&server, &multis);
    let context = SessionContext::new();
    jingwei_geo::register(&context);
    super::register(&context, &collections);
    none(&differences(&server, &context, &predicates(), &collections).await);
}

#[tokio::test]
async fn collections_of_any_members_are_as_far_apart_as_in_postgis() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(53);
    let full = |one: &Geometry| match one {
        // With the first empty member PostGIS 3.3 gives up measuring.
        Geometry::GeometryCollection(members) => members.iter().all(|member| geo::CoordsIter::coords_count(member) > 0),
        _ => true,
    };
    let pairs = (0..4_000)
        .map(|number: usize| {
            let kind = ALL[number % 3];
            let one = collection(&mut draw, kind, 0);
            let other =
                if number.is_multiple_of(2) { collection(&mut draw, kind, 0) } else { geometry(&mut draw, kind) };
            let bytes = |one: &Geometry| Some(from_geometry(one)).filter(|_| full(one));
            (bytes(&one), bytes(&other))
        })
        .collect::<Vec<_>>();
    let context = load_with_nulls(&server, &pairs);
    let both = |ours: &str, theirs: &str| (ours.to_owned(), theirs.to_owned());
    let expressions = [
        both(
            "ST_Intersects(a, b)",
            "coalesce(ST_Distance(a, b) = 0, CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN false END)",
        ),
        both(
            "ST_Disjoint(a, b)",
            "coalesce(ST_Distance(a, b) > 0, CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN true END)",
        ),
        both("ST_DWithin(a, b, 1)", "ST_DWithin(a, b, 1)"),
        both("ST_Distance(a, b)", "ST_Distance(a, b)"),
    ];
    none(&differences(&server, &context, &expressions, &pairs).await);
}

#[tokio::test]
async fn a_geometry_falls_into_the_parts_and_vertices_into_which_it_falls_in_postgis() {
    let Some(server) = Server::start() else { return };
    let mut draw = Draw(73);
    let mut one = |number: usize| {
        let kind = ALL[number % ALL.len()];
        let whole = if number.is_multiple_of(3) { collection(&mut draw, kind, 2) } else { geometry(&mut draw, kind) };
        Some(from_geometry(&whole))
    };
    let pairs = (0..PAIRS).map(|number| (one(number), None)).collect::<Vec<Nullable>>();
    let context = load_with_nulls(&server, &pairs);
    let mut differences = Vec::new();
    for function in ["ST_Dump", "ST_DumpPoints"] {
        let theirs = server.ask(&format!(
            "SELECT id, string_agg(ST_AsHEXEWKB(part.geom), ' ' ORDER BY part.path)
             FROM t, {function}(a) part WHERE NOT ST_IsEmpty(a) GROUP BY id ORDER BY id;"
        ));
        let parts = format!("SELECT id, unnest({function}(a)) AS part FROM t WHERE NOT ST_IsEmpty(a)");
        let batch = ours(&context, &format!("SELECT id, ST_AsHEXEWKB(part) FROM ({parts})")).await;
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let mut found = BTreeMap::<i64, Vec<String>>::new();
        for row in 0..batch.num_rows() {
            found.entry(ids.value(row)).or_default().push(shown(batch.column(1), row));
        }
        let theirs = theirs.lines().map(|line| line.split_once('|').unwrap());
        let theirs = theirs.map(|(id, parts)| (id.parse::<i64>().unwrap(), parts)).collect::<BTreeMap<_, _>>();
        assert!(theirs.len() > PAIRS / 2, "{}", theirs.len());
        for id in 0..PAIRS as i64 {
            let (ours, theirs) = (found.get(&id).map(|parts| parts.join(" ")), theirs.get(&id).copied());
            if ours.as_deref() != theirs && differences.len() < 9 {
                let whole = pairs[id as usize].0.as_deref().map(|bytes| to_wkt(bytes).unwrap());
                differences.push(format!("{function}: ours {ours:?}, PostGIS {theirs:?}\n    a = {whole:?}"));
            }
        }
    }
    none(&differences);
}
