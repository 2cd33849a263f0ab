//! Where the table of a sheet lies: its header, its columns and its first row of data.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use calamine::Dimensions;
use jingwei_model::config::Format;

use super::workbook::{Row, Workbook};
use crate::error::Result;
use crate::header;

/// Rows looked at for columns that have data but no name.
const SAMPLE: usize = 1000;
/// Columns a sheet can have.
const MOST_COLUMNS: u32 = 16_384;

/// The table of one sheet.
#[derive(Debug, Clone)]
pub struct Layout {
    /// First row of data, from 0.
    pub first_row: u32,
    /// Columns of the sheet, from 0, that are columns of the table.
    pub columns: Vec<u32>,
    /// Their names.
    pub names: Vec<String>,
    /// Merged regions of the sheet.
    pub merges: Vec<Dimensions>,
}

impl Layout {
    /// Finds the table of a sheet. A header that says nothing of a column does not hide it: a column that has
    /// data in the first rows is called `c<N>`.
    pub fn find(workbook: &mut Workbook, file: &str, sheet: &str, format: &Format) -> Result<Self> {
        let merges = workbook.merges(sheet)?;
        let levels = u32::try_from(format.header_rows.unwrap_or(1)).unwrap_or(u32::MAX);
        let skip = u32::try_from(format.skip_rows).unwrap_or(u32::MAX);
        let mut header_row = None;
        let mut header: Vec<Row> = Vec::new();
        let mut used: BTreeSet<u32> = BTreeSet::new();
        let mut seen = 0;
        workbook.rows(sheet, |row| {
            if row.index < skip || row.is_blank() {
                return Ok(ControlFlow::Continue(()));
            }
            let first = *header_row.get_or_insert(row.index);
            if row.index - first < levels {
                used.extend(row.cells().filter(|(_, text)| !text.trim().is_empty()).map(|(column, _)| column));
                header.push(row.clone());
                return Ok(ControlFlow::Continue(()));
            }
            if !header::is_footer(format, row.cells().map(|(_, text)| text)) {
                used.extend(row.cells().map(|(column, _)| column));
            }
            seen += 1;
            Ok(if seen < SAMPLE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let first = header_row.unwrap_or(skip);
        let first_row = first.saturating_add(levels);
        let texts = if levels == 0 { Vec::new() } else { header_texts(&header, first, levels, &merges, &mut used) };
        let columns: Vec<u32> = used.into_iter().collect();
        let names = if levels == 0 {
            columns.iter().map(|column| format!("c{}", column + 1)).collect()
        } else {
            // The table's own columns keep their places in the sheet, so that `c<N>` is the N-th of the sheet.
            let all = header::names(&texts, file, Some(sheet), i64::from(first) + 1)?;
            columns
                .iter()
                .map(|column| all.get(*column as usize).cloned().unwrap_or_else(|| format!("c{}", column + 1)))
                .collect()
        };
        Ok(Self { first_row, columns, names, merges })
    }
}

/// The header's levels, each a text per column, with merged cells repeated over their region.
fn header_texts(
    header: &[Row],
    first: u32,
    levels: u32,
    merges: &[Dimensions],
    used: &mut BTreeSet<u32>,
) -> Vec<Vec<String>> {
    let last = first.saturating_add(levels - 1);
    // A title merged over the whole width may say more columns than there are; data or names decide.
    let mut width = used.last().map_or(0, |column| *column as usize + 1);
    let touching = || merges.iter().filter(|merge| merge.start.0 >= first && merge.start.0 <= last);
    for merge in touching() {
        if (merge.start.1 as usize) < width && merge.end.1 < MOST_COLUMNS {
            width = width.max(merge.end.1 as usize + 1);
        }
    }
    let depth = header.last().map_or(0, |row| (row.index - first) as usize + 1);
    let mut texts = vec![vec![String::new(); width]; depth];
    for row in header {
        for (column, text) in row.cells() {
            if let Some(cell) = texts[(row.index - first) as usize].get_mut(column as usize) {
                *cell = text.to_owned();
            }
        }
    }
    let mut merged = false;
    for merge in touching() {
        merged = true;
        let Some(text) =
            texts.get((merge.start.0 - first) as usize).and_then(|level| level.get(merge.start.1 as usize)).cloned()
        else {
            continue;
        };
        for level in texts.iter_mut().take((merge.end.0 - first) as usize + 1).skip((merge.start.0 - first) as usize) {
            for (column, cell) in
                level.iter_mut().enumerate().take(merge.end.1 as usize + 1).skip(merge.start.1 as usize)
            {
                cell.clone_from(&text);
                if !text.trim().is_empty() {
                    used.insert(column as u32);
                }
            }
        }
    }
    // Where merging says what covers what, an empty upper cell is covered by nothing but its own column.
    if merged {
        for depth in (1..texts.len()).rev() {
            let (upper, lower) = texts.split_at_mut(depth);
            for (above, below) in upper[depth - 1].iter_mut().zip(&lower[0]) {
                if above.trim().is_empty() {
                    above.clone_from(below);
                }
            }
        }
    }
    texts
}
