//! Distance on the globe.

/// Mean radius of the earth (IUGG), metres.
const RADIUS: f64 = 6_371_008.8;

/// A place, longitude and latitude in degrees, with what the distance needs of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    longitude: f64,
    latitude: f64,
    cosine: f64,
}

impl Point {
    /// A place; `None` when the degrees are none of the globe.
    #[must_use]
    pub fn new(longitude: f64, latitude: f64) -> Option<Self> {
        ((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)).then(|| Self {
            longitude: longitude.to_radians(),
            latitude: latitude.to_radians(),
            cosine: latitude.to_radians().cos(),
        })
    }

    /// Great-circle distance in metres by the haversine formula: within half a per cent of the ellipsoid.
    #[must_use]
    pub fn metres(&self, other: &Self) -> f64 {
        let sine = |angle: f64| (angle / 2.0).sin().powi(2);
        let across = sine(self.longitude - other.longitude) * self.cosine * other.cosine;
        2.0 * RADIUS * (sine(self.latitude - other.latitude) + across).sqrt().min(1.0).asin()
    }

    /// Whether two places are at most so many metres apart.
    #[must_use]
    pub fn within(&self, other: &Self, metres: f64) -> bool {
        // Latitude alone refuses most.
        (self.latitude - other.latitude).abs() * RADIUS <= metres && self.metres(other) <= metres
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_distances_come_out() {
        let tiananmen = Point::new(116.3913, 39.9075).unwrap();
        let quarter = Point::new(0.0, 0.0).unwrap().metres(&Point::new(90.0, 0.0).unwrap());
        assert!((quarter - 10_007_557.2).abs() < 1.0, "{quarter}");
        let east = Point::new(116.4, 39.9075).unwrap();
        assert!((tiananmen.metres(&east) - 742.1).abs() < 0.5, "{}", tiananmen.metres(&east));
        assert!(tiananmen.within(&east, 743.0) && !tiananmen.within(&east, 741.0));
        assert_eq!(Point::new(f64::NAN, 0.0), None);
        assert_eq!(Point::new(0.0, 91.0), None);
    }

    proptest! {
        #[test]
        fn it_is_a_symmetric_distance(a in (-180.0..180.0, -90.0..90.0), b in (-180.0..180.0, -90.0..90.0)) {
            let (a, b) = (Point::new(a.0, a.1).unwrap(), Point::new(b.0, b.1).unwrap());
            prop_assert!((a.metres(&b) - b.metres(&a)).abs() < 1e-6);
            prop_assert!((0.0..=20_015_116.0).contains(&a.metres(&b)));
            prop_assert!(a.metres(&a) < 1e-6);
            let apart = a.metres(&b);
            prop_assert!(a.within(&b, apart + 1e-3));
        }
    }
}
