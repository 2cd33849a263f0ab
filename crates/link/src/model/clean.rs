//! From tables as they are to the model's fields: one projection after another, in the order of the model.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{DataFrame, SessionContext, ident};
use datafusion::scalar::ScalarValue;
use jingwei_model::config::LinkModel;

use crate::{LinkError, Result};

/// A table to link.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name: a file's without extension, or a source's.
    pub name: String,
    /// Its rows as they are.
    pub rows: DataFrame,
}

/// The tables with the model's fields, all of one schema, and from which raw columns each field comes.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// Name, column of the id, and rows.
    pub tables: Vec<(String, Option<String>, DataFrame)>,
    /// Field → raw columns it is made of.
    pub lineage: BTreeMap<String, BTreeSet<String>>,
}

/// Applies the model's cleaning to the tables.
///
/// # Errors
/// A column that no table has, SQL that does not plan, and tables whose columns cannot be brought together.
pub fn clean(context: &SessionContext, model: &LinkModel, tables: Vec<Table>) -> Result<Cleaned> {
    if tables.is_empty() {
        return Err(LinkError::usage("there is no table to link"));
    }
    for name in model.tables.keys() {
        if !tables.iter().any(|table| table.name == *name) {
            let known = tables.iter().map(|table| format!("`{}`", table.name)).collect::<Vec<_>>().join(", ");
            return Err(LinkError::usage(format!("the model speaks of a table `{name}`; there are {known}")));
        }
    }
    // Every column that some table has, so that the others have it as null.
    let mut columns: BTreeMap<String, DataType> = BTreeMap::new();
    for table in &tables {
        for field in table.rows.schema().fields() {
            columns.entry(field.name().clone()).or_insert_with(|| field.data_type().clone());
        }
    }
    let mut lineage: BTreeMap<String, BTreeSet<String>> =
        columns.keys().map(|name| (name.clone(), BTreeSet::from([name.clone()]))).collect();
    let mut cleaned = Vec::new();
    for table in tables {
        let own = model.tables.get(&table.name);
        let id = own.and_then(|own| own.id.clone()).or_else(|| model.id.clone());
        if let Some(id) = &id
            && !table.rows.schema().has_column_with_unqualified_name(id)
        {
            return Err(missing(
                &format!("table `{}`", table.name),
                id,
                table.rows.schema().fields().iter().map(|field| field.name().as_str()),
            ));
        }
        let mut select = Vec::new();
        if let Some(id) = &id {
            select.push(ident(id.as_str()).alias("_id"));
        }
        for (name, kind) in &columns {
            if name == "_id" {
                continue;
            }
            let value = if table.rows.schema().has_column_with_unqualified_name(name) {
                Expr::Column(Column::new_unqualified(name))
            } else {
                lit(ScalarValue::try_from(kind).map_err(LinkError::DataFusion)?)
            };
            select.push(value.alias(name));
        }
        let mut rows = table.rows.select(select)?;
        let steps = own
            .map(|own| own.fields.iter())
            .into_iter()
            .flatten()
            .chain(model.fields.iter().filter(|(name, _)| own.is_none_or(|own| !own.fields.contains_key(*name))));
        for (name, sql) in steps {
            let expr = context.parse_sql_expr(sql, rows.schema()).map_err(|error| LinkError::Rule {
                rule: format!("field {name}"),
                sql: sql.clone(),
                message: error.strip_backtrace(),
            })?;
            let mut from = BTreeSet::new();
            for column in expr.column_refs() {
                from.extend(lineage.get(&column.name).cloned().unwrap_or_default());
            }
            // A field of the same name as a column it is made of is that column, cleaned.
            lineage.entry(name.clone()).or_default().extend(from);
            let mut next = rows
                .schema()
                .fields()
                .iter()
                .filter(|field| field.name() != name)
                .map(|field| Expr::Column(Column::new_unqualified(field.name())))
                .collect::<Vec<_>>();
            next.push(expr.alias(name.as_str()));
            rows = rows.select(next).map_err(|error| LinkError::Rule {
                rule: format!("field {name}"),
                sql: sql.clone(),
                message: error.strip_backtrace(),
            })?;
        }
        cleaned.push((table.name, id, rows));
    }
    Ok(Cleaned { tables: cleaned, lineage })
}

/// An error that names the column nearest to one that is not there.
fn missing<'a>(place: &str, name: &str, known: impl Iterator<Item = &'a str>) -> LinkError {
    let mut known = known.collect::<Vec<_>>();
    known.sort_by_key(|column| strsim::damerau_levenshtein(column, name));
    let nearest = known.first().map(|column| format!("; did you mean `{column}`?")).unwrap_or_default();
    LinkError::usage(format!("{place} has no column `{name}`{nearest}"))
}
