//! The frame every spatial function is built in: name, arguments, result type and a kernel over a batch.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gives {
    Geometry,
    Number,
    Integer,
    Boolean,
    Text,
}

/// A batch's arguments to its result.
pub type Kernel = fn(&ScalarFunctionArgs) -> Result<ArrayRef>;

/// A function of `least` to `most` arguments.
pub fn function(name: &'static str, least: usize, most: usize, gives: Gives, kernel: Kernel) -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::from(GeometryFunction { name, least, most, gives, kernel, signature })
}

#[derive(Debug)]
struct GeometryFunction {
    name: &'static str,
    least: usize,
    most: usize,
    gives: Gives,
    kernel: Kernel,
    signature: Signature,
}

impl PartialEq for GeometryFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for GeometryFunction {}

impl Hash for GeometryFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Gives {
    const fn data_type(self) -> DataType {
        match self {
            Self::Geometry => DataType::Binary,
            Self::Number => DataType::Float64,
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Text => DataType::Utf8,
        }
    }
}

/// A geometry field with the GeoArrow extension, so that every door recognises it.
pub fn geometry_field(name: &str) -> FieldRef {
    let extension = [("ARROW:extension:name".to_owned(), "geoarrow.wkb".to_owned())];
    Arc::new(Field::new(name, DataType::Binary, true).with_metadata(extension.into_iter().collect()))
}

impl ScalarUDFImpl for GeometryFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if types.len() < self.least || types.len() > self.most {
            let wanted = if self.least == self.most {
                self.least.to_string()
            } else {
                format!("{} to {}", self.least, self.most)
            };
            return plan_err!("{} takes {wanted} arguments, not {}", self.name, types.len());
        }
        Ok(self.gives.data_type())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
        let data_type = self.return_type(&types)?;
        Ok(match self.gives {
            Gives::Geometry => geometry_field(self.name),
            _ => Arc::new(Field::new(self.name, data_type, true)),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.kernel)(&args).map(ColumnarValue::Array)
    }
}
