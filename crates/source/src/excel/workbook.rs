//! One face for the four kinds of workbook: sheets, merged regions, and rows one after another.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use calamine::{Dimensions, Ods, Reader, SheetType, SheetVisible, Xls, Xlsb, Xlsx, open_workbook};

use super::cell::Cell;
use super::{merges, sizes};
use crate::error::{Result, SourceError};
use crate::part::LocalFile;

type Input = BufReader<File>;

/// A workbook, opened.
pub struct Workbook {
    display: String,
    kind: Kind,
    /// Merged regions of formats whose reader does not give them, by sheet.
    merges: Vec<(String, Vec<Dimensions>)>,
}

enum Kind {
    Xlsx(Box<Xlsx<Input>>),
    Xlsb(Box<Xlsb<Input>>),
    Xls(Box<Xls<Input>>),
    Ods(Box<Ods<Input>>),
}

/// A sheet of rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Whether a person who opens the workbook sees it.
    pub visible: bool,
}

/// The filled cells of one row; their texts lie one after another in one string.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Row of the sheet, from 0.
    pub index: u32,
    text: String,
    cells: Vec<(u32, usize)>,
}

impl Row {
    fn begin(&mut self, index: u32) {
        self.index = index;
        self.text.clear();
        self.cells.clear();
    }

    fn push(&mut self, column: u32, cell: Cell<'_>) {
        let begin = self.text.len();
        cell.write(&mut self.text);
        if self.text.len() > begin {
            self.cells.push((column, self.text.len()));
        }
    }

    /// The filled cells: column from 0 and text, left to right.
    pub fn cells(&self) -> impl Iterator<Item = (u32, &str)> {
        self.cells.iter().enumerate().map(|(place, (column, end))| {
            let begin = if place == 0 { 0 } else { self.cells[place - 1].1 };
            (*column, &self.text[begin..*end])
        })
    }

    /// Whether no cell has more than spaces.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl Workbook {
    /// Opens a workbook; its kind is told by its content, since names lie.
    pub fn open(file: &LocalFile) -> Result<Self> {
        let display = file.display.clone();
        let broken = |error: &dyn std::fmt::Display| broken(&file.display, error);
        let kind = match Content::of(file)? {
            Content::Zip => {
                let names = merges::member_names(&file.path).map_err(|error| broken(&error))?;
                let has = |member: &str| names.iter().any(|name| name.eq_ignore_ascii_case(member));
                if has("xl/workbook.bin") {
                    Kind::Xlsb(Box::new(
                        open_workbook(&file.path).map_err(|error: calamine::XlsbError| broken(&error))?,
                    ))
                } else if has("content.xml") {
                    Kind::Ods(Box::new(open_workbook(&file.path).map_err(|error| match error {
                        calamine::OdsError::Password => locked(&file.display),
                        error => broken(&error),
                    })?))
                } else {
                    Kind::Xlsx(Box::new(
                        open_workbook(&file.path).map_err(|error: calamine::XlsxError| broken(&error))?,
                    ))
                }
            }
            Content::Compound => {
                sizes::check(&file.path).map_err(|error| broken(&error))?;
                Kind::Xls(Box::new(open_workbook(&file.path).map_err(|error| match error {
                    calamine::XlsError::Password => locked(&file.display),
                    error => match open_workbook::<Xlsx<_>, _>(&file.path) {
                        // A workbook of the newer kinds lies inside such a file only when it is encrypted.
                        Err(calamine::XlsxError::Password) => locked(&file.display),
                        _ => broken(&error),
                    },
                })?))
            }
            Content::Html => {
                let error = SourceError::data(
                    &file.display,
                    "the file is a web page (HTML), not a workbook, whatever its name says",
                );
                return Err(error.with_hint("open it in a spreadsheet program and save it as .xlsx"));
            }
            Content::Xml => {
                let error =
                    SourceError::data(&file.display, "the file is an XML spreadsheet of 2003, which is not read");
                return Err(error.with_hint("open it in a spreadsheet program and save it as .xlsx"));
            }
            Content::Other => {
                let error = SourceError::data(
                    &file.display,
                    "the file is not a workbook: it is neither XLSX, XLSB, XLS nor ODS",
                );
                return Err(error.with_hint(
                    "if it is text with separators, set format.kind = \"csv\"; otherwise save it again as .xlsx",
                ));
            }
        };
        let merges = match &kind {
            Kind::Ods(_) => merges::of_ods(&file.path).map_err(|error| broken(&error))?,
            Kind::Xlsb(_) => merges::of_xlsb(&file.path).map_err(|error| broken(&error))?,
            Kind::Xlsx(_) | Kind::Xls(_) => Vec::new(),
        };
        Ok(Self { display, kind, merges })
    }

    /// The sheets, in the workbook's order; charts and macro sheets are left out.
    pub fn sheets(&self) -> Vec<Sheet> {
        let sheets = match &self.kind {
            Kind::Xlsx(workbook) => workbook.sheets_metadata(),
            Kind::Xlsb(workbook) => workbook.sheets_metadata(),
            Kind::Xls(workbook) => workbook.sheets_metadata(),
            Kind::Ods(workbook) => workbook.sheets_metadata(),
        };
        let tables = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        tables
            .map(|sheet| Sheet { name: sheet.name.clone(), visible: sheet.visible == SheetVisible::Visible })
            .collect()
    }

    /// The merged regions of a sheet.
    pub fn merges(&mut self, sheet: &str) -> Result<Vec<Dimensions>> {
        match &mut self.kind {
            Kind::Xlsx(workbook) => {
                workbook.merge_cells_by_sheet_name(sheet).map_err(|error| broken(&self.display, &error).in_sheet(sheet))
            }
            Kind::Xls(workbook) => {
                workbook.merge_cells_by_sheet_name(sheet).map_err(|error| broken(&self.display, &error).in_sheet(sheet))
            }
            Kind::Xlsb(_) | Kind::Ods(_) => Ok(self
                .merges
                .iter()
                .find(|(name, _)| name == sheet)
                .map(|(_, merges)| merges.clone())
                .unwrap_or_default()),
        }
    }

    /// Visits the rows of a sheet that have filled cells, top to bottom.
    pub fn rows(&mut self, sheet: &str, mut visit: impl FnMut(&Row) -> Result<ControlFlow<()>>) -> Result<()> {
        let display = self.display.clone();
        let failed = |error: &dyn std::fmt::Display| broken(&display, error).in_sheet(sheet);
        let mut rows = Rows { row: Row::default(), visit: &mut visit };
        // The macro serves two readers of one shape that share no trait.
        macro_rules! streamed {
            ($workbook:expr) => {{
                let mut cells = $workbook.worksheet_cells_reader(sheet).map_err(|error| failed(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| failed(&error))? {
                    let (row, column) = cell.get_position();
                    if rows.cell(row, column, Cell::from(cell.get_value()))?.is_break() {
                        return Ok(());
                    }
                }
            }};
        }
        match &mut self.kind {
            Kind::Xlsx(workbook) => streamed!(workbook),
            Kind::Xlsb(workbook) => streamed!(workbook),
            Kind::Xls(workbook) => {
                let range = workbook.worksheet_range(sheet).map_err(|error| failed(&error))?;
                return rows.range(&range);
            }
            Kind::Ods(workbook) => {
                let range = workbook.worksheet_range(sheet).map_err(|error| failed(&error))?;
                return rows.range(&range);
            }
        }
        rows.end()
    }
}

/// Gathers cells into rows.
struct Rows<'v, V> {
    row: Row,
    visit: &'v mut V,
}

impl<V: FnMut(&Row) -> Result<ControlFlow<()>>> Rows<'_, V> {
    fn cell(&mut self, row: u32, column: u32, cell: Cell<'_>) -> Result<ControlFlow<()>> {
        if row != self.row.index {
            if !self.row.cells.is_empty() && (self.visit)(&self.row)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.row.begin(row);
        }
        self.row.push(column, cell);
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self) -> Result<()> {
        if !self.row.cells.is_empty() {
            let _ = (self.visit)(&self.row)?;
        }
        Ok(())
    }

    fn range(&mut self, range: &calamine::Range<calamine::Data>) -> Result<()> {
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let (row, column) = (top.saturating_add(row as u32), left.saturating_add(column as u32));
            if self.cell(row, column, Cell::from(data))?.is_break() {
                return Ok(());
            }
        }
        self.end()
    }
}

/// What a file holds by its first bytes.
enum Content {
    Zip,
    Compound,
    Html,
    Xml,
    Other,
}

impl Content {
    fn of(file: &LocalFile) -> Result<Self> {
        let mut head = Vec::with_capacity(1024);
        let opened = File::open(&file.path).and_then(|opened| opened.take(1024).read_to_end(&mut head));
        opened.map_err(|error| SourceError::io(&file.display, error))?;
        if head.is_empty() {
            return Err(SourceError::data(&file.display, "the file is empty")
                .with_hint("export it again: a workbook always has some content"));
        }
        let text = String::from_utf8_lossy(&head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
        Ok(if head.starts_with(b"PK\x03\x04") {
            Self::Zip
        } else if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            Self::Compound
        } else if text.starts_with("<html")
            || text.starts_with("<!doctype html")
            || text.starts_with("<table")
            || text.contains("<html")
        {
            Self::Html
        } else if text.starts_with("<?xml") {
            Self::Xml
        } else {
            Self::Other
        })
    }
}

fn broken(display: &str, error: &dyn std::fmt::Display) -> SourceError {
    SourceError::data(display, format!("the workbook cannot be read: {error}")).with_hint(
        "open it in a spreadsheet program and save it again as .xlsx; a file cut off on the way must be sent again",
    )
}

fn locked(display: &str) -> SourceError {
    SourceError::data(display, "the workbook is protected by a password")
        .with_hint("open it with its password, take the password off (文件 > 信息 > 保护工作簿 > 用密码进行加密, empty), and save it")
}
