//! Records → entities: `link.<element>_members`, `link.<element>_edges`, `link.id_history`.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::prelude::DataFrame;
use jingwei_link::{Links, Matcher, ModelMatcher, Previous, RuleMatcher, edges_schema, members_schema};
use jingwei_model::Element;
use jingwei_model::config::{EntityConfig, Survivorship};
use jingwei_store::{TableName, WriteOptions};

use super::{Flow, clean, fingerprint, linked_columns, made_from, records};
use crate::error::{EngineError, Result};
use crate::report::ElementReport;

impl Flow<'_> {
    /// Links the records of each element whose sources or rules have changed.
    pub(super) async fn link(&mut self, elements: &[Element]) -> Result<()> {
        for element in elements {
            self.link_one(*element).await?;
        }
        Ok(())
    }

    async fn link_one(&mut self, element: Element) -> Result<()> {
        let config = self.project.entities.get(&element).cloned().unwrap_or_else(|| alone(element));
        if config.incidents.is_some() && element != Element::Events {
            return Err(EngineError::usage_with_hint(
                format!("config/entities/{element}.toml: `[incidents]` is of events alone"),
                "use `[model]` to say which records are one entity",
            ));
        }
        let began = Instant::now();
        let names = [members_of(element), TableName::new("link", format!("{element}_edges"))];
        let sources = self.project.sources_of(element).map(|(name, _)| clean(name)).collect::<Vec<_>>();
        if sources.is_empty() && self.run.state(&names[0]).is_none() {
            return Ok(());
        }
        let inputs = self.inputs(sources, &fingerprint(&config)?);
        if !self.is_made_from(&names[0], &inputs) {
            let columns = linked_columns(&self.project, element, &config);
            let records = records(&self.context, &self.project, element, &columns, None).await?;
            let links = self.link_by(&config, &names, inputs, records, &format!("linking {element}")).await?;
            self.append_history(element, &links.history).await?;
            let counts = links.counts;
            self.report.elements.insert(
                element.to_string(),
                ElementReport {
                    built: true,
                    records: counts.records,
                    entities: counts.entities,
                    new: counts.new,
                    merged: counts.merged,
                    split: counts.split,
                    refused: counts.refused,
                    seconds: began.elapsed().as_secs_f64(),
                    ..ElementReport::default()
                },
            );
        }
        Ok(())
    }

    /// Links records by a configuration, and writes members and edges.
    pub(super) async fn link_by(
        &mut self,
        config: &EntityConfig,
        [members_table, edges_table]: &[TableName; 2],
        inputs: String,
        records: Option<DataFrame>,
        phase: &str,
    ) -> Result<Links> {
        let element = config.element;
        let began = Instant::now();
        self.progress.begin(phase);
        let failed = |error| EngineError::Link { element: element.to_string(), error: Box::new(error) };
        let before = match self.run.state(members_table) {
            None => Vec::new(),
            Some(_) => self.collect(members_table).await?,
        };
        let former = self.former_ids(element).await?;
        let previous = Previous::new(&before, former).map_err(failed)?;
        let links = match records {
            Some(records) => {
                let matcher: Box<dyn Matcher> = match ModelMatcher::new(config.clone()) {
                    Some(model) => Box::new(model),
                    None => Box::new(RuleMatcher::new(config.clone())),
                };
                matcher.link(records, &previous).await.map_err(failed)?
            }
            None => Links::default(),
        };

        let mut options = WriteOptions::default().with_inputs(made_from(inputs));
        options.comment = Some(format!("Records of {element} and what they are, by {phase}"));
        self.rewrite(members_table, &members_schema(), &links.members, options.clone()).await?;
        options.comment = Some(format!("Evidence between records of {element}"));
        self.rewrite(edges_table, &edges_schema(), &links.edges, options).await?;
        *self.report.phases.entry("linking".to_owned()).or_default() += began.elapsed().as_secs_f64();
        self.progress.end(phase, &format!("{} records, {} entities", links.counts.records, links.counts.entities));
        Ok(links)
    }

    /// Writes a table anew.
    pub(super) async fn rewrite(
        &mut self,
        table: &TableName,
        schema: &SchemaRef,
        batches: &[RecordBatch],
        options: WriteOptions,
    ) -> Result<()> {
        let writer = self.run.write(table, schema, options);
        for batch in batches {
            // A slice at a time, so that the encoder does not hold all of it twice.
            for start in (0..batch.num_rows()).step_by(65_536) {
                writer.write(&batch.slice(start, 65_536.min(batch.num_rows() - start))).await?;
            }
        }
        self.run.finish(writer).await?;
        self.reopen(table)
    }

    async fn collect(&self, table: &TableName) -> Result<Vec<RecordBatch>> {
        let step = || EngineError::plan(format!("reading {table}"));
        self.context.table(table.to_string()).await.map_err(step())?.collect().await.map_err(step())
    }

    async fn history(&self) -> Result<Vec<RecordBatch>> {
        let table = TableName::new("link", "id_history");
        if self.run.state(&table).is_none() {
            return Ok(Vec::new());
        }
        self.collect(&table).await
    }

    /// Ids of an element that some record had once and none has now.
    async fn former_ids(&self, element: Element) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for batch in self.history().await? {
            let (elements, events, entities) = (
                batch.column(0).as_string::<i32>(),
                batch.column(2).as_string::<i32>(),
                batch.column(1).as_string::<i32>(),
            );
            for row in 0..batch.num_rows() {
                if elements.value(row) == element.name() && events.value(row) != "split_from" {
                    ids.push(entities.value(row).to_owned());
                }
            }
        }
        Ok(ids)
    }

    async fn append_history(&mut self, element: Element, events: &[RecordBatch]) -> Result<()> {
        let rows = events.iter().map(RecordBatch::num_rows).sum::<usize>();
        let table = TableName::new("link", "id_history");
        if rows == 0 && self.run.state(&table).is_some() {
            return Ok(());
        }
        let schema = id_history_schema();
        let mut batches = self.history().await?;
        let internal = |error: arrow::error::ArrowError| EngineError::Internal(format!("id history: {error}"));
        for batch in events {
            let repeat = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; batch.num_rows()])) };
            let mut columns = vec![repeat(element.name())];
            columns.extend(batch.columns().iter().cloned());
            columns.extend([repeat(&self.report.run_id), repeat(&self.report.started_at)]);
            batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(internal)?);
        }
        let batches = batches
            .iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(internal)?;
        let all = concat_batches(&schema, &batches).map_err(internal)?;
        let options = WriteOptions { comment: Some("What became of former ids".to_owned()), ..WriteOptions::default() };
        self.rewrite(&table, &schema, &[all], options).await
    }
}

/// `link.<element>_members`.
pub(super) fn members_of(element: Element) -> TableName {
    TableName::new("link", format!("{element}_members"))
}

/// Without a configuration each record is an entity of its own.
pub(super) fn alone(element: Element) -> EntityConfig {
    EntityConfig {
        element,
        rules: Vec::new(),
        conflict: Vec::new(),
        model: None,
        incidents: None,
        survivorship: Survivorship::default(),
    }
}

fn id_history_schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("element", false),
        text("entity_id", false),
        text("event", false),
        text("other_id", true),
        text("run_id", false),
        text("at", false),
    ]))
}
