//! Rings of a shapefile's polygon, put together as polygons with holes.
//!
//! The format tells outer rings from holes by their direction, and many programs write it wrongly. Which
//! ring lies within which is true whatever the direction, so that decides: a ring within an even number of
//! others is an outer one, any other a hole of the smallest ring around it.

use geo::{BoundingRect, Coord, CoordsIter, Geometry, LineString, MultiPolygon, Polygon, Rect};

struct Ring {
    line: LineString,
    bounds: Rect,
    area: f64,
}

/// The polygon or polygons of these rings; `None` when there are none. Outer rings come out
/// counter-clockwise, holes clockwise.
pub fn assemble(lines: Vec<LineString>) -> Option<Geometry> {
    let mut rings: Vec<Ring> = lines.into_iter().filter_map(ring).collect();
    if rings.len() == 1 {
        let outer = turned(rings.pop()?, true);
        return Some(Geometry::Polygon(Polygon::new(outer, Vec::new())));
    }
    // Largest first: only a ring before another can lie around it. The order of equal ones stays.
    let mut order: Vec<usize> = (0..rings.len()).collect();
    order.sort_by(|a, b| rings[*b].area.abs().total_cmp(&rings[*a].area.abs()));
    let mut around: Vec<Option<usize>> = vec![None; rings.len()];
    let mut depth = vec![0_usize; rings.len()];
    for (place, inner) in order.iter().enumerate() {
        for outer in &order[..place] {
            if lies_within(&rings[*inner], &rings[*outer]) {
                depth[*inner] += 1;
                // The last one found is the smallest.
                around[*inner] = Some(*outer);
            }
        }
    }
    let mut slots: Vec<Option<Ring>> = rings.into_iter().map(Some).collect();
    let mut holes: Vec<Vec<LineString>> = slots.iter().map(|_| Vec::new()).collect();
    for place in 0..slots.len() {
        if let Some(outer) = around[place].filter(|_| depth[place] % 2 == 1) {
            holes[outer].extend(slots[place].take().map(|ring| turned(ring, false)));
        }
    }
    let outers =
        slots.into_iter().zip(holes).filter_map(|(ring, holes)| Some(Polygon::new(turned(ring?, true), holes)));
    let mut polygons: Vec<Polygon> = outers.collect();
    match polygons.len() {
        0 => None,
        1 => polygons.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(MultiPolygon(polygons))),
    }
}

fn ring(mut line: LineString) -> Option<Ring> {
    line.close();
    // Four points make a triangle; less is no ring, and says nothing about any area.
    if line.0.len() < 4 {
        return None;
    }
    let bounds = line.bounding_rect()?;
    let area = doubled_area(&line);
    Some(Ring { line, bounds, area })
}

/// Twice the area, positive when counter-clockwise; measured from the first point, since coordinates in
/// metres are large.
fn doubled_area(line: &LineString) -> f64 {
    let Some(origin) = line.0.first().copied() else { return 0.0 };
    line.lines()
        .map(|side| {
            (side.start.x - origin.x) * (side.end.y - origin.y) - (side.end.x - origin.x) * (side.start.y - origin.y)
        })
        .sum()
}

fn turned(ring: Ring, counter_clockwise: bool) -> LineString {
    let mut line = ring.line;
    if (ring.area > 0.0) != counter_clockwise {
        line.0.reverse();
    }
    line
}

/// Whether the first corner of `inner` that is not on `outer` lies inside it.
fn lies_within(inner: &Ring, outer: &Ring) -> bool {
    let (a, b) = (&inner.bounds, &outer.bounds);
    let fits = a.min().x >= b.min().x && a.min().y >= b.min().y && a.max().x <= b.max().x && a.max().y <= b.max().y;
    fits && inner
        .line
        .coords_iter()
        .find_map(|corner| side(corner, &outer.line))
        .or_else(|| middle(inner).and_then(|point| side(point, &outer.line)))
        .unwrap_or(false)
}

/// The middle of the first side: for a ring all of whose corners lie on the other.
fn middle(ring: &Ring) -> Option<Coord> {
    ring.line.lines().next().map(|side| (side.start + side.end) / 2.0)
}

/// Inside or outside; `None` on the line itself.
fn side(point: Coord, line: &LineString) -> Option<bool> {
    let mut inside = false;
    for part in line.lines() {
        let (a, b) = (part.start, part.end);
        let turn = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
        let between = |p: f64, q: f64, x: f64| x >= p.min(q) && x <= p.max(q);
        if turn == 0.0 && between(a.x, b.x, point.x) && between(a.y, b.y, point.y) {
            return None;
        }
        if (a.y > point.y) != (b.y > point.y) && (turn > 0.0) == (b.y > a.y) {
            inside = !inside;
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use geo::Area;
    use proptest::prelude::*;

    use super::*;

    fn square(x: f64, y: f64, size: f64, clockwise: bool) -> LineString {
        let mut line = LineString::from(vec![(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]);
        if clockwise {
            line.0.reverse();
        }
        line
    }

    #[test]
    fn holes_belong_to_the_ring_around_them() {
        let rings = vec![
            square(0., 0., 10., true),
            square(20., 0., 10., true),
            square(22., 2., 2., false),
            square(1., 1., 3., false),
        ];
        let Some(Geometry::MultiPolygon(polygons)) = assemble(rings) else { panic!("two polygons") };
        assert_eq!(polygons.0.iter().map(|polygon| polygon.interiors().len()).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(polygons.unsigned_area(), 200. - 4. - 9.);
    }

    #[test]
    fn an_island_in_a_lake_is_a_polygon_of_its_own() {
        let rings = vec![square(0., 0., 10., true), square(2., 2., 6., false), square(4., 4., 2., true)];
        let Some(Geometry::MultiPolygon(polygons)) = assemble(rings) else { panic!("two polygons") };
        assert_eq!(polygons.unsigned_area(), 100. - 36. + 4.);
    }

    #[test]
    fn rings_that_touch_at_a_corner_are_told_apart() {
        let rings = vec![square(0., 0., 10., true), square(0., 0., 4., false), square(10., 10., 5., true)];
        let Some(Geometry::MultiPolygon(polygons)) = assemble(rings) else { panic!("two polygons") };
        assert_eq!(polygons.0[0].interiors().len(), 1);
    }

    #[test]
    fn rings_without_an_area_are_no_geometry() {
        assert!(assemble(Vec::new()).is_none());
        assert!(assemble(vec![LineString::from(vec![(0., 0.), (1., 1.)])]).is_none());
    }

    proptest! {
        #[test]
        fn the_direction_and_order_of_rings_do_not_matter(flips in proptest::array::uniform4(any::<bool>()), first in 0_usize..4) {
            let mut rings = vec![square(0., 0., 20., flips[0]), square(2., 2., 8., flips[1]), square(12., 12., 3., flips[2]), square(4., 4., 2., flips[3])];
            rings.rotate_left(first);
            let Some(Geometry::MultiPolygon(polygons)) = assemble(rings) else { panic!("two polygons") };
            prop_assert_eq!(polygons.0.len(), 2);
            prop_assert_eq!(polygons.unsigned_area(), 400. - 64. - 9. + 4.);
            for polygon in polygons.0 {
                prop_assert!(polygon.signed_area() > 0.0);
            }
        }
    }
}
