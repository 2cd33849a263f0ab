//! From records to what the kernel needs: keys, one hash per rule, one hash per conflict column.

use arrow::array::{AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use jingwei_model::config::EntityConfig;

use crate::functions::match_hash;
use crate::keyed::Keyed;
use crate::{LinkError, Result};

/// The records of one element, sorted by key; rows that share a key follow each other.
#[derive(Debug)]
pub struct Hashed {
    /// Record keys.
    pub keys: Vec<u128>,
    /// For each rule, one hash per row; 0 stands for null.
    pub rules: Vec<Vec<u64>>,
    /// For each conflict column, one hash per row; 0 stands for null.
    pub conflicts: Vec<Vec<u64>>,
    /// `_source`, `_record` and `_record_id` of each row.
    pub names: RecordBatch,
}

/// Evaluates the rules over the records.
pub async fn hashed(config: &EntityConfig, records: DataFrame) -> Result<Hashed> {
    let (state, _) = records.clone().into_parts();
    let context = SessionContext::new_with_state(state);
    let mut select = Vec::new();
    for (number, rule) in config.rules.iter().enumerate() {
        let mut parts = Vec::with_capacity(rule.on.len());
        for sql in &rule.on {
            parts.push(context.parse_sql_expr(sql, records.schema()).map_err(|error| LinkError::Rule {
                rule: rule.rule.clone(),
                sql: sql.clone(),
                message: error.strip_backtrace(),
            })?);
        }
        select.push(match_hash(parts).alias(format!("_rule_{number}")));
    }
    for (number, column) in config.conflict.iter().enumerate() {
        // A conflict column that no source fills is no column of the records; it disagrees with nothing.
        let value = if records.schema().has_column_with_unqualified_name(column) {
            ident(column)
        } else {
            Expr::Literal(datafusion::common::ScalarValue::Utf8(None), None)
        };
        select.push(match_hash(vec![value]).alias(format!("_conflict_{number}")));
    }
    let mut hashes = vec![Vec::new(); select.len()];
    let keyed = Keyed::read(records, select, |batch| {
        for (all, column) in hashes.iter_mut().zip(batch.columns()) {
            let column: &UInt64Array = column.as_primitive::<UInt64Type>();
            all.extend(column.iter().map(Option::unwrap_or_default));
        }
    })
    .await?;
    let keys = &keyed.keys;
    // Rows of equal keys are told apart by their hashes alone, so that the order they came in cannot matter.
    let mut order = (0..keys.len()).collect::<Vec<_>>();
    order.sort_unstable_by(|a, b| {
        keys[*a].cmp(&keys[*b]).then_with(|| hashes.iter().map(|all| all[*a]).cmp(hashes.iter().map(|all| all[*b])))
    });
    let sorted = |all: Vec<u64>| order.iter().map(|place| all[*place]).collect::<Vec<_>>();
    let mut hashes = hashes.into_iter().map(sorted).collect::<Vec<_>>();
    let conflicts = hashes.split_off(config.rules.len());
    let names = keyed.names(&order)?;
    Ok(Hashed { keys: order.iter().map(|place| keys[*place]).collect(), rules: hashes, conflicts, names })
}
