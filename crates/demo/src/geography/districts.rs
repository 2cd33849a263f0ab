//! The districts' simplified borders, carried in `data/districts.geojson`.

use serde_json::Value;

use super::cell::{Cell, Point, rounded, signed_area};
use crate::error::{DemoError, Result};

const TEXT: &str = include_str!("../../data/districts.geojson");

/// Where each district's government sits, roughly: its streets are smallest around it.
const SEATS: [(&str, Point); 16] = [
    ("110101", (116.416, 39.928)),
    ("110102", (116.366, 39.912)),
    ("110105", (116.443, 39.921)),
    ("110106", (116.287, 39.858)),
    ("110107", (116.223, 39.906)),
    ("110108", (116.298, 39.959)),
    ("110109", (116.102, 39.940)),
    ("110111", (116.143, 39.749)),
    ("110112", (116.657, 39.910)),
    ("110113", (116.655, 40.130)),
    ("110114", (116.231, 40.221)),
    ("110115", (116.342, 39.727)),
    ("110116", (116.632, 40.316)),
    ("110117", (117.121, 40.141)),
    ("110118", (116.843, 40.377)),
    ("110119", (115.975, 40.457)),
];

/// A district's border.
#[derive(Debug)]
pub struct Border {
    pub code: String,
    pub cell: Cell,
    pub seat: Point,
}

pub fn read() -> Result<Vec<Border>> {
    let document: Value =
        serde_json::from_str(TEXT).map_err(|error| DemoError::Internal(format!("districts.geojson: {error}")))?;
    let features = document["features"].as_array().into_iter().flatten();
    features
        .map(|feature| {
            border(feature).ok_or_else(|| DemoError::Internal("districts.geojson: a feature is no polygon".to_owned()))
        })
        .collect()
}

fn border(feature: &Value) -> Option<Border> {
    let code = feature["properties"]["code"].as_str()?.to_owned();
    let geometry = &feature["geometry"];
    let polygons = match geometry["type"].as_str()? {
        "Polygon" => vec![&geometry["coordinates"]],
        _ => geometry["coordinates"].as_array()?.iter().collect(),
    };
    let mut rings = Vec::new();
    for polygon in polygons {
        for (number, ring) in polygon.as_array()?.iter().enumerate() {
            let points =
                ring.as_array()?.iter().map(|point| Some((rounded(point[0].as_f64()?), rounded(point[1].as_f64()?))));
            let mut points = points.collect::<Option<Vec<Point>>>()?;
            points.pop();
            if (signed_area(&points) > 0.0) != (number == 0) {
                points.reverse();
            }
            rings.push(points);
        }
    }
    let seat = SEATS.iter().find(|(seat, _)| *seat == code)?.1;
    Some(Border { code, cell: Cell::new(rings), seat })
}
