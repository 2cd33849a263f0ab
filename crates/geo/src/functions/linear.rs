//! Along lines: places by share of the length, pieces, nearest points, more vertices.

use datafusion::logical_expr::ScalarUDF;
use geo::{Coord, Euclidean, Geometry, Length, Line, LineString, MapCoords, MultiPoint, Point};

use super::call::{Call, Shape};
use super::frame::{Function, Gives};
use crate::predicate::{nearest, point_to_segment};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_LineInterpolatePoint",
            "line geometry, share number",
            Gives::Geometry,
            "The point at a share (0 to 1) of a line's length.",
            |call| {
                let (column, shares) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, share)) = column.get(row)?.zip(shares.get(row)) else { return Ok(None) };
                    let line = line_at(call, row, &geometry)?;
                    share_is_fine(call, row, share)?;
                    Ok(Some(Shape::point(at_share(line, share))))
                })
            },
        )
        .example("ST_AsText(ST_LineInterpolatePoint(ST_GeomFromText('LINESTRING(0 0,10 0,10 10)'), 0.3))", "POINT(6 0)")
        .udf(),
        Function::new(
            "ST_LineInterpolatePoints",
            "line geometry, share number, [repeat boolean]",
            Gives::Geometry,
            "The points at every multiple of a share of a line's length, or the first alone.",
            |call| {
                let (column, shares, repeat) = (call.geometries(0)?, call.numbers(1)?, call.booleans(2)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(share), Some(repeat)) =
                        (column.get(row)?, shares.get(row), repeat.get_or(row, true))
                    else {
                        return Ok(None);
                    };
                    let line = line_at(call, row, &geometry)?;
                    share_is_fine(call, row, share)?;
                    if !repeat || share == 0.0 {
                        return Ok(Some(Shape::point(at_share(line, share))));
                    }
                    if share < 1e-6 {
                        return Err(call.error(row, "a share below a millionth asks for more points than any use has"));
                    }
                    let count = (1.0 / share + 1e-9).floor() as usize;
                    let points = (1..=count).filter_map(|times| at_share(line, (times as f64 * share).min(1.0)));
                    let mut points = points.map(Point).collect::<Vec<_>>();
                    Ok(Some(Shape::Geometry(match points.len() {
                        1 => Geometry::Point(points.remove(0)),
                        _ => Geometry::MultiPoint(MultiPoint(points)),
                    })))
                })
            },
        )
        .example(
            "ST_AsText(ST_LineInterpolatePoints(ST_GeomFromText('LINESTRING(0 0,10 0)'), 0.5))",
            "MULTIPOINT((5 0),(10 0))",
        )
        .udf(),
        Function::new(
            "ST_LineLocatePoint",
            "line geometry, point geometry",
            Gives::Number,
            "The share of a line's length at which it comes nearest to a point.",
            |call| {
                let (column, points) = (call.geometries(0)?, call.geometries(1)?);
                call.give_numbers(|row| {
                    let Some((geometry, point)) = column.get(row)?.zip(points.get(row)?) else { return Ok(None) };
                    let line = line_at(call, row, &geometry)?;
                    match point.as_ref() {
                        Geometry::Point(point) => Ok(locate(line, point.0)),
                        Geometry::MultiPoint(points) if points.0.is_empty() => Ok(None),
                        _ => Err(call.error(row, "the second geometry is no point")),
                    }
                })
            },
        )
        .example(
            "ST_LineLocatePoint(ST_GeomFromText('LINESTRING(0 0,10 0,10 10)'), ST_Point(5, 5))",
            "0.25",
        )
        .udf(),
        Function::new(
            "ST_LineSubstring",
            "line geometry, start number, finish number",
            Gives::Geometry,
            "The piece of a line between two shares of its length; a point where they are equal.",
            |call| {
                let (column, starts, ends) = (call.geometries(0)?, call.numbers(1)?, call.numbers(2)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(start), Some(end)) = (column.get(row)?, starts.get(row), ends.get(row))
                    else {
                        return Ok(None);
                    };
                    let line = line_at(call, row, &geometry)?;
                    share_is_fine(call, row, start)?;
                    share_is_fine(call, row, end)?;
                    if start > end {
                        return Err(call.error(row, format!("the piece ends ({end}) before it starts ({start})")));
                    }
                    Ok(Some(if start == end { Shape::point(at_share(line, start)) } else { Shape::Geometry(piece(line, start, end)) }))
                })
            },
        )
        .example(
            "ST_AsText(ST_LineSubstring(ST_GeomFromText('LINESTRING(0 0,10 0,10 10)'), 0.25, 0.75))",
            "LINESTRING(5 0,10 0,10 5)",
        )
        .udf(),
        Function::new(
            "ST_ClosestPoint",
            "a geometry, b geometry",
            Gives::Geometry,
            "The point of a that is nearest to b; null where one is empty.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_geometries(|row| {
                    let near = a.get(row)?.zip(b.get(row)?).and_then(|(a, b)| nearest(&a, &b));
                    Ok(near.map(|near| Geometry::Point(Point(near.from))))
                })
            },
        )
        .example(
            "ST_AsText(ST_ClosestPoint(ST_GeomFromText('LINESTRING(0 0,10 0)'), ST_Point(5, 5)))",
            "POINT(5 0)",
        )
        .udf(),
        Function::new(
            "ST_ShortestLine",
            "a geometry, b geometry",
            Gives::Geometry,
            "The line from the point of a that is nearest to b, to b; null where one is empty.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_geometries(|row| {
                    let near = a.get(row)?.zip(b.get(row)?).and_then(|(a, b)| nearest(&a, &b));
                    Ok(near.map(|near| Geometry::LineString(LineString(vec![near.from, near.to]))))
                })
            },
        )
        .example(
            "ST_AsText(ST_ShortestLine(ST_GeomFromText('LINESTRING(0 0,10 0)'), ST_Point(5, 5)))",
            "LINESTRING(5 0,5 5)",
        )
        .udf(),
        Function::new(
            "ST_LongestLine",
            "a geometry, b geometry",
            Gives::Geometry,
            "The line between the two vertices that are farthest apart; null where one is empty.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_geometries(|row| {
                    let far = a.get(row)?.zip(b.get(row)?).and_then(|(a, b)| crate::predicate::farthest(&a, &b));
                    Ok(far.map(|far| Geometry::LineString(LineString(vec![far.from, far.to]))))
                })
            },
        )
        .example(
            "ST_AsText(ST_LongestLine(ST_GeomFromText('LINESTRING(0 0,10 0)'), ST_Point(2, 5)))",
            "LINESTRING(10 0,2 5)",
        )
        .udf(),
        Function::new(
            "ST_Segmentize",
            "geom geometry, longest number",
            Gives::Geometry,
            "The same shape with vertices added, so that no segment is longer than so much; the pieces of a segment are equal.",
            |call| {
                let (column, longest) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, longest)) = column.get(row)?.zip(longest.get(row)) else { return Ok(None) };
                    if longest.is_nan() || longest <= 0.0 {
                        return Err(call.error(row, format!("a segment's length is greater than 0, not {longest}")));
                    }
                    let pieces: f64 = crate::predicate::segments(&geometry)
                        .iter()
                        .map(|segment| (Euclidean.length(segment) / longest).ceil())
                        .sum();
                    if pieces > 10_000_000.0 {
                        return Err(call.error(row, format!("segments of {longest} are {pieces} vertices; 10,000,000 is the most")));
                    }
                    Ok(Some(each_line(&geometry, &|line| segmentize(line, longest))))
                })
            },
        )
        .example("ST_AsText(ST_Segmentize(ST_GeomFromText('LINESTRING(0 0,10 0)'), 4))", "LINESTRING(0 0,3.333333333333334 0,6.666666666666667 0,10 0)")
        .udf(),
        Function::new("ST_Reverse", "geom geometry", Gives::Geometry, "The same shape with its vertices in reverse order.", |call| {
            let column = call.geometries(0)?;
            call.give_geometries(|row| {
                Ok(column.get(row)?.map(|geometry| {
                    each_line(&geometry, &|line| LineString(line.0.iter().rev().copied().collect()))
                }))
            })
        })
        .example("ST_AsText(ST_Reverse(ST_GeomFromText('LINESTRING(0 0,1 2)')))", "LINESTRING(1 2,0 0)")
        .udf(),
    ]
}

fn line_at<'a>(call: &Call, row: usize, geometry: &'a Geometry) -> datafusion::common::Result<&'a LineString> {
    match geometry {
        Geometry::LineString(line) => Ok(line),
        _ => Err(call.error(row, "the geometry is no line (LINESTRING)")),
    }
}

fn share_is_fine(call: &Call, row: usize, share: f64) -> datafusion::common::Result<()> {
    if (0.0..=1.0).contains(&share) {
        Ok(())
    } else {
        Err(call.error(row, format!("a share of the length is between 0 and 1, not {share}")))
    }
}

/// The point at a share of a line's length; `None` for an empty line.
fn at_share(line: &LineString, share: f64) -> Option<Coord> {
    let total = Euclidean.length(line);
    if share >= 1.0 || total == 0.0 {
        return if share >= 1.0 { line.0.last().copied() } else { line.0.first().copied() };
    }
    let mut gone = 0.0;
    for segment in line.lines() {
        let part = Euclidean.length(&segment) / total;
        if share < gone + part {
            return Some(segment.start + segment.delta() * ((share - gone) / part));
        }
        gone += part;
    }
    line.0.last().copied()
}

fn locate(line: &LineString, point: Coord) -> Option<f64> {
    let total = Euclidean.length(line);
    if line.0.is_empty() {
        return None;
    }
    let mut best = (f64::INFINITY, 0.0);
    let mut gone = 0.0;
    for segment in line.lines() {
        let (distance, foot) = point_to_segment(point, segment);
        if distance < best.0 {
            best = (distance, gone + Euclidean.length(&Line::new(segment.start, foot)));
        }
        gone += Euclidean.length(&segment);
    }
    Some(if total == 0.0 { 0.0 } else { (best.1 / total).clamp(0.0, 1.0) })
}

fn piece(line: &LineString, start: f64, end: f64) -> Geometry {
    let total = Euclidean.length(line);
    let mut coords = at_share(line, start).into_iter().collect::<Vec<_>>();
    let mut gone = 0.0;
    for segment in line.lines() {
        gone += Euclidean.length(&segment);
        let share = if total == 0.0 { 1.0 } else { gone / total };
        if share > start && share < end {
            coords.push(segment.end);
        }
    }
    coords.extend(at_share(line, end));
    coords.dedup();
    if coords.len() == 1 {
        coords.push(coords[0]);
    }
    Geometry::LineString(LineString(coords))
}

fn segmentize(line: &LineString, longest: f64) -> LineString {
    let mut coords = line.0.first().copied().into_iter().collect::<Vec<_>>();
    for segment in line.lines().filter(|segment| segment.start != segment.end) {
        let pieces = (Euclidean.length(&segment) / longest).ceil().max(1.0) as usize;
        for piece in 1..pieces {
            coords.push(segment.start + segment.delta() * piece as f64 / pieces as f64);
        }
        coords.push(segment.end);
    }
    LineString(coords)
}

/// The geometry with a change made to each line and ring.
pub fn each_line(geometry: &Geometry, change: &dyn Fn(&LineString) -> LineString) -> Geometry {
    let polygon = |polygon: &geo::Polygon| {
        geo::Polygon::new(change(polygon.exterior()), polygon.interiors().iter().map(change).collect())
    };
    match geometry {
        Geometry::LineString(line) => Geometry::LineString(change(line)),
        Geometry::MultiLineString(lines) => Geometry::MultiLineString(lines.iter().map(change).collect()),
        Geometry::Polygon(one) => Geometry::Polygon(polygon(one)),
        Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.iter().map(polygon).collect()),
        Geometry::GeometryCollection(members) => {
            Geometry::GeometryCollection(members.iter().map(|member| each_line(member, change)).collect())
        }
        other => other.map_coords(|coord| coord),
    }
}
