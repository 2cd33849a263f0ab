//! The k nearest shapes of a block to each row of a chunk: a branch-and-bound search of a packed R-tree (Roussopoulos,
//! Kelley and Vincent 1995) over the Hilbert-sorted extents.
//!
//! Equally distant shapes are told apart by the bytes of their rows, so that the answer does not depend on the order in
//! which the rows came; rows that are the same in every column may stand for each other.

use geo::{Geometry, Point};

use super::extent::Extent;
use crate::predicate::distance;

/// Children a node has.
const FAN: usize = 8;

/// A packed R-tree.
#[derive(Debug)]
pub struct Tree {
    /// Items in the order of the leaves.
    items: Vec<u32>,
    /// The extents of the items, in that order.
    leaves: Vec<Extent>,
    /// Levels from the leaves' parents to the root.
    levels: Vec<Vec<Node>>,
}

/// The extents of the children of a node, side by side, so that the distances of all are computed at once. Where there
/// are fewer than `FAN`, the rest is `EMPTY`.
#[derive(Debug, Clone)]
struct Node {
    min_x: [f64; FAN],
    min_y: [f64; FAN],
    max_x: [f64; FAN],
    max_y: [f64; FAN],
    count: usize,
}

impl Node {
    fn new(children: &[Extent]) -> Self {
        let of = |side: fn(&Extent) -> f64| {
            let mut sides = [side(&Extent::EMPTY); FAN];
            sides.iter_mut().zip(children).for_each(|(place, child)| *place = side(child));
            sides
        };
        Self {
            min_x: of(|extent| extent.min_x),
            min_y: of(|extent| extent.min_y),
            max_x: of(|extent| extent.max_x),
            max_y: of(|extent| extent.max_y),
            count: children.len(),
        }
    }

    /// As `Extent::distance_squared`, for every child.
    #[inline]
    fn distances_squared(&self, probe: &Extent) -> [f64; FAN] {
        // A plain loop becomes a few instructions for two children each; a closure for each child stayed a call.
        let mut distances = [0.0; FAN];
        for (child, distance) in distances.iter_mut().enumerate() {
            let x = larger(larger(probe.min_x - self.max_x[child], self.min_x[child] - probe.max_x), 0.0);
            let y = larger(larger(probe.min_y - self.max_y[child], self.min_y[child] - probe.max_y), 0.0);
            *distance = x * x + y * y;
        }
        distances
    }
}

/// The larger of two numbers; `f64::max` also minds NaN, which takes several instructions.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl Tree {
    /// Packs the tree; items with an empty extent are left out.
    pub fn new(extents: &[Extent]) -> Self {
        let mut all = Extent::EMPTY;
        let mut items =
            (0..extents.len() as u32).filter(|item| !extents[*item as usize].is_empty()).collect::<Vec<_>>();
        items.iter().for_each(|item| all.join(&extents[*item as usize]));
        let scale = |low: f64, high: f64| if high > low { f64::from(u16::MAX) / (high - low) } else { 0.0 };
        let (scale_x, scale_y) = (scale(all.min_x, all.max_x), scale(all.min_y, all.max_y));
        items.sort_by_cached_key(|item| {
            let extent = &extents[*item as usize];
            let x = (extent.min_x / 2.0 + extent.max_x / 2.0 - all.min_x) * scale_x;
            let y = (extent.min_y / 2.0 + extent.max_y / 2.0 - all.min_y) * scale_y;
            hilbert(x as u32, y as u32)
        });
        let leaves = items.iter().map(|item| extents[*item as usize]).collect::<Vec<_>>();
        let mut levels: Vec<Vec<Node>> = Vec::new();
        let mut below = leaves.clone();
        while !below.is_empty() {
            levels.push(below.chunks(FAN).map(Node::new).collect());
            if below.len() <= FAN {
                break;
            }
            let joined = |children: &[Extent]| {
                let mut extent = Extent::EMPTY;
                children.iter().for_each(|child| extent.join(child));
                extent
            };
            below = below.chunks(FAN).map(joined).collect();
        }
        Self { items, leaves, levels }
    }

    /// Calls `visit(item, leaf extent, bound)` for items that may be closer to `probe` than the bound, nearest nodes first. `visit`
    /// gives the bound that holds from then on, squared.
    pub fn search(&self, probe: &Extent, bound: f64, visit: &mut impl FnMut(u32, &Extent, f64) -> f64) {
        let Some(top) = self.levels.len().checked_sub(1) else { return };
        let mut bound = bound;
        self.descend(top, 0, probe, &mut bound, visit);
    }

    fn descend(
        &self,
        level: usize,
        node: usize,
        probe: &Extent,
        bound: &mut f64,
        visit: &mut impl FnMut(u32, &Extent, f64) -> f64,
    ) {
        let children = &self.levels[level][node];
        let distances = children.distances_squared(probe);
        // Insertion into a short sorted list: nearest children first.
        let mut order = [(0.0_f64, 0_usize); FAN];
        let mut count = 0;
        for (child, distance) in distances.into_iter().enumerate().take(children.count) {
            if distance > *bound {
                continue;
            }
            let mut place = count;
            while place > 0 && order[place - 1].0 > distance {
                order[place] = order[place - 1];
                place -= 1;
            }
            order[place] = (distance, node * FAN + child);
            count += 1;
        }
        for (distance, child) in &order[..count] {
            if *distance > *bound {
                return;
            }
            if level == 0 {
                *bound = visit(self.items[*child], &self.leaves[*child], *bound);
            } else {
                self.descend(level - 1, *child, probe, bound, visit);
            }
        }
    }

    /// Bytes it takes.
    pub fn size(&self) -> usize {
        self.items.capacity() * 4
            + self.leaves.capacity() * size_of::<Extent>()
            + self.levels.iter().map(Vec::capacity).sum::<usize>() * size_of::<Node>()
    }
}

/// The place of a cell of a 65,536 × 65,536 grid on the Hilbert curve (Warren, Hacker's Delight 2nd ed., 16-1).
pub fn hilbert(x: u32, y: u32) -> u32 {
    let (mut x, mut y) = (x.min(0xffff), y.min(0xffff));
    let mut place = 0;
    for bit in (0..16).rev() {
        let (rx, ry) = (x >> bit & 1, y >> bit & 1);
        place = place << 2 | (3 * rx) ^ ry;
        if ry == 0 {
            if rx == 1 {
                x = 0xffff - x;
                y = 0xffff - y;
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    place
}

/// A probe geometry, as plain as it is.
#[derive(Debug, Clone, Copy)]
pub enum Seeker<'a> {
    /// A point.
    Dot(f64, f64),
    /// Anything else.
    Shape(&'a Geometry),
    /// Null, or without points.
    Nowhere,
}

impl Seeker<'_> {
    /// The distance to a shape, as `ST_Distance` gives it; infinite to one without points.
    pub fn distance(&self, other: &Geometry) -> f64 {
        let found = match self {
            Self::Dot(x, y) => distance(&Geometry::Point(Point::new(*x, *y)), other),
            Self::Shape(shape) => distance(shape, other),
            Self::Nowhere => None,
        };
        found.unwrap_or(f64::INFINITY)
    }
}

/// The nearest found so far, in order of distance, ties in the order of `before`.
#[derive(Debug, Default)]
pub struct Found {
    /// Distance and item.
    pub best: Vec<(f64, u32)>,
}

impl Found {
    /// Takes in a candidate; gives the distance beyond which nothing is looked for any more.
    pub fn add(&mut self, k: usize, distance: f64, item: u32, before: &impl Fn(u32, u32) -> bool) -> f64 {
        let place =
            self.best.partition_point(|(other, found)| *other < distance || *other == distance && before(*found, item));
        if place < k {
            self.best.truncate(k - 1);
            self.best.insert(place, (distance, item));
        }
        self.bound(k)
    }

    /// The distance of the k-th.
    pub fn bound(&self, k: usize) -> f64 {
        if self.best.len() < k {
            f64::INFINITY
        } else {
            self.best.last().map_or(f64::INFINITY, |(distance, _)| *distance)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_tree_finds_the_k_nearest(
            points in prop::collection::vec((0_i32..30, 0_i32..30), 1..200),
            probe in (0_i32..30, 0_i32..30),
            k in 1_usize..8,
        ) {
            let extents = points.iter().map(|(x, y)| Extent::of_point(f64::from(*x), f64::from(*y))).collect::<Vec<_>>();
            let probe = Extent::of_point(f64::from(probe.0), f64::from(probe.1));
            let mut found = Found::default();
            Tree::new(&extents).search(&probe, f64::INFINITY, &mut |item, extent, _| {
                let distance = extent.distance_squared(&probe).sqrt();
                let bound = found.add(k, distance, item, &|a, b| a < b);
                bound * bound * (1.0 + 1e-12)
            });
            let mut all = extents.iter().enumerate().map(|(n, e)| (e.distance_squared(&probe).sqrt(), n as u32)).collect::<Vec<_>>();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            all.truncate(k);
            prop_assert_eq!(found.best, all);
        }
    }

    #[test]
    fn the_curve_visits_every_cell_once_and_steps_to_neighbours() {
        let mut cells = (0..64_u32).flat_map(|x| (0..64_u32).map(move |y| (hilbert(x, y), x, y))).collect::<Vec<_>>();
        cells.sort_unstable();
        for pair in cells.windows(2) {
            assert_eq!(pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2), 1);
        }
    }
}
