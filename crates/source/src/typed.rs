//! Assembles batches of typed rows, value by value, with their numbers and faults.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanArray, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::compute::nullif;
use arrow::datatypes::{DataType, Field, TimeUnit};
use jingwei_geo::WRITTEN_CRS;
use jingwei_model::Reason;

use crate::error::{Result, SourceError};
use crate::part::BATCH_ROWS;
use crate::provenance::{Provenance, RowFault};

/// Text and bytes gathered in one batch at most, so that long cells cannot make a batch outgrow memory.
const BATCH_BYTES: usize = 32 << 20;

/// Name of the geometry column of every format.
pub const GEOMETRY: &str = "geom";

/// The geometry column, with its coordinate system.
pub fn geometry_field(crs: &str) -> Field {
    Field::new(GEOMETRY, DataType::Binary, true).with_metadata([(WRITTEN_CRS.to_owned(), crs.to_owned())].into())
}

/// One value, borrowed from the reader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01, in the zone of the column.
    Moment(i64),
    /// Bytes, or a geometry as WKB.
    Bytes(&'a [u8]),
}

#[derive(Debug)]
enum Column {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
}

impl Column {
    fn new(kind: &DataType) -> Result<Self> {
        Ok(match kind {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Float64 => Self::Number(Float64Builder::new()),
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Moment(TimestampMicrosecondBuilder::new().with_data_type(kind.clone()))
            }
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            other => return Err(SourceError::Internal(format!("raw columns have no type {other}"))),
        })
    }

    fn null(&mut self) {
        match self {
            Self::Text(column) => column.append_null(),
            Self::Integer(column) => column.append_null(),
            Self::Number(column) => column.append_null(),
            Self::Boolean(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
            Self::Moment(column) => column.append_null(),
            Self::Bytes(column) => column.append_null(),
        }
    }

    /// `false` for a value of another type; nothing is appended then.
    fn put(&mut self, value: Value<'_>) -> bool {
        match (self, value) {
            (column, Value::Null) => column.null(),
            (Self::Text(column), Value::Text(text)) => column.append_value(text),
            (Self::Integer(column), Value::Integer(value)) => column.append_value(value),
            (Self::Number(column), Value::Number(value)) => column.append_value(value),
            (Self::Number(column), Value::Integer(value)) => column.append_value(value as f64),
            (Self::Boolean(column), Value::Boolean(value)) => column.append_value(value),
            (Self::Boolean(column), Value::Integer(value @ (0 | 1))) => column.append_value(value == 1),
            (Self::Date(column), Value::Date(value)) => column.append_value(value),
            (Self::Moment(column), Value::Moment(value)) => column.append_value(value),
            (Self::Bytes(column), Value::Bytes(bytes)) => column.append_value(bytes),
            (Self::Text(column), Value::Integer(value)) => column.append_value(value.to_string()),
            (Self::Text(column), Value::Number(value)) => column.append_value(value.to_string()),
            _ => return false,
        }
        true
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Number(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Moment(column) => Arc::new(column.finish()),
            Self::Bytes(column) => Arc::new(column.finish()),
        }
    }
}

/// Builds batches of typed columns.
#[derive(Debug)]
pub struct TypedRows {
    provenance: Provenance,
    columns: Vec<Column>,
    /// Columns of the present row that have their value.
    filled: usize,
    rows: Vec<i64>,
    faults: Vec<RowFault>,
    bytes: usize,
}

impl TypedRows {
    /// For a part with these columns.
    ///
    /// # Errors
    /// A column of a type raw batches do not have: a bug.
    pub fn new(file: impl Into<String>, sheet: Option<String>, fields: Vec<Field>) -> Result<Self> {
        let columns = fields.iter().map(|field| Column::new(field.data_type())).collect::<Result<_>>()?;
        Ok(Self {
            provenance: Provenance::new(file, sheet, fields),
            columns,
            filled: 0,
            rows: Vec::new(),
            faults: Vec::new(),
            bytes: 0,
        })
    }

    /// The provenance and schema of the batches.
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Sets the next column of the present row; `false` when the value is not of the column's type.
    #[must_use]
    pub fn put(&mut self, value: Value<'_>) -> bool {
        let Some(column) = self.columns.get_mut(self.filled) else { return false };
        self.bytes += match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 8,
        };
        let fits = column.put(value);
        self.filled += usize::from(fits);
        fits
    }

    /// Ends the present row; columns without a value are null.
    pub fn end(&mut self, row: i64) {
        self.columns[self.filled..].iter_mut().for_each(Column::null);
        self.filled = 0;
        self.rows.push(row);
    }

    /// Ends the present row as one that could not be read: whatever was set becomes null.
    pub fn fail(&mut self, row: i64, reason: Reason, text: impl Into<String>) {
        let text = text.into();
        self.bytes += text.len();
        self.faults.push(RowFault { index: self.rows.len(), reason, text });
        self.end(row);
    }

    /// Whether the batch should go.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The gathered rows as a batch; begins the next one.
    ///
    /// # Errors
    /// A bug in the assembly.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        let faults = std::mem::take(&mut self.faults);
        let mut columns: Vec<ArrayRef> = self.columns.iter_mut().map(Column::finish).collect();
        if !faults.is_empty() {
            let mut failed = vec![false; rows.len()];
            for fault in &faults {
                failed[fault.index] = true;
            }
            let failed = BooleanArray::from(failed);
            for column in &mut columns {
                *column = nullif(column, &failed)?;
            }
        }
        self.provenance.batch(rows, &faults, columns)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn a_row_that_fails_halfway_leaves_no_value_behind() {
        let fields = vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)];
        let mut rows = TypedRows::new("f", None, fields).unwrap();
        assert!(rows.put(Value::Integer(1)));
        assert!(rows.put(Value::Text("x")));
        rows.end(1);
        assert!(rows.put(Value::Integer(2)));
        assert!(!rows.put(Value::Bytes(b"?")));
        rows.fail(2, Reason::Malformed, "2,?");
        assert!(rows.put(Value::Integer(3)));
        rows.end(3);
        let batch = rows.finish().unwrap();
        assert_eq!(batch.column(5).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(1), None, Some(3)]);
        assert_eq!(batch.column(6).null_count(), 2);
        assert_eq!(batch.column(3).as_string::<i32>().value(1), "malformed");
        assert_eq!(batch.column(4).as_string::<i32>().value(1), "2,?");
    }
}
