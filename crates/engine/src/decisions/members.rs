//! Records of a linkage by their keys, and what entity each is part of.

use std::collections::{HashMap, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{SessionContext, ident, lit};
use jingwei_model::RecordKey;

use super::Linked;
use crate::error::{EngineError, Result};
use crate::explain::{self, cell};

/// Keys of records in a column.
pub(super) fn keys(batch: &RecordBatch, column: usize) -> Result<Vec<[u8; 16]>> {
    let internal = || EngineError::Internal("a record key that is not 16 bytes".to_owned());
    let column =
        cast(batch.column(column), &DataType::Binary).map_err(|error| EngineError::Internal(error.to_string()))?;
    column.as_binary::<i32>().iter().map(|key| key.and_then(|key| key.try_into().ok()).ok_or_else(internal)).collect()
}

/// A record of a linkage and its entity.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub record: RecordKey,
    pub entity: String,
}

/// The members with these keys.
pub(super) async fn members_by_key(
    context: &SessionContext,
    linked: Linked,
    wanted: &HashSet<[u8; 16]>,
) -> Result<HashMap<[u8; 16], Member>> {
    let of_keys = ident("record_key").in_list(wanted.iter().map(|key| lit(key.to_vec())).collect(), false);
    members(context, linked, of_keys).await
}

/// The members of an entity.
pub(super) async fn members_of(
    context: &SessionContext,
    linked: Linked,
    entity: &str,
) -> Result<HashMap<[u8; 16], Member>> {
    members(context, linked, ident("entity_id").eq(lit(entity))).await
}

async fn members(context: &SessionContext, linked: Linked, filter: Expr) -> Result<HashMap<[u8; 16], Member>> {
    let table = linked.members();
    let step = || EngineError::plan(format!("reading {table}"));
    let rows = explain::members(context, linked)
        .await?
        .filter(filter)
        .and_then(|rows| rows.select(["record_key", "source", "record", "record_id", "entity_id"].map(ident).to_vec()))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut members = HashMap::new();
    for batch in &rows {
        let text = |column: &str, row: usize| cell(batch, column, row).unwrap_or_default();
        for (row, key) in keys(batch, 0)?.into_iter().enumerate() {
            let [source, record, record_id] = ["source", "record", "record_id"].map(|column| text(column, row));
            let record = RecordKey { source, record, record_id };
            members.insert(key, Member { record, entity: text("entity_id", row) });
        }
    }
    Ok(members)
}
