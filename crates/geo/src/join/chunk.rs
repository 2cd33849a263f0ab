//! Rows of the probe side gathered for one search: many, because a search that visits places in their order finds the
//! shapes around them still in the processor's cache.

use std::sync::OnceLock;

use arrow::array::{Array, ArrayRef, BinaryArray, RecordBatch};
use arrow::compute::concat;
use datafusion::common::{JoinSide, Result};

use super::column::{RIGHT, at, batch_bytes, distances, each_geometry, geometries, laid_out};
use super::extent::{Extent, Glance, glance};
use super::grid::Grid;
use super::predicate::{Limit, SpatialOn};
use super::srids::Srids;

/// A point of the probe side.
#[derive(Debug, Clone, Copy)]
pub struct Dot {
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
    /// The row in the chunk.
    pub row: u32,
}

/// A geometry of the probe side that is no point.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its extent.
    pub extent: Extent,
    /// The row in the chunk.
    pub row: u32,
    /// Whether it is a polygon or several.
    pub area: bool,
}

/// Rows of the probe side.
#[derive(Debug, Default)]
pub struct Chunk {
    batches: Vec<RecordBatch>,
    geometries: Vec<BinaryArray>,
    /// The chunk's row each batch begins at.
    starts: Vec<u32>,
    rows: usize,
    bytes: usize,
    /// The points.
    pub dots: Vec<Dot>,
    /// Everything else that has a point.
    pub shapes: Vec<Shape>,
    /// Rows whose geometry has no point.
    pub empties: Vec<u32>,
    /// Rows without a geometry.
    pub nulls: Vec<u32>,
    /// The coordinate systems that geometries say themselves.
    pub srids: Srids,
    /// Each row's distance, when that is a column of this side.
    pub limits: Option<Vec<f64>>,
    columns: Vec<OnceLock<ArrayRef>>,
}

impl Chunk {
    /// Takes in a batch.
    ///
    /// # Errors
    /// Bytes that are no geometry.
    pub fn push(&mut self, batch: RecordBatch, on: &SpatialOn) -> Result<()> {
        let geometry = geometries(&on.right, &batch)?;
        let start = self.rows as u32;
        self.dots.reserve(batch.num_rows());
        each_geometry(&geometry, |row, bytes| {
            let number = start + row as u32;
            self.srids.note(bytes, row);
            let seen = glance(bytes).map_err(|error| at(on, RIGHT, row, &error))?;
            let extent = laid_out(on, &seen.extent()).map_err(|error| at(on, RIGHT, row, &error))?;
            match seen {
                Glance::Point(x, y) => self.dots.push(Dot { x, y, row: number }),
                Glance::Empty => self.empties.push(number),
                Glance::Area(_) => self.shapes.push(Shape { extent, row: number, area: true }),
                Glance::Other(_) => self.shapes.push(Shape { extent, row: number, area: false }),
            }
            Ok(())
        })?;
        if geometry.null_count() > 0 {
            let null = |row: &usize| geometry.is_null(*row);
            self.nulls.extend((0..geometry.len()).filter(null).map(|row| start + row as u32));
        }
        if let Some(Limit::Column(JoinSide::Right, expr)) = &on.limit {
            self.limits.get_or_insert_default().extend(distances(on, RIGHT, 0, expr, &batch)?);
        }
        self.rows += batch.num_rows();
        self.bytes += batch_bytes(&batch);
        self.starts.push(start);
        self.geometries.push(geometry);
        self.columns.resize_with(batch.num_columns(), OnceLock::new);
        self.batches.push(batch);
        Ok(())
    }

    /// The batches it took in.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// How many rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes its batches take, about.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts everything but points in the order of the grid's cells.
    pub fn sort_shapes(&mut self, grid: &Grid) {
        self.shapes.sort_by_cached_key(|shape| grid.key(shape.extent.min_x, shape.extent.min_y));
    }

    /// Puts the points in the order of the grid's cells, in which a search is fastest.
    pub fn sort(&mut self, grid: &Grid) {
        let keys = grid.keys() as usize;
        // Few points or few cells stay in the cache anyway.
        if self.dots.len() < 1 << 12 || keys < 1 << 10 {
            return;
        }
        // A radix sort of two passes over (cell, place).
        let bits = usize::BITS - keys.leading_zeros();
        let low_bits = bits / 2;
        let mask = (1_u64 << low_bits) - 1;
        let tagged = self.dots.iter().enumerate();
        let mut from =
            tagged.map(|(place, dot)| u64::from(grid.key(dot.x, dot.y)) << 32 | place as u64).collect::<Vec<_>>();
        let mut to = vec![0_u64; from.len()];
        for (shift, mask) in [(32, mask), (32 + low_bits, (1 << (bits - low_bits)) - 1)] {
            let digit = |value: u64| (value >> shift & mask) as usize;
            let mut starts = vec![0_u32; mask as usize + 2];
            from.iter().for_each(|value| starts[digit(*value) + 1] += 1);
            for place in 1..starts.len() {
                starts[place] += starts[place - 1];
            }
            for value in &from {
                let start = &mut starts[digit(*value)];
                to[*start as usize] = *value;
                *start += 1;
            }
            std::mem::swap(&mut from, &mut to);
        }
        self.dots = from.iter().map(|value| self.dots[(*value & u64::from(u32::MAX)) as usize]).collect();
    }

    /// The geometry of a row.
    pub fn geometry(&self, row: u32) -> &[u8] {
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        self.geometries[batch].value((row - self.starts[batch]) as usize)
    }

    /// A column over all rows.
    ///
    /// # Errors
    /// More bytes of text or binary than a column can hold.
    pub fn column(&self, index: usize) -> Result<&ArrayRef> {
        if let Some(column) = self.columns[index].get() {
            return Ok(column);
        }
        let parts = self.batches.iter().map(|batch| batch.column(index).as_ref()).collect::<Vec<_>>();
        let column = concat(&parts)?;
        Ok(self.columns[index].get_or_init(|| column))
    }
}
