//! What a geometry is: coordinates, extent, type, text.

use std::sync::Arc;

use arrow::array::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF};
use geo::{BoundingRect, CoordsIter, Geometry, HasDimensions, Rect};
use wkt::ToWkt;

use super::args::{at, geometry};
use super::geometry_function::{Gives, function};
use crate::{point_of, to_geojson, why_invalid};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        function("st_asgeojson", 1, 1, Gives::Text, |args| {
            let column = geometry(args, 0, "ST_AsGeoJSON")?;
            let mut out = StringBuilder::new();
            for row in 0..args.number_rows {
                let text =
                    column.bytes(row).map(to_geojson).transpose().map_err(|error| at("ST_AsGeoJSON", row, &error))?;
                out.append_option(text);
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_astext", 1, 1, Gives::Text, |args| {
            texts(args, "ST_AsText", |geometry| Some(geometry.wkt_string()))
        }),
        function("st_geometrytype", 1, 1, Gives::Text, |args| {
            texts(args, "ST_GeometryType", |geometry| Some(type_of(geometry).to_owned()))
        }),
        function("st_isempty", 1, 1, Gives::Boolean, |args| booleans(args, "ST_IsEmpty", HasDimensions::is_empty)),
        function("st_isvalid", 1, 1, Gives::Boolean, |args| {
            booleans(args, "ST_IsValid", |geometry| why_invalid(geometry).is_none())
        }),
        function("st_isvalidreason", 1, 1, Gives::Text, |args| {
            texts(args, "ST_IsValidReason", |geometry| {
                Some(why_invalid(geometry).map_or_else(|| "Valid Geometry".to_owned(), |(_, reason)| reason))
            })
        }),
        function("st_npoints", 1, 1, Gives::Integer, |args| {
            let column = geometry(args, 0, "ST_NPoints")?;
            let mut out = Int64Builder::with_capacity(args.number_rows);
            for row in 0..args.number_rows {
                out.append_option(
                    column
                        .geometry("ST_NPoints", row)?
                        .and_then(|geometry| i64::try_from(geometry.coords_count()).ok()),
                );
            }
            Ok(Arc::new(out.finish()))
        }),
        function("st_x", 1, 1, Gives::Number, |args| coordinate(args, "ST_X", |x, _| x)),
        function("st_y", 1, 1, Gives::Number, |args| coordinate(args, "ST_Y", |_, y| y)),
        function("st_xmin", 1, 1, Gives::Number, |args| extent(args, "ST_XMin", |rect| rect.min().x)),
        function("st_xmax", 1, 1, Gives::Number, |args| extent(args, "ST_XMax", |rect| rect.max().x)),
        function("st_ymin", 1, 1, Gives::Number, |args| extent(args, "ST_YMin", |rect| rect.min().y)),
        function("st_ymax", 1, 1, Gives::Number, |args| extent(args, "ST_YMax", |rect| rect.max().y)),
    ]
}

const fn type_of(geometry: &Geometry) -> &'static str {
    match geometry {
        Geometry::Point(_) => "ST_Point",
        Geometry::Line(_) | Geometry::LineString(_) => "ST_LineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "ST_Polygon",
        Geometry::MultiPoint(_) => "ST_MultiPoint",
        Geometry::MultiLineString(_) => "ST_MultiLineString",
        Geometry::MultiPolygon(_) => "ST_MultiPolygon",
        Geometry::GeometryCollection(_) => "ST_GeometryCollection",
    }
}

fn texts(
    args: &ScalarFunctionArgs,
    name: &str,
    kernel: impl Fn(&Geometry) -> Option<String>,
) -> Result<arrow::array::ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = StringBuilder::new();
    for row in 0..args.number_rows {
        out.append_option(column.geometry(name, row)?.and_then(|geometry| kernel(&geometry)));
    }
    Ok(Arc::new(out.finish()))
}

fn booleans(
    args: &ScalarFunctionArgs,
    name: &str,
    kernel: impl Fn(&Geometry) -> bool,
) -> Result<arrow::array::ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = BooleanBuilder::with_capacity(args.number_rows);
    for row in 0..args.number_rows {
        out.append_option(column.geometry(name, row)?.map(|geometry| kernel(&geometry)));
    }
    Ok(Arc::new(out.finish()))
}

/// A point's coordinate; null for anything but a point.
fn coordinate(args: &ScalarFunctionArgs, name: &str, pick: impl Fn(f64, f64) -> f64) -> Result<arrow::array::ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = Float64Builder::with_capacity(args.number_rows);
    for row in 0..args.number_rows {
        let point = match column.bytes(row) {
            None => None,
            Some(bytes) => match point_of(bytes) {
                Some(point) => Some(point),
                None => match column.geometry(name, row)? {
                    Some(Geometry::Point(point)) => Some((point.x(), point.y())),
                    _ => None,
                },
            },
        };
        out.append_option(point.map(|(x, y)| pick(x, y)));
    }
    Ok(Arc::new(out.finish()))
}

fn extent(args: &ScalarFunctionArgs, name: &str, pick: impl Fn(Rect) -> f64) -> Result<arrow::array::ArrayRef> {
    let column = geometry(args, 0, name)?;
    let mut out = Float64Builder::with_capacity(args.number_rows);
    for row in 0..args.number_rows {
        out.append_option(column.geometry(name, row)?.and_then(|geometry| geometry.bounding_rect()).map(&pick));
    }
    Ok(Arc::new(out.finish()))
}
