//! The coordinate system of a column, carried in its field's GeoArrow metadata.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};
use serde_json::Value;

use super::Crs;
use crate::GeoError;

/// The key and the value that mark a column as WKB (GeoArrow 0.2).
const NAME: (&str, &str) = ("ARROW:extension:name", "geoarrow.wkb");
/// The key of its coordinate system.
const METADATA: &str = "ARROW:extension:metadata";

/// The key under which a column that is raw says its system in the words of its file: a code, the WKT of a `.prj` or
/// PROJJSON. Whether it is a known one is for whoever reads the column to find out, who can say what to set instead.
pub const WRITTEN_CRS: &str = "crs";

/// The system a geometry column says its coordinates are in; `None` where it says none.
///
/// # Errors
/// A system that is written down but not known.
pub fn crs_of(field: &Field) -> Result<Option<Crs>, GeoError> {
    let Some(text) = field.metadata().get(METADATA) else { return Ok(None) };
    let Ok(Value::Object(metadata)) = serde_json::from_str(text) else { return Ok(None) };
    match metadata.get("crs") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.trim().is_empty() => Ok(None),
        Some(Value::String(name)) => Crs::parse(name).map(Some),
        Some(projjson) => Crs::parse(&projjson.to_string()).map(Some),
    }
}

/// Whether a column is marked as WKB.
pub fn is_geometry(field: &Field) -> bool {
    field.metadata().get(NAME.0).is_some_and(|name| name == NAME.1)
}

/// A nullable column of WKB in a system.
#[must_use]
pub fn geometry_field(name: &str, crs: Option<&Crs>) -> Field {
    Field::new(name, DataType::Binary, true).with_metadata(geometry_metadata(crs))
}

/// The metadata that marks a column as WKB in a system.
#[must_use]
pub fn geometry_metadata(crs: Option<&Crs>) -> HashMap<String, String> {
    let mut metadata = HashMap::from([(NAME.0.to_owned(), NAME.1.to_owned())]);
    if let Some(crs) = crs {
        let kind = if crs.name().contains(':') { Some("authority_code") } else { None };
        let mut value = serde_json::json!({"crs": crs.definition()});
        if let (Some(kind), Some(object)) = (kind, value.as_object_mut()) {
            object.insert("crs_type".to_owned(), kind.into());
        }
        metadata.insert(METADATA.to_owned(), value.to_string());
    }
    metadata
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_field_gives_back_the_system_it_was_given() {
        for name in ["EPSG:4326", "EPSG:4548", "GCJ-02", "BD09MC"] {
            let crs = Crs::parse(name).unwrap();
            assert_eq!(crs_of(&geometry_field("geom", Some(&crs))).unwrap(), Some(crs));
        }
        assert_eq!(crs_of(&geometry_field("geom", None)).unwrap(), None);
    }

    #[test]
    fn projjson_is_read_by_its_code() {
        let metadata = r#"{"crs":{"type":"ProjectedCRS","name":"x","id":{"authority":"EPSG","code":4548}}}"#;
        let field = Field::new("geom", DataType::Binary, true)
            .with_metadata(HashMap::from([(METADATA.to_owned(), metadata.to_owned())]));
        assert_eq!(crs_of(&field).unwrap().unwrap().name(), "EPSG:4548");
    }
}
