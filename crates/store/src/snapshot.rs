//! The published state of all tables.

use std::collections::BTreeMap;

use arrow::datatypes::{Schema, SchemaRef};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{StoreError, TableName};

/// What a run published: every table's version and files, and the run's report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its number, counting from 1.
    pub seq: u64,
    /// The run that published it.
    pub run_id: String,
    /// When (UTC, RFC 3339).
    pub created_at: String,
    /// The tables.
    pub tables: BTreeMap<TableName, TableState>,
    /// The run's report.
    pub report: serde_json::Value,
}

/// One table's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TableState {
    /// Its Delta version.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its data files, in order.
    pub files: Vec<FileEntry>,
    /// The column its rows are sorted by, when files are cut by it.
    #[serde(default)]
    pub key: Option<String>,
    /// What it was made from: free-form names and fingerprints.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// When it last changed (UTC, RFC 3339).
    pub changed_at: String,
    /// Its Arrow schema as an IPC schema message, in hexadecimal digits.
    schema: String,
}

/// One data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path below the table's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Rows.
    pub rows: u64,
    /// Smallest and largest key, when rows are sorted by one.
    #[serde(default)]
    pub keys: Option<(String, String)>,
}

impl TableState {
    pub(crate) fn new(
        version: u64,
        schema: &Schema,
        files: Vec<FileEntry>,
        key: Option<String>,
        inputs: BTreeMap<String, String>,
        changed_at: String,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            version,
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.size).sum(),
            files,
            key,
            inputs,
            changed_at,
            schema: encode(schema)?,
        })
    }

    /// The table's Arrow schema, with the metadata of its fields.
    ///
    /// # Errors
    /// A snapshot file that was tampered with.
    pub fn schema(&self) -> Result<SchemaRef, StoreError> {
        decode(&self.schema).map(Arc::new)
    }
}

impl Snapshot {
    pub(crate) fn path(seq: u64) -> Path {
        Path::from(format!("snapshots/{seq:020}.json"))
    }

    /// A table's state.
    ///
    /// # Errors
    /// No such table.
    pub fn table(&self, name: &TableName) -> Result<&TableState, StoreError> {
        self.tables.get(name).ok_or_else(|| StoreError::NoTable(name.to_string()))
    }
}

/// An empty IPC stream is a schema message and an end mark: every reader of Arrow understands it.
fn encode(schema: &Schema) -> Result<String, StoreError> {
    use std::fmt::Write;
    let mut bytes = Vec::new();
    arrow::ipc::writer::StreamWriter::try_new(&mut bytes, schema)?.finish()?;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").map_err(|error| StoreError::Internal(error.to_string()))?;
    }
    Ok(text)
}

fn decode(text: &str) -> Result<Schema, StoreError> {
    let wrong = || StoreError::Internal("a snapshot's schema is not hexadecimal".to_owned());
    let bytes = (0..text.len() / 2)
        .map(|place| {
            text.get(place * 2..place * 2 + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(wrong)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(arrow::ipc::reader::StreamReader::try_new(bytes.as_slice(), None)?.schema().as_ref().clone())
}
