//! Decisions from a file, as they come back from people who worked through a list.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::prelude::{SessionContext, ident};

use super::Verdict;
use crate::adhoc::adhoc;
use crate::error::{EngineError, Result};

/// The columns of such a file.
const COLUMNS: [&str; 3] = ["left", "right", "same"];

/// Reads a file with the columns `left`, `right` (records, written `source/record_id`) and `same`: true or false, same or
/// different.
///
/// # Errors
/// A file that cannot be read, a column that is missing, and a row that leaves something out; rows count from 1.
pub async fn verdicts(context: &SessionContext, path: &Path) -> Result<Vec<Verdict>> {
    let shown = path.display().to_string();
    let step = || EngineError::plan(format!("reading {shown}"));
    adhoc(context, "_verdicts", &shown).await?;
    let table = context.table("_verdicts").await.map_err(step())?;
    for name in COLUMNS {
        if !table.schema().has_column_with_unqualified_name(name) {
            return Err(EngineError::usage_with_hint(
                format!("{shown} has no column `{name}`"),
                "decisions have the columns left, right and same",
            ));
        }
    }
    let rows = table.select(COLUMNS.map(ident).to_vec()).map_err(step())?.collect().await.map_err(step())?;
    let mut verdicts = Vec::new();
    for batch in &rows {
        let text = |column: usize| {
            cast(batch.column(column), &DataType::Utf8).map_err(|error| EngineError::Internal(error.to_string()))
        };
        let columns = [text(0)?, text(1)?, text(2)?];
        for row in 0..batch.num_rows() {
            let place = verdicts.len() + 1;
            let value = |column: usize| {
                let texts = columns[column].as_string::<i32>();
                let value = if texts.is_valid(row) { texts.value(row).trim() } else { "" };
                let name = COLUMNS[column];
                match value.is_empty() {
                    true => Err(EngineError::usage(format!("{shown}, row {place}: `{name}` is empty"))),
                    false => Ok(value.to_owned()),
                }
            };
            let same = match value(2)?.to_lowercase().as_str() {
                "true" | "t" | "1" | "yes" | "same" => true,
                "false" | "f" | "0" | "no" | "different" => false,
                other => {
                    return Err(EngineError::usage_with_hint(
                        format!("{shown}, row {place}: `{other}` is neither same nor different"),
                        "write true or false, or same or different",
                    ));
                }
            };
            verdicts.push(Verdict { left: value(0)?, right: value(1)?, same });
        }
    }
    Ok(verdicts)
}
