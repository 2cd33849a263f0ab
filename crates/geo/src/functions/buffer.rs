//! `ST_Buffer`: everything within a distance of a geometry.

use std::f64::consts::{FRAC_PI_2, TAU};

use datafusion::logical_expr::ScalarUDF;
use geo::buffer::{BufferStyle, LineCap, LineJoin};
use geo::{Buffer, Coord, Geometry, LineString, Polygon};

use super::frame::{Function, Gives};
use crate::overlay::union_all;
use crate::predicate::{Part, parts};

pub fn functions() -> Vec<ScalarUDF> {
    vec![
        Function::new(
            "ST_Buffer",
            "geom geometry, distance number, [style number or text]",
            Gives::Geometry,
            "Everything within a distance, in the coordinates' unit; a negative distance shrinks areas. Style: the segments of a quarter circle (8 unless told otherwise), or `quad_segs=8 endcap=round|flat|square join=round|mitre|bevel mitre_limit=5`.",
            |call| {
                let (column, distances) = (call.geometries(0)?, call.numbers(1)?);
                let numeric = call.data_type(2).is_some_and(|data_type| data_type.is_numeric());
                let segments = if numeric { Some(call.numbers(2)?) } else { None };
                let texts = if call.has(2) && !numeric { Some(call.texts(2)?) } else { None };
                call.give_geometries(|row| {
                    let Some((geometry, distance)) = column.get(row)?.zip(distances.get(row)) else { return Ok(None) };
                    if !distance.is_finite() {
                        return Err(call.error(row, format!("a distance is a finite number, not {distance}")));
                    }
                    let style = match (&segments, &texts) {
                        (Some(numbers), _) => match numbers.get(row) {
                            Some(count) => Style { quarter: count.clamp(1.0, 1000.0) as u32, ..Style::default() },
                            None => return Ok(None),
                        },
                        (None, Some(texts)) => match texts.get(row) {
                            Some(text) => Style::parse(text).map_err(|error| call.error(row, error))?,
                            None => return Ok(None),
                        },
                        _ => Style::default(),
                    };
                    Ok(Some(buffer(&geometry, distance, &style)))
                })
            },
        )
        .example("round(ST_Area(ST_Buffer(ST_Point(0, 0), 1)), 4)", "3.1214")
        .differs("vertices of round corners may lie elsewhere on the arc; `side=` is not known.")
        .udf(),
    ]
}

/// How corners and ends are drawn.
#[derive(Debug, Clone)]
pub struct Style {
    quarter: u32,
    cap: Cap,
    join: Join,
    mitre_limit: f64,
}

#[derive(Debug, Clone, Copy)]
enum Cap {
    Round,
    Flat,
    Square,
}

#[derive(Debug, Clone, Copy)]
enum Join {
    Round,
    Mitre,
    Bevel,
}

impl Default for Style {
    fn default() -> Self {
        Self { quarter: 8, cap: Cap::Round, join: Join::Round, mitre_limit: 5.0 }
    }
}

impl Style {
    fn parse(text: &str) -> Result<Self, String> {
        let mut style = Self::default();
        for word in text.split_whitespace() {
            let wrong = || {
                format!(
                    "`{word}` is no style of a buffer; write e.g. `quad_segs=8 endcap=flat join=mitre mitre_limit=5`"
                )
            };
            let (key, value) = word.split_once('=').ok_or_else(wrong)?;
            match (key, value) {
                ("quad_segs", count) => {
                    style.quarter =
                        count.parse::<u32>().ok().filter(|count| (1..=1000).contains(count)).ok_or_else(wrong)?;
                }
                ("endcap", "round") => style.cap = Cap::Round,
                ("endcap", "flat" | "butt") => style.cap = Cap::Flat,
                ("endcap", "square") => style.cap = Cap::Square,
                ("join", "round") => style.join = Join::Round,
                ("join", "mitre" | "miter") => style.join = Join::Mitre,
                ("join", "bevel") => style.join = Join::Bevel,
                ("mitre_limit" | "miter_limit", limit) => {
                    style.mitre_limit = limit.parse::<f64>().ok().filter(|limit| *limit >= 1.0).ok_or_else(wrong)?;
                }
                ("side", "both") => {}
                _ => return Err(wrong()),
            }
        }
        Ok(style)
    }

    fn geo(&self, distance: f64) -> BufferStyle<f64> {
        let step = FRAC_PI_2 / f64::from(self.quarter);
        let join = match self.join {
            Join::Round => LineJoin::Round(step),
            Join::Bevel => LineJoin::Bevel,
            Join::Mitre => LineJoin::Miter(2.0 * (1.0 / self.mitre_limit).asin()),
        };
        let cap = match self.cap {
            Cap::Round => LineCap::Round(step),
            Cap::Flat => LineCap::Butt,
            Cap::Square => LineCap::Square,
        };
        BufferStyle::new(distance).line_join(join).line_cap(cap)
    }
}

/// The buffer of a geometry: an area, empty where nothing is left.
pub fn buffer(geometry: &Geometry, distance: f64, style: &Style) -> Geometry {
    let mut areas = Vec::new();
    for part in parts(geometry) {
        match part {
            Part::Point(point) => areas.extend(around_point(point, distance, style)),
            Part::Line(line) if distance > 0.0 => {
                let first = line.0.first().copied().unwrap_or_default();
                if line.0.iter().all(|coord| *coord == first) {
                    areas.extend(around_point(first, distance, style));
                } else {
                    if matches!(style.join, Join::Round) {
                        let turns = turns_back(&line).filter_map(|turn| around_point(turn, distance, style));
                        areas.extend(turns);
                    }
                    areas.extend(line.into_owned().buffer_with_style(style.geo(distance)));
                }
            }
            Part::Line(_) => {}
            Part::Polygon(polygon) if distance == 0.0 => areas.push(polygon.into_owned()),
            Part::Polygon(polygon) => areas.extend(polygon.into_owned().buffer_with_style(style.geo(distance))),
        }
    }
    let areas = areas.into_iter().map(Geometry::Polygon).collect::<Vec<_>>();
    match areas.as_slice() {
        [] => crate::overlay::empty(geo::dimensions::Dimensions::TwoDimensional),
        [one] if distance != 0.0 => one.clone(),
        _ => union_all(areas),
    }
}

/// Vertices in which a line runs back over itself: it is round there as at its ends.
fn turns_back(line: &LineString) -> impl Iterator<Item = Coord> {
    let turns = line.0.windows(3).filter(|three| {
        let (before, after) = (three[0] - three[1], three[2] - three[1]);
        let cross = before.x * after.y - before.y * after.x;
        let dot = before.x * after.x + before.y * after.y;
        dot > 0.0 && cross.abs() <= 1e-9 * dot
    });
    turns.map(|three| three[1])
}

fn around_point(point: Coord, distance: f64, style: &Style) -> Option<Polygon> {
    if distance <= 0.0 {
        return None;
    }
    let corners = match style.cap {
        Cap::Flat => return None,
        Cap::Square => vec![(1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)],
        Cap::Round => {
            let count = 4 * style.quarter;
            let angles = (0..count).map(|place| -TAU * f64::from(place) / f64::from(count));
            angles.map(|angle| (angle.cos(), angle.sin())).collect()
        }
    };
    let mut ring = corners
        .into_iter()
        .map(|(x, y)| Coord { x: point.x + distance * x, y: point.y + distance * y })
        .collect::<Vec<_>>();
    ring.push(ring[0]);
    Some(Polygon::new(LineString(ring), Vec::new()))
}
