//! From any Arrow schema to the few types raw batches keep: what Parquet and Arrow files share.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use arrow::json::writer::{LineDelimited, WriterBuilder};
use jingwei_geo::WRITTEN_CRS;
use serde_json::Value;

use crate::error::{Result, SourceError};
use crate::typed::GEOMETRY;

/// The system of `GeoParquet` columns that name none; of a `GeoArrow` column that names none it is not known.
const DEFAULT_CRS: &str = "EPSG:4326";

/// How a file's columns become raw ones.
#[derive(Debug, Clone)]
pub(crate) struct Columnar {
    fields: Vec<FieldRef>,
    ways: Vec<Way>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Cast(DataType),
    /// Bytes that most likely are text of an old writer.
    Text,
    Hex,
    Json,
    Geometry,
}

/// A geometry column and its system.
struct Geometry {
    column: String,
    crs: Option<String>,
    primary: bool,
}

impl Columnar {
    /// For a schema; `geo` is `GeoParquet`'s metadata, `crs` the configured system, which wins.
    pub fn new(schema: &Schema, geo: Option<&str>, crs: Option<&str>) -> Self {
        let geometries = geometries(schema, geo);
        let mut columnar = Self { fields: Vec::new(), ways: Vec::new() };
        for field in schema.fields() {
            let (way, kind) = way(field.data_type());
            let geometry = geometries.iter().find(|geometry| geometry.column == *field.name());
            match geometry.filter(|_| matches!(way, Way::Text | Way::Hex)) {
                Some(geometry) => {
                    let name = if geometry.primary { GEOMETRY } else { field.name().as_str() };
                    let crs = crs.map(str::to_owned).or_else(|| geometry.crs.clone());
                    let metadata = crs.into_iter().map(|crs| (WRITTEN_CRS.to_owned(), crs)).collect();
                    columnar.fields.push(Arc::new(Field::new(name, DataType::Binary, true).with_metadata(metadata)));
                    columnar.ways.push(Way::Geometry);
                }
                None => {
                    // Another column must not take the place of the geometry.
                    let taken = field.name() == GEOMETRY && geometries.iter().any(|geometry| geometry.primary);
                    let name = if taken { format!("{GEOMETRY}_") } else { field.name().clone() };
                    columnar.fields.push(Arc::new(Field::new(name, kind, true)));
                    columnar.ways.push(way);
                }
            }
        }
        columnar
    }

    /// The raw data columns.
    pub fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    /// A batch's columns as raw ones.
    pub fn convert(&self, batch: &RecordBatch, file: &str) -> Result<Vec<ArrayRef>> {
        let columns = self.ways.iter().zip(&self.fields).zip(batch.columns());
        columns
            .map(|((way, field), column)| {
                convert(way, column).map_err(|error| {
                    SourceError::data(file, format!("values that cannot be read: {error}")).in_column(field.name())
                })
            })
            .collect()
    }
}

fn way(kind: &DataType) -> (Way, DataType) {
    let to = |kind: DataType| (Way::Cast(kind.clone()), kind);
    match kind {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => to(DataType::Int64),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => to(DataType::Int64),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => to(DataType::Float64),
        DataType::Boolean => to(DataType::Boolean),
        DataType::Date32 | DataType::Date64 => to(DataType::Date32),
        DataType::Timestamp(_, zone) => to(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
        DataType::Dictionary(_, value) => way(value),
        DataType::RunEndEncoded(_, value) => way(value.data_type()),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => (Way::Text, DataType::Utf8),
        DataType::FixedSizeBinary(_) => (Way::Hex, DataType::Utf8),
        kind if kind.is_nested() => (Way::Json, DataType::Utf8),
        // Decimals and unsigned 64-bit numbers keep their digits, times of day their form.
        _ => to(DataType::Utf8),
    }
}

fn convert(way: &Way, column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    match way {
        Way::Cast(kind) if column.data_type() == kind => Ok(Arc::clone(column)),
        Way::Cast(kind) => cast(column, kind),
        Way::Text => {
            let bytes = binary(column)?;
            Ok(Arc::new(bytes.iter().map(|value| value.map(String::from_utf8_lossy)).collect::<StringArray>()))
        }
        Way::Hex => {
            let bytes = binary(column)?;
            let hex = |value: &[u8]| value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            Ok(Arc::new(bytes.iter().map(|value| value.map(hex)).collect::<StringArray>()))
        }
        Way::Geometry => Ok(Arc::new(binary(column)?)),
        Way::Json => json(column),
    }
}

fn binary(column: &ArrayRef) -> Result<BinaryArray, arrow::error::ArrowError> {
    let bytes = if let DataType::FixedSizeBinary(_) = column.data_type() {
        return Ok(column.as_fixed_size_binary().iter().collect());
    } else {
        cast(column, &DataType::Binary)?
    };
    Ok(bytes.as_binary::<i32>().clone())
}

/// Nested values as JSON text.
fn json(column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let schema = Arc::new(Schema::new(vec![Field::new("v", column.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::clone(column)])?;
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
    writer.write(&batch)?;
    writer.finish()?;
    let lines = writer.into_inner();
    let mut texts = StringBuilder::with_capacity(column.len(), lines.len());
    for line in String::from_utf8_lossy(&lines).lines() {
        let value = line.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}'));
        texts.append_option(value.filter(|value| *value != "null"));
    }
    Ok(Arc::new(texts.finish()))
}

/// The WKB columns a file speaks of, each with its system in the file's words.
pub(crate) fn geometry_columns(schema: &Schema, geo: Option<&str>) -> Vec<(String, Option<String>)> {
    geometries(schema, geo).into_iter().map(|geometry| (geometry.column, geometry.crs)).collect()
}

/// The geometry columns a file speaks of.
fn geometries(schema: &Schema, geo: Option<&str>) -> Vec<Geometry> {
    let mut found: Vec<Geometry> = Vec::new();
    if let Some(geo) = geo.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        let primary = geo["primary_column"].as_str().unwrap_or_default();
        for (column, about) in geo["columns"].as_object().into_iter().flatten() {
            if about["encoding"].as_str().is_some_and(|encoding| !encoding.eq_ignore_ascii_case("wkb")) {
                tracing::warn!("geometry column `{column}` is not WKB: it is kept as JSON text");
                continue;
            }
            let crs = match about.get("crs") {
                None => Some(DEFAULT_CRS.to_owned()),
                Some(crs) => crs_of(crs),
            };
            found.push(Geometry { primary: column == primary, column: column.clone(), crs });
        }
    }
    for field in schema.fields() {
        let extension = field.metadata().get("ARROW:extension:name").map(String::as_str);
        if !matches!(extension, Some("geoarrow.wkb" | "ogc.wkb"))
            || found.iter().any(|known| known.column == *field.name())
        {
            continue;
        }
        let about =
            field.metadata().get("ARROW:extension:metadata").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let crs = about.as_ref().and_then(|about| about.get("crs")).and_then(crs_of);
        found.push(Geometry { column: field.name().clone(), crs, primary: false });
    }
    if !found.iter().any(|geometry| geometry.primary)
        && let Some(first) = found.first_mut()
    {
        first.primary = true;
    }
    found
}

/// PROJJSON or an authority's name, as short as it can be said; `None` when the file says it does not know.
fn crs_of(crs: &Value) -> Option<String> {
    match crs {
        Value::Null => None,
        Value::String(text) if text.contains("CRS84") => Some(DEFAULT_CRS.to_owned()),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) if inner.is_object() => crs_of(&inner),
            _ => Some(text.clone()),
        },
        crs => {
            let code = match &crs["id"]["code"] {
                Value::String(code) => code.clone(),
                Value::Number(code) => code.to_string(),
                _ => return Some(crs.to_string()),
            };
            if code == "CRS84" {
                return Some(DEFAULT_CRS.to_owned());
            }
            Some(format!("{}:{code}", crs["id"]["authority"].as_str().unwrap_or("EPSG")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{Decimal128Array, Int64Array, ListArray, UInt64Array};
    use arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn wide_types_keep_every_digit_and_nested_ones_become_json() {
        let decimals = Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(20, 2).unwrap();
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None]), None]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("d", Arc::new(decimals)),
            ("u", Arc::new(UInt64Array::from(vec![u64::MAX, 1]))),
            ("l", Arc::new(lists)),
            ("b", Arc::new(BinaryArray::from(vec![Some("中".as_bytes()), None]))),
            ("i", Arc::new(Int64Array::from(vec![1, 2]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let columnar = Columnar::new(&batch.schema(), None, None);
        let columns = columnar.convert(&batch, "f").unwrap();
        let text = |index: usize| {
            columns[index].as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(text(0), [Some("123.45".to_owned()), None]);
        assert_eq!(text(1)[0].as_deref(), Some("18446744073709551615"));
        assert_eq!(text(2), [Some("[1,null]".to_owned()), None]);
        assert_eq!(text(3)[0].as_deref(), Some("中"));
        assert_eq!(columns[4].data_type(), &DataType::Int64);
    }

    #[test]
    fn the_primary_geometry_is_called_geom_and_says_its_system() {
        let schema =
            Schema::new(vec![Field::new("shape", DataType::Binary, true), Field::new("geom", DataType::Utf8, true)]);
        let geo = r#"{"primary_column": "shape", "columns": {"shape": {"encoding": "WKB", "crs": {"id": {"authority": "EPSG", "code": 4548}}}}}"#;
        let columnar = Columnar::new(&schema, Some(geo), None);
        assert_eq!(columnar.fields()[0].name(), "geom");
        assert_eq!(columnar.fields()[0].metadata()["crs"], "EPSG:4548");
        assert_eq!(columnar.fields()[1].name(), "geom_");
        let columnar = Columnar::new(&schema, Some(geo), Some("EPSG:4527"));
        assert_eq!(columnar.fields()[0].metadata()["crs"], "EPSG:4527");
    }

    #[test]
    fn systems_are_said_as_shortly_as_possible() {
        assert_eq!(crs_of(&Value::from("OGC:CRS84")).as_deref(), Some("EPSG:4326"));
        assert_eq!(crs_of(&Value::Null), None);
        assert_eq!(
            crs_of(&Value::from("{\"id\":{\"authority\":\"EPSG\",\"code\":4490}}")).as_deref(),
            Some("EPSG:4490")
        );
    }
}
