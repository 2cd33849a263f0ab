//! The address nearest to a point.

use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{NeighborsOptions, RTree, RTreeBuilder, RTreeIndex, SimpleDistanceMetric};
use jingwei_standardize::address::Grain;

/// Farther away, an address says nothing about a point.
const FARTHEST_M: f64 = 2_000.0;
/// Mean radius of the earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;

/// An address near a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearby {
    /// Its row.
    pub row: u32,
    /// Metres to it.
    pub distance_m: f64,
}

/// Points of addresses in a tree; east is shortened by the cosine of their middle latitude, so that nearest in the tree is
/// nearest on the ground within a city.
#[derive(Debug)]
pub(super) struct Nearest {
    tree: Option<RTree<f64>>,
    rows: Vec<u32>,
    scale: f64,
}

struct Squared;

impl SimpleDistanceMetric<f64> for Squared {
    fn distance(&self, x1: f64, y1: f64, x2: f64, y2: f64) -> f64 {
        (x2 - x1).powi(2) + (y2 - y1).powi(2)
    }

    fn distance_to_bbox(&self, x: f64, y: f64, min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> f64 {
        let gap = |value: f64, low: f64, high: f64| (low - value).max(0.0).max(value - high);
        gap(x, min_x, max_x).powi(2) + gap(y, min_y, max_y).powi(2)
    }
}

impl Nearest {
    /// A tree over the points of addresses no finer than a building; over all where there are none such.
    pub fn new(points: &[(f64, f64)], levels: &[Option<Grain>]) -> Self {
        let placed = |row: &u32| points[*row as usize].0.is_finite() && points[*row as usize].1.is_finite();
        let coarse =
            |row: &u32| levels[*row as usize].is_some_and(|grain| (Grain::Road..=Grain::Building).contains(&grain));
        let all = || (0..points.len() as u32).filter(placed);
        let mut rows: Vec<u32> = all().filter(coarse).collect();
        if rows.is_empty() {
            rows = all().collect();
        }
        let latitude = rows.iter().map(|row| points[*row as usize].1).sum::<f64>() / rows.len().max(1) as f64;
        let scale = latitude.to_radians().cos();
        let tree = (!rows.is_empty()).then(|| {
            let mut builder = RTreeBuilder::<f64>::new(rows.len() as u32);
            for row in &rows {
                let (lon, lat) = points[*row as usize];
                builder.add(lon * scale, lat, lon * scale, lat);
            }
            builder.finish::<HilbertSort>()
        });
        Self { tree, rows, scale }
    }

    /// The nearest address, the first of several as near.
    pub fn find(&self, points: &[(f64, f64)], lon: f64, lat: f64) -> Option<Nearby> {
        let tree = self.tree.as_ref().filter(|_| lon.is_finite() && lat.is_finite())?;
        let options = NeighborsOptions { k: Some(1), max_distance: None, include_tie_breakers: true };
        let found = tree.neighbors_with_simple_distance(lon * self.scale, lat, options, &Squared);
        let row = found.into_iter().filter_map(|(at, _)| self.rows.get(at as usize)).min().copied()?;
        let distance_m = haversine(points[row as usize], (lon, lat));
        (distance_m <= FARTHEST_M).then_some(Nearby { row, distance_m })
    }
}

/// Great-circle distance in metres.
fn haversine(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (north, east) = ((to.1 - from.1).to_radians(), (to.0 - from.0).to_radians());
    let chord =
        (north / 2.0).sin().powi(2) + from.1.to_radians().cos() * to.1.to_radians().cos() * (east / 2.0).sin().powi(2);
    2.0 * RADIUS_M * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_building_is_found_and_no_room_in_it() {
        let points = [(116.4, 39.9), (116.4, 39.9), (116.41, 39.9), (f64::NAN, f64::NAN)];
        let levels = [Some(Grain::Room), Some(Grain::Building), Some(Grain::Compound), Some(Grain::Building)];
        let nearest = Nearest::new(&points, &levels);
        let found = nearest.find(&points, 116.4001, 39.9).unwrap();
        assert_eq!(found.row, 1);
        assert!((found.distance_m - 8.53).abs() < 0.1, "{}", found.distance_m);
        assert_eq!(nearest.find(&points, 116.4099, 39.9).unwrap().row, 2);
        assert_eq!(nearest.find(&points, 117.0, 39.9), None);
        assert_eq!(nearest.find(&points, f64::NAN, 39.9), None);
        assert_eq!(Nearest::new(&[], &[]).find(&[], 116.4, 39.9), None);
        let rooms = Nearest::new(&points[..1], &levels[..1]);
        assert_eq!(rooms.find(&points, 116.4, 39.9).unwrap().row, 0);
    }
}
