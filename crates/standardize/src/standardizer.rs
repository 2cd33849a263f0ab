//! A source's configuration, made ready for its batches.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use jingwei_model::Reason;
use jingwei_model::config::SourceConfig;

use crate::cells::{Cells, get};
use crate::column::Column;
use crate::error::nearest;
use crate::record::Naming;
use crate::report::Report;
use crate::{Context, StandardizeError, quarantine};

/// What a raw batch becomes: together the two have as many rows as it.
#[derive(Debug, Clone)]
pub struct Standardized {
    /// The rows that can be used.
    pub clean: RecordBatch,
    /// The rows that cannot, and why.
    pub quarantine: RecordBatch,
}

/// Turns raw batches of one schema into clean ones.
#[derive(Debug)]
pub struct Standardizer {
    columns: Vec<Column>,
    naming: Naming,
    raw: Schema,
    clean: SchemaRef,
    provenance: [Option<usize>; 5],
}

const PROVENANCE: [&str; 5] = ["_file", "_sheet", "_row", "_error", "_text"];

impl Standardizer {
    /// Prepares `config` for batches of schema `raw`.
    ///
    /// # Errors
    /// Raw columns that are missing or occur twice, key columns that are not configured, patterns and
    /// coordinate systems that are none.
    pub fn new(config: &SourceConfig, raw: &Schema, context: &Context) -> Result<Self, StandardizeError> {
        let mut columns = Vec::with_capacity(config.columns.len());
        for (place, (name, column)) in config.columns.iter().enumerate() {
            columns.push(Column::new(place, name, column, config, raw, context)?);
        }
        let mut fields = vec![
            Arc::new(Field::new("_record", DataType::Utf8, false)),
            Arc::new(Field::new("_file", DataType::Utf8, true)),
            Arc::new(Field::new("_sheet", DataType::Utf8, true)),
            Arc::new(Field::new("_row", DataType::Int64, true)),
            Arc::new(Field::new("_issues", DataType::Utf8, true)),
        ];
        let before = fields.len();
        for column in &columns {
            for field in column.fields() {
                if fields.iter().any(|known: &FieldRef| known.name() == field.name()) {
                    return Err(StandardizeError::Setting {
                        column: column.name().to_owned(),
                        message: format!(
                            "the clean column `{}` is already there; give one of the two another name",
                            field.name()
                        ),
                    });
                }
                fields.push(Arc::new(field));
            }
        }
        let naming = if config.key.is_empty() {
            Naming::Content
        } else {
            let place = |key: &String| {
                fields[before..].iter().position(|field| field.name() == key).ok_or_else(|| {
                    StandardizeError::UnknownKey {
                        key: key.clone(),
                        nearest: nearest(key, config.columns.keys().map(String::as_str)).into_iter().next(),
                    }
                })
            };
            Naming::Key(config.key.iter().map(place).collect::<Result<_, _>>()?)
        };
        let provenance = PROVENANCE.map(|name| raw.index_of(name).ok());
        for (name, place) in PROVENANCE.into_iter().zip(provenance) {
            if place.is_none() && ["_file", "_row"].contains(&name) {
                return Err(StandardizeError::NoProvenance(name));
            }
        }
        Ok(Self { columns, naming, raw: raw.clone(), clean: Arc::new(Schema::new(fields)), provenance })
    }

    /// The schema of the clean batches: `_record`, `_file`, `_sheet`, `_row`, `_issues`, and the configured columns.
    #[must_use]
    pub fn clean_schema(&self) -> SchemaRef {
        Arc::clone(&self.clean)
    }

    /// The schema of the quarantine batches: `_file`, `_sheet`, `_row`, `column`, `reason`, `original`, `raw`.
    #[must_use]
    pub fn quarantine_schema(&self) -> SchemaRef {
        quarantine::schema()
    }

    /// Sorts the rows of a raw batch into clean and quarantined ones.
    ///
    /// # Errors
    /// A batch of another schema than the announced one; failures of Arrow itself. Never a value.
    pub fn apply(&self, raw: &RecordBatch) -> Result<Standardized, StandardizeError> {
        // Names alone decide: every type is read as its text, and a reader may describe its fields more finely
        // once it has seen the rows.
        let known = self.raw.fields().iter().map(|field| field.name());
        if !raw.schema_ref().fields().iter().map(|field| field.name()).eq(known) {
            return Err(StandardizeError::OtherSchema);
        }
        let rows = raw.num_rows();
        let cells = Cells::new(raw);
        let mut report = Report::new(rows);
        self.refuse_unread(&cells, &mut report)?;
        let mut arrays = Vec::with_capacity(self.clean.fields().len());
        for column in &self.columns {
            column.read(&cells, &mut report, &mut arrays)?;
        }
        let record = self.naming.names(&arrays, &cells)?;
        let [file, sheet, row, ..] = self.provenance;
        let given = |place: Option<usize>, kind: DataType| match place {
            Some(place) if raw.column(place).data_type() == &kind => Ok(Arc::clone(raw.column(place))),
            Some(place) => cast(raw.column(place), &kind),
            None => Ok(new_null_array(&kind, rows)),
        };
        let provenance = [given(file, DataType::Utf8)?, given(sheet, DataType::Utf8)?, given(row, DataType::Int64)?];
        let issues = report.issues(|place| self.columns[place].name())?;
        let mut all: Vec<ArrayRef> = vec![Arc::new(record)];
        all.extend(provenance.iter().cloned());
        all.push(Arc::new(issues));
        all.append(&mut arrays);
        let mut clean = RecordBatch::try_new(self.clean_schema(), all)?;
        if let Some(kept) = report.kept() {
            clean = filter_record_batch(&clean, &kept)?;
        }
        let quarantine = quarantine::batch(report.rejections(), &provenance, &cells, self.provenance[4], |place| {
            self.columns[place].name()
        })?;
        Ok(Standardized { clean, quarantine })
    }

    /// Rows that the source could not read are refused before any column is looked at.
    fn refuse_unread(&self, cells: &Cells<'_>, report: &mut Report) -> Result<(), StandardizeError> {
        let [.., error, text] = self.provenance;
        let Some(error) = error else { return Ok(()) };
        let errors = cells.texts(error)?;
        if errors.null_count() == errors.len() {
            return Ok(());
        }
        for row in 0..errors.len() {
            if let Some(code) = get(errors, row) {
                let original = text.map(|text| cells.texts(text)).transpose()?.and_then(|texts| get(texts, row));
                let code: Cow<'static, str> =
                    code.parse::<Reason>().map_or_else(|_| code.to_owned().into(), |reason| reason.code().into());
                report.reject(row, None, code, original.map(str::to_owned));
            }
        }
        Ok(())
    }
}
