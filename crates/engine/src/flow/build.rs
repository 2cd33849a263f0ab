//! Base tables out of members and records: survivors, places, times, and only what has changed written.

use std::sync::Arc;
use std::time::Instant;

use datafusion::functions::expr_fn::round;
use datafusion::prelude::{DataFrame, JoinType, ident, lit};
use futures::TryStreamExt;
use jingwei_model::config::AddressStyle;
use jingwei_model::{Element, Table};
use jingwei_store::{TableName, WriteOptions};

use super::areas::Areas;
use super::base::{CHANGED, against_last, place, shape};
use super::incidents::incidents;
use super::linkage::members_of;
use super::spellings::spellings_schema;
use super::ties::{Lookups, targets};
use super::{Flow, addresses, clean, filled_columns, fingerprint, made_from, records, relations, ties};
use crate::error::{EngineError, Result};

/// Digits of a confidence after the point. A model that has learned from one record more changes the later ones of
/// everybody's, which nobody would want to see as a change.
const CONFIDENCE_DIGITS: i64 = 4;

/// What was written of a table.
#[derive(Debug, Default)]
struct Written {
    /// Rows new or changed, closed ones among them.
    changed: u64,
    /// Rows closed.
    closed: u64,
}

impl Flow<'_> {
    /// `base.areas`, and the polygons ready to be asked.
    pub(super) async fn build_areas(&mut self) -> Result<()> {
        self.build_element(Element::Areas, None).await?;
        let areas = if self.run.state(&base(&jingwei_model::table::AREAS)).is_some() {
            Areas::load(&self.context).await?
        } else {
            Areas::none()
        };
        self.areas = Some(areas);
        Ok(())
    }

    /// `base.addresses`.
    pub(super) async fn build_addresses(&mut self) -> Result<()> {
        let table = base(&jingwei_model::table::ADDRESSES);
        let mut tables = Vec::new();
        for (name, source) in &self.project.sources {
            if source.records.iter().any(|record| record.set.contains_key("address")) {
                tables.push(clean(name));
            }
        }
        if tables.is_empty() {
            return Ok(());
        }
        tables.push(base(&jingwei_model::table::AREAS));
        let inputs = self.inputs(tables, "");
        if self.is_made_from(&table, &inputs) {
            self.report.addresses = self.run.state(&table).map_or(0, |state| state.rows);
            return Ok(());
        }
        let began = Instant::now();
        self.progress.begin("standard addresses");
        let style: AddressStyle = self.project.city.city.address;
        let found = addresses::addresses(&self.context, &self.project, style, self.areas.as_ref()).await?;
        if let Some(addresses::Addresses { rows, spellings }) = found {
            let rows = match &self.areas {
                Some(areas) => place(rows, &self.context, None, None, areas)?,
                None => rows,
            };
            let rows = shape(rows, &jingwei_model::table::ADDRESSES)?;
            let rows = rows.cache().await.map_err(EngineError::plan("standard addresses"))?;
            if style == AddressStyle::Cn {
                let options = WriteOptions {
                    comment: Some("Spellings of the sources and the standard addresses they mean".to_owned()),
                    ..WriteOptions::default().with_inputs(made_from(inputs.clone()))
                };
                self.rewrite(&spelled(), &spellings_schema(), &spellings, options).await?;
            }
            let anew = self.has_stale_addresses(&rows).await?;
            self.write_keyed(&jingwei_model::table::ADDRESSES, rows, None, inputs, anew).await?;
        }
        self.report.addresses = self.run.state(&table).map_or(0, |state| state.rows);
        let summary = format!("{} addresses", self.report.addresses);
        self.phase("standard addresses", began, &summary);
        Ok(())
    }

    /// The base tables of `elements`.
    pub(super) async fn build_base(&mut self, elements: &[Element]) -> Result<()> {
        let due = elements.iter().copied().filter(|element| !self.is_current(*element)).collect::<Vec<_>>();
        if !due.is_empty() {
            let lookups = self.lookups().await?;
            for element in due {
                self.build_element(element, Some(&lookups)).await?;
            }
        }
        for element in elements {
            if !self.report.elements.contains_key(element.name())
                && let Some(last) = self.last_element(*element)
            {
                self.report.elements.insert(element.to_string(), last);
            }
        }
        Ok(())
    }

    /// What ties are looked up in, made once a run.
    pub(super) async fn lookups(&mut self) -> Result<Arc<Lookups>> {
        if let Some(lookups) = &self.lookups {
            return Ok(Arc::clone(lookups));
        }
        let began = Instant::now();
        self.progress.begin("looking up ties");
        let lookups = Arc::new(Lookups::build(&self.context, &self.project).await?);
        self.lookups = Some(Arc::clone(&lookups));
        self.phase("looking up ties", began, "");
        Ok(lookups)
    }

    fn last_element(&self, element: Element) -> Option<crate::report::ElementReport> {
        let report = self.run.base()?.report.get("elements")?.get(element.name())?;
        let last: crate::report::ElementReport = serde_json::from_value(report.clone()).ok()?;
        Some(crate::report::ElementReport {
            built: false,
            new: 0,
            changed: 0,
            closed: 0,
            merged: 0,
            split: 0,
            seconds: 0.0,
            ..last
        })
    }

    /// What an element's base table is made from.
    fn base_inputs(&self, element: Element) -> Result<String> {
        let mut tables = self.project.sources_of(element).map(|(name, _)| clean(name)).collect::<Vec<_>>();
        tables.push(members_of(element));
        if element == Element::Events {
            tables.extend([incidents(), base(Table::of(Element::Objects))]);
        }
        for target in targets(&self.project, &[element]) {
            tables.push(members_of(target.element()));
            tables.extend(self.project.sources_of(target.element()).map(|(name, _)| clean(name)));
        }
        if element != Element::Areas {
            tables.extend([base(&jingwei_model::table::AREAS), base(&jingwei_model::table::ADDRESSES), spelled()]);
        }
        Ok(self.inputs(tables, &fingerprint(&self.project.entities.get(&element))?))
    }

    fn is_current(&self, element: Element) -> bool {
        let nothing = self.run.state(&members_of(element)).is_none();
        nothing || self.base_inputs(element).is_ok_and(|inputs| self.is_made_from(&base(Table::of(element)), &inputs))
    }

    async fn build_element(&mut self, element: Element, lookups: Option<&Lookups>) -> Result<()> {
        if self.is_current(element) {
            return Ok(());
        }
        let inputs = self.base_inputs(element)?;
        let began = Instant::now();
        let phase = format!("building {element}");
        self.progress.begin(&phase);
        let table = Table::of(element);
        let columns = filled_columns(&self.project, element);
        let members = ties::members(&self.context, element)
            .await?
            .ok_or_else(|| EngineError::Internal(format!("{element} has no members")))?;
        let present = members
            .clone()
            .select(vec![ident("entity_id").alias("_present")])
            .and_then(DataFrame::distinct)
            .map_err(EngineError::plan("present entities"))?;
        let written = match records(&self.context, &self.project, element, &columns, lookups).await? {
            None => Written::default(),
            Some(records) => {
                let failed = |error| EngineError::Link { element: element.to_string(), error: Box::new(error) };
                let survivors = jingwei_link::survive(records, members, self.project.entities.get(&element), &columns)
                    .map_err(failed)?;
                let survivors = survivors
                    .with_column("confidence", round(vec![ident("confidence"), lit(CONFIDENCE_DIGITS)]))
                    .map_err(EngineError::plan("rounding confidence"))?;
                let survivors = match element {
                    Element::Events => self.with_points_of_objects(self.with_incidents(survivors).await?).await?,
                    _ => survivors,
                };
                let placed = match &self.areas {
                    None => survivors,
                    Some(areas) => {
                        let (addresses, spellings) = (self.addresses().await?, self.spellings().await?);
                        place(survivors, &self.context, addresses, spellings, areas)?
                    }
                };
                let rows = shape(placed, table)?;
                self.write_keyed(table, rows, Some(present), inputs, false).await?
            }
        };
        // One that was not linked anew has the records it had.
        let last = self.last_element(element).unwrap_or_default();
        let report = self.report.elements.entry(element.to_string()).or_insert(last);
        report.built = true;
        report.changed = written.changed - written.closed;
        report.closed = written.closed;
        report.seconds += began.elapsed().as_secs_f64();
        if report.entities == 0 {
            report.entities = self.run.state(&base(table)).map_or(0, |state| state.rows);
        }
        let summary = format!("{} rows changed", written.changed);
        *self.report.phases.entry("building".to_owned()).or_default() += began.elapsed().as_secs_f64();
        self.progress.end(&phase, &summary);
        Ok(())
    }

    async fn addresses(&self) -> Result<Option<DataFrame>> {
        let table = base(&jingwei_model::table::ADDRESSES);
        if self.run.state(&table).is_none() {
            return Ok(None);
        }
        self.context.table(table.to_string()).await.map(Some).map_err(EngineError::plan("reading base.addresses"))
    }

    /// Whether the last version holds addresses that nothing means any more: a register has corrected its spelling.
    async fn has_stale_addresses(&self, rows: &DataFrame) -> Result<bool> {
        let Some(last) = self.addresses().await? else { return Ok(false) };
        let step = || EngineError::plan("comparing base.addresses with its last version");
        let present = rows.clone().select(vec![ident("id").alias("_present")]).map_err(step())?;
        let stale = last.join(present, JoinType::LeftAnti, &["id"], &["_present"], None).map_err(step())?;
        Ok(stale.count().await.map_err(step())? > 0)
    }

    /// Spelling → standard address, where addresses have levels.
    async fn spellings(&self) -> Result<Option<DataFrame>> {
        if self.project.city.city.address != AddressStyle::Cn || self.run.state(&spelled()).is_none() {
            return Ok(None);
        }
        let step = format!("reading {}", spelled());
        self.context.table(spelled().to_string()).await.map(Some).map_err(EngineError::plan(step))
    }

    /// Writes the rows that differ from the table's last version, sorted by id; all of them where it is written anew.
    async fn write_keyed(
        &mut self,
        table: &Table,
        rows: DataFrame,
        present: Option<DataFrame>,
        inputs: String,
        anew: bool,
    ) -> Result<Written> {
        let name = base(table);
        let step = || EngineError::plan(format!("building {name}"));
        let last = match self.run.state(&name) {
            None => None,
            Some(_) => Some(shape(self.context.table(name.to_string()).await.map_err(step())?, table)?),
        };
        let first = last.is_none() || anew;
        let rows = against_last(rows, last, present, table, &["id"], self.now)?;
        let rows = if anew { Ok(rows) } else { rows.filter(ident(CHANGED)) }
            .and_then(|rows| rows.sort(vec![ident("id").sort(true, false)]))
            .and_then(|rows| rows.drop_columns(&[CHANGED]))
            .map_err(step())?;
        let mut stream = rows.execute_stream().await.map_err(step())?;
        let schema = table.schema();
        let mut written = Written::default();
        if first {
            let options = WriteOptions {
                comment: Some(table.title.to_owned()),
                ..WriteOptions::keyed("id").with_inputs(made_from(inputs))
            };
            let writer = self.run.write(&name, &schema, options);
            while let Some(batch) = stream.try_next().await.map_err(step())? {
                written.changed += batch.num_rows() as u64;
                writer.write(&with_schema(&batch, &schema)?).await?;
                self.progress.rows(&format!("building {}", table.name), written.changed);
            }
            self.run.finish(writer).await?;
        } else {
            let batches = stream.try_collect::<Vec<_>>().await.map_err(step())?;
            let batches = batches.iter().map(|batch| with_schema(batch, &schema)).collect::<Result<Vec<_>>>()?;
            if table.is_element() {
                written.closed = batches
                    .iter()
                    .filter_map(|batch| batch.column_by_name("valid_to"))
                    .map(|ends| (ends.len() - ends.null_count()) as u64)
                    .sum();
            }
            let stream = datafusion::physical_plan::stream::RecordBatchStreamAdapter::new(
                schema,
                futures::stream::iter(batches.into_iter().map(Ok)),
            );
            written.changed = self.run.update(&name, Box::pin(stream), made_from(inputs)).await?.rows;
        }
        self.reopen(&name)?;
        Ok(written)
    }

    /// `base.relations`.
    pub(super) async fn build_relations(&mut self) -> Result<()> {
        let table = &jingwei_model::table::RELATIONS;
        let name = base(table);
        let tied =
            self.project.sources.values().any(|source| {
                source.records.iter().any(|record| record.links.iter().any(|link| link.relation.is_some()))
            });
        if !tied && self.run.state(&name).is_none() {
            return Ok(());
        }
        let mut tables = self.project.sources.keys().map(|source| clean(source)).collect::<Vec<_>>();
        tables.extend(Element::ALL.map(members_of));
        tables.push(spelled());
        let inputs = self.inputs(tables, "");
        if !self.is_made_from(&name, &inputs) {
            let lookups = self.lookups().await?;
            let began = Instant::now();
            self.progress.begin("relations");
            if let Some(rows) = relations::relations(&self.context, &self.project, &lookups).await? {
                let rows = shape(rows, table)?;
                let rows = match self.run.state(&name) {
                    None => rows,
                    Some(_) => {
                        let last = self
                            .context
                            .table(name.to_string())
                            .await
                            .map_err(EngineError::plan("reading base.relations"))?;
                        relations::with_closed(rows, shape(last, table)?, self.now)?
                    }
                };
                let order = relations::KEYS.iter().map(|key| ident(*key).sort(true, false)).collect();
                let step = || EngineError::plan("building base.relations");
                let mut stream = rows.sort(order).map_err(step())?.execute_stream().await.map_err(step())?;
                let options = WriteOptions {
                    comment: Some(table.title.to_owned()),
                    ..WriteOptions::default().with_inputs(made_from(inputs))
                };
                let writer = self.run.write(&name, &table.schema(), options);
                while let Some(batch) = stream.try_next().await.map_err(step())? {
                    writer.write(&with_schema(&batch, &table.schema())?).await?;
                }
                self.run.finish(writer).await?;
                self.reopen(&name)?;
            }
            self.phase("relations", began, "");
        }
        self.report.relations = self.run.state(&name).map_or(0, |state| state.rows);
        Ok(())
    }
}

/// The table of spellings.
pub(super) fn spelled() -> TableName {
    TableName::new("link", "address_spellings")
}

fn base(table: &Table) -> TableName {
    TableName::new("base", table.name)
}

/// The batch under the table's own schema, with its titles and geometry marks.
fn with_schema(
    batch: &arrow::array::RecordBatch,
    schema: &arrow::datatypes::SchemaRef,
) -> Result<arrow::array::RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| arrow::compute::cast(column, field.data_type()))
        .collect::<Result<Vec<_>, _>>();
    columns
        .and_then(|columns| arrow::array::RecordBatch::try_new(schema.clone(), columns))
        .map_err(|error| EngineError::Internal(format!("a base row: {error}")))
}
