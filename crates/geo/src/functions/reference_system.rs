//! Coordinate systems of geometries: asked, set, and changed.

use std::collections::HashMap;

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{Coord, MapCoords};

use super::call::{Call, Shape};
use super::frame::{Function, Gives};
use super::io::srid_at;
use super::literal::{crs_of_srid, literal_crs};
use crate::crs::{Crs, Transformer};
use crate::wkb::with_srid;
use crate::{GeoError, from_geometry};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_SRID",
            "geom geometry",
            Gives::Integer,
            "The SRID of the coordinate system, 0 where it is unknown. GCJ-02, BD-09, BD09MC and GCJ02MC have 910001 to 910004.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| match column.bytes(row) {
                    Some(_) => srid_at(call, row).map(|srid| Some(i64::from(srid))),
                    None => Ok(None),
                })
            },
        )
        .example("ST_SRID(ST_Point(1, 2, 4548))", "4548")
        .udf(),
        Function::new(
            "ST_SetSRID",
            "geom geometry, srid integer or text",
            Gives::Geometry,
            "The same coordinates, said to be in the system of an SRID or a name; 0 for an unknown one.",
            |call| {
                let column = call.geometries(0)?;
                let systems = Systems::new(call, 1)?;
                call.give_geometries(|row| {
                    let Some(bytes) = column.bytes(row) else { return Ok(None) };
                    let Some(system) = systems.at(row)? else { return Ok(None) };
                    // The column says the system where it can; values then stay plain WKB.
                    let srid = if call.result_has_crs() { 0 } else { system.as_ref().map_or(0, Crs::srid) };
                    Ok(Some(Shape::Bytes(with_srid(bytes, srid))))
                })
            },
        )
        .crs(|args| literal_crs(args, 1))
        .example("ST_AsEWKT(ST_SetSRID(ST_Point(116.4, 39.9), 4326))", "SRID=4326;POINT(116.4 39.9)")
        .differs("an SRID that no system has is an error; a name such as 'GCJ-02' is taken too.")
        .udf(),
        Function::new(
            "ST_Transform",
            "geom geometry, to integer or text, [target integer or text]",
            Gives::Geometry,
            "The geometry in another coordinate system, by SRID, code or name (`EPSG:4548`, `GCJ-02`, `BD-09`, `BD09MC`, `GCJ02MC`, PROJ parameters). With two systems the first is the one the coordinates are in; with one, that is the geometry's own.",
            transform,
        )
        .crs(|args| literal_crs(args, args.arg_fields.len() - 1))
        .example(
            "ST_AsText(ST_Transform(ST_Point(117, 40), 'EPSG:4326', 'EPSG:4548'), 3)",
            "POINT(500000 4429529.03)",
        )
        .differs("knows the systems of Chinese web maps by name; CGCS2000 (EPSG:4490) is taken to coincide with WGS 84.")
        .udf(),
    ]
}

/// The systems an argument names row by row; a constant is read once.
struct Systems<'a> {
    call: &'a Call<'a>,
    numbers: Option<super::call::Values<arrow::array::Int64Array>>,
    texts: Option<super::call::Values<arrow::array::StringArray>>,
}

impl<'a> Systems<'a> {
    fn new(call: &'a Call<'a>, place: usize) -> Result<Self> {
        let number = call.data_type(place).is_some_and(|data_type| data_type.is_numeric());
        Ok(Self {
            call,
            numbers: number.then(|| call.integers(place)).transpose()?,
            texts: (!number).then(|| call.texts(place)).transpose()?,
        })
    }

    /// `None` for null, `Some(None)` for the unknown system.
    fn at(&self, row: usize) -> Result<Option<Option<Crs>>> {
        let system = match (&self.numbers, &self.texts) {
            (Some(numbers), _) => numbers.get(row).map(crs_of_srid),
            (None, Some(texts)) => texts.get(row).map(|text| Crs::parse(text).map(Some)),
            _ => None,
        };
        system.transpose().map_err(|error| self.call.error(row, error))
    }
}

fn transform(call: &Call) -> Result<arrow::array::ArrayRef> {
    let column = call.geometries(0)?;
    let source = call.has(2).then(|| Systems::new(call, 1)).transpose()?;
    let target = Systems::new(call, if call.has(2) { 2 } else { 1 })?;
    let mut ways: HashMap<(String, String), Transformer> = HashMap::new();
    let carried = call.result_has_crs();
    call.give_geometries(|row| {
        let (Some(bytes), Some(to)) = (column.bytes(row), target.at(row)?) else { return Ok(None) };
        let from = match &source {
            Some(source) => match source.at(row)? {
                Some(from) => from,
                None => return Ok(None),
            },
            None => call.crs(0, row)?,
        };
        let Some(to) = to else { return Err(call.error(row, "the system to transform to is unknown (SRID 0)")) };
        let from = from.ok_or_else(|| {
            call.error(row, "the geometry says no coordinate system; write ST_Transform(geom, from, to) or ST_SetSRID")
        })?;
        let key = (from.name().to_owned(), to.name().to_owned());
        if !ways.contains_key(&key) {
            let way = Transformer::new(&from, &to).map_err(|error| call.error(row, error))?;
            ways.insert(key.clone(), way);
        }
        let Some(way) = ways.get(&key) else { return Ok(None) };
        let srid = if carried { 0 } else { to.srid() };
        if let Some((x, y)) = crate::point_of(bytes) {
            let (x, y) = way.transform(x, y).map_err(|error| call.error(row, error))?;
            return Ok(Some(Shape::Bytes(tag(crate::point_to_wkb(x, y).to_vec(), srid))));
        }
        let Some(geometry) = column.get(row)? else { return Ok(None) };
        let moved = geometry
            .try_map_coords(|coord| way.transform(coord.x, coord.y).map(|(x, y)| Coord { x, y }))
            .map_err(|error: GeoError| call.error(row, error))?;
        Ok(Some(Shape::Bytes(tag(from_geometry(&moved), srid))))
    })
}

fn tag(bytes: Vec<u8>, srid: u32) -> Vec<u8> {
    if srid == 0 { bytes } else { with_srid(&bytes, srid) }
}
