//! Any bytes as WKB: an error or a geometry, never a panic; a geometry is written and read back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = jingwei_geo::srid_of(bytes);
    let _ = jingwei_geo::point_of(bytes);
    let _ = jingwei_geo::to_wkt(bytes);
    if let Ok(geometry) = jingwei_geo::to_finite_geometry(bytes) {
        let written = jingwei_geo::from_geometry(&geometry);
        assert_eq!(jingwei_geo::to_geometry(&written).ok(), Some(geometry.clone()));
        let _ = jingwei_geo::why_invalid(&geometry);
    }
});
