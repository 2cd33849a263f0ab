//! Any text as WKT, EWKT, hexadecimal WKB and GeoJSON: an error or a geometry, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = jingwei_geo::from_wkt(text);
    let _ = jingwei_geo::from_geojson(text);
    let _ = jingwei_geo::Crs::parse(text);
});
