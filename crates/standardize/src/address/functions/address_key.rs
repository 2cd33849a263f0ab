//! `address_key(text, level)`: the standard spelling of an address down to a level.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{Parser, SECTION, strings, text_argument};
use crate::address::{Grain, Parsed};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        SECTION,
        "The standard spelling of an address down to a level, such as its building; null if the address is not that fine.",
        "address_key(text, level)",
    )
    .with_argument("text", "the address as written")
    .with_argument("level", "province, city, district, town, community, road, compound, building, unit or room")
    .with_sql_example("SELECT address_key('北京市朝阳区阜通东大街6号院5号楼2单元501', 'building');")
    .build()
});

pub(super) fn udf(parser: &Parser) -> ScalarUDF {
    ScalarUDF::from(AddressKeyFunction { parser: parser.clone(), signature: Signature::any(2, Volatility::Immutable) })
}

#[derive(Debug)]
struct AddressKeyFunction {
    parser: Parser,
    signature: Signature,
}

impl PartialEq for AddressKeyFunction {
    fn eq(&self, other: &Self) -> bool {
        self.parser == other.parser
    }
}

impl Eq for AddressKeyFunction {}

impl Hash for AddressKeyFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for AddressKeyFunction {
    fn name(&self) -> &'static str {
        "address_key"
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
        let levels = text_argument(&args, 1)?;
        let (texts, levels) = (strings(&texts), strings(&levels));
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 64);
        let mut parsed = Parsed::default();
        let mut last: Option<&str> = None;
        for row in 0..texts.len() {
            if texts.is_null(row) || levels.is_null(row) {
                out.append_null();
                continue;
            }
            let Some(grain) = Grain::of_name(levels.value(row)) else {
                let known = Grain::ALL.map(Grain::name).join(", ");
                return exec_err!("`{}` is no level of an address; the levels are {known}", levels.value(row));
            };
            let text = texts.value(row);
            if last != Some(text) {
                parser.parse(text, &mut parsed);
                last = Some(text);
            }
            out.append_option(parsed.key(grain));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}
