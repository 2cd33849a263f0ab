//! Lengths, areas and distances in the plane, in the units of the coordinates.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{Area, Coord, Euclidean, Geodesic, GeodesicArea, Geometry, Length, LineString, Polygon};

use super::call::Call;
use super::frame::{Function, Gives};
use super::sphere::check_degrees;
use crate::predicate::{distance, farthest, length};
use crate::wkb::finite_point_of;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Area",
            "geom geometry, [spheroid boolean]",
            Gives::Number,
            "The area in square units of the coordinates; with a second argument, in square metres on the WGS 84 spheroid (true) or sphere (false), from longitudes and latitudes.",
            |call| {
                let (column, spheroid) = (call.geometries(0)?, call.booleans(1)?);
                call.give_numbers(|row| {
                    let Some(geometry) = column.get(row)? else { return Ok(None) };
                    if !call.has(1) {
                        return Ok(Some(geometry.unsigned_area()));
                    }
                    let Some(spheroid) = spheroid.get_or(row, true) else { return Ok(None) };
                    check_degrees(call, row, &geometry)?;
                    Ok(Some(if spheroid { geometry.geodesic_area_unsigned() } else { super::sphere::area(&geometry) }))
                })
            },
        )
        .example("ST_Area(ST_MakeEnvelope(0, 0, 2, 3))", "6.0")
        .udf(),
        Function::new(
            "ST_Length",
            "geom geometry, [spheroid boolean]",
            Gives::Number,
            "The length of the lines (0 for points and areas) in units of the coordinates; with a second argument, in metres on the WGS 84 spheroid (true) or sphere (false).",
            |call| lengths(call, sum_of_lines),
        )
        .example("ST_Length(ST_GeomFromText('LINESTRING(0 0,3 4)'))", "5.0")
        .udf(),
        Function::new(
            "ST_Perimeter",
            "geom geometry, [spheroid boolean]",
            Gives::Number,
            "The length of the rings of areas (0 for points and lines); with a second argument, in metres on the WGS 84 spheroid (true) or sphere (false).",
            |call| lengths(call, sum_of_rings),
        )
        .example("ST_Perimeter(ST_MakeEnvelope(0, 0, 2, 3))", "10.0")
        .udf(),
        Function::new(
            "ST_Distance",
            "a geometry, b geometry",
            Gives::Number,
            "The shortest distance in units of the coordinates; 0 where they share a point, null where one is empty. For metres between longitudes and latitudes see ST_DistanceSphere.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_numbers(|row| {
                    let point = |bytes: Option<&[u8]>| bytes.and_then(finite_point_of);
                    if let (Some(a), Some(b)) = (point(a.bytes(row)), point(b.bytes(row))) {
                        return Ok(Some(length(b.0 - a.0, b.1 - a.1)));
                    }
                    Ok(a.get(row)?.zip(b.get(row)?).and_then(|(a, b)| distance(&a, &b)))
                })
            },
        )
        .example("ST_Distance(ST_Point(0, 0), ST_Point(3, 4))", "5.0")
        .udf(),
        Function::new(
            "ST_MaxDistance",
            "a geometry, b geometry",
            Gives::Number,
            "The largest distance of two of their vertices, in units of the coordinates.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_numbers(|row| {
                    Ok(a.get(row)?.zip(b.get(row)?).and_then(|(a, b)| farthest(&a, &b)).map(|far| far.distance))
                })
            },
        )
        .example("ST_MaxDistance(ST_Point(0, 0), ST_GeomFromText('LINESTRING(2 0,3 4)'))", "5.0")
        .udf(),
        Function::new(
            "ST_Azimuth",
            "a geometry, b geometry",
            Gives::Number,
            "The direction from one point to another in radians, clockwise from north; null where they coincide.",
            |call| {
                let (a, b) = (call.geometries(0)?, call.geometries(1)?);
                call.give_numbers(|row| {
                    let Some((a, b)) = point_at(call, a, row)?.zip(point_at(call, b, row)?) else { return Ok(None) };
                    let (dx, dy) = (b.x - a.x, b.y - a.y);
                    Ok((dx != 0.0 || dy != 0.0).then(|| dx.atan2(dy).rem_euclid(std::f64::consts::TAU)))
                })
            },
        )
        .example("degrees(ST_Azimuth(ST_Point(0, 0), ST_Point(1, 0)))", "90.0")
        .udf(),
        Function::new(
            "ST_HausdorffDistance",
            "a geometry, b geometry, [densify number]",
            Gives::Number,
            "The discrete Hausdorff distance: how far the vertex of one that is farthest from the other is from it. `densify`, a share of a segment's length, puts more vertices in between.",
            |call| {
                let (a, b, densify) = (call.geometries(0)?, call.geometries(1)?, call.numbers(2)?);
                call.give_numbers(|row| {
                    let (Some(a), Some(b), Some(share)) = (a.get(row)?, b.get(row)?, densify.get_or(row, 1.0)) else {
                        return Ok(None);
                    };
                    share_is_fine(call, row, share)?;
                    Ok(hausdorff(&densified(&a, share), &b).zip(hausdorff(&densified(&b, share), &a)).map(|(one, other)| one.max(other)))
                })
            },
        )
        .example(
            "ST_HausdorffDistance(ST_GeomFromText('LINESTRING(0 0,2 0)'), ST_GeomFromText('MULTIPOINT(0 1,1 0,2 1)'))",
            "1.0",
        )
        .udf(),
        Function::new(
            "ST_FrechetDistance",
            "a geometry, b geometry, [densify number]",
            Gives::Number,
            "The discrete Fréchet distance of two curves (Eiter & Mannila 1994): the shortest leash with which both can be walked from end to end. `densify`, a share of a segment's length, puts more vertices in between.",
            |call| {
                let (a, b, densify) = (call.geometries(0)?, call.geometries(1)?, call.numbers(2)?);
                call.give_numbers(|row| {
                    let (Some(a), Some(b), Some(share)) = (a.get(row)?, b.get(row)?, densify.get_or(row, 1.0)) else {
                        return Ok(None);
                    };
                    share_is_fine(call, row, share)?;
                    Ok(frechet(&densified(&a, share), &densified(&b, share)))
                })
            },
        )
        .example(
            "ST_FrechetDistance(ST_GeomFromText('LINESTRING(0 0,100 0)'), ST_GeomFromText('LINESTRING(0 0,50 50,100 0)'))",
            "70.71067811865476",
        )
        .udf(),
    ]
}

/// The point at a row; an error for another type, `None` for null and for an empty point.
pub fn point_at(call: &Call, column: &super::call::Geometries, row: usize) -> Result<Option<Coord>> {
    match column.get(row)?.as_deref() {
        None => Ok(None),
        Some(Geometry::Point(point)) => Ok(Some(point.0)),
        Some(Geometry::MultiPoint(points)) if points.0.is_empty() => Ok(None),
        Some(_) => Err(call.error(row, "the geometry is no point")),
    }
}

fn share_is_fine(call: &Call, row: usize, share: f64) -> Result<()> {
    // A thousandth of a segment is finer than any use and still bounded.
    if (0.001..=1.0).contains(&share) {
        Ok(())
    } else {
        Err(call.error(row, format!("the share to densify by ({share}) is not between 0.001 and 1")))
    }
}

/// A sum over the parts of a geometry: how each part is measured is told to it.
type Sum = fn(&Geometry, &dyn Fn(&LineString) -> f64) -> f64;

/// The lengths of what `sum` picks: in the plane, or, with a second argument, on the spheroid or the sphere.
fn lengths(call: &Call, sum: Sum) -> Result<ArrayRef> {
    let (column, spheroid) = (call.geometries(0)?, call.booleans(1)?);
    call.give_numbers(|row| {
        let Some(geometry) = column.get(row)? else { return Ok(None) };
        if !call.has(1) {
            return Ok(Some(sum(&geometry, &|line| Euclidean.length(line))));
        }
        let Some(spheroid) = spheroid.get_or(row, true) else { return Ok(None) };
        check_degrees(call, row, &geometry)?;
        Ok(Some(if spheroid {
            sum(&geometry, &|line| Geodesic.length(line))
        } else {
            sum(&geometry, &super::sphere::line_length)
        }))
    })
}

/// The sum of a measure over the lines of a geometry.
pub fn sum_of_lines(geometry: &Geometry, measure: &dyn Fn(&LineString) -> f64) -> f64 {
    match geometry {
        Geometry::LineString(line) => measure(line),
        Geometry::MultiLineString(lines) => lines.iter().map(measure).sum(),
        Geometry::GeometryCollection(members) => members.iter().map(|member| sum_of_lines(member, measure)).sum(),
        _ => 0.0,
    }
}

/// The sum of a measure over the rings of a geometry.
pub fn sum_of_rings(geometry: &Geometry, measure: &dyn Fn(&LineString) -> f64) -> f64 {
    let polygon =
        |polygon: &Polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(measure).sum::<f64>();
    match geometry {
        Geometry::Polygon(one) => polygon(one),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(polygon).sum(),
        Geometry::GeometryCollection(members) => members.iter().map(|member| sum_of_rings(member, measure)).sum(),
        _ => 0.0,
    }
}

/// The vertices, and between them so many more that none is farther from the next than a share of its segment.
fn densified(geometry: &Geometry, share: f64) -> Vec<Coord> {
    let pieces = (1.0 / share).round().max(1.0) as usize;
    let mut found = Vec::new();
    for part in crate::predicate::parts(geometry) {
        let mut drawn = false;
        for line in part.lines() {
            drawn = true;
            found.extend(line.0.first());
            for segment in line.lines() {
                for piece in 1..=pieces {
                    let along = piece as f64 / pieces as f64;
                    found.push(if piece == pieces { segment.end } else { segment.start + segment.delta() * along });
                }
            }
        }
        if !drawn {
            found.extend(part.first());
        }
    }
    found
}

/// The largest distance of these points to a geometry.
fn hausdorff(points: &[Coord], geometry: &Geometry) -> Option<f64> {
    let lines = crate::predicate::segments(geometry);
    // Distances are to the drawn lines and points, not into areas.
    let to_geometry = |point: Coord| {
        let vertices = geo::CoordsIter::coords_iter(geometry).map(|other| (point - other).x.hypot((point - other).y));
        let drawn = lines.iter().map(|line| crate::predicate::point_to_segment(point, *line).0);
        vertices.chain(drawn).fold(f64::INFINITY, f64::min)
    };
    let farthest = points.iter().map(|point| to_geometry(*point)).fold(f64::NEG_INFINITY, f64::max);
    farthest.is_finite().then_some(farthest)
}

fn frechet(a: &[Coord], b: &[Coord]) -> Option<f64> {
    let mut row = vec![f64::INFINITY; b.len()];
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = f64::INFINITY;
        for (j, to) in b.iter().enumerate() {
            let gap = (*from - *to).x.hypot((*from - *to).y);
            let above = row[j];
            let before = if j == 0 { f64::INFINITY } else { row[j - 1] };
            let reach = if i == 0 && j == 0 { gap } else { above.min(before).min(diagonal).max(gap) };
            diagonal = above;
            row[j] = reach;
        }
    }
    if a.is_empty() { None } else { row.last().copied() }
}
