//! `row_hash(a, b, …)`: 16 bytes that differ when any of the values differs; tells a changed row from an unchanged one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::hash::hash128;

/// The function.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(RowHashFunction { signature: Signature::variadic_any(Volatility::Immutable) })
}

/// A call in a plan.
#[must_use]
pub fn row_hash(values: Vec<Expr>) -> Expr {
    udf().call(values)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowHashFunction {
    signature: Signature,
}

impl ScalarUDFImpl for RowHashFunction {
    fn name(&self) -> &'static str {
        "row_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays =
            args.args.iter().map(|arg| plain(arg.to_array(args.number_rows)?)).collect::<Result<Vec<ArrayRef>>>()?;
        let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(&arrays)?;
        let mut hashes = BinaryBuilder::with_capacity(args.number_rows, args.number_rows * 16);
        for row in &rows {
            hashes.append_value(hash128(row.as_ref()).to_be_bytes());
        }
        Ok(ColumnarValue::Array(Arc::new(hashes.finish())))
    }
}

/// The view types encode alike in rows, but a table read back may mix them with the plain ones: settle on the plain ones.
fn plain(array: ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Utf8View => arrow::compute::cast(&array, &DataType::Utf8)?,
        DataType::BinaryView => arrow::compute::cast(&array, &DataType::Binary)?,
        _ => array,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn only_equal_rows_have_equal_hashes() {
        let context = SessionContext::new();
        context.register_udf(super::udf());
        let sql = "SELECT count(DISTINCT row_hash(a, b)) AS n FROM (VALUES ('x', 1), ('x', 1), ('x', 2), ('', 1), (null, 1)) AS t(a, b)";
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        assert_eq!(
            arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string().matches("| 4 |").count(),
            1
        );
    }
}
