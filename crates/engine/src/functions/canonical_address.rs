//! `canonical_address(text)`: the standard spelling of an address, by the city's style. Chinese addresses go
//! through the parser in sixteen levels; any others are upper-cased and their spaces and punctuation settled.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;
use jingwei_model::config::AddressStyle;

use super::text_args::text_args;
use crate::error::EngineError;

/// The function for a city's style. `context` has the function `address`.
///
/// # Errors
/// The session lacks `address`.
pub fn canonical_address(context: &SessionContext, style: AddressStyle) -> crate::Result<ScalarUDF> {
    let parser = match style {
        AddressStyle::Plain => None,
        AddressStyle::Cn => Some(context.udf("address").map_err(EngineError::plan("finding the function `address`"))?),
    };
    Ok(ScalarUDF::from(CanonicalAddress { parser, signature: Signature::any(1, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CanonicalAddress {
    parser: Option<Arc<ScalarUDF>>,
    signature: Signature,
}

impl ScalarUDFImpl for CanonicalAddress {
    fn name(&self) -> &'static str {
        "canonical_address"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(parser) = &self.parser else {
            let columns = text_args(&args)?;
            let mut output = StringBuilder::with_capacity(args.number_rows, args.number_rows * 32);
            for row in 0..args.number_rows {
                let text = (!columns[0].is_null(row)).then(|| plain(columns[0].value(row)));
                output.append_option(text.filter(|text| !text.is_empty()));
            }
            return Ok(ColumnarValue::Array(Arc::new(output.finish())));
        };
        let column = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Utf8)?;
        args.args = vec![ColumnarValue::Array(column)];
        let number_rows = args.number_rows;
        args.arg_fields = vec![Arc::new(arrow::datatypes::Field::new("text", DataType::Utf8, true))];
        args.return_field = parser.return_field_from_args(datafusion::logical_expr::ReturnFieldArgs {
            arg_fields: &args.arg_fields,
            scalar_arguments: &[None],
        })?;
        let parsed = parser.invoke_with_args(args)?.to_array(number_rows)?;
        let Some(canonical) = parsed.as_struct_opt().and_then(|parsed| parsed.column_by_name("canonical")) else {
            return exec_err!("address() gave no canonical spelling");
        };
        Ok(ColumnarValue::Array(merge_nulls(canonical, &parsed)?))
    }
}

/// A null struct has no canonical spelling, whatever its child holds.
fn merge_nulls(column: &ArrayRef, parent: &ArrayRef) -> Result<ArrayRef> {
    Ok(match parent.nulls() {
        None => Arc::clone(column),
        Some(_) => arrow::compute::nullif(column, &arrow::compute::is_null(parent)?)?,
    })
}

/// Upper case; every run of spaces and punctuation is one space.
pub(crate) fn plain(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for word in text
        .split(|character: char| !(character.is_alphanumeric() || character == '-' || character == '/'))
        .filter(|word| !word.is_empty())
    {
        if !output.is_empty() {
            output.push(' ');
        }
        output.extend(word.chars().flat_map(char::to_uppercase));
    }
    output
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn spellings_of_a_foreign_address_agree() {
        assert_eq!(plain(" 23-17  Steinway st., "), "23-17 STEINWAY ST");
        assert_eq!(plain("23-17 STEINWAY ST"), plain("23-17 steinway\tSt."));
    }
}
