//! Batches into Parquet files: cut by rows, encoded beside the caller, the same bytes for the same rows.
//!
//! Tables with a geometry are GeoParquet 1.1: a bounding box stands beside each geometry, in the files alone,
//! and the rows of a row group follow a Hilbert curve, so that row groups and pages can be skipped by place.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use jingwei_geo::GeoParquet;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::types::{into_storable, storable};
use crate::{FileEntry, StoreError, TableName};

/// Rows of a row group: large enough to compress, small enough to skip.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows of a page of a table with a geometry: pages are what a small window skips.
const SPATIAL_PAGE_ROWS: usize = 4_096;

/// How a table is written.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// Rows of one file at most.
    pub file_rows: usize,
    /// The text column that rows arrive sorted by; then single files can be replaced later.
    pub key: Option<String>,
    /// What the table is made from.
    pub inputs: BTreeMap<String, String>,
    /// What the table holds.
    pub comment: Option<String>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { file_rows: 4_000_000, key: None, inputs: BTreeMap::new(), comment: None }
    }
}

impl WriteOptions {
    /// For a table sorted by `key`, in files small enough to be replaced one by one.
    pub fn keyed(key: impl Into<String>) -> Self {
        Self { file_rows: 65_536, key: Some(key.into()), ..Self::default() }
    }

    /// The same with inputs.
    #[must_use]
    pub fn with_inputs(mut self, inputs: BTreeMap<String, String>) -> Self {
        self.inputs = inputs;
        self
    }
}

/// Takes a table's batches; a task of its own encodes them.
pub struct TableWriter {
    batches: mpsc::Sender<RecordBatch>,
    task: JoinHandle<Result<Vec<FileEntry>, StoreError>>,
    schema: SchemaRef,
    pub(crate) options: WriteOptions,
    pub(crate) table: TableName,
}

impl TableWriter {
    pub(crate) fn new(
        objects: Arc<dyn ObjectStore>,
        table: TableName,
        schema: &SchemaRef,
        run_id: &str,
        options: WriteOptions,
    ) -> Self {
        let schema = storable(schema);
        let (sender, receiver) = mpsc::channel(4);
        let spatial = GeoParquet::of(&schema);
        let files = Files {
            file_schema: spatial.as_ref().map_or_else(|| Arc::clone(&schema), |spatial| spatial.file_schema(&schema)),
            properties: properties(spatial.is_some()),
            spatial,
            waiting: Vec::new(),
            objects,
            table: table.clone(),
            schema: Arc::clone(&schema),
            prefix: run_id.to_owned(),
            options: options.clone(),
            open: None,
            done: Vec::new(),
        };
        let task = tokio::spawn(files.take(receiver));
        Self { batches: sender, task, schema, options, table }
    }

    /// The schema as it is stored.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Writes a batch of the table's schema.
    ///
    /// # Errors
    /// A batch of another schema. An error of the encoding task is told by `finish`.
    pub async fn write(&self, batch: &RecordBatch) -> Result<(), StoreError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = into_storable(batch, &self.schema)?;
        // A closed channel means that the task has failed; its error is worth more than ours.
        let _ = self.batches.send(batch).await;
        Ok(())
    }

    pub(crate) async fn close(self) -> Result<(TableName, SchemaRef, WriteOptions, Vec<FileEntry>), StoreError> {
        drop(self.batches);
        let files =
            self.task.await.map_err(|error| StoreError::Internal(format!("a writing task ended: {error}")))??;
        Ok((self.table, self.schema, self.options, files))
    }
}

struct Files {
    objects: Arc<dyn ObjectStore>,
    table: TableName,
    schema: SchemaRef,
    /// The table's schema and the covering columns.
    file_schema: SchemaRef,
    prefix: String,
    properties: WriterProperties,
    options: WriteOptions,
    /// What the open file's geometries are, before any is written and as far as they are known.
    spatial: Option<GeoParquet>,
    /// Batches of the row group that is to be arranged by place.
    waiting: Vec<RecordBatch>,
    open: Option<Open>,
    done: Vec<FileEntry>,
}

struct Open {
    writer: AsyncArrowWriter<BufWriter>,
    path: String,
    rows: usize,
    keys: Option<(String, String)>,
    spatial: Option<GeoParquet>,
}

impl Files {
    async fn take(mut self, mut batches: mpsc::Receiver<RecordBatch>) -> Result<Vec<FileEntry>, StoreError> {
        while let Some(batch) = batches.recv().await {
            let mut start = 0;
            while start < batch.num_rows() {
                let room = self.options.file_rows - self.open.as_ref().map_or(0, |open| open.rows);
                let length = room.min(batch.num_rows() - start);
                self.write(&batch.slice(start, length)).await?;
                start += length;
                if self.open.as_ref().is_some_and(|open| open.rows >= self.options.file_rows) {
                    self.finish_file().await?;
                }
            }
        }
        self.finish_file().await?;
        Ok(self.done)
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let parquet = |table: &TableName| {
            let table = table.to_string();
            move |error| StoreError::Parquet { table, error }
        };
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let path = format!("part-{:05}-{}.parquet", self.done.len(), self.prefix);
                let target =
                    BufWriter::new(Arc::clone(&self.objects), Path::from(format!("{}/{path}", self.table.folder())));
                let writer =
                    AsyncArrowWriter::try_new(target, Arc::clone(&self.file_schema), Some(self.properties.clone()))
                        .map_err(parquet(&self.table))?;
                self.open.insert(Open { writer, path, rows: 0, keys: None, spatial: self.spatial.clone() })
            }
        };
        if let Some(key) = &self.options.key {
            let (first, last) = ends(batch, key)?;
            open.keys = Some((open.keys.take().map_or(first, |(low, _)| low), last));
        }
        open.rows += batch.num_rows();
        if self.spatial.is_none() {
            return open.writer.write(batch).await.map_err(parquet(&self.table));
        }
        // Row groups are cut by rows, not by batches, so that the same rows give the same files.
        let mut start = 0;
        while start < batch.num_rows() {
            let room = ROW_GROUP_ROWS - self.waiting.iter().map(RecordBatch::num_rows).sum::<usize>();
            let length = room.min(batch.num_rows() - start);
            self.waiting.push(batch.slice(start, length));
            start += length;
            if length == room {
                self.write_waiting().await?;
            }
        }
        Ok(())
    }

    /// Arranges the waiting rows by place and writes them with their bounding boxes.
    async fn write_waiting(&mut self) -> Result<(), StoreError> {
        let Some(Open { writer, spatial: Some(spatial), .. }) = &mut self.open else { return Ok(()) };
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = concat_batches(&self.schema, &self.waiting)?;
        self.waiting.clear();
        let rows = spatial.cover(&spatial.arrange(&rows)?, &self.file_schema)?;
        writer.write(&rows).await.map_err(|error| StoreError::Parquet { table: self.table.to_string(), error })
    }

    async fn finish_file(&mut self) -> Result<(), StoreError> {
        self.write_waiting().await?;
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let parquet = |error| StoreError::Parquet { table: self.table.to_string(), error };
        if let Some(spatial) = &open.spatial {
            open.writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), spatial.metadata()));
        }
        open.writer.finish().await.map_err(parquet)?;
        let size = open.writer.bytes_written() as u64;
        self.done.push(FileEntry { path: open.path, size, rows: open.rows as u64, keys: open.keys });
        Ok(())
    }
}

/// First and last key of a sorted batch.
fn ends(batch: &RecordBatch, key: &str) -> Result<(String, String), StoreError> {
    let column = batch
        .column_by_name(key)
        .ok_or_else(|| StoreError::Internal(format!("a keyed table without its key `{key}`")))?;
    let column = cast(column, &DataType::Utf8)?;
    let column = column.as_string::<i32>();
    Ok((column.value(0).to_owned(), column.value(column.len() - 1).to_owned()))
}

fn properties(spatial: bool) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("jingwei".to_owned());
    if spatial { builder.set_data_page_row_count_limit(SPATIAL_PAGE_ROWS).build() } else { builder.build() }
}
