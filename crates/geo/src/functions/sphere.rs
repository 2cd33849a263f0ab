//! Distances on the Earth in metres, from longitudes and latitudes.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{CoordsIter, Distance, Geodesic, Geometry, Length, Point};

use super::call::Call;
use super::frame::{Function, Gives};
use super::measures::sum_of_lines;
use super::predicates::limit_is_fine;
use crate::point_of;
pub use crate::sphere::{area, line_length};
use crate::sphere::{nearest, point_distance};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_DistanceSphere",
            "a geometry, b geometry",
            Gives::Number,
            "The shortest distance in metres on a sphere of 6,371,008.77 m, along great circles; null where one is empty.",
            |call| distances(call, false),
        )
        .example("round(ST_DistanceSphere(ST_Point(116.4, 39.9), ST_Point(116.4, 40)), 3)", "11119.508")
        .udf(),
        Function::new(
            "ST_DistanceSpheroid",
            "a geometry, b geometry",
            Gives::Number,
            "The shortest distance in metres on the WGS 84 spheroid (Karney 2013). Of lines and areas, the geodesic between the points that are nearest on the sphere.",
            |call| distances(call, true),
        )
        .example("round(ST_DistanceSpheroid(ST_Point(116.4, 39.9), ST_Point(116.4, 40)), 3)", "11103.367")
        .differs("the spheroid is always WGS 84 and is not an argument.")
        .udf(),
        Function::new(
            "ST_DWithinSphere",
            "a geometry, b geometry, metres number",
            Gives::Boolean,
            "Whether they are at most so many metres apart on the sphere.",
            |call| within(call, false),
        )
        .example("ST_DWithinSphere(ST_Point(116.4, 39.9), ST_Point(116.4, 40), 12000)", "true")
        .differs("PostGIS has it as ST_DWithin of geographies, with use_spheroid false.")
        .udf(),
        Function::new(
            "ST_DWithinSpheroid",
            "a geometry, b geometry, metres number",
            Gives::Boolean,
            "Whether they are at most so many metres apart on the WGS 84 spheroid.",
            |call| within(call, true),
        )
        .example("ST_DWithinSpheroid(ST_Point(116.4, 39.9), ST_Point(116.4, 40), 11110)", "true")
        .differs("PostGIS has it as ST_DWithin of geographies.")
        .udf(),
        Function::new(
            "ST_LengthSpheroid",
            "geom geometry",
            Gives::Number,
            "The length of the lines in metres on the WGS 84 spheroid.",
            |call| {
                let column = call.geometries(0)?;
                call.give_numbers(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    check_degrees(call, row, &geometry)?;
                    Ok(Some(sum_of_lines(&geometry, &|line| Geodesic.length(line))))
                })
            },
        )
        .example("round(ST_LengthSpheroid(ST_GeomFromText('LINESTRING(0 0,1 1)')), 3)", "156899.568")
        .differs("the spheroid is always WGS 84 and is not an argument.")
        .udf(),
    ]
}

/// Coordinates must be degrees.
pub fn check_degrees(call: &Call, row: usize, geometry: &Geometry) -> Result<()> {
    match geometry.coords_iter().find(|coord| coord.x.abs() > 180.0 || coord.y.abs() > 90.0) {
        None => Ok(()),
        Some(coord) => Err(call.error(
            row,
            format!("({}, {}) is no longitude and latitude; ST_Transform gives EPSG:4326", coord.x, coord.y),
        )),
    }
}

/// The distance of a row, in metres.
pub fn distance_at(call: &Call, row: usize, spheroid: bool) -> Result<Option<f64>> {
    let (a, b) = (call.geometries(0)?, call.geometries(1)?);
    let degrees = |(x, y): &(f64, f64)| x.abs() <= 180.0 && y.abs() <= 90.0;
    let point = |bytes: Option<&[u8]>| bytes.and_then(point_of).filter(degrees);
    if let (Some(a), Some(b)) = (point(a.bytes(row)), point(b.bytes(row))) {
        return Ok(Some(if spheroid {
            Geodesic.distance(Point::from(a), Point::from(b))
        } else {
            point_distance(Point::from(a).0, Point::from(b).0)
        }));
    }
    let Some((a, b)) = a.get(row)?.zip(b.get(row)?) else { return Ok(None) };
    check_degrees(call, row, &a)?;
    check_degrees(call, row, &b)?;
    Ok(nearest(&a, &b).map(|(distance, from, to)| {
        if spheroid && distance > 0.0 { Geodesic.distance(Point(from), Point(to)) } else { distance }
    }))
}

fn distances(call: &Call, spheroid: bool) -> Result<ArrayRef> {
    call.give_numbers(|row| distance_at(call, row, spheroid))
}

fn within(call: &Call, spheroid: bool) -> Result<ArrayRef> {
    let limits = call.numbers(2)?;
    call.give_booleans(|row| {
        let Some(limit) = limits.get(row) else { return Ok(None) };
        limit_is_fine(call, row, limit)?;
        Ok(distance_at(call, row, spheroid)?.map(|distance| distance <= limit))
    })
}
