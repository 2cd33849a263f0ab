//! `canonical_address(text)`: the standard spelling of an address.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{Parser, SECTION, for_each, strings, text_argument};
use crate::address::Parsed;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        SECTION,
        "The standard spelling of an address: full names of divisions, Arabic numbers, one word for each kind of number. \
         Equal for all spellings that mean the same; null where nothing of an address is understood.",
        "canonical_address(text)",
    )
    .with_argument("text", "the address as written")
    .with_sql_example("SELECT canonical_address('朝阳望京街道阜通东大街六号5-2-0501');")
    .build()
});

pub(super) fn udf(parser: &Parser) -> ScalarUDF {
    ScalarUDF::from(CanonicalAddressFunction {
        parser: parser.clone(),
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug)]
struct CanonicalAddressFunction {
    parser: Parser,
    signature: Signature,
}

impl PartialEq for CanonicalAddressFunction {
    fn eq(&self, other: &Self) -> bool {
        self.parser == other.parser
    }
}

impl Eq for CanonicalAddressFunction {}

impl Hash for CanonicalAddressFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for CanonicalAddressFunction {
    fn name(&self) -> &'static str {
        "canonical_address"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let parser = self.parser.get();
        let texts = text_argument(&args, 0)?;
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 64);
        let mut parsed = Parsed::default();
        for_each(strings(&texts), |text, repeats| {
            let Some(text) = text else { return out.append_null() };
            if !repeats {
                parser.parse(text, &mut parsed);
            }
            out.append_option(Some(parsed.canonical()).filter(|canonical| !canonical.is_empty()));
        });
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}
