//! Dissolving polygons that fit edge to edge: what two of them share cancels out, what is left is drawn.
//!
//! Input: polygons. Output: their union with exactly the vertices they came with, or nothing where they
//! overlap, cross, or share edges that differ in their vertices; the general overlay is for those.
//!
//! Why it is exact: the boundary of a polygon, interior to the left, added up over all polygons, winds
//! around a point as often as polygons cover it. Edges that two polygons run in opposite directions add
//! nothing. If the edges that are left meet in vertices only, around every vertex take turns to bound the
//! region and what is not of it, and their rings nest shell in hole in shell, then no point is covered more
//! than once, and the region they bound is the union.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Line, MultiPolygon, Polygon};
use hashbrown::HashMap;

use super::boundary::{Boundary, Rings};
use super::grid::Grid;
use super::rings::nest;
use crate::predicate::{on_segment, segments_meet};

/// The union of polygons that fit edge to edge; `None` where they do not.
#[must_use]
pub fn dissolve<'a>(polygons: impl IntoIterator<Item = &'a Polygon>) -> Option<MultiPolygon> {
    let mut rings = Rings::default();
    for polygon in polygons {
        rings.push_polygon(polygon)?;
    }
    dissolve_rings(rings)
}

/// The union of areas by their rings; `None` where they do not fit edge to edge.
#[must_use]
pub fn dissolve_rings(rings: Rings) -> Option<MultiPolygon> {
    let boundary = rings.boundary()?;
    if !take_turns(&boundary.edges, &boundary.coords) || !meet_in_vertices_only(&boundary.edges, &boundary.coords) {
        return None;
    }
    nest(link(&boundary)?)
}

/// Whether around every vertex the edges that leave it and those that come to it take turns: the area lies to the left
/// of each, so two of a kind in a row would bound an area that is covered twice.
fn take_turns(edges: &[(u32, u32)], coords: &[Coord]) -> bool {
    // Edges are sorted by the vertex they begin at. One that is left once is also come to once, and all is well.
    let several = edges.chunk_by(|a, b| a.0 == b.0).filter(|leaving| leaving.len() > 1);
    let mut around: HashMap<u32, Vec<(u32, bool)>> =
        several.map(|leaving| (leaving[0].0, leaving.iter().map(|(_, to)| (*to, true)).collect())).collect();
    for (from, to) in edges {
        if let Some(ends) = around.get_mut(to) {
            ends.push((*from, false));
        }
    }
    around.iter_mut().all(|(vertex, ends)| {
        let at = |number: u32| coords[number as usize];
        let (centre, back) = (at(*vertex), at(ends[0].0));
        // Clockwise, beginning with the first.
        ends[1..].sort_by(|a, b| {
            if clockwise_before(centre, back, at(a.0), at(b.0)) {
                std::cmp::Ordering::Less
            } else if clockwise_before(centre, back, at(b.0), at(a.0)) {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        let next = ends[1..].iter().chain(&ends[..1]);
        ends.iter().zip(next).all(|(one, other)| one.1 != other.1)
    })
}

/// Whether no two edges share more than a vertex of both, tried within the cells of a grid.
fn meet_in_vertices_only(edges: &[(u32, u32)], coords: &[Coord]) -> bool {
    let lines = edges.iter().map(|(from, to)| Line::new(coords[*from as usize], coords[*to as usize]));
    let lines = lines.collect::<Vec<_>>();
    let Some(grid) = Grid::over(&lines) else { return true };
    grid.all_pairs(&lines, |a, b| match shared(edges[a], edges[b]) {
        Some((shared, from_a, from_b)) => share_end_only(coords, shared, from_a, from_b),
        None => !segments_meet(lines[a], lines[b]),
    })
}

/// The vertex that two edges have in common, and the other ends.
fn shared(a: (u32, u32), b: (u32, u32)) -> Option<(u32, u32, u32)> {
    if a.0 == b.0 {
        Some((a.0, a.1, b.1))
    } else if a.0 == b.1 {
        Some((a.0, a.1, b.0))
    } else if a.1 == b.0 {
        Some((a.1, a.0, b.1))
    } else if a.1 == b.1 {
        Some((a.1, a.0, b.0))
    } else {
        None
    }
}

fn share_end_only(coords: &[Coord], shared: u32, from_a: u32, from_b: u32) -> bool {
    let at = |number: u32| coords[number as usize];
    !on_segment(Line::new(at(shared), at(from_a)), at(from_b))
        && !on_segment(Line::new(at(shared), at(from_b)), at(from_a))
}

/// Rings of the edges, the area to their left, each touching itself nowhere.
fn link(boundary: &Boundary) -> Option<Vec<Vec<Coord>>> {
    let Boundary { coords, edges } = boundary;
    // Edges are sorted by the vertex they begin at, so those of one vertex lie together, and every vertex has one.
    let mut first = vec![0; coords.len() + 1];
    for (from, _) in edges {
        first[*from as usize + 1] += 1;
    }
    for vertex in 0..coords.len() {
        first[vertex + 1] += first[vertex];
    }
    let mut used = vec![false; edges.len()];
    let mut cut = Cut { coords, place: vec![NOWHERE; coords.len()], rings: Vec::new() };
    let mut walk = Vec::with_capacity(edges.len());
    for start in 0..edges.len() {
        if used[start] {
            continue;
        }
        walk.clear();
        let mut edge = start;
        loop {
            used[edge] = true;
            let (from, to) = edges[edge];
            walk.push(from);
            let outgoing = (first[to as usize]..first[to as usize + 1]).filter(|edge| !used[*edge]);
            // Back at the start: done, unless another way on lies nearer than the first edge.
            let next = sharpest(from, to, outgoing.chain((to == edges[start].0).then_some(start)), boundary)?;
            if next == start {
                break;
            }
            edge = next;
        }
        cut.cut(&walk);
    }
    Some(cut.rings)
}

/// Of the edges that leave a vertex, the first met when turning clockwise from the way back: it bounds
/// the same area as the edge that was walked.
fn sharpest(from: u32, at: u32, mut outgoing: impl Iterator<Item = usize>, boundary: &Boundary) -> Option<usize> {
    let Boundary { coords, edges } = boundary;
    let mut best = outgoing.next()?;
    let (centre, back) = (coords[at as usize], coords[from as usize]);
    for edge in outgoing {
        if clockwise_before(centre, back, coords[edges[edge].1 as usize], coords[edges[best].1 as usize]) {
            best = edge;
        }
    }
    Some(best)
}

/// Whether, turning clockwise around `centre` from `back`, `a` comes before `b`.
pub fn clockwise_before(centre: Coord, back: Coord, a: Coord, b: Coord) -> bool {
    // Half-turns: 0 within the first half turn from `back`, 1 beyond it.
    let half = |point: Coord| match RobustKernel::orient2d(centre, back, point) {
        Orientation::Clockwise => 0,
        Orientation::CounterClockwise => 2,
        Orientation::Collinear => {
            let same = (back.x - centre.x) * (point.x - centre.x) + (back.y - centre.y) * (point.y - centre.y) > 0.0;
            if same { 3 } else { 1 }
        }
    };
    match half(a).cmp(&half(b)) {
        std::cmp::Ordering::Equal => RobustKernel::orient2d(centre, a, b) == Orientation::Clockwise,
        order => order.is_lt(),
    }
}

/// Not on the path.
const NOWHERE: u32 = u32::MAX;

/// Cuts closed walks where they come back to a vertex, so that no ring touches itself.
struct Cut<'a> {
    coords: &'a [Coord],
    /// Where a vertex is on the path; nowhere between two walks.
    place: Vec<u32>,
    rings: Vec<Vec<Coord>>,
}

impl Cut<'_> {
    fn cut(&mut self, walk: &[u32]) {
        let mut path: Vec<u32> = Vec::with_capacity(walk.len());
        for vertex in walk {
            let place = self.place[*vertex as usize];
            if place == NOWHERE {
                self.place[*vertex as usize] = path.len() as u32;
                path.push(*vertex);
                continue;
            }
            let since = place as usize;
            self.emit(&path[since..]);
            for gone in path.drain(since + 1..) {
                self.place[gone as usize] = NOWHERE;
            }
        }
        self.emit(&path);
        for vertex in path {
            self.place[vertex as usize] = NOWHERE;
        }
    }

    fn emit(&mut self, path: &[u32]) {
        if path.len() >= 3 {
            let mut ring = Vec::with_capacity(path.len() + 1);
            ring.extend(path.iter().map(|vertex| self.coords[*vertex as usize]));
            ring.push(ring[0]);
            self.rings.push(ring);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Area, Geometry, LineString, polygon};
    use proptest::prelude::*;

    use super::*;
    use crate::validity::why_invalid;

    /// Cells of a grid whose inner vertices are moved, with vertices within their edges.
    fn cells(side: usize, shifts: &[(f64, f64)]) -> Vec<Polygon> {
        let vertex = |column: usize, row: usize| {
            let inner = column > 0 && row > 0 && column < side && row < side;
            let (dx, dy) = if inner { shifts[(row * side + column) % shifts.len()] } else { (0.0, 0.0) };
            Coord { x: column as f64 + dx, y: row as f64 + dy }
        };
        let cell = |number: usize| {
            let (column, row) = (number % side, number / side);
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)].map(|(x, y)| vertex(column + x, row + y));
            let mut ring = Vec::new();
            for pair in corners.windows(2) {
                ring.push(pair[0]);
                ring.push((pair[0] + pair[1]) / 2.0);
            }
            ring.push(corners[0]);
            Polygon::new(LineString(ring), Vec::new())
        };
        (0..side * side).map(cell).collect()
    }

    proptest! {
        #[test]
        fn any_cells_of_a_tiling_dissolve_into_valid_areas_of_the_same_size_in_whatever_order_they_come(
            shifts in prop::collection::vec((-0.2_f64..0.2, -0.2_f64..0.2), 36),
            chosen in prop::collection::vec(any::<bool>(), 36),
            order in Just((0..36_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let cells = cells(6, &shifts);
            let chosen = order.iter().filter(|cell| chosen[**cell]).map(|cell| &cells[*cell]).collect::<Vec<_>>();
            let union = dissolve(chosen.iter().copied()).unwrap();
            let area = chosen.iter().map(|cell| cell.unsigned_area()).sum::<f64>();
            prop_assert!((union.unsigned_area() - area).abs() < 1e-9);
            prop_assert!(why_invalid(&Geometry::MultiPolygon(union.clone())).is_none());
            let mut sorted = chosen.clone();
            sorted.sort_by(|a, b| a.exterior().0[0].x.total_cmp(&b.exterior().0[0].x));
            prop_assert_eq!(dissolve(sorted), Some(union));
        }
    }

    #[test]
    fn polygons_that_fit_keep_their_vertices() {
        let west = polygon![(x: 0., y: 0.), (x: 2., y: 0.), (x: 2., y: 1.), (x: 2., y: 3.), (x: 0., y: 3.)];
        let east = polygon![(x: 2., y: 0.), (x: 5., y: 0.), (x: 5., y: 3.), (x: 2., y: 3.), (x: 2., y: 1.)];
        let both = dissolve([&west, &east]).unwrap();
        assert_eq!(both.0.len(), 1);
        assert!((both.unsigned_area() - 15.0).abs() < 1e-12);
        assert_eq!(both.0[0].exterior().0.len(), 7);
    }

    #[test]
    fn areas_that_touch_in_a_vertex_are_two() {
        let one = polygon![(x: 0., y: 0.), (x: 1., y: 0.), (x: 1., y: 1.), (x: 0., y: 1.)];
        let other = polygon![(x: 1., y: 1.), (x: 2., y: 1.), (x: 2., y: 2.), (x: 1., y: 2.)];
        assert_eq!(dissolve([&one, &other]).unwrap().0.len(), 2);
    }

    #[test]
    fn areas_whose_borders_cross_in_vertices_do_not_fit() {
        let one =
            polygon![(x: 5., y: 2.), (x: 5., y: 3.), (x: 4., y: 2.), (x: 4., y: 1.), (x: 5., y: 1.), (x: 6., y: 2.)];
        let other =
            polygon![(x: 6., y: 2.), (x: 6., y: 3.), (x: 5., y: 2.), (x: 5., y: 1.), (x: 6., y: 1.), (x: 7., y: 2.)];
        assert_eq!(dissolve([&one, &other]), None);
        let square = polygon![(x: 1., y: 0.), (x: 1., y: 1.), (x: 0., y: 1.), (x: 0., y: 0.)];
        let around = polygon![(x: 0., y: 1.), (x: -1., y: 1.), (x: -1., y: -1.), (x: 0., y: -1.), (x: 1., y: 0.)];
        assert_eq!(dissolve([&square, &around]), None);
    }
}
