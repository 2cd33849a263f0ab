//! How two geometries lie to each other (DE-9IM, OGC 06-103r4 §6.1.15).

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF};
use geo::coordinate_position::CoordPos;
use geo::relate::IntersectionMatrix;
use geo::{CoordinatePosition, Geometry, PreparedGeometry, Relate};

use super::args::geometry;
use super::geometry_function::{Gives, function};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        function("st_contains", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_Contains", IntersectionMatrix::is_contains)
        }),
        function("st_coveredby", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_CoveredBy", IntersectionMatrix::is_coveredby)
        }),
        function("st_covers", 2, 2, Gives::Boolean, |args| relate(args, "ST_Covers", IntersectionMatrix::is_covers)),
        function("st_crosses", 2, 2, Gives::Boolean, |args| relate(args, "ST_Crosses", IntersectionMatrix::is_crosses)),
        function("st_disjoint", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_Disjoint", IntersectionMatrix::is_disjoint)
        }),
        function("st_equals", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_Equals", IntersectionMatrix::is_equal_topo)
        }),
        function("st_intersects", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_Intersects", IntersectionMatrix::is_intersects)
        }),
        function("st_overlaps", 2, 2, Gives::Boolean, |args| {
            relate(args, "ST_Overlaps", IntersectionMatrix::is_overlaps)
        }),
        function("st_touches", 2, 2, Gives::Boolean, |args| relate(args, "ST_Touches", IntersectionMatrix::is_touches)),
        function("st_within", 2, 2, Gives::Boolean, |args| relate(args, "ST_Within", IntersectionMatrix::is_within)),
    ]
}

fn relate(args: &ScalarFunctionArgs, name: &str, holds: fn(&IntersectionMatrix) -> bool) -> Result<ArrayRef> {
    let (a, b) = (geometry(args, 0, name)?, geometry(args, 1, name)?);
    let mut out = BooleanBuilder::with_capacity(args.number_rows);
    // A constant side is prepared once: its edges are indexed for all rows.
    let fixed = |constant: bool, column: Option<Geometry>| column.filter(|_| constant).map(PreparedGeometry::from);
    let left = fixed(a.is_constant(), if a.is_constant() { a.geometry(name, 0)? } else { None });
    let right = fixed(b.is_constant(), if b.is_constant() { b.geometry(name, 0)? } else { None });
    for row in 0..args.number_rows {
        let result = match (&left, &right) {
            (Some(left), _) => b.geometry(name, row)?.map(|geometry| holds(&left.relate(&geometry))),
            (_, Some(right)) => a.geometry(name, row)?.map(|geometry| holds(&geometry.relate(right))),
            _ => {
                let pair = a.geometry(name, row)?.zip(b.geometry(name, row)?);
                pair.map(|(a, b)| point_in_area(name, &a, &b).unwrap_or_else(|| holds(&a.relate(&b))))
            }
        };
        out.append_option(result);
    }
    Ok(Arc::new(out.finish()))
}

/// The commonest question, answered without building a topology graph.
fn point_in_area(name: &str, a: &Geometry, b: &Geometry) -> Option<bool> {
    let (point, area, inner) = match (a, b, name) {
        (Geometry::Point(point), Geometry::Polygon(_) | Geometry::MultiPolygon(_), "ST_Within") => (point, b, true),
        (
            Geometry::Point(point),
            Geometry::Polygon(_) | Geometry::MultiPolygon(_),
            "ST_Intersects" | "ST_CoveredBy",
        ) => (point, b, false),
        (Geometry::Polygon(_) | Geometry::MultiPolygon(_), Geometry::Point(point), "ST_Contains") => (point, a, true),
        (Geometry::Polygon(_) | Geometry::MultiPolygon(_), Geometry::Point(point), "ST_Intersects" | "ST_Covers") => {
            (point, a, false)
        }
        _ => return None,
    };
    Some(match area.coordinate_position(&point.0) {
        CoordPos::Inside => true,
        CoordPos::OnBoundary => !inner,
        CoordPos::Outside => false,
    })
}
