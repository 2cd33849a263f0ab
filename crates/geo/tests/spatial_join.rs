//! The spatial join gives what evaluating the condition for every pair gives: every predicate, every type of join, any
//! number of partitions, any memory, over random and degenerate geometries.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch};
use arrow::util::display::array_value_to_string;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};
use jingwei_geo::{from_wkt, register, with_spatial_join};

/// A small generator of numbers (xorshift64*), so that a failure can be run again by its seed.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }
}

/// Which geometries a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    /// Points, polygons with and without holes, empty points, nulls.
    Simple,
    /// The same without empty ones.
    Filled,
    /// Lines, collections of points, lines and polygons as well.
    All,
}

use Kinds::{All, Filled, Simple};

/// A geometry on a lattice of 16 × 16 or wider, so that on the narrow one borders, corners and equal shapes are common. `None` is a null.
fn shape(draw: &mut Draw, kinds: Kinds, spread: u64) -> Option<String> {
    let (x, y) = (draw.below(spread), draw.below(spread));
    let (w, h) = (1 + draw.below(5), 1 + draw.below(5));
    let square =
        |x: u64, y: u64, w: u64, h: u64| format!("({x} {y},{} {y},{} {},{x} {},{x} {y})", x + w, x + w, y + h, y + h);
    Some(match draw.below(if kinds == All { 16 } else { 8 }) {
        0 => return None,
        1 => format!("POINT({}.5 {y})", x),
        2 | 3 => format!("POINT({x} {y})"),
        4 => format!("POLYGON({})", square(x, y, w, h)),
        5 => format!("POLYGON(({x} {y},{} {y},{x} {},{x} {y}))", x + w, y + h),
        6 => format!("POLYGON({},{})", square(x, y, w + 4, h + 4), square(x + 1, y + 1, 2, 2)),
        7 if kinds == Filled => format!("POINT({y} {x})"),
        7 => "POINT EMPTY".to_owned(),
        8 => format!("LINESTRING({x} {y},{} {},{} {y})", x + w, y + h, x + w),
        9 => format!("LINESTRING({x} {y},{} {y})", x + w),
        10 => format!("MULTIPOINT(({x} {y}),({} {}))", x + w, y + h),
        11 => format!("MULTIPOLYGON(({}),({}))", square(x, y, w, h), square(x + w + 1, y, w, h)),
        12 => "POLYGON EMPTY".to_owned(),
        13 => format!("MULTILINESTRING(({x} {y},{} {}),({x} {},{} {y}))", x + w, y + h, y + h, x + w),
        14 => format!("POLYGON({})", square(x, y, 16, 16)),
        _ => format!("LINESTRING({x} {y},{} {},{x} {},{x} {y})", x + w, y, y + h),
    })
}

fn table(seed: u64, rows: usize, kinds: Kinds, parts: usize) -> MemTable {
    // Many rows on a narrow lattice would give pairs without end.
    let spread = if rows > 1000 { 300 } else { 16 };
    let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let geometry =
        (0..rows).map(|_| shape(&mut draw, kinds, spread).map(|text| from_wkt(&text).unwrap())).collect::<Vec<_>>();
    let kind = (0..rows).map(|_| (draw.below(8) > 0).then(|| draw.below(3) as i64)).collect::<Int64Array>();
    let reach = (0..rows).map(|_| (draw.below(8) > 0).then(|| draw.below(4) as f64 / 2.0)).collect::<Float64Array>();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new((0..rows as i64).collect::<Int64Array>()) as ArrayRef, false),
        ("kind", Arc::new(kind), true),
        ("reach", Arc::new(reach), true),
        ("geom", Arc::new(geometry.iter().map(Option::as_deref).collect::<BinaryArray>()), true),
    ])
    .unwrap();
    let step = rows.div_ceil(parts).max(1);
    let starts = (0..rows.max(1)).step_by(step);
    let slices = starts.map(|start| vec![batch.slice(start, step.min(rows - start))]).collect();
    MemTable::try_new(batch.schema(), slices).unwrap()
}

struct Setting {
    spatial: bool,
    partitions: usize,
    memory: Option<usize>,
    batch: usize,
}

const PLAIN: Setting = Setting { spatial: false, partitions: 1, memory: None, batch: 8192 };
const SPATIAL: Setting = Setting { spatial: true, partitions: 1, memory: None, batch: 8192 };

fn context(setting: &Setting, seed: u64, rows: (usize, usize), kinds: Kinds) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(setting.partitions).with_batch_size(setting.batch);
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(memory) = setting.memory {
        runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(memory)));
    }
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime.build_arc().unwrap())
        .with_default_features();
    let builder = if setting.spatial { with_spatial_join(builder) } else { builder };
    let context = SessionContext::new_with_state(builder.build());
    register(&context);
    context.register_table("a", Arc::new(table(seed, rows.0, kinds, setting.partitions))).unwrap();
    context.register_table("b", Arc::new(table(seed + 1000, rows.1, kinds, setting.partitions))).unwrap();
    context
}

/// The answer's rows as text, sorted.
async fn answer(context: &SessionContext, sql: &str) -> Vec<String> {
    let batches = context.sql(sql).await.expect(sql).collect().await.expect(sql);
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            for column in batch.columns() {
                write!(text, "{}|", array_value_to_string(column, row).unwrap()).unwrap();
            }
            rows.push(text);
        }
    }
    rows.sort();
    rows
}

async fn plan(context: &SessionContext, sql: &str) -> String {
    let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    displayable(plan.as_ref()).indent(false).to_string()
}

const CONDITIONS: [&str; 36] = [
    "st_intersects(a.geom, b.geom)",
    "st_contains(a.geom, b.geom)",
    "st_contains(b.geom, a.geom)",
    "st_within(a.geom, b.geom)",
    "st_covers(a.geom, b.geom)",
    "st_coveredby(a.geom, b.geom)",
    "st_touches(a.geom, b.geom)",
    "st_crosses(a.geom, b.geom)",
    "st_overlaps(a.geom, b.geom)",
    "st_equals(a.geom, b.geom)",
    "st_dwithin(a.geom, b.geom, 1)",
    "st_dwithin(a.geom, b.geom, a.reach)",
    "st_dwithin(b.geom, a.geom, b.reach)",
    "st_distance(a.geom, b.geom) < 1.0",
    "2 >= st_distance(a.geom, b.geom)",
    "st_distance(a.geom, b.geom) <= b.reach",
    "st_dfullywithin(a.geom, b.geom, 3)",
    "st_dfullywithin(b.geom, a.geom, a.reach)",
    "st_maxdistance(a.geom, b.geom) < b.reach",
    "st_dwithinsphere(a.geom, b.geom, 120000)",
    "st_dwithinsphere(b.geom, a.geom, 1e5 * a.reach)",
    "st_dwithinspheroid(a.geom, b.geom, 111000 * b.reach)",
    "st_distancesphere(a.geom, b.geom) < 111195.5",
    "111195.5 >= st_distancesphere(b.geom, a.geom)",
    "st_distancespheroid(a.geom, b.geom) <= 100000",
    "st_distancespheroid(a.geom, b.geom) < 1e5 * a.reach",
    "within_walk(a.geom, b.geom, 1500)",
    "within_walk(b.geom, a.geom, 1000 * b.reach, 1.1)",
    "walking_distance(a.geom, b.geom) <= 120000",
    "walking_distance(a.geom, b.geom, 1 + a.reach) < 200000",
    "st_orderingequals(a.geom, b.geom)",
    "st_relate(a.geom, b.geom, 'T*F**F***')",
    "st_intersects(a.geom, b.geom) AND a.kind = b.kind",
    "st_covers(a.geom, b.geom) AND a.id % 3 <> b.id % 3",
    "st_intersects(a.geom, b.geom) AND st_dwithin(b.geom, a.geom, 0.5)",
    "st_intersects(st_envelope(a.geom), b.geom) AND a.kind IS NOT DISTINCT FROM b.kind",
];

fn statements(condition: &str) -> Vec<String> {
    vec![
        format!("SELECT a.id, b.id, a.kind, b.reach FROM a JOIN b ON {condition}"),
        format!("SELECT count(*) FROM a JOIN b ON {condition}"),
        format!("SELECT a.id, b.id FROM a LEFT JOIN b ON {condition}"),
        format!("SELECT a.id, b.id FROM a RIGHT JOIN b ON {condition}"),
        format!("SELECT a.id, b.id FROM a FULL JOIN b ON {condition}"),
        format!("SELECT a.id FROM a LEFT SEMI JOIN b ON {condition}"),
        format!("SELECT a.id FROM a LEFT ANTI JOIN b ON {condition}"),
        format!("SELECT b.id FROM a RIGHT SEMI JOIN b ON {condition}"),
        format!("SELECT b.id FROM a RIGHT ANTI JOIN b ON {condition}"),
        format!("SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE {condition}) OR a.kind = 1"),
        format!("SELECT b.id FROM b WHERE NOT EXISTS (SELECT 1 FROM a WHERE {condition}) OR b.kind = 1"),
    ]
}

#[tokio::test]
async fn every_condition_and_type_of_join_agrees_with_the_nested_loop() {
    for (seed, rows, kinds) in [(1, (60, 90), All), (2, (90, 40), Filled), (3, (0, 20), Simple), (4, (20, 0), Simple)] {
        let plain = context(&PLAIN, seed, rows, kinds);
        let spatial = context(&SPATIAL, seed, rows, kinds);
        for condition in CONDITIONS {
            for sql in statements(condition) {
                assert_eq!(answer(&spatial, &sql).await, answer(&plain, &sql).await, "seed {seed}: {sql}");
            }
        }
    }
}

#[tokio::test]
async fn the_plan_names_the_operator_for_every_condition_and_type_of_join() {
    let spatial = context(&SPATIAL, 1, (60, 90), Filled);
    for condition in CONDITIONS {
        for sql in statements(condition) {
            let plan = plan(&spatial, &sql).await;
            assert!(plan.contains("SpatialJoinExec"), "{sql}\n{plan}");
            assert!(!plan.contains("NestedLoopJoinExec"), "{sql}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_answer_does_not_depend_on_partitions_or_the_size_of_batches() {
    let reference = context(&SPATIAL, 7, (150, 200), All);
    for (partitions, batch) in [(2, 8192), (4, 16), (1, 1)] {
        let other = context(&Setting { spatial: true, partitions, memory: None, batch }, 7, (150, 200), All);
        for condition in CONDITIONS.iter().step_by(3) {
            for sql in statements(condition) {
                assert_eq!(answer(&other, &sql).await, answer(&reference, &sql).await, "{partitions}: {sql}");
            }
        }
    }
}

#[tokio::test]
async fn a_build_side_larger_than_memory_goes_to_disk_and_the_answer_stays() {
    let rows = (6000, 5000);
    let reference = context(&SPATIAL, 11, rows, Filled);
    for partitions in [1, 2] {
        let memory = Some(400_000);
        let tight = context(&Setting { spatial: true, partitions, memory, batch: 512 }, 11, rows, Filled);
        for sql in statements("st_intersects(a.geom, b.geom) AND a.kind = b.kind") {
            assert_eq!(answer(&tight, &sql).await, answer(&reference, &sql).await, "{partitions}: {sql}");
        }
    }
    let tight = context(&Setting { spatial: true, partitions: 2, memory: Some(400_000), batch: 512 }, 11, rows, Filled);
    let sql = "EXPLAIN ANALYZE SELECT count(*) FROM a JOIN b ON st_intersects(a.geom, b.geom)";
    let report = answer(&tight, sql).await.join("\n");
    let spilled = report.lines().find(|line| line.contains("SpatialJoinExec")).unwrap();
    assert!(spilled.contains("spill_count=") && !spilled.contains("spill_count=0"), "{spilled}");
}

fn nearest(k: usize) -> Vec<String> {
    let from_lateral = |join: &str, order: &str, tail: &str| {
        format!(
            "SELECT a.id, n.id, n.d FROM a {join} JOIN LATERAL (SELECT b.id, st_distance(a.geom, b.geom) AS d \
             FROM b WHERE b.kind = 1 {order} LIMIT {k}) AS n ON true {tail}"
        )
    };
    vec![
        format!("SELECT a.id, b.id, st_distance(a.geom, b.geom) FROM a JOIN b ON st_knn(a.geom, b.geom, {k}, b.id)"),
        format!("SELECT a.id, b.id FROM b JOIN a ON st_knn(a.geom, b.geom, {k}, b.id) AND a.kind = b.kind"),
        format!("SELECT a.id, b.id FROM a LEFT JOIN b ON st_knn(a.geom, b.geom, {k}, b.id) AND b.kind = 2"),
        format!(
            "SELECT a.id, b.id FROM a LEFT JOIN b ON st_knn(a.geom, b.geom, {k}, b.id) AND st_intersects(b.geom, a.geom)"
        ),
        format!(
            "SELECT a.id, b.id FROM b JOIN a ON st_knn(a.geom, b.geom, {k}, b.id) AND a.id % 3 <> b.id % 3 AND \
             st_covers(b.geom, a.geom)"
        ),
        from_lateral("", "ORDER BY st_distance(a.geom, b.geom), b.id", ""),
        from_lateral("LEFT", "ORDER BY d, b.id", ""),
        from_lateral("", "ORDER BY d, b.id", "WHERE n.id % 2 = 0"),
    ]
}

/// What each statement of [`nearest`] means, by ranking every pair.
fn ranked(k: usize) -> Vec<String> {
    let ranked = |condition: String| {
        format!(
            "(SELECT * FROM (SELECT a.id AS i, b.id AS j, st_distance(a.geom, b.geom) AS d, row_number() OVER \
             (PARTITION BY a.id ORDER BY st_distance(a.geom, b.geom), b.id) AS r FROM a CROSS JOIN b \
             WHERE {condition}) WHERE r <= {k}) AS n"
        )
    };
    // ST_KNN leaves out what has no distance; SQL's order puts it last.
    let rank = |condition: &str| ranked(format!("st_distance(a.geom, b.geom) IS NOT NULL AND {condition}"));
    let order = |condition: &str| ranked(condition.to_owned());
    vec![
        format!("SELECT i, j, d FROM {}", rank("true")),
        format!("SELECT i, j FROM {}", rank("a.kind = b.kind")),
        format!("SELECT a.id, j FROM a LEFT JOIN {} ON a.id = i", rank("b.kind = 2")),
        format!("SELECT a.id, j FROM a LEFT JOIN {} ON a.id = i", rank("st_intersects(b.geom, a.geom)")),
        format!("SELECT i, j FROM {}", rank("a.id % 3 <> b.id % 3 AND st_covers(b.geom, a.geom)")),
        format!("SELECT i, j, d FROM {}", order("b.kind = 1")),
        format!("SELECT a.id, j, d FROM a LEFT JOIN {} ON a.id = i", order("b.kind = 1")),
        format!("SELECT i, j, d FROM {} WHERE j % 2 = 0", order("b.kind = 1")),
    ]
}

#[tokio::test]
async fn the_nearest_are_those_of_a_ranking_of_all_pairs() {
    for (seed, kinds) in [(21, Filled), (22, All)] {
        let plain = context(&PLAIN, seed, (80, 60), kinds);
        for partitions in [1, 4] {
            let setting = Setting { spatial: true, partitions, memory: None, batch: 32 };
            let spatial = context(&setting, seed, (80, 60), kinds);
            for k in [1, 3, 100] {
                for (sql, all) in nearest(k).iter().zip(ranked(k)) {
                    assert_eq!(answer(&spatial, sql).await, answer(&plain, &all).await, "{k}: {sql}");
                }
            }
        }
    }
}

#[tokio::test]
async fn equally_near_rows_are_chosen_the_same_way_whatever_their_order() {
    let sql = "SELECT a.id, b.id FROM a JOIN b ON st_knn(a.geom, b.geom, 2)";
    let reference = answer(&context(&SPATIAL, 31, (100, 100), Filled), sql).await;
    for partitions in [2, 3, 4] {
        let other = context(&Setting { spatial: true, partitions, memory: None, batch: 7 }, 31, (100, 100), Filled);
        assert_eq!(answer(&other, sql).await, reference);
    }
}

#[tokio::test]
async fn nearest_neighbours_are_found_on_disk_too() {
    let rows = (200, 6000);
    let reference = context(&SPATIAL, 41, rows, Filled);
    let tight = context(&Setting { spatial: true, partitions: 2, memory: Some(600_000), batch: 512 }, 41, rows, Filled);
    for sql in [
        "SELECT a.id, b.id FROM a JOIN b ON st_knn(a.geom, b.geom, 3)",
        "SELECT a.id, b.id FROM a LEFT JOIN b ON st_knn(a.geom, b.geom, 3) AND a.kind = b.kind",
        "SELECT a.id, b.id FROM a LEFT JOIN b ON st_knn(a.geom, b.geom, 1, b.kind) AND st_intersects(b.geom, a.geom)",
    ] {
        assert_eq!(answer(&tight, sql).await, answer(&reference, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn the_plan_warns_of_a_condition_that_no_index_answers() {
    let spatial = context(&SPATIAL, 1, (30, 30), Filled);
    let plain = context(&PLAIN, 1, (30, 30), Filled);
    let slow = "SELECT a.id, b.id FROM a JOIN b ON st_intersects(a.geom, b.geom) OR a.kind > b.kind";
    let shown = plan(&spatial, slow).await;
    assert!(shown.contains("SpatialWarningExec: every pair of rows is compared"), "{shown}");
    assert_eq!(answer(&spatial, slow).await, answer(&plain, slow).await);
    for slow in [
        "st_disjoint(a.geom, b.geom)",
        "st_relate(a.geom, b.geom, 'FF*FF****')",
        "st_relate(a.geom, b.geom) = '212101212'",
        "st_distancesphere(a.geom, b.geom) > 10",
        "walking_distance(a.geom, b.geom) > 10",
        "st_dwithinsphere(a.geom, b.geom, a.reach) OR a.kind > b.kind",
        "NOT within_walk(a.geom, b.geom, 5)",
    ] {
        let shown = plan(&spatial, &format!("SELECT a.id, b.id FROM a JOIN b ON {slow}")).await;
        assert!(shown.contains("SpatialWarningExec: every pair of rows is compared"), "{slow}: {shown}");
    }
    for fast in ["st_intersects(a.geom, b.geom)", "a.kind > b.kind"] {
        let shown = plan(&spatial, &format!("SELECT a.id, b.id FROM a JOIN b ON {fast}")).await;
        assert!(!shown.contains("SpatialWarningExec"), "{shown}");
    }
}

#[tokio::test]
async fn mistakes_name_their_place() {
    let spatial = context(&SPATIAL, 1, (30, 30), Filled);
    let fails = async |sql: &str| match spatial.sql(sql).await {
        Err(error) => error.to_string(),
        Ok(frame) => frame.collect().await.unwrap_err().to_string(),
    };
    let broken = "SELECT a.id FROM a JOIN (SELECT id, CASE WHEN id = 3 THEN X'0107' ELSE geom END AS geom FROM b) b ON st_intersects(a.geom, b.geom)";
    let error = fails(broken).await;
    assert!(error.contains("row 4") && error.contains("not a geometry"), "{error}");
    assert!(error.contains("ST_Intersects"), "{error}");
    for function in ["ST_DWithin", "ST_DFullyWithin", "ST_DWithinSphere", "ST_DWithinSpheroid", "within_walk"] {
        for limit in ["-1", "CAST('nan' AS DOUBLE)", "a.reach - 9", "b.reach - 9"] {
            let error = fails(&format!("SELECT a.id FROM a JOIN b ON {function}(a.geom, b.geom, {limit})")).await;
            let named = error.contains("negative") && error.contains(function) && error.contains("row ");
            assert!(named, "{function} {limit}: {error}");
        }
    }
    // So many rows are put in another order for the search; the row is named as it came.
    let many = "(SELECT value AS id, ST_Point(value % 100, value / 100) AS geom, \
                CASE WHEN value = 12345 THEN -1.0 ELSE 0.0 END AS reach FROM range(0, 20000))";
    for (limit, named) in
        [("m.reach", "row 12346 of the join's left"), ("n.reach", "row 4154 of a batch of the join's right")]
    {
        let sql = format!("SELECT m.id FROM {many} m JOIN {many} n ON st_dwithin(m.geom, n.geom, {limit})");
        let error = fails(&sql).await;
        assert!(error.contains(&format!("ST_DWithin, {named}")), "{limit}: {error}");
    }
    let error = fails("SELECT a.id FROM a JOIN b ON st_dwithinsphere(st_translate(a.geom, 500, 0), b.geom, 1)").await;
    assert!(error.contains("ST_DWithinSphere, row ") && error.contains("ST_Transform"), "{error}");
    let error = fails("SELECT a.id FROM a JOIN b ON st_knn(a.geom, b.geom, 2) OR a.id = 1").await;
    assert!(error.contains("ST_KNN"), "{error}");
    let error = fails("SELECT st_knn(a.geom, a.geom, 2) FROM a").await;
    assert!(error.contains("join"), "{error}");
    let error = fails("SELECT a.id FROM a JOIN b ON st_knn(a.geom, b.kind, 2)").await;
    assert!(error.contains("ST_KNN") && error.contains("not a geometry"), "{error}");
}

#[tokio::test]
async fn geometries_in_two_coordinate_systems_are_an_error_whether_columns_or_values_say_so() {
    let spatial = context(&SPATIAL, 1, (30, 30), Filled);
    let tagged = |table: &str, srid: &str| format!("(SELECT id, ST_SetSRID(geom, {srid}) AS geom FROM {table})");
    let by_value = |srid: u32| format!("CASE WHEN id = 7 THEN {srid} ELSE 0 END");
    for on in [
        "st_intersects(a.geom, b.geom)",
        "st_dwithin(a.geom, b.geom, 1)",
        "st_equals(b.geom, a.geom)",
        "st_knn(a.geom, b.geom, 2)",
    ] {
        for (left, right) in [("4548".to_owned(), "4326".to_owned()), (by_value(4548), by_value(4326))] {
            let sql = format!("SELECT a.id FROM {} a JOIN {} b ON {on}", tagged("a", &left), tagged("b", &right));
            let error = match spatial.sql(&sql).await {
                Err(error) => error.to_string(),
                Ok(frame) => frame.collect().await.expect_err(&sql).to_string(),
            };
            assert!(error.contains("EPSG:4548") && error.contains("EPSG:4326"), "{sql}: {error}");
            assert!(error.to_lowercase().contains(&on[..on.find('(').unwrap()]), "{error}");
        }
        let sql = format!("SELECT a.id FROM {} a JOIN {} b ON {on}", tagged("a", &by_value(4326)), tagged("b", "4326"));
        spatial.sql(&sql).await.unwrap().collect().await.expect(&sql);
    }
}

/// Points and small shapes where longitudes and latitudes end, and a few far from there.
async fn ends_of_the_earth(context: &SessionContext) {
    let place = "CASE value % 8 WHEN 0 THEN 180 WHEN 1 THEN -180 WHEN 2 THEN 179.999 WHEN 3 THEN -179.998 \
                 WHEN 4 THEN 0 ELSE (value * 37 % 360) - 180 END";
    let north = "CASE value % 7 WHEN 0 THEN 90 WHEN 1 THEN -90 WHEN 2 THEN 89.999 WHEN 3 THEN -89.999 WHEN 4 THEN 0 \
                 ELSE (value * 53 % 180) - 90 END";
    let sql = format!(
        "SELECT value AS id, CASE WHEN value % 3 = 0 AND abs(lon) < 179 AND abs(lat) < 89 \
         THEN ST_MakeEnvelope(lon, lat, lon + 0.5, lat + 0.5) WHEN value % 5 = 0 \
         THEN ST_MakeLine(ST_Point(lon, lat), ST_Point(-lon, lat * 0.99)) ELSE ST_Point(lon, lat) END AS geom \
         FROM (SELECT value, CAST({place} AS DOUBLE) AS lon, CAST({north} AS DOUBLE) AS lat FROM range(0, 120))"
    );
    let frame = context.sql(&sql).await.unwrap();
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let table = MemTable::try_new(schema, frame.collect_partitioned().await.unwrap()).unwrap();
    context.register_table("earth", Arc::new(table)).unwrap();
}

#[tokio::test]
async fn metres_reach_over_the_poles_and_the_antimeridian() {
    let (plain, spatial) = (context(&PLAIN, 1, (1, 1), Simple), context(&SPATIAL, 1, (1, 1), Simple));
    ends_of_the_earth(&plain).await;
    ends_of_the_earth(&spatial).await;
    for condition in [
        "st_dwithinsphere(x.geom, y.geom, 0)",
        "st_dwithinsphere(x.geom, y.geom, 300)",
        "st_dwithinsphere(x.geom, y.geom, 3000000 * (x.id % 4))",
        "st_dwithinspheroid(x.geom, y.geom, 200000)",
        "st_distancespheroid(y.geom, x.geom) < 700000",
        "within_walk(x.geom, y.geom, 10)",
    ] {
        let sql = format!("SELECT x.id, y.id FROM earth x JOIN earth y ON {condition}");
        let (found, all) = (answer(&spatial, &sql).await, answer(&plain, &sql).await);
        assert!(all.len() > 100, "{condition}");
        assert_eq!(found, all, "{condition}");
        let plan = plan(&spatial, &sql).await;
        assert!(plan.contains("SpatialJoinExec"), "{plan}");
    }
}

#[tokio::test]
async fn a_coordinate_that_is_not_finite_is_an_error_that_names_function_and_row() {
    let spatial = context(&SPATIAL, 1, (30, 30), Filled);
    let odd = |x: &str, y: &str| format!("(SELECT ST_Point(CAST('{x}' AS DOUBLE), CAST('{y}' AS DOUBLE)) AS p)");
    for (x, y) in [("inf", "1"), ("1", "-inf"), ("1", "nan")] {
        let odd = odd(x, y);
        for (function, sql) in [
            ("ST_Distance", format!("SELECT ST_Distance(p, ST_Point(0, 0)) FROM {odd}")),
            ("ST_DWithin", format!("SELECT ST_DWithin(p, ST_Point(0, 0), 1) FROM {odd}")),
            ("ST_Centroid", format!("SELECT ST_Centroid(p) FROM {odd}")),
            ("ST_PointOnSurface", format!("SELECT ST_PointOnSurface(p) FROM {odd}")),
            ("ST_Intersects", format!("SELECT a.id FROM a JOIN {odd} ON ST_Intersects(a.geom, p)")),
            ("ST_DWithin", format!("SELECT a.id FROM a JOIN {odd} ON ST_DWithin(p, a.geom, 1)")),
        ] {
            let error = spatial.sql(&sql).await.unwrap().collect().await.expect_err(&sql).to_string();
            assert!(error.contains(&format!("{function}, row 1 ")) && error.contains("finite"), "{sql}: {error}");
        }
    }
}
