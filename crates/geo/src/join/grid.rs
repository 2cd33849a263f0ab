//! Which shapes may be at a place: a grid whose crowded cells hold grids of their own.
//!
//! Every item is listed in each cell it may touch. For polygons asked about points, cells are told apart further by
//! their edges: a cell that no edge comes near is either wholly inside (listed as *full*: a hit without any test) or
//! wholly outside (not listed). An item full in a cell is not handed down to the grids inside that cell, so that
//! large shapes over many small ones cost no more than their borders.

mod make;
mod node;

use super::area::Areas;
use super::extent::Extent;
use node::Node;

/// Set on an entry whose item covers the whole cell.
const FULL: u32 = 1 << 31;
/// Set on an entry that names the cell's own grid.
const CHILD: u32 = 1 << 30;

/// What a grid is built over.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    /// An extent for each item; items with an empty one are in no cell.
    pub extents: &'a [Extent],
    /// The polygons, and for each item its number there, when the grid will be asked about points only.
    pub areas: Option<(&'a Areas, &'a [Option<u32>])>,
}

/// The grid.
#[derive(Debug, Default)]
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

#[cfg(test)]
mod tests;
