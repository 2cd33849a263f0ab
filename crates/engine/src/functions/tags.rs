//! `tags(text)`: a list out of a text that separates its items by `,` `，` `、` `;` `；` or `|`.

use std::sync::Arc;

use arrow::array::{Array, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::text_args::text_args;

/// The function.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(TagsFunction { signature: Signature::any(1, Volatility::Immutable) })
}

/// A call in a plan.
#[must_use]
pub fn tags(text: Expr) -> Expr {
    udf().call(vec![text])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TagsFunction {
    signature: Signature,
}

impl ScalarUDFImpl for TagsFunction {
    fn name(&self) -> &'static str {
        "tags"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = text_args(&args)?;
        let text = &columns[0];
        let field = Field::new("element", DataType::Utf8, true);
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in 0..text.len() {
            if text.is_null(row) {
                lists.append_null();
                continue;
            }
            for item in text.value(row).split([',', '，', '、', ';', '；', '|']) {
                let item = item.trim();
                if !item.is_empty() {
                    lists.values().append_value(item);
                }
            }
            lists.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(lists.finish())))
    }
}
