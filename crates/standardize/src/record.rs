//! The name of a row for good: its key columns, or its content.

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::error::ArrowError;
use jingwei_model::hash::{base32, hash128};

use crate::cells::{Cells, get, texts};

/// How rows are named.
#[derive(Debug)]
pub(crate) enum Naming {
    /// By these clean columns, joined with `|`.
    Key(Vec<usize>),
    /// By what the row says.
    Content,
}

impl Naming {
    /// Names every row of a batch. A row whose key columns are all empty is named by its content.
    pub fn names(&self, clean: &[ArrayRef], cells: &Cells<'_>) -> Result<StringArray, ArrowError> {
        let rows = cells.batch.num_rows();
        let mut out = StringBuilder::with_capacity(rows, rows * 18);
        let mut name = String::new();
        let key = match self {
            Self::Key(places) => places.iter().map(|place| texts(&clean[*place])).collect::<Result<Vec<_>, _>>()?,
            Self::Content => Vec::new(),
        };
        let content = content(cells.batch);
        for row in 0..rows {
            if key.iter().any(|column| column.is_valid(row)) {
                name.clear();
                for (place, column) in key.iter().enumerate() {
                    if place > 0 {
                        name.push('|');
                    }
                    name.push_str(get(column, row).unwrap_or_default());
                }
                out.append_value(&name);
            } else {
                out.append_value(of_content(cells, &content, row, &mut name)?);
            }
        }
        Ok(out.finish())
    }
}

/// The raw columns that hold content, in the order of their names: a column's place in the file makes no
/// difference.
fn content(batch: &RecordBatch) -> Vec<usize> {
    let schema = batch.schema();
    let mut places =
        (0..schema.fields().len()).filter(|place| !schema.field(*place).name().starts_with('_')).collect::<Vec<_>>();
    places.sort_by(|a, b| schema.field(*a).name().cmp(schema.field(*b).name()).then(a.cmp(b)));
    places
}

fn of_content(cells: &Cells<'_>, content: &[usize], row: usize, buffer: &mut String) -> Result<String, ArrowError> {
    buffer.clear();
    let schema = cells.batch.schema_ref();
    for place in content {
        // Empty cells leave no trace, so that a column added to the file changes no name.
        if let Some(text) = get(cells.texts(*place)?, row).filter(|text| !text.is_empty()) {
            buffer.push_str(schema.field(*place).name());
            buffer.push('\u{1f}');
            buffer.push_str(text);
            buffer.push('\u{1e}');
        }
    }
    Ok(base32(hash128(buffer.as_bytes())))
}
