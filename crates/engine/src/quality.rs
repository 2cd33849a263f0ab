//! How well the published entities agree with a truth file.

use std::path::Path;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::prelude::{CsvReadOptions, JoinType, SessionContext, ident};
use jingwei_link::{Quality, evaluate};
use jingwei_model::Element;
use serde::Serialize;

use crate::error::{EngineError, Result};

/// One element's quality.
#[derive(Debug, Clone, Serialize)]
pub struct ElementQuality {
    /// The element.
    pub element: Element,
    /// Pairwise precision, recall and F1.
    #[serde(flatten)]
    pub quality: Quality,
}

/// Compares `link.<element>_members` with a CSV file of `source, record, record_id, entity_id`.
///
/// # Errors
/// No members published, or a file without these columns.
pub async fn quality(context: &SessionContext, element: Element, truth: &Path) -> Result<ElementQuality> {
    let shown = truth.display().to_string();
    if !truth.is_file() {
        return Err(EngineError::usage_with_hint(
            format!("{shown}: no such truth file"),
            "name the folder with --truth DIR",
        ));
    }
    let step = || EngineError::plan(format!("comparing {element} with {shown}"));
    let text = |name: &str| arrow::datatypes::Field::new(name, DataType::Utf8, true);
    let schema =
        arrow::datatypes::Schema::new(vec![text("source"), text("record"), text("record_id"), text("entity_id")]);
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
    let members = context.table(format!("link.{element}_members")).await.map_err(|_| {
        EngineError::usage_with_hint(format!("no linkage of {element} is published"), "run `jingwei integrate` first")
    })?;
    let rows = members
        .join(truth, JoinType::Inner, &["source", "record", "record_id"], &["_source", "_record", "_record_id"], None)
        .and_then(|rows| rows.select(vec![ident("entity_id"), ident("_truth")]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let columns = rows
        .iter()
        .map(|batch| Ok((cast(batch.column(0), &DataType::Utf8)?, cast(batch.column(1), &DataType::Utf8)?)))
        .collect::<Result<Vec<_>, arrow::error::ArrowError>>()
        .map_err(|error| EngineError::Internal(error.to_string()))?;
    let pairs = columns.iter().flat_map(|(found, truth)| {
        found.as_string::<i32>().iter().flatten().zip(truth.as_string::<i32>().iter().flatten())
    });
    Ok(ElementQuality { element, quality: evaluate(pairs) })
}
