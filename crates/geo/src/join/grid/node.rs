//! One grid of cells, and which of them a shape touches or covers.

use super::super::area::Position;
use super::super::extent::Extent;
use super::Items;
use super::make::CROWDED;

/// Cells about for each item.
const CELLS_AN_ITEM: usize = 16;
/// The same where there are very many items.
const FEWER_CELLS_AN_ITEM: usize = 2;
/// From so many items on, fewer cells.
const MANY_ITEMS: usize = 1 << 18;
/// A cell crowded by polygons gets a grid of its own as long as one of them is fewer cells wide and high than this; in
/// the grid's cells most of such a polygon is border.
const CELLS_ACROSS: f64 = 6.0;

/// Cells of one size over an extent.
#[derive(Debug)]
pub struct Node {
    low_x: f64,
    low_y: f64,
    scale_x: f64,
    scale_y: f64,
    /// How many cells it is wide.
    pub columns: u32,
    /// How many it is high.
    pub rows: u32,
    /// The first cell's place in `starts`.
    pub first: u32,
}

impl Node {
    /// Cells over an extent for so many items, `fewest` at least.
    pub fn new(extent: &Extent, items: usize, fewest: usize) -> Self {
        let (width, height) = (extent.max_x - extent.min_x, extent.max_y - extent.min_y);
        let cells = items * if items < MANY_ITEMS { CELLS_AN_ITEM } else { FEWER_CELLS_AN_ITEM };
        let cells = cells.max(fewest) as f64;
        // Cells about as wide as high; a line of items is cut across only.
        let columns = (cells * width / height).sqrt();
        let columns = if columns.is_nan() { 1.0 } else { columns.clamp(1.0, cells) }.ceil();
        let rows = (cells / columns).ceil().max(1.0);
        let (columns, rows) = (if width > 0.0 { columns } else { 1.0 }, if height > 0.0 { rows } else { 1.0 });
        let scale = |cells: f64, length: f64| {
            let scale = cells / length;
            if scale.is_finite() { scale } else { 0.0 }
        };
        Self {
            low_x: extent.min_x,
            low_y: extent.min_y,
            scale_x: scale(columns, width),
            scale_y: scale(rows, height),
            columns: columns as u32,
            rows: rows as u32,
            first: 0,
        }
    }

    /// Monotone in x, so that what lies between two points lies between their columns; outside counts to the rim.
    pub fn column(&self, x: f64) -> u32 {
        (((x - self.low_x) * self.scale_x) as u32).min(self.columns - 1)
    }

    /// The same for y.
    pub fn row(&self, y: f64) -> u32 {
        (((y - self.low_y) * self.scale_y) as u32).min(self.rows - 1)
    }

    fn width(&self) -> f64 {
        if self.scale_x > 0.0 { 1.0 / self.scale_x } else { 0.0 }
    }

    fn height(&self) -> f64 {
        if self.scale_y > 0.0 { 1.0 / self.scale_y } else { 0.0 }
    }

    /// What a cell covers.
    pub fn rect(&self, cell: usize) -> Extent {
        let (row, column) = (cell as u32 / self.columns, cell as u32 % self.columns);
        let min_x = self.low_x + f64::from(column) * self.width();
        let min_y = self.low_y + f64::from(row) * self.height();
        Extent { min_x, min_y, max_x: min_x + self.width(), max_y: min_y + self.height() }
    }

    /// Whether cutting a cell would part its items: most of them take up less than half of it.
    pub fn divides(&self, items: Items, cell: usize, handed: &[u32]) -> bool {
        let rect = self.rect(cell);
        let (width, height) = (rect.max_x - rect.min_x, rect.max_y - rect.min_y);
        if !(width > self.least(rect.max_x, rect.min_x) || height > self.least(rect.max_y, rect.min_y)) {
            return false;
        }
        if let Some((_, numbers)) = items.areas
            && handed.len() <= CROWDED
        {
            return handed.iter().any(|number| {
                let item = &items.extents[*number as usize];
                numbers[*number as usize].is_some()
                    && item.max_x - item.min_x < width * CELLS_ACROSS
                    && item.max_y - item.min_y < height * CELLS_ACROSS
            });
        }
        let small = handed.iter().filter(|item| {
            let item = &items.extents[**item as usize];
            let share = |low: f64, high: f64, from: f64, to: f64| (high.min(to) - low.max(from)) / (to - from);
            let (x, y) = (
                share(item.min_x, item.max_x, rect.min_x, rect.max_x),
                share(item.min_y, item.max_y, rect.min_y, rect.max_y),
            );
            items.areas.is_some() || x < 0.5 || y < 0.5
        });
        // Items that are one point, all the same, cannot be parted.
        let first = &items.extents[handed[0] as usize];
        small.count() * 2 > handed.len() && handed.iter().any(|item| items.extents[*item as usize] != *first)
    }

    /// Below this length, rounding could put a point on the wrong side of a cell's border.
    fn least(&self, a: f64, b: f64) -> f64 {
        a.abs().max(b.abs()) * 1e-10
    }

    /// Calls `list(cell, full)` for each cell an item may touch.
    pub fn mark(&self, items: Items, item: u32, mut list: impl FnMut(u32, bool)) {
        let extent = &items.extents[item as usize];
        let (left, right) = (self.column(extent.min_x), self.column(extent.max_x));
        let (bottom, top) = (self.row(extent.min_y), self.row(extent.max_y));
        let area = items.areas.and_then(|(areas, numbers)| Some((areas, numbers[item as usize]?)));
        let (width, height) = (self.width(), self.height());
        let coarse =
            width <= self.least(extent.min_x, extent.max_x) || height <= self.least(extent.min_y, extent.max_y);
        let (Some((areas, number)), false) = (area, coarse) else {
            for row in bottom..=top {
                for column in left..=right {
                    let rect = self.rect((row * self.columns + column) as usize);
                    // A point on the border may count to either cell: only what reaches beyond it covers the cell.
                    let full = items.areas.is_none()
                        && extent.min_x < rect.min_x - width * MARGIN
                        && extent.max_x > rect.max_x + width * MARGIN
                        && extent.min_y < rect.min_y - height * MARGIN
                        && extent.max_y > rect.max_y + height * MARGIN;
                    list(row * self.columns + column, full);
                }
            }
            return;
        };
        // For each row, the cells that an edge comes near, with a margin far larger than any rounding.
        let columns = (right - left + 1) as usize;
        let mut near = vec![false; columns * (top - bottom + 1) as usize];
        let (aside, above) = (width * MARGIN, height * MARGIN);
        let low = self.low_y + f64::from(bottom) * height - above;
        let high = self.low_y + f64::from(top + 1) * height + above;
        // An edge beyond the cells is near none of them, not even those at the rim.
        let first = self.low_x + f64::from(left) * width - aside;
        let last = self.low_x + f64::from(right + 1) * width + aside;
        areas.each_edge(number, low, high, |edge| {
            let (south, north) = in_order(edge.a.y, edge.b.y);
            let (west, east) = in_order(edge.a.x, edge.b.x);
            if north < low || south > high || east < first || west > last {
                return;
            }
            let from = self.row(south - above).max(bottom);
            let to = self.row(north + above).min(top);
            let mut mark = |row: u32, x1: f64, x2: f64| {
                let first = self.column(x1 - aside).max(left);
                let last = self.column(x2 + aside).min(right);
                let row = (row - bottom) as usize * columns;
                for column in first..=last {
                    near[row + (column - left) as usize] = true;
                }
            };
            if to <= from {
                return mark(from, west, east);
            }
            let slope = (edge.b.x - edge.a.x) / (edge.b.y - edge.a.y);
            for row in from..=to {
                if !slope.is_finite() {
                    mark(row, west, east);
                    continue;
                }
                let at = |y: f64| edge.a.x + (y.clamp(south, north) - edge.a.y) * slope;
                let y = self.low_y + (f64::from(row) - MARGIN) * height;
                let (x1, x2) = in_order(at(y), at(y + height * (1.0 + 2.0 * MARGIN)));
                mark(row, x1.max(west), x2.min(east));
            }
        });
        for row in bottom..=top {
            let y = self.low_y + (f64::from(row) + 0.5) * height;
            // Cells in a row with no edge between them are on the same side.
            let mut known = None;
            for column in left..=right {
                let cell = row * self.columns + column;
                if near[(row - bottom) as usize * columns + (column - left) as usize] {
                    known = None;
                    list(cell, false);
                    continue;
                }
                let x = self.low_x + (f64::from(column) + 0.5) * width;
                let inside = *known.get_or_insert_with(|| areas.locate(number, x, y) == Position::Inside);
                if inside {
                    list(cell, true);
                }
            }
        }
    }
}

/// The part of a cell by which edges are widened when cells are told apart.
const MARGIN: f64 = 1e-3;

/// Two numbers, the lesser first.
#[inline]
fn in_order(a: f64, b: f64) -> (f64, f64) {
    if a <= b { (a, b) } else { (b, a) }
}
