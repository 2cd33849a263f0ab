//! How rows come in: the model's cleaning, planned once for each table and run on whatever rows arrive.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;

use super::Incremental;
use crate::fed::{Fed, Feed, undivided};
use crate::linker::Linker;
use crate::model::{Program, Table};
use crate::records::{ColumnKind, Layout, Records, read};
use crate::{LinkError, Result};

/// Rows of one table, cleaned and ready to be linked.
#[derive(Debug)]
pub struct Rows {
    pub(super) records: Records,
}

impl Rows {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// The plans that clean rows.
#[derive(Debug)]
pub(super) struct Intake {
    pub tables: Vec<Door>,
    skip: usize,
    kinds: Vec<ColumnKind>,
    domains: Vec<Option<usize>>,
}

/// Where the rows of one table come in.
#[derive(Debug)]
pub(super) struct Door {
    pub name: String,
    pub plan: Fed,
}

impl Intake {
    /// Plans the cleaning of tables of these columns.
    pub async fn new(
        context: &SessionContext,
        linker: &Linker,
        schemas: Vec<(String, SchemaRef)>,
    ) -> Result<(Program, Self)> {
        let context = undivided(context);
        let mut tables = Vec::new();
        let mut feeds = Vec::new();
        for (name, schema) in schemas {
            let feed = Feed::new(schema);
            tables.push(Table { name, rows: feed.frame(&context)? });
            feeds.push(feed);
        }
        let (program, inputs, skip) = linker.prepare(&context, tables)?;
        let mut doors = Vec::new();
        for (input, feed) in inputs.into_iter().zip(feeds) {
            doors.push(Door { name: input.name, plan: Fed::new(feed, input.rows).await? });
        }
        let intake = Self { tables: doors, skip, kinds: program.kinds(), domains: program.domains.clone() };
        Ok((program, intake))
    }

    /// The tables' names and columns.
    pub fn schemas(&self) -> Vec<(String, SchemaRef)> {
        self.tables.iter().map(|door| (door.name.clone(), Arc::clone(door.plan.schema()))).collect()
    }
}

impl Incremental {
    /// Cleans rows of a table. They have the table's columns by name: one that is missing is null, others are not
    /// looked at.
    ///
    /// # Errors
    /// A table the linkage does not have, values that are not of their column's type, two rows with one id, and rows
    /// that would meet so many records that a blocking rule's limit of pairs is exceeded.
    pub async fn read(&self, table: &str, rows: &RecordBatch) -> Result<Rows> {
        let intake = &self.intake;
        let Some(number) = intake.tables.iter().position(|door| door.name == table) else {
            let known = intake.tables.iter().map(|door| format!("`{}`", door.name)).collect::<Vec<_>>().join(", ");
            return Err(LinkError::usage(format!(
                "there is no table `{table}` in the linkage; rows belong to one of {known}, named like their file"
            )));
        };
        let door = &intake.tables[number];
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(door.plan.schema().fields().len());
        for field in door.plan.schema().fields() {
            let column = match rows.column_by_name(field.name()) {
                // A value that is not of the column's type must not become a missing one.
                Some(column) => {
                    let whole = CastOptions { safe: false, ..CastOptions::default() };
                    cast_with_options(column, field.data_type(), &whole).map_err(|error| {
                        LinkError::usage(format!("column `{}` of table `{table}`: {error}", field.name()))
                    })?
                }
                None => new_null_array(field.data_type(), rows.num_rows()),
            };
            columns.push(column);
        }
        let rows = RecordBatch::try_new(Arc::clone(door.plan.schema()), columns)?;
        let cleaned = door.plan.run(rows).await?;
        let names = intake.tables.iter().map(|door| door.name.clone()).collect::<Vec<_>>();
        let layout = Layout { skip: intake.skip, kinds: &intake.kinds, domains: &intake.domains, limit: None };
        let records = read(&names, number as u16, &cleaned, layout)?;
        self.fits(&records)?;
        Ok(Rows { records })
    }
}
