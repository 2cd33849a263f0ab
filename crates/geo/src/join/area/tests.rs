#![allow(clippy::unwrap_used)]
use geo::{CoordinatePosition, Intersects, LineString, MultiPolygon, coordinate_position::CoordPos, polygon};
use proptest::prelude::*;

use super::*;

fn area(polygon: &Polygon) -> Areas {
    let mut areas = Areas::default();
    areas.push(&Geometry::Polygon(polygon.clone()), &mut Draft::default()).unwrap();
    areas
}

#[test]
fn borders_and_holes_are_told_from_the_inside() {
    let ring = polygon!(
        exterior: [(x: 0., y: 0.), (x: 10., y: 0.), (x: 10., y: 10.), (x: 0., y: 10.)],
        interiors: [[(x: 4., y: 4.), (x: 6., y: 4.), (x: 6., y: 6.), (x: 4., y: 6.)]],
    );
    let areas = area(&ring);
    assert_eq!(areas.locate(0, 1., 1.), Position::Inside);
    assert_eq!(areas.locate(0, 5., 5.), Position::Outside);
    assert_eq!(areas.locate(0, 4., 5.), Position::Boundary);
    assert_eq!(areas.locate(0, 10., 10.), Position::Boundary);
    assert_eq!(areas.locate(0, 10.1, 5.), Position::Outside);
}

#[test]
fn the_point_where_two_parts_touch_is_on_the_boundary() {
    let left = polygon![(x: 0., y: 0.), (x: 2., y: 2.), (x: 0., y: 2.)];
    let right = polygon![(x: 2., y: 2.), (x: 4., y: 2.), (x: 4., y: 4.)];
    let mut areas = Areas::default();
    let both = Geometry::MultiPolygon(MultiPolygon(vec![left, right]));
    areas.push(&both, &mut Draft::default()).unwrap();
    assert_eq!(areas.locate(0, 2., 2.), Position::Boundary);
    assert_eq!(areas.locate(0, 3.5, 2.5), Position::Inside);
}

#[test]
fn a_zigzag_takes_no_more_than_a_multiple_of_its_edges() {
    let mut coords = (0..40_000).map(|i| (f64::from(i), if i % 2 == 0 { 0. } else { 100. })).collect::<Vec<_>>();
    coords.extend([(40_000., -10.), (0., -10.), (0., 0.)]);
    let areas = area(&Polygon::new(LineString::from(coords), vec![]));
    assert!(areas.parts[0].edges.len() <= 40_003 * MOST_LISTED);
    assert_eq!(areas.locate(0, 1., 50.), Position::Inside);
    assert_eq!(areas.locate(0, 2., 50.), Position::Outside);
}

/// Coordinates on a coarse lattice, so that points fall on vertices and edges often.
fn ring() -> impl Strategy<Value = Polygon> {
    prop::collection::vec((0_i32..8, 0_i32..8), 3..9).prop_map(|coords| {
        let coords = coords.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect::<Vec<_>>();
        Polygon::new(LineString::from(coords), vec![])
    })
}

/// Star-shaped around a place, with corners on a lattice: nearly always valid, often touching each other.
fn star() -> impl Strategy<Value = Polygon> {
    (0_i32..12, 0_i32..12, prop::collection::vec(2.0..6.0_f64, 3..9)).prop_map(|(x, y, radii)| {
        let turn = std::f64::consts::TAU / radii.len() as f64;
        let corner = |(i, radius): (usize, &f64)| {
            let (sin, cos) = (i as f64 * turn).sin_cos();
            (f64::from(x) + (radius * cos).round(), f64::from(y) + (radius * sin).round())
        };
        Polygon::new(LineString::from(radii.iter().enumerate().map(corner).collect::<Vec<_>>()), vec![])
    })
}

proptest! {
    #[test]
    fn every_point_lies_where_the_plain_test_says(polygon in ring(), x in 0_i32..16, y in 0_i32..16) {
        let (x, y) = (f64::from(x) / 2.0, f64::from(y) / 2.0);
        let expected = match polygon.coordinate_position(&Coord { x, y }) {
            CoordPos::Inside => Position::Inside,
            CoordPos::OnBoundary => Position::Boundary,
            CoordPos::Outside => Position::Outside,
        };
        prop_assert_eq!(area(&polygon).locate(0, x, y), expected);
    }

    #[test]
    fn out_of_bytes_and_in_tables_put_together_a_polygon_is_the_same(
        shapes in prop::collection::vec(prop::collection::vec((ring(), prop::collection::vec(ring(), 0..3)), 0..3), 1..6),
        cut in 0_usize..6,
        x in 0_i32..16,
        y in 0_i32..16,
    ) {
        let shapes = shapes.into_iter().map(|parts| {
            let whole = |(outer, holes): (Polygon, Vec<Polygon>)| {
                Polygon::new(outer.into_inner().0, holes.into_iter().map(|hole| hole.into_inner().0).collect())
            };
            let mut parts = parts.into_iter().map(whole).collect::<Vec<_>>();
            if parts.len() == 1 { parts.remove(0).into() } else { Geometry::MultiPolygon(MultiPolygon(parts)) }
        }).collect::<Vec<_>>();
        let (mut one, mut first, mut second) = (Areas::default(), Areas::default(), Areas::default());
        let mut draft = Draft::default();
        let expected = shapes.iter().map(|shape| one.push(shape, &mut draft)).collect::<Vec<_>>();
        let bytes = shapes.iter().map(crate::from_geometry).collect::<Vec<_>>();
        let cut = cut.min(shapes.len());
        let mut found = bytes[..cut].iter().map(|one| first.push_bytes(one, &mut draft).unwrap()).collect::<Vec<_>>();
        let rest = bytes[cut..].iter().map(|one| second.push_bytes(one, &mut draft).unwrap()).collect::<Vec<_>>();
        let moved = first.append(second).unwrap();
        found.extend(rest.into_iter().map(|number| number.map(|number| number + moved)));
        prop_assert_eq!(&found, &expected);
        let (x, y) = (f64::from(x) / 2.0, f64::from(y) / 2.0);
        for number in expected.into_iter().flatten() {
            prop_assert_eq!(first.locate(number, x, y), one.locate(number, x, y));
            prop_assert_eq!(first.extent(number), one.extent(number));
            prop_assert_eq!(first.edges(number, 1.0, 3.0), one.edges(number, 1.0, 3.0));
            prop_assert_eq!(first.corners(number), one.corners(number));
        }
    }

    #[test]
    fn polygons_meet_where_the_plain_test_says(a in star(), b in star()) {
        // The plain test looks at edges of valid polygons only.
        prop_assume!(crate::why_invalid(&a.clone().into()).is_none() && crate::why_invalid(&b.clone().into()).is_none());
        prop_assert_eq!(area(&a).meet(0, &area(&b), 0), a.intersects(&b));
    }
}
