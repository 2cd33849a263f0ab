//! The k nearest of the build side for each row of a chunk, over one block or several in turn.
//!
//! Further conditions of the join hold before the choice: the k nearest are taken among the rows that satisfy them.

use std::cmp::Ordering;

use datafusion::common::Result;
use datafusion::physical_plan::joins::utils::JoinFilter;
use geo::Geometry;
use hashbrown::HashMap;

use super::block::{Block, Kind};
use super::chunk::Chunk;
use super::emit::keep;
use super::extent::Extent;
use super::nearest::{Found, Seeker};
use super::predicate::{Among, Question, SpatialOn};
use super::search::{Cursor, Pairs, ROUND, Search};
use crate::predicate::length;
use crate::to_geometry;

/// Squared distances are compared with this much room for rounding, so that no tie is missed.
const ROOM: f64 = 1.0 + 1e-12;

/// A neighbour of a row.
#[derive(Debug, Clone)]
struct Neighbour {
    distance: f64,
    block: usize,
    item: u32,
    /// The row's values in an order of bytes; only where blocks take turns.
    row: Vec<u8>,
}

/// The search over one chunk.
pub struct Neighbours<'a> {
    k: usize,
    filter: Option<&'a JoinFilter>,
    chunk: &'a Chunk,
    /// The nearest of the first block, which is mostly the only one.
    only: Pairs,
    /// The nearest of several blocks, for each row.
    best: HashMap<u32, Vec<Neighbour>>,
    several: bool,
    fill: bool,
    among: Option<&'a Among>,
}

impl<'a> Neighbours<'a> {
    /// Begins a search, in one block or in `several`.
    pub fn new(on: &'a SpatialOn, filter: Option<&'a JoinFilter>, chunk: &'a Chunk, several: bool) -> Self {
        let k = match on.question {
            Question::Nearest { k } => k,
            _ => 0,
        };
        Self {
            k,
            filter,
            chunk,
            only: Pairs::default(),
            best: HashMap::new(),
            several,
            fill: on.fill,
            among: on.among.as_deref(),
        }
    }

    /// Looks for neighbours in a block.
    ///
    /// # Errors
    /// A condition that fails.
    pub fn look(&mut self, number: usize, block: &Block, slice: usize) -> Result<()> {
        if self.k == 0 {
            return Ok(());
        }
        let found = self.nearest(block, slice)?;
        if self.several {
            self.merge(number, block, &found);
        } else {
            self.only = found.0;
        }
        Ok(())
    }

    /// Weighs what a block gave against what the blocks before it gave.
    fn merge(&mut self, number: usize, block: &Block, (pairs, distances): &(Pairs, Vec<f64>)) {
        for ((item, row), distance) in pairs.build.iter().zip(&pairs.probe).zip(distances) {
            let values = block.row_bytes(*item);
            let best = self.best.entry(*row).or_default();
            let before = |other: &Neighbour| {
                other.distance.total_cmp(distance).then_with(|| other.row.as_slice().cmp(&values)) != Ordering::Greater
            };
            let place = best.partition_point(before);
            if place < self.k {
                best.truncate(self.k - 1);
                best.insert(place, Neighbour { distance: *distance, block: number, item: *item, row: values });
            }
        }
    }

    /// The pairs whose build row is in a block.
    pub fn pairs(&mut self, number: usize) -> Pairs {
        if !self.several {
            return std::mem::take(&mut self.only);
        }
        let mut rows = self.best.iter().collect::<Vec<_>>();
        rows.sort_unstable_by_key(|(row, _)| **row);
        let mut pairs = Pairs::default();
        for (row, best) in rows {
            best.iter().filter(|one| one.block == number).for_each(|one| pairs.push(one.item, *row));
        }
        pairs
    }

    /// The k nearest in one block: pairs and their distances, row by row.
    fn nearest(&self, block: &Block, slice: usize) -> Result<(Pairs, Vec<f64>)> {
        if let Some(among) = self.among {
            return self.related(among, block, slice);
        }
        let shapes = Shapes::new(block);
        let mut pairs = Pairs::default();
        let mut distances = Vec::new();
        let mut last: Option<(f64, f64, f64)> = None;
        let mut found = Found::default();
        for dot in &self.chunk.dots {
            let extent = Extent::of_point(dot.x, dot.y);
            // What was near the last point bounds what is near this one.
            let bound = last.map_or(f64::INFINITY, |(x, y, bound)| (bound + length(x - dot.x, dot.y - y)) * ROOM);
            let seeker = Seeker::Dot(dot.x, dot.y);
            if self.filter.is_none() {
                shapes.search(seeker, &extent, self.k, bound, self.fill, &mut found);
                last = Some((dot.x, dot.y, found.bound(self.k)));
            } else {
                found = self.of_one(&shapes, seeker, &extent, dot.row, bound, slice)?;
            }
            for (distance, item) in &found.best {
                pairs.push(*item, dot.row);
                distances.push(*distance);
            }
        }
        for shape in &self.chunk.shapes {
            let Ok(geometry) = to_geometry(self.chunk.geometry(shape.row)) else { continue };
            let seeker = Seeker::Shape(&geometry);
            let found = self.of_one(&shapes, seeker, &shape.extent, shape.row, f64::INFINITY, slice)?;
            for (distance, item) in found.best {
                pairs.push(item, shape.row);
                distances.push(distance);
            }
        }
        // Rows that are nowhere have no distance to anything: what SQL puts last is all there is.
        for row in self.chunk.empties.iter().chain(&self.chunk.nulls).filter(|_| self.fill) {
            let found = self.of_one(&shapes, Seeker::Nowhere, &Extent::EMPTY, *row, f64::INFINITY, slice)?;
            for (distance, item) in found.best {
                pairs.push(item, *row);
                distances.push(distance);
            }
        }
        Ok((pairs, distances))
    }

    /// The first k, in the order of ties, of the rows that share a point with each row: all are equally near.
    fn related(&self, among: &Among, block: &Block, slice: usize) -> Result<(Pairs, Vec<f64>)> {
        let search = Search { on: &among.on, block, chunk: self.chunk };
        let (mut cursor, mut pairs, mut done) = (Cursor::default(), Pairs::default(), false);
        while !done {
            let (mut sure, mut unsure) = (Pairs::default(), Pairs::default());
            // All pairs of a row come in one round.
            done = search.advance(&mut cursor, ROUND, &mut sure, &mut unsure);
            keep(&among.on.condition, block, self.chunk, &unsure, slice, &mut sure)?;
            if let Some(rest) = &among.rest {
                let mut kept = Pairs::default();
                keep(rest, block, self.chunk, &sure, slice, &mut kept)?;
                sure = kept;
            }
            let mut found = sure.probe.into_iter().zip(sure.build).collect::<Vec<_>>();
            found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| block.compare(a.1, b.1)));
            for of_row in found.chunk_by(|a, b| a.0 == b.0) {
                of_row.iter().take(self.k).for_each(|(row, item)| pairs.push(*item, *row));
            }
        }
        let distances = vec![0.0; pairs.len()];
        Ok((pairs, distances))
    }

    fn of_one(
        &self,
        shapes: &Shapes,
        seeker: Seeker,
        extent: &Extent,
        row: u32,
        bound: f64,
        slice: usize,
    ) -> Result<Found> {
        let mut found = Found::default();
        let Some(filter) = self.filter else {
            shapes.search(seeker, extent, self.k, bound, self.fill, &mut found);
            return Ok(found);
        };
        // Among more and more of the nearest, until enough of them satisfy the condition.
        let mut k = self.k.saturating_mul(4);
        loop {
            shapes.search(seeker, extent, k, f64::INFINITY, self.fill, &mut found);
            let mut candidates = Pairs::default();
            found.best.iter().for_each(|(_, item)| candidates.push(*item, row));
            let mut kept = Pairs::default();
            keep(filter, shapes.block, self.chunk, &candidates, slice, &mut kept)?;
            if kept.len() >= self.k || found.best.len() < k {
                let mut kept = kept.build.into_iter().peekable();
                let best = std::mem::take(&mut found.best)
                    .into_iter()
                    .filter(|(_, item)| kept.next_if_eq(item).is_some())
                    .take(self.k);
                return Ok(Found { best: best.collect() });
            }
            k = k.saturating_mul(4);
        }
    }
}

/// The shapes of a block, read when they are first needed.
struct Shapes<'a> {
    block: &'a Block,
    read: std::cell::RefCell<HashMap<u32, Geometry>>,
}

impl<'a> Shapes<'a> {
    fn new(block: &'a Block) -> Self {
        Self { block, read: std::cell::RefCell::default() }
    }

    /// The k nearest into `found`, in place of what was there; with `fill`, rows without a distance come last where
    /// there are fewer.
    fn search(&self, seeker: Seeker, extent: &Extent, k: usize, bound: f64, fill: bool, found: &mut Found) {
        let block = self.block;
        found.best.clear();
        let before = |a: u32, b: u32| block.compare(a, b).is_lt();
        // What is nowhere is near nothing: all rows are equally far.
        if !matches!(seeker, Seeker::Nowhere) {
            block.tree().search(extent, bound * bound * ROOM, &mut |item, place, limit| {
                let distance = match (block.kinds[item as usize], seeker) {
                    (Kind::Point, Seeker::Dot(x, y)) => length(place.min_x - x, place.min_y - y),
                    _ => self.distance(seeker, item),
                };
                // A bound from the outside stays until there are k.
                let new = found.add(k, distance, item, &before);
                (new * new * ROOM).min(limit)
            });
        }
        if fill && found.best.len() < k {
            let nowhere =
                |item: &&u32| matches!(seeker, Seeker::Nowhere) || block.kinds[**item as usize] == Kind::Nothing;
            let rest = block.by_values().iter().filter(nowhere).take(k - found.best.len());
            found.best.extend(rest.map(|item| (f64::INFINITY, *item)));
        }
    }

    fn distance(&self, seeker: Seeker, item: u32) -> f64 {
        let mut read = self.read.borrow_mut();
        let shape = match read.entry(item) {
            hashbrown::hash_map::Entry::Occupied(shape) => shape.into_mut(),
            hashbrown::hash_map::Entry::Vacant(place) => match to_geometry(self.block.geometry.value(item as usize)) {
                Ok(geometry) => place.insert(geometry),
                Err(_) => return f64::INFINITY,
            },
        };
        seeker.distance(shape)
    }
}
