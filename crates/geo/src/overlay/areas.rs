//! Boolean operations on areas. The sweep works on a grid of whole numbers; vertices that were there
//! before keep their coordinates to the last bit.

use geo::bool_ops::{FillRule, OpType};
use geo::{BooleanOps, BoundingRect, Coord, CoordsIter, LineString, MultiPolygon, Polygon, Winding};
use hashbrown::HashMap;

use super::coverage::dissolve;

/// The union of polygons, which may overlap.
#[must_use]
pub fn union(polygons: Vec<Polygon>) -> MultiPolygon {
    if let Some(union) = dissolve(&polygons) {
        return union;
    }
    let known = Known::of(polygons.iter().flat_map(CoordsIter::coords_iter));
    let turned = polygons.into_iter().map(|mut polygon| {
        polygon.exterior_mut(LineString::make_ccw_winding);
        polygon.interiors_mut(|holes| holes.iter_mut().for_each(LineString::make_cw_winding));
        polygon
    });
    let turned = turned.collect::<Vec<_>>();
    known.restore(geo::unary_union(&turned))
}

/// A boolean operation on two areas.
#[must_use]
pub fn operate(a: &MultiPolygon, b: &MultiPolygon, operation: OpType) -> MultiPolygon {
    let known = Known::of(a.coords_iter().chain(b.coords_iter()));
    known.restore(a.boolean_op(b, operation))
}

/// The area that rings enclose an odd number of times, e.g. of a self-crossing polygon.
#[must_use]
pub fn even_odd(polygons: &MultiPolygon) -> MultiPolygon {
    let known = Known::of(polygons.coords_iter());
    known.restore(polygons.boolean_op_with_fill_rule(&MultiPolygon(Vec::new()), OpType::Union, FillRule::EvenOdd))
}

/// The vertices there were, by cells of the size of the sweep's rounding.
struct Known {
    low: Coord,
    tolerance: f64,
    cells: HashMap<(i64, i64), Vec<Coord>>,
}

impl Known {
    fn of(coords: impl Iterator<Item = Coord>) -> Self {
        let coords = coords.collect::<Vec<_>>();
        let rect = geo::MultiPoint::from_iter(coords.iter().map(|coord| geo::Point(*coord))).bounding_rect();
        let (low, size) = rect.map_or((Coord::default(), 0.0), |rect| (rect.min(), rect.width().max(rect.height())));
        // The sweep has 30 bits for the extent; a vertex may move by one step and its rounding.
        let tolerance = size * (2.0_f64).powi(-28);
        let mut known = Self { low, tolerance, cells: HashMap::new() };
        if tolerance > 0.0 {
            for coord in coords {
                let here = known.cells.entry(known.cell(coord)).or_default();
                if !here.contains(&coord) {
                    here.push(coord);
                }
            }
        }
        known
    }

    fn cell(&self, coord: Coord) -> (i64, i64) {
        let place = |value: f64, low: f64| ((value - low) / self.tolerance).floor() as i64;
        (place(coord.x, self.low.x), place(coord.y, self.low.y))
    }

    fn nearest(&self, coord: Coord) -> Coord {
        let (column, row) = self.cell(coord);
        let mut best: Option<(f64, Coord)> = None;
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            for known in self.cells.get(&(column + dx, row + dy)).into_iter().flatten() {
                let gap = (known.x - coord.x).abs().max((known.y - coord.y).abs());
                if gap <= self.tolerance && best.is_none_or(|(nearest, _)| gap < nearest) {
                    best = Some((gap, *known));
                }
            }
        }
        best.map_or(coord, |(_, known)| known)
    }

    fn restore(&self, polygons: MultiPolygon) -> MultiPolygon {
        if self.tolerance <= 0.0 {
            return polygons;
        }
        let ring = |ring: &LineString| {
            let mut coords = ring.0.iter().map(|coord| self.nearest(*coord)).collect::<Vec<_>>();
            coords.dedup();
            (coords.len() >= 4).then_some(LineString(coords))
        };
        let polygon = |polygon: &Polygon| {
            let holes = polygon.interiors().iter().filter_map(ring).collect();
            ring(polygon.exterior()).map(|shell| Polygon::new(shell, holes))
        };
        MultiPolygon(polygons.iter().filter_map(polygon).collect())
    }
}
