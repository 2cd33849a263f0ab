//! `mask_key(id, prefix, suffix)`: the key under which a whole id and a masked one meet.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::id::mask_key;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        DocSection { include: true, label: "Linkage Functions", description: None },
        "The first and last characters of an id that shows at least those, so that a whole id and its masked form have \
         the same key; null when fewer show.",
        "mask_key(id, prefix, suffix)",
    )
    .with_sql_example(
        "```sql\nSELECT mask_key('110105********002X', 6, 4) = mask_key('11010519491231002X', 6, 4); -- true\n```",
    )
    .with_argument("id", "An id or phone number, whole or masked with `*` or `×`.")
    .with_argument("prefix", "How many characters at the start must show.")
    .with_argument("suffix", "How many at the end.")
    .build()
});

/// The function.
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(MaskKey { signature: Signature::any(3, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MaskKey {
    signature: Signature,
}

impl ScalarUDFImpl for MaskKey {
    fn name(&self) -> &'static str {
        "mask_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let [ids, prefixes, suffixes] = args.args.as_slice() else {
            return plan_err!("mask_key takes an id and two numbers of characters");
        };
        let ids = cast(&ids.to_array(rows)?, &DataType::Utf8)?;
        let ids = ids.as_string::<i32>();
        let whole = |value: &ColumnarValue| {
            Ok::<_, datafusion::error::DataFusionError>(
                cast(&value.to_array(rows)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
            )
        };
        let lengths = [whole(prefixes)?, whole(suffixes)?];
        let mut out = StringBuilder::with_capacity(rows, rows * 11);
        let mut key = String::new();
        for row in 0..rows {
            let [prefix, suffix] = lengths
                .each_ref()
                .map(|lengths| lengths.is_valid(row).then(|| usize::try_from(lengths.value(row)).ok()).flatten());
            key.clear();
            let shown = match (ids.is_valid(row), prefix, suffix) {
                (true, Some(prefix), Some(suffix)) => mask_key(ids.value(row), prefix, suffix, &mut key),
                _ => false,
            };
            out.append_option(shown.then_some(&key));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}
