//! Rectangles of longitudes and latitudes that hold everything within so many metres: wide enough in every case, at the
//! poles and the antimeridian too, so that the exact distance of the pairs they leave decides alone.

use super::extent::Extent;

/// Shapes wider or higher than this, in degrees, are taken as anywhere: their lines may run over a pole, or the short way
/// over the antimeridian.
const WIDEST: f64 = 45.0;

/// Degrees added on every side against rounding; a tenth of a millimetre.
const ROUNDING: f64 = 1e-9;

/// All longitudes and latitudes.
const GLOBE: Extent = Extent { min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0 };

/// What a shape with vertices in an extent lies in, its lines being arcs of great circles, which run nearer to the pole
/// than their ends.
pub fn laid_out(vertices: &Extent) -> Extent {
    let (width, height) = (vertices.max_x - vertices.min_x, vertices.max_y - vertices.min_y);
    if vertices.is_empty() || (width == 0.0 && height == 0.0) {
        return *vertices;
    }
    if width > WIDEST || height > WIDEST {
        return GLOBE;
    }
    // No arc over as many degrees runs nearer to the pole than the one between two ends at the greatest latitude.
    let apex = |latitude: f64| {
        if latitude <= 0.0 || width == 0.0 {
            return latitude;
        }
        let apex = (latitude.to_radians().tan() / (width / 2.0).to_radians().cos()).atan().to_degrees();
        (apex.max(latitude) + ROUNDING).min(90.0)
    };
    Extent { min_y: -apex(-vertices.min_y), max_y: apex(vertices.max_y), ..*vertices }
}

/// Where vertices lie of shapes that, being [`laid_out`], meet `reach`, all of them being in `around`; `None` where that may
/// be anywhere.
pub fn vertices_within(reach: &Extent, around: &Extent) -> Option<Extent> {
    let (width, height) = (around.max_x - around.min_x, around.max_y - around.min_y);
    if !(width <= WIDEST && height <= WIDEST) {
        return None;
    }
    // The ends of an arc whose apex is at a latitude lie no further from the pole than those of the widest one.
    let ends = |latitude: f64| {
        if latitude <= 0.0 {
            return latitude;
        }
        let ends = (latitude.to_radians().tan() * (width / 2.0).to_radians().cos()).atan().to_degrees();
        ends.min(latitude) - 1e3 * ROUNDING
    };
    Some(Extent { min_y: ends(reach.min_y), max_y: -ends(-reach.max_y), ..*reach })
}

/// What lies within `metres` of something in an extent that is [`laid_out`], on an Earth of at least this `radius`.
pub fn grown(extent: &Extent, metres: f64, radius: f64) -> Extent {
    if extent.is_empty() {
        return Extent::EMPTY;
    }
    let angle = (metres / radius).to_degrees() * (1.0 + 1e-9) + ROUNDING;
    let (south, north) = (extent.min_y - angle, extent.max_y + angle);
    // Around a pole every longitude is near.
    if angle.is_nan() || south <= -90.0 || north >= 90.0 {
        return Extent { min_y: south.max(-90.0), max_y: north.min(90.0), ..GLOBE };
    }
    // The circle of this radius around a point touches the meridians that are so many degrees away.
    let latitude = extent.max_y.abs().max(extent.min_y.abs()).to_radians();
    let reach = angle.to_radians().sin() / latitude.cos();
    let aside = if reach < 1.0 { reach.asin().to_degrees() * (1.0 + 1e-9) + ROUNDING } else { 360.0 };
    let (west, east) = (extent.min_x - aside, extent.max_x + aside);
    // Beyond the antimeridian it goes on at the other end of the longitudes.
    if west <= -180.0 || east >= 180.0 {
        return Extent { min_y: south, max_y: north, ..GLOBE };
    }
    Extent { min_x: west, min_y: south, max_x: east, max_y: north }
}

#[cfg(test)]
mod tests {
    use geo::{Coord, Distance, Geodesic, Geometry, LineString, Point};
    use proptest::prelude::*;

    use super::*;
    use crate::sphere::{LEAST_RADIUS, RADIUS, nearest, point_distance};

    /// Longitudes and latitudes, often where they end.
    fn place() -> impl Strategy<Value = (f64, f64)> {
        let lon = prop_oneof![-180.0..=180.0_f64, Just(180.0), Just(-180.0), 179.9..=180.0_f64, -180.0..=-179.9_f64];
        let lat = prop_oneof![-90.0..=90.0_f64, Just(90.0), Just(-90.0), 89.9..=90.0_f64, -0.1..=0.1_f64];
        (lon, lat)
    }

    fn metres() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.0), 0.0..100.0_f64, 0.0..20_000.0_f64, 0.0..2e6_f64, 0.0..2.1e7_f64]
    }

    fn extent(line: &[(f64, f64)]) -> Extent {
        let mut extent = Extent::EMPTY;
        line.iter().for_each(|(x, y)| extent.add(*x, *y));
        extent
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 16))]

        #[test]
        fn no_point_within_the_distance_is_left_out(a in place(), b in place(), metres in metres(), close in any::<bool>()) {
            // Points anywhere are seldom near each other.
            let b = if close { ((a.0 + b.0 / 1e4).clamp(-180.0, 180.0), (a.1 + b.1 / 1e4).clamp(-90.0, 90.0)) } else { b };
            let (from, to) = (Coord { x: a.0, y: a.1 }, Coord { x: b.0, y: b.1 });
            let here = Extent::of_point(a.0, a.1);
            for (distance, radius) in
                [(point_distance(from, to), RADIUS), (Geodesic.distance(Point(from), Point(to)), LEAST_RADIUS)]
            {
                for limit in [metres, distance] {
                    prop_assert!(distance > limit || grown(&here, limit, radius).holds(b.0, b.1), "{distance} {limit}");
                }
            }
        }

        #[test]
        fn no_line_within_the_distance_is_left_out(
            a in proptest::collection::vec(place(), 2..4),
            b in proptest::collection::vec(place(), 2..4),
            shrink in prop_oneof![Just(1.0), Just(10.0), Just(1000.0)],
        ) {
            let around = |line: &[(f64, f64)], (x, y): (f64, f64)| {
                let near = |(lon, lat): &(f64, f64)| {
                    ((x + lon / shrink).clamp(-180.0, 180.0), (y + lat / shrink).clamp(-90.0, 90.0))
                };
                line.iter().map(near).collect::<Vec<_>>()
            };
            let (a, b) = if shrink > 1.0 { (around(&a, b[0]), around(&b, b[0])) } else { (a, b) };
            let line = |line: &[(f64, f64)]| Geometry::LineString(LineString::from(line.to_vec()));
            if let Some((distance, ..)) = nearest(&line(&a), &line(&b)) {
                let reach = grown(&laid_out(&extent(&a)), distance, RADIUS);
                prop_assert!(reach.meets(&laid_out(&extent(&b))), "{distance}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_meets_a_place_has_its_vertices_where_they_are_looked_for(
            a in proptest::collection::vec(place(), 1..4),
            shrink in prop_oneof![Just(10.0), Just(100.0), Just(10_000.0)],
            up in -3.0..3.0_f64,
            metres in metres(),
        ) {
            let (x, y) = a[0];
            let near = |(lon, lat): &(f64, f64)| {
                ((x + lon / shrink).clamp(-180.0, 180.0), (y + lat / shrink).clamp(-90.0, 90.0))
            };
            let shape = extent(&a.iter().map(near).collect::<Vec<_>>());
            let reach = grown(&Extent::of_point(x, (y + up).clamp(-90.0, 90.0)), metres, RADIUS);
            if laid_out(&shape).meets(&reach) {
                prop_assert!(vertices_within(&reach, &shape).is_none_or(|place| place.meets(&shape)));
                let around = Extent { min_x: shape.min_x - 1.0, max_x: shape.max_x + 2.0, ..shape };
                prop_assert!(vertices_within(&reach, &around).is_none_or(|place| place.meets(&shape)));
            }
        }
    }

    #[test]
    fn a_city_is_not_taken_for_the_whole_earth() {
        let house = Extent::of_point(116.4, 39.9);
        let around = grown(&house, 100.0, RADIUS);
        assert!(around.max_x - around.min_x < 0.0024 && around.max_y - around.min_y < 0.0019, "{around:?}");
        let district = Extent { min_x: 116.0, min_y: 39.5, max_x: 116.5, max_y: 40.0 };
        let laid_out = laid_out(&district);
        assert!(laid_out.max_y > 40.0 && laid_out.max_y < 40.001, "{laid_out:?}");
    }
}
