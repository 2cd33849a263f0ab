//! Geometry out of numbers and of other geometries.

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{Coord, CoordsIter, Geometry, GeometryCollection, LineString, Polygon};

use super::call::{Call, Shape};
use super::coordinates::box_ring;
use super::frame::{Function, Gives};
use super::io::tagged;
use super::literal::literal_crs;
use crate::crs::Crs;
use crate::overlay::gather;
use crate::{from_geometry, point_to_wkb};

/// Half the width of the world in EPSG:3857, in metres.
const HALF_WORLD: f64 = 20_037_508.342_789_244;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Point",
            "x number, y number, [srid integer]",
            Gives::Geometry,
            "A point of two coordinates, in the coordinate system of an SRID.",
            |call| {
                let (x, y, srids) = (call.numbers(0)?, call.numbers(1)?, call.integers(2)?);
                let plain = !call.has(2) || call.result_has_crs();
                call.give_geometries(|row| {
                    let (Some(x), Some(y), Some(srid)) = (x.get(row), y.get(row), srids.get_or(row, 0)) else {
                        return Ok(None);
                    };
                    let point = point_to_wkb(x, y);
                    if plain {
                        return Ok(Some(Shape::Bytes(point.to_vec())));
                    }
                    tagged(call, &point, srid).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .crs(|args| literal_crs(args, 2))
        .example("ST_AsText(ST_Point(116.4, 39.9))", "POINT(116.4 39.9)")
        .udf(),
        Function::new(
            "ST_MakePoint",
            "x number, y number, [z number]",
            Gives::Geometry,
            "A point of two coordinates; a third is dropped.",
            |call| {
                let (x, y) = (call.numbers(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    Ok(x.get(row).zip(y.get(row)).map(|(x, y)| Shape::Bytes(point_to_wkb(x, y).to_vec())))
                })
            },
        )
        .example("ST_AsText(ST_MakePoint(1, 2))", "POINT(1 2)")
        .differs("geometries have no Z.")
        .udf(),
        Function::new(
            "ST_MakeEnvelope",
            "xmin number, ymin number, xmax number, ymax number, [srid integer]",
            Gives::Geometry,
            "The rectangle between two corners, in the coordinate system of an SRID.",
            |call| {
                let corners = [call.numbers(0)?, call.numbers(1)?, call.numbers(2)?, call.numbers(3)?];
                let srids = call.integers(4)?;
                let plain = call.result_has_crs();
                call.give_geometries(|row| {
                    let values = corners.each_ref().map(|corner| corner.get(row));
                    let ([Some(west), Some(south), Some(east), Some(north)], Some(srid)) = (values, srids.get_or(row, 0))
                    else {
                        return Ok(None);
                    };
                    let ring = box_ring(Coord { x: west, y: south }, Coord { x: east, y: north });
                    if plain || srid == 0 {
                        return Ok(Some(Shape::Geometry(ring)));
                    }
                    tagged(call, &from_geometry(&ring), srid).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .crs(|args| literal_crs(args, 4))
        .example("ST_AsText(ST_MakeEnvelope(0, 0, 2, 1))", "POLYGON((0 0,0 1,2 1,2 0,0 0))")
        .udf(),
        Function::new(
            "ST_TileEnvelope",
            "zoom integer, x integer, y integer, [bounds geometry], [margin number]",
            Gives::Geometry,
            "The extent of a web map's tile in EPSG:3857, or of a tile of the square pyramid over `bounds`; `margin` grows it by a share of its width.",
            tile_envelope,
        )
        .crs(|args| if args.arg_fields.len() > 3 { Ok(None) } else { Ok(Some(Crs::parse("EPSG:3857").unwrap_or_else(|_| Crs::wgs84()))) })
        .example("ST_AsText(ST_TileEnvelope(1, 1, 0), 2)", "POLYGON((0 0,0 20037508.34,20037508.34 20037508.34,20037508.34 0,0 0))")
        .udf(),
        Function::new(
            "ST_MakePolygon",
            "shell geometry, [holes any]",
            Gives::Geometry,
            "A polygon out of a closed line, and a list of closed lines or a MULTILINESTRING as its holes.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    let Some(shell) = column.get(row)? else { return Ok(None) };
                    let shell = ring(call, row, &shell)?;
                    let Some(holes) = super::lists::geometries_at(call, 1, row)? else { return Ok(None) };
                    let mut rings = Vec::new();
                    for hole in holes {
                        match hole {
                            Geometry::MultiLineString(lines) => {
                                for line in lines {
                                    rings.push(ring(call, row, &Geometry::LineString(line))?);
                                }
                            }
                            other => rings.push(ring(call, row, &other)?),
                        }
                    }
                    Ok(Some(Geometry::Polygon(Polygon::new(shell, rings))))
                })
            },
        )
        .example(
            "ST_AsText(ST_MakePolygon(ST_GeomFromText('LINESTRING(0 0,4 0,4 4,0 0)')))",
            "POLYGON((0 0,4 0,4 4,0 0))",
        )
        .udf(),
        Function::new(
            "ST_Polygon",
            "shell geometry, srid integer",
            Gives::Geometry,
            "A polygon out of a closed line, in the coordinate system of an SRID.",
            |call| {
                let (column, srids) = (call.geometries(0)?, call.integers(1)?);
                call.give_geometries(|row| {
                    let Some((shell, srid)) = column.get(row)?.zip(srids.get(row)) else { return Ok(None) };
                    let polygon = Geometry::Polygon(Polygon::new(ring(call, row, &shell)?, Vec::new()));
                    tagged(call, &from_geometry(&polygon), srid).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .crs(|args| literal_crs(args, 1))
        .example(
            "ST_AsEWKT(ST_Polygon(ST_GeomFromText('LINESTRING(0 0,4 0,4 4,0 0)'), 4326))",
            "SRID=4326;POLYGON((0 0,4 0,4 4,0 0))",
        )
        .udf(),
    ]
}

/// The two-argument form of `ST_MakeLine`; the one-argument form is an aggregate.
pub fn make_line_of_two() -> ScalarUDF {
    Function::new(
        "ST_MakeLine",
        "a geometry, b geometry",
        Gives::Geometry,
        "The line through two points, or two lines joined end to end.",
        |call| {
            let (a, b) = (call.geometries(0)?, call.geometries(1)?);
            call.give_geometries(|row| {
                let Some((a, b)) = a.get(row)?.zip(b.get(row)?) else { return Ok(None) };
                line_of([a.as_ref(), b.as_ref()]).map(Some).map_err(|error| call.error(row, error))
            })
        },
    )
    .udf()
}

/// The two-argument form of `ST_Collect`; the one-argument form is an aggregate.
pub fn collect_of_two() -> ScalarUDF {
    Function::new(
        "ST_Collect",
        "a geometry, b geometry",
        Gives::Geometry,
        "Two geometries put together, without dissolving them.",
        |call| {
            let (a, b) = (call.geometries(0)?, call.geometries(1)?);
            call.give_geometries(|row| {
                let pair = [a.get(row)?, b.get(row)?].into_iter().flatten().map(std::borrow::Cow::into_owned);
                let found = pair.collect::<Vec<_>>();
                Ok((!found.is_empty()).then(|| gather(found)))
            })
        },
    )
    .udf()
}

/// The line through the vertices of points and lines, in their order; a vertex where one ends and the next begins counts once.
pub fn line_of<'a>(parts: impl IntoIterator<Item = &'a Geometry>) -> Result<Geometry, &'static str> {
    let mut coords: Vec<Coord> = Vec::new();
    for part in parts {
        match part {
            Geometry::Point(point) => coords.push(point.0),
            Geometry::LineString(line) => {
                let joined = !coords.is_empty() && coords.last() == line.0.first();
                coords.extend(line.0.iter().skip(usize::from(joined)));
            }
            Geometry::MultiPoint(points) => coords.extend(points.coords_iter()),
            _ => return Err("a line is made of points, multipoints and lines"),
        }
    }
    if coords.len() == 1 {
        coords.push(coords[0]);
    }
    Ok(Geometry::LineString(LineString(coords)))
}

fn ring(call: &Call, row: usize, geometry: &Geometry) -> Result<LineString> {
    match geometry {
        Geometry::LineString(line) if line.0.len() >= 4 && line.is_closed() => Ok(line.clone()),
        Geometry::LineString(_) => Err(call.error(row, "a ring has at least four points and ends where it begins")),
        _ => Err(call.error(row, "a ring is made of a line")),
    }
}

fn tile_envelope(call: &Call) -> Result<arrow::array::ArrayRef> {
    let (zoom, x, y) = (call.integers(0)?, call.integers(1)?, call.integers(2)?);
    let margin = call.numbers(4)?;
    call.give_geometries(|row| {
        let (Some(zoom), Some(x), Some(y), Some(margin)) =
            (zoom.get(row), x.get(row), y.get(row), margin.get_or(row, 0.0))
        else {
            return Ok(None);
        };
        let bounds = if call.has(3) {
            let Some(bounds) = call.geometries(3)?.get(row)? else { return Ok(None) };
            geo::BoundingRect::bounding_rect(bounds.as_ref()).ok_or_else(|| call.error(row, "the bounds are empty"))?
        } else {
            geo::Rect::new(Coord { x: -HALF_WORLD, y: -HALF_WORLD }, Coord { x: HALF_WORLD, y: HALF_WORLD })
        };
        if !(0..32).contains(&zoom) {
            return Err(call.error(row, format!("zoom {zoom} is not between 0 and 31")));
        }
        let tiles = 1_i64 << zoom;
        if !(0..tiles).contains(&x) || !(0..tiles).contains(&y) {
            return Err(call.error(row, format!("tile {x}/{y} is not between 0 and {} at zoom {zoom}", tiles - 1)));
        }
        if margin < -0.5 {
            return Err(call.error(row, "a margin below -0.5 leaves nothing of the tile"));
        }
        let size = Coord { x: bounds.width() / tiles as f64, y: bounds.height() / tiles as f64 };
        let grow = Coord { x: size.x * margin, y: size.y * margin };
        let low = Coord { x: bounds.min().x + size.x * x as f64, y: bounds.max().y - size.y * (y + 1) as f64 };
        let high = Coord { x: bounds.min().x + size.x * (x + 1) as f64, y: bounds.max().y - size.y * y as f64 };
        // A tile grows over its neighbours but not over the edge of the world.
        let low = Coord { x: (low.x - grow.x).max(bounds.min().x), y: (low.y - grow.y).max(bounds.min().y) };
        let high = Coord { x: (high.x + grow.x).min(bounds.max().x), y: (high.y + grow.y).min(bounds.max().y) };
        Ok(Some(box_ring(low, high)))
    })
}

/// An empty collection.
pub fn empty_collection() -> Geometry {
    Geometry::GeometryCollection(GeometryCollection(Vec::new()))
}

/// `ST_MakeLine` over the list its aggregate collects.
pub fn make_line_of_list() -> ScalarUDF {
    Function::new(
        "ST_MakeLine",
        "parts any",
        Gives::Geometry,
        "The line through points, or lines joined end to end, of a list.",
        |call| {
            call.give_geometries(|row| {
                let Some(parts) = super::lists::geometries_at(call, 0, row)? else { return Ok(None) };
                if parts.is_empty() {
                    return Ok(None);
                }
                line_of(parts.iter()).map(Some).map_err(|error| call.error(row, error))
            })
        },
    )
    .udf()
}
