//! `GeoJSON` feature collections, one feature a line.

use std::fmt::Write;
use std::path::Path;

use geo::{LineString, MultiPolygon};
use serde_json::Value;

use super::text::Lines;
use crate::error::Result;
use crate::geography::Point;

/// A `GeoJSON` file.
pub struct GeoJson {
    lines: Lines,
}

impl GeoJson {
    /// Creates the file.
    pub fn create(path: &Path, name: &str) -> Result<Self> {
        let mut lines = Lines::create(path)?;
        lines.raw(format!("{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"features\":[").as_bytes())?;
        Ok(Self { lines })
    }

    /// Writes an area.
    pub fn area(&mut self, properties: &Value, shape: &MultiPolygon) -> Result<()> {
        let mut geometry = String::new();
        let single = shape.0.len() == 1;
        geometry.push_str(if single {
            "{\"type\":\"Polygon\",\"coordinates\":"
        } else {
            "{\"type\":\"MultiPolygon\",\"coordinates\":["
        });
        for (place, polygon) in shape.0.iter().enumerate() {
            geometry.push_str(if place > 0 { ",[" } else { "[" });
            ring(polygon.exterior(), &mut geometry);
            for hole in polygon.interiors() {
                geometry.push(',');
                ring(hole, &mut geometry);
            }
            geometry.push(']');
        }
        geometry.push_str(if single { "}" } else { "]}" });
        self.feature(properties, &geometry)
    }

    /// Writes a point.
    pub fn point(&mut self, properties: &Value, point: Point) -> Result<()> {
        self.feature(properties, &format!("{{\"type\":\"Point\",\"coordinates\":[{},{}]}}", point.0, point.1))
    }

    fn feature(&mut self, properties: &Value, geometry: &str) -> Result<()> {
        let comma = if self.lines.rows() > 0 { "," } else { "" };
        self.lines.row(
            format!("{comma}\n{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{geometry}}}").as_bytes(),
        )
    }

    /// Closes the file.
    pub fn finish(mut self) -> Result<u64> {
        self.lines.raw(b"\n]}\n")?;
        self.lines.finish()
    }
}

fn ring(ring: &LineString, out: &mut String) {
    out.push('[');
    for (place, point) in ring.coords().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        // Writing into a string cannot fail.
        let _ = write!(out, "{comma}[{},{}]", point.x, point.y);
    }
    out.push(']');
}
