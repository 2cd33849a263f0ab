#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use geo::{Geometry, LineString, Polygon};
use proptest::prelude::*;

use super::super::area::{Draft, Position};
use super::make::CROWDED;
use super::*;

fn polygon() -> impl Strategy<Value = Polygon> {
    let size = prop_oneof![Just(1.0), Just(10.0), Just(300.0)];
    (0.0..500.0, 0.0..500.0, size, prop::collection::vec(0.2..1.0_f64, 3..20)).prop_map(|(x, y, size, radii)| {
        let turn = std::f64::consts::TAU / radii.len() as f64;
        let corner = |(i, radius): (usize, &f64)| {
            let angle = i as f64 * turn;
            (x + radius * size * angle.cos(), y + radius * size * angle.sin())
        };
        Polygon::new(LineString::from(radii.iter().enumerate().map(corner).collect::<Vec<_>>()), vec![])
    })
}

proptest! {
    #[test]
    fn the_grid_finds_every_polygon_that_holds_a_point(
        polygons in prop::collection::vec(polygon(), 1..150),
        threads in 1_usize..4,
        points in prop::collection::vec((-50.0..550.0_f64, -50.0..550.0_f64), 50),
    ) {
        let (mut areas, mut draft) = (Areas::default(), Draft::default());
        let numbers = polygons.iter().map(|p| areas.push(&Geometry::Polygon(p.clone()), &mut draft)).collect::<Vec<_>>();
        let extents = numbers.iter().map(|n| *areas.extent(n.unwrap())).collect::<Vec<_>>();
        let grid = Grid::new(Items { extents: &extents, areas: Some((&areas, &numbers)) }, threads);
        for (x, y) in points {
            let mut found = Vec::new();
            grid.at(x, y, |item, full| {
                let inside = areas.locate(item, x, y) == Position::Inside;
                assert!(inside || !full);
                if inside { found.push(item) }
            });
            found.sort_unstable();
            let all = (0..polygons.len() as u32).filter(|n| areas.locate(*n, x, y) == Position::Inside);
            prop_assert_eq!(found, all.collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_extent_that_meets_is_found_once(
        boxes in prop::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, prop::bool::ANY), 1..200),
        probes in prop::collection::vec((-5.0..105.0_f64, -5.0..105.0_f64, 0.0..30.0_f64, 0.0..30.0_f64), 20),
    ) {
        let extents = boxes.iter().map(|(x, y, w, h, large)| {
            let size = if *large { 50.0 } else { 0.5 };
            Extent { min_x: *x, min_y: *y, max_x: x + w * size, max_y: y + h * size }
        }).collect::<Vec<_>>();
        let grid = Grid::new(Items { extents: &extents, areas: None }, 1);
        for (x, y, w, h) in probes {
            let probe = Extent { min_x: x, min_y: y, max_x: x + w, max_y: y + h };
            let mut found = Vec::new();
            grid.within(&extents, &probe, |item| found.push(item));
            let set = found.iter().copied().collect::<BTreeSet<_>>();
            prop_assert_eq!(set.len(), found.len());
            let all = (0..boxes.len() as u32).filter(|n| extents[*n as usize].meets(&probe)).collect::<BTreeSet<_>>();
            prop_assert_eq!(set, all);
        }
    }
}

#[test]
fn a_grid_made_by_several_threads_is_the_one_that_one_thread_makes() {
    let (mut areas, mut draft) = (Areas::default(), Draft::default());
    let star = |number: usize| {
        // Half of them are in one corner.
        let scale = if number.is_multiple_of(2) { 0.03 } else { 1.0 };
        let (x, y) = ((number * 7919 % 1000) as f64, (number * 104_729 % 997) as f64);
        let corner = |corner: usize| {
            let (angle, radius) = (corner as f64 / 9.0 * std::f64::consts::TAU, 2.0 + ((number + corner) % 10) as f64);
            (scale * (x + radius * angle.cos()), scale * (y + radius * angle.sin()))
        };
        Geometry::Polygon(Polygon::new(LineString::from((0..9).map(corner).collect::<Vec<_>>()), vec![]))
    };
    let numbers = (0..6000).map(|number| areas.push(&star(number), &mut draft)).collect::<Vec<_>>();
    let extents = numbers.iter().map(|number| *areas.extent(number.unwrap())).collect::<Vec<_>>();
    for areas in [None, Some((&areas, numbers.as_slice()))] {
        let one = Grid::new(Items { extents: &extents, areas }, 1);
        assert!(one.nodes.len() > 70, "{}", one.nodes.len());
        let several = Grid::new(Items { extents: &extents, areas }, 3);
        assert_eq!(several.entries.len(), one.entries.len());
        assert!(several.entries == one.entries && several.starts == one.starts);
        assert!(format!("{:?}", several.nodes) == format!("{:?}", one.nodes));
    }
}

#[test]
fn many_items_at_one_place_do_not_divide_for_ever() {
    let extents = vec![Extent::of_point(1.0, 2.0); 10_000];
    let grid = Grid::new(Items { extents: &extents, areas: None }, 1);
    let mut count = 0;
    grid.at(1.0, 2.0, |_, _| count += 1);
    assert_eq!(count, 10_000);
    assert!(grid.entries.len() <= 20_000);
}

#[test]
fn an_outlier_does_not_crowd_the_rest_into_one_cell() {
    let mut extents = (0..10_000).map(|i| Extent::of_point(f64::from(i % 100), f64::from(i / 100))).collect::<Vec<_>>();
    extents.push(Extent::of_point(1e9, 1e9));
    let grid = Grid::new(Items { extents: &extents, areas: None }, 1);
    let mut count = 0;
    grid.at(50.0, 50.0, |_, _| count += 1);
    assert!(count <= CROWDED, "{count}");
}
