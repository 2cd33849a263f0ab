//! Points from two columns or from one text.

use jingwei_geo::point_to_wkb;
use jingwei_model::Reason;
use jingwei_model::id::clean::half_width;

use super::geometry::Way;
use super::{Cell, geometry_from_text};

/// A point from `x` (east, longitude) and `y` (north, latitude).
#[must_use]
pub fn point(x: &str, y: &str, way: &Way) -> Cell<Vec<u8>> {
    match (coordinate(x), coordinate(y)) {
        (Some(0.0), Some(0.0)) => Cell::Missing,
        (Some(x), Some(y)) => {
            way.walk(x, y).map_or_else(Cell::Refused, |at| Cell::Value(point_to_wkb(at.x, at.y).to_vec()))
        }
        _ => Cell::Refused(Reason::NotANumber),
    }
}

/// A point from one text: `116.48,39.99`, `116.48 39.99`, or WKT.
#[must_use]
pub fn point_from_text(text: &str, way: &Way) -> Cell<Vec<u8>> {
    if text.starts_with(|character: char| character.is_ascii_alphabetic()) || text.starts_with('{') {
        return geometry_from_text(text, way);
    }
    let bare = text.trim_matches(['(', ')', '[', ']', '（', '）']);
    let halves = bare.split_once([',', '，', ';', '；', '、']).or_else(|| bare.trim().split_once(char::is_whitespace));
    match halves {
        Some((x, y)) => point(x.trim(), y.trim(), way),
        None => Cell::Refused(Reason::NotANumber),
    }
}

/// A coordinate as a number, or in degrees, minutes and seconds (`116°28′48″E`).
fn coordinate(text: &str) -> Option<f64> {
    if let Ok(value) = text.parse::<f64>() {
        return Some(value).filter(|value| value.is_finite());
    }
    let text: String = text.chars().map(half_width).filter(|character| !character.is_whitespace()).collect();
    if let Ok(value) = text.parse::<f64>() {
        return Some(value).filter(|value| value.is_finite());
    }
    let bare = text
        .trim_start_matches(['东', '西', '南', '北', '经', '纬', 'E', 'W', 'N', 'S'])
        .trim_end_matches(['E', 'W', 'N', 'S']);
    let south_or_west = text.contains(['S', 'W', '南', '西']);
    let (degrees, rest) = bare.split_once(['°', '度'])?;
    let (minutes, rest) = if rest.is_empty() { ("0", "") } else { rest.split_once(['′', '\'', '分', '’'])? };
    let seconds = rest.trim_end_matches(['″', '"', '秒', '”', '\'']);
    let part = |text: &str| if text.is_empty() { Some(0.0) } else { text.parse::<f64>().ok() };
    let (degrees, minutes, seconds) = (part(degrees)?, part(minutes)?, part(seconds)?);
    if !(0.0..60.0).contains(&minutes) || !(0.0..60.0).contains(&seconds) || degrees < 0.0 {
        return None;
    }
    let value = degrees + minutes / 60.0 + seconds / 3600.0;
    Some(if south_or_west { -value } else { value })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jingwei_geo::{Crs, point_of};

    use super::*;

    fn way(crs: &str) -> Way {
        Way::new(&Crs::parse(crs).unwrap()).unwrap()
    }

    #[track_caller]
    fn close(cell: Cell<Vec<u8>>, lon: f64, lat: f64) -> bool {
        let (x, y) = point_of(&cell.value().unwrap()).unwrap();
        (x - lon).abs() < 1e-9 && (y - lat).abs() < 1e-9
    }

    #[test]
    fn two_columns_or_one_text_make_a_point() {
        let degrees = way("EPSG:4326");
        assert!(close(point("116.48", "39.99", &degrees), 116.48, 39.99));
        assert!(close(point("１１６．４８", "39.99", &degrees), 116.48, 39.99));
        assert!(close(point("116°28′48″", "39°59'24\"N", &degrees), 116.48, 39.99));
        assert!(close(point("东经116度28分48秒", "北纬39度59分24秒", &degrees), 116.48, 39.99));
        for text in ["116.48,39.99", "116.48，39.99", "116.48 39.99", "(116.48, 39.99)", "POINT(116.48 39.99)"] {
            assert!(close(point_from_text(text, &degrees), 116.48, 39.99), "{text}");
        }
    }

    #[test]
    fn a_gcj_point_is_brought_home() {
        assert!(close(point("116.404", "39.915", &way("GCJ-02")), 116.397_755_754_575, 39.913_596_235_609));
    }

    #[test]
    fn nothing_and_nonsense_are_told_apart() {
        let degrees = way("EPSG:4326");
        assert_eq!(point("0", "0.0", &degrees), Cell::Missing);
        assert_eq!(point("116", "x", &degrees), Cell::Refused(Reason::NotANumber));
        assert_eq!(point("39.9", "116.4", &degrees), Cell::Refused(Reason::OutsideCrs));
        assert_eq!(point("NaN", "39", &degrees), Cell::Refused(Reason::NotANumber));
        assert_eq!(point_from_text("116.48", &degrees), Cell::Refused(Reason::NotANumber));
    }
}
