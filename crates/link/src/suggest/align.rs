//! Which columns of several tables are the same field, and which one names the records.

use std::collections::BTreeSet;

use jingwei_model::config::{LinkModel, LinkTable};

use super::column::{Column, Meaning, hint};
use super::{Seen, quoted};
use crate::{LinkError, Result};

/// Columns that say which entity a record is of: labels, not evidence.
const LABELS: &[&str] = &["cluster", "cluster_id", "entity_id", "label", "truth", "true_id", "match_id", "group_id"];
/// What is in the name of a column that names records.
const KEYS: &[&str] = &["id", "key", "uuid", "no", "number", "编号", "序号", "流水", "主键", "编码"];

/// A field of the model with what was seen of it in all tables.
pub(super) struct Field {
    pub column: Column,
    pub meaning: Meaning,
    /// Of a date, the column of resident ids that hold the same day as their day of birth.
    pub id: Option<String>,
}

/// Brings the tables' columns together and chooses the ids. Tells the model of names that differ.
pub(super) fn align(seen: &[Seen], model: &mut LinkModel, notes: &mut Vec<String>) -> Result<Vec<Field>> {
    let mut ids = BTreeSet::new();
    for table in seen {
        let id = id_of(table)?;
        ids.insert(id.clone());
        model.tables.insert(table.name.clone(), LinkTable { id: Some(id), fields: Default::default() });
    }
    if ids.len() == 1 {
        model.id = ids.first().cloned();
        model.tables.clear();
    }
    let mut fields: Vec<Column> = Vec::new();
    for table in seen {
        let known = fields.len();
        let mut own: Vec<&Column> = Vec::new();
        for column in &table.columns {
            if ids.contains(&column.name) {
                continue;
            }
            if LABELS.contains(&column.name.to_lowercase().as_str()) {
                notes.push(format!("{}: left out, its name says that it is a label", column.name));
                continue;
            }
            match fields.iter_mut().find(|field| field.name == column.name) {
                Some(field) => field.merge(column),
                None => own.push(column),
            }
        }
        for column in own {
            // The same thing under another name: the same meaning, of a kind that is told by its form, or common values.
            let meaning = column.meaning();
            let named = |field: &Column| table.columns.iter().any(|other| other.name == field.name);
            let alike = |field: &Column| {
                if named(field) || field.meaning() != meaning {
                    return 0.0;
                }
                let form = matches!(
                    meaning,
                    Meaning::ResidentId | Meaning::CreditCode | Meaning::Phone | Meaning::Email | Meaning::ChineseName
                );
                let overlap = field.overlap(column);
                if overlap >= 0.05 { 1.0 + overlap } else { f64::from(u8::from(form)) }
            };
            let best = (0..known)
                .map(|place| (alike(&fields[place]), place))
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            match best {
                Some((worth, place)) if worth > 0.0 => {
                    notes.push(format!("{}.{}: taken for {}", table.name, column.name, fields[place].name));
                    let entry = model.tables.entry(table.name.clone()).or_default();
                    if entry.id.is_none() && model.id.is_none() {
                        entry.id = id_of(table).ok();
                    }
                    entry.fields.insert(fields[place].name.clone(), quoted(&column.name));
                    fields[place].merge(column);
                }
                _ => fields.push(column.clone()),
            }
        }
    }
    // A table that lacks a column has it empty.
    let rows = seen.iter().map(|table| table.rows).sum();
    Ok(fields
        .into_iter()
        .map(|mut column| {
            column.rows = rows;
            let id = births(seen, &column.name);
            Field { meaning: column.meaning(), column, id }
        })
        .collect())
}

/// The column of resident ids whose days of birth a column of days repeats, in any table.
fn births(seen: &[Seen], name: &str) -> Option<String> {
    seen.iter().find_map(|table| {
        let days = table.columns.iter().find(|column| column.name == name && column.meaning() == Meaning::Date)?;
        let ids = || table.columns.iter().filter(|column| column.meaning() == Meaning::ResidentId);
        ids().find(|ids| ids.births_agree(days).is_some_and(|share| share >= 0.5)).map(|ids| ids.name.clone())
    })
}

/// The column that names a table's records: a value of its own in every row, no meaning of its own, the sooner the better.
fn id_of(table: &Seen) -> Result<String> {
    let candidates = || {
        table.columns.iter().filter(|column| {
            column.is_key()
                && matches!(
                    column.meaning(),
                    Meaning::Code | Meaning::Word | Meaning::Words | Meaning::Number | Meaning::Category
                )
        })
    };
    candidates()
        .find(|column| hint(&column.name, KEYS))
        .or_else(|| candidates().next())
        .or_else(|| table.columns.iter().find(|column| column.is_key()))
        .or_else(|| if table.rows == 0 { table.columns.first() } else { None })
        .map(|column| column.name.clone())
        .ok_or_else(|| {
            LinkError::usage(format!(
                "no column of table `{}` has a value of its own in every row, so nothing names its records; add one",
                table.name
            ))
        })
}
