//! What a geometry is: its type, its dimension, its numbers of parts.

use datafusion::logical_expr::ScalarUDF;
use geo::{CoordsIter, Geometry};

use super::frame::{Function, Gives};
use super::simple::is_simple;
use crate::wkb::type_of;

/// The types' names by their numbers in WKB.
const NAMES: [&str; 8] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
];

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new("ST_GeometryType", "geom geometry", Gives::Text, "The type, e.g. `ST_Polygon`.", |call| {
            let column = call.geometries(0)?;
            call.give_texts(|row| {
                Ok(column.any(row)?.and(column.bytes(row)).map(|bytes| format!("ST_{}", name(bytes))))
            })
        })
        .example("ST_GeometryType(ST_Point(1, 2))", "ST_Point")
        .udf(),
        Function::new("GeometryType", "geom geometry", Gives::Text, "The type in capitals, e.g. `POLYGON`.", |call| {
            let column = call.geometries(0)?;
            call.give_texts(|row| Ok(column.any(row)?.and(column.bytes(row)).map(|bytes| name(bytes).to_uppercase())))
        })
        .example("GeometryType(ST_Point(1, 2))", "POINT")
        .udf(),
        Function::new(
            "ST_Dimension",
            "geom geometry",
            Gives::Integer,
            "0 for points, 1 for lines, 2 for areas; the largest of a collection's.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| {
                    Ok(column.any(row)?.zip(column.bytes(row)).map(|(geometry, bytes)| dimension(&geometry, bytes)))
                })
            },
        )
        .example("ST_Dimension(ST_GeomFromText('LINESTRING(0 0,1 1)'))", "1")
        .udf(),
        Function::new(
            "ST_CoordDim",
            "geom geometry",
            Gives::Integer,
            "How many ordinates a vertex has: 2, 3 or 4.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| Ok(column.any(row)?.and(column.bytes(row)).map(crate::wkb::ordinates)))
            },
        )
        .example("ST_CoordDim(ST_Point(1, 2))", "2")
        .udf(),
        Function::new("ST_IsEmpty", "geom geometry", Gives::Boolean, "Whether the geometry has no points.", |call| {
            let column = call.geometries(0)?;
            call.give_booleans(|row| Ok(column.any(row)?.map(|geometry| is_empty(&geometry))))
        })
        .example("ST_IsEmpty(ST_GeomFromText('POLYGON EMPTY'))", "true")
        .udf(),
        Function::new(
            "ST_IsCollection",
            "geom geometry",
            Gives::Boolean,
            "Whether the type is one of several parts (Multi… or GeometryCollection).",
            |call| {
                let column = call.geometries(0)?;
                call.give_booleans(|row| {
                    Ok(column
                        .any(row)?
                        .and(column.bytes(row))
                        .map(|bytes| type_of(bytes).is_some_and(|code| code >= 4)))
                })
            },
        )
        .example("ST_IsCollection(ST_GeomFromText('MULTIPOINT(0 0,1 1)'))", "true")
        .udf(),
        Function::new(
            "ST_IsClosed",
            "geom geometry",
            Gives::Boolean,
            "Whether every line ends where it begins; true for points and areas.",
            |call| {
                let column = call.geometries(0)?;
                call.give_booleans(|row| {
                    Ok(column.get(row)?.map(|geometry| !is_empty(&geometry) && is_closed(&geometry)))
                })
            },
        )
        .example("ST_IsClosed(ST_GeomFromText('LINESTRING(0 0,1 1,1 0,0 0)'))", "true")
        .udf(),
        Function::new(
            "ST_IsSimple",
            "geom geometry",
            Gives::Boolean,
            "Whether the geometry does not touch or cross itself where it should not.",
            |call| {
                let column = call.geometries(0)?;
                call.give_booleans(|row| Ok(column.get(row)?.map(|geometry| is_simple(&geometry))))
            },
        )
        .example("ST_IsSimple(ST_GeomFromText('LINESTRING(0 0,2 2,2 0,0 2)'))", "false")
        .udf(),
        Function::new("ST_IsRing", "line geometry", Gives::Boolean, "Whether a line is closed and simple.", |call| {
            let column = call.geometries(0)?;
            call.give_booleans(|row| match column.get(row)?.as_deref() {
                None => Ok(None),
                Some(Geometry::LineString(line)) => {
                    Ok(Some(!line.0.is_empty() && line.is_closed() && is_simple(&Geometry::LineString(line.clone()))))
                }
                Some(_) => Err(call.error(row, "the geometry is no line")),
            })
        })
        .example("ST_IsRing(ST_GeomFromText('LINESTRING(0 0,1 1,1 0,0 0)'))", "true")
        .udf(),
        Function::new("ST_NPoints", "geom geometry", Gives::Integer, "How many vertices the geometry has.", |call| {
            let column = call.geometries(0)?;
            call.give_integers(|row| Ok(column.any(row)?.map(|geometry| count(geometry.coords_count()))))
        })
        .example("ST_NPoints(ST_MakeEnvelope(0, 0, 1, 1))", "5")
        .udf(),
        Function::new(
            "ST_NumPoints",
            "line geometry",
            Gives::Integer,
            "How many vertices a line has; null for other types.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| {
                    Ok(column.any(row)?.and_then(|geometry| match geometry {
                        Geometry::LineString(line) => Some(count(line.0.len())),
                        _ => None,
                    }))
                })
            },
        )
        .example("ST_NumPoints(ST_GeomFromText('LINESTRING(0 0,1 1)'))", "2")
        .udf(),
        Function::new(
            "ST_NRings",
            "geom geometry",
            Gives::Integer,
            "How many rings the polygons have, shells and holes.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| Ok(column.any(row)?.map(|geometry| rings(&geometry))))
            },
        )
        .example("ST_NRings(ST_MakeEnvelope(0, 0, 1, 1))", "1")
        .udf(),
        Function::new(
            "ST_NumInteriorRings",
            "polygon geometry",
            Gives::Integer,
            "How many holes a polygon has; null for other types.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| {
                    Ok(column.any(row)?.and_then(|geometry| match geometry {
                        Geometry::Polygon(polygon) => Some(count(polygon.interiors().len())),
                        _ => None,
                    }))
                })
            },
        )
        .example("ST_NumInteriorRings(ST_MakeEnvelope(0, 0, 1, 1))", "0")
        .udf(),
        Function::new(
            "ST_NumGeometries",
            "geom geometry",
            Gives::Integer,
            "How many parts a collection has; 1 for a single geometry, 0 for an empty one.",
            |call| {
                let column = call.geometries(0)?;
                call.give_integers(|row| {
                    Ok(column.any(row)?.map(|geometry| {
                        count(match &geometry {
                            Geometry::MultiPoint(points) => points.0.len(),
                            Geometry::MultiLineString(lines) => lines.0.len(),
                            Geometry::MultiPolygon(polygons) => polygons.0.len(),
                            Geometry::GeometryCollection(members) => members.0.len(),
                            single => usize::from(!is_empty(single)),
                        })
                    }))
                })
            },
        )
        .example("ST_NumGeometries(ST_GeomFromText('MULTIPOINT(0 0,1 1)'))", "2")
        .udf(),
    ]
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn name(bytes: &[u8]) -> &'static str {
    NAMES[type_of(bytes).map_or(0, |code| code as usize).min(7)]
}

fn dimension(geometry: &Geometry, bytes: &[u8]) -> i64 {
    match geometry {
        Geometry::GeometryCollection(members) => {
            members.iter().map(|member| dimension(member, &crate::from_geometry(member))).max().unwrap_or(0)
        }
        _ => match type_of(bytes) {
            Some(2 | 5) => 1,
            Some(3 | 6) => 2,
            _ => 0,
        },
    }
}

/// Whether a geometry has no point; a collection of empty members has none, which `HasDimensions` does not see.
pub fn is_empty(geometry: &Geometry) -> bool {
    geometry.coords_count() == 0
}

fn is_closed(geometry: &Geometry) -> bool {
    match geometry {
        Geometry::LineString(line) => line.is_closed(),
        Geometry::MultiLineString(lines) => lines.iter().all(geo::LineString::is_closed),
        Geometry::GeometryCollection(members) => members.iter().all(is_closed),
        _ => true,
    }
}

fn rings(geometry: &Geometry) -> i64 {
    match geometry {
        Geometry::Polygon(polygon) if !polygon.exterior().0.is_empty() => 1 + count(polygon.interiors().len()),
        Geometry::MultiPolygon(polygons) => {
            polygons.iter().map(|polygon| rings(&Geometry::Polygon(polygon.clone()))).sum()
        }
        Geometry::GeometryCollection(members) => members.iter().map(rings).sum(),
        _ => 0,
    }
}
