//! The arguments of a function as its documentation writes them: `geom geometry, [spheroid boolean]`.

use arrow::datatypes::DataType;

/// What kind of value an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// WKB or EWKB in any binary type.
    Geometry,
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// Text.
    Text,
    /// A number or text.
    Scalar,
    /// Anything.
    Any,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name in the documentation.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Reads a signature; a word that is no kind takes anything.
pub fn arguments(signature: &'static str) -> Vec<Argument> {
    let parts = signature.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let optional = part.starts_with('[');
            let (name, kind) = part.trim_matches(['[', ']']).split_once(' ').unwrap_or((part, "any"));
            let kind = match kind {
                "geometry" => Kind::Geometry,
                "number" => Kind::Number,
                "integer" => Kind::Integer,
                "boolean" => Kind::Boolean,
                "text" => Kind::Text,
                "integer or text" | "number or text" | "number or boolean" => Kind::Scalar,
                _ => Kind::Any,
            };
            Argument { name, kind, optional }
        })
        .collect()
}

impl Kind {
    /// Whether values of a type are taken; else what is wanted instead.
    pub fn accepts(self, data_type: &DataType) -> Result<(), &'static str> {
        let is_null = *data_type == DataType::Null;
        let text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let number = data_type.is_numeric();
        let (fits, wanted) = match self {
            Self::Geometry => (
                matches!(
                    data_type,
                    DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
                ),
                "not a geometry (WKB); ST_GeomFromText reads text",
            ),
            Self::Number => (number, "not a number"),
            Self::Integer => (data_type.is_integer() || number, "not a whole number"),
            Self::Boolean => (*data_type == DataType::Boolean, "not true or false"),
            Self::Text => (text, "not a text"),
            Self::Scalar => (text || number || *data_type == DataType::Boolean, "neither a number nor a text"),
            Self::Any => (true, ""),
        };
        if fits || is_null { Ok(()) } else { Err(wanted) }
    }
}
