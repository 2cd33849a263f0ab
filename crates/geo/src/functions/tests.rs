//! The functions as SQL calls them.
#![allow(clippy::unwrap_used, clippy::panic)]

use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::logical_expr::Documentation;
use datafusion::prelude::SessionContext;

fn context() -> SessionContext {
    let context = SessionContext::new();
    crate::register(&context);
    context
}

async fn column(context: &SessionContext, sql: &str) -> Result<ArrayRef, String> {
    let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).map_err(|error| error.to_string())?;
    Ok(std::sync::Arc::clone(batch.column(0)))
}

/// The rows of the first column as text, null as an empty one.
async fn rows(sql: &str) -> Result<Vec<String>, String> {
    let column = column(&context(), sql).await?;
    let formatter = ArrayFormatter::try_new(&column, &FormatOptions::default()).unwrap();
    Ok((0..column.len()).map(|row| formatter.value(row).to_string()).collect())
}

async fn ask(expression: &str) -> Result<String, String> {
    Ok(rows(&format!("SELECT {expression}")).await?.remove(0))
}

#[tokio::test]
async fn every_documented_example_gives_the_answer_it_shows() {
    let mut wrong = Vec::new();
    // ST_KNN is the condition of a join; it has no value of its own.
    for function in crate::functions().into_iter().filter(|function| function.name() != "st_knn") {
        let doc: &Documentation = function.documentation().unwrap();
        let example = doc.sql_example.as_ref().unwrap_or_else(|| panic!("{} shows no example", function.name()));
        let (call, answer) = example.split_once("\n-- ").unwrap();
        let given = ask(call).await;
        if given.as_deref() != Ok(answer) {
            wrong.push(format!("{call}\n    shows {answer}\n    gives {given:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn null_in_any_place_gives_null() {
    for call in [
        "ST_X(null)",
        "ST_Area(null)",
        "ST_Intersects(null, ST_Point(1, 2))",
        "ST_Buffer(ST_Point(1, 2), null)",
        "ST_DWithin(ST_Point(1, 2), ST_Point(1, 2), null)",
        "ST_Transform(null, 'EPSG:4326', 'EPSG:4548')",
        "ST_MakeEnvelope(1, 2, null, 4)",
        "ST_Union(null, ST_Point(1, 2))",
        "ST_AsText(null)",
    ] {
        assert_eq!(ask(call).await.as_deref(), Ok(""), "{call}");
    }
}

#[tokio::test]
async fn names_are_found_whatever_their_case() {
    assert_eq!(ask("st_ASTEXT(sT_pOiNt(1, 2))").await.unwrap(), "POINT(1 2)");
}

#[tokio::test]
async fn mistakes_name_the_function_and_the_row() {
    for (call, words) in [
        ("ST_AsText(X'0102')", ["ST_AsText, row 1", "not a geometry"]),
        ("ST_Transform(ST_Point(1, 2), 'EPSG:1', 'EPSG:4326')", ["EPSG:1", "no known"]),
        ("ST_Transform(ST_Point(1, 2), 4548)", ["ST_Transform, row 1", "no coordinate system"]),
        ("ST_SetSRID(ST_Point(1, 2), 99)", ["SRID 99", "no known"]),
        ("ST_Area('x')", ["ST_Area", "not a geometry"]),
        ("ST_Area(ST_Point(1, 2), 3, 4)", ["ST_Area", "1 to 2 arguments"]),
        ("ST_DWithin(ST_Point(1, 2), ST_Point(1, 2), -1)", ["ST_DWithin, row 1", "negative"]),
        ("ST_Area(ST_Point('NaN'::double, 1))", ["ST_Area, row 1", "not finite"]),
        ("ST_DistanceSphere(ST_Point(500000, 1), ST_Point(1, 2))", ["row 1", "no longitude"]),
        ("ST_X(ST_MakeEnvelope(0, 0, 1, 1))", ["ST_X, row 1", "no point"]),
        ("ST_Buffer(ST_Point(0, 0), 1, 'endcap=pointy')", ["endcap=pointy", "quad_segs"]),
        ("ST_Relate(ST_Point(0, 0), ST_Point(0, 0), 'TT')", ["ST_Relate, row 1", "nine"]),
        ("ST_TileEnvelope(3, 9, 0)", ["ST_TileEnvelope, row 1", "between 0 and 7"]),
    ] {
        let error = ask(call).await.unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{call}: {error}");
    }
}

#[tokio::test]
async fn a_bad_value_is_named_by_its_row() {
    let sql = "SELECT ST_Area(g) FROM (VALUES (X'01010000000000000000000000000000000000F03F'), (X'0103')) t(g)";
    let error = rows(sql).await.unwrap_err();
    assert!(error.contains("ST_Area, row 2"), "{error}");
}

#[tokio::test]
async fn two_coordinate_systems_do_not_mix() {
    let error = ask("ST_Intersects(ST_Point(1, 2, 4326), ST_Point(1, 2, 4548))").await.unwrap_err();
    assert!(error.contains("EPSG:4326") && error.contains("EPSG:4548"), "{error}");
    let rows_of = "SELECT ST_Intersects(ST_GeomFromEWKT(a), ST_GeomFromEWKT(b)) FROM
        (VALUES ('SRID=4326;POINT(1 2)', 'SRID=4326;POINT(1 2)'), ('SRID=4326;POINT(1 2)', 'SRID=4548;POINT(1 2)')) t(a, b)";
    let error = rows(rows_of).await.unwrap_err();
    assert!(error.contains("row 2") && error.contains("EPSG:4548"), "{error}");
    assert_eq!(ask("ST_Intersects(ST_Point(1, 2, 4326), ST_Point(1, 2))").await.unwrap(), "true");
}

#[tokio::test]
async fn a_coordinate_system_follows_the_geometry_through_functions() {
    for (call, srid) in [
        ("ST_SRID(ST_Centroid(ST_Buffer(ST_Point(1, 2, 4548), 3)))", "4548"),
        ("ST_SRID(ST_Transform(ST_Point(117, 40, 4326), 4548))", "4548"),
        ("ST_SRID(ST_Transform(ST_Point(117, 40), 'GCJ-02', 'BD-09'))", "910002"),
        ("ST_SRID(ST_SetSRID(ST_Point(117, 40, 4326), 0))", "0"),
        ("ST_SRID(ST_TileEnvelope(1, 0, 0))", "3857"),
        ("ST_SRID(ST_GeomFromGeoJSON('{\"type\":\"Point\",\"coordinates\":[1,2]}'))", "4326"),
    ] {
        assert_eq!(ask(call).await.unwrap(), srid, "{call}");
    }
    let per_row = "SELECT ST_AsEWKT(ST_Transform(ST_GeomFromEWKT(a), srid), 2) FROM
        (VALUES ('SRID=4326;POINT(117 40)', 4548), ('SRID=4326;POINT(117 40)', 3857)) t(a, srid)";
    assert_eq!(
        rows(per_row).await.unwrap(),
        ["SRID=4548;POINT(500000 4429529.03)", "SRID=3857;POINT(13024380.42 4865942.28)"]
    );
}

#[tokio::test]
async fn aggregates_dissolve_collect_and_bound() {
    let table = "(VALUES (1, ST_MakeEnvelope(0, 0, 1, 1)), (1, ST_MakeEnvelope(1, 0, 2, 1)), (2, ST_MakeEnvelope(5, 5, 6, 6)), (2, ST_GeomFromText(null))) t(k, g)";
    for (aggregate, answers) in [
        ("ST_AsText(ST_Union(g))", ["POLYGON((0 0,1 0,2 0,2 1,1 1,0 1,0 0))", "POLYGON((5 5,6 5,6 6,5 6,5 5))"]),
        ("ST_Area(ST_CoverageUnion_Agg(g))", ["2.0", "1.0"]),
        ("ST_NumGeometries(ST_Collect(g))", ["2", "1"]),
        ("ST_AsText(ST_Extent(g))", ["POLYGON((0 0,0 1,2 1,2 0,0 0))", "POLYGON((5 5,5 6,6 6,6 5,5 5))"]),
    ] {
        assert_eq!(rows(&format!("SELECT {aggregate} FROM {table} GROUP BY k ORDER BY k")).await.unwrap(), answers);
    }
    let line = "SELECT ST_AsText(ST_MakeLine(g ORDER BY n DESC)) FROM (VALUES (1, ST_Point(0, 0)), (2, ST_Point(1, 1)), (3, ST_Point(2, 0))) t(n, g)";
    assert_eq!(rows(line).await.unwrap(), ["LINESTRING(2 0,1 1,0 0)"]);
    assert_eq!(rows("SELECT ST_Union(g) FROM (VALUES (CAST(NULL AS BYTEA))) t(g)").await.unwrap(), [""]);
}

#[tokio::test]
async fn two_arguments_make_a_scalar_function_of_an_aggregate() {
    assert_eq!(ask("ST_AsText(ST_Collect(ST_Point(1, 2), ST_Point(3, 4)))").await.unwrap(), "MULTIPOINT((1 2),(3 4))");
    assert_eq!(ask("ST_AsText(ST_MakeLine(ST_Point(1, 2), ST_Point(3, 4)))").await.unwrap(), "LINESTRING(1 2,3 4)");
    assert_eq!(
        ask("ST_Area(ST_Union(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeEnvelope(1, 1, 3, 3)))").await.unwrap(),
        "7.0"
    );
    let filtered = "SELECT count(*) FROM (VALUES (1)) t(n) WHERE ST_Area(ST_Union(ST_MakeEnvelope(0, 0, 1, 1), ST_MakeEnvelope(0, 0, 1, 1))) = 1";
    assert_eq!(rows(filtered).await.unwrap(), ["1"]);
}

#[tokio::test]
async fn clusters_are_numbered_in_the_order_of_their_rows() {
    let sql =
        "SELECT ST_ClusterDBSCAN(ST_Point(x, 0), 1, 2) OVER () FROM (VALUES (0), (10), (1), (11), (50), (2)) t(x)";
    assert_eq!(rows(sql).await.unwrap(), ["0", "1", "0", "1", "", "0"]);
}

#[tokio::test]
async fn a_grid_is_a_table_in_from() {
    let sql = "SELECT concat(i, ' ', j) FROM ST_SquareGrid(2, ST_MakeEnvelope(0.5, 0.5, 3, 1)) ORDER BY i, j";
    assert_eq!(rows(sql).await.unwrap(), ["0 0", "1 0"]);
    let hexagons = "SELECT concat(i, ' ', j) FROM ST_HexagonGrid(1, ST_MakeEnvelope(-3.3, -2.2, -1, 0)) ORDER BY i, j";
    assert_eq!(rows(hexagons).await.unwrap(), ["-2 -1", "-2 0", "-1 -2", "-1 -1", "-1 0", "0 -1", "0 0"]);
}

#[tokio::test]
async fn a_tile_has_the_bytes_that_postgis_writes() {
    // ST_AsMVT of PostGIS 3.3.2 over the same two rows.
    let sql = "SELECT encode(ST_AsMVT(named_struct('a', a, 'b', b, 'geom', ST_AsMVTGeom(ST_GeomFromText(g), ST_MakeEnvelope(0, 0, 4096, 4096))), 'layer', 4096, 'geom'), 'hex')
        FROM (VALUES (-1, null, 'POLYGON((0 0,10 0,10 5,0 0))'), (7, 'y', 'LINESTRING(0 0,10 0,10 5)')) t(a, b, g)";
    let tile = rows(sql).await.unwrap().remove(0);
    let head = "1a";
    assert!(tile.starts_with(head) && tile.contains("6c61796572"), "{tile}");
    assert!(tile.ends_with("1a01611a0162220230012202280722030a01792880207802"), "{tile}");
}

#[tokio::test]
async fn geometries_of_every_binary_type_are_read() {
    for kind in ["Binary", "LargeBinary", "BinaryView"] {
        let sql = format!("SELECT ST_AsText(arrow_cast(ST_AsBinary(ST_Point(1, 2)), '{kind}'))");
        assert_eq!(rows(&sql).await.unwrap(), ["POINT(1 2)"], "{kind}");
    }
}
