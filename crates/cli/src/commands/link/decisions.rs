//! What people decided or labelled, as a file: `left_id`, `right_id` and `same`, and `left_source` and `right_source`
//! where an id stands in several tables.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use futures::StreamExt;
use jingwei_engine::{EngineError, Result, adhoc};
use jingwei_link::{Decision, Linker, Table, record_key};

use crate::output::complain;

/// The columns of either side: a record's id, and its table where the file says it.
const SIDES: [[&str; 2]; 2] = [["left_id", "left_source"], ["right_id", "right_source"]];

/// A pair of records and whether they are the same, with the row of the file that says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// The row, from one on.
    row: usize,
    /// What it says.
    pub decision: Decision,
}

/// Where records can be: the names of the tables, and which of them have an id.
pub(super) struct Known<'a> {
    /// Names of all tables.
    pub names: &'a [String],
    /// Tables whose records are read, with the linker that knows their columns of ids.
    pub tables: (&'a Linker, &'a [Table]),
    /// Whether a record of a table was there before.
    pub before: &'a (dyn Fn(&str, &str) -> bool + Sync),
}

/// Reads what people decided.
///
/// # Errors
/// As [`read`], and rows that contradict each other.
pub(super) async fn decided(context: &SessionContext, path: &Path, known: &Known<'_>) -> Result<Vec<Decision>> {
    let pairs = read(context, path, known).await?;
    let mut said: HashMap<(u128, u128), Pair> = HashMap::new();
    for pair in &pairs {
        let Decision { left, right, same } = pair.decision;
        let first = said.entry((left.min(right), left.max(right))).or_insert(*pair);
        if first.decision.same != same {
            return Err(EngineError::usage(format!(
                "{}: rows {} and {} decide about the same two records, and not the same; take one of them out",
                path.display(),
                first.row,
                pair.row
            )));
        }
    }
    Ok(pairs.into_iter().map(|pair| pair.decision).collect())
}

/// Reads pairs of records. Rows about records that are nowhere are told, and wait for them where their table is known.
///
/// # Errors
/// A missing column, a row without an id or without `same`, a table that is not there, and an id that several tables
/// have without a word on which of them is meant.
pub(super) async fn read(context: &SessionContext, path: &Path, known: &Known<'_>) -> Result<Vec<Pair>> {
    let shown = path.display().to_string();
    let rows = rows(context, &shown).await?;
    let wanted = rows.iter().flat_map(|row| row.sides.iter().map(|(id, _)| id.clone())).collect::<BTreeSet<_>>();
    let holders = holders(known, wanted).await?;
    let mut pairs = Vec::new();
    let mut missing: Vec<(usize, &str)> = Vec::new();
    for row in &rows {
        let wrong = |what: String| EngineError::usage(format!("{shown}, row {}: {what}", row.number));
        let mut keys = Vec::new();
        for ((id, source), [_, column]) in row.sides.iter().zip(SIDES) {
            let there = holders.get(id).map_or(&[][..], Vec::as_slice);
            let table = match (source, there) {
                (Some(source), _) if !known.names.contains(source) => {
                    return Err(wrong(format!("there is no table `{source}`; there are {}", quoted(known.names))));
                }
                (Some(source), there) => {
                    if !there.contains(source) {
                        missing.push((row.number, id));
                    }
                    Some(source)
                }
                (None, [table]) => Some(table),
                (None, []) => {
                    missing.push((row.number, id));
                    Some(known.names).filter(|names| names.len() == 1).and_then(<[String]>::first)
                }
                (None, several) => {
                    return Err(wrong(format!(
                        "tables {} have a record `{id}`; name the one that is meant in a column `{column}`",
                        quoted(several)
                    )));
                }
            };
            keys.extend(table.map(|table| record_key(table, id)));
        }
        if let [left, right] = keys[..] {
            if left == right {
                return Err(wrong("both ids are those of one record".to_owned()));
            }
            pairs.push(Pair { row: row.number, decision: Decision { left, right, same: row.same } });
        }
    }
    if let [(row, id), ..] = missing[..] {
        let count = missing.iter().map(|(row, _)| row).collect::<BTreeSet<_>>().len();
        complain(&format!(
            "warning: {shown}: no table has a record `{id}` (row {row}); rows about records that are not there: {count}"
        ));
    }
    Ok(pairs)
}

/// A row of the file.
struct Row {
    number: usize,
    /// Id and table of both records.
    sides: [(String, Option<String>); 2],
    same: bool,
}

async fn rows(context: &SessionContext, shown: &str) -> Result<Vec<Row>> {
    let step = || EngineError::plan(format!("reading {shown}"));
    adhoc(context, "_decisions", shown).await?;
    let table = context.table("_decisions").await.map_err(step())?;
    if let Some(missing) = ["left_id", "right_id", "same"].into_iter().find(|name| !has(&table, name)) {
        return Err(EngineError::usage(format!(
            "{shown} has no column `{missing}`; it needs `left_id`, `right_id` and `same`, and `left_source` and \
             `right_source` where an id stands in several tables"
        )));
    }
    let columns = ["left_id", "right_id", "same", "left_source", "right_source"];
    let columns = columns.into_iter().filter(|name| has(&table, name)).collect::<Vec<_>>();
    let texts: Vec<_> = columns.iter().map(|name| cast(ident(*name), DataType::Utf8).alias(*name)).collect();
    let batches = table.select(texts).map_err(step())?.collect().await.map_err(step())?;
    let mut rows = Vec::new();
    for batch in &batches {
        let column = |name: &str| batch.column_by_name(name).map(|column| column.as_string::<i32>().clone());
        let value = |column: &Option<StringArray>, row: usize| {
            let column = column.as_ref().filter(|column| column.is_valid(row))?;
            Some(column.value(row).to_owned()).filter(|text| !text.is_empty())
        };
        let same = column("same");
        let sides = SIDES.map(|[id, source]| (id, column(id), column(source)));
        for row in 0..batch.num_rows() {
            let number = rows.len() + 1;
            let wrong = |what: String| EngineError::usage(format!("{shown}, row {number}: {what}"));
            let side = |(name, ids, sources): &(&str, Option<StringArray>, Option<StringArray>)| {
                let id = value(ids, row).ok_or_else(|| wrong(format!("`{name}` is empty; it names a record")))?;
                Ok::<_, EngineError>((id, value(sources, row)))
            };
            let [left, right] = &sides;
            let sides = [side(left)?, side(right)?];
            let text = value(&same, row);
            let same = text.as_deref().and_then(truth).ok_or_else(|| {
                let found = text.map_or_else(|| "is empty".to_owned(), |text| format!("is `{text}`"));
                wrong(format!("`same` {found}; write true where the two are one, false where they are not"))
            })?;
            rows.push(Row { number, sides, same });
        }
    }
    Ok(rows)
}

fn has(table: &DataFrame, column: &str) -> bool {
    table.schema().has_column_with_unqualified_name(column)
}

/// The tables that have a record of each of these ids.
async fn holders(known: &Known<'_>, wanted: BTreeSet<String>) -> Result<HashMap<String, Vec<String>>> {
    let mut found: HashMap<String, BTreeSet<String>> = wanted.into_iter().map(|id| (id, BTreeSet::new())).collect();
    for (id, tables) in &mut found {
        tables.extend(known.names.iter().filter(|name| (known.before)(name, id)).cloned());
    }
    let (linker, tables) = known.tables;
    for table in tables {
        let column = linker.id_column(&table.name);
        let Some(column) = column.filter(|name| has(&table.rows, name)) else {
            continue;
        };
        let step = || EngineError::plan(format!("reading the ids of {}", table.name));
        let ids = table.rows.clone().select(vec![cast(ident(column), DataType::Utf8)]).map_err(step())?;
        let mut batches = ids.execute_stream().await.map_err(step())?;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(step())?;
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                if let Some(tables) = found.get_mut(id) {
                    tables.insert(table.name.clone());
                }
            }
        }
    }
    Ok(found.into_iter().map(|(id, tables)| (id, tables.into_iter().collect())).collect())
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::truth;

    #[test]
    fn what_is_neither_true_nor_false_is_not_taken_for_one_of_them() {
        for (text, answer) in
            [("true", Some(true)), (" No", Some(false)), ("1", Some(true)), ("", None), ("maybe", None), ("2", None)]
        {
            assert_eq!(truth(text), answer, "{text}");
        }
    }
}
