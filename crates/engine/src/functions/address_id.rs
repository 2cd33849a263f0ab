//! `address_id(canonical)`: the id of a standard address in `base.addresses`.

use std::sync::Arc;

use arrow::array::{Array, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::hash::{base32, hash128};

use super::text_args::text_args;

/// The function.
#[must_use]
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(AddressIdFunction { signature: Signature::any(1, Volatility::Immutable) })
}

/// A call in a plan.
#[must_use]
pub fn address_id(canonical: Expr) -> Expr {
    udf().call(vec![canonical])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AddressIdFunction {
    signature: Signature,
}

impl ScalarUDFImpl for AddressIdFunction {
    fn name(&self) -> &'static str {
        "address_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = text_args(&args)?;
        let canonical = &columns[0];
        let mut ids = StringBuilder::with_capacity(canonical.len(), canonical.len() * 17);
        for row in 0..canonical.len() {
            if canonical.is_null(row) || canonical.value(row).is_empty() {
                ids.append_null();
            } else {
                ids.append_value(format!("d{}", base32(hash128(canonical.value(row).as_bytes()))));
            }
        }
        Ok(ColumnarValue::Array(Arc::new(ids.finish())))
    }
}
