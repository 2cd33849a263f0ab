//! Geometry columns of a batch, whatever binary type they have.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::physical_expr::PhysicalExpr;

use super::asked::refuses_negative;
use super::extent::Extent;
use super::predicate::SpatialOn;
use crate::GeoError;

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

/// The distances an expression gives for a side's batch, whose first row is the side's row `first`; NaN where there is none.
///
/// # Errors
/// An expression that fails, and distances that the condition's function refuses.
pub fn distances(
    on: &SpatialOn,
    side: &str,
    first: usize,
    expr: &Arc<dyn PhysicalExpr>,
    batch: &RecordBatch,
) -> Result<Vec<f64>> {
    let array = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    let array = cast(&array, &DataType::Float64)?;
    let array = array.as_primitive::<arrow::datatypes::Float64Type>();
    if refuses_negative(on.function())
        && let Some((row, limit)) = array.iter().enumerate().find(|(_, limit)| limit.is_some_and(is_no_distance))
    {
        return Err(at(on, side, first + row, &no_distance(limit.unwrap_or_default())));
    }
    Ok(array.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// Whether a number is none that a distance can be.
pub const fn is_no_distance(limit: f64) -> bool {
    limit < 0.0 || limit.is_nan()
}

/// What is wrong with it.
pub fn no_distance(limit: f64) -> String {
    format!("a distance cannot be negative or NaN ({limit})")
}

/// What the rows are counted in: the left side is collected, of the right one only a batch is known.
pub const LEFT: &str = "the join's left side";
/// See [`LEFT`].
pub const RIGHT: &str = "a batch of the join's right side";

/// An error about one row of a side.
pub fn at(on: &SpatialOn, side: &str, row: usize, error: &dyn std::fmt::Display) -> DataFusionError {
    DataFusionError::Execution(format!("{}, row {} of {side}: {error}", on.function(), row + 1))
}

/// What a geometry lies in, as far as its first look tells.
///
/// # Errors
/// Coordinates that are no longitudes and latitudes, where the condition measures metres between them.
#[inline]
pub fn laid_out(on: &SpatialOn, seen: &Extent) -> Result<Extent, GeoError> {
    if on.is_on_earth() && !seen.is_empty() {
        let far = |low: f64, high: f64| if high > -low { high } else { low };
        let (x, y) = (far(seen.min_x, seen.max_x), far(seen.min_y, seen.max_y));
        if x.abs() > 180.0 || y.abs() > 90.0 {
            let crs = "longitude and latitude; ST_Transform gives EPSG:4326".to_owned();
            return Err(GeoError::Outside { x, y, crs });
        }
    }
    Ok(on.laid_out(seen))
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
