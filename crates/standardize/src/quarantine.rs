//! Refused rows, with everything needed to find and mend them.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value};

use crate::StandardizeError;
use crate::cells::{Cells, get};
use crate::report::Rejection;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("_file", DataType::Utf8, true),
        Field::new("_sheet", DataType::Utf8, true),
        Field::new("_row", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, false),
        Field::new("original", DataType::Utf8, true),
        Field::new("raw", DataType::Utf8, false),
    ]))
});

/// The schema of every quarantine batch.
pub(crate) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The refused rows of a batch; `provenance` are its columns `_file`, `_sheet` and `_row`.
pub(crate) fn batch<'a>(
    rejections: &[Rejection],
    provenance: &[ArrayRef; 3],
    cells: &Cells<'_>,
    unread: Option<usize>,
    name: impl Fn(usize) -> &'a str,
) -> Result<RecordBatch, StandardizeError> {
    let rows = rejections.iter().map(|rejection| rejection.row as u64).collect::<UInt64Array>();
    let (mut column, mut reason, mut original, mut raw) =
        (StringBuilder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    for rejection in rejections {
        column.append_option(rejection.column.map(&name));
        reason.append_value(&rejection.reason);
        original.append_option(rejection.original.as_deref());
        raw.append_value(row_as_json(cells, rejection.row, unread)?);
    }
    let mut columns = provenance.iter().map(|array| take(array, &rows, None)).collect::<Result<Vec<_>, _>>()?;
    columns.extend([column, reason, original, raw].map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// The raw row as a JSON object of texts; of a row that could not be read, its text.
fn row_as_json(cells: &Cells<'_>, row: usize, unread: Option<usize>) -> Result<String, StandardizeError> {
    let mut object = Map::new();
    if let Some(place) = unread
        && let Some(text) = get(cells.texts(place)?, row)
    {
        object.insert("_text".to_owned(), Value::from(text));
    }
    for (place, field) in cells.batch.schema_ref().fields().iter().enumerate() {
        if !field.name().starts_with('_') {
            object.insert(field.name().clone(), get(cells.texts(place)?, row).map_or(Value::Null, Value::from));
        }
    }
    Ok(serde_json::to_string(&object)?)
}
