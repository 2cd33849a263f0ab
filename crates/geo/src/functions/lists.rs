//! Arguments that are a list of geometries.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;
use geo::Geometry;

use super::call::Call;
use crate::wkb::to_finite_geometry;

/// The geometries of a list argument (or a single geometry) at a row: none where it was left out, `None` for null.
pub fn geometries_at(call: &Call, place: usize, row: usize) -> Result<Option<Vec<Geometry>>> {
    let Some(value) = call.value(place) else { return Ok(Some(Vec::new())) };
    let (array, row_in_array) = match value {
        ColumnarValue::Array(array) => (std::sync::Arc::clone(array), row),
        ColumnarValue::Scalar(scalar) => (scalar.to_array_of_size(1)?, 0),
    };
    if array.is_null(row_in_array) {
        return Ok(None);
    }
    let items = match array.data_type() {
        DataType::List(_) => array.as_list::<i32>().value(row_in_array),
        DataType::LargeList(_) => array.as_list::<i64>().value(row_in_array),
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(row_in_array),
        _ => array.slice(row_in_array, 1),
    };
    let is_binary =
        matches!(items.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::Null);
    if !is_binary {
        return Err(call.error(row, format!("argument {} holds {}, not geometries", place + 1, items.data_type())));
    }
    let items = cast(&items, &DataType::Binary)?;
    let items = items.as_binary::<i32>();
    let geometries =
        items.iter().flatten().map(|bytes| to_finite_geometry(bytes).map_err(|error| call.error(row, error)));
    geometries.collect::<Result<Vec<_>>>().map(Some)
}
