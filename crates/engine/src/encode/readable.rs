//! Columns that text formats cannot hold as they are: geometry, bytes and (for flat formats) lists.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Whether a field holds WKB: by its GeoArrow extension, or by the house's name for geometry.
pub fn is_geometry(field: &Field) -> bool {
    let binary = matches!(field.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    let tagged = field.metadata().get("ARROW:extension:name").is_some_and(|name| name == "geoarrow.wkb");
    binary && (tagged || field.name() == "geom")
}

/// The batch with geometry as WKT, other bytes as hexadecimal digits and, when `flat`, lists as text
/// joined with `|`.
///
/// # Errors
/// A column that cannot be shown as text.
pub fn readable(batch: &RecordBatch, flat: bool) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let shown = match field.data_type() {
            _ if is_geometry(field) => as_wkt(column)?,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                as_hex(column)?
            }
            DataType::List(_) | DataType::LargeList(_) if flat => as_joined(column)?,
            DataType::Struct(_) | DataType::Map(..) if flat => as_text(column)?,
            _ => Arc::clone(column),
        };
        fields.push(Field::new(field.name(), shown.data_type().clone(), true));
        columns.push(shown);
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

fn as_wkt(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let bytes = cast(column, &DataType::LargeBinary)?;
    let bytes = bytes.as_binary::<i64>();
    let mut out = StringBuilder::with_capacity(bytes.len(), bytes.len() * 32);
    for row in 0..bytes.len() {
        if bytes.is_null(row) {
            out.append_null();
        } else {
            let text =
                jingwei_geo::to_wkt(bytes.value(row)).map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
            out.append_value(text);
        }
    }
    Ok(Arc::new(out.finish()))
}

fn as_hex(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use std::fmt::Write;
    let bytes = cast(column, &DataType::LargeBinary)?;
    let bytes = bytes.as_binary::<i64>();
    let mut out = StringBuilder::new();
    for row in 0..bytes.len() {
        if bytes.is_null(row) {
            out.append_null();
            continue;
        }
        for byte in bytes.value(row) {
            write!(out, "{byte:02x}").map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
        }
        out.append_value("");
    }
    Ok(Arc::new(out.finish()))
}

fn as_joined(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let list = match column.data_type() {
        DataType::LargeList(field) => cast(column, &DataType::List(field.clone()))?,
        _ => Arc::clone(column),
    };
    let list = list.as_list::<i32>();
    let mut out = StringBuilder::new();
    for row in 0..list.len() {
        if list.is_null(row) {
            out.append_null();
            continue;
        }
        let items = list.value(row);
        let formatter = ArrayFormatter::try_new(&items, &FormatOptions::default())?;
        let items =
            (0..items.len()).map(|item| formatter.value(item).try_to_string()).collect::<Result<Vec<_>, _>>()?;
        out.append_value(items.join("|"));
    }
    Ok(Arc::new(out.finish()))
}

fn as_text(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let formatter = ArrayFormatter::try_new(column, &FormatOptions::default())?;
    let mut out = StringBuilder::new();
    for row in 0..column.len() {
        if column.is_null(row) {
            out.append_null();
        } else {
            out.append_value(formatter.value(row).try_to_string()?);
        }
    }
    Ok(Arc::new(out.finish()))
}
