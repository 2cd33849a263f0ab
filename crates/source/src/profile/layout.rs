//! Where a table begins and ends in a sheet: title rows, header rows, groups and footers.

use serde::Serialize;

use super::meaning::{Meaning, is_number};

/// What stands around the data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Rows above the header.
    pub skip_rows: usize,
    /// Rows of the header.
    pub header_rows: usize,
    /// How the rows begin that are no data.
    pub footer: Vec<String>,
    /// Columns whose empty cells repeat the value above.
    pub fill_down: Vec<String>,
}

/// How totals and notes begin.
const FOOTERS: [&str; 16] = [
    "合计",
    "小计",
    "总计",
    "共计",
    "累计",
    "注：",
    "注:",
    "备注：",
    "备注:",
    "说明：",
    "说明:",
    "填表",
    "制表",
    "审核人",
    "单位负责人",
    "统计人",
];

/// A row as it is in the file: its number and its cells.
pub(super) type Row = (i64, Vec<String>);

/// Finds title and header rows in the first rows of a sheet.
pub(super) fn detect(rows: &[Row]) -> Layout {
    let width = usual_width(rows);
    let title = |cells: &[String]| {
        let mut texts: Vec<&str> = filled(cells).collect();
        texts.dedup();
        // One text over the whole width, or a line of remarks such as unit and date.
        texts.len() <= 1 || (width >= 5 && texts.len() * 3 <= width)
    };
    let Some(first) = rows.iter().position(|(_, cells)| width < 3 || !title(cells)) else {
        return Layout { header_rows: 1, ..Layout::default() };
    };
    let above = rows[first].0 - 1;
    let skip_rows = usize::try_from(above).unwrap_or_default();
    let body = &rows[first..];
    let mut header_rows = 0;
    while header_rows < 3 && body.get(header_rows).is_some_and(|(_, cells)| is_header(cells)) {
        header_rows += 1;
        if !(body.len() > header_rows + 1 && continues(&body[header_rows - 1].1, &body[header_rows].1)) {
            break;
        }
    }
    Layout { skip_rows, header_rows, ..Layout::default() }
}

fn filled(cells: &[String]) -> impl Iterator<Item = &str> {
    // A table that went through a data frame calls cells without a header so.
    let unnamed = |cell: &str| {
        cell.strip_prefix("Unnamed: ")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))
    };
    cells.iter().map(|cell| cell.trim()).filter(move |cell| !cell.is_empty() && !unnamed(cell))
}

/// How many cells most rows fill.
fn usual_width(rows: &[Row]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(|(_, cells)| filled(cells).count()).collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or_default()
}

/// Whether a row names columns: short words, no values.
fn is_header(cells: &[String]) -> bool {
    let (mut names, mut values) = (0, 0);
    for cell in filled(cells) {
        if is_value(cell) { values += 1 } else { names += 1 }
    }
    names > 0 && values * 3 <= names
}

fn is_value(cell: &str) -> bool {
    is_number(cell)
        || cell.chars().count() > 40
        || (cell.bytes().any(|byte| byte.is_ascii_digit())
            && [
                Meaning::Date,
                Meaning::Datetime,
                Meaning::Phone,
                Meaning::ResidentId,
                Meaning::CreditCode,
                Meaning::Plate,
                Meaning::Address,
            ]
            .iter()
            .any(|meaning| meaning.fits(cell)))
        || Meaning::Sex.fits(cell)
}

/// Whether a row is the next level of the header above it: it stands under cells that are merged, and
/// names things where they are.
fn continues(upper: &[String], lower: &[String]) -> bool {
    if !is_header(lower) || filled(lower).any(|cell| cell.chars().count() > 15) {
        return false;
    }
    let at = |cells: &[String], column: usize| cells.get(column).map_or(String::new(), |cell| cell.trim().to_owned());
    let width = upper.len().max(lower.len());
    let mut under_merged = 0;
    for column in 1..width {
        let (above, left, below) = (at(upper, column), at(upper, column - 1), at(lower, column));
        let merged = above.is_empty() || above == left;
        if merged && !below.is_empty() && below != above {
            under_merged += 1;
        }
    }
    // Below a cell that is merged downwards nothing stands, or the same text again.
    let own: usize = (0..width)
        .filter(|column| {
            let below = at(lower, *column);
            !below.is_empty() && below != at(upper, *column)
        })
        .count();
    let lone: usize = (0..width)
        .filter(|column| {
            let above = at(upper, *column);
            let next = at(upper, column + 1);
            let spans = column + 1 < width && (next.is_empty() || next == above);
            let spanned = *column > 0 && (above.is_empty() || above == at(upper, column - 1));
            !at(lower, *column).is_empty() && at(lower, *column) != above && !spans && !spanned
        })
        .count();
    under_merged > 0 && lone * 4 <= own
}

/// The footer a row's first filled cell begins with.
pub(super) fn footer(first: &str) -> Option<&'static str> {
    let first = first.trim();
    FOOTERS.into_iter().find(|footer| first.starts_with(footer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &[&[&str]]) -> Vec<Row> {
        (1..).zip(table).map(|(row, cells)| (row, cells.iter().map(|cell| (*cell).to_owned()).collect())).collect()
    }

    #[test]
    fn a_title_and_a_header_of_two_rows_are_found() {
        let table = rows(&[
            &["某街道居民台账", "", "", "", ""],
            &["序号", "街道", "户主", "", "备注"],
            &["", "", "姓名", "电话", ""],
            &["1", "甲街道", "张三", "13800138000", ""],
            &["2", "", "李四", "13900139000", "x"],
        ]);
        assert_eq!(detect(&table), Layout { skip_rows: 1, header_rows: 2, ..Layout::default() });
    }

    #[test]
    fn titles_that_a_data_frame_took_for_a_header_are_titles() {
        let table = rows(&[
            &["SALES OF 2015", "Unnamed: 1", "Unnamed: 2", "Unnamed: 3"],
            &["As of March", "", "", ""],
            &["BOROUGH", "BLOCK", "LOT", "ADDRESS"],
            &["1", "400", "19", "526 EAST 5TH STREET"],
            &["1", "376", "24", "264 EAST 7TH STREET"],
        ]);
        assert_eq!(detect(&table), Layout { skip_rows: 2, header_rows: 1, ..Layout::default() });
    }

    #[test]
    fn cells_that_a_reader_spread_over_their_columns_are_the_same_header() {
        let table = rows(&[
            &["台账", "台账", "台账", "台账"],
            &["序号", "户主", "户主", "备注"],
            &["序号", "姓名", "电话", "备注"],
            &["1", "张三", "13800138000", ""],
        ]);
        assert_eq!(detect(&table), Layout { skip_rows: 1, header_rows: 2, ..Layout::default() });
    }

    #[test]
    fn a_plain_table_has_one_header_row_and_a_bare_one_none() {
        let table =
            rows(&[&["姓名", "性别", "地址"], &["张三", "男", "朝阳区甲路1号"], &["李四", "女", "海淀区乙路2号"]]);
        assert_eq!(detect(&table), Layout { header_rows: 1, ..Layout::default() });
        let table = rows(&[&["1", "张三", "13800138000"], &["2", "李四", "13900139000"]]);
        assert_eq!(detect(&table), Layout::default());
    }
}
