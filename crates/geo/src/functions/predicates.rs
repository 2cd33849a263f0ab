//! How two geometries lie to each other (DE-9IM, OGC 06-103r4 §6.1.15).

use arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use geo::Geometry;

use super::call::Call;
use super::frame::{Function, Gives};
use crate::predicate::{Predicate, Prepared, farthest, length, relate, within_distance};
use crate::wkb::finite_point_of;

pub fn functions() -> Vec<ScalarUDF> {
    macro_rules! predicate {
        ($predicate:ident, $about:literal, $example:literal, $answer:literal) => {
            Function::new(Predicate::$predicate.function(), "a geometry, b geometry", Gives::Boolean, $about, |call| {
                holds(call, Predicate::$predicate)
            })
            .example($example, $answer)
            .udf()
        };
    }
    vec![
        predicate!(
            Contains,
            "Whether no point of b lies outside a, and their interiors meet. A point on a's boundary is not contained; `ST_Covers` counts it.",
            "ST_Contains(ST_MakeEnvelope(0, 0, 4, 4), ST_Point(1, 1))",
            "true"
        ),
        predicate!(
            ContainsProperly,
            "Whether every point of b lies in the interior of a.",
            "ST_ContainsProperly(ST_MakeEnvelope(0, 0, 4, 4), ST_MakeEnvelope(0, 0, 1, 1))",
            "false"
        ),
        predicate!(
            CoveredBy,
            "Whether no point of a lies outside b.",
            "ST_CoveredBy(ST_Point(0, 1), ST_MakeEnvelope(0, 0, 4, 4))",
            "true"
        ),
        predicate!(
            Covers,
            "Whether no point of b lies outside a.",
            "ST_Covers(ST_MakeEnvelope(0, 0, 4, 4), ST_Point(0, 1))",
            "true"
        ),
        predicate!(
            Crosses,
            "Whether the interiors meet in less than the larger dimension of the two and both have points outside the other: a line that leaves an area, two lines that cross.",
            "ST_Crosses(ST_GeomFromText('LINESTRING(-1 1,5 1)'), ST_MakeEnvelope(0, 0, 4, 4))",
            "true"
        ),
        predicate!(
            Disjoint,
            "Whether they share no point.",
            "ST_Disjoint(ST_MakeEnvelope(0, 0, 4, 4), ST_Point(5, 1))",
            "true"
        ),
        predicate!(
            Equals,
            "Whether they are the same set of points, whatever the order of vertices.",
            "ST_Equals(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(2 2,1 1,0 0)'))",
            "true"
        ),
        predicate!(
            Intersects,
            "Whether they share a point.",
            "ST_Intersects(ST_MakeEnvelope(0, 0, 4, 4), ST_Point(4, 4))",
            "true"
        ),
        predicate!(
            Overlaps,
            "Whether they are of one dimension, share a part of that dimension, and each has a part that the other lacks.",
            "ST_Overlaps(ST_MakeEnvelope(0, 0, 4, 4), ST_MakeEnvelope(2, 2, 6, 6))",
            "true"
        ),
        predicate!(
            Touches,
            "Whether they share points of their boundaries only.",
            "ST_Touches(ST_MakeEnvelope(0, 0, 4, 4), ST_MakeEnvelope(4, 0, 8, 4))",
            "true"
        ),
        predicate!(
            Within,
            "Whether no point of a lies outside b, and their interiors meet.",
            "ST_Within(ST_Point(0, 1), ST_MakeEnvelope(0, 0, 4, 4))",
            "false"
        ),
        Function::new(
            "ST_OrderingEquals",
            "a geometry, b geometry",
            Gives::Boolean,
            "Whether they have the same type and the same vertices in the same order.",
            |call| pairs(call, |a, b| a == b),
        )
        .example(
            "ST_OrderingEquals(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(2 2,0 0)'))",
            "false",
        )
        .udf(),
        Function::new(
            "ST_Relate",
            "a geometry, b geometry, [pattern text]",
            Gives::TextOrBoolean(3),
            "The DE-9IM matrix as nine characters; with a pattern of T, F, *, 0, 1 and 2, whether the matrix fits it.",
            |call| {
                let (a, b, patterns) = (call.geometries(0)?, call.geometries(1)?, call.texts(2)?);
                let matrix = |row| Ok::<_, DataFusionError>(a.get(row)?.zip(b.get(row)?).map(|(a, b)| relate(&a, &b)));
                if !call.has(2) {
                    return call.give_texts(|row| Ok(matrix(row)?.map(|matrix| matrix.text())));
                }
                call.give_booleans(|row| {
                    let Some((matrix, pattern)) = matrix(row)?.zip(patterns.get(row)) else { return Ok(None) };
                    matrix.matches(pattern).map(Some).map_err(|error| call.error(row, error))
                })
            },
        )
        .example("ST_Relate(ST_MakeEnvelope(0, 0, 4, 4), ST_MakeEnvelope(4, 0, 8, 4))", "FF2F11212")
        .udf(),
        dwithin(),
        dfullywithin(),
    ]
}

/// `ST_DWithin`.
fn dwithin() -> ScalarUDF {
    Function::new(
        "ST_DWithin",
        "a geometry, b geometry, distance number",
        Gives::Boolean,
        "Whether they are at most so far apart, in the coordinates' unit. For metres between longitudes and latitudes see ST_DWithinSphere.",
        |call| {
            let (a, b, limits) = (call.geometries(0)?, call.geometries(1)?, call.numbers(2)?);
            call.give_booleans(|row| {
                let Some(limit) = limits.get(row) else { return Ok(None) };
                limit_is_fine(call, row, limit)?;
                let point = |bytes: Option<&[u8]>| bytes.and_then(finite_point_of);
                if let (Some(a), Some(b)) = (point(a.bytes(row)), point(b.bytes(row))) {
                    return Ok(Some(length(b.0 - a.0, b.1 - a.1) <= limit));
                }
                Ok(a.get(row)?.zip(b.get(row)?).map(|(a, b)| within_distance(&a, &b, limit)))
            })
        },
    )
    .example("ST_DWithin(ST_Point(0, 0), ST_Point(3, 4), 5)", "true")
    .udf()
}

/// `ST_DFullyWithin`.
fn dfullywithin() -> ScalarUDF {
    Function::new(
        "ST_DFullyWithin",
        "a geometry, b geometry, distance number",
        Gives::Boolean,
        "Whether no two vertices of them are farther apart than so much.",
        |call| {
            let (a, b, limits) = (call.geometries(0)?, call.geometries(1)?, call.numbers(2)?);
            call.give_booleans(|row| {
                let Some(limit) = limits.get(row) else { return Ok(None) };
                limit_is_fine(call, row, limit)?;
                Ok(a.get(row)?.zip(b.get(row)?).map(|(a, b)| farthest(&a, &b).is_some_and(|far| far.distance <= limit)))
            })
        },
    )
    .example("ST_DFullyWithin(ST_Point(0, 0), ST_GeomFromText('LINESTRING(1 0,3 4)'), 5)", "true")
    .udf()
}

/// A distance that is not negative and not NaN.
pub fn limit_is_fine(call: &Call, row: usize, limit: f64) -> Result<()> {
    if limit >= 0.0 { Ok(()) } else { Err(call.error(row, format!("a distance cannot be negative or NaN ({limit})"))) }
}

fn pairs(call: &Call, test: fn(&Geometry, &Geometry) -> bool) -> Result<ArrayRef> {
    let (a, b) = (call.geometries(0)?, call.geometries(1)?);
    call.give_booleans(|row| Ok(a.get(row)?.zip(b.get(row)?).map(|(a, b)| test(&a, &b))))
}

fn holds(call: &Call, predicate: Predicate) -> Result<ArrayRef> {
    let (a, b) = (call.geometries(0)?, call.geometries(1)?);
    // A constant side is prepared once: its edges are indexed for all rows.
    let constant = |column: &super::call::Geometries| -> Result<Option<Prepared<'static>>> {
        Ok(if column.is_constant() && call.rows() > 1 {
            column.get(0)?.map(|geometry| Prepared::new(geometry.into_owned()))
        } else {
            None
        })
    };
    let left = constant(a)?;
    let right = if left.is_none() && predicate.converse().is_some() { constant(b)? } else { None };
    let one = match (&left, &right, predicate.converse()) {
        (Some(left), ..) => Some((left, b, predicate)),
        (_, Some(right), Some(converse)) => Some((right, a, converse)),
        _ => None,
    };
    if let Some((fixed, others, predicate)) = one
        && !call.carries_srids()
    {
        return others.map_to_booleans(call.rows(), |place| match place {
            Ok((x, y)) => fixed.holds_of_point(predicate, x, y),
            Err(other) => fixed.holds(predicate, &other),
        });
    }
    call.give_booleans(|row| {
        let Some((fixed, other, predicate)) = one else {
            let Some((a, b)) = a.get(row)?.zip(b.get(row)?) else { return Ok(None) };
            return Ok(Some(predicate.holds(&a, &b)));
        };
        Ok(other.get(row)?.map(|other| fixed.holds(predicate, &other)))
    })
}
