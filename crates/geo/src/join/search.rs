//! From a chunk of probe rows to pairs: candidates out of the block's grids, decided by kernels where one is exact, and
//! handed on undecided where only the condition itself can tell.

use super::area::{Areas, Draft, Position};
use super::block::{Block, Kind};
use super::chunk::{Chunk, Dot, Shape};
use super::extent::Extent;
use super::predicate::{Limit, Question, Relation, SpatialOn};
use crate::predicate::length;

/// Pairs looked at in one round.
pub const ROUND: usize = 1 << 16;

/// Pairs of rows of a block and a chunk.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Rows of the block.
    pub build: Vec<u32>,
    /// Rows of the chunk.
    pub probe: Vec<u32>,
}

impl Pairs {
    /// Adds one.
    #[inline]
    pub fn push(&mut self, build: u32, probe: u32) {
        self.build.push(build);
        self.probe.push(probe);
    }

    /// How many.
    pub const fn len(&self) -> usize {
        self.build.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.build.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.build.clear();
        self.probe.clear();
    }
}

/// How far a search has come, so that it can pause when it has found enough for one round.
#[derive(Debug, Default)]
pub struct Cursor {
    dots: usize,
    shapes: usize,
    empties: usize,
}

/// A search for pairs that satisfy the condition.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The condition.
    pub on: &'a SpatialOn,
    /// The build side.
    pub block: &'a Block,
    /// The probe side.
    pub chunk: &'a Chunk,
}

impl Search<'_> {
    /// Finds pairs until there are about `most`, or no more: `sure` are those that satisfy the condition, `unsure`
    /// those that may. Gives whether the chunk is done.
    pub fn advance(&self, cursor: &mut Cursor, most: usize, sure: &mut Pairs, unsure: &mut Pairs) -> bool {
        let full = |sure: &Pairs, unsure: &Pairs| sure.len() + unsure.len() >= most;
        while let Some(dot) = self.chunk.dots.get(cursor.dots) {
            if full(sure, unsure) {
                return false;
            }
            match self.on.question {
                Question::Relation(relation) => self.relate_dot(relation, dot, sure, unsure),
                Question::Distance { strict } => self.dot_within(Some(strict), dot, sure, unsure),
                Question::Meeting | Question::Near(_) => self.dot_within(None, dot, sure, unsure),
                Question::Nearest { .. } => {}
            }
            cursor.dots += 1;
        }
        while let Some(shape) = self.chunk.shapes.get(cursor.shapes) {
            if full(sure, unsure) {
                return false;
            }
            match self.on.question {
                Question::Relation(relation) => self.relate_shape(relation, shape, sure, unsure),
                Question::Distance { .. } | Question::Meeting | Question::Near(_) => {
                    if let Some(probe) = self.reach(&shape.extent, shape.row) {
                        let found = |item| unsure.push(item, shape.row);
                        self.block.by_extent().within(self.block.reach(), &probe, found);
                    }
                }
                Question::Nearest { .. } => {}
            }
            cursor.shapes += 1;
        }
        // Geometries without points equal each other.
        if self.on.pairs_empties() && !self.block.empties.is_empty() {
            while let Some(row) = self.chunk.empties.get(cursor.empties) {
                if full(sure, unsure) {
                    return false;
                }
                self.block.empties.iter().for_each(|item| unsure.push(*item, *row));
                cursor.empties += 1;
            }
        }
        true
    }

    #[inline]
    fn relate_dot(&self, relation: Relation, dot: &Dot, sure: &mut Pairs, unsure: &mut Pairs) {
        let block = self.block;
        let Dot { x, y, row } = *dot;
        block.by_point().at(x, y, |item, full| match block.kinds[item as usize] {
            Kind::Area => {
                let position = match block.numbers[item as usize] {
                    _ if full => Position::Inside,
                    Some(number) => block.areas.locate(number, x, y),
                    None => Position::Outside,
                };
                if area_to_point(relation, position) {
                    sure.push(item, row);
                }
            }
            Kind::Point => {
                let extent = &block.extents[item as usize];
                if extent.min_x == x && extent.min_y == y && same_point(relation) {
                    sure.push(item, row);
                }
            }
            Kind::Other if block.extents[item as usize].holds(x, y) => unsure.push(item, row),
            Kind::Other | Kind::Nothing => {}
        });
    }

    fn relate_shape(&self, relation: Relation, shape: &Shape, sure: &mut Pairs, unsure: &mut Pairs) {
        let block = self.block;
        // The probe's polygon is made ready for the first candidate that needs it.
        let mut ready: Option<Option<Areas>> = None;
        let mut prepare = || {
            let mut areas = Areas::default();
            areas.push_bytes(self.chunk.geometry(shape.row), &mut Draft::default()).ok()??;
            Some(areas)
        };
        block.by_extent().within(&block.extents, &shape.extent, |item| {
            let extent = &block.extents[item as usize];
            if !extents_allow(relation, extent, &shape.extent) {
                return;
            }
            let kind = block.kinds[item as usize];
            let kernel = shape.area && (kind == Kind::Point || kind == Kind::Area && relation == Relation::Intersects);
            let areas = if kernel { ready.get_or_insert_with(&mut prepare).as_ref() } else { None };
            match (areas, block.numbers[item as usize]) {
                (Some(areas), _) if kind == Kind::Point => {
                    let position = areas.locate(0, extent.min_x, extent.min_y);
                    if area_to_point(relation.converse(), position) {
                        sure.push(item, shape.row);
                    }
                }
                (Some(areas), Some(number)) => {
                    if block.areas.meet(number, areas, 0) {
                        sure.push(item, shape.row);
                    }
                }
                _ => unsure.push(item, shape.row),
            }
        });
    }

    /// What a point is near to; with `strict`, points are decided here, without, all by the condition.
    fn dot_within(&self, strict: Option<bool>, dot: &Dot, sure: &mut Pairs, unsure: &mut Pairs) {
        let block = self.block;
        let mut found = |item: u32, near: bool| match (block.kinds[item as usize], strict) {
            (Kind::Nothing, _) => {}
            (Kind::Point, Some(strict)) => {
                let extent = &block.extents[item as usize];
                let limit = self.limit(item, dot.row);
                let (dx, dy) = (dot.x - extent.min_x, dot.y - extent.min_y);
                if closer(dx, dy, limit, strict) {
                    sure.push(item, dot.row);
                }
            }
            _ if near || block.reach()[item as usize].holds(dot.x, dot.y) => unsure.push(item, dot.row),
            _ => {}
        };
        if self.chunk.limits.is_none() {
            // The build side's extents are grown: what is near enough is listed in the point's own cell.
            block.by_extent().at(dot.x, dot.y, found);
        } else if let Some(probe) = self.reach(&Extent::of_point(dot.x, dot.y), dot.row) {
            block.by_extent().within(block.reach(), &probe, |item| found(item, true));
        }
    }

    /// The extent in which a row of the probe side finds partners; `None` when its distance is null or below zero.
    fn reach(&self, extent: &Extent, row: u32) -> Option<Extent> {
        // Without distances of its own: the build side's extents are grown already.
        let Some(distance) = self.chunk.limits.as_ref().map(|limits| limits[row as usize]) else {
            return Some(self.on.grown(extent, 0.0));
        };
        (distance >= 0.0).then(|| self.on.grown(extent, distance))
    }

    fn limit(&self, build: u32, probe: u32) -> f64 {
        match (&self.on.limit, &self.chunk.limits, &self.block.limits) {
            (Some(Limit::Constant(limit)), ..) => *limit,
            (_, Some(limits), _) => limits[probe as usize],
            (_, _, Some(limits)) => limits[build as usize],
            _ => f64::NAN,
        }
    }
}

/// Whether a point is closer than the limit, exactly as its distance tells; the root is only taken near the limit.
fn closer(dx: f64, dy: f64, limit: f64, strict: bool) -> bool {
    let (squared, limits) = (dx * dx + dy * dy, limit * limit);
    if limits.is_normal() && squared.is_normal() {
        if squared < limits * (1.0 - 1e-12) {
            return true;
        }
        if squared > limits * (1.0 + 1e-12) {
            return false;
        }
    }
    let distance = length(dx, dy);
    if strict { distance < limit } else { distance <= limit }
}

/// Whether a polygon has the relation to a point at a position.
#[inline]
fn area_to_point(relation: Relation, position: Position) -> bool {
    match relation {
        Relation::Intersects | Relation::Covers => position != Position::Outside,
        Relation::Contains | Relation::ContainsProperly => position == Position::Inside,
        Relation::Touches => position == Position::Boundary,
        Relation::Within
        | Relation::CoveredBy
        | Relation::WithinProperly
        | Relation::Crosses
        | Relation::Overlaps
        | Relation::Equals => false,
    }
}

/// Whether a point has the relation to itself: it has no boundary, and is all interior.
const fn same_point(relation: Relation) -> bool {
    !matches!(relation, Relation::Touches | Relation::Crosses | Relation::Overlaps)
}

/// Whether the build side's extent allows the relation to the probe side's, given that they meet.
fn extents_allow(relation: Relation, build: &Extent, probe: &Extent) -> bool {
    let around = |outer: &Extent, inner: &Extent| {
        outer.min_x <= inner.min_x
            && outer.min_y <= inner.min_y
            && outer.max_x >= inner.max_x
            && outer.max_y >= inner.max_y
    };
    match relation {
        Relation::Contains | Relation::Covers | Relation::ContainsProperly => around(build, probe),
        Relation::Within | Relation::CoveredBy | Relation::WithinProperly => around(probe, build),
        Relation::Equals => build == probe,
        Relation::Intersects | Relation::Touches | Relation::Crosses | Relation::Overlaps => true,
    }
}
