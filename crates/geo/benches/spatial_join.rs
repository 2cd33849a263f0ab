//! What takes the time of spatial queries, over tables in memory: the spatial join (points in polygons, points near points,
//! nearest points, polygons on polygons), the index alone, dissolving, the kernels of single functions, and reading geometries
//! out of their bytes.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use geo::{Geometry, LineString, Polygon};
use jingwei_geo::{from_geometry, point_to_wkb, register, to_geometry, with_spatial_join};

/// Numbers between 0 and 1, the same in every run (the additive recurrence of the golden ratio's relatives).
fn draw(index: usize, stream: f64) -> f64 {
    (index as f64 * stream).fract()
}

fn points(count: usize) -> RecordBatch {
    let at = |index: usize| (draw(index, 0.754_877_666_246_69) * 1000.0, draw(index, 0.569_840_290_998_05) * 1000.0);
    let bytes = (0..count).map(|index| point_to_wkb(at(index).0, at(index).1)).collect::<Vec<_>>();
    batch(&bytes)
}

/// Cells of a tiling with wavy borders, which meet in the corners of a grid: elsewhere some would cross themselves.
fn cells(side: usize, vertices: usize) -> RecordBatch {
    let size = 1000.0 / side as f64;
    let wave = |t: f64| {
        let (phase, corner) = (t / size, (t / size).round());
        if (phase - corner).abs() < 1e-9 { 0.0 } else { (phase * std::f64::consts::TAU).sin() * size * 0.1 }
    };
    let shape = |cell: usize| {
        let (west, south) = ((cell % side) as f64 * size, (cell / side) as f64 * size);
        let steps = (vertices / 4).max(1);
        let part = |step: usize| step as f64 / steps as f64 * size;
        let mut ring = Vec::with_capacity(vertices + 1);
        ring.extend((0..steps).map(|step| (west + part(step), south + wave(west + part(step)))));
        ring.extend((0..steps).map(|step| (west + size + wave(south + part(step)), south + part(step))));
        ring.extend((0..steps).map(|step| (west + size - part(step), south + size + wave(west + size - part(step)))));
        ring.extend((0..steps).map(|step| (west + wave(south + size - part(step)), south + size - part(step))));
        from_geometry(&Geometry::Polygon(Polygon::new(LineString::from(ring), vec![])))
    };
    batch(&(0..side * side).map(shape).collect::<Vec<_>>())
}

fn batch(bytes: &[impl AsRef<[u8]>]) -> RecordBatch {
    let ids = (0..bytes.len() as i64).collect::<Int64Array>();
    let geometries = bytes.iter().map(|bytes| Some(bytes.as_ref())).collect::<BinaryArray>();
    RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), ("geom", Arc::new(geometries))]).unwrap()
}

fn context(a: &RecordBatch, b: &RecordBatch) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(1);
    let builder = SessionStateBuilder::new().with_config(config).with_default_features();
    let context = SessionContext::new_with_state(with_spatial_join(builder).build());
    register(&context);
    for (name, batch) in [("a", a), ("b", b)] {
        let slices =
            (0..batch.num_rows()).step_by(8192).map(|start| batch.slice(start, 8192.min(batch.num_rows() - start)));
        let table = MemTable::try_new(batch.schema(), vec![slices.collect()]).unwrap();
        context.register_table(name, Arc::new(table)).unwrap();
    }
    context
}

fn joins(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("spatial_join");
    group.sample_size(10);
    let cases = [
        ("points in polygons", cells(60, 72), points(200_000), "st_contains(a.geom, b.geom)"),
        ("points near points", points(2_000), points(200_000), "st_dwithin(a.geom, b.geom, 2)"),
        (
            "points near points by metres",
            points(2_000),
            points(200_000),
            "st_dwithinsphere(st_scale(a.geom, 0.001, 0.001), st_scale(b.geom, 0.001, 0.001), 200)",
        ),
        ("five nearest points", points(500), points(50_000), "st_knn(b.geom, a.geom, 5)"),
        ("polygons on polygons", cells(100, 8), cells(120, 8), "st_intersects(a.geom, b.geom)"),
        ("points in one large polygon", cells(1, 200_000), points(200_000), "st_intersects(a.geom, b.geom)"),
    ];
    for (name, a, b, condition) in &cases {
        let context = context(a, b);
        let sql = format!("SELECT count(*), sum(a.id) FROM a JOIN b ON {condition}");
        group.throughput(Throughput::Elements(b.num_rows() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| runtime.block_on(async { context.sql(&sql).await.unwrap().collect().await.unwrap() }));
        });
    }
    group.finish();
}

/// Shapes that are decided by a glance, or nearly so: most of the time is the index's.
fn index(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("index");
    group.sample_size(10);
    let probes = points(200_000);
    for (name, items) in [("of points", points(20_000)), ("of boxes", cells(141, 4))] {
        let context = context(&items, &probes);
        let sql = "SELECT count(*) FROM a JOIN b ON st_intersects(a.geom, b.geom)";
        group.throughput(Throughput::Elements(probes.num_rows() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| runtime.block_on(async { context.sql(sql).await.unwrap().collect().await.unwrap() }));
        });
    }
    group.finish();
}

/// Cells of a tiling, dissolved into a hundred districts: those that fit edge to edge, and those that overlap.
fn unions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("union");
    group.sample_size(10);
    let cells = cells(60, 72);
    let context = context(&cells, &cells);
    for (name, shape) in [("of cells that fit", "geom"), ("of boxes that overlap", "ST_Expand(geom, 2)")] {
        let sql = format!(
            "SELECT sum(ST_NPoints(g)) FROM
             (SELECT ST_Union({shape}) AS g FROM a GROUP BY id / 60 / 6 * 10 + id % 60 / 6)"
        );
        group.throughput(Throughput::Elements(cells.num_rows() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| runtime.block_on(async { context.sql(&sql).await.unwrap().collect().await.unwrap() }));
        });
    }
    group.finish();
}

/// One function over polygons of 72 vertices and what they become a little aside.
fn kernels(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("kernel");
    group.sample_size(10);
    let cells = cells(60, 72);
    let context = context(&cells, &cells);
    for (name, call) in [
        ("intersects", "ST_Intersects(geom, ST_Translate(geom, 3, 0))"),
        ("overlaps", "ST_Overlaps(geom, ST_Translate(geom, 3, 0))"),
        ("relate", "ST_Relate(geom, ST_Translate(geom, 3, 0))"),
        ("distance in the plane", "ST_Distance(geom, ST_Translate(geom, 100, 0))"),
        ("distance on the sphere", "ST_DistanceSphere(ST_Scale(geom, 0.01, 0.01), ST_Point(20, 20))"),
        ("intersection", "ST_Intersection(geom, ST_Translate(geom, 3, 0))"),
        ("geometry of a tile", "ST_AsMVTGeom(geom, ST_MakeEnvelope(0, 0, 500, 500), 4096, 64, true)"),
    ] {
        let sql = format!("SELECT count({call}) FROM a");
        group.throughput(Throughput::Elements(cells.num_rows() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| runtime.block_on(async { context.sql(&sql).await.unwrap().collect().await.unwrap() }));
        });
    }
    group.finish();
}

/// Geometries out of their bytes.
fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wkb");
    group.sample_size(20);
    for (name, batch) in [("points", points(100_000)), ("polygons of 72 vertices", cells(60, 72))] {
        let column = batch.column(1).as_binary::<i32>();
        group.throughput(Throughput::Elements(batch.num_rows() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| column.iter().flatten().filter(|bytes| to_geometry(black_box(bytes)).is_ok()).count());
        });
    }
    group.finish();
}

criterion_group!(benches, joins, index, unions, kernels, decoding);
criterion_main!(benches);
