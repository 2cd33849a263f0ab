//! The columns that say where each row came from, before the data columns of every raw batch.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use jingwei_model::Reason;

use crate::error::Result;

/// Names of the provenance columns, in order.
pub const PROVENANCE: [&str; 5] = ["_file", "_sheet", "_row", "_error", "_text"];

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub reason: Reason,
    /// The row as it stands in the file, as far as it can be shown.
    pub text: String,
}

/// Puts the provenance columns before the data columns of each batch of a part.
#[derive(Debug, Clone)]
pub struct Provenance {
    file: String,
    sheet: Option<String>,
    schema: SchemaRef,
}

impl Provenance {
    /// For a part with these data columns.
    pub fn new(
        file: impl Into<String>,
        sheet: Option<String>,
        data: impl IntoIterator<Item = impl Into<FieldRef>>,
    ) -> Self {
        let mut fields: Vec<FieldRef> = vec![
            Arc::new(Field::new("_file", DataType::Utf8, false)),
            Arc::new(Field::new("_sheet", DataType::Utf8, true)),
            Arc::new(Field::new("_row", DataType::Int64, false)),
            Arc::new(Field::new("_error", DataType::Utf8, true)),
            Arc::new(Field::new("_text", DataType::Utf8, true)),
        ];
        for field in data {
            let field: FieldRef = field.into();
            // A department's own `_row` must not stand for ours.
            let taken = PROVENANCE.contains(&field.name().as_str());
            fields.push(if taken {
                Arc::new(field.as_ref().clone().with_name(format!("{}_", field.name())))
            } else {
                field
            });
        }
        Self { file: file.into(), sheet, schema: Arc::new(Schema::new(fields)) }
    }

    /// The schema of the finished batches.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The data columns alone.
    #[must_use]
    pub fn data_fields(&self) -> &[FieldRef] {
        &self.schema.fields()[PROVENANCE.len()..]
    }

    /// What `_file` says.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What `_sheet` says.
    #[must_use]
    pub fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    /// A finished batch. `rows` are the rows' numbers, `faults` (ordered by index) those that could not
    /// be read: their data columns must be null already.
    ///
    /// # Errors
    /// Columns that do not fit the schema: a bug.
    pub fn batch(&self, rows: Vec<i64>, faults: &[RowFault], data: Vec<ArrayRef>) -> Result<RecordBatch> {
        let count = rows.len();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(PROVENANCE.len() + data.len());
        columns.push(Arc::new(StringArray::new_repeated(&self.file, count)));
        columns.push(match &self.sheet {
            Some(sheet) => Arc::new(StringArray::new_repeated(sheet, count)),
            None => new_null_array(&DataType::Utf8, count),
        });
        columns.push(Arc::new(Int64Array::from(rows)));
        if faults.is_empty() {
            columns.push(new_null_array(&DataType::Utf8, count));
            columns.push(new_null_array(&DataType::Utf8, count));
        } else {
            let (mut errors, mut texts) = (StringBuilder::new(), StringBuilder::new());
            let mut written = 0;
            for fault in faults {
                errors.append_nulls(fault.index - written);
                texts.append_nulls(fault.index - written);
                errors.append_value(fault.reason.code());
                texts.append_value(&fault.text);
                written = fault.index + 1;
            }
            errors.append_nulls(count - written);
            texts.append_nulls(count - written);
            columns.push(Arc::new(errors.finish()));
            columns.push(Arc::new(texts.finish()));
        }
        columns.extend(data);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Array, AsArray};

    use super::*;

    #[test]
    fn a_row_that_could_not_be_read_carries_its_reason_and_text() {
        let provenance = Provenance::new("a.csv", None, [Field::new("x", DataType::Utf8, true)]);
        let data: ArrayRef = Arc::new(StringArray::from(vec![Some("1"), None, Some("3")]));
        let fault = RowFault { index: 1, reason: Reason::RaggedRow, text: "a,b".to_owned() };
        let batch = provenance.batch(vec![2, 3, 4], &[fault], vec![data]).unwrap();
        let errors = batch.column(3).as_string::<i32>();
        assert_eq!(errors.iter().collect::<Vec<_>>(), [None, Some("ragged_row"), None]);
        assert_eq!(batch.column(4).as_string::<i32>().value(1), "a,b");
        assert_eq!(batch.column(1).null_count(), 3);
    }
}
