//! From records to what the kernel needs: keys, one hash per rule, one hash per conflict column.

use arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::{DataType, UInt64Type};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use futures::TryStreamExt;
use jingwei_model::config::EntityConfig;

use crate::functions::match_hash;
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
    let mut select = ["_key", "_source", "_record", "_record_id"].map(ident).to_vec();
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
    let mut stream = records.select(select)?.execute_stream().await?;
    let (rules, conflicts) = (config.rules.len(), config.conflict.len());
    let mut keys: Vec<u128> = Vec::new();
    let mut hashes = vec![Vec::new(); rules + conflicts];
    let mut names = Vec::new();
    let mut places = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        let column = cast(batch.column(0), &DataType::Binary)?;
        let column = column.as_binary::<i32>();
        for row in 0..batch.num_rows() {
            if column.is_null(row) {
                return Err(LinkError::Internal("a record without a key".to_owned()));
            }
            let bytes: [u8; 16] = column
                .value(row)
                .try_into()
                .map_err(|_| LinkError::Internal("a record key that is not 16 bytes".to_owned()))?;
            keys.push(u128::from_be_bytes(bytes));
            places.push((names.len(), row));
        }
        for (number, all) in hashes.iter_mut().enumerate() {
            let column: &UInt64Array = batch.column(4 + number).as_primitive::<UInt64Type>();
            all.extend(column.iter().map(Option::unwrap_or_default));
        }
        names.push(batch.project(&[1, 2, 3])?);
    }
    // Rows of equal keys are told apart by their hashes alone, so that the order they came in cannot matter.
    let mut order = (0..keys.len()).collect::<Vec<_>>();
    order.sort_unstable_by(|a, b| {
        keys[*a].cmp(&keys[*b]).then_with(|| hashes.iter().map(|all| all[*a]).cmp(hashes.iter().map(|all| all[*b])))
    });
    let sorted = |all: Vec<u64>| order.iter().map(|place| all[*place]).collect::<Vec<_>>();
    let mut hashes = hashes.into_iter().map(sorted).collect::<Vec<_>>();
    let conflicts = hashes.split_off(rules);
    let places = order.iter().map(|place| places[*place]).collect::<Vec<_>>();
    let names = if names.is_empty() {
        let schema = crate::members_schema().project(&[1, 2, 3])?;
        RecordBatch::new_empty(std::sync::Arc::new(schema))
    } else {
        interleave_record_batch(&names.iter().collect::<Vec<_>>(), &places)?
    };
    Ok(Hashed { keys: order.iter().map(|place| keys[*place]).collect(), rules: hashes, conflicts, names })
}
