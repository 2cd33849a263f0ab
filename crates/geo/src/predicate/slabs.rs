//! A polygon's edges sorted into horizontal slabs, so that a point is compared with a handful of them.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{BoundingRect, Coord, Geometry, Polygon};

use super::Place;

/// Edges a slab holds about; fewer make the slabs' table larger than the edges it saves.
const EDGES_A_SLAB: usize = 4;

/// The edges of polygons, listed slab by slab from south to north. Memory: about 40 bytes an edge.
#[derive(Debug, Default)]
pub struct Slabs {
    low: Coord,
    high: Coord,
    slab_height: f64,
    /// Where each slab's edges begin in `edges`, and one past the last.
    starts: Vec<u32>,
    edges: Vec<(Coord, Coord)>,
}

impl Slabs {
    /// The slabs of a polygon or several; those of any other geometry hold no point.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        let mut edges = Vec::new();
        let mut add = |polygon: &Polygon| {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                edges.extend(ring.lines().map(|line| (line.start, line.end)));
            }
        };
        match geometry {
            Geometry::Polygon(polygon) => add(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(add),
            _ => {}
        }
        let Some(rect) = geometry.bounding_rect().filter(|_| !edges.is_empty()) else { return Self::default() };
        let count = (edges.len() / EDGES_A_SLAB).clamp(1, 1 << 20);
        let slab_height = (rect.height() / count as f64).max(f64::MIN_POSITIVE);
        let slab = |y: f64| (((y - rect.min().y) / slab_height) as usize).min(count - 1);
        let mut counts = vec![0_u32; count + 1];
        for (a, b) in &edges {
            for place in slab(a.y.min(b.y))..=slab(a.y.max(b.y)) {
                counts[place + 1] += 1;
            }
        }
        for place in 0..count {
            counts[place + 1] += counts[place];
        }
        let mut next = counts.clone();
        let mut listed = vec![(Coord::default(), Coord::default()); counts[count] as usize];
        for (a, b) in edges {
            for place in slab(a.y.min(b.y))..=slab(a.y.max(b.y)) {
                listed[next[place] as usize] = (a, b);
                next[place] += 1;
            }
        }
        Self { low: rect.min(), high: rect.max(), slab_height, starts: counts, edges: listed }
    }

    /// Where a point lies: crossing number (Shimrat 1962) with exact orientation.
    #[must_use]
    pub fn place(&self, x: f64, y: f64) -> Place {
        if self.starts.is_empty() || x < self.low.x || x > self.high.x || y < self.low.y || y > self.high.y {
            return Place::Outside;
        }
        let slab = (((y - self.low.y) / self.slab_height) as usize).min(self.starts.len() - 2);
        let edges = &self.edges[self.starts[slab] as usize..self.starts[slab + 1] as usize];
        let point = Coord { x, y };
        let mut inside = false;
        for &(a, b) in edges {
            let (lower, upper) = if a.y <= b.y { (a, b) } else { (b, a) };
            if y < lower.y || y > upper.y {
                continue;
            }
            if x < a.x.min(b.x) {
                inside ^= lower.y <= y && y < upper.y;
                continue;
            }
            if x > a.x.max(b.x) {
                continue;
            }
            match RobustKernel::orient2d(lower, upper, point) {
                Orientation::Collinear => return Place::Border,
                // To the left of an upward edge: the ray to the east crosses it.
                Orientation::CounterClockwise => inside ^= lower.y <= y && y < upper.y,
                Orientation::Clockwise => {}
            }
        }
        if inside { Place::Inside } else { Place::Outside }
    }
}
