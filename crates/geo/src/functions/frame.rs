//! The frame every scalar function is built in: signature, result, coordinate system, documentation, kernel.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::call::Call;
use super::doc::documentation;
use super::signature::{Argument, Kind, arguments};
use crate::crs::{Crs, crs_of, geometry_field, geometry_metadata};

/// What a function gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Gives {
    /// WKB, in the system of the arguments unless the function says otherwise.
    Geometry,
    /// A list of geometries, for `unnest`.
    Geometries,
    /// A double.
    Number,
    /// A 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
    /// UTF-8 text.
    Text,
    /// Plain bytes, e.g. WKB for other programs.
    Bytes,
    /// Text, but true or false where so many arguments are given.
    TextOrBoolean(usize),
    /// Anything else.
    Other(DataType),
}

impl Gives {
    fn data_type(&self, arguments: usize) -> DataType {
        match self {
            Self::Geometry | Self::Bytes => DataType::Binary,
            Self::Geometries => DataType::List(Arc::new(Field::new_list_field(DataType::Binary, true))),
            Self::Number => DataType::Float64,
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::TextOrBoolean(count) if arguments >= *count => DataType::Boolean,
            Self::TextOrBoolean(_) => DataType::Utf8,
            Self::Other(data_type) => data_type.clone(),
        }
    }
}

/// A batch's arguments to its result.
pub type Kernel = fn(&Call) -> Result<ArrayRef>;

/// The coordinate system of a function's result, where it is not that of its arguments. `None` from it
/// means that the rows say it themselves, or that there is none.
pub type CrsOf = fn(&ReturnFieldArgs) -> Result<Option<Crs>>;

/// A function before it is registered.
pub struct Function {
    name: &'static str,
    signature: &'static str,
    gives: Gives,
    about: &'static str,
    example: Option<(&'static str, &'static str)>,
    differs: &'static str,
    crs: Option<CrsOf>,
    kernel: Kernel,
}

impl Function {
    /// `signature` lists the arguments, optional ones in brackets: `geom geometry, [spheroid boolean]`.
    pub const fn new(
        name: &'static str,
        signature: &'static str,
        gives: Gives,
        about: &'static str,
        kernel: Kernel,
    ) -> Self {
        Self { name, signature, gives, about, example: None, differs: "", crs: None, kernel }
    }

    /// A call and the answer it gives; the reference shows both and a test compares them.
    #[must_use]
    pub const fn example(mut self, call: &'static str, answer: &'static str) -> Self {
        self.example = Some((call, answer));
        self
    }

    /// Where `PostGIS` answers otherwise.
    #[must_use]
    pub const fn differs(mut self, how: &'static str) -> Self {
        self.differs = how;
        self
    }

    /// The system of the result.
    #[must_use]
    pub const fn crs(mut self, crs: CrsOf) -> Self {
        self.crs = Some(crs);
        self
    }

    /// The function as the query engine takes it.
    pub fn udf(self) -> ScalarUDF {
        let documentation = documentation(self.name, self.signature, self.about, self.example, self.differs);
        ScalarUDF::from(Framed {
            lower: self.name.to_ascii_lowercase(),
            arguments: arguments(self.signature),
            signature: Signature::variadic_any(Volatility::Immutable),
            documentation,
            function: self,
        })
    }
}

struct Framed {
    lower: String,
    arguments: Vec<Argument>,
    signature: Signature,
    documentation: Documentation,
    function: Function,
}

impl std::fmt::Debug for Framed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.function.name)
    }
}

impl PartialEq for Framed {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for Framed {}

impl Hash for Framed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lower.hash(state);
    }
}

impl Framed {
    fn check(&self, types: &[DataType]) -> Result<()> {
        let name = self.function.name;
        let least = self.arguments.iter().filter(|argument| !argument.optional).count();
        let most = self.arguments.len();
        if types.len() < least || types.len() > most {
            let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return plan_err!(
                "{name} takes {wanted} arguments, not {}: {name}({})",
                types.len(),
                self.function.signature
            );
        }
        for (place, (argument, data_type)) in self.arguments.iter().zip(types).enumerate() {
            if let Err(why) = argument.kind.accepts(data_type) {
                return plan_err!("{name}: argument {} ({}) is {data_type}, {why}", place + 1, argument.name);
            }
        }
        Ok(())
    }
}

/// The system that geometry arguments have in common; two different ones are an error that names both.
pub fn common_crs(name: &str, fields: &[FieldRef], arguments: &[Argument]) -> Result<Option<Crs>> {
    let mut common: Option<(usize, Crs)> = None;
    for (place, (field, argument)) in fields.iter().zip(arguments).enumerate() {
        if argument.kind != Kind::Geometry {
            continue;
        }
        let crs = crs_of(field).map_err(|error| DataFusionError::Plan(format!("{name}: {error}")))?;
        match (&common, crs) {
            (_, None) => {}
            (None, Some(crs)) => common = Some((place, crs)),
            (Some((first, known)), Some(crs)) if known.name() != crs.name() => {
                return plan_err!(
                    "{name}: argument {} is in {known} and argument {} in {crs}; ST_Transform brings one into the other's system",
                    first + 1,
                    place + 1
                );
            }
            _ => {}
        }
    }
    Ok(common.map(|(_, crs)| crs))
}

impl ScalarUDFImpl for Framed {
    fn name(&self) -> &str {
        &self.lower
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.check(types)?;
        Ok(self.function.gives.data_type(types.len()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
        let data_type = self.return_type(&types)?;
        let common = common_crs(self.function.name, args.arg_fields, &self.arguments)?;
        let crs = match self.function.crs {
            Some(crs) => crs(&args)?,
            None => common,
        };
        Ok(Arc::new(match self.function.gives {
            Gives::Geometry => geometry_field(&self.lower, crs.as_ref()),
            Gives::Geometries => {
                let item = Field::new_list_field(DataType::Binary, true).with_metadata(geometry_metadata(crs.as_ref()));
                Field::new(&self.lower, DataType::List(Arc::new(item)), true)
            }
            _ => Field::new(&self.lower, data_type, true),
        }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let call = Call::new(self.function.name, &self.arguments, &args, rows)?;
        let array = (self.function.kernel)(&call)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
