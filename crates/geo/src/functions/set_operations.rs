//! Union, intersection, difference, symmetric difference; validity and its repair.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::Geometry;

use super::call::Call;
use super::frame::{Function, Gives};
use crate::overlay::{Operation, make_valid, overlay, union_all};
use crate::why_invalid;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Intersection",
            "a geometry, b geometry",
            Gives::Geometry,
            "What both have in common: areas, and lines and points where they only touch.",
            |call| operate(call, Operation::Intersection),
        )
        .example(
            "ST_AsText(ST_Intersection(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(0 2,2 0)')))",
            "POINT(1 1)",
        )
        .udf(),
        Function::new("ST_Difference", "a geometry, b geometry", Gives::Geometry, "What a has and b has not.", |call| {
            operate(call, Operation::Difference)
        })
        .example(
            "ST_AsText(ST_Difference(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(1 1,3 3)')))",
            "LINESTRING(0 0,1 1)",
        )
        .udf(),
        Function::new(
            "ST_SymDifference",
            "a geometry, b geometry",
            Gives::Geometry,
            "What one of the two has and the other has not.",
            |call| operate(call, Operation::SymDifference),
        )
        .example(
            "ST_AsText(ST_SymDifference(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(1 1,3 3)')))",
            "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
        )
        .udf(),
        Function::new(
            "ST_UnaryUnion",
            "geom geometry",
            Gives::Geometry,
            "The parts of one geometry dissolved: areas merged, lines cut where they meet, nothing twice.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    Ok(column.get(row)?.map(|geometry| union_all(vec![geometry.into_owned()])))
                })
            },
        )
        .example(
            "ST_Area(ST_UnaryUnion(ST_Collect(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeEnvelope(1, 0, 3, 2))))",
            "6.0",
        )
        .udf(),
        Function::new(
            "ST_IsValid",
            "geom geometry",
            Gives::Boolean,
            "Whether the geometry is well formed (OGC 06-103r4): rings do not cross, holes lie in shells.",
            |call| {
                let column = call.geometries(0)?;
                call.give_booleans(|row| Ok(column.any(row)?.map(|geometry| why_invalid(&geometry).is_none())))
            },
        )
        .example("ST_IsValid(ST_GeomFromText('POLYGON((0 0,2 2,2 0,0 2,0 0))'))", "false")
        .udf(),
        Function::new(
            "ST_IsValidReason",
            "geom geometry",
            Gives::Text,
            "`Valid Geometry`, or what is wrong and where.",
            |call| {
                let column = call.geometries(0)?;
                call.give_texts(|row| {
                    Ok(column.any(row)?.map(|geometry| {
                        why_invalid(&geometry).map_or_else(|| "Valid Geometry".to_owned(), |(_, reason)| reason)
                    }))
                })
            },
        )
        .example(
            "ST_IsValidReason(ST_GeomFromText('POLYGON((0 0,2 2,2 0,0 2,0 0))'))",
            "Self-intersection[1 1]",
        )
        .differs("where a shape has several flaws, another of them may be named.")
        .udf(),
        Function::new(
            "ST_MakeValid",
            "geom geometry",
            Gives::Geometry,
            "A valid geometry of the same points: areas that the rings enclose an odd number of times, and the lines and points that enclose nothing.",
            |call| {
                let column = call.geometries(0)?;
                call.give_geometries(|row| {
                    Ok(column.get(row)?.map(|geometry| {
                        if why_invalid(&geometry).is_none() { geometry.into_owned() } else { make_valid(&geometry) }
                    }))
                })
            },
        )
        .example("ST_Area(ST_MakeValid(ST_GeomFromText('POLYGON((0 0,2 2,2 0,0 2,0 0))')))", "2.0")
        .differs("the method is always `linework`; an infinite coordinate is an error.")
        .udf(),
    ]
}

/// The two-argument form of `ST_Union`; the one-argument form is an aggregate.
pub fn union_of_two() -> ScalarUDF {
    Function::new("ST_Union", "a geometry, b geometry", Gives::Geometry, "What either of the two has.", |call| {
        operate(call, Operation::Union)
    })
    .udf()
}

fn operate(call: &Call, operation: Operation) -> Result<ArrayRef> {
    let (a, b) = (call.geometries(0)?, call.geometries(1)?);
    call.give_geometries(|row| {
        let Some((a, b)) = a.get(row)?.zip(b.get(row)?) else { return Ok(None) };
        for geometry in [&a, &b] {
            let area = matches!(geometry.as_ref(), Geometry::Polygon(_) | Geometry::MultiPolygon(_));
            if let Some((_, why)) = why_invalid(geometry).filter(|_| area) {
                return Err(call.error(row, format!("an area is invalid ({why}); ST_MakeValid mends it")));
            }
        }
        Ok(Some(overlay(&a, &b, operation)))
    })
}
