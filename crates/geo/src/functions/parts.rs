//! Parts of a geometry: members, rings, vertices, the boundary.

use std::collections::HashMap;

use datafusion::logical_expr::ScalarUDF;
use geo::{CoordsIter, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, Point, Polygon};

use super::call::Shape;
use super::frame::{Function, Gives};
use super::is_empty;
use crate::overlay::key;
use crate::wkb::type_of;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Boundary",
            "geom geometry",
            Gives::Geometry,
            "The boundary: the rings of an area, the ends of a line (those where an odd number of lines ends), nothing of points.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    let point = column.bytes(row).and_then(type_of) == Some(1);
                    Ok(Some(if point { Shape::EmptyPoint } else { Shape::Geometry(boundary(&geometry)) }))
                })
            },
        )
        .example("ST_AsText(ST_Boundary(ST_GeomFromText('LINESTRING(0 0,1 1,2 0)')))", "MULTIPOINT((0 0),(2 0))")
        .udf(),
        Function::new(
            "ST_ExteriorRing",
            "polygon geometry",
            Gives::Geometry,
            "The shell of a polygon as a line; null for other types.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    Ok(match column.get(row)?.as_deref() {
                        Some(Geometry::Polygon(polygon)) => Some(Geometry::LineString(polygon.exterior().clone())),
                        _ => None,
                    })
                })
            },
        )
        .example("ST_AsText(ST_ExteriorRing(ST_MakeEnvelope(0, 0, 1, 1)))", "LINESTRING(0 0,0 1,1 1,1 0,0 0)")
        .udf(),
        Function::new(
            "ST_InteriorRingN",
            "polygon geometry, n integer",
            Gives::Geometry,
            "The n-th hole of a polygon as a line, counted from 1; null where there is none.",
            |call| {
                let (column, n) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    Ok(match column.get(row)?.as_deref().zip(n.get(row)) {
                        Some((Geometry::Polygon(polygon), n)) => {
                            nth(polygon.interiors(), n).map(|ring| Geometry::LineString(ring.clone()))
                        }
                        _ => None,
                    })
                })
            },
        )
        .example(
            "ST_AsText(ST_InteriorRingN(ST_GeomFromText('POLYGON((0 0,9 0,9 9,0 0),(5 1,6 1,6 2,5 1))'), 1))",
            "LINESTRING(5 1,6 1,6 2,5 1)",
        )
        .udf(),
        Function::new(
            "ST_GeometryN",
            "geom geometry, n integer",
            Gives::Geometry,
            "The n-th part of a collection, counted from 1; a single geometry is its own first part.",
            |call| {
                let (column, n) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, n)) = column.get(row)?.zip(n.get(row)) else { return Ok(None) };
                    Ok(nth(&members(&geometry), n).cloned())
                })
            },
        )
        .example("ST_AsText(ST_GeometryN(ST_GeomFromText('MULTIPOINT(1 2,3 4)'), 2))", "POINT(3 4)")
        .udf(),
        Function::new(
            "ST_PointN",
            "line geometry, n integer",
            Gives::Geometry,
            "The n-th vertex of a line, counted from 1, or from the end by negative numbers; null where there is none.",
            |call| {
                let (column, n) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, n)) = column.get(row)?.zip(n.get(row)) else { return Ok(None) };
                    let Geometry::LineString(line) = geometry.as_ref() else { return Ok(None) };
                    let n = if n < 0 { n + 1 + i64::try_from(line.0.len()).unwrap_or(0) } else { n };
                    Ok(nth(&line.0, n).map(|coord| Geometry::Point(Point(*coord))))
                })
            },
        )
        .example("ST_AsText(ST_PointN(ST_GeomFromText('LINESTRING(1 2,3 4)'), -1))", "POINT(3 4)")
        .udf(),
        Function::new("ST_StartPoint", "geom geometry", Gives::Geometry, "The first vertex; null for an empty geometry.", |call| {
            let column = call.geometries(0)?;
            call.give_geometries(|row| {
                Ok(column.get(row)?.and_then(|geometry| geometry.coords_iter().next()).map(|coord| Geometry::Point(Point(coord))))
            })
        })
        .example("ST_AsText(ST_StartPoint(ST_GeomFromText('LINESTRING(1 2,3 4)')))", "POINT(1 2)")
        .udf(),
        Function::new("ST_EndPoint", "line geometry", Gives::Geometry, "The last vertex of a line; null for other types.", |call| {
            let column = call.geometries(0)?;
            call.give_geometries(|row| {
                Ok(match column.get(row)?.as_deref() {
                    Some(Geometry::LineString(line)) => line.0.last().map(|coord| Geometry::Point(Point(*coord))),
                    _ => None,
                })
            })
        })
        .example("ST_AsText(ST_EndPoint(ST_GeomFromText('LINESTRING(1 2,3 4)')))", "POINT(3 4)")
        .udf(),
        Function::new(
            "ST_Dump",
            "geom geometry",
            Gives::Geometries,
            "The single parts of a geometry, those of nested collections too, as a list for `unnest`.",
            |call| {
                let column = call.geometries(0)?;
                call.give_lists(|row| {
                    Ok(column.get(row)?.map(|geometry| {
                        let mut found = Vec::new();
                        dump(&geometry, &mut found);
                        found
                    }))
                })
            },
        )
        .example("cardinality(ST_Dump(ST_GeomFromText('MULTIPOINT(1 2,3 4)')))", "2")
        .differs("a list of geometries, not a set of (path, geom); `unnest(ST_Dump(geom))` makes rows of it.")
        .udf(),
        Function::new(
            "ST_DumpPoints",
            "geom geometry",
            Gives::Geometries,
            "The vertices of a geometry as a list of points for `unnest`.",
            |call| {
                let column = call.geometries(0)?;
                call.give_lists(|row| {
                    Ok(column.get(row)?.map(|geometry| {
                        geometry.coords_iter().map(|coord| Geometry::Point(Point(coord))).collect()
                    }))
                })
            },
        )
        .example("cardinality(ST_DumpPoints(ST_MakeEnvelope(0, 0, 1, 1)))", "5")
        .differs("a list of points, not a set of (path, geom).")
        .udf(),
        Function::new("ST_Multi", "geom geometry", Gives::Geometry, "The geometry as one of the Multi… types.", |call| {
            let column = call.geometries(0)?;
            call.give_geometries(|row| {
                Ok(column.get(row)?.map(|geometry| match geometry.into_owned() {
                    Geometry::Point(point) => Geometry::MultiPoint(MultiPoint(vec![point])),
                    Geometry::LineString(line) if !line.0.is_empty() => Geometry::MultiLineString(MultiLineString(vec![line])),
                    Geometry::LineString(_) => Geometry::MultiLineString(MultiLineString(Vec::new())),
                    Geometry::Polygon(polygon) if !polygon.exterior().0.is_empty() => {
                        Geometry::MultiPolygon(geo::MultiPolygon(vec![polygon]))
                    }
                    Geometry::Polygon(_) => Geometry::MultiPolygon(geo::MultiPolygon(Vec::new())),
                    other => other,
                }))
            })
        })
        .example("ST_AsText(ST_Multi(ST_Point(1, 2)))", "MULTIPOINT((1 2))")
        .udf(),
        Function::new(
            "ST_CollectionExtract",
            "collection geometry, [type integer]",
            Gives::Geometry,
            "The parts of a collection of one type (1 points, 2 lines, 3 polygons) as one Multi… geometry; of the largest dimension where no type is named.",
            |call| {
                let (column, kinds) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    let mut found = Vec::new();
                    dump(&geometry, &mut found);
                    let kind = if call.has(1) {
                        match kinds.get(row) {
                            Some(kind @ 1..=3) => kind,
                            Some(_) => return Err(call.error(row, "the type is 1 (points), 2 (lines) or 3 (polygons)")),
                            None => return Ok(None),
                        }
                    } else {
                        found.iter().map(kind_of).max().unwrap_or(0)
                    };
                    found.retain(|member| kind_of(member) == kind);
                    Ok(Some(of_kind(kind, found)))
                })
            },
        )
        .example(
            "ST_AsText(ST_CollectionExtract(ST_GeomFromText('GEOMETRYCOLLECTION(POINT(0 0),LINESTRING(1 1,2 2))'), 2))",
            "MULTILINESTRING((1 1,2 2))",
        )
        .udf(),
    ]
}

fn kind_of(geometry: &Geometry) -> i64 {
    match geometry {
        Geometry::Point(_) => 1,
        Geometry::LineString(_) => 2,
        _ => 3,
    }
}

/// The Multi… geometry of parts of one kind, empty where there are none.
fn of_kind(kind: i64, parts: Vec<Geometry>) -> Geometry {
    match (kind, parts.is_empty()) {
        (2, true) => Geometry::MultiLineString(MultiLineString(Vec::new())),
        (3, true) => Geometry::MultiPolygon(geo::MultiPolygon(Vec::new())),
        (_, true) => Geometry::MultiPoint(MultiPoint(Vec::new())),
        _ => crate::overlay::gather(parts),
    }
}

fn nth<T>(items: &[T], n: i64) -> Option<&T> {
    usize::try_from(n).ok()?.checked_sub(1).and_then(|place| items.get(place))
}

/// The direct members of a collection; a single geometry that is not empty is its own.
pub fn members(geometry: &Geometry) -> Vec<Geometry> {
    match geometry {
        Geometry::MultiPoint(points) => points.iter().map(|point| Geometry::Point(*point)).collect(),
        Geometry::MultiLineString(lines) => lines.iter().map(|line| Geometry::LineString(line.clone())).collect(),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(|polygon| Geometry::Polygon(polygon.clone())).collect(),
        Geometry::GeometryCollection(members) => members.0.clone(),
        single if is_empty(single) => Vec::new(),
        single => vec![single.clone()],
    }
}

/// The single parts, those of nested collections too.
pub fn dump(geometry: &Geometry, found: &mut Vec<Geometry>) {
    for member in members(geometry) {
        match member {
            Geometry::GeometryCollection(GeometryCollection(_))
            | Geometry::MultiPoint(_)
            | Geometry::MultiLineString(_)
            | Geometry::MultiPolygon(_) => dump(&member, found),
            single => found.push(single),
        }
    }
}

fn boundary(geometry: &Geometry) -> Geometry {
    match geometry {
        Geometry::LineString(line) => Geometry::MultiPoint(ends(std::slice::from_ref(line))),
        Geometry::MultiLineString(lines) => Geometry::MultiPoint(ends(&lines.0)),
        Geometry::Polygon(polygon) if polygon.exterior().0.is_empty() => lines(Vec::new()),
        Geometry::Polygon(polygon) => lines(rings(polygon)),
        Geometry::MultiPolygon(polygons) if polygons.0.is_empty() => super::constructors::empty_collection(),
        Geometry::MultiPolygon(polygons) => lines(polygons.iter().flat_map(rings).collect()),
        Geometry::GeometryCollection(members) => {
            let boundaries = members.iter().map(boundary).filter(|boundary| !is_empty(boundary));
            Geometry::GeometryCollection(boundaries.collect())
        }
        _ => Geometry::MultiPoint(MultiPoint(Vec::new())),
    }
}

fn rings(polygon: &Polygon) -> Vec<LineString> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors()).cloned().collect()
}

fn lines(mut rings: Vec<LineString>) -> Geometry {
    match rings.len() {
        1 => Geometry::LineString(rings.remove(0)),
        _ => Geometry::MultiLineString(MultiLineString(rings)),
    }
}

/// Ends where an odd number of open lines ends, in the order in which they are met.
fn ends(lines: &[LineString]) -> MultiPoint {
    let mut counts: HashMap<(u64, u64), u32> = HashMap::new();
    let mut met = Vec::new();
    for line in lines.iter().filter(|line| !line.is_closed()) {
        for coord in line.0.first().into_iter().chain(line.0.last()) {
            let count = counts.entry(key(*coord)).or_insert(0);
            if *count == 0 {
                met.push(*coord);
            }
            *count += 1;
        }
    }
    MultiPoint(met.into_iter().filter(|coord| counts[&key(*coord)] % 2 == 1).map(Point).collect())
}
