//! A file's addresses found in a table, and how well, where the truth is known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, RecordBatch, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use jingwei_link::address::{Measure, Share};
use jingwei_model::config::AddressStyle;
use serde::Serialize;

use super::shared::load;
use super::{Geocoder, Match};
use crate::error::{EngineError, Result};
use crate::report::peak_memory_mb;

/// Columns that tell the kind of a text, where a file has them.
const KINDS: [&str; 4] = ["ops", "style", "level", "kind"];

/// What is to be found where.
#[derive(Debug, Clone)]
pub struct GeocodeTask<'a> {
    /// Table of the session with the texts.
    pub texts: &'a str,
    /// Its column.
    pub column: &'a str,
    /// Table of the session with the standard addresses.
    pub standard: &'a str,
    /// Its column of ids.
    pub id: Option<&'a str>,
    /// The texts' column with the true id; null where there is no such address.
    pub truth: Option<&'a str>,
    /// How addresses are written; told from the table where absent.
    pub style: Option<AddressStyle>,
    /// Name of the table of results to register in the session.
    pub results: &'a str,
}

/// How a file fared.
#[derive(Debug, Clone, Serialize)]
pub struct GeocodeReport {
    /// Standard addresses.
    pub addresses: u64,
    /// Texts.
    pub texts: u64,
    /// Texts linked to an address.
    pub linked: u64,
    /// Texts where several addresses fit alike.
    pub tied: u64,
    /// Where the truth is known: how well.
    #[serde(flatten)]
    pub truth: Option<GeocodeTruth>,
    /// Seconds for all texts.
    pub seconds: f64,
    /// Processor seconds for all texts, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// Texts a processor second.
    pub texts_per_cpu_second: Option<f64>,
    /// Seconds for reading the standard addresses and indexing them.
    pub index_seconds: f64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// Bytes of the index an address.
    pub index_bytes_per_address: f64,
    /// Peak resident memory in megabytes, where the system tells.
    pub peak_rss_mb: Option<u64>,
}

/// How well texts were linked.
#[derive(Debug, Clone, Serialize)]
pub struct GeocodeTruth {
    /// Texts with a true address.
    pub with_address: u64,
    /// Share of these whose likeliest address is the true one.
    pub rank1: f64,
    /// Share of links that are right.
    pub precision: f64,
    /// Share of texts with a true address that were linked to it.
    pub recall: f64,
    /// Share of texts without a true address that were linked.
    pub absent_linked: f64,
    /// By kind of text.
    pub kinds: BTreeMap<String, BTreeMap<String, Share>>,
}

/// Finds the texts of a file and registers the outcome: the file's columns and what was found.
///
/// # Errors
/// Tables or columns that are not there.
pub async fn geocode_file(context: &SessionContext, task: &GeocodeTask<'_>) -> Result<GeocodeReport> {
    let began = Instant::now();
    let geocoder = load(context, task.standard, task.id.or(task.truth), Some(task.column), task.style).await?;
    let index_seconds = began.elapsed().as_secs_f64();

    let step = || EngineError::plan(format!("reading {}", task.texts));
    let frame = context.table(task.texts).await.map_err(step())?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    for column in [Some(task.column), task.truth].into_iter().flatten() {
        if schema.field_with_name(column).is_err() {
            let known = schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            return Err(EngineError::Usage {
                message: format!("the texts have no column `{column}`; they have {}", known.join(", ")),
                hint: crate::project::nearest(column, known.iter()),
            });
        }
    }
    let batches: Vec<RecordBatch> = frame.collect_partitioned().await.map_err(step())?.into_iter().flatten().collect();

    let texts = batches.iter().map(|batch| text(batch, task.column)).collect::<Result<Vec<_>>>()?;
    let threads = context.state().config().target_partitions().max(1);
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let matches = find_all(&geocoder, &texts, threads);
    let seconds = began.elapsed().as_secs_f64();
    let cpu_seconds = cpu_seconds().zip(cpu).map(|(after, before)| after - before);

    let mut all = Measure::default();
    let mut kinds: BTreeMap<String, BTreeMap<String, Measure>> = BTreeMap::new();
    let mut results = Vec::with_capacity(batches.len());
    for (batch, matches) in batches.iter().zip(&matches) {
        let truth = task.truth.map(|column| text(batch, column)).transpose()?;
        let columns = KINDS
            .into_iter()
            .filter(|kind| truth.is_some() && batch.column_by_name(kind).is_some())
            .map(|kind| Ok((kind, text(batch, kind)?)))
            .collect::<Result<Vec<_>>>()?;
        for (row, one) in matches.iter().enumerate() {
            let tied = one.verdict == "tied";
            let truth = truth.as_ref().filter(|truth| truth.is_valid(row)).map(|truth| truth.value(row));
            let linked = one.row.map(|row| geocoder.id(row));
            let first = one.first.map(|row| geocoder.id(row));
            all.add(truth, linked, first, tied);
            for (kind, values) in &columns {
                let value = if values.is_valid(row) { values.value(row) } else { "" };
                for value in value.split(',') {
                    let value = if value.is_empty() { "-" } else { value };
                    let measures = kinds.entry((*kind).to_owned()).or_default();
                    measures.entry(value.to_owned()).or_default().add(truth, linked, first, tied);
                }
            }
        }
        results.push(with_matches(batch, &geocoder, matches)?);
    }
    register(context, task.results, &schema, results)?;

    let index_bytes = geocoder.index_memory() as u64;
    Ok(GeocodeReport {
        addresses: geocoder.len() as u64,
        texts: all.texts,
        linked: all.linked,
        tied: all.tied,
        truth: task.truth.map(|_| GeocodeTruth {
            with_address: all.with_address,
            rank1: all.rank1(),
            precision: all.precision(),
            recall: all.recall(),
            absent_linked: all.absent_linked_share(),
            kinds: kinds
                .into_iter()
                .map(|(kind, values)| {
                    (kind, values.into_iter().map(|(value, measure)| (value, measure.shares())).collect())
                })
                .collect(),
        }),
        seconds,
        cpu_seconds,
        texts_per_cpu_second: cpu_seconds.filter(|cpu| *cpu > 0.0).map(|cpu| all.texts as f64 / cpu),
        index_seconds,
        index_bytes,
        index_bytes_per_address: index_bytes as f64 / geocoder.len().max(1) as f64,
        peak_rss_mb: peak_memory_mb(),
    })
}

/// Batches are shared out among threads; the outcome is the same for any number of them.
fn find_all(geocoder: &Geocoder, texts: &[StringArray], threads: usize) -> Vec<Vec<Match>> {
    const NOTHING: Match = Match { verdict: "unknown", row: None, first: None, probability: 0.0, nearest: None };
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut found: Vec<(usize, Vec<Match>)> = std::thread::scope(|scope| {
        let work = || {
            let mut lookup = geocoder.lookup();
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(batch) = texts.get(at) else { return done };
                let matches = batch.iter().map(|text| text.map_or(NOTHING, |text| lookup.find(text))).collect();
                done.push((at, matches));
            }
        };
        let workers: Vec<_> = (0..threads.min(texts.len())).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    found.sort_unstable_by_key(|batch| batch.0);
    found.into_iter().map(|batch| batch.1).collect()
}

/// The columns that are added to the file's.
fn match_fields() -> [Field; 8] {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    [
        text("match_verdict"),
        text("match_id"),
        text("match_canonical"),
        text("match_level"),
        number("match_probability"),
        number("match_lon"),
        number("match_lat"),
        text("match_nearest_id"),
    ]
}

fn with_matches(batch: &RecordBatch, geocoder: &Geocoder, matches: &[Match]) -> Result<RecordBatch> {
    let mut texts: [StringBuilder; 5] = std::array::from_fn(|_| StringBuilder::new());
    let mut numbers: [Float64Builder; 3] = std::array::from_fn(|_| Float64Builder::new());
    for one in matches {
        let [verdict, id, canonical, level, nearest] = &mut texts;
        let [probability, lon, lat] = &mut numbers;
        verdict.append_value(one.verdict);
        id.append_option(one.row.map(|row| geocoder.id(row)));
        canonical.append_option(one.row.map(|row| geocoder.canonical(row)));
        level.append_option(one.row.and_then(|row| geocoder.level(row)));
        nearest.append_option(one.nearest.map(|row| geocoder.id(row)));
        probability.append_option(one.row.map(|_| one.probability));
        let point = one.row.and_then(|row| geocoder.point(row));
        lon.append_option(point.map(|point| point.0));
        lat.append_option(point.map(|point| point.1));
    }
    let [verdict, id, canonical, level, nearest] = texts.map(|mut column| Arc::new(column.finish()) as ArrayRef);
    let [probability, lon, lat] = numbers.map(|mut column| Arc::new(column.finish()) as ArrayRef);
    let added = [verdict, id, canonical, level, probability, lon, lat, nearest];
    let columns = batch.columns().iter().cloned().chain(added).collect();
    RecordBatch::try_new(with_match_fields(&batch.schema()), columns)
        .map_err(|error| EngineError::Internal(error.to_string()))
}

fn with_match_fields(schema: &Schema) -> Arc<Schema> {
    let added = match_fields().into_iter().map(Arc::new);
    Arc::new(Schema::new(schema.fields().iter().cloned().chain(added).collect::<Vec<_>>()))
}

fn register(context: &SessionContext, name: &str, schema: &Schema, results: Vec<RecordBatch>) -> Result<()> {
    let step = || EngineError::plan("collecting what was found");
    let schema = results.first().map_or_else(|| with_match_fields(schema), RecordBatch::schema);
    let table = MemTable::try_new(schema, vec![results]).map_err(step())?;
    context.register_table(name, Arc::new(table)).map_err(step())?;
    Ok(())
}

fn text(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    let column =
        batch.column_by_name(name).ok_or_else(|| EngineError::usage(format!("there is no column `{name}`")))?;
    let column =
        cast(column, &DataType::Utf8).map_err(|error| EngineError::usage(format!("column `{name}`: {error}")))?;
    Ok(column.as_string::<i32>().clone())
}

/// Processor seconds of this process so far (user and system, in ticks of a hundredth).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
