//! Shapes, as WKB, WKT or `GeoJSON`, brought to longitude and latitude.

use geo::{Coord, CoordsIter, Geometry, MapCoords};
use jingwei_geo::{Crs, GeoError, Transformer, from_geojson, from_geometry, from_wkt, to_geometry, why_invalid};
use jingwei_model::Reason;

use super::Cell;

/// The way from a file's coordinate system to EPSG:4326.
#[derive(Debug, Clone)]
pub struct Way {
    transformer: Transformer,
    degrees: bool,
}

impl Way {
    /// Prepares the way.
    ///
    /// # Errors
    /// A system whose projection is not known.
    pub fn new(from: &Crs) -> Result<Self, GeoError> {
        Ok(Self { transformer: Transformer::new(from, &Crs::wgs84())?, degrees: from.is_geographic() })
    }

    /// Takes one point along.
    pub(crate) fn walk(&self, x: f64, y: f64) -> Result<Coord, Reason> {
        // A pair of degrees in a system of metres would land in the sea off Africa, silently.
        let degrees = (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y);
        if degrees != self.degrees {
            return Err(Reason::OutsideCrs);
        }
        let (x, y) = self.transformer.transform(x, y).map_err(|_| Reason::OutsideCrs)?;
        if (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y) {
            Ok(Coord { x, y })
        } else {
            Err(Reason::OutsideCrs)
        }
    }
}

/// Reads WKB.
#[must_use]
pub fn geometry_from_bytes(bytes: &[u8], way: &Way) -> Cell<Vec<u8>> {
    if bytes.is_empty() {
        return Cell::Missing;
    }
    to_geometry(bytes).map_or(Cell::Refused(Reason::InvalidGeometry), |geometry| settle(&geometry, way))
}

/// Reads WKT, WKB in hexadecimal digits, or a `GeoJSON` geometry.
#[must_use]
pub fn geometry_from_text(text: &str, way: &Way) -> Cell<Vec<u8>> {
    let wkb = if text.starts_with('{') {
        from_geojson(text).ok()
    } else if text.starts_with(['0', '1']) {
        from_hex(text)
    } else {
        from_wkt(text).ok()
    };
    wkb.map_or(Cell::Refused(Reason::InvalidGeometry), |wkb| geometry_from_bytes(&wkb, way))
}

fn settle(geometry: &Geometry, way: &Way) -> Cell<Vec<u8>> {
    let mut corners = geometry.coords_iter();
    let Some(first) = corners.next() else { return Cell::Missing };
    // Nobody lives at (0, 0): it is what an empty coordinate looks like after a conversion.
    if first == Coord::zero() && corners.all(|corner| corner == Coord::zero()) {
        return Cell::Missing;
    }
    match geometry.try_map_coords(|corner| way.walk(corner.x, corner.y)) {
        Err(reason) => Cell::Refused(reason),
        Ok(moved) => match why_invalid(&moved) {
            None => Cell::Value(from_geometry(&moved)),
            Some((reason, _)) => Cell::Doubtful(from_geometry(&moved), reason),
        },
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jingwei_geo::{point_of, to_wkt};
    use proptest::prelude::*;

    use super::*;

    fn way(crs: &str) -> Way {
        Way::new(&Crs::parse(crs).unwrap()).unwrap()
    }

    fn wkt(text: &str, crs: &str) -> Result<String, Option<Reason>> {
        match geometry_from_text(text, &way(crs)) {
            Cell::Value(bytes) => Ok(to_wkt(&bytes).unwrap()),
            other => Err(other.reason()),
        }
    }

    #[test]
    fn every_notation_is_understood() {
        for text in [
            "POINT(116.5 39.9)",
            "POINT (116.5 39.9)",
            "{\"type\":\"Point\",\"coordinates\":[116.5,39.9]}",
            "01010000000000000000205D403333333333F34340",
        ] {
            assert_eq!(wkt(text, "EPSG:4326").as_deref(), Ok("POINT(116.5 39.9)"), "{text}");
        }
    }

    #[test]
    fn metres_become_degrees() {
        let Cell::Value(bytes) = geometry_from_text("POINT(500000 4429529.030)", &way("EPSG:4548")) else {
            unreachable!()
        };
        let (lon, lat) = point_of(&bytes).unwrap();
        assert!((lon - 117.0).abs() < 1e-8 && (lat - 40.0).abs() < 1e-8, "{lon} {lat}");
    }

    #[test]
    fn what_cannot_be_there_is_named() {
        assert_eq!(wkt("POINT(500000 4429529)", "EPSG:4326"), Err(Some(Reason::OutsideCrs)));
        assert_eq!(wkt("POINT(116.5 39.9)", "EPSG:4548"), Err(Some(Reason::OutsideCrs)));
        assert_eq!(wkt("POINT(0 0)", "EPSG:4326"), Err(None));
        assert_eq!(wkt("POINT EMPTY", "EPSG:4326"), Err(None));
        assert_eq!(wkt("nowhere", "EPSG:4326"), Err(Some(Reason::InvalidGeometry)));
        assert_eq!(wkt("0101", "EPSG:4326"), Err(Some(Reason::InvalidGeometry)));
        let bow_tie = geometry_from_text("POLYGON((116 39,117 40,117 39,116 40,116 39))", &way("EPSG:4326"));
        assert!(matches!(bow_tie, Cell::Doubtful(_, Reason::SelfCrossing)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = geometry_from_text(&text, &way("EPSG:4326"));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = geometry_from_bytes(&bytes, &way("EPSG:4326"));
        }
    }
}
