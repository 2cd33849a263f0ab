//! Scans of GeoParquet leave out what is far away, and nothing else; plans with spatial operators travel as bytes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Int64Type, Schema};
use datafusion::execution::SessionStateBuilder;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::metadata::{
    KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::physical_plan::DefaultPhysicalExtensionCodec;
use jingwei_geo::{Crs, SpatialCodec, from_wkt, geometry_field, point_to_wkb, register, with_spatial_join};

const ROWS: usize = 10_000;

/// A file of points.
#[derive(Clone, Copy)]
struct Points {
    /// Whether it has a bounding box column.
    covering: bool,
    /// What every seventh is, which has no box.
    seventh: Option<[u8; 21]>,
    /// How far they are apart, in either direction.
    step: f64,
    /// Whether it says that they are points.
    told: bool,
}

/// Points along a diagonal, in row groups of 1,000 and pages of 100.
fn write_points(path: &Path, Points { covering, seventh, step, told }: Points) {
    let place = |row: usize| row as f64 * step;
    let known = |row: usize| !row.is_multiple_of(7);
    let points = (0..ROWS).map(|row| if known(row) { Some(point_to_wkb(place(row), place(row))) } else { seventh });
    let geometry = points.collect::<Vec<_>>().iter().map(Option::as_ref).collect::<BinaryArray>();
    let side = || Arc::new((0..ROWS).map(|row| known(row).then(|| place(row))).collect::<Float64Array>()) as ArrayRef;
    let fields = ["xmin", "ymin", "xmax", "ymax"].map(|name| Field::new(name, DataType::Float64, true));
    let bbox = StructArray::new(Fields::from(fields.to_vec()), vec![side(), side(), side(), side()], None);
    let (first, last) = (place(1), place(ROWS - 1));
    let types: &[&str] = if told { &["Point"] } else { &[] };
    let mut about =
        serde_json::json!({ "encoding": "WKB", "geometry_types": types, "bbox": [first, first, last, last] });
    if covering {
        let sides = ["xmin", "ymin", "xmax", "ymax"].map(|side| (side, vec!["bbox", side]));
        about["covering"] =
            serde_json::json!({ "bbox": sides.into_iter().collect::<std::collections::BTreeMap<_, _>>() });
    }
    let geo = serde_json::json!({ "version": "1.1.0", "primary_column": "geom", "columns": { "geom": about } });
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("bbox", bbox.data_type().clone(), true),
        Field::new("geom", DataType::Binary, true),
    ]);
    let schema = Arc::new(schema);
    let ids = (0..ROWS as i64).collect::<Int64Array>();
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(ids), Arc::new(bbox), Arc::new(geometry)]).unwrap();
    // GeoParquet's metadata are the file's; those of the Arrow schema go to a place of their own.
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![KeyValue::new("geo".to_owned(), geo.to_string())]))
        .set_max_row_group_row_count(Some(1000))
        .set_data_page_row_count_limit(100)
        .set_write_page_header_statistics(true)
        .set_write_batch_size(100);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The file as most writers leave one: without an index of the pages, but with bounds in their headers.
fn without_index(from: &Path, to: &Path) {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    let metadata = reader.parse_and_finish(&File::open(from).unwrap()).unwrap();
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(|column| {
            let column = column.clone().into_builder().set_column_index_offset(None).set_column_index_length(None);
            column.set_offset_index_offset(None).set_offset_index_length(None).build().unwrap()
        });
        group.clone().into_builder().set_column_metadata(columns.collect()).build().unwrap()
    });
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let end = chunks.map(|chunk| chunk.byte_range().0 + chunk.byte_range().1).max().unwrap();
    let mut bytes = std::fs::read(from).unwrap();
    bytes.truncate(usize::try_from(end).unwrap());
    let metadata = ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect());
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    std::fs::write(to, bytes).unwrap();
}

async fn context(folder: &Path) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().execution.parquet.pushdown_filters = true;
    config.options_mut().execution.parquet.schema_force_view_types = false;
    config.options_mut().optimizer.repartition_file_min_size = 1;
    let builder = SessionStateBuilder::new().with_config(config).with_default_features();
    let context = SessionContext::new_with_state(with_spatial_join(builder).build());
    register(&context);
    let empty = point_to_wkb(f64::NAN, f64::NAN);
    let boxed = Points { covering: true, seventh: None, step: 0.1, told: true };
    for (name, points) in [
        ("boxed", boxed),
        ("bare", Points { covering: false, ..boxed }),
        ("empties", Points { seventh: Some(empty), ..boxed }),
        ("degrees", Points { step: 0.001, ..boxed }),
        ("shapes", Points { step: 0.001, told: false, ..boxed }),
        ("wide", Points { step: 0.005, told: false, ..boxed }),
    ] {
        let path = folder.join(format!("{name}.parquet"));
        write_points(&path, points);
        context.register_parquet(name, path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    }
    let path = folder.join("unindexed.parquet");
    without_index(&folder.join("boxed.parquet"), &path);
    context.register_parquet("unindexed", path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    context
}

async fn plan(context: &SessionContext, sql: &str) -> Arc<dyn ExecutionPlan> {
    context.sql(sql).await.expect(sql).create_physical_plan().await.expect(sql)
}

async fn ids(context: &SessionContext, plan: Arc<dyn ExecutionPlan>) -> Vec<i64> {
    let batches = collect(plan, context.task_ctx()).await.unwrap();
    let mut ids = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect::<Vec<_>>();
    ids.sort_unstable();
    ids
}

/// A metric of the pruning operator.
fn metric(plan: &Arc<dyn ExecutionPlan>, name: &str) -> usize {
    let own = plan.metrics().filter(|_| plan.name() == "SpatialPruneExec");
    let own = own.and_then(|metrics| metrics.sum_by_name(name)).map_or(0, |value| value.as_usize());
    own + plan.children().into_iter().map(|child| metric(child, name)).sum::<usize>()
}

const NEAR: &str = "ST_Intersects(geom, ST_MakeEnvelope(123.4, 0, 130, 1000))";
const JOIN: &str =
    "SELECT p.id FROM (SELECT ST_MakeEnvelope(123.4, 0, 130, 1000) AS g) a JOIN TABLE p ON ST_Intersects(a.g, p.geom)";

fn expected() -> Vec<i64> {
    (1234..=1300).filter(|id| id % 7 != 0).collect()
}

#[tokio::test]
async fn a_constant_place_leaves_out_row_groups_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    for table in ["boxed", "unindexed"] {
        let boxed = plan(&context, &format!("SELECT id FROM {table} WHERE {NEAR}")).await;
        assert_eq!(ids(&context, boxed.clone()).await, expected(), "{table}");
        assert_eq!(metric(&boxed, "row_groups_pruned_spatial"), 9, "{table}");
        let shown = displayable(boxed.as_ref()).indent(false).to_string();
        assert_eq!(metric(&boxed, "rows_pruned_spatial"), ROWS - 200, "{table}: {shown}");
    }
    let bare = plan(&context, &format!("SELECT id FROM bare WHERE {NEAR}")).await;
    assert_eq!(ids(&context, bare.clone()).await, expected());
    assert_eq!(metric(&bare, "rows_pruned_spatial"), 0);
}

#[tokio::test]
async fn every_column_of_a_file_without_an_index_is_read_in_the_rows_that_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let of = |table: &str| {
        format!(
            "SELECT id, bbox, bbox['xmin'] + 1 AS next, ST_AsText(geom) AS shape FROM {table}
             WHERE {NEAR} AND bbox['ymin'] < 128 AND id % 3 > 0 ORDER BY id"
        )
    };
    let rows = |table| {
        let (context, sql) = (&context, of(table));
        async move { collect(plan(context, &sql).await, context.task_ctx()).await.unwrap() }
    };
    let (indexed, unindexed, bare) = (rows("boxed").await, rows("unindexed").await, rows("bare").await);
    let [indexed, unindexed, bare] = [indexed, unindexed, bare]
        .map(|batches| arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap());
    assert_eq!(indexed.num_rows(), 27);
    assert_eq!(unindexed, indexed);
    assert_eq!(bare, indexed);
}

#[tokio::test]
async fn a_file_that_lies_elsewhere_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    for near in ["ST_Intersects(geom, ST_MakeEnvelope(2000, 0, 3000, 9))", "ST_DWithin(geom, ST_Point(-5, -5), 3)"] {
        let bare = plan(&context, &format!("SELECT id FROM bare WHERE {near}")).await;
        assert!(ids(&context, bare.clone()).await.is_empty());
        assert_eq!(metric(&bare, "rows_pruned_spatial"), ROWS, "{near}");
    }
}

#[tokio::test]
async fn the_build_sides_extent_narrows_the_probe_sides_scan() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let sql = JOIN.replace("TABLE", "boxed");
    let joined = plan(&context, &sql).await;
    assert_eq!(ids(&context, joined.clone()).await, expected());
    assert_eq!(metric(&joined, "row_groups_pruned_spatial"), 9, "{}", displayable(joined.as_ref()).indent(false));
    assert_eq!(ids(&context, plan(&context, &JOIN.replace("TABLE", "bare")).await).await, expected());
}

#[tokio::test]
async fn a_join_within_a_distance_reads_as_far_as_the_distance_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    // A point of the diagonal: six of ten row groups lie beyond the distance.
    let place = "(SELECT ST_Point(300, 300) AS g, CAST(141.0 AS DOUBLE) AS far) a";
    let near = (2003..=3997).filter(|id| id % 7 != 0).collect::<Vec<i64>>();
    for condition in
        ["ST_DWithin(a.g, p.geom, 141)", "ST_Distance(a.g, p.geom) < 141", "ST_DWithin(p.geom, a.g, a.far)"]
    {
        let sql = format!("SELECT p.id FROM {place} JOIN boxed p ON {condition}");
        let joined = plan(&context, &sql).await;
        assert_eq!(ids(&context, joined.clone()).await, near, "{condition}");
        assert_eq!(metric(&joined, "row_groups_pruned_spatial"), 6, "{condition}");
        let bare = format!("SELECT p.id FROM {place} JOIN bare p ON {condition}");
        assert_eq!(ids(&context, plan(&context, &bare).await).await, near, "{condition}");
    }
    // Where each row says itself how far it looks, none can be left out.
    let own =
        "SELECT p.id FROM (SELECT ST_Point(300, 300) AS g) a JOIN boxed p ON ST_DWithin(a.g, p.geom, p.id / 10.0)";
    let joined = plan(&context, own).await;
    let expected = (0..10_000_i64)
        .filter(|id| id % 7 != 0 && (*id as f64 / 10.0 - 300.0).abs() * 2.0_f64.sqrt() <= *id as f64 / 10.0);
    assert_eq!(ids(&context, joined).await, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn metres_between_longitudes_and_latitudes_narrow_a_scan_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let near = |table: &str, condition: &str| {
        (
            format!("SELECT p.id FROM {table} p WHERE {}", condition.replace("PLACE", "ST_Point(3.5, 3.5)")),
            format!(
                "SELECT p.id FROM (SELECT ST_Point(3.5, 3.5) AS g) a JOIN {table} p ON {}",
                condition.replace("PLACE", "a.g")
            ),
        )
    };
    for condition in [
        "ST_DWithinSphere(PLACE, p.geom, 20000)",
        "ST_DistanceSphere(p.geom, PLACE) < 20000",
        "ST_DWithinSpheroid(p.geom, PLACE, 20000)",
        "within_walk(PLACE, p.geom, 325)",
    ] {
        // No file says where its points are, so all are read.
        let all = near("(SELECT id, ST_Translate(geom, 0, 0) AS geom FROM degrees)", condition);
        let expected = ids(&context, plan(&context, &all.1).await).await;
        assert!(expected.len() > 200 && expected.len() < 300, "{condition}: {}", expected.len());
        for table in ["degrees", "shapes"] {
            let (constant, joined) = near(table, condition);
            for sql in [constant, joined] {
                let narrowed = plan(&context, &sql).await;
                assert_eq!(ids(&context, narrowed.clone()).await, expected, "{sql}");
                let shown = displayable(narrowed.as_ref()).indent(false);
                assert_eq!(metric(&narrowed, "row_groups_pruned_spatial"), 9, "{sql}\n{shown}");
            }
        }
    }
    // Lines over fifty degrees may be far from their ends.
    let (constant, joined) = near("wide", "ST_DWithinSphere(PLACE, p.geom, 20000)");
    for sql in [constant, joined] {
        let all = plan(&context, &sql).await;
        assert_eq!(ids(&context, all.clone()).await.len(), 44, "{sql}");
        assert_eq!(metric(&all, "rows_pruned_spatial"), 0, "{sql}");
    }
}

#[tokio::test]
async fn a_small_place_is_asked_for_before_other_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    for table in ["boxed", "bare", "unindexed"] {
        let sql = format!(
            "SELECT id FROM {table} WHERE id % 2 = 0 AND ST_Intersects(geom, ST_MakeEnvelope(123.4, 0, 130, 200)) AND id < 1290"
        );
        let expected = expected().into_iter().filter(|id| id % 2 == 0 && *id < 1290).collect::<Vec<_>>();
        assert_eq!(ids(&context, plan(&context, &sql).await).await, expected, "{table}");
    }
}

#[tokio::test]
async fn rows_without_partner_are_kept_where_the_join_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let sql = "SELECT p.id FROM boxed p LEFT JOIN (SELECT ST_MakeEnvelope(123.4, 0, 130, 1000) AS g) a ON ST_Intersects(a.g, p.geom)";
    assert_eq!(ids(&context, plan(&context, sql).await).await.len(), ROWS);
}

/// The operators of a plan and their depths; scans may word their predicates anew.
fn operators(plan: &Arc<dyn ExecutionPlan>) -> Vec<String> {
    let text = displayable(plan.as_ref()).indent(false).to_string();
    text.lines().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn plans_come_back_from_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let codec = SpatialCodec::new(Arc::new(DefaultPhysicalExtensionCodec {}));
    for sql in [
        JOIN.replace("TABLE", "boxed"),
        format!("SELECT id FROM boxed WHERE {NEAR}"),
        "SELECT a.id, b.id FROM boxed a LEFT JOIN bare b ON ST_DWithin(a.geom, b.geom, 0.05) AND a.id % 2 = b.id % 3 WHERE a.id < 500".to_owned(),
        "SELECT a.id, n.id FROM boxed a CROSS JOIN LATERAL (SELECT b.id FROM bare b ORDER BY ST_Distance(a.geom, b.geom), b.id LIMIT 2) n WHERE a.id < 100".to_owned(),
        "SELECT a.id FROM boxed a WHERE NOT EXISTS (SELECT 1 FROM bare b WHERE ST_Equals(a.geom, b.geom) AND b.id > 50)".to_owned(),
    ] {
        let before = plan(&context, &sql).await;
        let bytes = physical_plan_to_bytes_with_extension_codec(before.clone(), &codec).expect(&sql);
        let after = physical_plan_from_bytes_with_extension_codec(&bytes, &context.task_ctx(), &codec).expect(&sql);
        assert_eq!(operators(&after), operators(&before), "{sql}");
        let pruned = |plan: &Arc<dyn ExecutionPlan>| metric(plan, "rows_pruned_spatial");
        assert_eq!(ids(&context, after.clone()).await, ids(&context, before.clone()).await, "{sql}");
        assert_eq!(pruned(&after), pruned(&before), "{sql}");
    }
}

#[tokio::test]
async fn what_has_no_place_still_finds_what_equals_it() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let areas = "(SELECT ST_GeomFromText('POINT EMPTY') AS g UNION ALL SELECT ST_Point(123.4, 123.4))";
    let sql = format!("SELECT p.id FROM {areas} a JOIN empties p ON ST_Equals(a.g, p.geom)");
    let plan = plan(&context, &sql).await;
    let expected = (0..ROWS as i64).filter(|id| id % 7 == 0 || *id == 1234).collect::<Vec<_>>();
    assert_eq!(ids(&context, plan).await, expected);
}

/// A file of one shape on both sides of the antimeridian: its box begins east of where it ends, as RFC 7946 has it.
fn write_fiji(path: &Path) {
    let shape =
        "MULTIPOLYGON(((177 -20,180 -20,180 -15,177 -15,177 -20)),((-180 -20,-178 -20,-178 -15,-180 -15,-180 -20)))";
    let shape = from_wkt(shape).unwrap();
    let sides = [("xmin", 177.0), ("ymin", -20.0), ("xmax", -178.0), ("ymax", -15.0)];
    let fields = sides.map(|(name, _)| Field::new(name, DataType::Float64, true));
    let values = sides.map(|(_, value)| Arc::new(Float64Array::from(vec![value])) as ArrayRef);
    let bbox = StructArray::new(Fields::from(fields.to_vec()), values.to_vec(), None);
    let covering = serde_json::json!({
        "xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"], "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"]
    });
    let geo = serde_json::json!({
        "version": "1.1.0", "primary_column": "geom",
        "columns": { "geom": {
            "encoding": "WKB", "geometry_types": ["MultiPolygon"], "bbox": sides.map(|(_, value)| value), "covering": { "bbox": covering },
        } },
    });
    let (ids, geometry) = (Int64Array::from(vec![7]), BinaryArray::from_vec(vec![&shape]));
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("bbox", Arc::new(bbox) as ArrayRef),
        ("geom", Arc::new(geometry) as ArrayRef),
    ])
    .unwrap();
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![KeyValue::new("geo".to_owned(), geo.to_string())]));
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn a_shape_over_the_antimeridian_is_found_on_both_sides_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let path = folder.path().join("fiji.parquet");
    write_fiji(&path);
    context.register_parquet("fiji", path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    for (place, expected) in [("178, -17", vec![7]), ("-179, -17", vec![7]), ("0, -17", vec![])] {
        let plan = plan(&context, &format!("SELECT id FROM fiji WHERE ST_Intersects(geom, ST_Point({place}))")).await;
        assert_eq!(ids(&context, plan).await, expected, "{place}");
    }
}

#[tokio::test]
async fn a_file_whose_places_are_all_one_keeps_its_coordinate_system() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path()).await;
    let crs = Crs::parse("EPSG:4490").unwrap();
    let schema = Arc::new(Schema::new(vec![geometry_field("geom", Some(&crs))]));
    for (name, rows) in [("one", 1), ("same", 3)] {
        let places = (0..rows).map(|_| Some(point_to_wkb(116.4, 39.9))).collect::<Vec<_>>();
        let places = places.iter().map(Option::as_ref).collect::<BinaryArray>();
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(places)]).unwrap();
        let path = folder.path().join(format!("{name}.parquet"));
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema.clone(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let options = ParquetReadOptions::default().skip_metadata(false);
        context.register_parquet(name, path.to_str().unwrap(), options).await.unwrap();
        let sql = format!("SELECT st_srid(geom)::bigint AS id FROM {name} WHERE st_x(st_transform(geom, 4548)) > 0");
        let plan = plan(&context, &sql).await;
        assert_eq!(ids(&context, plan).await, vec![4490; rows], "{name}");
    }
}
