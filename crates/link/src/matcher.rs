//! The joint: how any way of linking is asked and answers.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::prelude::DataFrame;

use crate::{Decision, LinkReport, Previous, Result};

/// A way of deciding which records are the same thing.
#[async_trait]
pub trait Matcher: Send + Sync {
    /// Links `records` (`_key` Binary of 16 bytes, `_source`, `_record`, `_record_id` Utf8, and base columns).
    /// Rows that share a key are one record. Entities keep the ids they have in `previous`. What people decided stands
    /// above rules and models; decisions about records that are not there wait for when they are.
    async fn link(&self, records: DataFrame, previous: &Previous, decisions: &[Decision]) -> Result<Links>;
}

/// The outcome of linkage.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Record → entity, [`members_schema`], one row per record, sorted by entity and record.
    pub members: Vec<RecordBatch>,
    /// Evidence between records, [`edges_schema`].
    pub edges: Vec<RecordBatch>,
    /// What became of former ids, [`history_schema`].
    pub history: Vec<RecordBatch>,
    /// How many of each.
    pub counts: Counts,
    /// How it went, where a model was at work.
    pub report: Option<LinkReport>,
}

/// Numbers of a linkage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Entities.
    pub entities: u64,
    /// Entities with a new id.
    pub new: u64,
    /// Former ids merged into others.
    pub merged: u64,
    /// New entities whose records came out of a former one.
    pub split: u64,
    /// Former ids without any record left.
    pub retired: u64,
    /// Links refused.
    pub refused: u64,
}

/// `link.<element>_members`.
#[must_use]
pub fn members_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("record_key", DataType::Binary, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("record", DataType::Utf8, false),
        Field::new("record_id", DataType::Utf8, true),
        Field::new("entity_id", DataType::Utf8, false),
        Field::new("rule", DataType::Utf8, true),
        Field::new("probability", DataType::Float64, false),
    ]))
}

/// `link.<element>_edges`.
#[must_use]
pub fn edges_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("left_key", DataType::Binary, false),
        Field::new("right_key", DataType::Binary, false),
        Field::new("rule", DataType::Utf8, false),
        Field::new("probability", DataType::Float64, false),
        Field::new("accepted", DataType::Boolean, false),
        Field::new("reason", DataType::Utf8, true),
        Field::new("review", DataType::Boolean, false),
    ]))
}

/// What became of entities that changed:
///
/// * `merged_into`: the entity is no more, most of its records are the other's;
/// * `split_from`: the entity is new, its records were the other's;
/// * `moved_to`: records of the entity are the other's, and both go on;
/// * `restored`: the entity is back under the id it had before it was merged, its records were the other's;
/// * `retired`: the entity is no more, nor is any of its records.
///
/// `record_keys` are the records that went from the one to the other: enough to take it back.
#[must_use]
pub fn history_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("entity_id", DataType::Utf8, false),
        Field::new("event", DataType::Utf8, false),
        Field::new("other_id", DataType::Utf8, true),
        Field::new("record_keys", DataType::List(record_keys_item()), true),
    ]))
}

/// One of the records of an event.
pub(crate) fn record_keys_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Binary, true))
}
