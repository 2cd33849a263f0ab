//! Geometry as text: WKT, EWKT and `GeoJSON`, written as `PostGIS` writes them.

use std::fmt::Write;

use geo::{BoundingRect, Coord, Geometry, LineString, Polygon};
use wkt::TryFromWkt;

use crate::wkb::{empty_point, type_of, with_srid};
use crate::{GeoError, from_geometry, to_geometry};

/// Digits after the point that `ST_AsText` writes at most.
pub const WKT_DIGITS: usize = 15;
/// Digits after the point that `ST_AsGeoJSON` writes at most: a tenth of a millimetre in degrees.
pub const GEOJSON_DIGITS: usize = 9;
/// Digits after the point of the smallest number there is: nothing is cut.
const EVERY_DIGIT: usize = 400;
/// Brackets within brackets; deeper text is an attack on the parser's stack.
const MOST_DEPTH: usize = 64;

/// WKB as WKT, with every digit.
///
/// # Errors
/// Bytes that are no geometry.
pub fn to_wkt(bytes: &[u8]) -> Result<String, GeoError> {
    wkt_with_digits(bytes, EVERY_DIGIT)
}

/// WKB as WKT with at most so many digits after the point.
///
/// # Errors
/// Bytes that are no geometry.
pub fn wkt_with_digits(bytes: &[u8], digits: usize) -> Result<String, GeoError> {
    let geometry = to_geometry(bytes)?;
    let mut out = String::new();
    if type_of(bytes) == Some(1) && matches!(geometry, Geometry::MultiPoint(_)) {
        out.push_str("POINT EMPTY");
    } else {
        write_wkt(&geometry, digits, &mut out);
    }
    Ok(out)
}

/// WKB as EWKT: WKT after the SRID, where there is one.
///
/// # Errors
/// Bytes that are no geometry.
pub fn to_ewkt(bytes: &[u8], srid: u32, digits: usize) -> Result<String, GeoError> {
    let mut text = wkt_with_digits(bytes, digits)?;
    // EWKT writes the members of a multipoint without brackets of their own.
    if text.starts_with("MULTIPOINT((") {
        text = text.replace("((", "(").replace("))", ")").replace("),(", ",");
    }
    Ok(if srid == 0 { text } else { format!("SRID={srid};{text}") })
}

fn write_wkt(geometry: &Geometry, digits: usize, out: &mut String) {
    let name = match geometry {
        Geometry::Point(_) => "POINT",
        Geometry::Line(_) | Geometry::LineString(_) => "LINESTRING",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "POLYGON",
        Geometry::MultiPoint(_) => "MULTIPOINT",
        Geometry::MultiLineString(_) => "MULTILINESTRING",
        Geometry::MultiPolygon(_) => "MULTIPOLYGON",
        Geometry::GeometryCollection(_) => "GEOMETRYCOLLECTION",
    };
    out.push_str(name);
    match geometry {
        Geometry::Point(point) => coords(&[point.0], digits, out),
        Geometry::Line(line) => coords(&[line.start, line.end], digits, out),
        Geometry::LineString(line) => line_text(line, digits, out),
        Geometry::Polygon(polygon) => polygon_text(polygon, digits, out),
        Geometry::Rect(rect) => polygon_text(&rect.to_polygon(), digits, out),
        Geometry::Triangle(triangle) => polygon_text(&triangle.to_polygon(), digits, out),
        Geometry::MultiPoint(points) => list(&points.0, out, |point, out| coords(&[point.0], digits, out)),
        Geometry::MultiLineString(lines) => list(&lines.0, out, |line, out| line_text(line, digits, out)),
        Geometry::MultiPolygon(polygons) => list(&polygons.0, out, |polygon, out| polygon_text(polygon, digits, out)),
        Geometry::GeometryCollection(members) => list(&members.0, out, |member, out| write_wkt(member, digits, out)),
    }
}

fn list<T>(items: &[T], out: &mut String, mut each: impl FnMut(&T, &mut String)) {
    if items.is_empty() {
        empty(out);
        return;
    }
    out.push('(');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(')');
}

/// `EMPTY`, apart from the type's name but not from a bracket or comma.
fn empty(out: &mut String) {
    if out.ends_with(|last: char| last.is_ascii_alphabetic()) {
        out.push(' ');
    }
    out.push_str("EMPTY");
}

fn line_text(line: &LineString, digits: usize, out: &mut String) {
    coords(&line.0, digits, out);
}

fn polygon_text(polygon: &Polygon, digits: usize, out: &mut String) {
    let mut rings = Vec::with_capacity(1 + polygon.interiors().len());
    if !polygon.exterior().0.is_empty() {
        rings.push(polygon.exterior());
        rings.extend(polygon.interiors());
    }
    list(&rings, out, |ring, out| coords(&ring.0, digits, out));
}

fn coords(coords: &[Coord], digits: usize, out: &mut String) {
    list(coords, out, |coord, out| {
        number(coord.x, digits, out);
        out.push(' ');
        number(coord.y, digits, out);
    });
}

/// The shortest text that reads back as the number, cut to `digits` after the point; powers of ten
/// beyond 10^15 and below 10^-8.
fn number(value: f64, digits: usize, out: &mut String) {
    let size = value.abs();
    if value == 0.0 {
        out.push('0');
    } else if !value.is_finite() {
        let _ = write!(out, "{value}");
    } else if (1e-8..1e15).contains(&size) {
        if value.fract() == 0.0 {
            let _ = write!(out, "{value:.0}");
            return;
        }
        let mut text = value.to_string();
        round(&mut text, digits);
        out.push_str(trimmed(&text));
    } else {
        let text = format!("{value:e}");
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let mut mantissa = mantissa.to_owned();
        round(&mut mantissa, digits);
        out.push_str(trimmed(&mantissa));
        out.push('e');
        if !power.starts_with('-') {
            out.push('+');
        }
        out.push_str(power);
    }
}

/// Cuts a decimal number to so many digits after the point, a half to the even neighbour as PostGIS does.
fn round(text: &mut String, digits: usize) {
    let Some(point) = text.find('.').filter(|point| text.len() - point - 1 > digits) else { return };
    let rest = text.split_off(point + 1 + digits);
    let half = format!("5{}", "0".repeat(rest.len() - 1));
    let odd = text.bytes().rev().find(u8::is_ascii_digit).is_some_and(|last| last % 2 == 1);
    if rest.as_str() < half.as_str() || (rest == half && !odd) {
        return;
    }
    let mut number = std::mem::take(text).into_bytes();
    let carried = number.iter().rposition(|byte| byte.is_ascii_digit() && *byte < b'9');
    if let Some(place) = carried {
        number[place] += 1;
    }
    let nines = carried.map_or(0, |place| place + 1);
    number[nines..].iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'0');
    if carried.is_none() {
        // All nines: one digit more in front.
        number.insert(usize::from(number.first() == Some(&b'-')), b'1');
    }
    *text = number.into_iter().map(char::from).collect();
}

fn trimmed(text: &str) -> &str {
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    if short == "-0" { "0" } else { short }
}

/// WKT or EWKT as WKB; an SRID makes EWKB of it.
///
/// # Errors
/// Text that is no geometry.
pub fn from_wkt(text: &str) -> Result<Vec<u8>, GeoError> {
    let (srid, text) = split_srid(text)?;
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_DEPTH {
            return Err(GeoError::Text("its brackets are nested too deeply".to_owned()));
        }
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    if words == "POINT EMPTY" {
        return Ok(with_srid(&empty_point(), srid));
    }
    let geometry = Geometry::<f64>::try_from_wkt_str(text).map_err(|error| GeoError::Text(error.to_string()))?;
    check_points(&geometry)?;
    let bytes = from_geometry(&geometry);
    Ok(if srid == 0 { bytes } else { with_srid(&bytes, srid) })
}

/// The SRID that EWKT begins with, 0 where it has none, and the rest.
fn split_srid(text: &str) -> Result<(u32, &str), GeoError> {
    let text = text.trim();
    let Some((head, rest)) = text.split_once(';') else { return Ok((0, text)) };
    let Some(srid) = head.trim().get(..5).filter(|word| word.eq_ignore_ascii_case("SRID=")).and(head.trim().get(5..))
    else {
        return Ok((0, text));
    };
    let srid = srid.trim().parse().map_err(|_| GeoError::Text(format!("`{head}` is no SRID")))?;
    Ok((srid, rest))
}

/// Lines have no vertex or at least two, rings at least four and end where they begin.
fn check_points(geometry: &Geometry) -> Result<(), GeoError> {
    let few = || GeoError::Text("a line needs two points, a ring four".to_owned());
    let line = |line: &LineString| if line.0.len() == 1 { Err(few()) } else { Ok(()) };
    let polygon = |polygon: &Polygon| {
        let mut rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.try_for_each(|ring| if (1..4).contains(&ring.0.len()) { Err(few()) } else { Ok(()) })
    };
    match geometry {
        Geometry::LineString(one) => line(one),
        Geometry::Polygon(one) => polygon(one),
        Geometry::MultiLineString(lines) => lines.iter().try_for_each(line),
        Geometry::MultiPolygon(polygons) => polygons.iter().try_for_each(polygon),
        Geometry::GeometryCollection(members) => members.iter().try_for_each(check_points),
        _ => Ok(()),
    }
}

/// WKB as a `GeoJSON` geometry (RFC 7946), with every digit.
///
/// # Errors
/// Bytes that are no geometry.
pub fn to_geojson(bytes: &[u8]) -> Result<String, GeoError> {
    geojson_with(bytes, EVERY_DIGIT, false, None)
}

/// WKB as a `GeoJSON` geometry with at most so many digits after the point, on request with its extent,
/// and with the name of its coordinate system as `GeoJSON` 2008 had it.
///
/// # Errors
/// Bytes that are no geometry.
pub fn geojson_with(bytes: &[u8], digits: usize, bbox: bool, crs: Option<&str>) -> Result<String, GeoError> {
    let geometry = to_geometry(bytes)?;
    let mut head = String::new();
    if let Some(crs) = crs {
        let _ = write!(head, r#""crs":{{"type":"name","properties":{{"name":{}}}}},"#, serde_json::Value::from(crs));
    }
    if let Some(rect) = geometry.bounding_rect().filter(|_| bbox) {
        let (low, high) = (rect.min(), rect.max());
        let _ =
            write!(head, r#""bbox":[{:.digits$},{:.digits$},{:.digits$},{:.digits$}],"#, low.x, low.y, high.x, high.y);
    }
    let mut out = String::new();
    if type_of(bytes) == Some(1) && matches!(geometry, Geometry::MultiPoint(_)) {
        let _ = write!(out, r#"{{"type":"Point",{head}"coordinates":[]}}"#);
    } else {
        write_geojson(&geometry, digits, &head, &mut out);
    }
    Ok(out)
}

fn write_geojson(geometry: &Geometry, digits: usize, head: &str, out: &mut String) {
    let position = |coord: &Coord, out: &mut String| {
        out.push('[');
        number(coord.x, digits, out);
        out.push(',');
        number(coord.y, digits, out);
        out.push(']');
    };
    let line = |line: &LineString, out: &mut String| array(&line.0, out, position);
    let polygon = |polygon: &Polygon, out: &mut String| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let rings = rings.filter(|_| !polygon.exterior().0.is_empty()).collect::<Vec<_>>();
        array(&rings, out, |ring, out| line(ring, out));
    };
    let mut open = |kind: &str, key: &str| {
        let _ = write!(out, r#"{{"type":"{kind}",{head}"{key}":"#);
    };
    match geometry {
        Geometry::Point(point) => {
            open("Point", "coordinates");
            position(&point.0, out);
        }
        Geometry::Line(one) => {
            open("LineString", "coordinates");
            array(&[one.start, one.end], out, position);
        }
        Geometry::LineString(one) => {
            open("LineString", "coordinates");
            line(one, out);
        }
        Geometry::Polygon(one) => {
            open("Polygon", "coordinates");
            polygon(one, out);
        }
        Geometry::Rect(rect) => {
            open("Polygon", "coordinates");
            polygon(&rect.to_polygon(), out);
        }
        Geometry::Triangle(triangle) => {
            open("Polygon", "coordinates");
            polygon(&triangle.to_polygon(), out);
        }
        Geometry::MultiPoint(points) => {
            open("MultiPoint", "coordinates");
            array(&points.0, out, |point, out| position(&point.0, out));
        }
        Geometry::MultiLineString(lines) => {
            open("MultiLineString", "coordinates");
            array(&lines.0, out, line);
        }
        Geometry::MultiPolygon(polygons) => {
            open("MultiPolygon", "coordinates");
            array(&polygons.0, out, polygon);
        }
        Geometry::GeometryCollection(members) => {
            open("GeometryCollection", "geometries");
            array(&members.0, out, |member, out| write_geojson(member, digits, "", out));
        }
    }
    out.push('}');
}

fn array<T>(items: &[T], out: &mut String, mut each: impl FnMut(&T, &mut String)) {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(']');
}

/// A `GeoJSON` geometry (or the geometry of a feature) as WKB.
///
/// # Errors
/// Text that is no geometry.
pub fn from_geojson(text: &str) -> Result<Vec<u8>, GeoError> {
    let wrong = |error: geojson::Error| GeoError::Text(error.to_string());
    // The conversion counts on positions that have both coordinates.
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| GeoError::Text(error.to_string()))?;
    let is_point = json.get("type").and_then(serde_json::Value::as_str) == Some("Point");
    if is_point && json.get("coordinates").and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty) {
        return Ok(empty_point().to_vec());
    }
    if !has_whole_positions(&json) {
        return Err(GeoError::Text("a position of fewer than two numbers".to_owned()));
    }
    let geometry = match text.parse::<geojson::GeoJson>().map_err(wrong)? {
        geojson::GeoJson::Geometry(geometry) => geometry,
        geojson::GeoJson::Feature(feature) => {
            feature.geometry.ok_or_else(|| GeoError::Text("a feature without geometry".to_owned()))?
        }
        geojson::GeoJson::FeatureCollection(_) => {
            return Err(GeoError::Text("a collection, not one geometry".to_owned()));
        }
    };
    let geometry = Geometry::<f64>::try_from(geometry).map_err(wrong)?;
    Ok(from_geometry(&geometry))
}

/// Whether every position of a geometry, of its members or of a feature's has two coordinates or more.
fn has_whole_positions(json: &serde_json::Value) -> bool {
    let depth = match json.get("type").and_then(serde_json::Value::as_str) {
        Some("LineString" | "MultiPoint") => 1,
        Some("Polygon" | "MultiLineString") => 2,
        Some("MultiPolygon") => 3,
        _ => 0,
    };
    let members = json.get("geometries").and_then(serde_json::Value::as_array);
    json.get("coordinates").is_none_or(|coordinates| is_whole(coordinates, depth))
        && json.get("geometry").is_none_or(has_whole_positions)
        && members.into_iter().flatten().all(has_whole_positions)
}

/// Whether the positions so many lists deep are whole. What is no list is left to the reader to refuse.
fn is_whole(coordinates: &serde_json::Value, depth: usize) -> bool {
    let Some(items) = coordinates.as_array() else { return true };
    if depth == 0 { items.len() >= 2 } else { items.iter().all(|item| is_whole(item, depth - 1)) }
}

/// Any text form as WKB: WKT, EWKT or hexadecimal (E)WKB.
///
/// # Errors
/// Text that is no geometry.
pub fn from_any_text(text: &str) -> Result<Vec<u8>, GeoError> {
    let trimmed = text.trim();
    if trimmed.starts_with("00") || trimmed.starts_with("01") {
        let bytes = from_hex(trimmed).ok_or_else(|| GeoError::Text("not hexadecimal".to_owned()))?;
        to_geometry(&bytes)?;
        return Ok(bytes);
    }
    from_wkt(text)
}

/// Hexadecimal text as bytes.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Bytes as hexadecimal text, in capitals.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::wkb::srid_of;

    #[test]
    fn text_and_bytes_say_the_same() {
        let wkb = from_wkt("POLYGON((0 0,4 0,4 4,0 0))").unwrap();
        assert_eq!(to_wkt(&wkb).unwrap(), "POLYGON((0 0,4 0,4 4,0 0))");
        assert_eq!(from_geojson(&to_geojson(&wkb).unwrap()).unwrap(), wkb);
        assert!(from_wkt("POLYGON((").is_err());
        assert!(from_geojson("{\"type\":\"Pint\"}").is_err());
    }

    #[test]
    fn an_srid_is_kept_and_an_empty_point_stays_a_point() {
        let wkb = from_wkt(" srid=4326; POINT(1 2)").unwrap();
        assert_eq!(srid_of(&wkb), 4326);
        assert_eq!(to_ewkt(&wkb, 4326, 15).unwrap(), "SRID=4326;POINT(1 2)");
        assert_eq!(to_wkt(&from_wkt("POINT  EMPTY").unwrap()).unwrap(), "POINT EMPTY");
        assert!(from_wkt("SRID=x;POINT(1 2)").is_err());
    }

    #[test]
    fn numbers_are_written_as_postgis_writes_them() {
        for (value, text) in [
            (1e15, "1e+15"),
            (333_333_333_333_333.3, "333333333333333.3"),
            (1.234_567_890_123_456_8e17, "1.234567890123457e+17"),
            (1e-7, "0.0000001"),
            (1e-9, "1e-9"),
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (1e14 + 0.3, "100000000000000.3"),
            (6.886_341_877_385_226_5, "6.886341877385226"),
            (4.716_699_539_000_047_5, "4.716699539000048"),
            (0.999_999_999_999_999_9, "1"),
        ] {
            let mut out = String::new();
            number(value, WKT_DIGITS, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn deep_brackets_are_refused() {
        assert!(from_wkt(&"GEOMETRYCOLLECTION(".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Z0-9(), .;=-]{0,60}") {
            let _ = from_any_text(&text);
            let _ = from_geojson(&text);
        }
    }
}
