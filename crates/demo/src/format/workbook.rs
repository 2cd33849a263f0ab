//! Workbooks as offices make them: a merged title, a header of two rows, merged groups and a footer.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Worksheet};

use crate::error::{DemoError, Result};

/// A value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text; an empty one leaves the cell empty.
    Text(String),
    /// Number.
    Number(f64),
    /// Number shown without decimals, as long codes are.
    Code(f64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// How a sheet looks.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Name of the sheet.
    pub sheet: &'static str,
    /// Merged title rows above the header.
    pub titles: &'static [&'static str],
    /// Header; `上级_下级` stands in two rows, its upper part merged over its neighbours, and a text without
    /// `_` is merged over both rows.
    pub header: &'static [&'static str],
    /// Leading columns whose equal neighbours are merged downwards.
    pub merged: usize,
    /// First cell of a footer that counts the rows.
    pub footer: Option<&'static str>,
}

/// Rows of one part of a register; an office begins a new file before a sheet becomes unwieldy.
const ROWS: usize = 50_000;

/// A register kept in workbooks: `name.xlsx`, `name_2.xlsx` and so on.
pub struct Workbooks {
    path: PathBuf,
    sheets: Vec<(Layout, Vec<Vec<Value>>)>,
    part: usize,
    rows: u64,
    written: Vec<(PathBuf, u64)>,
}

impl Workbooks {
    /// A register that begins at `path`, which ends in `.xlsx`.
    pub fn new(path: &Path, layouts: &[Layout]) -> Self {
        let sheets = layouts.iter().map(|layout| (*layout, Vec::new())).collect();
        Self { path: path.to_owned(), sheets, part: 0, rows: 0, written: Vec::new() }
    }

    /// Adds a row to a sheet.
    pub fn row(&mut self, sheet: usize, row: Vec<Value>) -> Result<()> {
        let rows = &mut self.sheets[sheet].1;
        rows.push(row);
        self.rows += 1;
        if rows.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.part += 1;
        let path = if self.part == 1 {
            self.path.clone()
        } else {
            let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            self.path.with_file_name(format!("{stem}_{}.xlsx", self.part))
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        let count = self.sheets.iter().map(|(_, rows)| rows.len() as u64).sum();
        write(&path, &mut self.sheets).map_err(DemoError::format(&path))?;
        self.written.push((path, count));
        Ok(())
    }

    /// Writes what is left; the files with their rows.
    pub fn finish(mut self) -> Result<Vec<(PathBuf, u64)>> {
        if self.part == 0 || self.sheets.iter().any(|(_, rows)| !rows.is_empty()) {
            self.flush()?;
        }
        Ok(self.written)
    }
}

struct Looks {
    centred: Format,
    plain: Format,
    code: Format,
}

fn write(path: &Path, sheets: &mut [(Layout, Vec<Vec<Value>>)]) -> Result<(), rust_xlsxwriter::XlsxError> {
    let mut book = rust_xlsxwriter::Workbook::new();
    // The clock stays out of the file.
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 7, 1)?));
    let looks = Looks {
        centred: Format::new().set_align(FormatAlign::Center).set_bold(),
        plain: Format::new(),
        code: Format::new().set_num_format("0"),
    };
    for (layout, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(layout.sheet)?;
        let first = header(sheet, layout, &looks)?;
        body(sheet, layout, rows, first, &looks)?;
        if let Some(footer) = layout.footer {
            let row = first + rows.len() as u32;
            sheet.write_string(row, 0, footer)?;
            sheet.write_number(row, layout.merged.max(1) as u16, rows.len() as f64)?;
        }
        rows.clear();
    }
    book.save(path)
}

/// Writes titles and header; the row of the first data.
fn header(sheet: &mut Worksheet, layout: &Layout, looks: &Looks) -> Result<u32, rust_xlsxwriter::XlsxError> {
    let header = layout.header;
    let last = header.len() as u16 - 1;
    let mut row = 0;
    for title in layout.titles {
        sheet.merge_range(row, 0, row, last, title, &looks.centred)?;
        row += 1;
    }
    let two = header.iter().any(|text| text.contains('_'));
    let mut column = 0;
    while column < header.len() {
        let at = column as u16;
        let Some((upper, _)) = header[column].split_once('_') else {
            if two {
                sheet.merge_range(row, at, row + 1, at, header[column], &looks.centred)?;
            } else {
                sheet.write_string_with_format(row, at, header[column], &looks.centred)?;
            }
            column += 1;
            continue;
        };
        let prefix = format!("{upper}_");
        let count = header[column..].iter().take_while(|text| text.starts_with(&prefix)).count();
        if count > 1 {
            sheet.merge_range(row, at, row, at + count as u16 - 1, upper, &looks.centred)?;
        } else {
            sheet.write_string_with_format(row, at, upper, &looks.centred)?;
        }
        for (step, text) in header[column..column + count].iter().enumerate() {
            sheet.write_string_with_format(row + 1, at + step as u16, &text[prefix.len()..], &looks.centred)?;
        }
        column += count;
    }
    Ok(row + if two { 2 } else { 1 })
}

fn body(
    sheet: &mut Worksheet,
    layout: &Layout,
    rows: &[Vec<Value>],
    first: u32,
    looks: &Looks,
) -> Result<(), rust_xlsxwriter::XlsxError> {
    for (place, row) in rows.iter().enumerate() {
        let at = first + place as u32;
        for (column, value) in row.iter().enumerate().skip(layout.merged) {
            let column = column as u16;
            match value {
                Value::Text(text) if text.is_empty() => {}
                Value::Text(text) => {
                    sheet.write_string(at, column, text)?;
                }
                Value::Number(number) => {
                    sheet.write_number(at, column, *number)?;
                }
                Value::Code(number) => {
                    sheet.write_number_with_format(at, column, *number, &looks.code)?;
                }
            }
        }
    }
    for column in 0..layout.merged {
        let mut start = 0;
        while start < rows.len() {
            // A group ends where it or a group to its left ends.
            let same = |row: &Vec<Value>| row[..=column] == rows[start][..=column];
            let count = rows[start..].iter().take_while(|row| same(row)).count();
            let text = match &rows[start][column] {
                Value::Text(text) => text.clone(),
                Value::Number(number) | Value::Code(number) => number.to_string(),
            };
            let (from, to) = (first + start as u32, first + (start + count) as u32 - 1);
            if count > 1 {
                sheet.merge_range(from, column as u16, to, column as u16, &text, &looks.plain)?;
            } else {
                sheet.write_string(from, column as u16, text)?;
            }
            start += count;
        }
    }
    Ok(())
}
