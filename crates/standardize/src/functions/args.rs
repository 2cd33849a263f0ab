//! Arguments of a function: columns of any type that can be read as the wanted one, or one value for all
//! rows; and the structs that some functions give.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Fields, TimeUnit};
use chrono::{NaiveDate, Utc};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// One argument.
pub(crate) struct Argument<T> {
    array: T,
    constant: bool,
}

impl<T: Array> Argument<T> {
    fn place(&self, row: usize) -> Option<usize> {
        let place = if self.constant { 0 } else { row };
        self.array.is_valid(place).then_some(place)
    }
}

impl Argument<StringArray> {
    pub fn text(&self, row: usize) -> Option<&str> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Argument<TimestampMicrosecondArray> {
    pub fn micros(&self, row: usize) -> Option<i64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

pub(crate) fn text(args: &ScalarFunctionArgs, place: usize) -> Result<Argument<StringArray>> {
    let (array, constant) = argument(args, place, &DataType::Utf8)?;
    Ok(Argument { array: array.as_string::<i32>().clone(), constant })
}

pub(crate) fn timestamp(args: &ScalarFunctionArgs, place: usize) -> Result<Argument<TimestampMicrosecondArray>> {
    let (array, constant) = argument(args, place, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    Ok(Argument { array: array.as_primitive().clone(), constant })
}

fn argument(args: &ScalarFunctionArgs, place: usize, kind: &DataType) -> Result<(ArrayRef, bool)> {
    let (array, constant) = match args.args.get(place) {
        Some(ColumnarValue::Array(array)) => (Arc::clone(array), false),
        Some(ColumnarValue::Scalar(scalar)) => (scalar.to_array_of_size(1)?, true),
        None => return exec_err!("argument {} is missing", place + 1),
    };
    Ok((if array.data_type() == kind { array } else { cast(&array, kind)? }, constant))
}

/// A struct array of these children, null where the function's argument is.
pub(crate) fn structs(
    fields: &Fields,
    children: Vec<ArrayRef>,
    argument: &Argument<StringArray>,
    rows: usize,
) -> Result<ArrayRef> {
    let nulls = if argument.constant {
        Some(NullBuffer::from_iter((0..rows).map(|row| argument.place(row).is_some())))
    } else {
        argument.array.logical_nulls()
    };
    Ok(Arc::new(StructArray::try_new(fields.clone(), children, nulls)?))
}

/// Children of the types that structs have here.
pub(crate) fn strings<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

/// Truth values as an array.
pub(crate) fn booleans(values: Vec<Option<bool>>) -> ArrayRef {
    Arc::new(BooleanArray::from(values))
}

/// Today, for what must not lie in the future. Somewhere on earth it is already tomorrow.
pub(crate) fn today() -> NaiveDate {
    let utc = Utc::now().date_naive();
    utc.succ_opt().unwrap_or(utc)
}
