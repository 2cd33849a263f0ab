//! Pairs of lines that may meet, found by the cells of a uniform grid.

use geo::{Coord, Line};

/// A grid of about as many cells as lines; every line is listed in the cells its extent touches.
pub struct Grid {
    low: Coord,
    cell: f64,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// The grid over the extent of lines; `None` for none.
    #[must_use]
    pub fn over(lines: &[Line]) -> Option<Self> {
        let mut coords = lines.iter().flat_map(|line| [line.start, line.end]);
        let first = coords.next()?;
        let (low, high) = coords.fold((first, first), |(low, high), coord| {
            (
                Coord { x: low.x.min(coord.x), y: low.y.min(coord.y) },
                Coord { x: high.x.max(coord.x), y: high.y.max(coord.y) },
            )
        });
        let (width, height) = (high.x - low.x, high.y - low.y);
        let longest = lines.iter().map(|line| (line.dx().abs()).max(line.dy().abs()));
        let mean = longest.sum::<f64>() / lines.len() as f64;
        // Cells of about a line's size, not more of them than lines.
        let cell = (width * height / lines.len() as f64).sqrt().max(mean).max(width.max(height) / 4096.0);
        if !cell.is_finite() || cell <= 0.0 {
            return Some(Self { low, cell: 1.0, columns: 1, rows: 1 });
        }
        let count = |size: f64| ((size / cell) as usize + 1).min(4097);
        Some(Self { low, cell, columns: count(width), rows: count(height) })
    }

    fn cells(&self, line: &Line) -> impl Iterator<Item = usize> + use<> {
        let place = |value: f64, low: f64, count: usize, cell: f64| (((value - low) / cell) as usize).min(count - 1);
        let (a, b) = (line.start, line.end);
        let left = place(a.x.min(b.x), self.low.x, self.columns, self.cell);
        let right = place(a.x.max(b.x), self.low.x, self.columns, self.cell);
        let bottom = place(a.y.min(b.y), self.low.y, self.rows, self.cell);
        let top = place(a.y.max(b.y), self.low.y, self.rows, self.cell);
        let columns = self.columns;
        (bottom..=top).flat_map(move |row| (left..=right).map(move |column| row * columns + column))
    }

    /// Whether a test holds for every two lines that have a cell in common, each pair tried once or more;
    /// stops at the first that fails.
    pub fn all_pairs(&self, lines: &[Line], mut test: impl FnMut(usize, usize) -> bool) -> bool {
        let mut counts = vec![0_u32; self.columns * self.rows + 1];
        for line in lines {
            self.cells(line).for_each(|cell| counts[cell + 1] += 1);
        }
        for cell in 1..counts.len() {
            counts[cell] += counts[cell - 1];
        }
        let mut next = counts.clone();
        let mut listed = vec![0_u32; counts[counts.len() - 1] as usize];
        for (number, line) in lines.iter().enumerate() {
            for cell in self.cells(line) {
                listed[next[cell] as usize] = u32::try_from(number).unwrap_or(u32::MAX);
                next[cell] += 1;
            }
        }
        for cell in 0..counts.len() - 1 {
            let here = &listed[counts[cell] as usize..counts[cell + 1] as usize];
            for (place, a) in here.iter().enumerate() {
                for b in &here[place + 1..] {
                    if !test(*a as usize, *b as usize) {
                        return false;
                    }
                }
            }
        }
        true
    }
}
