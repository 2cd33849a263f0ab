//! Addresses in SQL.

mod address;
mod address_key;
mod canonical_address;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarFunctionArgs, ScalarUDF};

use super::AddressParser;

const SECTION: DocSection = DocSection { include: true, label: "Addresses", description: None };

/// The SQL functions over addresses, with the built-in table of divisions.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    functions_with(AddressParser::builtin())
}

/// The same with a parser of the caller's, such as one that learned the city's registers.
#[must_use]
pub fn functions_with(parser: &Arc<AddressParser>) -> Vec<ScalarUDF> {
    vec![address::udf(parser), address_key::udf(parser), canonical_address::udf(parser)]
}

/// An argument as text of whatever string type.
fn text_argument(args: &ScalarFunctionArgs, place: usize) -> Result<ArrayRef> {
    match args.args.get(place) {
        Some(argument) => Ok(cast(&argument.to_array(args.number_rows)?, &DataType::Utf8)?),
        None => exec_err!("argument {} is missing", place + 1),
    }
}

/// Calls `each` with every row's text, null where it is null. Texts that repeat one after the other are the common
/// case of registers sorted by address, so `each` is told whether this one does.
fn for_each(texts: &StringArray, mut each: impl FnMut(Option<&str>, bool)) {
    let mut last: Option<&str> = None;
    for text in texts {
        each(text, text.is_some() && text == last);
        last = text;
    }
}

fn strings(array: &ArrayRef) -> &StringArray {
    array.as_string()
}
