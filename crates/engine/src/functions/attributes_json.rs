//! `attributes_json(name, value, name, value, …)`: one JSON object a row; nulls are left out.

use std::sync::Arc;

use arrow::array::{Array, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::text_args::text_args;

/// The function.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(AttributesJsonFunction { signature: Signature::variadic_any(Volatility::Immutable) })
}

/// A call in a plan: names and values in turn.
#[must_use]
pub fn attributes_json(pairs: Vec<Expr>) -> Expr {
    udf().call(pairs)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AttributesJsonFunction {
    signature: Signature,
}

impl ScalarUDFImpl for AttributesJsonFunction {
    fn name(&self) -> &'static str {
        "attributes_json"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if !types.len().is_multiple_of(2) {
            return plan_err!("attributes_json takes names and values in turn");
        }
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = text_args(&args)?;
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 64);
        let mut object = String::new();
        for row in 0..args.number_rows {
            object.clear();
            for pair in columns.chunks_exact(2) {
                let (name, value) = (&pair[0], &pair[1]);
                if name.is_null(row) || value.is_null(row) {
                    continue;
                }
                object.push(if object.is_empty() { '{' } else { ',' });
                quote(name.value(row), &mut object);
                object.push(':');
                quote(value.value(row), &mut object);
            }
            if object.is_empty() {
                out.append_null();
            } else {
                object.push('}');
                out.append_value(&object);
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

fn quote(text: &str, out: &mut String) {
    // Serializing a string cannot fail; an empty quote would still be valid JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
}
