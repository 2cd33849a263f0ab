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
use geo::{Coord, Line, LineString, MultiPolygon, Polygon};
use hashbrown::HashMap;

use super::grid::Grid;
use super::rings::{nest, signed_area};
use crate::predicate::{on_segment, segments_meet};

/// Vertices by number, and directed edges by the vertex they begin at.
#[derive(Default)]
struct Edges {
    numbers: HashMap<(u64, u64), u32>,
    coords: Vec<Coord>,
    /// Edges not cancelled so far, from lower to higher number or the other way round.
    left: HashMap<(u32, u32), bool>,
}

/// The union of polygons that fit edge to edge; `None` where they do not.
#[must_use]
pub fn dissolve<'a>(polygons: impl IntoIterator<Item = &'a Polygon>) -> Option<MultiPolygon> {
    let mut edges = Edges::default();
    for polygon in polygons {
        edges.ring(polygon.exterior(), false)?;
        for hole in polygon.interiors() {
            edges.ring(hole, true)?;
        }
    }
    let left = edges.remaining();
    if !take_turns(&left, &edges.coords) || !meet_in_vertices_only(&left, &edges.coords) {
        return None;
    }
    nest(link(&left, &edges.coords)?)
}

impl Edges {
    fn number(&mut self, coord: Coord) -> u32 {
        // Adding zero makes -0.0 and 0.0 one vertex.
        let key = ((coord.x + 0.0).to_bits(), (coord.y + 0.0).to_bits());
        let next = u32::try_from(self.coords.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.coords.push(coord);
        }
        number
    }

    /// Adds a ring's edges, the area to their left; `None` where an edge runs twice the same way.
    fn ring(&mut self, ring: &LineString, hole: bool) -> Option<()> {
        if ring.0.len() < 4 || !ring.is_closed() {
            return if ring.0.is_empty() { Some(()) } else { None };
        }
        let counter_clockwise = signed_area(&ring.0) > 0.0;
        let flip = counter_clockwise == hole;
        let mut before = self.number(ring.0[0]);
        for coord in &ring.0[1..] {
            let next = self.number(*coord);
            if before != next {
                let (from, to) = if flip { (next, before) } else { (before, next) };
                self.edge(from, to)?;
            }
            before = next;
        }
        Some(())
    }

    fn edge(&mut self, from: u32, to: u32) -> Option<()> {
        let upward = from < to;
        let key = if upward { (from, to) } else { (to, from) };
        match self.left.entry(key) {
            hashbrown::hash_map::Entry::Vacant(entry) => {
                entry.insert(upward);
            }
            hashbrown::hash_map::Entry::Occupied(entry) if *entry.get() != upward => {
                entry.remove();
            }
            hashbrown::hash_map::Entry::Occupied(_) => return None,
        }
        Some(())
    }

    /// The edges left, in an order that does not depend on hashing.
    fn remaining(&self) -> Vec<(u32, u32)> {
        let mut left = self
            .left
            .iter()
            .map(|(&(low, high), upward)| if *upward { (low, high) } else { (high, low) })
            .collect::<Vec<_>>();
        left.sort_unstable();
        left
    }
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
    grid.all_pairs(&lines, |a, b| !segments_meet(lines[a], lines[b]) || share_end_only(edges[a], edges[b], coords))
}

fn share_end_only(a: (u32, u32), b: (u32, u32), coords: &[Coord]) -> bool {
    let (shared, from_a, from_b) = if a.0 == b.0 {
        (a.0, a.1, b.1)
    } else if a.0 == b.1 {
        (a.0, a.1, b.0)
    } else if a.1 == b.0 {
        (a.1, a.0, b.1)
    } else if a.1 == b.1 {
        (a.1, a.0, b.0)
    } else {
        return false;
    };
    let at = |number: u32| coords[number as usize];
    !on_segment(Line::new(at(shared), at(from_a)), at(from_b))
        && !on_segment(Line::new(at(shared), at(from_b)), at(from_a))
}

/// Rings of the edges, the area to their left, each touching itself nowhere.
fn link(edges: &[(u32, u32)], coords: &[Coord]) -> Option<Vec<Vec<Coord>>> {
    // Edges are sorted by the vertex they begin at, so those of one vertex lie together.
    let first = |vertex: u32| edges.partition_point(|(from, _)| *from < vertex);
    let mut used = vec![false; edges.len()];
    let mut rings = Vec::new();
    for start in 0..edges.len() {
        if used[start] {
            continue;
        }
        let mut walk = Vec::new();
        let mut edge = start;
        loop {
            used[edge] = true;
            let (from, to) = edges[edge];
            walk.push(from);
            if to == edges[start].0 {
                let outgoing = outgoing(edges, first(to), to, &used);
                // Back at the start: done, unless the way on lies nearer than the first edge.
                if outgoing.is_empty() || sharpest(from, to, &outgoing, Some(start), edges, coords) == start {
                    break;
                }
                edge = sharpest(from, to, &outgoing, Some(start), edges, coords);
                continue;
            }
            let outgoing = outgoing(edges, first(to), to, &used);
            if outgoing.is_empty() {
                return None;
            }
            edge = sharpest(from, to, &outgoing, None, edges, coords);
        }
        split(&walk, coords, &mut rings);
    }
    Some(rings)
}

fn outgoing(edges: &[(u32, u32)], first: usize, vertex: u32, used: &[bool]) -> Vec<usize> {
    (first..edges.len()).take_while(|edge| edges[*edge].0 == vertex).filter(|edge| !used[*edge]).collect()
}

/// Of the edges that leave a vertex, the first met when turning clockwise from the way back: it bounds
/// the same area as the edge that was walked.
fn sharpest(
    from: u32,
    at: u32,
    outgoing: &[usize],
    also: Option<usize>,
    edges: &[(u32, u32)],
    coords: &[Coord],
) -> usize {
    let mut all = outgoing.iter().copied().chain(also);
    let Some(mut best) = all.next() else { return also.unwrap_or_default() };
    let (centre, back) = (coords[at as usize], coords[from as usize]);
    for edge in all {
        if clockwise_before(centre, back, coords[edges[edge].1 as usize], coords[edges[best].1 as usize]) {
            best = edge;
        }
    }
    best
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

/// Cuts a closed walk where it comes back to a vertex, so that no ring touches itself.
fn split(walk: &[u32], coords: &[Coord], rings: &mut Vec<Vec<Coord>>) {
    let mut place: HashMap<u32, usize> = HashMap::with_capacity(walk.len());
    let mut path: Vec<u32> = Vec::with_capacity(walk.len());
    let mut emit = |loop_: &[u32]| {
        if loop_.len() >= 3 {
            let mut ring = loop_.iter().map(|vertex| coords[*vertex as usize]).collect::<Vec<_>>();
            ring.push(ring[0]);
            rings.push(ring);
        }
    };
    for vertex in walk {
        if let Some(&since) = place.get(vertex) {
            emit(&path[since..]);
            for gone in path.drain(since + 1..) {
                place.remove(&gone);
            }
        } else {
            place.insert(*vertex, path.len());
            path.push(*vertex);
        }
    }
    emit(&path);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Area, polygon};

    use super::*;

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
