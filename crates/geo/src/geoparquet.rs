//! GeoParquet 1.1 for the files we write: metadata, covering columns, rows in an order that keeps
//! neighbours together.
//!
//! Input: batches whose WKB columns are marked by GeoArrow metadata. Output: the same batches with a
//! bounding box beside each geometry, and the `geo` entry of the file's metadata.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Builder, RecordBatch, StructArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use geo::{BoundingRect, Coord, Rect};
use serde_json::{Value, json};

use crate::crs::{Crs, crs_of};
use crate::wkb::{point_of, to_geometry, type_of};

/// Cells of the Hilbert curve along each side: 2^16.
const HILBERT_BITS: u32 = 16;
/// The parts of a bounding box, in the order of the covering column.
const EDGES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
/// GeoParquet's names of the types, by their numbers in WKB.
const TYPES: [&str; 8] =
    ["", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"];

/// The geometry columns of a file that is being written.
#[derive(Debug, Clone)]
pub struct GeoParquet {
    columns: Vec<Column>,
}

#[derive(Debug, Clone)]
struct Column {
    place: usize,
    name: String,
    /// The column of bounding boxes; none where the file has exactly the columns asked for.
    covering: Option<String>,
    crs: Option<Crs>,
    extent: Option<Rect>,
    types: BTreeSet<u32>,
}

impl GeoParquet {
    /// For files of a schema; `None` where it has no geometry.
    #[must_use]
    pub fn of(schema: &Schema) -> Option<Self> {
        let marked = schema.fields().iter().enumerate().filter(|(_, field)| {
            *field.data_type() == DataType::Binary
                && field.metadata().get("ARROW:extension:name").is_some_and(|name| name == "geoarrow.wkb")
        });
        let columns = marked.map(|(place, field)| {
            let mut covering = format!("{}_bbox", field.name());
            while schema.column_with_name(&covering).is_some() {
                covering.push('_');
            }
            let crs = crs_of(field).ok().flatten();
            let (name, covering) = (field.name().clone(), Some(covering));
            Column { place, name, covering, crs, extent: None, types: BTreeSet::new() }
        });
        let columns = columns.collect::<Vec<_>>();
        (!columns.is_empty()).then_some(Self { columns })
    }

    /// The same without covering columns, for a file that has the table's columns and no others.
    #[must_use]
    pub fn uncovered(mut self) -> Self {
        self.columns.iter_mut().for_each(|column| column.covering = None);
        self
    }

    /// The schema of the file: the table's, then the covering columns.
    #[must_use]
    pub fn file_schema(&self, schema: &Schema) -> SchemaRef {
        let covering = self.columns.iter().filter_map(|column| column.covering.as_ref());
        let covering = covering.map(|name| Arc::new(Field::new(name, box_type(), true)));
        let fields = schema.fields().iter().cloned().chain(covering).collect::<Fields>();
        Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
    }

    /// The batch with its covering columns; notes the extents and types for the metadata.
    ///
    /// # Errors
    /// Columns that do not fit the schema, which would be a defect. Bytes that are no geometry get no box.
    pub fn cover(&mut self, batch: &RecordBatch, file_schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let mut arrays = batch.columns().to_vec();
        for column in &mut self.columns {
            let boxes = column.boxes(batch.column(column.place))?;
            arrays.extend(column.covering.is_some().then_some(boxes));
        }
        RecordBatch::try_new(Arc::clone(file_schema), arrays)
    }

    /// The rows along a Hilbert curve over the first geometry column, so that those of one page lie
    /// together; rows of one cell stay in their order, rows without a place come last.
    ///
    /// # Errors
    /// More rows than a batch may have.
    pub fn arrange(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let Some(column) = self.columns.first() else { return Ok(batch.clone()) };
        let shapes = batch.column(column.place).as_binary::<i32>();
        let centres = shapes.iter().map(|bytes| bytes.and_then(extent).map(|rect| rect.center())).collect::<Vec<_>>();
        let known = centres.iter().flatten();
        let whole = known.fold(None, |whole: Option<Rect>, centre| Some(joined(whole, Rect::new(*centre, *centre))));
        let Some(whole) = whole else { return Ok(batch.clone()) };
        let cells = f64::from((1_u32 << HILBERT_BITS) - 1);
        let scale =
            |value: f64, low: f64, size: f64| if size > 0.0 { ((value - low) / size * cells) as u32 } else { 0 };
        let key = |centre: &Option<Coord>| {
            centre.map_or(u32::MAX, |centre| {
                hilbert(scale(centre.x, whole.min().x, whole.width()), scale(centre.y, whole.min().y, whole.height()))
            })
        };
        let mut order = centres.iter().map(key).zip(0_u32..).collect::<Vec<_>>();
        order.sort_unstable();
        let rows = UInt32Array::from_iter_values(order.into_iter().map(|(_, row)| row));
        take_record_batch(batch, &rows)
    }

    /// The `geo` entry of the file's metadata.
    #[must_use]
    pub fn metadata(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let mut entry = json!({
                "encoding": "WKB",
                "geometry_types": column.types.iter().map(|code| TYPES[*code as usize]).collect::<Vec<_>>(),
            });
            if let Some(name) = &column.covering {
                let covering = EDGES.map(|edge| (edge.to_owned(), json!([name, edge])));
                entry["covering"] = json!({"bbox": Value::Object(covering.into_iter().collect())});
            }
            if let Some(rect) = column.extent {
                entry["bbox"] = json!([rect.min().x, rect.min().y, rect.max().x, rect.max().y]);
            }
            // Without `crs` a reader assumes OGC:CRS84; null says that it is not known.
            match &column.crs {
                Some(crs) if crs.srid() == 4326 => {}
                Some(crs) => entry["crs"] = projjson(crs),
                None => entry["crs"] = Value::Null,
            }
            (column.name.clone(), entry)
        });
        let primary = self.columns.first().map_or("", |column| column.name.as_str());
        let columns = columns.collect::<serde_json::Map<_, _>>();
        json!({"version": "1.1.0", "primary_column": primary, "columns": columns}).to_string()
    }
}

impl Column {
    fn boxes(&mut self, shapes: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let shapes = shapes.as_binary::<i32>();
        let mut edges: [Float32Builder; 4] = std::array::from_fn(|_| Float32Builder::with_capacity(shapes.len()));
        let mut valid = Vec::with_capacity(shapes.len());
        for bytes in shapes {
            if let Some(code) = bytes.and_then(type_of).filter(|code| (1..=7).contains(code)) {
                self.types.insert(code);
            }
            let rect = bytes.and_then(extent);
            valid.push(rect.is_some());
            let numbers = rect.map(|rect| {
                self.extent = Some(joined(self.extent, rect));
                [below(rect.min().x), below(rect.min().y), above(rect.max().x), above(rect.max().y)]
            });
            for (place, edge) in edges.iter_mut().enumerate() {
                edge.append_option(numbers.map(|numbers| numbers[place]));
            }
        }
        let arrays = edges.iter_mut().map(|edge| Arc::new(edge.finish()) as ArrayRef).collect();
        let DataType::Struct(fields) = box_type() else {
            return Err(ArrowError::SchemaError("a box is a struct".to_owned()));
        };
        Ok(Arc::new(StructArray::try_new(fields, arrays, Some(valid.into()))?))
    }
}

fn box_type() -> DataType {
    DataType::Struct(EDGES.iter().map(|edge| Field::new(*edge, DataType::Float32, true)).collect())
}

/// The extent of a value; `None` for an empty one and for bytes that are no geometry.
fn extent(bytes: &[u8]) -> Option<Rect> {
    let rect = match point_of(bytes) {
        Some((x, y)) => Rect::new(Coord { x, y }, Coord { x, y }),
        None => to_geometry(bytes).ok()?.bounding_rect()?,
    };
    (rect.min().x.is_finite() && rect.min().y.is_finite() && rect.max().x.is_finite() && rect.max().y.is_finite())
        .then_some(rect)
}

fn joined(whole: Option<Rect>, rect: Rect) -> Rect {
    whole.map_or(rect, |whole| {
        Rect::new(
            Coord { x: whole.min().x.min(rect.min().x), y: whole.min().y.min(rect.min().y) },
            Coord { x: whole.max().x.max(rect.max().x), y: whole.max().y.max(rect.max().y) },
        )
    })
}

/// The largest float not above a double.
fn below(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value { near.next_down() } else { near }
}

/// The smallest float not below a double.
fn above(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

/// The place of a cell along the Hilbert curve (Hilbert 1891; Warren, Hacker's Delight, ch. 16).
fn hilbert(mut x: u32, mut y: u32) -> u32 {
    let mut place = 0;
    let mut size = 1 << (HILBERT_BITS - 1);
    while size > 0 {
        let (right, upper) = (u32::from(x & size > 0), u32::from(y & size > 0));
        place += size * size * ((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                x = ((1 << HILBERT_BITS) - 1) - x;
                y = ((1 << HILBERT_BITS) - 1) - y;
            }
            std::mem::swap(&mut x, &mut y);
        }
        size /= 2;
    }
    place
}

/// A system as PROJJSON, as far as its code says it.
fn projjson(crs: &Crs) -> Value {
    let kind = if crs.is_geographic() { "GeographicCRS" } else { "ProjectedCRS" };
    let id = if crs.name().starts_with("EPSG:") {
        json!({"authority": "EPSG", "code": crs.srid()})
    } else {
        json!({"authority": "JINGWEI", "code": crs.definition()})
    };
    json!({"type": kind, "name": crs.name(), "id": id})
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{BinaryArray, Int32Array};
    use arrow::datatypes::Float32Type;
    use proptest::prelude::*;

    use super::*;
    use crate::{geometry_field, point_to_wkb};

    fn batch(points: &[Option<(f64, f64)>]) -> RecordBatch {
        let crs = Crs::parse("EPSG:4548").unwrap();
        let schema = Schema::new(vec![Field::new("n", DataType::Int32, false), geometry_field("geom", Some(&crs))]);
        let shapes = points.iter().map(|point| point.map(|(x, y)| point_to_wkb(x, y))).collect::<BinaryArray>();
        let numbers = Int32Array::from_iter_values(0..i32::try_from(points.len()).unwrap());
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(numbers), Arc::new(shapes)]).unwrap()
    }

    #[test]
    fn metadata_says_types_extent_system_and_covering() {
        let batch = batch(&[Some((1.0, 2.0)), None, Some((3.0, -4.0))]);
        let mut writer = GeoParquet::of(&batch.schema()).unwrap();
        let schema = writer.file_schema(&batch.schema());
        let covered = writer.cover(&batch, &schema).unwrap();
        assert!(covered.column_by_name("geom_bbox").unwrap().is_null(1));
        let geo: Value = serde_json::from_str(&writer.metadata()).unwrap();
        assert_eq!(geo["version"], "1.1.0");
        let column = &geo["columns"]["geom"];
        assert_eq!(column["geometry_types"], json!(["Point"]));
        assert_eq!(column["bbox"], json!([1.0, -4.0, 3.0, 2.0]));
        assert_eq!(column["crs"]["id"]["code"], 4548);
        assert_eq!(column["covering"]["bbox"]["ymax"], json!(["geom_bbox", "ymax"]));
    }

    #[test]
    fn a_system_that_is_not_known_is_written_as_null_because_none_would_mean_longitude_and_latitude() {
        let entry = |crs: Option<&Crs>| {
            let schema = Schema::new(vec![geometry_field("geom", crs)]);
            let geo = GeoParquet::of(&schema).unwrap().metadata();
            serde_json::from_str::<Value>(&geo).unwrap()["columns"]["geom"].clone()
        };
        assert_eq!(entry(None).get("crs"), Some(&Value::Null));
        assert_eq!(entry(Some(&Crs::wgs84())).get("crs"), None);
        let named = entry(Some(&Crs::parse("GCJ-02").unwrap()));
        assert_eq!(named["crs"]["id"], json!({"authority": "JINGWEI", "code": "GCJ-02"}));
    }

    #[test]
    fn a_file_without_covering_has_the_columns_of_its_table_alone() {
        let batch = batch(&[Some((1.0, 2.0))]);
        let mut writer = GeoParquet::of(&batch.schema()).unwrap().uncovered();
        let schema = writer.file_schema(&batch.schema());
        assert_eq!(writer.cover(&batch, &schema).unwrap(), batch);
        let geo: Value = serde_json::from_str(&writer.metadata()).unwrap();
        assert_eq!(geo["columns"]["geom"].get("covering"), None);
        assert_eq!(geo["columns"]["geom"]["bbox"], json!([1.0, 2.0, 1.0, 2.0]));
    }

    #[test]
    fn a_schema_without_geometry_has_no_covering() {
        assert!(GeoParquet::of(&Schema::new(vec![Field::new("n", DataType::Binary, true)])).is_none());
    }

    proptest! {
        #[test]
        fn a_box_covers_its_geometry_and_no_row_is_lost(points in proptest::collection::vec(
            proptest::option::of((-180.0_f64..180.0, -90.0_f64..90.0)), 1..60)) {
            let batch = batch(&points);
            let mut writer = GeoParquet::of(&batch.schema()).unwrap();
            let schema = writer.file_schema(&batch.schema());
            let covered = writer.cover(&writer.clone().arrange(&batch).unwrap(), &schema).unwrap();
            let numbers = covered.column(0).as_primitive::<arrow::datatypes::Int32Type>();
            let mut seen = numbers.values().to_vec();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..i32::try_from(points.len()).unwrap()).collect::<Vec<_>>());
            let boxes = covered.column(2).as_struct();
            for row in 0..covered.num_rows() {
                let Some((x, y)) = points[usize::try_from(numbers.value(row)).unwrap()] else {
                    prop_assert!(boxes.is_null(row));
                    continue;
                };
                let edge = |place: usize| f64::from(boxes.column(place).as_primitive::<Float32Type>().value(row));
                prop_assert!(edge(0) <= x && x <= edge(2) && edge(1) <= y && y <= edge(3));
            }
        }

        #[test]
        fn the_curve_visits_every_cell_once(x in 0_u32..65_536, y in 0_u32..65_536, other in 0_u32..65_536) {
            prop_assert_eq!(hilbert(x, y) == hilbert(other, y), x == other);
        }
    }
}
