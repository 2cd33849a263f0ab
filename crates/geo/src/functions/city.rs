//! Questions a city asks: how far to walk, how much of an area a service reaches.

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use geo::{Area, CoordsIter, Geometry, MapCoords, MultiPolygon};

use super::call::Call;
use super::frame::{Function, Gives};
use super::predicates::limit_is_fine;
use super::sphere::{check_degrees, distance_at};
use crate::overlay::{Operation, overlay, union_all};
use crate::sphere::RADIUS;

/// How much longer a walk through streets is than the straight line: the circuity of walks in dense
/// street networks lies between 1.2 and 1.4 (Boeing 2019, Urban Studies 56(8)).
pub const CIRCUITY: f64 = 1.3;

/// How far one walks in a minute at 4.8 km/h.
pub const METRES_A_MINUTE: f64 = 80.0;

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "walking_distance",
            "a geometry, b geometry, [circuity number]",
            Gives::Number,
            "About how many metres one walks from a to the nearest part of b: the distance on the sphere times the circuity of streets (1.3 unless told otherwise). Longitudes and latitudes.",
            |call| {
                let factors = call.numbers(2)?;
                call.give_numbers(|row| {
                    let Some(factor) = factors.get_or(row, CIRCUITY) else { return Ok(None) };
                    factor_is_fine(call, row, factor)?;
                    Ok(distance_at(call, row, false)?.map(|distance| distance * factor))
                })
            },
        )
        .example("round(walking_distance(ST_Point(116.4, 39.9), ST_Point(116.4, 39.905)))", "723.0")
        .udf(),
        Function::new(
            "within_walk",
            "a geometry, b geometry, minutes number, [circuity number]",
            Gives::Boolean,
            "Whether b is at most so many minutes' walk from a, at 4.8 km/h, the pace of the 15-minute living circle (GB 50180-2018: 15 minutes are 800 to 1000 m in a straight line).",
            |call| {
                let (minutes, factors) = (call.numbers(2)?, call.numbers(3)?);
                call.give_booleans(|row| {
                    let Some((minutes, factor)) = minutes.get(row).zip(factors.get_or(row, CIRCUITY)) else {
                        return Ok(None);
                    };
                    limit_is_fine(call, row, minutes)?;
                    factor_is_fine(call, row, factor)?;
                    Ok(distance_at(call, row, false)?.map(|distance| distance * factor <= minutes * METRES_A_MINUTE))
                })
            },
        )
        .example("within_walk(ST_Point(116.4, 39.9), ST_Point(116.4, 39.905), 10)", "true")
        .udf(),
        Function::new(
            "service_area",
            "facilities geometry, metres number",
            Gives::Geometry,
            "What lies within so many metres of facilities, as an area in longitude and latitude.",
            |call| {
                let (column, radii) = (call.geometries(0)?, call.numbers(1)?);
                call.give_geometries(|row| {
                    let Some((facilities, metres)) = column.get(row)?.zip(radii.get(row)) else { return Ok(None) };
                    limit_is_fine(call, row, metres)?;
                    check_degrees(call, row, &facilities)?;
                    Ok(Some(reach(&facilities, metres)))
                })
            },
        )
        .example("round(ST_Area(service_area(ST_Point(116.4, 39.9), 500), false) / 1000)", "780.0")
        .udf(),
        Function::new(
            "service_coverage",
            "area geometry, facilities geometry, metres number",
            Gives::Number,
            "The share of an area (0 to 1) that lies within so many metres of facilities; collect them by ST_Collect. Longitudes and latitudes.",
            |call| {
                let (areas, facilities, radii) = (call.geometries(0)?, call.geometries(1)?, call.numbers(2)?);
                call.give_numbers(|row| {
                    let (Some(area), Some(facilities), Some(metres)) =
                        (areas.get(row)?, facilities.get(row)?, radii.get(row))
                    else {
                        return Ok(None);
                    };
                    limit_is_fine(call, row, metres)?;
                    check_degrees(call, row, &area)?;
                    check_degrees(call, row, &facilities)?;
                    Ok(covered(&area, &facilities, metres))
                })
            },
        )
        .example(
            "round(service_coverage(ST_MakeEnvelope(116.4, 39.9, 116.41, 39.91), ST_Point(116.4, 39.9), 500), 3)",
            "0.206",
        )
        .udf(),
    ]
}

fn factor_is_fine(call: &Call, row: usize, factor: f64) -> Result<()> {
    if (1.0..=10.0).contains(&factor) {
        Ok(())
    } else {
        Err(call.error(row, format!("a circuity is between 1 and 10, not {factor}")))
    }
}

/// Degrees around a latitude as metres, and back: equirectangular, exact to a thousandth over a city.
struct Local {
    x: f64,
    y: f64,
}

impl Local {
    fn around(geometry: &Geometry) -> Self {
        let (sum, count) = geometry.coords_iter().fold((0.0, 0.0), |(sum, count), coord| (sum + coord.y, count + 1.0));
        let latitude = if count > 0.0 { sum / count } else { 0.0 };
        let degree = RADIUS.to_radians();
        Self { x: degree * latitude.to_radians().cos().max(1e-6), y: degree }
    }

    fn metres(&self, geometry: &Geometry) -> Geometry {
        geometry.map_coords(|coord| geo::Coord { x: coord.x * self.x, y: coord.y * self.y })
    }

    fn degrees(&self, geometry: &Geometry) -> Geometry {
        geometry.map_coords(|coord| geo::Coord { x: coord.x / self.x, y: coord.y / self.y })
    }
}

fn reach(facilities: &Geometry, metres: f64) -> Geometry {
    let local = Local::around(facilities);
    local.degrees(&super::buffer::buffer(&local.metres(facilities), metres, &super::buffer::Style::default()))
}

fn covered(area: &Geometry, facilities: &Geometry, metres: f64) -> Option<f64> {
    let local = Local::around(area);
    let areas = crate::predicate::parts(area).into_iter().filter_map(|part| match part {
        crate::predicate::Part::Polygon(polygon) => Some(polygon.into_owned()),
        _ => None,
    });
    let area = union_all(vec![local.metres(&Geometry::MultiPolygon(MultiPolygon(areas.collect())))]);
    let whole = area.unsigned_area();
    let reach = super::buffer::buffer(&local.metres(facilities), metres, &super::buffer::Style::default());
    let covered = overlay(&area, &reach, Operation::Intersection).unsigned_area();
    (whole > 0.0).then(|| (covered / whole).clamp(0.0, 1.0))
}
