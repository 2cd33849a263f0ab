//! Tables for a session straight out of files: `jingwei sql --table name=path`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options, concat_batches};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::TryStreamExt;
use jingwei_model::config::{From, SourceConfig};
use jingwei_source::Locator;

use crate::error::{EngineError, Result};

/// Registers the file at `path` as table `name`. Parquet is read where it lies; other formats are read into memory,
/// text columns becoming numbers where every value is one.
///
/// # Errors
/// A file that cannot be read.
pub async fn adhoc(context: &SessionContext, name: &str, path: &str) -> Result<()> {
    let step = || EngineError::plan(format!("reading {path}"));
    // A file named on the command line goes before a table of the project of the same name.
    context.deregister_table(name).map_err(step())?;
    if Path::new(path).extension().is_some_and(|extension| extension == "parquet" || extension == "pq")
        && Path::new(path).exists()
    {
        return context.register_parquet(name, path, ParquetReadOptions::default()).await.map_err(step());
    }
    let config = SourceConfig {
        title: name.to_owned(),
        title_zh: None,
        department: None,
        sharing: Default::default(),
        trust: 0.5,
        from: From { path: Some(path.to_owned()), ..From::default() },
        format: Default::default(),
        key: Vec::new(),
        columns: Default::default(),
        records: Vec::new(),
    };
    let failed = |error| EngineError::Source { name: name.to_owned(), error: Box::new(error) };
    let temp = std::env::temp_dir().join(format!("jingwei-{}", std::process::id()));
    let locator = Locator {
        root: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        options: Default::default(),
        temp,
    };
    let parts = jingwei_source::open(&config, &locator).await.map_err(failed)?;
    let mut tables = Vec::new();
    for part in parts {
        let schema = Arc::clone(&part.schema);
        let batches = part.rows.try_collect::<Vec<_>>().await.map_err(failed)?;
        let batch = concat_batches(&schema, &batches).map_err(|error| EngineError::Internal(error.to_string()))?;
        tables.push(typed(&batch).map_err(|error| EngineError::Internal(error.to_string()))?);
    }
    let Some(schema) = tables.first().map(RecordBatch::schema) else {
        return Err(EngineError::usage(format!("{path} holds no table")));
    };
    if tables.iter().any(|table| table.schema() != schema) {
        return Err(EngineError::usage_with_hint(
            format!("{path} holds tables of different columns"),
            "a file with one table can be read so; several belong into a project's config/sources",
        ));
    }
    let table = MemTable::try_new(schema, vec![tables]).map_err(step())?;
    context.register_table(name, Arc::new(table)).map(|_| ()).map_err(step())
}

/// The data columns, without provenance; a text column whose values are all numbers is a number.
fn typed(batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if matches!(field.name().as_str(), "_file" | "_sheet" | "_row" | "_error" | "_text") {
            continue;
        }
        let column = numbers(column)?;
        fields.push(Field::new(field.name(), column.data_type().clone(), true).with_metadata(field.metadata().clone()));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn numbers(column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let Some(texts) = column.as_string_opt::<i32>() else { return Ok(Arc::clone(column)) };
    // Leading zeros are codes, not numbers.
    let code = texts.iter().flatten().any(|text| text.len() > 1 && text.starts_with('0') && !text.starts_with("0."));
    if texts.null_count() == texts.len() || code {
        return Ok(Arc::clone(column));
    }
    for kind in [DataType::Int64, DataType::Float64] {
        let cast = cast_with_options(column, &kind, &CastOptions { safe: true, ..CastOptions::default() })?;
        if cast.null_count() == column.null_count() {
            return Ok(cast);
        }
    }
    Ok(Arc::clone(column))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::StringArray;

    use super::*;

    #[test]
    fn numbers_are_recognised_and_codes_stay_text() {
        let kind = |values: Vec<&str>| {
            numbers(&(Arc::new(StringArray::from(values)) as ArrayRef)).unwrap().data_type().clone()
        };
        assert_eq!(kind(vec!["1", "-2"]), DataType::Int64);
        assert_eq!(kind(vec!["1", "2.5"]), DataType::Float64);
        assert_eq!(kind(vec!["01", "02"]), DataType::Utf8);
        assert_eq!(kind(vec!["1", "x"]), DataType::Utf8);
    }
}
