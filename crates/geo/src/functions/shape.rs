//! A shape's centre, hull and simpler forms.

use datafusion::logical_expr::ScalarUDF;
use geo::kernels::{Kernel, RobustKernel};
use geo::{
    Centroid, ConcaveHull, ConvexHull, Coord, CoordsIter, Geometry, InteriorPoint, LineString, MultiPoint, Point,
    Polygon,
};

use super::call::Shape;
use super::frame::{Function, Gives};
use super::linear::each_line;
use crate::why_invalid;
use crate::wkb::finite_point_of;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Centroid",
            "geom geometry",
            Gives::Geometry,
            "The centre of mass of the parts of the largest dimension; an empty point for an empty geometry.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    if let Some((x, y)) = column.bytes(row).and_then(finite_point_of) {
                        return Ok(Some(Shape::point(Some(Coord { x, y }))));
                    }
                    Ok(column.get(row)?.map(|geometry| Shape::point(geometry.centroid().map(|point| point.0))))
                })
            },
        )
        .example("ST_AsText(ST_Centroid(ST_MakeEnvelope(0, 0, 4, 2)))", "POINT(2 1)")
        .udf(),
        Function::new(
            "ST_PointOnSurface",
            "geom geometry",
            Gives::Geometry,
            "A point that surely lies in or on the geometry; an empty point for an empty geometry.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    if let Some((x, y)) = column.bytes(row).and_then(finite_point_of) {
                        return Ok(Some(Shape::point(Some(Coord { x, y }))));
                    }
                    Ok(column.get(row)?.map(|geometry| Shape::point(geometry.interior_point().map(|point| point.0))))
                })
            },
        )
        .example("ST_AsText(ST_PointOnSurface(ST_MakeEnvelope(0, 0, 4, 2)))", "POINT(2 1)")
        .udf(),
        Function::new(
            "ST_ConvexHull",
            "geom geometry",
            Gives::Geometry,
            "The smallest convex shape around all vertices: an area, or a line or point where they lie in a row.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| Ok(column.get(row)?.map(|geometry| hull(&geometry))))
            },
        )
        .example("ST_Area(ST_ConvexHull(ST_GeomFromText('MULTIPOINT(0 0,4 0,4 4,0 4,1 1)')))", "16.0")
        .udf(),
        Function::new(
            "ST_ConcaveHull",
            "geom geometry, [concavity number]",
            Gives::Geometry,
            "A shape around all vertices that follows them closer the smaller the concavity is (2 unless told otherwise; concaveman, Park & Oh 2012).",
            |call| {
                let (column, concavity) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, concavity)) = column.get(row)?.zip(concavity.get_or(row, 2.0)) else {
                        return Ok(None);
                    };
                    let points = geometry.coords_iter().map(Point).collect::<MultiPoint>();
                    let options = geo::concave_hull::ConcaveHullOptions::default().concavity(concavity);
                    Ok(Some(match hull(&geometry) {
                        Geometry::Polygon(_) => Geometry::Polygon(points.concave_hull_with_options(options)),
                        flat => flat,
                    }))
                })
            },
        )
        .example("ST_Area(ST_ConcaveHull(ST_GeomFromText('MULTIPOINT(0 0,4 0,4 4,0 4)')))", "16.0")
        .differs("the parameter is concaveman's, not a target percentage.")
        .udf(),
        Function::new(
            "ST_Simplify",
            "geom geometry, tolerance number, [preserve_collapsed boolean]",
            Gives::Geometry,
            "Fewer vertices, none left out that is farther than the tolerance from the line through its neighbours (Douglas & Peucker 1973). Areas that collapse are dropped; null where nothing is left.",
            |call| {
                let (column, tolerances, keep) = (call.geometries(0)?, call.numbers(1)?, call.booleans(2)?);
                call.give_geometries(|row| {
                    let (Some(geometry), Some(tolerance), Some(keep)) =
                        (column.get(row)?, tolerances.get(row), keep.get_or(row, false))
                    else {
                        return Ok(None);
                    };
                    super::predicates::limit_is_fine(call, row, tolerance)?;
                    Ok(simplify(&geometry, tolerance, keep))
                })
            },
        )
        .example("ST_AsText(ST_Simplify(ST_GeomFromText('LINESTRING(0 0,5 0.1,10 0)'), 1))", "LINESTRING(0 0,10 0)")
        .udf(),
        Function::new(
            "ST_SimplifyPreserveTopology",
            "geom geometry, tolerance number",
            Gives::Geometry,
            "Fewer vertices as by ST_Simplify, but no ring collapses and a valid area stays valid: the tolerance is halved until it does.",
            |call| {
                let (column, tolerances) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, tolerance)) = column.get(row)?.zip(tolerances.get(row)) else {
                        return Ok(None);
                    };
                    super::predicates::limit_is_fine(call, row, tolerance)?;
                    let mut tolerance = tolerance;
                    for _ in 0..32 {
                        let simpler = each_line(&geometry, &|line| douglas_peucker(line, tolerance, if line.is_closed() { 4 } else { 2 }));
                        if why_invalid(&simpler).is_none() {
                            return Ok(Some(simpler));
                        }
                        tolerance /= 2.0;
                    }
                    Ok(Some(geometry.into_owned()))
                })
            },
        )
        .example("ST_NPoints(ST_SimplifyPreserveTopology(ST_MakeEnvelope(0, 0, 1, 1), 100))", "4")
        .differs("other vertices may be kept.")
        .udf(),
        Function::new(
            "ST_RemoveRepeatedPoints",
            "geom geometry, [tolerance number]",
            Gives::Geometry,
            "The same lines and rings without vertices that are no farther than the tolerance (0 unless told otherwise) from the one before.",
            |call| {
                let (column, tolerances) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((geometry, tolerance)) = column.get(row)?.zip(tolerances.get_or(row, 0.0)) else {
                        return Ok(None);
                    };
                    super::predicates::limit_is_fine(call, row, tolerance)?;
                    Ok(Some(each_line(&geometry, &|line| without_repeats(line, tolerance))))
                })
            },
        )
        .example("ST_AsText(ST_RemoveRepeatedPoints(ST_GeomFromText('LINESTRING(0 0,0 0,1 1)')))", "LINESTRING(0 0,1 1)")
        .udf(),
    ]
}

/// The convex hull as the simplest geometry.
fn hull(geometry: &Geometry) -> Geometry {
    let coords = geometry.coords_iter().collect::<Vec<_>>();
    let mut distinct: Vec<Coord> = Vec::new();
    for coord in &coords {
        if !distinct.contains(coord) {
            distinct.push(*coord);
        }
        if distinct.len() > 2 {
            break;
        }
    }
    match distinct.as_slice() {
        [] => super::constructors::empty_collection(),
        [one] => Geometry::Point(Point(*one)),
        [one, other] => Geometry::LineString(LineString(vec![*one, *other])),
        _ => {
            let points = coords.into_iter().map(Point).collect::<MultiPoint>();
            let polygon = points.convex_hull();
            let ring = &polygon.exterior().0;
            let row = ring.iter().all(|coord| {
                RobustKernel::orient2d(distinct[0], distinct[1], *coord) == geo::kernels::Orientation::Collinear
            });
            if row {
                // All in a row: the two that are farthest apart.
                let order = |a: &&Coord, b: &&Coord| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y));
                let ends = ring.iter().min_by(order).zip(ring.iter().max_by(order));
                return ends.map_or_else(super::constructors::empty_collection, |(low, high)| {
                    Geometry::LineString(LineString(vec![*low, *high]))
                });
            }
            Geometry::Polygon(polygon)
        }
    }
}

fn simplify(geometry: &Geometry, tolerance: f64, keep: bool) -> Option<Geometry> {
    let line = |line: &LineString| {
        let simpler = douglas_peucker(line, tolerance, 2);
        let collapsed = simpler.0.len() == 2 && simpler.0[0] == simpler.0[1] && !keep;
        (!collapsed).then_some(simpler)
    };
    let polygon = |polygon: &Polygon| {
        let shell = douglas_peucker(polygon.exterior(), tolerance, if keep { 4 } else { 0 });
        let holes = polygon.interiors().iter().map(|hole| douglas_peucker(hole, tolerance, 0));
        let holes = holes.filter(|hole| hole.0.len() >= 4).collect();
        (shell.0.len() >= 4).then(|| Polygon::new(shell, holes))
    };
    Some(match geometry {
        Geometry::LineString(one) => Geometry::LineString(line(one)?),
        Geometry::MultiLineString(lines) => {
            let lines = lines.iter().filter_map(line).collect::<Vec<_>>();
            (!lines.is_empty()).then_some(Geometry::MultiLineString(geo::MultiLineString(lines)))?
        }
        Geometry::Polygon(one) => Geometry::Polygon(polygon(one)?),
        Geometry::MultiPolygon(polygons) => {
            let polygons = polygons.iter().filter_map(polygon).collect::<Vec<_>>();
            (!polygons.is_empty()).then_some(Geometry::MultiPolygon(geo::MultiPolygon(polygons)))?
        }
        Geometry::GeometryCollection(members) => {
            let members = members.iter().filter_map(|member| simplify(member, tolerance, keep)).collect::<Vec<_>>();
            (!members.is_empty()).then_some(Geometry::GeometryCollection(geo::GeometryCollection(members)))?
        }
        other => other.clone(),
    })
}

/// Douglas and Peucker's simplification that keeps at least `least` vertices.
fn douglas_peucker(line: &LineString, tolerance: f64, least: usize) -> LineString {
    let coords = &line.0;
    if coords.len() < 3 {
        return line.clone();
    }
    let mut kept = vec![false; coords.len()];
    kept[0] = true;
    kept[coords.len() - 1] = true;
    let mut count = 2;
    let mut spans = vec![(0, coords.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let segment = geo::Line::new(coords[first], coords[last]);
        let far = (first + 1..last).map(|place| (crate::predicate::height_over(coords[place], segment), place));
        let far = far.fold(None, |best: Option<(f64, usize)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
        if let Some((distance, place)) = far
            && (distance > tolerance || (count < least && distance >= 0.0))
        {
            kept[place] = true;
            count += 1;
            spans.push((place, last));
            spans.push((first, place));
        }
    }
    LineString(coords.iter().zip(kept).filter(|(_, kept)| *kept).map(|(coord, _)| *coord).collect())
}

fn without_repeats(line: &LineString, tolerance: f64) -> LineString {
    let Some((first, last)) = line.0.first().zip(line.0.last()) else { return line.clone() };
    let least = if line.is_closed() { 4 } else { 2 };
    let mut coords = vec![*first];
    for (place, coord) in line.0.iter().enumerate().skip(1) {
        let gap = coords.last().map_or(f64::INFINITY, |before| (*coord - *before).x.hypot((*coord - *before).y));
        let left = line.0.len() - place;
        if gap > tolerance || coords.len() + left <= least {
            coords.push(*coord);
        }
    }
    // The line ends where it ended.
    let length = coords.len();
    if length > 1 && coords[length - 1] != *last {
        coords[length - 1] = *last;
    }
    LineString(coords)
}
