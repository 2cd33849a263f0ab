//! `record_key(source, record, record_id)`: the 16 bytes that name a record.

use std::sync::Arc;

use arrow::array::BinaryBuilder;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::hash::hash128;

use super::text_args::{any_null, text_args};

/// The function.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(RecordKeyFunction { signature: Signature::any(3, Volatility::Immutable) })
}

/// A call in a plan.
#[must_use]
pub fn record_key(source: Expr, record: Expr, record_id: Expr) -> Expr {
    udf().call(vec![source, record, record_id])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RecordKeyFunction {
    signature: Signature,
}

impl ScalarUDFImpl for RecordKeyFunction {
    fn name(&self) -> &'static str {
        "record_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = text_args(&args)?;
        let mut keys = BinaryBuilder::with_capacity(args.number_rows, args.number_rows * 16);
        let mut text = String::new();
        for row in 0..args.number_rows {
            if any_null(&columns, row) {
                keys.append_null();
                continue;
            }
            // The same text as `RecordKey::hash`, so that a key computed anywhere names the same record.
            text.clear();
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    text.push('\u{1f}');
                }
                text.push_str(column.value(row));
            }
            keys.append_value(hash128(text.as_bytes()).to_be_bytes());
        }
        Ok(ColumnarValue::Array(Arc::new(keys.finish())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Array, BinaryArray};
    use datafusion::prelude::SessionContext;
    use jingwei_model::RecordKey;

    #[tokio::test]
    async fn a_key_in_sql_is_the_key_of_the_model() {
        let context = SessionContext::new();
        context.register_udf(super::udf());
        let batches = context
            .sql("SELECT record_key('hukou', 'people', '42'), record_key('a', null, 'b')")
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        let key = RecordKey { source: "hukou".into(), record: "people".into(), record_id: "42".into() };
        let column = batches[0].column(0).as_any().downcast_ref::<BinaryArray>().unwrap();
        assert_eq!(column.value(0), key.hash().to_be_bytes());
        assert!(batches[0].column(1).is_null(0));
    }
}
