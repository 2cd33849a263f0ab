//! GCJ-02, the shifted coordinates of Chinese maps: the publicly known formula forward, a fixed-point
//! iteration back. Points outside China pass unchanged.

use std::f64::consts::PI;

const A: f64 = 6_378_245.0;
const EE: f64 = 0.006_693_421_622_965_943;
/// Equatorial radius of Web Mercator's sphere.
const RADIUS: f64 = 6_378_137.0;

fn outside_china(lon: f64, lat: f64) -> bool {
    !(72.004..=137.8347).contains(&lon) || !(0.8293..=55.8271).contains(&lat)
}

fn offset(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let mut dy = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave;
    dy += (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0;
    dy += (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let mut dx = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave;
    dx += (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0;
    dx += (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let radians = lat / 180.0 * PI;
    let magic = 1.0 - EE * radians.sin() * radians.sin();
    let dlat = dy * 180.0 / ((A * (1.0 - EE)) / (magic * magic.sqrt()) * PI);
    let dlon = dx * 180.0 / (A / magic.sqrt() * radians.cos() * PI);
    (dlon, dlat)
}

/// WGS 84 to GCJ-02.
pub fn from_wgs84(lon: f64, lat: f64) -> (f64, f64) {
    if outside_china(lon, lat) {
        return (lon, lat);
    }
    let (dlon, dlat) = offset(lon, lat);
    (lon + dlon, lat + dlat)
}

/// GCJ-02 to WGS 84, iterated until the way forward meets the point within 1e-8 m.
pub fn to_wgs84(lon: f64, lat: f64) -> (f64, f64) {
    if outside_china(lon, lat) {
        return (lon, lat);
    }
    let (mut x, mut y) = (lon, lat);
    for _ in 0..30 {
        let (fx, fy) = from_wgs84(x, y);
        let (dx, dy) = (lon - fx, lat - fy);
        x += dx;
        y += dy;
        if dx.abs() < 1e-13 && dy.abs() < 1e-13 {
            break;
        }
    }
    (x, y)
}

/// Degrees to Web Mercator.
pub fn to_web_mercator(lon: f64, lat: f64) -> (f64, f64) {
    (RADIUS * lon.to_radians(), RADIUS * (PI / 4.0 + lat.to_radians() / 2.0).tan().ln())
}

/// Web Mercator to degrees.
pub fn from_web_mercator(x: f64, y: f64) -> (f64, f64) {
    ((x / RADIUS).to_degrees(), (2.0 * (y / RADIUS).exp().atan() - PI / 2.0).to_degrees())
}
