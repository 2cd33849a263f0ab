//! A working model for unknown tables: what the columns hold is judged by their values, and cleaning, blocking
//! rules and comparisons follow from it. No labels are used, and names of columns count for little: they break
//! ties, and columns that are named as labels (`cluster`, `entity_id`) are left out.

mod align;
mod block;
mod column;
mod compare;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use jingwei_model::config::{LinkMode, LinkModel, TrainingConfig};

use crate::{LinkError, Result, Table};
use column::Column;
pub use column::Meaning;

/// Rows of a table that are looked at.
const ROWS: usize = 400_000;

/// A model and the reasons for it.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The model.
    pub model: LinkModel,
    /// What was found in the columns and left out, in words.
    pub notes: Vec<String>,
}

/// A table as it was seen.
struct Seen {
    name: String,
    columns: Vec<Column>,
    rows: usize,
}

/// Suggests a model for tables. Columns in `leave_out` are not looked at.
///
/// # Errors
/// Tables that cannot be read, that are empty, whose rows nothing names, or that hold nothing to compare.
pub async fn suggest(tables: &[Table], leave_out: &[String]) -> Result<Suggestion> {
    let mut seen = Vec::new();
    for table in tables {
        seen.push(look(table, leave_out).await?);
    }
    if seen.iter().all(|table| table.rows == 0) {
        return Err(LinkError::usage("the tables have no rows, so there is nothing to link"));
    }
    let mut notes = Vec::new();
    let mut model = empty();
    model.title = Some(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", "));
    let fields = align::align(&seen, &mut model, &mut notes)?;
    let rows = seen.iter().map(|table| table.rows).sum();
    let atoms = compare::compare(&fields, &mut model, &mut notes);
    if model.comparisons.is_empty() {
        return Err(LinkError::usage("no column holds anything that tells records apart; write a model by hand"));
    }
    block::block(&atoms, rows, &mut model);
    if model.blocks.is_empty() {
        return Err(LinkError::usage(
            "no column or pair of columns is selective enough to bring likely pairs together; write a model by hand",
        ));
    }
    model.mode = if tables.len() == 1 { LinkMode::Dedupe } else { LinkMode::LinkAndDedupe };
    Ok(Suggestion { model, notes })
}

fn empty() -> LinkModel {
    LinkModel {
        title: None,
        mode: LinkMode::default(),
        id: None,
        tables: Default::default(),
        fields: Default::default(),
        lifetime: None,
        blocks: Vec::new(),
        comparisons: Vec::new(),
        never: Vec::new(),
        threshold: 0.4,
        review: [0.1, 0.9],
        one_to_one: Vec::new(),
        // A model that is made up has many rules, and training looks at pairs of each.
        training: TrainingConfig { random_pairs: 200_000, block_pairs: 40_000, ..Default::default() },
        limits: Default::default(),
    }
}

async fn look(table: &Table, leave_out: &[String]) -> Result<Seen> {
    let names = table.rows.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let mut columns = names.iter().map(|name| Column::new(name)).collect::<Vec<_>>();
    let mut stream = table.rows.clone().limit(0, Some(ROWS))?.execute_stream().await?;
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        rows += batch.num_rows();
        for (column, values) in columns.iter_mut().zip(batch.columns()) {
            if !can_be_text(values.data_type()) {
                continue;
            }
            let texts = cast(values, &DataType::Utf8)?;
            for text in texts.as_string::<i32>() {
                column.push(text);
            }
        }
    }
    columns.retain(|column| !leave_out.contains(&column.name));
    Ok(Seen { name: table.name.clone(), columns, rows })
}

fn can_be_text(kind: &DataType) -> bool {
    kind.is_string() || kind.is_primitive() || matches!(kind, DataType::Boolean)
}

/// A column's name as SQL.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
