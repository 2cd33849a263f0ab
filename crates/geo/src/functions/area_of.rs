//! A function of one geometry that gives the code of the area around it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::call::{Geometries, at};
use crate::{AreaIndex, representative_point};

/// `name(geom)`: the code of the polygon of `index` that holds the geometry's point (of a line or polygon, a point on or in it).
#[must_use]
pub fn area_of(name: &str, index: Arc<AreaIndex>) -> ScalarUDF {
    ScalarUDF::from(AreaOfFunction {
        name: name.to_owned(),
        index,
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug)]
struct AreaOfFunction {
    name: String,
    index: Arc<AreaIndex>,
    signature: Signature,
}

impl PartialEq for AreaOfFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.index, &other.index)
    }
}

impl Eq for AreaOfFunction {}

impl Hash for AreaOfFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for AreaOfFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let geometries = Geometries::new(&self.name, &args.args[0], args.arg_fields.first())?;
        let mut codes = StringBuilder::with_capacity(args.number_rows, args.number_rows * 12);
        for row in 0..args.number_rows {
            let point = match geometries.bytes(row) {
                None => None,
                Some(bytes) => representative_point(bytes).map_err(|error| at(&self.name, row, &error))?,
            };
            match point.and_then(|(x, y)| self.index.locate(x, y)) {
                Some(area) => codes.append_value(self.index.code(area)),
                None => codes.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(codes.finish())))
    }
}
