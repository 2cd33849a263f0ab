//! A point's coordinates and any geometry's extent.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{BoundingRect, Coord, Geometry, LineString, Point, Polygon, Rect};

use super::call::{Call, Shape};
use super::frame::{Function, Gives};
use crate::point_of;
use crate::wkb::{finite_point_of, type_of};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new("ST_X", "point geometry", Gives::Number, "The x coordinate (east or longitude) of a point; null for an empty one.", |call| {
            coordinate(call, |x, _| x)
        })
        .example("ST_X(ST_Point(116.4, 39.9))", "116.4")
        .udf(),
        Function::new("ST_Y", "point geometry", Gives::Number, "The y coordinate (north or latitude) of a point; null for an empty one.", |call| {
            coordinate(call, |_, y| y)
        })
        .example("ST_Y(ST_Point(116.4, 39.9))", "39.9")
        .udf(),
        Function::new("ST_XMin", "geom geometry", Gives::Number, "The western edge of the extent; null for an empty geometry.", |call| {
            extent(call, |rect| rect.min().x)
        })
        .example("ST_XMin(ST_GeomFromText('LINESTRING(1 2,3 4)'))", "1.0")
        .udf(),
        Function::new("ST_XMax", "geom geometry", Gives::Number, "The eastern edge of the extent; null for an empty geometry.", |call| {
            extent(call, |rect| rect.max().x)
        })
        .example("ST_XMax(ST_GeomFromText('LINESTRING(1 2,3 4)'))", "3.0")
        .udf(),
        Function::new("ST_YMin", "geom geometry", Gives::Number, "The southern edge of the extent; null for an empty geometry.", |call| {
            extent(call, |rect| rect.min().y)
        })
        .example("ST_YMin(ST_GeomFromText('LINESTRING(1 2,3 4)'))", "2.0")
        .udf(),
        Function::new("ST_YMax", "geom geometry", Gives::Number, "The northern edge of the extent; null for an empty geometry.", |call| {
            extent(call, |rect| rect.max().y)
        })
        .example("ST_YMax(ST_GeomFromText('LINESTRING(1 2,3 4)'))", "4.0")
        .udf(),
        Function::new(
            "ST_Envelope",
            "geom geometry",
            Gives::Geometry,
            "The extent as a polygon; a line or a point where it has no width or height, the geometry itself where it is empty.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    Ok(Some(match geometry.bounding_rect() {
                        Some(rect) => Shape::Geometry(envelope(rect)),
                        None => Shape::Bytes(column.bytes(row).unwrap_or_default().to_vec()),
                    }))
                })
            },
        )
        .example("ST_AsText(ST_Envelope(ST_GeomFromText('LINESTRING(1 2,3 4)')))", "POLYGON((1 2,1 4,3 4,3 2,1 2))")
        .udf(),
        Function::new(
            "ST_Expand",
            "geom geometry, units number, [dy number]",
            Gives::Geometry,
            "The extent grown by a distance on all sides, or by one distance in x and another in y.",
            |call| {
                let (column, dx, dy) = (call.geometries(0)?, call.numbers(1)?, call.numbers(2)?);
                call.give_geometries(|row| {
                    let Some((geometry, dx)) = column.get(row)?.zip(dx.get(row)) else { return Ok(None) };
                    let Some(dy) = dy.get_or(row, dx) else { return Ok(None) };
                    let Some(rect) = geometry.bounding_rect() else {
                        return Ok(Some(Shape::Geometry(geometry.into_owned())));
                    };
                    let by = Coord { x: dx, y: dy };
                    Ok(Some(Shape::Geometry(box_ring(rect.min() - by, rect.max() + by))))
                })
            },
        )
        .example("ST_AsText(ST_Expand(ST_Point(1, 2), 1))", "POLYGON((0 1,0 3,2 3,2 1,0 1))")
        .udf(),
    ]
}

/// The polygon of two corners, in PostGIS's order of vertices.
pub fn box_ring(low: Coord, high: Coord) -> Geometry {
    let ring = vec![low, Coord { x: low.x, y: high.y }, high, Coord { x: high.x, y: low.y }, low];
    Geometry::Polygon(Polygon::new(LineString(ring), Vec::new()))
}

/// An extent as the simplest geometry that shows it.
pub fn envelope(rect: Rect) -> Geometry {
    let (low, high) = (rect.min(), rect.max());
    if low == high {
        Geometry::Point(Point(low))
    } else if low.x == high.x || low.y == high.y {
        Geometry::LineString(LineString(vec![low, high]))
    } else {
        box_ring(low, high)
    }
}

fn coordinate(call: &Call, pick: fn(f64, f64) -> f64) -> Result<ArrayRef> {
    let column = call.geometries(0)?;
    call.give_numbers(|row| {
        let Some(bytes) = column.bytes(row) else { return Ok(None) };
        if let Some((x, y)) = point_of(bytes) {
            return Ok(Some(pick(x, y)));
        }
        match column.any(row)? {
            Some(Geometry::Point(point)) => Ok(Some(pick(point.x(), point.y()))),
            _ if type_of(bytes) == Some(1) => Ok(None),
            _ => Err(call.error(row, "the geometry is no point; ST_Centroid or ST_PointOnSurface gives one")),
        }
    })
}

fn extent(call: &Call, pick: fn(Rect) -> f64) -> Result<ArrayRef> {
    let column = call.geometries(0)?;
    call.give_numbers(|row| match column.bytes(row).and_then(finite_point_of) {
        Some((x, y)) => Ok(Some(pick(Rect::new(Coord { x, y }, Coord { x, y })))),
        None => Ok(column.get(row)?.and_then(|geometry| geometry.bounding_rect()).map(pick)),
    })
}
