//! Polygons made ready for many questions about points and edges: their edges, listed slab by slab from south to north.
//!
//! Method: the point-in-polygon test of winding numbers (Sunday 2001) over the edges of one slab only, every sign
//! decided by an exact orientation predicate (Shewchuk 1997), so that a point on a border is on the border.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Geometry, LineString, Polygon};

use super::extent::Extent;

/// Edges a slab holds about; fewer make the table of slabs larger than the edges it saves.
const EDGES_A_SLAB: usize = 4;
/// An edge is listed in every slab it crosses; slabs get taller until the lists are no longer than this many times
/// the edges, so that no shape costs more than a multiple of its own size.
const MOST_LISTED: usize = 4;

/// Where a point lies to a polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Off the polygon.
    Outside,
    /// On a ring.
    Boundary,
    /// In its interior.
    Inside,
}

/// One edge of a ring, in the ring's direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// Where it begins.
    pub a: Coord,
    /// Where it ends.
    pub b: Coord,
}

/// Which ring an edge is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ring {
    polygon: u32,
    /// 0 is the exterior.
    number: u32,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    extent: Extent,
    /// Slabs per unit of height.
    scale: f64,
    /// The first slab in `slabs`.
    first: u32,
    /// The number of slabs.
    slabs: u32,
    /// Where the rings of its edges begin in `rings`, less the number of its first edge; `None` with one ring.
    rings: Option<i64>,
    /// A vertex of each exterior ring, in `corners`.
    corners: (u32, u32),
}

/// Many polygons in three tables.
#[derive(Debug, Default)]
pub struct Areas {
    heads: Vec<Head>,
    slabs: Vec<u32>,
    edges: Vec<Edge>,
    rings: Vec<Ring>,
    corners: Vec<Coord>,
}

impl Areas {
    /// Takes in a polygon or multipolygon with at least one edge and finite coordinates, and gives its number;
    /// `None` for any other geometry.
    pub fn push(&mut self, geometry: &Geometry) -> Option<u32> {
        let mut edges = Vec::new();
        let mut rings = Vec::new();
        let mut extent = Extent::EMPTY;
        let first_corner = self.corners.len();
        {
            let mut number = 0;
            let mut add = |polygon: &Polygon| {
                for (place, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
                    if place == 0 {
                        self.corners.extend(ring.0.first());
                    }
                    add_ring(ring, Ring { polygon: number, number: place as u32 }, &mut edges, &mut rings, &mut extent);
                }
                number += 1;
            };
            match geometry {
                Geometry::Polygon(polygon) => add(polygon),
                Geometry::MultiPolygon(polygons) => polygons.iter().for_each(add),
                _ => return None,
            }
        }
        let number = u32::try_from(self.heads.len()).ok()?;
        let first = u32::try_from(self.slabs.len()).ok()?;
        let least = self.edges.len();
        if edges.is_empty() || !extent.is_finite() || u32::try_from(least + edges.len() * MOST_LISTED + 1).is_err() {
            self.corners.truncate(first_corner);
            return None;
        }
        let height = extent.max_y - extent.min_y;
        let mut slabs = (edges.len() / EDGES_A_SLAB).clamp(1, 1 << 24);
        let scale = loop {
            let scale = if height > 0.0 { slabs as f64 / height } else { 0.0 };
            let span = |edge: &Edge| slab_span(edge, extent.min_y, scale, slabs);
            let listed: usize = edges.iter().map(|edge| span(edge).count()).sum();
            if slabs == 1 || (scale.is_finite() && listed <= edges.len() * MOST_LISTED) {
                break if scale.is_finite() { scale } else { 0.0 };
            }
            slabs /= 2;
        };
        let mut starts = vec![0_u32; slabs + 1];
        for edge in &edges {
            slab_span(edge, extent.min_y, scale, slabs).for_each(|slab| starts[slab + 1] += 1);
        }
        starts[0] = least as u32;
        for slab in 0..slabs {
            starts[slab + 1] += starts[slab];
        }
        let several = rings.last() != rings.first();
        let offset = self.rings.len() as i64 - least as i64;
        let total = starts[slabs] as usize;
        self.edges.resize(total, Edge { a: Coord::default(), b: Coord::default() });
        if several {
            self.rings.resize((total as i64 + offset) as usize, Ring { polygon: 0, number: 0 });
        }
        let mut next = starts.clone();
        for (edge, ring) in edges.iter().zip(&rings) {
            for slab in slab_span(edge, extent.min_y, scale, slabs) {
                let place = next[slab] as usize;
                self.edges[place] = *edge;
                if several {
                    self.rings[(place as i64 + offset) as usize] = *ring;
                }
                next[slab] += 1;
            }
        }
        self.slabs.extend(&starts);
        self.heads.push(Head {
            extent,
            scale,
            first,
            slabs: slabs as u32,
            rings: several.then_some(offset),
            corners: (first_corner as u32, self.corners.len() as u32),
        });
        Some(number)
    }

    /// The extent of a polygon.
    pub fn extent(&self, area: u32) -> &Extent {
        &self.heads[area as usize].extent
    }

    /// A vertex of each of its exterior rings.
    pub fn corners(&self, area: u32) -> &[Coord] {
        let (from, to) = self.heads[area as usize].corners;
        &self.corners[from as usize..to as usize]
    }

    /// The edges that may reach into `low..=high` of the y axis; an edge may come several times.
    pub fn edges(&self, area: u32, low: f64, high: f64) -> &[Edge] {
        let head = &self.heads[area as usize];
        if high < head.extent.min_y || low > head.extent.max_y {
            return &[];
        }
        let from = head.slab(low.max(head.extent.min_y));
        let to = head.slab(high.min(head.extent.max_y));
        &self.edges[self.slabs[from] as usize..self.slabs[to + 1] as usize]
    }

    /// Where a point lies.
    pub fn locate(&self, area: u32, x: f64, y: f64) -> Position {
        let head = &self.heads[area as usize];
        if !head.extent.holds(x, y) {
            return Position::Outside;
        }
        let slab = head.slab(y);
        let (from, to) = (self.slabs[slab] as usize, self.slabs[slab + 1] as usize);
        let edges = &self.edges[from..to];
        match head.rings {
            None => {
                let mut winding = 0;
                for edge in edges {
                    if edge.wind(x, y, &mut winding) {
                        return Position::Boundary;
                    }
                }
                if winding == 0 { Position::Outside } else { Position::Inside }
            }
            Some(offset) => {
                let rings = &self.rings[(from as i64 + offset) as usize..(to as i64 + offset) as usize];
                locate_in_rings(edges, rings, x, y)
            }
        }
    }

    /// Bytes it takes.
    pub const fn size(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.slabs.capacity() * size_of::<u32>()
            + self.edges.capacity() * size_of::<Edge>()
            + self.rings.capacity() * size_of::<Ring>()
            + self.corners.capacity() * size_of::<Coord>()
    }

    /// Whether two polygons, possibly of different tables, share a point.
    pub fn meet(&self, area: u32, other: &Self, others: u32) -> bool {
        let (ours, theirs) = (self.extent(area), other.extent(others));
        if !ours.meets(theirs) {
            return false;
        }
        let low = ours.min_y.max(theirs.min_y);
        let high = ours.max_y.min(theirs.max_y);
        let crossing = other.edges(others, low, high).iter().any(|edge| {
            let (from, to) = if edge.a.y <= edge.b.y { (edge.a.y, edge.b.y) } else { (edge.b.y, edge.a.y) };
            edge.a.x.min(edge.b.x) <= ours.max_x
                && edge.a.x.max(edge.b.x) >= ours.min_x
                && to >= low
                && from <= high
                && self.edges(area, from.max(low), to.min(high)).iter().any(|mine| mine.meets(edge))
        });
        // Where no borders meet, every part lies wholly inside the other shape or wholly outside of it.
        crossing
            || other.corners(others).iter().any(|corner| self.locate(area, corner.x, corner.y) != Position::Outside)
            || self.corners(area).iter().any(|corner| other.locate(others, corner.x, corner.y) != Position::Outside)
    }
}

impl Head {
    fn slab(&self, y: f64) -> usize {
        let slab = (((y - self.extent.min_y) * self.scale) as u32).min(self.slabs - 1);
        (self.first + slab) as usize
    }
}

fn add_ring(ring: &LineString, of: Ring, edges: &mut Vec<Edge>, rings: &mut Vec<Ring>, extent: &mut Extent) {
    for pair in ring.0.windows(2) {
        edges.push(Edge { a: pair[0], b: pair[1] });
        rings.push(of);
    }
    ring.0.iter().for_each(|coord| extent.add(coord.x, coord.y));
}

fn slab_span(edge: &Edge, low: f64, scale: f64, slabs: usize) -> std::ops::RangeInclusive<usize> {
    let slab = |y: f64| (((y - low) * scale) as usize).min(slabs - 1);
    slab(edge.a.y.min(edge.b.y))..=slab(edge.a.y.max(edge.b.y))
}

/// The polygons of a shape in their order; the first that has the point on a ring or inside decides.
fn locate_in_rings(edges: &[Edge], rings: &[Ring], x: f64, y: f64) -> Position {
    let mut place = 0;
    // The polygon whose exterior holds the point, until one of its holes takes it out again.
    let mut around = None;
    while place < edges.len() {
        let ring = rings[place];
        if around.is_some_and(|polygon| polygon != ring.polygon) {
            return Position::Inside;
        }
        let mut winding = 0;
        while place < edges.len() && rings[place] == ring {
            if (ring.number == 0 || around.is_some()) && edges[place].wind(x, y, &mut winding) {
                return Position::Boundary;
            }
            place += 1;
        }
        if ring.number == 0 {
            around = (winding != 0).then_some(ring.polygon);
        } else if winding != 0 {
            around = None;
        }
    }
    if around.is_some() { Position::Inside } else { Position::Outside }
}

impl Edge {
    /// Adds the edge's crossing of the ray from the point to the east; `true` when the point is on the edge.
    #[inline]
    fn wind(&self, x: f64, y: f64, winding: &mut i32) -> bool {
        let (lower, upper, turn) = if self.a.y <= self.b.y { (self.a, self.b, 1) } else { (self.b, self.a, -1) };
        if y < lower.y || y > upper.y || x > self.a.x.max(self.b.x) {
            return false;
        }
        if x < self.a.x.min(self.b.x) {
            // A lower end belongs to the edge, an upper one to the next: a vertex is crossed once.
            *winding += if y < upper.y { turn } else { 0 };
            return false;
        }
        match orientation(lower, upper, Coord { x, y }) {
            Orientation::Collinear => true,
            Orientation::CounterClockwise => {
                *winding += if y < upper.y { turn } else { 0 };
                false
            }
            Orientation::Clockwise => false,
        }
    }

    /// Whether two edges share a point.
    fn meets(&self, other: &Self) -> bool {
        let overlap = |a: f64, b: f64, c: f64, d: f64| a.min(b) <= c.max(d) && c.min(d) <= a.max(b);
        if !overlap(self.a.x, self.b.x, other.a.x, other.b.x) || !overlap(self.a.y, self.b.y, other.a.y, other.b.y) {
            return false;
        }
        // With overlapping extents, edges meet unless both ends of one lie strictly on one side of the other.
        let split = |edge: &Self, over: &Self| {
            let (a, b) = (orientation(edge.a, edge.b, over.a), orientation(edge.a, edge.b, over.b));
            a != b || a == Orientation::Collinear
        };
        split(self, other) && split(other, self)
    }
}

/// The side of `a → b` a point is on: the plain determinant where its sign is certain, else exact arithmetic.
#[inline]
fn orientation(a: Coord, b: Coord, point: Coord) -> Orientation {
    let (left, right) = ((a.x - point.x) * (b.y - point.y), (a.y - point.y) * (b.x - point.x));
    let determinant = left - right;
    // Shewchuk's bound ccwerrboundA: (3 + 16ε)ε with ε = 2⁻⁵³.
    if determinant.abs() > 3.330_669_073_875_472e-16 * (left.abs() + right.abs()) {
        return if determinant > 0.0 { Orientation::CounterClockwise } else { Orientation::Clockwise };
    }
    RobustKernel::orient2d(a, b, point)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{CoordinatePosition, Intersects, MultiPolygon, coordinate_position::CoordPos, polygon};
    use proptest::prelude::*;

    use super::*;

    fn area(polygon: &Polygon) -> Areas {
        let mut areas = Areas::default();
        areas.push(&Geometry::Polygon(polygon.clone())).unwrap();
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
        areas.push(&Geometry::MultiPolygon(MultiPolygon(vec![left, right]))).unwrap();
        assert_eq!(areas.locate(0, 2., 2.), Position::Boundary);
        assert_eq!(areas.locate(0, 3.5, 2.5), Position::Inside);
    }

    #[test]
    fn a_zigzag_takes_no_more_than_a_multiple_of_its_edges() {
        let mut coords = (0..40_000).map(|i| (f64::from(i), if i % 2 == 0 { 0. } else { 100. })).collect::<Vec<_>>();
        coords.extend([(40_000., -10.), (0., -10.), (0., 0.)]);
        let areas = area(&Polygon::new(LineString::from(coords), vec![]));
        assert!(areas.edges.len() <= 40_003 * MOST_LISTED);
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
        fn polygons_meet_where_the_plain_test_says(a in star(), b in star()) {
            // The plain test looks at edges of valid polygons only.
            prop_assume!(crate::why_invalid(&a.clone().into()).is_none() && crate::why_invalid(&b.clone().into()).is_none());
            prop_assert_eq!(area(&a).meet(0, &area(&b), 0), a.intersects(&b));
        }
    }
}
