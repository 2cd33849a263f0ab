//! Lengths, areas and distances: planar in the units of the coordinates, or on the Earth in metres.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF};
use geo::{Area, Distance, Euclidean, Geodesic, GeodesicArea, Geometry, Haversine, Length, Point};

use super::args::{at, geometry, number};
use super::geometry_function::{Gives, function};
use crate::representative_point;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        function("st_area", 1, 2, Gives::Number, |args| {
            // ST_Area(geom, true) is the area on the spheroid, as of PostGIS's geography.
            let geodesic = args.args.len() == 2;
            measure(args, "ST_Area", |geometry| {
                if geodesic { geometry.geodesic_area_unsigned() } else { geometry.unsigned_area() }
            })
        }),
        function("st_length", 1, 2, Gives::Number, |args| {
            let geodesic = args.args.len() == 2;
            measure(args, "ST_Length", |geometry| length(geometry, geodesic))
        }),
        function("st_distance", 2, 2, Gives::Number, |args| {
            let (a, b) = (geometry(args, 0, "ST_Distance")?, geometry(args, 1, "ST_Distance")?);
            let mut out = Float64Builder::with_capacity(args.number_rows);
            let fixed = if b.is_constant() { b.geometry("ST_Distance", 0)? } else { None };
            for row in 0..args.number_rows {
                let left = a.geometry("ST_Distance", row)?;
                let distance = if b.is_constant() {
                    left.zip(fixed.as_ref()).map(|(left, right)| Euclidean.distance(&left, right))
                } else {
                    left.zip(b.geometry("ST_Distance", row)?).map(|(left, right)| Euclidean.distance(&left, &right))
                };
                out.append_option(distance);
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_distancesphere", 2, 2, Gives::Number, |args| {
            let mut out = Float64Builder::with_capacity(args.number_rows);
            on_sphere(args, "ST_DistanceSphere", |_, distance| {
                out.append_option(distance);
                Ok(())
            })?;
            Ok(Arc::new(out.finish()))
        }),
        function("st_dwithin", 3, 3, Gives::Boolean, |args| {
            let (a, b, within) = (geometry(args, 0, "ST_DWithin")?, geometry(args, 1, "ST_DWithin")?, number(args, 2)?);
            let mut out = BooleanBuilder::with_capacity(args.number_rows);
            for row in 0..args.number_rows {
                let pair = a.geometry("ST_DWithin", row)?.zip(b.geometry("ST_DWithin", row)?);
                let near = pair.zip(within.number(row));
                if near.as_ref().is_some_and(|(_, within)| *within < 0.0) {
                    return exec_err!("ST_DWithin, row {} of the batch: a distance cannot be negative", row + 1);
                }
                out.append_option(near.map(|((a, b), within)| Euclidean.distance(&a, &b) <= within));
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_dwithinsphere", 3, 3, Gives::Boolean, |args| {
            let within = number(args, 2)?;
            let mut out = BooleanBuilder::with_capacity(args.number_rows);
            on_sphere(args, "ST_DWithinSphere", |row, distance| {
                out.append_option(distance.zip(within.number(row)).map(|(distance, within)| distance <= within));
                Ok(())
            })?;
            Ok(Arc::new(out.finish()))
        }),
    ]
}

fn measure(args: &ScalarFunctionArgs, name: &str, kernel: impl Fn(&Geometry) -> f64) -> Result<ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = Float64Builder::with_capacity(args.number_rows);
    for row in 0..args.number_rows {
        out.append_option(column.geometry(name, row)?.map(|geometry| kernel(&geometry)));
    }
    Ok(Arc::new(out.finish()))
}

fn length(geometry: &Geometry, geodesic: bool) -> f64 {
    match geometry {
        Geometry::LineString(line) if geodesic => Geodesic.length(line),
        Geometry::LineString(line) => Euclidean.length(line),
        Geometry::MultiLineString(lines) if geodesic => Geodesic.length(lines),
        Geometry::MultiLineString(lines) => Euclidean.length(lines),
        Geometry::GeometryCollection(parts) => parts.iter().map(|part| length(part, geodesic)).sum(),
        _ => 0.0,
    }
}

/// Metres along the great circle between points (of other geometries, a point on or in them).
fn on_sphere(
    args: &ScalarFunctionArgs,
    name: &str,
    mut take: impl FnMut(usize, Option<f64>) -> Result<()>,
) -> Result<()> {
    let (a, b) = (geometry(args, 0, name)?, geometry(args, 1, name)?);
    let point = |bytes: Option<&[u8]>, row: usize| match bytes {
        None => Ok(None),
        Some(bytes) => representative_point(bytes).map_err(|error| at(name, row, &error)),
    };
    for row in 0..args.number_rows {
        let pair = point(a.bytes(row), row)?.zip(point(b.bytes(row), row)?);
        take(row, pair.map(|(a, b)| Haversine.distance(Point::from(a), Point::from(b))))?;
    }
    Ok(())
}
