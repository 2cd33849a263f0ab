//! The configuration tried out on empty tables, before a byte of data is read: names, functions and types of all its
//! SQL. What a run would stumble over after an hour is said at once, with its file and key.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::Utc;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use jingwei_geo::Crs;
use jingwei_model::config::{ConfigError, Record, SourceConfig};
use jingwei_model::{Column, ColumnType, Table};
use jingwei_standardize::{Context, Standardizer};

use crate::city::bare_session;
use crate::error::{EngineError, Result, SqlError};
use crate::flow::{Scope, linked_columns, records};
use crate::library::{Kind, bind};
use crate::project::Project;
use crate::session::SessionSettings;

/// Tries out what an integration needs: the city's settings, every source and its records, every entity's rules.
///
/// # Errors
/// The first thing that cannot work, with its file.
pub async fn rehearse(project: &Project) -> Result<()> {
    stage(project).await.map(drop)
}

/// Tries out what [`rehearse`] does, and every query of the library.
///
/// # Errors
/// The first thing that cannot work, with its file.
pub async fn rehearse_all(project: &Project) -> Result<()> {
    let context = stage(project).await?;
    for table in Table::ALL {
        open(&context, &format!("base.{}", table.name), table.schema())?;
    }
    let views = project.library.views_in_order()?;
    let others = project.library.iter().filter(|query| query.kind != Kind::View);
    for query in views.into_iter().chain(others) {
        // What these tables look like is known once there are some.
        if query.reads.iter().any(|table| UNKNOWN.iter().any(|schema| table.starts_with(schema))) {
            continue;
        }
        let folder = match query.kind {
            Kind::View => "views",
            Kind::Indicator => "indicators",
            Kind::Check => "checks",
            Kind::Warning => "warnings",
        };
        let failed = |error| {
            let mut error = SqlError::new(&query.sql, &error);
            error.message = format!("queries/{folder}/{}.sql: {}", query.name, error.message);
            EngineError::from(error)
        };
        let mut frame = context.sql(&query.sql).await.map_err(failed)?;
        if query.kind == Kind::View {
            context.register_table(format!("base.{}", query.name), frame.into_view()).map_err(failed)?;
            continue;
        }
        if !query.header.params.is_empty() {
            frame = frame.with_param_values(bind(&query.header.params, &[])?).map_err(failed)?;
        }
        frame.into_optimized_plan().map_err(failed)?;
    }
    Ok(())
}

/// Schemas whose tables have columns that no configuration tells.
const UNKNOWN: [&str; 5] = ["raw.", "link.", "mart.", "ops.", "quarantine."];

/// A session with an empty clean table for each source.
async fn stage(project: &Project) -> Result<SessionContext> {
    let city = &project.city.city;
    let main = "config/jingwei.toml";
    let standardizing = Context::new(Utc::now().date_naive())
        .with_time_zone(&city.time_zone)
        .map_err(|error| ConfigError::new(main, error.to_string()))?;
    let metric =
        Crs::parse(&city.metric_crs).map_err(|error| ConfigError::new(main, format!("`metric_crs`: {error}")))?;
    if metric.is_geographic() {
        return Err(ConfigError::new(main, format!("`metric_crs` is {metric}, whose coordinates are degrees"))
            .with_hint("name a projection in metres, e.g. the UTM zone of the city")
            .into());
    }
    let context = bare_session(project, &SessionSettings { threads: 1, memory: 64 << 20, temp: None })?;
    for (name, source) in &project.sources {
        open(&context, &format!("clean.{name}"), clean_schema(name, source, &standardizing)?)?;
    }
    for (name, source) in &project.sources {
        let clean = context
            .table(format!("clean.{name}"))
            .await
            .map_err(EngineError::plan(format!("rehearsing clean.{name}")))?;
        for record in &source.records {
            try_record(&Scope { context: &context, schema: clean.schema(), source: name, record })?;
        }
    }
    for (element, config) in &project.entities {
        let columns = linked_columns(project, *element, config);
        let Some(records) = records(&context, project, *element, &columns, None).await? else { continue };
        for rule in &config.rules {
            for sql in &rule.on {
                context.parse_sql_expr(sql, records.schema()).map_err(|error| {
                    let mut error = SqlError::new(sql, &error);
                    error.message = format!("config/entities, {element}, rule `{}`: {}", rule.rule, error.message);
                    EngineError::from(error)
                })?;
            }
        }
    }
    Ok(context)
}

fn open(context: &SessionContext, name: &str, schema: SchemaRef) -> Result<()> {
    let step = || EngineError::plan(format!("rehearsing {name}"));
    let table = MemTable::try_new(schema, vec![vec![]]).map_err(step())?;
    context.register_table(name, Arc::new(table)).map(drop).map_err(step())
}

/// The clean columns a source will have, whatever its data.
fn clean_schema(name: &str, source: &SourceConfig, context: &Context) -> Result<SchemaRef> {
    let mut fields = ["_file", "_sheet", "_error", "_text"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec();
    fields.push(Field::new("_row", DataType::Int64, true));
    let wanted: BTreeSet<String> = source
        .columns
        .values()
        .flat_map(|column| column.from.to_vec())
        .map(|from| from.trim().to_owned())
        .filter(|from| !fields.iter().any(|field| field.name() == from))
        .collect();
    fields.extend(wanted.into_iter().map(|from| Field::new(from, DataType::Utf8, true)));
    Standardizer::new(source, &Schema::new(fields), context)
        .map(|standardizer| standardizer.clean_schema())
        .map_err(|error| ConfigError::new(format!("config/sources/{name}.toml"), error.to_string()).into())
}

fn try_record(scope: &Scope<'_>) -> Result<()> {
    let Record { id, filter, as_of, set, links, .. } = scope.record;
    for (key, sql) in [("id", id), ("where", filter), ("as_of", as_of)] {
        if let Some(sql) = sql {
            scope.tried(key, sql)?;
        }
    }
    let table = Table::of(scope.record.element);
    for (name, sql) in set {
        let kind = scope.tried(name, sql)?;
        if let Some(column) = table.column(name) {
            fits(scope, column, sql, &kind)?;
        }
    }
    for link in links {
        let texts = [
            ("value", &link.value),
            ("where", &link.filter),
            ("valid_from", &link.valid_from),
            ("valid_to", &link.valid_to),
        ];
        for (key, sql) in texts {
            if let Some(sql) = sql {
                scope.tried(key, sql)?;
            }
        }
    }
    Ok(())
}

/// Text does not become a number or a date by itself: one odd value would end the run, or be lost unseen.
fn fits(scope: &Scope<'_>, column: &Column, sql: &str, kind: &DataType) -> Result<()> {
    let parser = match column.kind {
        ColumnType::Integer => "integer",
        ColumnType::Number => "number",
        ColumnType::Date => "date",
        ColumnType::Datetime => "datetime",
        ColumnType::Boolean => "boolean",
        ColumnType::Geometry => "geometry",
        _ => return Ok(()),
    };
    let text = matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let constant = sql.trim().starts_with('\'') && sql.trim().ends_with('\'');
    if !text || (constant && column.kind != ColumnType::Geometry) {
        return Ok(());
    }
    let file = format!("config/sources/{}.toml", scope.source);
    let message =
        format!("record `{}` sets `{}`, which is no text, from the text `{sql}`", scope.record.label(), column.name);
    let hint = format!("read the column with `parse = \"{parser}\"`, so that what is none is told apart");
    Err(ConfigError::new(file, message).with_hint(hint).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn project(source: &str, more: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        let head = "title = \"t\"\n[from]\npath = \"data/none.csv\"\n[columns]\nno = { from = \"No\" }\nfloors = { from = \"Floors\" }\n";
        let files = [
            ("config/jingwei.toml", "[city]\nname = \"Testville\"\n".to_owned()),
            ("config/sources/houses.toml", format!("{head}{source}")),
        ];
        let more = more.iter().map(|(path, text)| (*path, (*text).to_owned()));
        for (path, text) in files.into_iter().chain(more) {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = Project::open(dir.path()).unwrap();
        (dir, project)
    }

    async fn refused(source: &str, more: &[(&str, &str)], words: &[&str]) {
        let (_dir, project) = project(source, more);
        let error = rehearse_all(&project).await.unwrap_err();
        assert!(error.is_user_error(), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "no `{word}` in {error}");
        }
    }

    const HOUSES: &str = "[[record]]\nelement = \"housing\"\n[record.set]\nunit_code = \"no\"\n";

    #[tokio::test]
    async fn a_configuration_that_works_passes() {
        let rules =
            "element = \"housing\"\n[[match]]\nrule = \"name\"\non = [\"name\", \"unit_code\"]\nprobability = 0.9\n";
        let query = "/* title = \"q\" */ SELECT h.no FROM clean.houses h JOIN housing b ON b.unit_code = h.no";
        let more = [("config/entities/housing.toml", rules), ("queries/indicators/q.sql", query)];
        let (_dir, project) = project(HOUSES, &more);
        rehearse_all(&project).await.unwrap();
    }

    #[tokio::test]
    async fn wrong_names_and_types_are_told_with_file_and_key() {
        let house = |line: &str| format!("[[record]]\nelement = \"housing\"\n[record.set]\n{line}\n");
        refused(&house("name = \"nme\""), &[], &["config/sources/houses.toml", "`name`", "nme"]).await;
        refused(&house("name = \"shout(no)\""), &[], &["config/sources/houses.toml", "shout"]).await;
        refused(&house("floors = \"floors\""), &[], &["config/sources/houses.toml", "`floors`", "parse = \"integer\""])
            .await;
        refused(&house("floors = \"no + true\""), &[], &["config/sources/houses.toml", "`floors`"]).await;
    }

    #[tokio::test]
    async fn wrong_rules_queries_and_settings_are_told_with_their_file() {
        let rules = "element = \"housing\"\n[[match]]\nrule = \"by code\"\non = [\"unit_cod\"]\nprobability = 0.9\n";
        refused(HOUSES, &[("config/entities/housing.toml", rules)], &["housing", "by code", "unit_cod"]).await;
        let query = "/* title = \"q\" */ SELECT nothing FROM housing";
        refused(HOUSES, &[("queries/checks/q.sql", query)], &["queries/checks/q.sql", "nothing"]).await;
        let zone = "[city]\nname = \"Testville\"\ntime_zone = \"Asia/Shanghia\"\n";
        refused(HOUSES, &[("config/jingwei.toml", zone)], &["config/jingwei.toml", "Asia/Shanghia"]).await;
        for crs in ["EPSG:9", "EPSG:4326"] {
            let metres = format!("[city]\nname = \"Testville\"\nmetric_crs = \"{crs}\"\n");
            refused(HOUSES, &[("config/jingwei.toml", &metres)], &["config/jingwei.toml", "metric_crs"]).await;
        }
    }
}
