//! Vector tiles: geometries in tile coordinates, rows as a layer.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err, not_impl_err};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Documentation, ScalarUDF, Signature, Volatility,
};
use geo::BoundingRect;

use super::call::Call;
use super::doc::documentation;
use super::frame::{Function, Gives};
use crate::mvt::{Feature, Layer, TileFrame, Value, encode_geometry, to_tile};
use crate::wkb::to_finite_geometry;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_AsMVTGeom",
            "geom geometry, bounds geometry, [extent integer], [buffer integer], [clip boolean]",
            Gives::Geometry,
            "The geometry in the coordinates of the tile that shows `bounds`: whole numbers from 0 to `extent` (4096), y down, cut `buffer` (256) beyond the edge; null where nothing is left.",
            |call| {
                let (column, bounds) = (call.geometries(0)?, call.geometries(1)?);
                let (extents, buffers, clips) = (call.integers(2)?, call.integers(3)?, call.booleans(4)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(bounds), Some(extent), Some(buffer), Some(clip)) = (
                        column.get(row)?,
                        bounds.get(row)?,
                        extents.get_or(row, 4096),
                        buffers.get_or(row, 256),
                        clips.get_or(row, true),
                    ) else {
                        return Ok(None);
                    };
                    let rect = bounds.bounding_rect().filter(|rect| rect.width() > 0.0 && rect.height() > 0.0);
                    let bounds = rect.ok_or_else(|| call.error(row, "the bounds have no area"))?;
                    if !(1..=1_000_000).contains(&extent) || buffer < 0 {
                        return Err(call.error(row, "the extent is between 1 and 1,000,000 and the buffer not negative"));
                    }
                    let frame = TileFrame { bounds, extent: extent as f64, buffer: buffer as f64, clip };
                    Ok(to_tile(&geometry, &frame))
                })
            },
        )
        .crs(|_| Ok(None))
        .example(
            "ST_AsText(ST_AsMVTGeom(ST_Point(10.4, 10.6), ST_MakeEnvelope(0, 0, 4096, 4096)))",
            "POINT(10 4085)",
        )
        .differs("where rounding makes an area cross itself, the pieces may be others.")
        .udf(),
    ]
}

/// `ST_AsMVT`, planned as a function of the list of its rows.
pub fn as_mvt_of_list() -> ScalarUDF {
    Function::new(
        "ST_AsMVT",
        "rows any, [name text], [extent integer], [geom_name text], [id_name text]",
        Gives::Bytes,
        "A layer of a vector tile out of a list of rows.",
        as_mvt,
    )
    .udf()
}

fn as_mvt(call: &Call) -> Result<ArrayRef> {
    let (names, extents, geometries, ids) = (call.texts(1)?, call.integers(2)?, call.texts(3)?, call.texts(4)?);
    let lists = match call.value(0) {
        Some(ColumnarValue::Array(array)) => Arc::clone(array),
        Some(ColumnarValue::Scalar(scalar)) => scalar.to_array_of_size(call.rows())?,
        None => return exec_err!("ST_AsMVT: the rows are missing"),
    };
    let mut out = BinaryBuilder::new();
    for row in 0..call.rows() {
        let name = if call.has(1) { names.get(row).unwrap_or("default") } else { "default" };
        let extent = extents.get_or(row, 4096).and_then(|extent| u32::try_from(extent).ok()).unwrap_or(4096);
        let mut layer = Layer { name: name.to_owned(), extent, ..Layer::default() };
        if lists.is_valid(row) {
            let rows = match lists.data_type() {
                DataType::List(_) => lists.as_list::<i32>().value(row),
                other => return exec_err!("ST_AsMVT takes rows (a struct), not {other}"),
            };
            let Some(rows) = rows.as_struct_opt() else {
                return exec_err!(
                    "ST_AsMVT takes rows (a struct such as named_struct('geom', geom, 'name', name)), not {}",
                    rows.data_type()
                );
            };
            fill(call, row, &mut layer, rows, geometries.get(row), ids.get(row))?;
        }
        out.append_value(if layer.features.is_empty() { Vec::new() } else { layer.encode() });
    }
    Ok(Arc::new(out.finish()))
}

fn fill(
    call: &Call,
    row: usize,
    layer: &mut Layer,
    rows: &StructArray,
    geometry: Option<&str>,
    id: Option<&str>,
) -> Result<()> {
    let binary =
        |data_type: &DataType| matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    let fields = rows.fields();
    let place = match geometry {
        Some(name) => fields.iter().position(|field| field.name() == name),
        None => fields.iter().position(|field| binary(field.data_type())),
    };
    let Some(place) = place else { return Err(call.error(row, "the rows have no geometry column")) };
    let shapes = cast(rows.column(place), &DataType::Binary)?;
    let shapes = shapes.as_binary::<i32>();
    let ids = match id.map(|name| fields.iter().position(|field| field.name() == name)) {
        Some(None) => return Err(call.error(row, "the rows have no such id column")),
        Some(Some(place)) => Some((place, cast(rows.column(place), &DataType::Int64)?)),
        None => None,
    };
    let mut columns = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        if number != place && ids.as_ref().is_none_or(|(id, _)| *id != number) && !binary(field.data_type()) {
            columns.push(Property::new(rows.column(number))?);
            layer.keys.push(field.name().clone());
        }
    }
    for item in 0..rows.len() {
        if rows.is_null(item) || shapes.is_null(item) {
            continue;
        }
        let shape = to_finite_geometry(shapes.value(item)).map_err(|error| call.error(item, error))?;
        let Some((kind, commands)) = encode_geometry(&shape) else { continue };
        let mut properties = Vec::new();
        for (key, column) in columns.iter().enumerate() {
            if let Some(value) = column.value(item) {
                properties.push((u32::try_from(key).unwrap_or(u32::MAX), value));
            }
        }
        let id = ids.as_ref().and_then(|(_, ids)| {
            let ids = ids.as_primitive::<Int64Type>();
            ids.is_valid(item).then(|| u64::try_from(ids.value(item)).ok()).flatten()
        });
        layer.features.push(Feature { id, kind, commands, properties });
    }
    Ok(())
}

/// A column of properties, in one of the types a tile has.
enum Property {
    Boolean(ArrayRef),
    Integer(ArrayRef),
    Unsigned(ArrayRef),
    Float(ArrayRef),
    Double(ArrayRef),
    Text(ArrayRef),
}

impl Property {
    fn new(column: &ArrayRef) -> Result<Self> {
        Ok(match column.data_type() {
            DataType::Boolean => Self::Boolean(Arc::clone(column)),
            DataType::UInt64 => Self::Unsigned(Arc::clone(column)),
            DataType::Float32 => Self::Float(Arc::clone(column)),
            data_type if data_type.is_integer() => Self::Integer(cast(column, &DataType::Int64)?),
            data_type if data_type.is_numeric() => Self::Double(cast(column, &DataType::Float64)?),
            _ => Self::Text(cast(column, &DataType::Utf8)?),
        })
    }

    fn value(&self, row: usize) -> Option<Value> {
        let (Self::Boolean(array)
        | Self::Integer(array)
        | Self::Unsigned(array)
        | Self::Float(array)
        | Self::Double(array)
        | Self::Text(array)) = self;
        if array.is_null(row) {
            return None;
        }
        Some(match self {
            Self::Boolean(array) => Value::Boolean(array.as_boolean().value(row)),
            Self::Integer(array) => Value::Integer(array.as_primitive::<Int64Type>().value(row)),
            Self::Unsigned(array) => Value::Unsigned(array.as_primitive::<UInt64Type>().value(row)),
            Self::Float(array) => Value::Float(array.as_primitive::<Float32Type>().value(row).to_bits()),
            Self::Double(array) => Value::Double(array.as_primitive::<Float64Type>().value(row).to_bits()),
            Self::Text(array) => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        })
    }
}

/// The aggregate's name, for the SQL planner; see [`super::aggregate::SpatialPlanner`].
#[derive(Debug)]
struct AsMvt {
    signature: Signature,
    documentation: Documentation,
}

impl PartialEq for AsMvt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for AsMvt {}

impl std::hash::Hash for AsMvt {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        "st_asmvt".hash(state);
    }
}

/// The aggregate `ST_AsMVT`.
pub fn as_mvt_udaf() -> AggregateUDF {
    let mut documentation = documentation(
        "ST_AsMVT",
        "row struct, [name text], [extent integer], [geom_name text], [id_name text]",
        "A layer of a vector tile as protocol buffers: one feature for each row with a geometry from ST_AsMVTGeom, the other columns as its properties. Layers joined by `||` are one tile.",
        None,
        "a row is written as `named_struct('geom', geom, 'name', name)`.",
    );
    documentation.sql_example = Some(
        "SELECT ST_AsMVT(named_struct('geom', ST_AsMVTGeom(geom, ST_TileEnvelope(14, 13494, 6206)), 'name', name), 'parks') FROM parks"
            .to_owned(),
    );
    AggregateUDF::from(AsMvt { signature: Signature::variadic_any(Volatility::Immutable), documentation })
}

impl AggregateUDFImpl for AsMvt {
    fn name(&self) -> &str {
        "st_asmvt"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("ST_AsMVT outside of SQL; call it through a SQL statement")
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
