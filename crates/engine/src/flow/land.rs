//! Source → raw, clean and quarantine: one pass over each file, standardizing beside reading and writing.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use jingwei_model::config::SourceConfig;
use jingwei_model::hash::hash64;
use jingwei_source::{Locator, Part, SourceError};
use jingwei_standardize::{Context, Standardized, Standardizer};
use jingwei_store::{TableName, TableWriter, WriteOptions};

use super::plan::{self, Plan, SourceState};
use super::{Flow, INPUTS, made_from};
use crate::error::{EngineError, Result};
use crate::report::SourceReport;

impl Flow<'_> {
    /// Reads every source that is new or changed, and lets those go that are no longer configured.
    pub(super) async fn land(&mut self, plan: &Plan) -> Result<()> {
        let locator = plan::locator(&self.city.project);
        for (name, source) in &plan.sources {
            match source.state {
                SourceState::New | SourceState::Changed => self.land_one(name, &source.inputs, &locator).await?,
                SourceState::Gone => {
                    for schema in ["raw", "clean", "quarantine"] {
                        let table = TableName::new(schema, name);
                        self.run.drop_table(&table);
                        self.context
                            .deregister_table(table.to_string())
                            .map_err(EngineError::plan("dropping a table"))?;
                    }
                    self.written = true;
                }
                SourceState::Unchanged | SourceState::Skipped => {
                    if let Some(last) = self.last_report(name) {
                        self.report.sources.insert(name.clone(), SourceReport { read: false, seconds: 0.0, ..last });
                    }
                }
            }
        }
        // A source that was never integrated says nothing yet.
        let run = &self.run;
        self.project.sources.retain(|name, _| run.state(&super::clean(name)).is_some());
        let _ = std::fs::remove_dir_all(&locator.temp);
        Ok(())
    }

    fn last_report(&self, name: &str) -> Option<SourceReport> {
        let report = self.run.base()?.report.get("sources")?.get(name)?;
        serde_json::from_value(report.clone()).ok()
    }

    async fn land_one(&mut self, name: &str, inputs: &str, locator: &Locator) -> Result<()> {
        let began = Instant::now();
        let phase = format!("reading {name}");
        self.progress.begin(&phase);
        let config = Arc::new(self.city.project.sources[name].clone());
        let failed = |error| EngineError::Source { name: name.to_owned(), error: Box::new(error) };
        let parts = jingwei_source::open(&config, locator).await.map_err(failed)?;
        let raw_schema = merged(parts.iter().map(|part| &part.schema));
        let files = parts.iter().map(|part| part.file.clone()).collect::<std::collections::BTreeSet<_>>();
        let context = self.standardize_context(name)?;

        let options = |comment: &str| {
            WriteOptions { comment: Some(comment.to_owned()), ..WriteOptions::default() }
                .with_inputs(made_from(inputs.to_owned()))
        };
        let mut report = SourceReport { read: true, ..SourceReport::default() };
        let mut writers: Option<Writers> = None;
        let mut keys = Vec::new();
        for part in parts {
            let standardizer = standardizer(name, &config, &part, &context)?;
            let writers = match &mut writers {
                Some(writers) => writers,
                None => writers.insert(Writers {
                    raw: self.run.write(&TableName::new("raw", name), &raw_schema, options(&config.title)),
                    clean: self.run.write(
                        &TableName::new("clean", name),
                        &standardizer.clean_schema(),
                        options(&config.title),
                    ),
                    quarantine: self.run.write(
                        &TableName::new("quarantine", name),
                        &standardizer.quarantine_schema(),
                        options(&config.title),
                    ),
                }),
            };
            let standardizer = Arc::new(standardizer);
            let mut work = part
                .rows
                .map(|batch| {
                    let standardizer = Arc::clone(&standardizer);
                    async move {
                        let batch = batch.map_err(failed)?;
                        let work =
                            tokio::task::spawn_blocking(move || standardizer.apply(&batch).map(|done| (batch, done)));
                        work.await
                            .map_err(|error| EngineError::Internal(format!("standardizing ended: {error}")))?
                            .map_err(|error| EngineError::Standardize { name: name.to_owned(), error: Box::new(error) })
                    }
                })
                .buffered(2);
            while let Some((raw, done)) = work.try_next().await? {
                count(&mut report, &raw, &done);
                if !config.key.is_empty() {
                    keys.extend(
                        done.clean.column(0).as_string::<i32>().iter().flatten().map(|key| hash64(key.as_bytes())),
                    );
                }
                writers.raw.write(&adapted(&raw, &raw_schema)?).await?;
                writers.clean.write(&done.clean).await?;
                writers.quarantine.write(&done.quarantine).await?;
                self.progress.rows(&phase, report.rows);
            }
        }
        let Some(writers) = writers else {
            return Err(EngineError::Internal(format!("source `{name}` opened without any part")));
        };
        if report.rows == 0 && !config.format.may_be_empty {
            return Err(failed(no_rows(files)));
        }
        for writer in [writers.raw, writers.clean, writers.quarantine] {
            self.run.finish(writer).await?;
        }
        for schema in ["raw", "clean", "quarantine"] {
            self.reopen(&TableName::new(schema, name))?;
        }
        debug_assert!(self.run.state(&super::clean(name)).is_some_and(|state| state.inputs.contains_key(INPUTS)));
        report.repeated = repeated(keys);
        report.seconds = began.elapsed().as_secs_f64();
        let summary = format!("{} rows, {} quarantined", report.rows, report.quarantined);
        self.report.sources.insert(name.to_owned(), report);
        *self.report.phases.entry("reading".to_owned()).or_default() += began.elapsed().as_secs_f64();
        self.progress.end(&phase, &summary);
        Ok(())
    }

    fn standardize_context(&self, name: &str) -> Result<Context> {
        let today = DateTime::from_timestamp_micros(self.now).unwrap_or_default().date_naive();
        Context::new(today)
            .with_time_zone(&self.city.project.city.city.time_zone)
            .map_err(|error| EngineError::Standardize { name: name.to_owned(), error: Box::new(error) })
    }
}

/// The error for a source that says nothing at all.
fn no_rows(files: std::collections::BTreeSet<String>) -> SourceError {
    let files = files.into_iter().collect::<Vec<_>>().join(", ");
    SourceError::data(files, "no rows: it is empty, or holds a header alone").with_hint(
        "have it exported again; if no row is a fine answer, write `may_be_empty = true` under [format], and all that \
         the source said before ends",
    )
}

struct Writers {
    raw: TableWriter,
    clean: TableWriter,
    quarantine: TableWriter,
}

fn standardizer(name: &str, config: &SourceConfig, part: &Part, context: &Context) -> Result<Standardizer> {
    let place = match &part.sheet {
        Some(sheet) => format!("{}, {sheet}", part.file),
        None => part.file.clone(),
    };
    Standardizer::new(config, &part.schema, &context.clone().with_part(place))
        .map_err(|error| EngineError::Standardize { name: name.to_owned(), error: Box::new(error) })
}

fn count(report: &mut SourceReport, raw: &RecordBatch, done: &Standardized) {
    report.rows += raw.num_rows() as u64;
    report.clean += done.clean.num_rows() as u64;
    report.quarantined += done.quarantine.num_rows() as u64;
    if let Some(issues) = done.clean.column_by_name("_issues") {
        report.issues += (issues.len() - issues.null_count()) as u64;
        for issues in issues.as_string::<i32>().iter().flatten() {
            for Issue { column, reason } in serde_json::from_str::<Vec<Issue<'_>>>(issues).unwrap_or_default() {
                *report.set_aside.entry(column.to_owned()).or_default().entry(reason.to_owned()).or_default() += 1;
            }
        }
    }
    if let Some(reasons) = done.quarantine.column_by_name("reason").and_then(|reasons| reasons.as_string_opt::<i32>()) {
        for reason in reasons.iter().flatten() {
            *report.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }
}

/// What a row's `_issues` say of one value.
#[derive(serde::Deserialize)]
struct Issue<'a> {
    column: &'a str,
    reason: &'a str,
}

/// How many of the keys have been there before.
fn repeated(mut keys: Vec<u64>) -> u64 {
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    (all - keys.len()) as u64
}

/// The columns of all parts; one whose type differs between them is text. Delta tells columns apart by their names
/// without case, and so do these: files that differ in case alone share a column.
fn merged<'a>(schemas: impl Iterator<Item = &'a SchemaRef>) -> SchemaRef {
    let mut fields: Vec<Field> = Vec::new();
    for schema in schemas {
        for (field, name) in schema.fields().iter().zip(distinct_names(schema)) {
            match fields.iter_mut().find(|known| known.name().eq_ignore_ascii_case(&name)) {
                None => fields.push(field.as_ref().clone().with_name(name).with_nullable(true)),
                Some(known) if known.data_type() != field.data_type() => {
                    *known = Field::new(known.name(), DataType::Utf8, true);
                }
                Some(_) => {}
            }
        }
    }
    Arc::new(Schema::new(fields))
}

/// The names of one file's columns; of those that differ in case alone, the later ones are numbered.
fn distinct_names(schema: &Schema) -> Vec<String> {
    let mut seen: Vec<String> = Vec::with_capacity(schema.fields().len());
    schema
        .fields()
        .iter()
        .map(|field| {
            let lower = field.name().to_lowercase();
            let before = seen.iter().filter(|name| **name == lower).count();
            seen.push(lower);
            if before == 0 { field.name().clone() } else { format!("{}_{}", field.name(), before + 1) }
        })
        .collect()
}

fn adapted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let names = distinct_names(batch.schema_ref());
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let place = names.iter().position(|name| name.eq_ignore_ascii_case(field.name()));
            match place.map(|place| batch.column(place)) {
                None => Ok(new_null_array(field.data_type(), batch.num_rows())),
                Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
                Some(column) => cast(column, field.data_type()),
            }
        })
        .collect::<Result<Vec<ArrayRef>, _>>();
    columns
        .and_then(|columns| RecordBatch::try_new(Arc::clone(schema), columns))
        .map_err(|error| EngineError::Internal(format!("raw columns: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_differ_in_case_alone_are_one_between_files_and_two_within_a_file() {
        let schema = |names: &[&str]| -> SchemaRef {
            Arc::new(Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>()))
        };
        let merged = merged([schema(&["Id", "flag"]), schema(&["id", "FLAG", "Flag"])].iter());
        let names = merged.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["Id", "flag", "Flag_2"]);
        let batch = RecordBatch::new_empty(schema(&["id", "FLAG", "Flag"]));
        assert!(adapted(&batch, &merged).is_ok_and(|batch| batch.num_columns() == 3));
    }
}
