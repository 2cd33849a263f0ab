//! Polygons made ready for many questions about points and edges: their edges, listed slab by slab from south to north.
//!
//! Method: the point-in-polygon test of winding numbers (Sunday 2001) over the edges of one slab only, every sign
//! decided by an exact orientation predicate (Shewchuk 1997), so that a point on a border is on the border.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Geometry, Polygon};

use super::extent::Extent;
use crate::wkb::{coord_of, visit_rings};
use crate::{GeoError, to_geometry};

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
    /// The part its edges are in.
    part: u32,
    /// Where the rings of its edges begin in `rings`, less the number of its first edge; `None` with one ring.
    rings: Option<i64>,
    /// A vertex of each exterior ring, in `corners`.
    corners: (u32, u32),
}

/// Many polygons in a few tables.
#[derive(Debug, Default)]
pub struct Areas {
    heads: Vec<Head>,
    /// Where a slab's edges begin in their part; they end where the next slab's begin.
    slabs: Vec<u32>,
    parts: Vec<Part>,
    corners: Vec<Coord>,
}

/// The edges of polygons that one thread has made ready: by far the largest table, so it is never copied.
#[derive(Debug, Default)]
struct Part {
    edges: Vec<Edge>,
    rings: Vec<Ring>,
}

/// A polygon before its edges are put in their slabs; its room serves one polygon after the other.
#[derive(Debug, Default)]
pub struct Draft {
    edges: Vec<Edge>,
    rings: Vec<Ring>,
    /// The first vertex of each exterior ring.
    corners: Vec<Coord>,
    extent: Extent,
    next: Vec<u32>,
}

impl Draft {
    /// Takes in the polygons of a geometry; gives whether it is one of polygons.
    fn draw(&mut self, geometry: &Geometry) -> bool {
        self.clear();
        let mut number = 0;
        let mut add = |polygon: &Polygon| {
            for (place, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
                self.ring(ring.0.iter().copied(), Ring { polygon: number, number: place as u32 });
            }
            number += 1;
        };
        match geometry {
            Geometry::Polygon(polygon) => add(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(add),
            _ => return false,
        }
        true
    }

    /// The same out of the bytes of the usual form, without a geometry made of them.
    fn draw_bytes(&mut self, bytes: &[u8]) -> bool {
        self.clear();
        let mut of = Ring { polygon: 0, number: 0 };
        let mut any = false;
        let whole = visit_rings(bytes, &mut |ring, hole| {
            of = match (hole, any) {
                (true, _) => Ring { number: of.number + 1, ..of },
                (false, true) => Ring { polygon: of.polygon + 1, number: 0 },
                (false, false) => of,
            };
            any = true;
            // A ring that is left open is closed, as reading a geometry does.
            let open = ring.first().filter(|first| ring.last().is_some_and(|last| coord_of(last) != coord_of(first)));
            self.ring(ring.iter().chain(open).map(coord_of), of);
            Some(())
        });
        whole.is_some()
    }

    fn clear(&mut self) {
        self.edges.clear();
        self.rings.clear();
        self.corners.clear();
        self.extent = Extent::EMPTY;
    }

    fn ring(&mut self, mut coords: impl Iterator<Item = Coord>, of: Ring) {
        let Some(first) = coords.next() else { return };
        if of.number == 0 {
            self.corners.push(first);
        }
        self.extent.add(first.x, first.y);
        let mut a = first;
        for b in coords {
            self.edges.push(Edge { a, b });
            self.extent.add(b.x, b.y);
            a = b;
        }
        self.rings.resize(self.edges.len(), of);
    }
}

impl Areas {
    /// One polygon or multipolygon, of number 0; `None` for any other geometry and for one without edges.
    pub fn of(geometry: &Geometry) -> Option<Self> {
        let mut areas = Self::default();
        areas.push(geometry, &mut Draft::default()).map(|_| areas)
    }

    /// Takes in a polygon or multipolygon with at least one edge and finite coordinates, and gives its number;
    /// `None` for any other geometry.
    pub fn push(&mut self, geometry: &Geometry, draft: &mut Draft) -> Option<u32> {
        if draft.draw(geometry) { self.take(draft) } else { None }
    }

    /// The same for a geometry's bytes.
    ///
    /// # Errors
    /// Bytes that are no geometry.
    pub fn push_bytes(&mut self, bytes: &[u8], draft: &mut Draft) -> Result<Option<u32>, GeoError> {
        if draft.draw_bytes(bytes) { Ok(self.take(draft)) } else { Ok(self.push(&to_geometry(bytes)?, draft)) }
    }

    fn take(&mut self, draft: &mut Draft) -> Option<u32> {
        let Draft { edges, rings, corners, extent, next } = draft;
        let number = u32::try_from(self.heads.len()).ok()?;
        let first = u32::try_from(self.slabs.len()).ok()?;
        if self.parts.is_empty() {
            self.parts.push(Part::default());
        }
        let part = self.parts.len() - 1;
        let into = &mut self.parts[part];
        let least = into.edges.len();
        if edges.is_empty() || !extent.is_finite() || u32::try_from(least + edges.len() * MOST_LISTED + 1).is_err() {
            return None;
        }
        let height = extent.max_y - extent.min_y;
        let mut slabs = (edges.len() / EDGES_A_SLAB).clamp(1, 1 << 24);
        // Each slab's number of edges, then where they begin, in the table itself; what is left behind is the count of all.
        let head = self.slabs.len();
        let scale = loop {
            let scale = if height > 0.0 { slabs as f64 / height } else { 0.0 };
            let counts = &mut self.slabs;
            counts.resize(head + slabs + 1, 0);
            let mut listed = 0;
            for edge in edges.iter() {
                let span = slab_span(edge, extent.min_y, scale, slabs);
                listed += span.end() - span.start() + 1;
                counts[head + span.start()..=head + span.end()].iter_mut().for_each(|count| *count += 1);
            }
            if scale.is_finite() && (slabs == 1 || listed <= edges.len() * MOST_LISTED) {
                break scale;
            }
            counts.truncate(head);
            if slabs == 1 {
                counts.extend([edges.len() as u32, 0]);
                break 0.0;
            }
            slabs /= 2;
        };
        let starts = &mut self.slabs[head..];
        let mut total = least as u32;
        for start in starts.iter_mut() {
            total += std::mem::replace(start, total);
        }
        let several = rings.last() != rings.first();
        let offset = into.rings.len() as i64 - least as i64;
        let total = total as usize;
        into.edges.resize(total, Edge { a: Coord::default(), b: Coord::default() });
        if several {
            into.rings.resize((total as i64 + offset) as usize, Ring { polygon: 0, number: 0 });
        }
        next.clear();
        next.extend_from_slice(starts);
        for (edge, ring) in edges.iter().zip(rings.iter()) {
            for slab in slab_span(edge, extent.min_y, scale, slabs) {
                let place = next[slab] as usize;
                into.edges[place] = *edge;
                if several {
                    into.rings[(place as i64 + offset) as usize] = *ring;
                }
                next[slab] += 1;
            }
        }
        let first_corner = self.corners.len() as u32;
        self.corners.extend_from_slice(corners);
        self.heads.push(Head {
            extent: *extent,
            scale,
            first,
            slabs: slabs as u32,
            part: part as u32,
            rings: several.then_some(offset),
            corners: (first_corner, self.corners.len() as u32),
        });
        Some(number)
    }

    /// Takes in the polygons of another table, whose numbers become larger by the number returned; `None`, and nothing is
    /// taken in, where there would be more than 32 bits can count.
    pub fn append(&mut self, other: Self) -> Option<u32> {
        let count = |ours: usize, theirs: usize| u32::try_from(ours + theirs).ok().map(|_| ours as u32);
        let number = count(self.heads.len(), other.heads.len())?;
        let first = count(self.slabs.len(), other.slabs.len())?;
        let corner = count(self.corners.len(), other.corners.len())?;
        let part = self.parts.len() as u32;
        self.heads.extend(other.heads.into_iter().map(|head| Head {
            first: head.first + first,
            part: head.part + part,
            corners: (head.corners.0 + corner, head.corners.1 + corner),
            ..head
        }));
        self.slabs.extend(other.slabs);
        self.corners.extend(other.corners);
        self.parts.extend(other.parts);
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
        &self.parts[head.part as usize].edges[self.slabs[from] as usize..self.slabs[to + 1] as usize]
    }

    /// Calls `each` once for every edge that may reach into `low..=high` of the y axis.
    pub fn each_edge(&self, area: u32, low: f64, high: f64, mut each: impl FnMut(&Edge)) {
        let head = &self.heads[area as usize];
        if high < head.extent.min_y || low > head.extent.max_y {
            return;
        }
        let from = head.slab(low.max(head.extent.min_y));
        let to = head.slab(high.min(head.extent.max_y));
        let edges = &self.parts[head.part as usize].edges;
        for slab in from..=to {
            for edge in &edges[self.slabs[slab] as usize..self.slabs[slab + 1] as usize] {
                // It was met in the slab in which it begins, or in the first one.
                let begins = if edge.a.y <= edge.b.y { edge.a.y } else { edge.b.y };
                if slab == from || head.slab(begins) == slab {
                    each(edge);
                }
            }
        }
    }

    /// Where a point lies.
    pub fn locate(&self, area: u32, x: f64, y: f64) -> Position {
        let head = &self.heads[area as usize];
        if !head.extent.holds(x, y) {
            return Position::Outside;
        }
        let slab = head.slab(y);
        let (from, to) = (self.slabs[slab] as usize, self.slabs[slab + 1] as usize);
        let part = &self.parts[head.part as usize];
        let edges = &part.edges[from..to];
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
                let rings = &part.rings[(from as i64 + offset) as usize..(to as i64 + offset) as usize];
                locate_in_rings(edges, rings, x, y)
            }
        }
    }

    /// Bytes it takes.
    pub fn size(&self) -> usize {
        let of_part =
            |part: &Part| part.edges.capacity() * size_of::<Edge>() + part.rings.capacity() * size_of::<Ring>();
        self.heads.capacity() * size_of::<Head>()
            + self.slabs.capacity() * size_of::<u32>()
            + self.parts.iter().map(of_part).sum::<usize>()
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
mod tests;
