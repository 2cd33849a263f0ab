//! Geometry out of numbers and text.

use std::sync::Arc;

use arrow::array::BinaryBuilder;
use datafusion::common::Result;
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF};
use geo::{Geometry, Rect, coord};

use super::args::{at, geometry, number, text};
use super::geometry_function::{Gives, function};
use crate::{GeoError, from_geojson, from_geometry, from_wkt, point_to_wkb, to_geometry};

pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = vec![
        function("st_geomfromgeojson", 1, 1, Gives::Geometry, |args| read(args, "ST_GeomFromGeoJSON", from_geojson)),
        function("st_geomfromtext", 1, 2, Gives::Geometry, |args| read(args, "ST_GeomFromText", from_wkt)),
        function("st_geomfromwkb", 1, 2, Gives::Geometry, |args| {
            let column = geometry(args, 0, "ST_GeomFromWKB")?;
            let mut out = BinaryBuilder::new();
            for row in 0..args.number_rows {
                match column.bytes(row) {
                    None => out.append_null(),
                    Some(bytes) => {
                        to_geometry(bytes).map_err(|error| at("ST_GeomFromWKB", row, &error))?;
                        out.append_value(bytes);
                    }
                }
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_makeenvelope", 4, 5, Gives::Geometry, |args| {
            let corners = [number(args, 0)?, number(args, 1)?, number(args, 2)?, number(args, 3)?];
            let mut out = BinaryBuilder::new();
            for row in 0..args.number_rows {
                let values = corners.each_ref().map(|corner| corner.number(row));
                let [Some(west), Some(south), Some(east), Some(north)] = values else {
                    out.append_null();
                    continue;
                };
                let rect = Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north });
                out.append_value(from_geometry(&Geometry::Rect(rect)));
            }
            Ok(Arc::new(out.finish()))
        }),
    ];
    functions.extend(["st_point", "st_makepoint"].map(|name| function(name, 2, 3, Gives::Geometry, point)));
    functions
}

fn point(args: &ScalarFunctionArgs) -> Result<arrow::array::ArrayRef> {
    let (x, y) = (number(args, 0)?, number(args, 1)?);
    let mut out = BinaryBuilder::with_capacity(args.number_rows, args.number_rows * 21);
    for row in 0..args.number_rows {
        match (x.number(row), y.number(row)) {
            (Some(x), Some(y)) => out.append_value(point_to_wkb(x, y)),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn read(
    args: &ScalarFunctionArgs,
    name: &str,
    parse: fn(&str) -> Result<Vec<u8>, GeoError>,
) -> Result<arrow::array::ArrayRef> {
    let column = text(args, 0)?;
    let mut out = BinaryBuilder::new();
    for row in 0..args.number_rows {
        match column.text(row) {
            None => out.append_null(),
            Some(text) => out.append_value(parse(text).map_err(|error| at(name, row, &error))?),
        }
    }
    Ok(Arc::new(out.finish()))
}
