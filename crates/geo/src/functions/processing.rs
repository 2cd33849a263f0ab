//! Geometry out of geometry.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF};
use geo::{BoundingRect, Buffer, Centroid, Geometry, InteriorPoint};

use super::args::{geometry, number};
use super::geometry_function::{Gives, function};
use crate::{from_geometry, point_of};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        function("st_asbinary", 1, 1, Gives::Geometry, |args| {
            let column = geometry(args, 0, "ST_AsBinary")?;
            let mut out = BinaryBuilder::new();
            (0..args.number_rows).for_each(|row| out.append_option(column.bytes(row)));
            Ok(Arc::new(out.finish()))
        }),
        function("st_buffer", 2, 2, Gives::Geometry, |args| {
            let (column, distance) = (geometry(args, 0, "ST_Buffer")?, number(args, 1)?);
            let mut out = BinaryBuilder::new();
            for row in 0..args.number_rows {
                let buffered = column
                    .geometry("ST_Buffer", row)?
                    .zip(distance.number(row))
                    .map(|(geometry, distance)| geometry.buffer(distance));
                out.append_option(buffered.map(|polygons| from_geometry(&Geometry::MultiPolygon(polygons))));
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_centroid", 1, 1, Gives::Geometry, |args| {
            shape(args, "ST_Centroid", |geometry| geometry.centroid().map(Geometry::Point))
        }),
        function("st_envelope", 1, 1, Gives::Geometry, |args| {
            shape(args, "ST_Envelope", |geometry| geometry.bounding_rect().map(Geometry::Rect))
        }),
        function("st_pointonsurface", 1, 1, Gives::Geometry, |args| {
            shape(args, "ST_PointOnSurface", |geometry| geometry.interior_point().map(Geometry::Point))
        }),
    ]
}

fn shape(args: &ScalarFunctionArgs, name: &str, kernel: impl Fn(&Geometry) -> Option<Geometry>) -> Result<ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = BinaryBuilder::new();
    for row in 0..args.number_rows {
        // A point is its own centre and surface; most columns hold nothing else.
        if let Some(bytes) = column.bytes(row).filter(|bytes| name != "ST_Envelope" && point_of(bytes).is_some()) {
            out.append_value(bytes);
            continue;
        }
        out.append_option(
            column.geometry(name, row)?.and_then(|geometry| kernel(&geometry)).map(|geometry| from_geometry(&geometry)),
        );
    }
    Ok(Arc::new(out.finish()))
}
