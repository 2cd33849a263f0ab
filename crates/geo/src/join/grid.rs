//! Which shapes may be at a place: a grid whose crowded cells hold grids of their own.
//!
//! Every item is listed in each cell it may touch. For polygons asked about points, cells are told apart further by
//! their edges: a cell that no edge comes near is either wholly inside (listed as *full*: a hit without any test) or
//! wholly outside (not listed). An item full in a cell is not handed down to the grids inside that cell, so that
//! large shapes over many small ones cost no more than their borders.

use super::area::{Areas, Position};
use super::extent::Extent;

/// Set on an entry whose item covers the whole cell.
const FULL: u32 = 1 << 31;
/// Set on an entry that names the cell's own grid.
const CHILD: u32 = 1 << 30;
/// Cells about for each item.
const CELLS_AN_ITEM: usize = 16;
/// The same where there are very many items.
const FEWER_CELLS_AN_ITEM: usize = 2;
/// Cells of the outermost grid at least: few large shapes have much inside that needs no test.
const FEWEST_CELLS: usize = 4096;
/// From so many items on, fewer cells.
const MANY_ITEMS: usize = 1 << 18;
/// A cell with more entries than this gets a grid of its own, if that divides them.
const CROWDED: usize = 16;
/// The same for polygons asked about points, whose cells tell the inside from the border ...
const CROWDED_BY_AREAS: usize = 2;
/// ... as long as one of them is fewer cells wide and high than this: then most of it would be border.
const CELLS_ACROSS: f64 = 6.0;
/// How deep grids nest.
const DEEPEST: usize = 12;
/// Listed entries stay below this many an item, whatever the shapes.
const MOST_ENTRIES_AN_ITEM: usize = 256;

/// What a grid is built over.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    /// An extent for each item; items with an empty one are in no cell.
    pub extents: &'a [Extent],
    /// The polygons, and for each item its number there, when the grid will be asked about points only.
    pub areas: Option<(&'a Areas, &'a [Option<u32>])>,
}

#[derive(Debug)]
struct Node {
    low_x: f64,
    low_y: f64,
    scale_x: f64,
    scale_y: f64,
    columns: u32,
    rows: u32,
    /// The first cell's place in `starts`.
    first: u32,
}

/// The grid.
#[derive(Debug)]
pub struct Grid {
    nodes: Vec<Node>,
    /// Where a cell's entries begin; they end where the next cell's begin.
    starts: Vec<u32>,
    entries: Vec<u32>,
    /// Items whose extents are no finite numbers: they may be anywhere.
    anywhere: Vec<u32>,
    extent: Extent,
}

impl Grid {
    /// Builds the grid.
    pub fn new(items: Items) -> Self {
        let mut extent = Extent::EMPTY;
        let mut listed = Vec::new();
        let mut anywhere = Vec::new();
        for (number, item) in items.extents.iter().enumerate().filter(|(_, item)| !item.is_empty()) {
            if item.is_finite() {
                extent.join(item);
                listed.push(number as u32);
            } else {
                anywhere.push(number as u32);
            }
        }
        let mut grid = Self { nodes: Vec::new(), starts: Vec::new(), entries: Vec::new(), anywhere, extent };
        if !listed.is_empty() {
            let most = listed.len().saturating_mul(MOST_ENTRIES_AN_ITEM);
            grid.divide(items, extent, &listed, 0, most);
        }
        grid
    }

    /// Bytes it takes.
    pub const fn size(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + (self.starts.capacity() + self.entries.capacity()) * 4
    }

    /// A number that is near for points that are near: the cell of the outermost grid.
    pub fn key(&self, x: f64, y: f64) -> u32 {
        self.nodes.first().map_or(0, |node| node.row(y) * node.columns + node.column(x))
    }

    /// One more than the largest key.
    pub fn keys(&self) -> u32 {
        self.nodes.first().map_or(1, |node| node.columns * node.rows)
    }

    /// Calls `found(item, full)` for each item that may hold the point, and only once.
    #[inline]
    pub fn at(&self, x: f64, y: f64, mut found: impl FnMut(u32, bool)) {
        self.anywhere.iter().for_each(|item| found(*item, false));
        if !self.extent.holds(x, y) {
            return;
        }
        let mut node = 0;
        loop {
            let mut inner = None;
            for entry in self.cell(&self.nodes[node], x, y) {
                if entry & CHILD == 0 {
                    found(entry & !FULL, entry & FULL != 0);
                } else {
                    inner = Some((entry & !CHILD) as usize);
                }
            }
            match inner {
                Some(next) => node = next,
                None => return,
            }
        }
    }

    /// Calls `found(item)` once for each item whose extent meets `probe`. Only for grids over extents.
    pub fn within(&self, extents: &[Extent], probe: &Extent, mut found: impl FnMut(u32)) {
        self.anywhere.iter().filter(|item| extents[**item as usize].meets(probe)).for_each(|item| found(*item));
        if !self.nodes.is_empty() && self.extent.meets(probe) {
            self.visit(0, None, extents, probe, &mut found);
        }
    }

    fn visit(&self, node: usize, above: Option<&Way>, extents: &[Extent], probe: &Extent, found: &mut impl FnMut(u32)) {
        let node = &self.nodes[node];
        for row in node.row(probe.min_y)..=node.row(probe.max_y) {
            for column in node.column(probe.min_x)..=node.column(probe.max_x) {
                let cell = (node.first + row * node.columns + column) as usize;
                let way = Way { node, row, column, above };
                for entry in &self.entries[self.starts[cell] as usize..self.starts[cell + 1] as usize] {
                    if entry & CHILD != 0 {
                        self.visit((entry & !CHILD) as usize, Some(&way), extents, probe, found);
                        continue;
                    }
                    let item = &extents[(entry & !FULL) as usize];
                    // The south-west corner of what two extents share lies in one cell only: there the pair counts.
                    if item.meets(probe) && way.holds(item.min_x.max(probe.min_x), item.min_y.max(probe.min_y)) {
                        found(entry & !FULL);
                    }
                }
            }
        }
    }

    fn cell(&self, node: &Node, x: f64, y: f64) -> &[u32] {
        let cell = (node.first + node.row(y) * node.columns + node.column(x)) as usize;
        &self.entries[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// Makes a node over the items in `extent`; gives its number.
    fn divide(&mut self, items: Items, extent: Extent, listed: &[u32], depth: usize, most: usize) -> usize {
        let node = Node::new(&extent, listed.len(), if depth == 0 { FEWEST_CELLS } else { 1 });
        let cells = node.columns as usize * node.rows as usize;
        let mut marks = Vec::with_capacity(listed.len() * 4);
        for item in listed {
            node.mark(items, *item, |cell, full| marks.push((cell, item | if full { FULL } else { 0 })));
        }
        let mut starts = vec![0_u32; cells + 1];
        marks.iter().for_each(|(cell, _)| starts[*cell as usize + 1] += 1);
        for cell in 0..cells {
            starts[cell + 1] += starts[cell];
        }
        let mut sorted = vec![0_u32; marks.len()];
        let mut next = starts.clone();
        for (cell, entry) in marks {
            let place = &mut next[cell as usize];
            sorted[*place as usize] = entry;
            *place += 1;
        }
        let number = self.nodes.len();
        let first = self.starts.len();
        let least = if items.areas.is_some() { CROWDED_BY_AREAS } else { CROWDED };
        let crowded = |cell: usize| {
            let entries = &sorted[starts[cell] as usize..starts[cell + 1] as usize];
            entries.len() > least && entries.iter().filter(|entry| *entry & FULL == 0).count() > least
        };
        let mut inner = Vec::new();
        // The entries of this node come first, as one run; each crowded cell keeps room for its grid's number.
        for cell in 0..cells {
            self.starts.push(self.entries.len() as u32);
            let entries = &sorted[starts[cell] as usize..starts[cell + 1] as usize];
            if depth < DEEPEST && self.entries.len() < most && crowded(cell) {
                self.entries.extend(entries.iter().filter(|entry| *entry & FULL != 0));
                let handed = entries.iter().filter(|entry| *entry & FULL == 0).copied().collect::<Vec<_>>();
                let room = self.entries.len();
                if node.divides(items, cell, &handed) {
                    self.entries.push(CHILD);
                    inner.push((cell, room, handed));
                } else {
                    self.entries.extend(handed);
                }
            } else {
                self.entries.extend(entries);
            }
        }
        self.starts.push(self.entries.len() as u32);
        let rects = inner.iter().map(|(cell, ..)| node.rect(*cell)).collect::<Vec<_>>();
        self.nodes.push(Node { first: first as u32, ..node });
        for ((_, room, handed), rect) in inner.into_iter().zip(rects) {
            let child = self.divide(items, rect, &handed, depth + 1, most);
            self.entries[room] = CHILD | child as u32;
        }
        number
    }
}

/// A cell, and the cells of the grids around it.
struct Way<'a> {
    node: &'a Node,
    row: u32,
    column: u32,
    above: Option<&'a Way<'a>>,
}

impl Way<'_> {
    fn holds(&self, x: f64, y: f64) -> bool {
        self.node.row(y) == self.row
            && self.node.column(x) == self.column
            && self.above.is_none_or(|above| above.holds(x, y))
    }
}

impl Node {
    fn new(extent: &Extent, items: usize, fewest: usize) -> Self {
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
    fn column(&self, x: f64) -> u32 {
        (((x - self.low_x) * self.scale_x) as u32).min(self.columns - 1)
    }

    fn row(&self, y: f64) -> u32 {
        (((y - self.low_y) * self.scale_y) as u32).min(self.rows - 1)
    }

    fn width(&self) -> f64 {
        if self.scale_x > 0.0 { 1.0 / self.scale_x } else { 0.0 }
    }

    fn height(&self) -> f64 {
        if self.scale_y > 0.0 { 1.0 / self.scale_y } else { 0.0 }
    }

    fn rect(&self, cell: usize) -> Extent {
        let (row, column) = (cell as u32 / self.columns, cell as u32 % self.columns);
        let min_x = self.low_x + f64::from(column) * self.width();
        let min_y = self.low_y + f64::from(row) * self.height();
        Extent { min_x, min_y, max_x: min_x + self.width(), max_y: min_y + self.height() }
    }

    /// Whether cutting a cell would part its items: most of them take up less than half of it.
    fn divides(&self, items: Items, cell: usize, handed: &[u32]) -> bool {
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
    fn mark(&self, items: Items, item: u32, mut list: impl FnMut(u32, bool)) {
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
        let low = self.low_y + (f64::from(bottom) - MARGIN) * height;
        let high = self.low_y + (f64::from(top) + 1.0 + MARGIN) * height;
        for edge in areas.edges(number, low, high) {
            let (lower, upper) = if edge.a.y <= edge.b.y { (edge.a, edge.b) } else { (edge.b, edge.a) };
            if upper.y < low || lower.y > high {
                continue;
            }
            let from = self.row(lower.y - height * MARGIN).max(bottom);
            let to = self.row(upper.y + height * MARGIN).min(top);
            let slope = if upper.y > lower.y { (upper.x - lower.x) / (upper.y - lower.y) } else { 0.0 };
            let (west, east) = (lower.x.min(upper.x), lower.x.max(upper.x));
            for row in from..=to {
                let south = self.low_y + (f64::from(row) - MARGIN) * height;
                let north = south + height * (1.0 + 2.0 * MARGIN);
                let (mut x1, mut x2) = (west, east);
                if slope.is_finite() && upper.y > lower.y && to > from {
                    let at = |y: f64| lower.x + (y.clamp(lower.y, upper.y) - lower.y) * slope;
                    let (a, b) = (at(south), at(north));
                    (x1, x2) = (a.min(b).max(west), a.max(b).min(east));
                }
                let first = self.column(x1 - width * MARGIN).max(left);
                let last = self.column(x2 + width * MARGIN).min(right);
                for column in first..=last {
                    near[(row - bottom) as usize * columns + (column - left) as usize] = true;
                }
            }
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use geo::{Geometry, LineString, Polygon};
    use proptest::prelude::*;

    use super::*;

    fn polygon() -> impl Strategy<Value = Polygon> {
        let size = prop_oneof![Just(1.0), Just(10.0), Just(300.0)];
        (0.0..500.0, 0.0..500.0, size, prop::collection::vec(0.2..1.0_f64, 3..20)).prop_map(|(x, y, size, radii)| {
            let turn = std::f64::consts::TAU / radii.len() as f64;
            let corner = |(i, radius): (usize, &f64)| {
                let angle = i as f64 * turn;
                (x + radius * size * angle.cos(), y + radius * size * angle.sin())
            };
            Polygon::new(LineString::from(radii.iter().enumerate().map(corner).collect::<Vec<_>>()), vec![])
        })
    }

    proptest! {
        #[test]
        fn the_grid_finds_every_polygon_that_holds_a_point(
            polygons in prop::collection::vec(polygon(), 1..150),
            points in prop::collection::vec((-50.0..550.0_f64, -50.0..550.0_f64), 50),
        ) {
            let mut areas = Areas::default();
            let numbers = polygons.iter().map(|p| areas.push(&Geometry::Polygon(p.clone()))).collect::<Vec<_>>();
            let extents = numbers.iter().map(|n| *areas.extent(n.unwrap())).collect::<Vec<_>>();
            let grid = Grid::new(Items { extents: &extents, areas: Some((&areas, &numbers)) });
            for (x, y) in points {
                let mut found = Vec::new();
                grid.at(x, y, |item, full| {
                    let inside = areas.locate(item, x, y) == Position::Inside;
                    assert!(inside || !full);
                    if inside { found.push(item) }
                });
                found.sort_unstable();
                let all = (0..polygons.len() as u32).filter(|n| areas.locate(*n, x, y) == Position::Inside);
                prop_assert_eq!(found, all.collect::<Vec<_>>());
            }
        }

        #[test]
        fn each_extent_that_meets_is_found_once(
            boxes in prop::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, prop::bool::ANY), 1..200),
            probes in prop::collection::vec((-5.0..105.0_f64, -5.0..105.0_f64, 0.0..30.0_f64, 0.0..30.0_f64), 20),
        ) {
            let extents = boxes.iter().map(|(x, y, w, h, large)| {
                let size = if *large { 50.0 } else { 0.5 };
                Extent { min_x: *x, min_y: *y, max_x: x + w * size, max_y: y + h * size }
            }).collect::<Vec<_>>();
            let grid = Grid::new(Items { extents: &extents, areas: None });
            for (x, y, w, h) in probes {
                let probe = Extent { min_x: x, min_y: y, max_x: x + w, max_y: y + h };
                let mut found = Vec::new();
                grid.within(&extents, &probe, |item| found.push(item));
                let set = found.iter().copied().collect::<BTreeSet<_>>();
                prop_assert_eq!(set.len(), found.len());
                let all = (0..boxes.len() as u32).filter(|n| extents[*n as usize].meets(&probe)).collect::<BTreeSet<_>>();
                prop_assert_eq!(set, all);
            }
        }
    }

    #[test]
    fn many_items_at_one_place_do_not_divide_for_ever() {
        let extents = vec![Extent::of_point(1.0, 2.0); 10_000];
        let grid = Grid::new(Items { extents: &extents, areas: None });
        let mut count = 0;
        grid.at(1.0, 2.0, |_, _| count += 1);
        assert_eq!(count, 10_000);
        assert!(grid.entries.len() <= 20_000);
    }

    #[test]
    fn an_outlier_does_not_crowd_the_rest_into_one_cell() {
        let mut extents =
            (0..10_000).map(|i| Extent::of_point(f64::from(i % 100), f64::from(i / 100))).collect::<Vec<_>>();
        extents.push(Extent::of_point(1e9, 1e9));
        let grid = Grid::new(Items { extents: &extents, areas: None });
        let mut count = 0;
        grid.at(50.0, 50.0, |_, _| count += 1);
        assert!(count <= CROWDED, "{count}");
    }
}
