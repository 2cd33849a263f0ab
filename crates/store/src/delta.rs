//! The Delta log of a table, so that any Delta reader can open it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Remove, StructType, new_metadata};
use deltalake::logstore::{StorageConfig, default_logstore};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableError};
use object_store::prefix::PrefixStore;

use crate::location::Location;
use crate::{FileEntry, StoreError, TableName};

/// Commits `files` as the table's whole content and gives the new Delta version.
pub async fn replace(
    location: &Location,
    table: &TableName,
    schema: &SchemaRef,
    files: &[FileEntry],
    now_ms: i64,
) -> Result<u64, StoreError> {
    commit(location, table, schema, files, now_ms)
        .await
        .map_err(|error| StoreError::Delta { table: table.to_string(), error: Box::new(error) })
}

async fn commit(
    location: &Location,
    table: &TableName,
    schema: &SchemaRef,
    files: &[FileEntry],
    now_ms: i64,
) -> Result<u64, DeltaTableError> {
    let url = location
        .url
        .join(&format!("{}/", table.folder()))
        .map_err(|error| DeltaTableError::generic(error.to_string()))?;
    let objects = Arc::new(PrefixStore::new(Arc::clone(&location.objects), table.folder()));
    let log = default_logstore(objects, Arc::clone(&location.root), &url, &StorageConfig::default());
    let structure: StructType = schema.as_ref().try_into_kernel()?;
    let adds = files.iter().map(|file| Action::Add(add(file, now_ms)));

    let mut existing = DeltaTable::new(Arc::clone(&log));
    if !existing.verify_deltatable_existence().await? {
        let created = CreateBuilder::new()
            .with_log_store(log)
            .with_table_name(table.to_string())
            .with_columns(structure.fields().cloned())
            .with_actions(adds)
            .await?;
        return created
            .version()
            .ok_or_else(|| DeltaTableError::generic("a table without a version after its creation"));
    }
    existing.load().await?;
    let state = existing.snapshot()?;
    let mut actions = Vec::new();
    if state.schema().as_ref() != &structure {
        let none: [&str; 0] = [];
        actions.push(Action::Metadata(new_metadata(&structure, none, HashMap::<String, String>::new())?));
    }
    let kept = files.iter().map(|file| file.path.as_str()).collect::<std::collections::BTreeSet<_>>();
    let mut present = std::collections::BTreeSet::new();
    for view in state.log_data().iter() {
        let path = view.path().into_owned();
        if !kept.contains(path.as_str()) {
            actions.push(Action::Remove(Remove { deletion_timestamp: Some(now_ms), ..view.remove_action(true) }));
        }
        present.insert(path);
    }
    actions
        .extend(files.iter().filter(|file| !present.contains(&file.path)).map(|file| Action::Add(add(file, now_ms))));
    let operation = DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
    let done = CommitBuilder::from(CommitProperties::default())
        .with_actions(actions)
        .build(Some(state), log, operation)
        .await?;
    Ok(done.version())
}

fn add(file: &FileEntry, now_ms: i64) -> Add {
    Add {
        path: file.path.clone(),
        partition_values: HashMap::new(),
        size: i64::try_from(file.size).unwrap_or(i64::MAX),
        modification_time: now_ms,
        data_change: true,
        stats: Some(serde_json::json!({"numRecords": file.rows}).to_string()),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}
