//! What is left of the rings of areas when the edges that two of them share are struck out.
//!
//! Input: closed rings. Output: the edges that no other edge runs the opposite way, over numbered vertices. Invariant:
//! numbers, and so the order of everything made of them, follow from the coordinates alone, not from the order in which
//! the rings came.

use std::hash::{BuildHasher, RandomState};

use geo::{Coord, Polygon};

use super::rings::signed_area;

/// Rings end to end, the area to the left of each.
#[derive(Debug, Default)]
pub struct Rings {
    coords: Vec<Coord>,
    /// For each coordinate: whether the edge to the next one is part of the boundary. Of the last one of a ring: no.
    left: Vec<bool>,
}

/// Edges that are left: a vertex by its number, from the lowest x and y on, and directed edges sorted by their numbers.
pub struct Boundary {
    /// The vertices; each is the beginning of an edge.
    pub coords: Vec<Coord>,
    /// Where edges begin and end.
    pub edges: Vec<(u32, u32)>,
}

impl Rings {
    /// Sets memory aside for so many coordinates more.
    pub fn reserve(&mut self, more: usize) {
        self.coords.reserve(more);
        self.left.reserve(more);
    }

    /// Adds a polygon's rings; `None` where one is not closed.
    pub fn push_polygon(&mut self, polygon: &Polygon) -> Option<()> {
        self.push(polygon.exterior().0.iter().copied(), false)?;
        polygon.interiors().iter().try_for_each(|hole| self.push(hole.0.iter().copied(), true))
    }

    /// Adds a ring, the border of a hole or of an area; `None` where it is not closed or not finite.
    pub fn push(&mut self, ring: impl Iterator<Item = Coord>, hole: bool) -> Option<()> {
        let start = self.coords.len();
        // Adding zero makes -0.0 and 0.0 one vertex.
        self.coords.extend(ring.map(|coord| Coord { x: coord.x + 0.0, y: coord.y + 0.0 }));
        let ring = &mut self.coords[start..];
        if ring.is_empty() {
            return Some(());
        }
        if ring.len() < 4 || ring.first() != ring.last() {
            return None;
        }
        // A coordinate that is not finite leaves no finite area.
        let area = signed_area(ring);
        if !area.is_finite() {
            return None;
        }
        if (area > 0.0) == hole {
            ring.reverse();
        }
        // An edge without length bounds nothing.
        self.left.extend(ring.windows(2).map(|pair| pair[0] != pair[1]));
        self.left.push(false);
        Some(())
    }

    /// Strikes out the edges that are run both ways; `None` where one is run twice the same way.
    pub fn boundary(mut self) -> Option<Boundary> {
        u32::try_from(self.coords.len()).ok()?;
        self.strike_out()?;
        Boundary::new(&self.coords, &self.left)
    }

    fn strike_out(&mut self) -> Option<()> {
        let Self { coords, left } = self;
        let mut seen = Seen::new(coords.len());
        // The edge that the one before was struck out with. Areas that share an edge mostly share the next one too, which
        // the other one runs before: then there is nothing to look up.
        let mut before: Option<usize> = None;
        for edge in 0..coords.len() {
            if !left[edge] {
                before = None;
                continue;
            }
            let (from, to) = (coords[edge], coords[edge + 1]);
            if let Some(other) = before.take().and_then(|other| other.checked_sub(1))
                && left[other]
                && (coords[other], coords[other + 1]) == (to, from)
            {
                (left[edge], left[other], before) = (false, false, Some(other));
                continue;
            }
            match seen.replace(edge, coords, left) {
                Some(other) if coords[other] == from => return None,
                Some(other) => (left[edge], left[other], before) = (false, false, Some(other)),
                None => {}
            }
        }
        Some(())
    }
}

/// Edges by both their ends: a table of open addressing, the upper half of an entry being of the hash and the lower one
/// the edge's number plus one.
struct Seen {
    entries: Vec<u64>,
    shift: u32,
    seed: [u64; 2],
}

impl Seen {
    fn new(edges: usize) -> Self {
        // Never more than three quarters full. Nobody can know the seed, and so which vertices would collide.
        let size = (edges + edges / 3 + 1).next_power_of_two().max(4);
        let state = RandomState::new();
        Self {
            entries: vec![0; size],
            shift: u64::BITS - size.trailing_zeros(),
            seed: [state.hash_one(0_u64), state.hash_one(1_u64) | 1],
        }
    }

    /// The edge between the same two vertices that is left; where there is none, `edge` takes its place.
    fn replace(&mut self, edge: usize, coords: &[Coord], left: &[bool]) -> Option<usize> {
        let (from, to) = (coords[edge], coords[edge + 1]);
        // The same for both directions.
        let hash = fold(self.vertex(from).wrapping_add(self.vertex(to)), self.seed[1]);
        let tag = hash << 32;
        let entry = tag | (edge as u64 + 1);
        let mask = self.entries.len() - 1;
        let mut place = (hash >> self.shift) as usize;
        loop {
            let here = self.entries[place];
            if here == 0 {
                self.entries[place] = entry;
                return None;
            }
            if here >> 32 == tag >> 32 {
                let other = (here & u64::from(u32::MAX)) as usize - 1;
                let ends = (coords[other], coords[other + 1]);
                if ends == (from, to) || ends == (to, from) {
                    if left[other] {
                        return Some(other);
                    }
                    self.entries[place] = entry;
                    return None;
                }
            }
            place = (place + 1) & mask;
        }
    }

    fn vertex(&self, coord: Coord) -> u64 {
        fold(coord.x.to_bits() ^ self.seed[0], coord.y.to_bits() ^ self.seed[1])
    }
}

/// Both halves of a product, folded: every bit of the factors counts.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Boundary {
    fn new(coords: &[Coord], left: &[bool]) -> Option<Self> {
        let by_place = |a: Coord, b: Coord| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y));
        let edges = (0..coords.len()).filter(|edge| left[*edge]).collect::<Vec<_>>();
        let mut sorted = (0..edges.len()).collect::<Vec<_>>();
        sorted.sort_unstable_by(|a, b| by_place(coords[edges[*a]], coords[edges[*b]]));
        let mut vertices: Vec<Coord> = Vec::with_capacity(edges.len());
        let mut froms = vec![0_u32; edges.len()];
        for edge in &sorted {
            let coord = coords[edges[*edge]];
            if vertices.last() != Some(&coord) {
                vertices.push(coord);
            }
            froms[*edge] = u32::try_from(vertices.len() - 1).ok()?;
        }
        let ends = edges.iter().enumerate().map(|(number, edge)| {
            // Mostly the ring's next edge is left too, and begins where this one ends.
            if edges.get(number + 1) == Some(&(edge + 1)) {
                return Some((froms[number], froms[number + 1]));
            }
            let end = coords[edge + 1];
            // Rings are closed, so where an edge ends another begins.
            let found = vertices.binary_search_by(|vertex| by_place(*vertex, end)).ok()?;
            Some((froms[number], u32::try_from(found).ok()?))
        });
        let mut edges = ends.collect::<Option<Vec<_>>>()?;
        edges.sort_unstable();
        Some(Self { coords: vertices, edges })
    }
}
