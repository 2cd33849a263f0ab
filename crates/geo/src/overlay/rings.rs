//! Rings into polygons: shells run counter-clockwise, holes clockwise, each hole in the shell around it.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};

use crate::predicate::{Place, place_in_ring};

/// Twice the area of a closed ring over two: positive for a counter-clockwise one.
#[must_use]
pub fn signed_area(ring: &[Coord]) -> f64 {
    let Some(origin) = ring.first() else { return 0.0 };
    let doubled = ring
        .windows(2)
        .map(|pair| (pair[0].x - origin.x) * (pair[1].y - origin.y) - (pair[1].x - origin.x) * (pair[0].y - origin.y));
    doubled.sum::<f64>() / 2.0
}

/// Polygons out of rings that do not cross; `None` where a shell lies directly in a shell or a hole
/// outside of any, for then some area is covered twice. Polygons come in the order of their first rings.
#[must_use]
pub fn nest(rings: Vec<Vec<Coord>>) -> Option<MultiPolygon> {
    let rings = rings.into_iter().map(LineString).collect::<Vec<_>>();
    let areas = rings.iter().map(|ring| signed_area(&ring.0)).collect::<Vec<_>>();
    if rings.len() == 1 {
        let ring = rings.into_iter().next()?;
        return (areas[0] > 0.0).then(|| MultiPolygon(vec![Polygon::new(ring, Vec::new())]));
    }
    let mut builder = RTreeBuilder::<f64>::new(u32::try_from(rings.len()).ok()?);
    for ring in &rings {
        let rect = geo::BoundingRect::bounding_rect(ring)?;
        builder.add(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
    }
    let tree: RTree<f64> = builder.finish::<HilbertSort>();
    let mut holes_of: Vec<Vec<usize>> = vec![Vec::new(); rings.len()];
    for (number, ring) in rings.iter().enumerate() {
        let rect = geo::BoundingRect::bounding_rect(ring)?;
        let around = tree.search(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
        let around = around.into_iter().map(|other| other as usize);
        let around = around.filter(|other| *other != number && areas[*other].abs() >= areas[number].abs());
        let innermost = around
            .filter(|other| encloses(&rings[*other], ring))
            .min_by(|a, b| areas[*a].abs().total_cmp(&areas[*b].abs()).then(a.cmp(b)));
        match (areas[number] > 0.0, innermost) {
            (true, None) => {}
            (true, Some(outer)) if areas[outer] < 0.0 => {}
            (false, Some(outer)) if areas[outer] > 0.0 => holes_of[outer].push(number),
            _ => return None,
        }
    }
    let mut polygons = Vec::new();
    let mut rings = rings.into_iter().map(Some).collect::<Vec<_>>();
    for number in 0..rings.len() {
        if areas[number] > 0.0 {
            let holes = holes_of[number].iter().filter_map(|hole| rings[*hole].take()).collect::<Vec<_>>();
            polygons.push(Polygon::new(rings[number].take()?, holes));
        }
    }
    Some(MultiPolygon(polygons))
}

/// Whether a ring that does not cross another lies within it.
fn encloses(outer: &LineString, inner: &LineString) -> bool {
    for coord in &inner.0 {
        match place_in_ring(outer, *coord) {
            Place::Inside => return true,
            Place::Outside => return false,
            Place::Border => {}
        }
    }
    // All vertices on the other ring: the middle of an edge tells.
    inner.lines().any(|line| place_in_ring(outer, (line.start + line.end) / 2.0) == Place::Inside)
}
