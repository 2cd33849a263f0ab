//! Making a grid: from the outermost cells inwards.

use super::super::extent::Extent;
use super::super::parallel::in_pieces;
use super::node::Node;
use super::{CHILD, FULL, Grid, Items};

/// A cell with more entries than this gets a grid of its own, if that divides them.
pub const CROWDED: usize = 16;
/// The same for polygons asked about points, whose cells tell the inside from the border.
const CROWDED_BY_AREAS: usize = 2;
/// How deep grids nest.
const DEEPEST: usize = 12;
/// Listed entries stay below this many an item, whatever the shapes.
const MOST_ENTRIES_AN_ITEM: usize = 256;
/// Cells of the outermost grid at least: few large shapes have much inside that needs no test.
const FEWEST_CELLS: usize = 4096;
/// Threads share no fewer items ...
const FEWEST_ITEMS: usize = 1 << 8;
/// ... and no fewer crowded cells.
const FEWEST_CROWDED: usize = 1 << 5;

/// A crowded cell.
struct Crowded {
    extent: Extent,
    /// Where the number of its grid belongs among the entries.
    room: usize,
    /// The items that are not everywhere in it.
    items: Vec<u32>,
}

impl Grid {
    /// Builds the grid, by as many as `threads` threads.
    pub fn new(items: Items, threads: usize) -> Self {
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
        let mut grid = Self { anywhere, extent, ..Self::default() };
        if !listed.is_empty() {
            let most = listed.len().saturating_mul(MOST_ENTRIES_AN_ITEM);
            grid.divide_among(items, &extent, &listed, most, threads);
        }
        grid
    }

    /// Makes the outermost grid, which lists `most` entries with all that is in it. Each crowded cell has its share of
    /// them, so that the grid is the same whatever the number of threads.
    fn divide_among(&mut self, items: Items, extent: &Extent, listed: &[u32], most: usize, threads: usize) {
        let node = Node::new(extent, listed.len(), FEWEST_CELLS);
        let mut left = most;
        let (_, inner) = self.list(items, node, listed, threads, &mut left, 0);
        let all = inner.iter().map(|cell| cell.items.len()).sum::<usize>().max(1);
        let made = in_pieces(threads, inner.len(), FEWEST_CROWDED, |range| {
            let mut grid = Self::default();
            let divide = |cell: &Crowded| {
                let mut share = left.saturating_mul(cell.items.len()) / all;
                (cell.room, grid.divide(items, cell, 1, &mut share))
            };
            let children = inner[range].iter().map(divide).collect::<Vec<_>>();
            (grid, children)
        });
        for (grid, children) in made {
            let moved = self.append(grid);
            for (room, child) in children {
                self.entries[room] = CHILD | (child + moved);
            }
        }
    }

    /// Makes the grid of a crowded cell, of `left` entries; gives its node's number.
    fn divide(&mut self, items: Items, cell: &Crowded, depth: usize, left: &mut usize) -> u32 {
        let node = Node::new(&cell.extent, cell.items.len(), 1);
        let (number, inner) = self.list(items, node, &cell.items, 1, left, depth);
        for cell in inner {
            let child = self.divide(items, &cell, depth + 1, left);
            self.entries[cell.room] = CHILD | child;
        }
        number
    }

    /// Lists items in a node's cells; gives its number, and the cells that are to have grids of their own.
    fn list(
        &mut self,
        items: Items,
        mut node: Node,
        listed: &[u32],
        threads: usize,
        left: &mut usize,
        depth: usize,
    ) -> (u32, Vec<Crowded>) {
        let cells = node.columns as usize * node.rows as usize;
        let marks = in_pieces(threads, listed.len(), FEWEST_ITEMS, |range| {
            let mut marks = Vec::with_capacity(range.len() * 4);
            for item in &listed[range] {
                node.mark(items, *item, |cell, full| marks.push((cell, item | if full { FULL } else { 0 })));
            }
            marks
        });
        let mut starts = vec![0_u32; cells + 1];
        marks.iter().flatten().for_each(|(cell, _)| starts[*cell as usize + 1] += 1);
        for cell in 0..cells {
            starts[cell + 1] += starts[cell];
        }
        let mut sorted = vec![0_u32; starts[cells] as usize];
        let mut next = starts.clone();
        for (cell, entry) in marks.into_iter().flatten() {
            let place = &mut next[cell as usize];
            sorted[*place as usize] = entry;
            *place += 1;
        }
        let least = if items.areas.is_some() { CROWDED_BY_AREAS } else { CROWDED };
        *left = left.saturating_sub(sorted.len());
        let may_divide = depth < DEEPEST && *left > 0;
        let mut inner = Vec::new();
        let (number, first) = (self.nodes.len() as u32, self.starts.len() as u32);
        // The entries of this node come first, as one run; each crowded cell keeps room for its grid's number.
        self.starts.reserve(cells + 1);
        for cell in 0..cells {
            self.starts.push(self.entries.len() as u32);
            let entries = &sorted[starts[cell] as usize..starts[cell + 1] as usize];
            let border = |entry: &&u32| *entry & FULL == 0;
            let crowded = entries.len() > least && entries.iter().filter(border).count() > least;
            if may_divide && crowded {
                self.entries.extend(entries.iter().filter(|entry| !border(entry)));
                let handed = entries.iter().filter(border).copied().collect::<Vec<_>>();
                if node.divides(items, cell, &handed) {
                    inner.push(Crowded { extent: node.rect(cell), room: self.entries.len(), items: handed });
                    self.entries.push(CHILD);
                } else {
                    self.entries.extend(handed);
                }
            } else {
                self.entries.extend(entries);
            }
        }
        self.starts.push(self.entries.len() as u32);
        node.first = first;
        self.nodes.push(node);
        (number, inner)
    }

    /// Takes in the nodes of another grid, whose numbers become larger by the number returned.
    fn append(&mut self, other: Self) -> u32 {
        let (nodes, starts) = (self.nodes.len() as u32, self.starts.len() as u32);
        let entries = self.entries.len() as u32;
        self.nodes.extend(other.nodes.into_iter().map(|mut node| {
            node.first += starts;
            node
        }));
        self.starts.extend(other.starts.into_iter().map(|start| start + entries));
        let moved = |entry: u32| if entry & CHILD == 0 { entry } else { entry + nodes };
        self.entries.extend(other.entries.into_iter().map(moved));
        nodes
    }
}
