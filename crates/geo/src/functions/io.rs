//! Geometry from and to bytes and text.

use arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ReturnFieldArgs, ScalarUDF};

use super::call::{Call, Shape};
use super::frame::{Function, Gives};
use super::literal::{crs_of_srid, literal_crs};
use crate::crs::Crs;
use crate::text::{
    GEOJSON_DIGITS, WKT_DIGITS, from_any_text, from_geojson, geojson_with, to_ewkt, to_hex, wkt_with_digits,
};
use crate::wkb::{srid_of, with_srid};
use crate::{GeoError, to_geometry};

pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = readers();
    functions.extend(writers());
    functions
}

fn readers() -> Vec<ScalarUDF> {
    let about = "A geometry out of well-known text, in the coordinate system of an SRID.";
    let text = |name: &'static str| {
        Function::new(name, "wkt text, [srid integer]", Gives::Geometry, about, |call| read(call, from_any_text))
            .crs(|args| Ok(literal_crs(args, 1)?.or(text_crs(args)?)))
    };
    vec![
        text("ST_GeomFromText").example("ST_SRID(ST_GeomFromText('POINT(1 2)', 4326))", "4326").udf(),
        text("ST_GeometryFromText").example("ST_AsText(ST_GeometryFromText('POINT(1 2)'))", "POINT(1 2)").udf(),
        Function::new(
            "ST_GeomFromEWKT",
            "ewkt text",
            Gives::Geometry,
            "A geometry out of well-known text that may begin with `SRID=…;`.",
            |call| read(call, from_any_text),
        )
        .crs(text_crs)
        .example("ST_AsEWKT(ST_GeomFromEWKT('SRID=4548;POINT(1 2)'))", "SRID=4548;POINT(1 2)")
        .udf(),
        Function::new(
            "ST_GeomFromGeoJSON",
            "geojson text",
            Gives::Geometry,
            "A geometry out of a GeoJSON geometry or feature, in EPSG:4326.",
            |call| read(call, from_geojson),
        )
        .crs(|_| Ok(Some(Crs::wgs84())))
        .example("ST_AsText(ST_GeomFromGeoJSON('{\"type\":\"Point\",\"coordinates\":[1,2]}'))", "POINT(1 2)")
        .udf(),
        Function::new(
            "ST_GeomFromWKB",
            "wkb geometry, [srid integer]",
            Gives::Geometry,
            "A geometry out of well-known binary, checked, in the coordinate system of an SRID.",
            |call| {
                let (column, srids) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    let Some(bytes) = checked(call, row)? else { return Ok(None) };
                    match srids.get_or(row, i64::from(column.srid(row))) {
                        Some(srid) => tagged(call, bytes, srid).map(Some).map_err(|error| call.error(row, error)),
                        None => Ok(None),
                    }
                })
            },
        )
        .crs(|args| literal_crs(args, 1))
        .example("ST_AsText(ST_GeomFromWKB(ST_AsBinary(ST_Point(1, 2))))", "POINT(1 2)")
        .udf(),
        Function::new(
            "ST_GeomFromEWKB",
            "ewkb geometry",
            Gives::Geometry,
            "A geometry out of extended well-known binary, checked; its SRID stays with it.",
            |call| call.give_geometries(|row| Ok(checked(call, row)?.map(|bytes| Shape::Bytes(bytes.to_vec())))),
        )
        .example("ST_AsEWKT(ST_GeomFromEWKB(ST_AsEWKB(ST_Point(1, 2, 4326))))", "SRID=4326;POINT(1 2)")
        .udf(),
    ]
}

fn writers() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_AsText",
            "geom geometry, [digits integer]",
            Gives::Text,
            "Well-known text, with at most so many digits after the point (15 unless told otherwise).",
            |call| {
                let (column, digits) = (call.geometries(0)?, call.integers(1)?);
                call.give_texts(|row| {
                    let Some((bytes, digits)) = column.bytes(row).zip(digits_at(digits.get_or(row, WKT_DIGITS as i64)))
                    else {
                        return Ok(None);
                    };
                    wkt_with_digits(bytes, digits).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .example("ST_AsText(ST_Point(1.23456, 2), 2)", "POINT(1.23 2)")
        .udf(),
        Function::new(
            "ST_AsEWKT",
            "geom geometry, [digits integer]",
            Gives::Text,
            "Well-known text that begins with the SRID where the geometry has one.",
            |call| {
                let (column, digits) = (call.geometries(0)?, call.integers(1)?);
                call.give_texts(|row| {
                    let Some((bytes, digits)) = column.bytes(row).zip(digits_at(digits.get_or(row, WKT_DIGITS as i64)))
                    else {
                        return Ok(None);
                    };
                    to_ewkt(bytes, srid_at(call, row)?, digits).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .example("ST_AsEWKT(ST_Point(1, 2, 4326))", "SRID=4326;POINT(1 2)")
        .udf(),
        Function::new("ST_AsBinary", "geom geometry", Gives::Bytes, "Well-known binary without an SRID.", |call| {
            call.give_bytes(|row| {
                Ok(checked(call, row)?.map(|bytes| if srid_of(bytes) == 0 { bytes.to_vec() } else { with_srid(bytes, 0) }))
            })
        })
        .example("encode(ST_AsBinary(ST_Point(1, 2)), 'hex')", "0101000000000000000000f03f0000000000000040")
        .udf(),
        Function::new(
            "ST_AsEWKB",
            "geom geometry",
            Gives::Bytes,
            "Extended well-known binary, with the SRID where the geometry has one.",
            |call| {
                call.give_bytes(|row| {
                    let Some(bytes) = checked(call, row)? else { return Ok(None) };
                    Ok(Some(with_srid(bytes, srid_at(call, row)?)))
                })
            },
        )
        .example("encode(ST_AsEWKB(ST_Point(1, 2, 4326)), 'hex')", "0101000020e6100000000000000000f03f0000000000000040")
        .udf(),
        Function::new(
            "ST_AsHEXEWKB",
            "geom geometry",
            Gives::Text,
            "Extended well-known binary as hexadecimal text.",
            |call| {
                call.give_texts(|row| {
                    let Some(bytes) = checked(call, row)? else { return Ok(None) };
                    Ok(Some(to_hex(&with_srid(bytes, srid_at(call, row)?))))
                })
            },
        )
        .example("ST_AsHEXEWKB(ST_Point(1, 2))", "0101000000000000000000F03F0000000000000040")
        .udf(),
        Function::new(
            "ST_AsGeoJSON",
            "geom geometry, [digits integer], [options integer]",
            Gives::Text,
            "A GeoJSON geometry with at most so many digits after the point (9 unless told otherwise). Options: 1 adds the extent, 2 the name of the coordinate system, 4 its long name; 8, the default, its name unless it is EPSG:4326.",
            |call| {
                let (column, digits, options) = (call.geometries(0)?, call.integers(1)?, call.integers(2)?);
                call.give_texts(|row| {
                    let digits = digits_at(digits.get_or(row, GEOJSON_DIGITS as i64));
                    let (Some(bytes), Some(digits), Some(options)) = (column.bytes(row), digits, options.get_or(row, 8))
                    else {
                        return Ok(None);
                    };
                    let srid = srid_at(call, row)?;
                    let crs = match options {
                        _ if srid == 0 => None,
                        _ if options & 4 != 0 => Some(format!("urn:ogc:def:crs:EPSG::{srid}")),
                        _ if options & 2 != 0 || (options & 8 != 0 && srid != 4326) => Some(format!("EPSG:{srid}")),
                        _ => None,
                    };
                    geojson_with(bytes, digits, options & 1 != 0, crs.as_deref())
                        .map(Some)
                        .map_err(|error| call.error(row, error))
                })
            },
        )
        .example("ST_AsGeoJSON(ST_Point(1, 2))", r#"{"type":"Point","coordinates":[1,2]}"#)
        .udf(),
    ]
}

fn digits_at(digits: Option<i64>) -> Option<usize> {
    digits.map(|digits| usize::try_from(digits.clamp(0, 17)).unwrap_or(0))
}

/// The SRID of the first argument at a row, the value's own or the column's.
pub fn srid_at(call: &Call, row: usize) -> Result<u32> {
    let column = call.geometries(0)?;
    Ok(match column.srid(row) {
        0 => column.crs().map_or(0, Crs::srid),
        srid => srid,
    })
}

/// The bytes of the first argument, once they have been read as a geometry.
fn checked<'a>(call: &'a Call, row: usize) -> Result<Option<&'a [u8]>> {
    let column = call.geometries(0)?;
    let Some(bytes) = column.bytes(row) else { return Ok(None) };
    if crate::point_of(bytes).is_none() {
        to_geometry(bytes).map_err(|error| call.error(row, error))?;
    }
    Ok(Some(bytes))
}

/// A value with an SRID that some system has; plain where the result's column says the system.
pub fn tagged(call: &Call, bytes: &[u8], srid: i64) -> Result<Shape, GeoError> {
    let known = crs_of_srid(srid)?.is_some() && !call.result_has_crs();
    let srid = if known { u32::try_from(srid).unwrap_or(0) } else { 0 };
    Ok(Shape::Bytes(if srid == srid_of(bytes) { bytes.to_vec() } else { with_srid(bytes, srid) }))
}

/// The system that a constant EWKT names.
fn text_crs(args: &ReturnFieldArgs) -> Result<Option<Crs>> {
    let Some(Some(Some(Some(text)))) = args.scalar_arguments.first().map(|value| value.map(|value| value.try_as_str()))
    else {
        return Ok(None);
    };
    match from_any_text(text) {
        Ok(bytes) => crs_of_srid(i64::from(srid_of(&bytes))).map_err(|error| DataFusionError::Plan(error.to_string())),
        // The row's own error says more.
        Err(_) => Ok(None),
    }
}

fn read(call: &Call, parse: fn(&str) -> Result<Vec<u8>, GeoError>) -> Result<ArrayRef> {
    let (texts, srids) = (call.texts(0)?, call.integers(1)?);
    call.give_geometries(|row| {
        let Some(text) = texts.get(row) else { return Ok(None) };
        let bytes = parse(text).map_err(|error| call.error(row, error))?;
        match srids.get_or(row, i64::from(srid_of(&bytes))) {
            Some(srid) => tagged(call, &bytes, srid).map(Some).map_err(|error| call.error(row, error)),
            None => Ok(None),
        }
    })
}
