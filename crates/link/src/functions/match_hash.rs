//! `match_hash(a, …)`: 64 bits that agree exactly when all the values do; null when one is null or empty.

use std::sync::Arc;

use arrow::array::{Array, AsArray, UInt64Builder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::hash::hash64;

/// The function.
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(MatchHash { signature: Signature::variadic_any(Volatility::Immutable) })
}

/// A call in a plan.
pub fn match_hash(values: Vec<Expr>) -> Expr {
    udf().call(values)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MatchHash {
    signature: Signature,
}

impl ScalarUDFImpl for MatchHash {
    fn name(&self) -> &'static str {
        "match_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args
            .args
            .iter()
            .map(|arg| Ok(cast(&arg.to_array(args.number_rows)?, &DataType::Utf8)?))
            .collect::<Result<Vec<_>>>()?;
        let columns = columns.iter().map(|column| column.as_string::<i32>()).collect::<Vec<_>>();
        let mut hashes = UInt64Builder::with_capacity(args.number_rows);
        let mut text = Vec::new();
        'rows: for row in 0..args.number_rows {
            text.clear();
            for column in &columns {
                if column.is_null(row) || column.value(row).is_empty() {
                    hashes.append_null();
                    continue 'rows;
                }
                text.extend_from_slice(column.value(row).as_bytes());
                text.push(0x1f);
            }
            // 0 stands for null in the kernel.
            hashes.append_value(hash64(&text).max(1));
        }
        Ok(ColumnarValue::Array(Arc::new(hashes.finish())))
    }
}
