//! Which rows of a file can lie in an extent, told by the statistics of its bounding boxes.

use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use datafusion::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use datafusion::parquet::file::page_index::offset_index::OffsetIndexMetaData;
use datafusion::parquet::file::statistics::Statistics;

use super::covering::Covering;
use super::pages::{Page, Pages};
use crate::join::Extent;

/// The rows to read, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// Over the whole file; `None` when every row is read.
    pub rows: Option<RowSelection>,
    /// Row groups left out.
    pub row_groups: usize,
    /// Rows left out, in row groups and pages.
    pub skipped: usize,
}

/// The row groups that may hold something in `extent`, as far as their statistics tell.
pub fn groups_that_may_meet(metadata: &ParquetMetaData, covering: &Covering, extent: &Extent) -> Vec<usize> {
    if extent.is_empty() || covering.bbox.is_some_and(|bbox| !bbox.meets(extent)) {
        return Vec::new();
    }
    let Some(leaves) = covering.leaves else { return Vec::new() };
    let groups = metadata.row_groups().iter().enumerate();
    groups.filter(|(_, group)| group_may_meet(group, leaves, extent)).map(|(number, _)| number).collect()
}

/// Selects the rows whose bounding box may meet `extent`; `found` are pages of a file without an index of them.
pub fn select(metadata: &ParquetMetaData, covering: &Covering, extent: &Extent, found: &Pages) -> Selected {
    let rows = usize::try_from(metadata.file_metadata().num_rows()).unwrap_or(usize::MAX);
    if extent.is_empty() || covering.bbox.is_some_and(|bbox| !bbox.meets(extent)) {
        let rows_none = RowSelection::from(vec![RowSelector::skip(rows)]);
        return Selected { rows: Some(rows_none), row_groups: metadata.num_row_groups(), skipped: rows };
    }
    let Some(leaves) = covering.leaves else { return Selected { rows: None, row_groups: 0, skipped: 0 } };
    let (mut selectors, mut row_groups, mut skipped) = (Vec::new(), 0, 0);
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let rows = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
        if !group_may_meet(group, leaves, extent) {
            row_groups += 1;
            skipped += rows;
            selectors.push(RowSelector::skip(rows));
            continue;
        }
        match pages(metadata, found, number, leaves, extent, rows) {
            Some(pages) => {
                skipped += rows - pages.row_count();
                selectors.extend(pages.iter().copied());
            }
            None => selectors.push(RowSelector::select(rows)),
        }
    }
    let rows = (skipped > 0).then(|| RowSelection::from(selectors));
    Selected { rows, row_groups, skipped }
}

/// For each side of a box: whether its smallest value bounds it (west and south) or its largest.
const BY_MINIMUM: [bool; 4] = [true, true, false, false];

/// Whether a side's bound lets a box meet the extent: a box that begins east of it does not, and so on.
fn may_meet(side: usize, bound: f64, extent: &Extent) -> bool {
    match side {
        0 => bound <= extent.max_x,
        1 => bound <= extent.max_y,
        2 => bound >= extent.min_x,
        _ => bound >= extent.min_y,
    }
}

fn group_may_meet(group: &RowGroupMetaData, leaves: [usize; 4], extent: &Extent) -> bool {
    leaves.iter().enumerate().all(|(side, leaf)| {
        let bound = match group.column(*leaf).statistics() {
            Some(Statistics::Double(values)) if BY_MINIMUM[side] => values.min_opt().copied(),
            Some(Statistics::Double(values)) => values.max_opt().copied(),
            Some(Statistics::Float(values)) if BY_MINIMUM[side] => values.min_opt().map(|value| f64::from(*value)),
            Some(Statistics::Float(values)) => values.max_opt().map(|value| f64::from(*value)),
            _ => None,
        };
        bound.is_none_or(|bound| bound.is_nan() || may_meet(side, bound, extent))
    })
}

/// The pages of a row group that may meet the extent; `None` when nothing is known of pages.
fn pages(
    metadata: &ParquetMetaData,
    found: &Pages,
    group: usize,
    leaves: [usize; 4],
    extent: &Extent,
    rows: usize,
) -> Option<RowSelection> {
    let columns = metadata.column_index().and_then(|columns| columns.get(group));
    let offsets = metadata.offset_index().and_then(|offsets| offsets.get(group));
    let mut all: Option<RowSelection> = None;
    for (side, leaf) in leaves.iter().enumerate() {
        let index = columns.and_then(|columns| columns.get(*leaf)).zip(offsets.and_then(|offsets| offsets.get(*leaf)));
        let one = match (index, found.of(group, *leaf)) {
            (Some((index, offsets)), _) => pages_of_side(index, offsets, side, extent, rows),
            (None, Some(pages)) => Some(found_of_side(pages, side, extent)),
            (None, None) => None,
        };
        let Some(one) = one else { continue };
        all = Some(match all {
            Some(all) => all.intersection(&one),
            None => one,
        });
    }
    all
}

fn found_of_side(pages: &[Page], side: usize, extent: &Extent) -> RowSelection {
    let selectors = pages.iter().map(|page| {
        let bound = page.bounds.map(|(least, most)| if BY_MINIMUM[side] { least } else { most });
        // Without bounds the page may hold anything.
        if bound.is_none_or(|bound| bound.is_nan() || may_meet(side, bound, extent)) {
            RowSelector::select(page.rows)
        } else {
            RowSelector::skip(page.rows)
        }
    });
    RowSelection::from(selectors.collect::<Vec<_>>())
}

fn pages_of_side(
    index: &ColumnIndexMetaData,
    offsets: &OffsetIndexMetaData,
    side: usize,
    extent: &Extent,
    rows: usize,
) -> Option<RowSelection> {
    let bound = |page: usize| -> Option<Option<f64>> {
        match index {
            ColumnIndexMetaData::DOUBLE(index) if BY_MINIMUM[side] => Some(index.min_value(page).copied()),
            ColumnIndexMetaData::DOUBLE(index) => Some(index.max_value(page).copied()),
            ColumnIndexMetaData::FLOAT(index) if BY_MINIMUM[side] => {
                Some(index.min_value(page).map(|value| f64::from(*value)))
            }
            ColumnIndexMetaData::FLOAT(index) => Some(index.max_value(page).map(|value| f64::from(*value))),
            _ => None,
        }
    };
    let locations = offsets.page_locations();
    let mut selectors = Vec::with_capacity(locations.len());
    for (page, location) in locations.iter().enumerate() {
        let first = usize::try_from(location.first_row_index).ok()?;
        let end = match locations.get(page + 1) {
            Some(next) => usize::try_from(next.first_row_index).ok()?,
            None => rows,
        };
        let length = end.checked_sub(first)?;
        // A page of nulls only has no geometry in it.
        let keep = match bound(page)? {
            None => !index.is_null_page(page),
            Some(bound) => bound.is_nan() || may_meet(side, bound, extent),
        };
        selectors.push(if keep { RowSelector::select(length) } else { RowSelector::skip(length) });
    }
    Some(RowSelection::from(selectors))
}
