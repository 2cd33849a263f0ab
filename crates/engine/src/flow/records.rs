//! What the sources say about one element: clean rows turned into records by the configuration's SQL.

use std::collections::BTreeSet;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, SessionContext, ident, lit};
use jingwei_model::config::{EntityConfig, Record, SourceConfig};
use jingwei_model::{Column, ColumnType, Element, Table};

use super::ties::{Lookups, Tie, attach};
use crate::error::{EngineError, Result, SqlError};
use crate::functions::{attributes_json, record_key, tags};
use crate::project::Project;

/// The columns that name a record and rank it; the base columns come after them.
pub const RECORD_COLUMNS: [&str; 7] = ["_key", "_source", "_record", "_record_id", "_trust", "_as_of", "_row"];

/// The base columns that some source fills for an element, in the table's order.
pub fn filled_columns(project: &Project, element: Element) -> Vec<&'static Column> {
    let table = Table::of(element);
    let mut filled = BTreeSet::new();
    for (_, source) in project.sources_of(element) {
        for record in source.records.iter().filter(|record| record.element == element) {
            filled.extend(record.set.keys().map(String::as_str));
            filled.extend(record.links.iter().filter_map(|link| link.column.as_deref()));
            if !record.attributes.is_empty() {
                filled.insert("attributes");
            }
        }
    }
    table.all_columns().filter(|column| filled.contains(column.name)).collect()
}

/// [`filled_columns`], and those that the rules of linkage name: one that nobody fills is null, and matches nothing.
pub fn linked_columns(project: &Project, element: Element, config: &EntityConfig) -> Vec<&'static Column> {
    let filled = filled_columns(project, element);
    let words = |sql: &String| {
        sql.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .map(str::to_lowercase)
            .collect::<Vec<_>>()
    };
    let named = config.rules.iter().flat_map(|rule| &rule.on).flat_map(words).collect::<BTreeSet<_>>();
    Table::of(element)
        .all_columns()
        .filter(|column| filled.iter().any(|filled| filled.name == column.name) || named.contains(column.name))
        .collect()
}

/// All records of an element over the clean tables in `context`: [`RECORD_COLUMNS`] and `columns`.
/// With `lookups`, columns that hold another entity's id are filled through them; without, they are
/// null (linkage does not need them, and they need linkage).
///
/// # Errors
/// SQL of the configuration that does not plan, with its place.
pub async fn records(
    context: &SessionContext,
    project: &Project,
    element: Element,
    columns: &[&'static Column],
    lookups: Option<&Lookups>,
) -> Result<Option<DataFrame>> {
    let mut all: Option<DataFrame> = None;
    for (name, source) in project.sources_of(element) {
        for record in source.records.iter().filter(|record| record.element == element) {
            let part = one(context, name, source, record, columns, lookups).await?;
            all = Some(match all {
                None => part,
                Some(all) => all.union(part).map_err(EngineError::plan("uniting records"))?,
            });
        }
    }
    Ok(all)
}

async fn one(
    context: &SessionContext,
    name: &str,
    source: &SourceConfig,
    record: &Record,
    columns: &[&'static Column],
    lookups: Option<&Lookups>,
) -> Result<DataFrame> {
    let rows = rows_of(context, name, record).await?;
    let schema = rows.schema().clone();
    let scope = Scope { context, schema: &schema, source: name, record };

    let as_of = match &record.as_of {
        Some(sql) => scope.expression("as_of", sql)?,
        None => lit(ScalarValue::Null),
    };
    let id = record_id(&scope)?;
    let mut select = vec![
        record_key(lit(name), lit(record.label()), id.clone()).alias("_key"),
        lit(name).alias("_source"),
        lit(record.label()).alias("_record"),
        id.alias("_record_id"),
        lit(source.trust).alias("_trust"),
        cast(as_of, DataType::Timestamp(TimeUnit::Microsecond, None)).alias("_as_of"),
        ident("_row").alias("_row"),
    ];
    let mut joins = Vec::new();
    for column in columns {
        let value = if let Some(sql) = record.set.get(column.name) {
            typed(column, scope.expression(column.name, sql)?)
        } else if column.name == "attributes" && !record.attributes.is_empty() {
            let pairs = record.attributes.iter().flat_map(|name| [lit(name.as_str()), ident(name)]).collect();
            attributes_json(pairs)
        } else if let (Some(link), Some(lookups)) =
            (record.links.iter().find(|link| link.column.as_deref() == Some(column.name)), lookups)
        {
            let tie = Tie::new(&scope, source, link, lookups.style())?;
            select.push(tie.value.alias(tie_column(column.name)));
            joins.push((column.name, lookups.find(&tie.target)));
            continue;
        } else {
            null(column)
        };
        select.push(value.alias(column.name));
    }
    let mut records = rows.select(select).map_err(EngineError::plan(format!("records of `{name}`")))?;
    for (column, lookup) in joins {
        records = attach(records, &tie_column(column), lookup, column)?;
    }
    let order =
        RECORD_COLUMNS.into_iter().chain(columns.iter().map(|column| column.name)).map(ident).collect::<Vec<_>>();
    records.select(order).map_err(EngineError::plan(format!("records of `{name}`")))
}

/// The clean rows that make a record: those that its `where` holds for and that have a value for its `id`.
pub async fn rows_of(context: &SessionContext, name: &str, record: &Record) -> Result<DataFrame> {
    let mut rows =
        context.table(format!("clean.{name}")).await.map_err(EngineError::plan(format!("reading clean.{name}")))?;
    let schema = rows.schema().clone();
    let scope = Scope { context, schema: &schema, source: name, record };
    let step = || EngineError::plan(format!("records of `{name}`"));
    if let Some(filter) = &record.filter {
        rows = rows.filter(scope.expression("where", filter)?).map_err(step())?;
    }
    if record.id.is_some() {
        rows = rows.filter(record_id(&scope)?.is_not_null()).map_err(step())?;
    }
    Ok(rows)
}

/// Where an expression of the configuration is read: the clean columns it may name, and what to call it in an error.
pub struct Scope<'a> {
    /// The session that knows the functions.
    pub context: &'a SessionContext,
    /// The clean table's schema.
    pub schema: &'a DFSchema,
    /// The source.
    pub source: &'a str,
    /// The record.
    pub record: &'a Record,
}

impl Scope<'_> {
    /// Parses SQL over the clean columns.
    ///
    /// # Errors
    /// Unknown columns or functions and syntax, with file, key and place.
    pub fn expression(&self, key: &str, sql: &str) -> Result<Expr> {
        self.context.parse_sql_expr(sql, self.schema).map_err(|error| self.wrong(key, sql, &error))
    }

    /// The type that SQL over the clean columns gives, everything in it checked.
    ///
    /// # Errors
    /// As [`Self::expression`], and arguments and operands of the wrong type.
    pub fn tried(&self, key: &str, sql: &str) -> Result<DataType> {
        let expression = self.expression(key, sql)?;
        self.context
            .create_physical_expr(expression, self.schema)
            .and_then(|expression| expression.data_type(self.schema.as_arrow()))
            .map_err(|error| self.wrong(key, sql, &error))
    }

    fn wrong(&self, key: &str, sql: &str, error: &DataFusionError) -> EngineError {
        let mut error = SqlError::new(sql, error);
        error.message = format!(
            "config/sources/{}.toml, record `{}`, `{key}`: {}",
            self.source,
            self.record.label(),
            error.message
        );
        if error.hint.is_none() {
            let columns = self.schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
            error.hint = Some(format!("the clean columns are {}", columns.join(", ")));
        }
        error.into()
    }
}

/// The SQL of a record's id; the row's key when the configuration gives none.
pub fn record_id(scope: &Scope<'_>) -> Result<Expr> {
    let id = match &scope.record.id {
        Some(sql) => scope.expression("id", sql)?,
        None => ident("_record"),
    };
    Ok(cast(id, DataType::Utf8))
}

fn tie_column(column: &str) -> String {
    format!("_tie_{column}")
}

fn typed(column: &Column, value: Expr) -> Expr {
    match column.kind {
        ColumnType::Tags => tags(cast(value, DataType::Utf8)),
        kind => cast(value, kind.data_type()),
    }
}

fn null(column: &Column) -> Expr {
    cast(lit(ScalarValue::Null), column.kind.data_type())
}
