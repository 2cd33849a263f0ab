#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

fn go(from: &str, to: &str, x: f64, y: f64) -> (f64, f64) {
    Transformer::new(&Crs::parse(from).unwrap(), &Crs::parse(to).unwrap()).unwrap().transform(x, y).unwrap()
}

fn close(found: (f64, f64), expected: (f64, f64), tolerance: f64) {
    assert!(
        (found.0 - expected.0).abs() <= tolerance && (found.1 - expected.1).abs() <= tolerance,
        "{found:?} is not {expected:?}"
    );
}

#[test]
fn transverse_mercator_is_exact_to_the_millimetre() {
    for (lon, lat, east, north) in [
        (117.0, 40.0, 500_000.000, 4_429_529.030),
        (116.3913, 39.9075, 447_950.515, 4_419_435.790),
        (115.5, 39.5, 370_977.025, 4_375_088.526),
        (116.70, 39.785, 474_301.657, 4_405_700.080),
    ] {
        close(go("EPSG:4326", "EPSG:4548", lon, lat), (east, north), 0.001);
        close(go("EPSG:4490", "EPSG:4527", lon, lat), (east + 39_000_000.0, north), 0.001);
        close(go("EPSG:4548", "EPSG:4326", east, north), (lon, lat), 1e-8);
    }
}

#[test]
fn web_mercator_matches_its_definition() {
    close(go("WGS84", "EPSG:3857", 116.3913, 39.9075), (12_956_620.249, 4_852_509.522), 0.001);
}

#[test]
fn gcj02_follows_the_formula_and_its_exact_inverse() {
    for (lon, lat, x, y) in [
        (121.527_210_6, 31.177_427_6, 121.531_541_859, 31.175_303_984),
        (113.912_316, 22.543_847, 113.917_176_481, 22.540_796_132),
        (116.377_817, 39.911_954, 116.384_047_225, 39.913_345_455),
    ] {
        close(go("WGS84", "GCJ-02", lon, lat), (x, y), 1e-6);
    }
    close(go("WGS84", "GCJ-02", 116.404, 39.915), (116.410_244_499_169_38, 39.916_404_281_501_64), 1e-11);
    close(go("GCJ-02", "WGS84", 116.404, 39.915), (116.397_755_754_575, 39.913_596_235_609), 1e-11);
}

#[test]
fn bd09_follows_the_formula_and_its_iterated_inverse() {
    close(go("GCJ-02", "BD-09", 116.404, 39.915), (116.410_369_493_710_29, 39.921_336_993_510_21), 1e-11);
    close(go("BD-09", "GCJ-02", 116.404, 39.915), (116.397_627_087_857_2, 39.908_656_339_478_41), 1e-10);
    // Another library's figure for the whole way; it is ten metres off the formula it implements.
    close(go("BD-09", "WGS84", 120.019_809, 29.199_786), (120.008_779_011, 29.196_131_605), 1e-4);
}

#[test]
fn baidus_mercator_reaches_the_southern_and_western_hemispheres() {
    let (x, y) = baidu::to_mercator(-123.0, -45.0);
    close((x, y), (-13_692_446.350_778_64, -5_591_020.962_240_655), 1e-6);
}

#[test]
fn points_outside_china_pass_unchanged() {
    assert_eq!(go("WGS84", "GCJ-02", -73.98, 40.75), (-73.98, 40.75));
}

#[test]
fn the_cities_of_the_public_fixture_agree_within_a_hundred_thousandth_of_a_degree() {
    let cities: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/china-cities.json")).unwrap();
    let pair = |value: &serde_json::Value| (value[0].as_f64().unwrap(), value[1].as_f64().unwrap());
    let mut count = 0;
    for city in cities.as_array().unwrap() {
        let coords = &city["coords"];
        let (lon, lat) = pair(&coords["WGS84"]);
        close(go("WGS84", "GCJ-02", lon, lat), pair(&coords["GCJ02"]), 1e-5);
        close(go("WGS84", "BD-09", lon, lat), pair(&coords["BD09"]), 1e-5);
        close(go("WGS84", "EPSG:3857", lon, lat), pair(&coords["EPSG3857"]), 0.01);
        close(go("WGS84", "BD09MC", lon, lat), pair(&coords["BD09MC"]), 2.0);
        count += 1;
    }
    assert_eq!(count, 664);
}

const LONG_ISLAND: &str = r#"PROJCS["NAD_1983_StatePlane_New_York_Long_Island_FIPS_3104_Feet",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",984250.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-74.0],PARAMETER["Standard_Parallel_1",40.66666666666666],PARAMETER["Standard_Parallel_2",41.03333333333333],PARAMETER["Latitude_Of_Origin",40.16666666666666],UNIT["Foot_US",0.3048006096012192]]"#;

#[test]
fn a_prj_in_feet_means_the_same_as_its_code() {
    let by_text = go(LONG_ISLAND, "EPSG:4326", 987_654.0, 211_000.0);
    let by_code = go("EPSG:2263", "EPSG:4326", 987_654.0, 211_000.0);
    close(by_text, by_code, 1e-7);
    close(by_text, (-73.9877, 40.7458), 1e-3);
}

#[test]
fn a_text_and_a_code_of_one_system_are_the_same_system() {
    let zone = |name: &str, middle: f64, east: f64| {
        format!(
            r#"PROJCS["{name}",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{east:.1}],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{middle:.1}],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#
        )
    };
    let name = |text: &str| Crs::parse(text).unwrap().name().to_owned();
    assert_eq!(name(&zone("CGCS2000_3_Degree_GK_CM_117E", 117.0, 500_000.0)), "EPSG:4548");
    assert_eq!(name(&zone("CGCS2000_GK_CM_117E", 117.0, 500_000.0)), "EPSG:4509");
    assert_eq!(name(&zone("CGCS2000_3_Degree_GK_Zone_39", 117.0, 39_500_000.0)), "EPSG:4527");
    assert_eq!(
        name(
            r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]]]"#
        ),
        "EPSG:4490"
    );
    assert_eq!(
        name(r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]]]"#),
        "EPSG:4326"
    );
    assert_eq!(
        name(r#"GEOGCS["NAD83",DATUM["D",SPHEROID["GRS 1980",6378137,298.257222101]],AUTHORITY["EPSG","4269"]]"#),
        "EPSG:4269"
    );
    let local = Crs::parse(LONG_ISLAND).unwrap();
    assert_eq!(local.srid(), 0);
    assert_eq!(crs_of(&geometry_field("geom", Some(&local))).unwrap().unwrap().definition(), local.definition());
    let local = Crs::parse(r#"GEOGCS["Somewhere",DATUM["D",SPHEROID["S",6378137.0,298.3]]]"#).unwrap();
    assert!(crs_of(&geometry_field("geom", Some(&local))).unwrap().unwrap().is_geographic());
    assert_eq!(name("JINGWEI:GCJ-02"), "GCJ-02");
}

#[test]
fn an_unknown_system_says_what_to_write() {
    for text in ["EPSG:99", "北京54", "PROJCS[", "{}", ""] {
        assert!(matches!(Crs::parse(text), Err(GeoError::UnknownCrs { .. })), "{text}");
    }
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_place(lon in 115.4_f64..117.5, lat in 39.4_f64..41.1, from in 0_usize..8, to in 0_usize..8) {
        let systems = ["EPSG:4326", "EPSG:4490", "EPSG:4548", "EPSG:4527", "EPSG:3857", "GCJ-02", "BD-09", "BD09MC"];
        let (x, y) = go("EPSG:4326", systems[from], lon, lat);
        let (u, v) = go(systems[from], systems[to], x, y);
        let (x, y) = go(systems[to], systems[from], u, v);
        let (found_lon, found_lat) = go(systems[from], "EPSG:4326", x, y);
        prop_assert!((found_lon - lon).abs() < 1e-7 && (found_lat - lat).abs() < 1e-7, "{found_lon} {found_lat}");
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "\\PC{0,80}") {
        let _ = Crs::parse(&text);
    }
}
