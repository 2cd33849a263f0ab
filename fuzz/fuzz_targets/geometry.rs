//! Any bytes as WKB, WKT, GeoJSON and the name of a coordinate system: an error or a value, no panic, no memory beyond
//! what the bytes hold; a geometry that was read is written and read as itself.

#![no_main]

use jingwei_geo::{
    Crs, from_geojson, from_geometry, from_wkt, point_of, srid_of, to_finite_geometry, to_geometry, to_wkt,
    why_invalid, with_srid,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = srid_of(bytes);
    let _ = point_of(bytes);
    let _ = to_wkt(bytes);
    let _ = with_srid(bytes, 4548);
    if let Ok(geometry) = to_finite_geometry(bytes) {
        assert_eq!(to_geometry(&from_geometry(&geometry)).ok(), Some(geometry.clone()));
        let _ = why_invalid(&geometry);
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = from_wkt(&text);
    let _ = from_geojson(&text);
    let _ = Crs::parse(&text);
});
