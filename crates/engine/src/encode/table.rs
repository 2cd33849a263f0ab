//! Aligned text, with East Asian characters two columns wide.

use std::io::{self, Write};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Rows shown at most; a terminal is no place for a million.
const MOST_ROWS: usize = 1000;
/// Columns of text in one cell at most.
const MOST_WIDTH: usize = 60;

/// Collects rows and writes them when all widths are known.
pub struct TableWriter {
    schema: SchemaRef,
    rows: Vec<Vec<String>>,
    total: usize,
}

impl TableWriter {
    pub fn new(schema: SchemaRef) -> Self {
        Self { schema, rows: Vec::new(), total: 0 }
    }

    pub fn batch(&mut self, batch: &RecordBatch) {
        self.total += batch.num_rows();
        let options = FormatOptions::default().with_display_error(true);
        let room = MOST_ROWS.saturating_sub(self.rows.len()).min(batch.num_rows());
        let formatters =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).ok()).collect::<Vec<_>>();
        for row in 0..room {
            let cells = formatters.iter().zip(batch.columns()).map(|(formatter, column)| {
                let text = match formatter {
                    Some(formatter) if column.is_valid(row) => formatter.value(row).to_string(),
                    _ => String::new(),
                };
                shortened(&text)
            });
            self.rows.push(cells.collect());
        }
    }

    pub fn finish(self, out: &mut impl Write) -> Result<(), ArrowError> {
        self.write(out).map_err(|error| ArrowError::IoError(error.to_string(), error))
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let fields = self.schema.fields();
        let names = fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        let widths = (0..names.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| display_width(&row[column])).max().unwrap_or(0);
                cells.max(display_width(&names[column]))
            })
            .collect::<Vec<_>>();
        let right = fields.iter().map(|field| field.data_type().is_numeric()).collect::<Vec<_>>();
        let rule = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+");
        line(out, &names, &widths, &vec![false; names.len()])?;
        writeln!(out, "{rule}")?;
        for row in &self.rows {
            line(out, row, &widths, &right)?;
        }
        match self.total {
            1 => writeln!(out, "(1 row)"),
            total if total > self.rows.len() => writeln!(out, "({total} rows, the first {} shown)", self.rows.len()),
            total => writeln!(out, "({total} rows)"),
        }
    }
}

fn line(out: &mut impl Write, cells: &[String], widths: &[usize], right: &[bool]) -> io::Result<()> {
    for (place, cell) in cells.iter().enumerate() {
        let space = " ".repeat(widths[place] - display_width(cell));
        let separator = if place == 0 { " " } else { "| " };
        if right[place] {
            write!(out, "{separator}{space}{cell} ")?;
        } else {
            write!(out, "{separator}{cell}{space} ")?;
        }
    }
    writeln!(out)
}

fn shortened(text: &str) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    if display_width(&text) <= MOST_WIDTH {
        return text;
    }
    let mut width = 0;
    let mut short = String::new();
    for character in text.chars() {
        width += character_width(character);
        if width >= MOST_WIDTH {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// Columns a text takes on a terminal.
pub fn display_width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// East Asian wide and full-width characters take two columns (Unicode Standard Annex 11, the blocks that occur in city data).
fn character_width(character: char) -> usize {
    match character as u32 {
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0x33ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa000..=0xa4cf => 2,
        0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd => {
            2
        }
        _ => 1,
    }
}
