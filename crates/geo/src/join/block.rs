//! The build side, or the part of it that is in memory: its rows, their extents, their polygons made ready, and the
//! grids over them, which are only made when somebody asks.

use std::cmp::Ordering as Order;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, UInt32Array};
use arrow::compute::{SortOptions, take, take_record_batch};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{JoinSide, Result};
use datafusion::physical_expr::expressions::Column;

use super::area::{Areas, Draft};
use super::asked::refuses_negative;
use super::column::{LEFT, at, distances, each_geometry, geometries, is_no_distance, laid_out, no_distance};
use super::extent::{Extent, Glance, glance};
use super::grid::{Grid, Items};
use super::nearest::{Tree, hilbert};
use super::parallel::in_pieces;
use super::predicate::{Limit, SpatialOn};
use super::srids::Srids;
use crate::GeoError;

/// What a row of the build side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Null or without points: it matches nothing (but what equals nothing).
    Nothing,
    /// A point.
    Point,
    /// A polygon, made ready.
    Area,
    /// Anything else.
    Other,
}

/// Rows of the build side, ready to be asked.
#[derive(Debug)]
pub struct Block {
    /// All columns.
    pub batch: RecordBatch,
    /// The geometries.
    pub geometry: BinaryArray,
    /// What each row is.
    pub kinds: Vec<Kind>,
    /// Each row's extent.
    pub extents: Vec<Extent>,
    /// The polygons.
    pub areas: Areas,
    /// Each row's polygon.
    pub numbers: Vec<Option<u32>>,
    /// Rows whose geometry has no point.
    pub empties: Vec<u32>,
    /// The coordinate systems that geometries say themselves.
    pub srids: Srids,
    /// Each row's distance, when that is a column of this side.
    pub limits: Option<Vec<f64>>,
    /// Extents grown by that distance, or by the one that is the same for all.
    reach: Option<Vec<Extent>>,
    /// Whether nothing is known of where partners lie: the probe side says how far it looks, or they have no place.
    boundless: bool,
    by_point: OnceLock<Grid>,
    by_extent: OnceLock<Grid>,
    tree: OnceLock<Tree>,
    /// Which rows have found a partner.
    pub matched: Arc<Bits>,
    /// What orders rows that are equally near.
    ties: Vec<ArrayRef>,
    rows: OnceLock<Option<Rows>>,
    by_values: OnceLock<Vec<u32>>,
    /// How many threads may make a grid.
    threads: usize,
}

/// Threads share no fewer rows that are only looked at ...
const FEWEST_ROWS: usize = 1 << 12;
/// ... and no fewer that may be polygons to be made ready.
const FEWEST_POLYGONS: usize = 1 << 8;

/// The first look at some of the rows, and the coordinate systems they say themselves.
fn looked_at(geometry: &BinaryArray, rows: Range<usize>, first: usize, on: &SpatialOn) -> Result<(Vec<Glance>, Srids)> {
    let mut seen = vec![Glance::Empty; rows.len()];
    let mut srids = Srids::default();
    each_geometry(&geometry.slice(rows.start, rows.len()), |place, bytes| {
        let row = first + rows.start + place;
        srids.note(bytes, row);
        let found = glance(bytes).map_err(|error| at(on, LEFT, row, &error))?;
        laid_out(on, &found.extent()).map_err(|error| at(on, LEFT, row, &error))?;
        seen[place] = found;
        Ok(())
    })?;
    Ok((seen, srids))
}

/// Some of the rows, made ready.
#[derive(Default)]
struct Prepared {
    kinds: Vec<Kind>,
    extents: Vec<Extent>,
    areas: Areas,
    numbers: Vec<Option<u32>>,
    empties: Vec<u32>,
}

impl Prepared {
    /// Makes rows ready, of which `seen` is the first look; an error comes with its row.
    fn new(
        geometry: &BinaryArray,
        seen: &[Glance],
        rows: Range<usize>,
        on: &SpatialOn,
    ) -> Result<Self, (usize, GeoError)> {
        let mut new = Self::default();
        let mut draft = Draft::default();
        for row in rows {
            let mut number = None;
            new.kinds.push(match seen[row] {
                Glance::Empty => {
                    if geometry.is_valid(row) {
                        new.empties.push(row as u32);
                    }
                    Kind::Nothing
                }
                Glance::Point(..) => Kind::Point,
                Glance::Area(_) if on.prepares() => {
                    let pushed = new.areas.push_bytes(geometry.value(row), &mut draft);
                    number = pushed.map_err(|error| (row, error))?;
                    if number.is_some() { Kind::Area } else { Kind::Other }
                }
                Glance::Area(_) | Glance::Other(_) => Kind::Other,
            });
            new.extents.push(on.laid_out(&seen[row].extent()));
            new.numbers.push(number);
        }
        Ok(new)
    }

    /// Takes in the rows that follow.
    fn append(&mut self, mut next: Self) {
        match self.areas.append(next.areas) {
            Some(moved) => next.numbers.iter_mut().flatten().for_each(|number| *number += moved),
            // More than can be counted: the condition itself decides about them.
            None => {
                next.numbers.fill(None);
                let areas = next.kinds.iter_mut().filter(|kind| **kind == Kind::Area);
                areas.for_each(|kind| *kind = Kind::Other);
            }
        }
        self.kinds.append(&mut next.kinds);
        self.extents.append(&mut next.extents);
        self.numbers.append(&mut next.numbers);
        self.empties.append(&mut next.empties);
    }
}

impl Block {
    /// Looks at every geometry of the batch, whose type must be the left side's and which begins with its row `first`.
    /// As many as `threads` threads work at it, and later at its grids.
    ///
    /// # Errors
    /// Bytes that are no geometry, distances below zero.
    pub fn new(batch: RecordBatch, first: usize, on: &SpatialOn, matched: Arc<Bits>, threads: usize) -> Result<Self> {
        let rows = batch.num_rows();
        let mut geometry = geometries(&on.left, &batch)?;
        let (mut seen, mut srids) = (Vec::with_capacity(rows), Srids::default());
        for piece in in_pieces(threads, rows, FEWEST_ROWS, |rows| looked_at(&geometry, rows, first, on)) {
            let (of_piece, theirs) = piece?;
            seen.extend(of_piece);
            srids.join(&theirs);
        }
        // While the rows still stand where the user has them, so that an error names the right one.
        let mut limits = match &on.limit {
            Some(Limit::Column(JoinSide::Left, expr)) => Some(distances(on, LEFT, first, expr, &batch)?),
            Some(Limit::Constant(limit)) if is_no_distance(*limit) && refuses_negative(on.function()) => {
                return Err(at(on, LEFT, first, &no_distance(*limit)));
            }
            _ => None,
        };
        let mut batch = batch;
        if rows >= MANY_ROWS {
            let order = by_place(&seen);
            batch = take_record_batch(&batch, &order)?;
            geometry = match on.left.downcast_ref::<Column>() {
                Some(_) => geometries(&on.left, &batch)?,
                None => take(&geometry, &order, None)?.as_binary::<i32>().clone(),
            };
            seen = order.values().iter().map(|row| seen[*row as usize]).collect();
            limits = limits.map(|limits| order.values().iter().map(|row| limits[*row as usize]).collect());
        }
        let mut prepared = Prepared::default();
        let least = if on.prepares() { FEWEST_POLYGONS } else { FEWEST_ROWS };
        for piece in in_pieces(threads, rows, least, |rows| Prepared::new(&geometry, &seen, rows, on)) {
            prepared.append(piece.map_err(|(row, error)| at(on, LEFT, first + row, &error))?);
        }
        let Prepared { kinds, extents, areas, numbers, empties } = prepared;
        let ties = on.ties.iter().map(|tie| tie.evaluate(&batch)?.into_array(rows)).collect::<Result<_>>()?;
        let grown = |extent: &Extent, limit: f64| on.grown(extent, limit);
        let reach = match (&limits, &on.limit) {
            (Some(limits), _) => {
                Some(extents.iter().zip(limits).map(|(extent, limit)| grown(extent, *limit)).collect())
            }
            (None, Some(Limit::Constant(limit))) => Some(extents.iter().map(|extent| grown(extent, *limit)).collect()),
            _ => None,
        };
        let boundless =
            matches!(on.limit, Some(Limit::Column(JoinSide::Right, _))) || (on.pairs_empties() && !empties.is_empty());
        Ok(Self {
            batch,
            geometry,
            kinds,
            extents,
            areas,
            numbers,
            empties,
            srids,
            limits,
            reach,
            boundless,
            by_point: OnceLock::new(),
            by_extent: OnceLock::new(),
            tree: OnceLock::new(),
            matched,
            ties,
            rows: OnceLock::new(),
            by_values: OnceLock::new(),
            threads,
        })
    }

    /// The extents pairs are found by: of the geometries, or of what is within their distance.
    pub fn reach(&self) -> &[Extent] {
        self.reach.as_deref().unwrap_or(&self.extents)
    }

    /// The grid for points, whose cells know the polygons' inside.
    pub fn by_point(&self) -> &Grid {
        let areas = Some((&self.areas, self.numbers.as_slice()));
        self.by_point.get_or_init(|| Grid::new(Items { extents: self.reach(), areas }, self.threads))
    }

    /// The grid for extents.
    pub fn by_extent(&self) -> &Grid {
        self.by_extent.get_or_init(|| Grid::new(Items { extents: self.reach(), areas: None }, self.threads))
    }

    /// The tree for nearest neighbours.
    pub fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| Tree::new(&self.extents))
    }

    /// The extent of everything that can match.
    pub fn extent(&self) -> Extent {
        if self.boundless {
            return Extent::EVERYWHERE;
        }
        let mut extent = Extent::EMPTY;
        self.reach().iter().filter(|item| !item.is_empty()).for_each(|item| extent.join(item));
        extent
    }

    /// Orders two rows by the values of all their columns, so that the order does not depend on where they stood.
    pub fn compare(&self, a: u32, b: u32) -> Order {
        match self.rows() {
            Some(rows) => rows.row(a as usize).cmp(&rows.row(b as usize)),
            None => self.geometry.value(a as usize).cmp(self.geometry.value(b as usize)),
        }
    }

    /// All rows in that order.
    pub fn by_values(&self) -> &[u32] {
        self.by_values.get_or_init(|| {
            let mut rows = (0..self.batch.num_rows() as u32).collect::<Vec<_>>();
            rows.sort_by(|a, b| self.compare(*a, *b));
            rows
        })
    }

    /// A row's values as bytes in the same order.
    pub fn row_bytes(&self, row: u32) -> Vec<u8> {
        match self.rows() {
            Some(rows) => rows.row(row as usize).as_ref().to_vec(),
            None => self.geometry.value(row as usize).to_vec(),
        }
    }

    fn rows(&self) -> Option<&Rows> {
        let made = self.rows.get_or_init(|| {
            let options = SortOptions { descending: false, nulls_first: false };
            let columns = self.ties.iter().chain(self.batch.columns()).cloned().collect::<Vec<_>>();
            let field = |column: &ArrayRef| SortField::new_with_options(column.data_type().clone(), options);
            let converter = RowConverter::new(columns.iter().map(field).collect());
            converter.and_then(|converter| converter.convert_columns(&columns)).ok()
        });
        made.as_ref()
    }

    /// Bytes of the grids and trees made so far.
    pub fn index_size(&self) -> usize {
        self.by_point.get().map_or(0, Grid::size)
            + self.by_extent.get().map_or(0, Grid::size)
            + self.tree.get().map_or(0, Tree::size)
            + self.rows.get().and_then(Option::as_ref).map_or(0, Rows::size)
    }

    /// Bytes it takes beside the batch, before any grid is made.
    pub fn size(&self) -> usize {
        let row = size_of::<Kind>() + size_of::<Extent>() + size_of::<Option<u32>>();
        self.kinds.len() * row
            + self.areas.size()
            + self.reach.as_ref().map_or(0, |reach| reach.len() * (size_of::<Extent>() + 8))
    }
}

/// From so many rows on, they are put in the order of their places, so that what is asked together lies together.
const MANY_ROWS: usize = 1 << 14;

/// Rows in the order of a Hilbert curve over their extents' south-west corners.
fn by_place(seen: &[Glance]) -> UInt32Array {
    let mut all = Extent::EMPTY;
    let place = |seen: &Glance| Some(seen.extent()).filter(|extent| extent.is_finite() && !extent.is_empty());
    seen.iter().filter_map(place).for_each(|extent| all.add(extent.min_x, extent.min_y));
    let scale = |low: f64, high: f64| if high > low { f64::from(u16::MAX) / (high - low) } else { 0.0 };
    let (scale_x, scale_y) = (scale(all.min_x, all.max_x), scale(all.min_y, all.max_y));
    let key = |seen: &Glance| {
        place(seen).map_or(0, |extent| {
            hilbert(((extent.min_x - all.min_x) * scale_x) as u32, ((extent.min_y - all.min_y) * scale_y) as u32)
        })
    };
    let mut keyed = seen.iter().enumerate().map(|(row, seen)| (key(seen), row as u32)).collect::<Vec<_>>();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect::<Vec<_>>().into()
}

/// Bits that several threads may set.
#[derive(Debug, Default)]
pub struct Bits {
    words: Vec<AtomicU64>,
}

impl Bits {
    /// As many, none set.
    pub fn new(length: usize) -> Self {
        Self { words: (0..length.div_ceil(64)).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Sets one; nothing happens when nobody keeps them.
    pub fn set(&self, place: u32) {
        if let Some(word) = self.words.get(place as usize / 64) {
            let bit = 1 << (place % 64);
            // Most bits are set many times: reading first keeps the line shared between threads.
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
    }

    /// Reads one.
    pub fn get(&self, place: usize) -> bool {
        self.words.get(place / 64).is_some_and(|word| word.load(Ordering::Acquire) >> (place % 64) & 1 == 1)
    }
}
