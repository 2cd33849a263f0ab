//! Helpers of this crate's tests.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use futures::TryStreamExt;
use jingwei_model::config::{ColumnConfig, From, OneOrMany, SourceConfig};

use crate::error::SourceError;
use crate::part::{Locator, Part};

/// A configuration that names a path and nothing else.
pub(crate) fn config_for(path: &str) -> SourceConfig {
    SourceConfig {
        title: "test".to_owned(),
        title_zh: None,
        department: None,
        sharing: Default::default(),
        trust: 0.5,
        from: From { path: Some(path.to_owned()), ..From::default() },
        format: Default::default(),
        key: Vec::new(),
        columns: Default::default(),
        records: Vec::new(),
    }
}

/// A text column.
pub(crate) fn column(from: &str) -> ColumnConfig {
    ColumnConfig {
        from: OneOrMany::One(from.to_owned()),
        parse: Default::default(),
        required: false,
        on_error: None,
        map: Default::default(),
        null: Vec::new(),
        pattern: None,
        crs: None,
        sensitivity: None,
        title: None,
        title_zh: None,
    }
}

/// A locator that looks in `root`.
pub(crate) fn locator(root: &Path) -> Locator {
    Locator { root: root.to_owned(), options: Default::default(), temp: root.join(".temp") }
}

/// All batches of a part as one.
pub(crate) async fn collect(part: Part) -> Result<RecordBatch, SourceError> {
    let schema = part.schema.clone();
    let batches: Vec<RecordBatch> = part.rows.try_collect().await?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A text column's values.
pub(crate) fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    batch.column_by_name(name).unwrap().as_string::<i32>().iter().collect()
}

/// The row numbers.
pub(crate) fn row_numbers(batch: &RecordBatch) -> Vec<i64> {
    batch.column_by_name("_row").unwrap().as_primitive::<arrow::datatypes::Int64Type>().values().to_vec()
}

/// Writes a file and opens it with a changed configuration.
pub(crate) async fn open_bytes(
    name: &str,
    bytes: &[u8],
    change: impl FnOnce(&mut SourceConfig),
) -> Result<Vec<RecordBatch>, SourceError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), bytes).unwrap();
    let mut config = config_for(name);
    change(&mut config);
    let mut batches = Vec::new();
    for part in crate::open(&config, &locator(dir.path())).await? {
        batches.push(collect(part).await?);
    }
    Ok(batches)
}

/// Writes a zip archive.
pub(crate) fn zipped(dir: &Path, name: &str, members: &[(&str, &[u8])]) -> PathBuf {
    let path = dir.join(name);
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (member, bytes) in members {
        writer.start_file(*member, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    path
}
