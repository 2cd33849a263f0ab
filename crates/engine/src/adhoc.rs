//! Tables for a session straight out of files: `jingwei sql --table name=path`.
//!
//! A file says in its own words which coordinate system its geometries are in; here it becomes the `GeoArrow` metadata
//! by which the spatial functions know it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options, concat_batches};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::TryStreamExt;
use jingwei_geo::{Crs, WRITTEN_CRS, geometry_metadata};
use jingwei_model::config::{From, SourceConfig};
use jingwei_source::{GEOMETRY, Locator, parquet_geometries};

use crate::error::{EngineError, Result};

/// Registers the file at `path`, or the layer of a file at `path#layer`, as table `name`. Parquet is read where it lies; other formats are read into memory,
/// text columns becoming numbers where every value is one.
///
/// # Errors
/// A file that cannot be read.
pub async fn adhoc(context: &SessionContext, name: &str, path: &str) -> Result<()> {
    let step = || EngineError::plan(format!("reading {path}"));
    // A file named on the command line goes before a table of the project of the same name.
    context.deregister_table(name).map_err(step())?;
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    if let Some(extension) = extension.filter(|extension| ["parquet", "pq"].contains(extension))
        && Path::new(path).exists()
    {
        let extension = format!(".{extension}");
        return parquet(context, name, path, &extension).await;
    }
    // One layer of a file that has several.
    let (file, layer) = match path.rsplit_once('#') {
        Some((file, layer)) if !Path::new(path).exists() && Path::new(file).exists() => (file, Some(layer.to_owned())),
        _ => (path, None),
    };
    let config = SourceConfig {
        title: name.to_owned(),
        title_zh: None,
        department: None,
        sharing: Default::default(),
        trust: 0.5,
        from: From { path: Some(file.to_owned()), table: layer, ..From::default() },
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
        tables.push(typed(&batch, path).map_err(|error| EngineError::Internal(error.to_string()))?);
    }
    let Some(schema) = tables.first().map(RecordBatch::schema) else {
        return Err(EngineError::usage(format!("{path} holds no table")));
    };
    if let Some((one, other)) = tables.iter().find_map(|table| two_systems(&schema, &table.schema())) {
        return Err(EngineError::usage_with_hint(
            format!("{path} holds layers in {one} and in {other}"),
            "export them to files of their own, in one system or each as a table",
        ));
    }
    if tables.iter().any(|table| table.schema() != schema) {
        return Err(EngineError::usage_with_hint(
            format!("{path} holds tables of different columns"),
            "name the layer of a GeoPackage behind its path, file.gpkg#layer; several tables belong into a project's \
             config/sources",
        ));
    }
    let table = MemTable::try_new(schema, vec![tables]).map_err(step())?;
    context.register_table(name, Arc::new(table)).map(|_| ()).map_err(step())
}

/// A Parquet file where it lies, its geometry columns marked.
async fn parquet(context: &SessionContext, name: &str, path: &str, extension: &str) -> Result<()> {
    let step = || EngineError::plan(format!("reading {path}"));
    let options = ParquetReadOptions { file_extension: extension, ..ParquetReadOptions::default() };
    if !Path::new(path).is_file() {
        return context.register_parquet(name, path, options).await.map_err(step());
    }
    let failed = |error| EngineError::Source { name: name.to_owned(), error: Box::new(error) };
    let geometries = parquet_geometries(Path::new(path)).map_err(failed)?;
    let frame = context.read_parquet(path, options.clone()).await.map_err(step())?;
    let fields = frame.schema().fields().iter().map(|field| {
        let geometry = geometries.iter().find(|(column, _)| column == field.name());
        match geometry.filter(|_| is_binary(field.data_type())) {
            Some((_, crs)) => {
                Arc::new(field.as_ref().clone().with_metadata(marked(path, field.name(), crs.as_deref())))
            }
            None => Arc::clone(field),
        }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    context.register_parquet(name, path, options.schema(&schema)).await.map_err(step())
}

const fn is_binary(kind: &DataType) -> bool {
    matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

/// The metadata of a geometry column whose file says `crs`.
fn marked(path: &str, column: &str, crs: Option<&str>) -> HashMap<String, String> {
    let crs = crs.and_then(|crs| {
        let known = Crs::parse(crs);
        if let Err(error) = &known {
            tracing::warn!("{path}, column {column}: {error}; its geometries are taken as in no known system");
        }
        known.ok()
    });
    geometry_metadata(crs.as_ref())
}

/// The systems of two layers, where the columns are the same but for those.
fn two_systems(one: &Schema, other: &Schema) -> Option<(String, String)> {
    let plain = |schema: &Schema| {
        let fields = schema.fields().iter();
        fields.map(|field| (field.name().clone(), field.data_type().clone())).collect::<Vec<_>>()
    };
    let system = |field: &Field| jingwei_geo::crs_of(field).ok().flatten();
    if plain(one) != plain(other) {
        return None;
    }
    let mut pairs = one.fields().iter().zip(other.fields());
    pairs.find_map(|(one, other)| {
        let (one, other) = (system(one), system(other));
        let name = |crs: Option<Crs>| crs.map_or_else(|| "no known system".to_owned(), |crs| crs.to_string());
        (one != other).then(|| (name(one), name(other)))
    })
}

/// The data columns, without provenance; a text column whose values are all numbers is a number.
fn typed(batch: &RecordBatch, path: &str) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if matches!(field.name().as_str(), "_file" | "_sheet" | "_row" | "_error" | "_text") {
            continue;
        }
        let column = numbers(column)?;
        let crs = field.metadata().get(WRITTEN_CRS).map(String::as_str);
        let geometry = is_binary(column.data_type()) && (crs.is_some() || field.name() == GEOMETRY);
        let metadata = if geometry { marked(path, field.name(), crs) } else { field.metadata().clone() };
        fields.push(Field::new(field.name(), column.data_type().clone(), true).with_metadata(metadata));
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

    #[test]
    fn what_a_file_writes_of_its_system_becomes_what_the_functions_read() {
        let typed = |written: Option<&str>| {
            let metadata = written.map(|crs| (WRITTEN_CRS.to_owned(), crs.to_owned())).into_iter().collect();
            let field = Field::new(GEOMETRY, DataType::Binary, true).with_metadata(metadata);
            let shapes = arrow::array::BinaryArray::from(vec![&[1_u8][..]]);
            let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(shapes)]).unwrap();
            typed(&batch, "x").unwrap().schema()
        };
        let name = |schema: &Schema| jingwei_geo::crs_of(schema.field(0)).unwrap().map(|crs| crs.to_string());
        assert_eq!(name(&typed(Some("EPSG:4548"))).as_deref(), Some("EPSG:4548"));
        assert_eq!(name(&typed(None)), None);
        assert_eq!(name(&typed(Some("what nobody knows"))), None);
        let two = two_systems(&typed(Some("EPSG:4548")), &typed(Some("EPSG:4490")));
        assert_eq!(two, Some(("EPSG:4548".to_owned(), "EPSG:4490".to_owned())));
    }
}
