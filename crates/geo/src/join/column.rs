//! Geometry columns of a batch, whatever binary type they have.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::physical_expr::PhysicalExpr;

/// The geometries an expression gives for a batch.
///
/// # Errors
/// An expression that fails or gives something else.
pub fn geometries(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BinaryArray> {
    let array = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    let array: ArrayRef = match array.data_type() {
        DataType::Binary => array,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) | DataType::Null => {
            cast(&array, &DataType::Binary)?
        }
        other => return exec_err!("a spatial join's {expr} is {other}, not a geometry (WKB)"),
    };
    Ok(array.as_binary::<i32>().clone())
}

/// Bytes a batch's rows take, without what its buffers hold beside them.
pub fn batch_bytes(batch: &RecordBatch) -> usize {
    let bytes =
        |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size());
    batch.columns().iter().map(bytes).sum()
}

/// The numbers an expression gives for a batch; NaN where there is none.
///
/// # Errors
/// An expression that fails, and distances below zero.
pub fn distances(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<Vec<f64>> {
    let array = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    let array = cast(&array, &DataType::Float64)?;
    let array = array.as_primitive::<arrow::datatypes::Float64Type>();
    Ok(array.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// An error about one geometry of a side.
pub fn at(side: &str, row: usize, error: &dyn std::fmt::Display) -> DataFusionError {
    DataFusionError::Execution(format!("spatial join, row {} of the {side} side's batch: {error}", row + 1))
}

/// Calls `each(row, bytes)` for the rows that are not null.
///
/// # Errors
/// What `each` fails with.
pub fn each_geometry<'a>(array: &'a BinaryArray, mut each: impl FnMut(usize, &'a [u8]) -> Result<()>) -> Result<()> {
    if array.null_count() == 0 {
        let (offsets, values) = (array.value_offsets(), array.value_data());
        for (row, pair) in offsets.windows(2).enumerate() {
            each(row, &values[pair[0] as usize..pair[1] as usize])?;
        }
        return Ok(());
    }
    for (row, bytes) in array.iter().enumerate() {
        if let Some(bytes) = bytes {
            each(row, bytes)?;
        }
    }
    Ok(())
}
