//! Coordinates moved, scaled, turned, swapped, rounded; rings turned round.

use datafusion::logical_expr::ScalarUDF;
use geo::{Coord, Geometry, LineString, MapCoords, Point, Polygon, Winding};

use super::frame::{Function, Gives};
use super::measures::point_at;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Translate",
            "geom geometry, dx number, dy number",
            Gives::Geometry,
            "The geometry moved by a distance in x and one in y.",
            |call| {
                let (column, dx, dy) = (call.geometries(0)?, call.numbers(1)?, call.numbers(2)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(dx), Some(dy)) = (column.get(row)?, dx.get(row), dy.get(row)) else {
                        return Ok(None);
                    };
                    Ok(Some(geometry.map_coords(|coord| Coord { x: coord.x + dx, y: coord.y + dy })))
                })
            },
        )
        .example("ST_AsText(ST_Translate(ST_Point(1, 2), 10, 20))", "POINT(11 22)")
        .udf(),
        Function::new(
            "ST_Scale",
            "geom geometry, xfactor number, yfactor number",
            Gives::Geometry,
            "The coordinates multiplied by a factor in x and one in y.",
            |call| {
                let (column, fx, fy) = (call.geometries(0)?, call.numbers(1)?, call.numbers(2)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(fx), Some(fy)) = (column.get(row)?, fx.get(row), fy.get(row)) else {
                        return Ok(None);
                    };
                    Ok(Some(geometry.map_coords(|coord| Coord { x: coord.x * fx, y: coord.y * fy })))
                })
            },
        )
        .example("ST_AsText(ST_Scale(ST_Point(1, 2), 10, 20))", "POINT(10 40)")
        .udf(),
        Function::new(
            "ST_Rotate",
            "geom geometry, radians number, [origin geometry]",
            Gives::Geometry,
            "The geometry turned counter-clockwise around a point, (0, 0) unless told otherwise.",
            |call| {
                let (column, angles) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, angle)) = column.get(row)?.zip(angles.get(row)) else { return Ok(None) };
                    let origin = if call.has(2) {
                        match point_at(call, call.geometries(2)?, row)? {
                            Some(origin) => origin,
                            None => return Ok(None),
                        }
                    } else {
                        Coord::default()
                    };
                    let (sin, cos) = angle.sin_cos();
                    Ok(Some(geometry.map_coords(|coord| {
                        let from = coord - origin;
                        origin + Coord { x: cos * from.x - sin * from.y, y: sin * from.x + cos * from.y }
                    })))
                })
            },
        )
        .example("round(ST_X(ST_Rotate(ST_Point(1, 0), pi())), 6)", "-1.0")
        .udf(),
        Function::new("ST_FlipCoordinates", "geom geometry", Gives::Geometry, "The geometry with x and y exchanged.", |call| {
            let column = call.geometries(0)?;
            call.give_geometries(|row| {
                Ok(column.get(row)?.map(|geometry| geometry.map_coords(|coord| Coord { x: coord.y, y: coord.x })))
            })
        })
        .example("ST_AsText(ST_FlipCoordinates(ST_Point(1, 2)))", "POINT(2 1)")
        .udf(),
        Function::new(
            "ST_ForcePolygonCW",
            "geom geometry",
            Gives::Geometry,
            "The geometry with shells clockwise and holes counter-clockwise.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| Ok(column.get(row)?.map(|geometry| wound(&geometry, true))))
            },
        )
        .example("ST_AsText(ST_ForcePolygonCW(ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')))", "POLYGON((0 0,1 1,1 0,0 0))")
        .udf(),
        Function::new(
            "ST_ForcePolygonCCW",
            "geom geometry",
            Gives::Geometry,
            "The geometry with shells counter-clockwise and holes clockwise.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| Ok(column.get(row)?.map(|geometry| wound(&geometry, false))))
            },
        )
        .example("ST_AsText(ST_ForcePolygonCCW(ST_GeomFromText('POLYGON((0 0,1 1,1 0,0 0))')))", "POLYGON((0 0,1 0,1 1,0 0))")
        .udf(),
        Function::new(
            "ST_SnapToGrid",
            "geom geometry, a number, [b number], [c number], [d number]",
            Gives::Geometry,
            "The vertices moved to the nearest point of a grid: of a size, of a size in x and one in y, or of an origin (x, y) and two sizes. Repeated vertices go, and so do lines and rings that collapse.",
            |call| {
                let column = call.geometries(0)?;
                let numbers = [call.numbers(1)?, call.numbers(2)?, call.numbers(3)?, call.numbers(4)?];
                call.give_geometries(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    let given = numbers.iter().enumerate().filter(|(place, _)| call.has(place + 1));
                    let Some(given) = given.map(|(_, number)| number.get(row)).collect::<Option<Vec<_>>>() else {
                        return Ok(None);
                    };
                    let (origin, size) = match given.as_slice() {
                        [size] => (Coord::default(), Coord { x: *size, y: *size }),
                        [x, y] => (Coord::default(), Coord { x: *x, y: *y }),
                        [x, y, width, height] => (Coord { x: *x, y: *y }, Coord { x: *width, y: *height }),
                        _ => return Err(call.error(row, "a grid has 1 size, 2 sizes, or an origin and 2 sizes")),
                    };
                    if size.x < 0.0 || size.y < 0.0 || size.x.is_nan() || size.y.is_nan() {
                        return Err(call.error(row, "a grid's size cannot be negative or NaN"));
                    }
                    Ok(Some(snap(&geometry, origin, size)))
                })
            },
        )
        .example("ST_AsText(ST_SnapToGrid(ST_Point(1.26, 2.31), 0.5))", "POINT(1.5 2.5)")
        .udf(),
    ]
}

fn wound(geometry: &Geometry, clockwise: bool) -> Geometry {
    let polygon = |polygon: &Polygon| {
        let mut polygon = polygon.clone();
        let turn = |ring: &mut LineString, clockwise: bool| {
            if clockwise { ring.make_cw_winding() } else { ring.make_ccw_winding() }
        };
        polygon.exterior_mut(|ring| turn(ring, clockwise));
        polygon.interiors_mut(|rings| rings.iter_mut().for_each(|ring| turn(ring, !clockwise)));
        polygon
    };
    match geometry {
        Geometry::Polygon(one) => Geometry::Polygon(polygon(one)),
        Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.iter().map(polygon).collect()),
        Geometry::GeometryCollection(members) => {
            Geometry::GeometryCollection(members.iter().map(|member| wound(member, clockwise)).collect())
        }
        other => other.clone(),
    }
}

/// The geometry on a grid; a size of 0 leaves an ordinate as it is.
pub fn snap(geometry: &Geometry, origin: Coord, size: Coord) -> Geometry {
    let place = |value: f64, origin: f64, size: f64| {
        if size > 0.0 { ((value - origin) / size).round_ties_even() * size + origin } else { value }
    };
    let coord = |coord: Coord| Coord { x: place(coord.x, origin.x, size.x), y: place(coord.y, origin.y, size.y) };
    let line = |line: &LineString| {
        let mut coords = line.0.iter().copied().map(coord).collect::<Vec<_>>();
        coords.dedup();
        LineString(coords)
    };
    let polygon = |polygon: &Polygon| {
        let shell = line(polygon.exterior());
        let holes = polygon.interiors().iter().map(line).filter(|hole| hole.0.len() >= 4).collect();
        (shell.0.len() >= 4).then(|| Polygon::new(shell, holes))
    };
    match geometry {
        Geometry::LineString(one) => {
            let line = line(one);
            Geometry::LineString(if line.0.len() >= 2 { line } else { LineString(Vec::new()) })
        }
        Geometry::Polygon(one) => {
            Geometry::Polygon(polygon(one).unwrap_or_else(|| Polygon::new(LineString(Vec::new()), Vec::new())))
        }
        Geometry::MultiLineString(lines) => {
            Geometry::MultiLineString(lines.iter().map(line).filter(|line| line.0.len() >= 2).collect())
        }
        Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.iter().filter_map(polygon).collect()),
        Geometry::MultiPoint(points) => {
            Geometry::MultiPoint(points.iter().map(|point| Point(coord(point.0))).collect())
        }
        Geometry::GeometryCollection(members) => {
            Geometry::GeometryCollection(members.iter().map(|member| snap(member, origin, size)).collect())
        }
        other => other.map_coords(coord),
    }
}
