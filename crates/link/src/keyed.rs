//! What every way of linking reads of the records of an element: their keys, and what they are called.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;

use crate::{LinkError, Result, members_schema};

/// Rows in the order they came: keys, and batches of `_source`, `_record` and `_record_id` with the place of each row.
#[derive(Debug, Default)]
pub struct Keyed {
    /// Key of each row.
    pub keys: Vec<u128>,
    batches: Vec<RecordBatch>,
    places: Vec<(usize, usize)>,
}

impl Keyed {
    /// Reads the records. `more` are further expressions: `tell` is given each batch of them.
    ///
    /// # Errors
    /// A row without a key, or with one that is not 16 bytes.
    pub async fn read(records: DataFrame, more: Vec<Expr>, mut tell: impl FnMut(&RecordBatch)) -> Result<Self> {
        let mut select = ["_key", "_source", "_record", "_record_id"].map(ident).to_vec();
        let others = (select.len()..select.len() + more.len()).collect::<Vec<_>>();
        select.extend(more);
        let mut stream = records.select(select)?.execute_stream().await?;
        let mut keyed = Self::default();
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
                keyed.keys.push(u128::from_be_bytes(bytes));
                keyed.places.push((keyed.batches.len(), row));
            }
            tell(&batch.project(&others)?);
            keyed.batches.push(batch.project(&[1, 2, 3])?);
        }
        Ok(keyed)
    }

    /// `_source`, `_record` and `_record_id` of some rows, in the order given.
    ///
    /// # Errors
    /// Never for rows that were read.
    pub fn names(&self, rows: &[usize]) -> Result<RecordBatch> {
        if self.batches.is_empty() {
            return Ok(RecordBatch::new_empty(std::sync::Arc::new(members_schema().project(&[1, 2, 3])?)));
        }
        let places = rows.iter().map(|row| self.places[*row]).collect::<Vec<_>>();
        Ok(interleave_record_batch(&self.batches.iter().collect::<Vec<_>>(), &places)?)
    }
}
