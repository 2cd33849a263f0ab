//! Arguments as text columns, whatever string type they come in.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, cast::as_string_array};
use datafusion::logical_expr::ScalarFunctionArgs;

/// Every argument as a `StringArray` of the batch's length.
pub fn text_args(args: &ScalarFunctionArgs) -> Result<Vec<Arc<StringArray>>> {
    args.args
        .iter()
        .map(|arg| {
            let array = arg.to_array(args.number_rows)?;
            let array = if array.data_type() == &DataType::Utf8 { array } else { cast(&array, &DataType::Utf8)? };
            Ok(Arc::new(as_string_array(&array)?.clone()))
        })
        .collect()
}

/// Whether any of the columns is null at a row.
pub fn any_null(columns: &[Arc<StringArray>], row: usize) -> bool {
    columns.iter().any(|column| column.is_null(row))
}
