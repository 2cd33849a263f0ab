//! Rows a second of each reader, over the files of a demo city of 20,000 people as its departments export them.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs::File;
use std::io::Write;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::TryStreamExt;
use jingwei_demo::{DemoOptions, generate};
use jingwei_model::config::{SourceConfig, parse};
use jingwei_source::{Locator, open};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::runtime::Runtime;

/// A source of the demo city for each format, and what its file is.
const SOURCES: [(&str, &str); 11] = [
    ("hukou", "csv, GB18030"),
    ("work_orders", "csv, UTF-8, 32 columns"),
    ("health", "ndjson"),
    ("areas", "geojson, polygons"),
    ("businesses", "xlsx"),
    ("elderly_alone", "xlsx, merged cells and titles"),
    ("buildings", "shapefile"),
    ("inspection_cases", "geopackage"),
    ("devices", "parquet, points"),
    ("access_counts", "parquet, counts"),
    ("volunteers", "sqlite"),
];

fn config(name: &str) -> SourceConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/sources").join(format!("{name}.toml"));
    parse(&format!("{name}.toml"), &std::fs::read_to_string(path).unwrap(), |_| None).unwrap()
}

/// The same source under another path.
fn moved(config: &SourceConfig, path: &str) -> SourceConfig {
    let mut config = config.clone();
    config.from.path = Some(path.to_owned());
    config
}

/// Reads everything; the number of rows.
async fn read(config: &SourceConfig, locator: &Locator) -> u64 {
    let mut rows = 0;
    for part in open(config, locator).await.unwrap() {
        let mut batches = part.rows;
        while let Some(batch) = batches.try_next().await.unwrap() {
            rows += batch.num_rows() as u64;
        }
    }
    rows
}

/// Forms that no department of the demo city uses: packed text, and Arrow.
fn other_forms(root: &Path) -> Vec<(&'static str, SourceConfig)> {
    let (hukou, counts) = (config("hukou"), config("access_counts"));
    let text = std::fs::read(root.join("data/public_security/户籍人口登记.csv")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(File::create(root.join("a.csv.gz")).unwrap(), Default::default());
    gz.write_all(&text).unwrap();
    gz.finish().unwrap();
    std::fs::write(root.join("a.csv.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
    let parquet = File::open(root.join("data/access_control/门禁日统计.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap().build().unwrap();
    let schema = arrow::array::RecordBatchReader::schema(&reader);
    let mut writer =
        arrow::ipc::writer::FileWriter::try_new(File::create(root.join("a.arrow")).unwrap(), &schema).unwrap();
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.finish().unwrap();
    vec![
        ("csv, GB18030, gz", moved(&hukou, "a.csv.gz")),
        ("csv, GB18030, zst", moved(&hukou, "a.csv.zst")),
        ("arrow, counts", moved(&counts, "a.arrow")),
    ]
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    generate(&DemoOptions { people: 20_000, ..DemoOptions::new(folder.path()) }, &mut |_, _| {}).unwrap();
    let runtime = Runtime::new().unwrap();
    let locator = Locator {
        root: folder.path().to_owned(),
        options: std::collections::BTreeMap::new(),
        temp: folder.path().join(".temp"),
    };
    let mut sources = SOURCES.iter().map(|(name, form)| (*form, config(name))).collect::<Vec<_>>();
    sources.extend(other_forms(folder.path()));
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10);
    for (form, config) in &sources {
        let rows = runtime.block_on(read(config, &locator));
        assert!(rows > 0, "{form} has no rows");
        group.throughput(Throughput::Elements(rows));
        group.bench_function(*form, |bencher| bencher.iter(|| runtime.block_on(read(config, &locator))));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
