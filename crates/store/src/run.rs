//! A run: new versions of tables, staged, then published together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use chrono::Utc;
use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{PutMode, PutOptions};

use crate::lock::Lock;
use crate::types::{into_storable, storable};
use crate::writer::{TableWriter, WriteOptions};
use crate::{FileEntry, Snapshot, Store, StoreError, TableName, TableState, delta, provider};

/// What an update did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updated {
    /// Rows that are new or replaced another.
    pub rows: u64,
    /// Files that were written anew.
    pub files: usize,
}

/// A run that has begun. Dropped without [`Run::publish`], it leaves the last snapshot in force.
#[derive(Debug)]
pub struct Run {
    store: Store,
    id: String,
    base: Option<Snapshot>,
    tables: BTreeMap<TableName, TableState>,
    written: Vec<Path>,
    _lock: Option<Lock>,
}

impl Run {
    pub(crate) fn new(store: Store, id: &str, base: Option<Snapshot>, lock: Option<Lock>) -> Self {
        let tables = base.as_ref().map(|base| base.tables.clone()).unwrap_or_default();
        Self { store, id: id.to_owned(), base, tables, written: Vec::new(), _lock: lock }
    }

    /// The snapshot the run stands on.
    #[must_use]
    pub const fn base(&self) -> Option<&Snapshot> {
        self.base.as_ref()
    }

    /// The state of a table as the run has it now.
    #[must_use]
    pub fn state(&self, table: &TableName) -> Option<&TableState> {
        self.tables.get(table)
    }

    /// The tables as the run has them now.
    pub fn tables(&self) -> impl Iterator<Item = (&TableName, &TableState)> {
        self.tables.iter()
    }

    /// A writer of a table's new content. Several tables can be written at once.
    #[must_use]
    pub fn write(&self, table: &TableName, schema: &SchemaRef, options: WriteOptions) -> TableWriter {
        TableWriter::new(Arc::clone(&self.store.location.objects), table.clone(), schema, &self.id, options)
    }

    /// Ends a writer: its rows become the table's content in this run.
    ///
    /// # Errors
    /// What went wrong while encoding or storing.
    pub async fn finish(&mut self, writer: TableWriter) -> Result<u64, StoreError> {
        let (table, schema, options, files) = writer.close().await?;
        let rows = files.iter().map(|file| file.rows).sum();
        self.written.extend(files.iter().map(|file| Path::from(format!("{}/{}", table.folder(), file.path))));
        self.stage(table, &schema, files, options.key, options.inputs).await?;
        Ok(rows)
    }

    async fn stage(
        &mut self,
        table: TableName,
        schema: &SchemaRef,
        files: Vec<FileEntry>,
        key: Option<String>,
        inputs: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let now = Utc::now();
        let version = delta::replace(&self.store.location, &table, schema, &files, now.timestamp_millis()).await?;
        let state = TableState::new(version, schema, files, key, inputs, now.to_rfc3339())?;
        self.tables.insert(table, state);
        Ok(())
    }

    /// Replaces rows of a keyed table by `changed` (whole rows, sorted by the key, each key once): only
    /// files whose range of keys holds one of them are written anew.
    ///
    /// # Errors
    /// A table that is not there or not keyed, and what goes wrong while writing.
    pub async fn update(
        &mut self,
        table: &TableName,
        changed: SendableRecordBatchStream,
        inputs: BTreeMap<String, String>,
    ) -> Result<Updated, StoreError> {
        let state = self.state(table).ok_or_else(|| StoreError::NoTable(table.to_string()))?.clone();
        let key = state.key.clone().ok_or_else(|| StoreError::Internal(format!("{table} has no key to update by")))?;
        let schema = storable(&changed.schema());
        // What changes between two runs is a small part of a city; it is held in memory.
        let changed = changed.try_collect::<Vec<_>>().await?;
        let changed = changed.iter().map(|batch| into_storable(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
        let changed = concat_batches(&schema, &changed)?;
        if changed.num_rows() == 0 {
            if let Some(state) = self.tables.get_mut(table) {
                state.inputs = inputs;
            }
            return Ok(Updated::default());
        }
        if schema != state.schema()? {
            return self.rewrite(table, &state, changed, &key, inputs).await;
        }
        let keys = text_column(&changed, &key)?;
        let mut files = Vec::new();
        let mut updated = Updated { rows: changed.num_rows() as u64, files: 0 };
        let mut start = 0;
        for (number, file) in state.files.iter().enumerate() {
            // Keys between two files go to the earlier one; keys before the first go to it.
            let next_low = state.files.get(number + 1).and_then(|next| next.keys.as_ref()).map(|(low, _)| low.as_str());
            let end = next_low.map_or(keys.len(), |low| {
                keys[start..].iter().position(|key| key.as_str() >= low).map_or(keys.len(), |length| start + length)
            });
            if start == end {
                files.push(file.clone());
                continue;
            }
            let part = changed.slice(start, end - start);
            files.extend(self.merge_file(table, &state, file, number, &part, &keys[start..end], &key).await?);
            updated.files += 1;
            start = end;
        }
        if state.files.is_empty() {
            return self.rewrite(table, &state, changed, &key, inputs).await;
        }
        self.written.extend(
            files
                .iter()
                .filter(|file| !state.files.contains(file))
                .map(|file| Path::from(format!("{}/{}", table.folder(), file.path))),
        );
        self.stage(table.clone(), &schema, files, Some(key), inputs).await?;
        Ok(updated)
    }

    /// One file's rows with the changed ones among them, as one or more new files.
    #[expect(clippy::too_many_arguments, reason = "one private step of `update`, whose locals these are")]
    async fn merge_file(
        &self,
        table: &TableName,
        state: &TableState,
        file: &FileEntry,
        number: usize,
        changed: &RecordBatch,
        keys: &[String],
        key: &str,
    ) -> Result<Vec<FileEntry>, StoreError> {
        let schema = changed.schema();
        let alone = TableState::new(state.version, &schema, vec![file.clone()], None, BTreeMap::new(), String::new())?;
        let old = self.read_all(table, &alone).await?;
        let replaced = keys.iter().map(String::as_str).collect::<BTreeSet<_>>();
        let mut parts = Vec::new();
        for batch in old {
            let column = text_column(&batch, key)?;
            let keep = column.iter().map(|key| Some(!replaced.contains(key.as_str()))).collect();
            parts.push(filter_record_batch(&into_storable(&batch, &schema)?, &keep)?);
        }
        parts.push(changed.clone());
        let merged = sorted(&concat_batches(&schema, &parts)?, key)?;
        let options = WriteOptions {
            key: Some(key.to_owned()),
            file_rows: WriteOptions::keyed(key).file_rows * 2,
            ..WriteOptions::default()
        };
        let prefix = format!("{}-{number:05}", self.id);
        let writer =
            TableWriter::new(Arc::clone(&self.store.location.objects), table.clone(), &schema, &prefix, options);
        writer.write(&merged).await?;
        let (.., files) = writer.close().await?;
        Ok(files)
    }

    /// The whole table anew: its schema has changed, or it had no file.
    async fn rewrite(
        &mut self,
        table: &TableName,
        state: &TableState,
        changed: RecordBatch,
        key: &str,
        inputs: BTreeMap<String, String>,
    ) -> Result<Updated, StoreError> {
        let schema = changed.schema();
        let replaced = text_column(&changed, key)?.into_iter().collect::<BTreeSet<_>>();
        let rows = changed.num_rows() as u64;
        let mut parts = vec![changed];
        for batch in self.read_all(table, state).await? {
            let keep = text_column(&batch, key)?.iter().map(|key| Some(!replaced.contains(key))).collect();
            parts.push(adapted(&filter_record_batch(&batch, &keep)?, &schema)?);
        }
        let merged = sorted(&concat_batches(&schema, &parts)?, key)?;
        let writer = self.write(table, &schema, WriteOptions::keyed(key).with_inputs(inputs));
        writer.write(&merged).await?;
        self.finish(writer).await?;
        Ok(Updated { rows, files: self.state(table).map_or(0, |state| state.files.len()) })
    }

    async fn read_all(&self, table: &TableName, state: &TableState) -> Result<Vec<RecordBatch>, StoreError> {
        let mut config = SessionConfig::new().with_target_partitions(1);
        config.options_mut().execution.parquet.schema_force_view_types = false;
        let context = SessionContext::new_with_config(config);
        self.store.register(&context.runtime_env());
        let provider = provider::provider(&self.store.location, table, state)?;
        Ok(context.read_table(provider)?.collect().await?)
    }

    /// The table as the run has it now, for queries within the run.
    ///
    /// # Errors
    /// No such table.
    pub fn read(&self, table: &TableName) -> Result<Arc<dyn TableProvider>, StoreError> {
        let state = self.state(table).ok_or_else(|| StoreError::NoTable(table.to_string()))?;
        provider::provider(&self.store.location, table, state)
    }

    /// Leaves a table out of the next snapshot.
    pub fn drop_table(&mut self, table: &TableName) {
        self.tables.remove(table);
    }

    /// Publishes the run: everything written becomes visible at once.
    ///
    /// # Errors
    /// Another run published meanwhile, or storage that fails; then nothing has changed for readers.
    pub async fn publish(self, report: serde_json::Value) -> Result<Snapshot, StoreError> {
        self.store.location.sync(&self.written)?;
        let seq = self.base.as_ref().map_or(0, |base| base.seq) + 1;
        let snapshot =
            Snapshot { seq, run_id: self.id.clone(), created_at: Utc::now().to_rfc3339(), tables: self.tables, report };
        let bytes = serde_json::to_vec_pretty(&snapshot).map_err(|error| StoreError::Internal(error.to_string()))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match object_store::ObjectStore::put_opts(
            self.store.location.objects.as_ref(),
            &Snapshot::path(seq),
            bytes.into(),
            options,
        )
        .await
        {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => return Err(StoreError::Overtaken { seq }),
            Err(error) => return Err(error.into()),
        }
        self.store.location.sync(&[Snapshot::path(seq)])?;
        Ok(snapshot)
    }
}

fn text_column(batch: &RecordBatch, name: &str) -> Result<Vec<String>, StoreError> {
    let column = batch
        .column_by_name(name)
        .ok_or_else(|| StoreError::Internal(format!("a keyed table without its key `{name}`")))?;
    let column = cast(column, &DataType::Utf8)?;
    let column = column.as_string::<i32>();
    Ok((0..column.len()).map(|row| column.value(row).to_owned()).collect())
}

fn sorted(batch: &RecordBatch, key: &str) -> Result<RecordBatch, StoreError> {
    let column = batch
        .column_by_name(key)
        .ok_or_else(|| StoreError::Internal(format!("a keyed table without its key `{key}`")))?;
    let order = arrow::compute::sort_to_indices(column, None, None)?;
    Ok(arrow::compute::take_record_batch(batch, &order)?)
}

/// The batch's columns by name in another schema; a column it does not have is null.
fn adapted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, StoreError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast(column, field.data_type()),
            None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
