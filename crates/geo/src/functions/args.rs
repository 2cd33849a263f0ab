//! Arguments of spatial functions: geometry columns of any binary type, numbers and texts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::ScalarFunctionArgs;
use geo::Geometry;

use crate::to_geometry;

/// One argument as a column of the batch's length, or one value for all rows.
pub struct Column<T> {
    array: Arc<T>,
    constant: bool,
}

impl<T: Array> Column<T> {
    fn place(&self, row: usize) -> Option<usize> {
        let place = if self.constant { 0 } else { row };
        self.array.is_valid(place).then_some(place)
    }

    /// Whether every row has the same value.
    pub const fn is_constant(&self) -> bool {
        self.constant
    }
}

impl Column<BinaryArray> {
    pub fn bytes(&self, row: usize) -> Option<&[u8]> {
        self.place(row).map(|place| self.array.value(place))
    }

    /// The geometry at a row; `name` is the function's, for the error.
    pub fn geometry(&self, name: &str, row: usize) -> Result<Option<Geometry>> {
        self.bytes(row).map(|bytes| to_geometry(bytes).map_err(|error| at(name, row, &error))).transpose()
    }
}

impl Column<Float64Array> {
    pub fn number(&self, row: usize) -> Option<f64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Column<StringArray> {
    pub fn text(&self, row: usize) -> Option<&str> {
        self.place(row).map(|place| self.array.value(place))
    }
}

/// An error about one row of one function.
pub fn at(name: &str, row: usize, error: &dyn std::fmt::Display) -> DataFusionError {
    DataFusionError::Execution(format!("{name}, row {} of the batch: {error}", row + 1))
}

pub fn geometry(args: &ScalarFunctionArgs, place: usize, name: &str) -> Result<Column<BinaryArray>> {
    let (array, constant) = column(args, place)?;
    let array = match array.data_type() {
        DataType::Binary => array,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) | DataType::Null => {
            cast(&array, &DataType::Binary)?
        }
        other => {
            return exec_err!(
                "{name}: argument {} is {other}, not a geometry (WKB); ST_GeomFromText reads text",
                place + 1
            );
        }
    };
    Ok(Column { array: Arc::new(array.as_binary::<i32>().clone()), constant })
}

pub fn number(args: &ScalarFunctionArgs, place: usize) -> Result<Column<Float64Array>> {
    let (array, constant) = column(args, place)?;
    let array = cast(&array, &DataType::Float64)?;
    Ok(Column { array: Arc::new(array.as_primitive().clone()), constant })
}

pub fn text(args: &ScalarFunctionArgs, place: usize) -> Result<Column<StringArray>> {
    let (array, constant) = column(args, place)?;
    let array = cast(&array, &DataType::Utf8)?;
    Ok(Column { array: Arc::new(array.as_string::<i32>().clone()), constant })
}

fn column(args: &ScalarFunctionArgs, place: usize) -> Result<(ArrayRef, bool)> {
    use datafusion::logical_expr::ColumnarValue;
    match args.args.get(place) {
        Some(ColumnarValue::Array(array)) => Ok((Arc::clone(array), false)),
        Some(ColumnarValue::Scalar(scalar)) => Ok((scalar.to_array_of_size(1)?, true)),
        None => exec_err!("argument {} is missing", place + 1),
    }
}
