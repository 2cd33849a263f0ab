//! Geometry as text: WKT and `GeoJSON`.

use geo::Geometry;
use wkt::{ToWkt, TryFromWkt};

use crate::{GeoError, from_geometry, to_geometry};

/// WKB as WKT.
///
/// # Errors
/// Bytes that are no geometry.
pub fn to_wkt(bytes: &[u8]) -> Result<String, GeoError> {
    Ok(to_geometry(bytes)?.wkt_string())
}

/// WKT (or EWKT, whose SRID is dropped) as WKB.
///
/// # Errors
/// Text that is no geometry.
pub fn from_wkt(text: &str) -> Result<Vec<u8>, GeoError> {
    let text = match text.trim_start().split_once(';') {
        Some((srid, rest)) if srid.to_ascii_uppercase().starts_with("SRID=") => rest,
        _ => text,
    };
    let geometry = Geometry::<f64>::try_from_wkt_str(text).map_err(|error| GeoError::Text(error.to_string()))?;
    Ok(from_geometry(&geometry))
}

/// WKB as a `GeoJSON` geometry.
///
/// # Errors
/// Bytes that are no geometry.
pub fn to_geojson(bytes: &[u8]) -> Result<String, GeoError> {
    let geometry = to_geometry(bytes)?;
    Ok(geojson::Geometry::new((&geometry).into()).to_string())
}

/// A `GeoJSON` geometry (or the geometry of a feature) as WKB.
///
/// # Errors
/// Text that is no geometry.
pub fn from_geojson(text: &str) -> Result<Vec<u8>, GeoError> {
    let wrong = |error: geojson::Error| GeoError::Text(error.to_string());
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_and_bytes_say_the_same() {
        let wkb = from_wkt("SRID=4326;POLYGON((0 0,4 0,4 4,0 0))").unwrap();
        assert_eq!(to_wkt(&wkb).unwrap(), "POLYGON((0 0,4 0,4 4,0 0))");
        assert_eq!(from_geojson(&to_geojson(&wkb).unwrap()).unwrap(), wkb);
        assert!(from_wkt("POLYGON((").is_err());
        assert!(from_geojson("{\"type\":\"Pint\"}").is_err());
    }
}
