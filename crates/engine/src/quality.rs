//! How well the published entities agree with a truth file.

use std::io::{BufRead, BufReader};
use std::path::Path;

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{CsvReadOptions, DataFrame, JoinType, SessionContext, ident};
use jingwei_link::{Quality, evaluate, evaluate_across};
use jingwei_model::{Element, Table};
use serde::Serialize;

use crate::error::{EngineError, Result};
use crate::flow::{filled_columns, records};
use crate::project::Project;

/// One element's quality, or that of the standard addresses.
#[derive(Debug, Clone, Serialize)]
pub struct ElementQuality {
    /// The element's name, `incidents`, `incidents_across` or `addresses`.
    pub element: String,
    /// Pairwise precision, recall and F1.
    #[serde(flatten)]
    pub quality: Quality,
}

/// Compares `link.<element>_members` with a CSV file of `source, record, record_id, entity_id`.
///
/// # Errors
/// No members published, or a file without these columns.
pub async fn quality(context: &SessionContext, element: Element, truth: &Path) -> Result<ElementQuality> {
    let members = context.table(format!("link.{element}_members")).await.map_err(|_| {
        EngineError::usage_with_hint(format!("no linkage of {element} is published"), "run `jingwei integrate` first")
    })?;
    compare(context, element.name(), members, truth).await
}

/// Compares which events are reports of one incident with a CSV file of `source, record, record_id, entity_id`: all of
/// them, and those pairs that came through two networks.
///
/// # Errors
/// No incidents published, or a file without these columns.
pub async fn incident_quality(context: &SessionContext, truth: &Path) -> Result<[ElementQuality; 2]> {
    let reports = context.table("link.events_incidents").await.map_err(|_| {
        EngineError::usage_with_hint(
            "no incidents are published",
            "give config/entities/events.toml a model `[incidents]` and run `jingwei integrate`",
        )
    })?;
    let rows = joined(context, "incidents", reports, truth).await?;
    let one = |name: &str, quality| ElementQuality { element: name.to_owned(), quality };
    let all = evaluate(rows.iter().flat_map(Compared::rows).map(|(_, found, real)| (found, real)));
    let across = evaluate_across(rows.iter().flat_map(Compared::rows));
    Ok([one("incidents", all), one("incidents_across", across)])
}

/// Compares the standard address that each record's spelling was taken for with a CSV file of `source, record,
/// record_id, entity_id`: records of one address should have one, and records of two should not.
///
/// # Errors
/// No spellings published, or a file without these columns.
pub async fn address_quality(context: &SessionContext, project: &Project, truth: &Path) -> Result<ElementQuality> {
    let step = || EngineError::plan("spellings of records");
    let spellings = context.table("link.address_spellings").await.map_err(|_| {
        EngineError::usage_with_hint("no spellings of addresses are published", "run `jingwei integrate` first")
    })?;
    let mut all: Option<DataFrame> = None;
    for element in Element::ALL {
        let Some(address) = Table::of(element).column("address") else { continue };
        if !filled_columns(project, element).iter().any(|column| column.name == address.name) {
            continue;
        }
        let Some(rows) = records(context, project, element, &[address], None).await? else { continue };
        let rows = rows
            .select(vec![
                ident("_source").alias("source"),
                ident("_record").alias("record"),
                ident("_record_id").alias("record_id"),
                ident("address").alias("_address"),
            ])
            .map_err(step())?;
        all = Some(match all {
            None => rows,
            Some(all) => all.union(rows).map_err(step())?,
        });
    }
    let all = all.ok_or_else(|| EngineError::usage("no source writes addresses"))?;
    let spellings = spellings.select(vec![ident("address"), ident("address_id").alias("entity_id")]).map_err(step())?;
    let members = all
        .join(spellings, JoinType::Inner, &["_address"], &["address"], None)
        .and_then(|members| members.filter(ident("entity_id").is_not_null()))
        .map_err(step())?;
    compare(context, "addresses", members, truth).await
}

/// The columns of a truth file, all of them text: ids have leading zeros.
fn header(truth: &Path) -> Result<Schema> {
    let failed = |error| EngineError::Io { path: truth.display().to_string(), error };
    let file = std::fs::File::open(truth).map_err(failed)?;
    let mut line = String::new();
    BufReader::new(file).read_line(&mut line).map_err(failed)?;
    let names = line.trim_start_matches('\u{feff}').trim_end().split(',');
    Ok(Schema::new(names.map(|name| Field::new(name.trim_matches('"'), DataType::Utf8, true)).collect::<Vec<_>>()))
}

async fn compare(context: &SessionContext, subject: &str, members: DataFrame, truth: &Path) -> Result<ElementQuality> {
    let rows = joined(context, subject, members, truth).await?;
    let quality = evaluate(rows.iter().flat_map(Compared::rows).map(|(_, found, real)| (found, real)));
    Ok(ElementQuality { element: subject.to_owned(), quality })
}

/// Source, found entity and true entity of records.
struct Compared([StringArray; 3]);

impl Compared {
    fn rows(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let [sources, found, real] = &self.0;
        let rows = sources.iter().zip(found).zip(real);
        rows.filter_map(|((source, found), real)| Some((source?, found?, real?)))
    }
}

/// The records that both a linkage and a truth file know.
async fn joined(context: &SessionContext, subject: &str, members: DataFrame, truth: &Path) -> Result<Vec<Compared>> {
    let shown = truth.display().to_string();
    if !truth.is_file() {
        return Err(EngineError::usage_with_hint(
            format!("{shown}: no such truth file"),
            "name the folder with --truth DIR",
        ));
    }
    let step = || EngineError::plan(format!("comparing {subject} with {shown}"));
    let schema = header(truth)?;
    let truth = context
        .read_csv(shown.clone(), CsvReadOptions::new().has_header(true).schema(&schema))
        .await
        .and_then(|rows| {
            rows.select(vec![
                ident("source").alias("_source"),
                ident("record").alias("_record"),
                ident("record_id").alias("_record_id"),
                ident("entity_id").alias("_truth"),
            ])
        })
        .map_err(step())?;
    let rows = members
        .join(truth, JoinType::Inner, &["source", "record", "record_id"], &["_source", "_record", "_record_id"], None)
        .and_then(|rows| rows.select(vec![ident("source"), ident("entity_id"), ident("_truth")]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let text = |batch: &RecordBatch, place: usize| {
        let column = cast(batch.column(place), &DataType::Utf8);
        column.map(|column| column.as_string::<i32>().clone()).map_err(|error| EngineError::Internal(error.to_string()))
    };
    rows.iter().map(|batch| Ok(Compared([text(batch, 0)?, text(batch, 1)?, text(batch, 2)?]))).collect()
}
