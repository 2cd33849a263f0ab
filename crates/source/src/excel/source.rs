//! The spreadsheet format: a part for each sheet that is asked for.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use jingwei_model::Reason;
use jingwei_model::config::{self, SourceConfig};

use super::layout::Layout;
use super::merges::Spread;
use super::workbook::{Row, Sheet, Workbook};
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::header;
use crate::part::{Format, LocalFile, Part};
use crate::rows::TextRows;
use crate::stream::{Sink, blocking, produce};

/// Spreadsheets: XLSX, XLS, XLSB and ODS.
#[derive(Debug, Clone, Copy, Default)]
pub struct Excel;

impl Format for Excel {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let format = config.format.clone();
        blocking(move || guarded(&file.display, || parts(&file, &format))).await
    }
}

fn parts(file: &LocalFile, format: &config::Format) -> Result<Vec<Part>> {
    let mut workbook = Workbook::open(file)?;
    let sheets = chosen(&workbook, file, format.sheet.as_deref())?;
    let every = format.sheet.as_deref() == Some("*");
    let mut tables = Vec::with_capacity(sheets.len());
    for sheet in sheets {
        let layout = Layout::find(&mut workbook, &file.display, &sheet, format)?;
        if layout.columns.is_empty() {
            tracing::warn!(file = file.display, sheet, "the sheet is empty");
        }
        tables.push((sheet, layout));
    }
    // New workbooks come with empty sheets nobody meant; they only count when there is nothing else.
    if every && tables.iter().any(|(_, layout)| !layout.columns.is_empty()) {
        tables.retain(|(_, layout)| !layout.columns.is_empty());
    }
    // A workbook's strings take memory and time to read: the parts hand the open one on.
    let shared = Arc::new(Mutex::new(Some(workbook)));
    tables
        .into_iter()
        .map(|(sheet, layout)| {
            let table = Table {
                fill_down: header::fill_down(format, &layout.names, &file.display)
                    .map_err(|error| error.in_sheet(&sheet))?,
                file: file.clone(),
                sheet: sheet.clone(),
                format: format.clone(),
                layout,
            };
            let rows = TextRows::new(&file.display, Some(sheet.clone()), &table.layout.names);
            let schema = Arc::clone(rows.provenance().schema());
            let shared = Arc::clone(&shared);
            let batches = produce(move |sink| {
                guarded(&table.file.display, || {
                    let kept = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let mut workbook = kept.map_or_else(|| Workbook::open(&table.file), Ok)?;
                    let read = table.read(&mut workbook, rows, sink);
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(workbook);
                    read
                })
            });
            Ok(Part { file: file.display.clone(), sheet: Some(sheet), schema, rows: batches })
        })
        .collect()
}

/// The sheets that `format.sheet` asks for.
fn chosen(workbook: &Workbook, file: &LocalFile, wanted: Option<&str>) -> Result<Vec<String>> {
    let sheets = workbook.sheets();
    let visible = || sheets.iter().filter(|sheet| sheet.visible).map(|sheet| sheet.name.clone());
    let names =
        |sheets: &[Sheet]| sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect::<Vec<_>>().join(", ");
    if sheets.is_empty() {
        let error = SourceError::data(&file.display, "the workbook has no sheet with rows and columns");
        return Err(error.with_hint("check whether the right file was delivered"));
    }
    match wanted {
        None => {
            let first = visible().next().unwrap_or_else(|| sheets[0].name.clone());
            if sheets.len() > 1 {
                tracing::info!(
                    file = file.display,
                    sheet = first,
                    of = sheets.len(),
                    "only the first sheet is read; format.sheet = \"*\" reads every one"
                );
            }
            Ok(vec![first])
        }
        Some("*") => {
            for hidden in sheets.iter().filter(|sheet| !sheet.visible) {
                tracing::warn!(
                    file = file.display,
                    sheet = hidden.name,
                    "a hidden sheet is not read; name it in format.sheet to read it"
                );
            }
            let all: Vec<String> = visible().collect();
            Ok(if all.is_empty() { sheets.into_iter().map(|sheet| sheet.name).collect() } else { all })
        }
        Some(wanted) => {
            let found = sheets
                .iter()
                .find(|sheet| sheet.name == wanted)
                .or_else(|| sheets.iter().find(|sheet| sheet.name.trim() == wanted.trim()));
            match found {
                Some(sheet) => Ok(vec![sheet.name.clone()]),
                None => {
                    let error = SourceError::data(&file.display, format!("there is no sheet `{wanted}`"));
                    Err(error.with_hint(format!(
                        "the sheets are {}; write one of them in format.sheet, or \"*\" for every one",
                        names(&sheets)
                    )))
                }
            }
        }
    }
}

struct Table {
    file: LocalFile,
    sheet: String,
    format: config::Format,
    layout: Layout,
    fill_down: Vec<usize>,
}

impl Table {
    fn read(&self, workbook: &mut Workbook, mut rows: TextRows, sink: &Sink) -> Result<()> {
        let mut spread = Spread::new(&self.layout.merges, self.layout.first_row);
        let mut above: BTreeMap<usize, String> = self.fill_down.iter().map(|column| (*column, String::new())).collect();
        let width = self.layout.columns.last().map_or(0, |column| *column as usize + 1);
        let mut places = vec![None; width];
        for (place, column) in self.layout.columns.iter().enumerate() {
            places[*column as usize] = Some(place);
        }
        let mut values: Vec<String> = vec![String::new(); self.layout.columns.len()];
        workbook.rows(&self.sheet, |row| {
            if row.index < self.layout.first_row
                || row.is_blank()
                || header::is_footer(&self.format, row.cells().map(|(_, text)| text))
            {
                return Ok(ControlFlow::Continue(()));
            }
            let number = i64::from(row.index) + 1;
            values.iter_mut().for_each(String::clear);
            let mut stray = false;
            for (column, text) in row.cells() {
                match places.get(column as usize).copied().flatten() {
                    Some(place) => values[place].push_str(text),
                    None => stray |= !text.trim().is_empty(),
                }
            }
            for (value, column) in values.iter_mut().zip(&self.layout.columns) {
                if let Some(text) = spread.covering(row.index, *column, value) {
                    text.clone_into(value);
                }
            }
            for (place, last) in &mut above {
                if values[*place].trim().is_empty() {
                    values[*place].clone_from(last);
                } else {
                    last.clone_from(&values[*place]);
                }
            }
            if stray {
                rows.push_fault(number, Reason::RaggedRow, shown(row));
            } else {
                rows.push(number, values.iter().map(String::as_str));
            }
            rows.send_full(sink)?;
            Ok(ControlFlow::Continue(()))
        })?;
        rows.send_rest(sink)
    }
}

/// A row as it stands in the sheet, cells parted by tabs.
fn shown(row: &Row) -> String {
    let mut text = String::new();
    let mut at = 0;
    for (column, cell) in row.cells() {
        text.extend(std::iter::repeat_n('\t', column.saturating_sub(at) as usize));
        at = column;
        text.push_str(cell);
    }
    text
}
