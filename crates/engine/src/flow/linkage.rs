//! Records → entities: `link.<element>_members`, `link.<element>_edges`, `link.id_history`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::prelude::DataFrame;
use jingwei_link::{
    Decision, Former, Links, Matcher, ModelMatcher, Previous, RuleMatcher, edges_schema, history_schema, members_schema,
};
use jingwei_model::Element;
use jingwei_model::config::{EntityConfig, LinkMode, Survivorship};
use jingwei_store::{TableName, WriteOptions, storable};

use super::{DECISIONS, Flow, clean, fingerprint, linked_columns, made_from, records};
use crate::decisions::{Linked, in_force};
use crate::error::{EngineError, Result};
use crate::project::Project;
use crate::report::{ElementReport, LinkageReport};

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
        fits(&config)?;
        let began = Instant::now();
        let linked = Linked::Element(element);
        let sources = self.project.sources_of(element).map(|(name, _)| clean(name)).collect::<Vec<_>>();
        if sources.is_empty() && self.run.state(&linked.members()).is_none() {
            return Ok(());
        }
        let task = self.task(linked, sources, &config)?;
        if !self.is_made_from(&linked.members(), &task.inputs) {
            let columns = linked_columns(&self.project, element, &config);
            let records = records(&self.context, &self.project, element, &columns, None).await?;
            let links = self.link_by(task, records, &format!("linking {element}")).await?;
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

    /// What a linkage is made from.
    pub(super) fn task<'a>(
        &self,
        linked: Linked,
        tables: Vec<TableName>,
        config: &'a EntityConfig,
    ) -> Result<Task<'a>> {
        let decisions = in_force(&self.city.store.ops()?, linked)?;
        let decided = crate::decisions::fingerprint(&decisions);
        let inputs = self.inputs(tables, &format!("{}\n{decided}", fingerprint(config)?));
        Ok(Task { linked, config, decisions, decided, inputs })
    }

    /// Links records by a configuration, and writes members, edges and what became of former entities.
    pub(super) async fn link_by(&mut self, task: Task<'_>, records: Option<DataFrame>, phase: &str) -> Result<Links> {
        let Task { linked, config, decisions, decided, inputs } = task;
        let began = Instant::now();
        self.progress.begin(phase);
        let failed = |error| EngineError::Link { element: linked.to_string(), error: Box::new(error) };
        let members = linked.members();
        let before = match self.run.state(&members) {
            None => Vec::new(),
            Some(_) => self.collect(&members).await?,
        };
        let previous = Previous::new(&before, self.former_ids(linked).await?).map_err(failed)?;
        let links = match records {
            Some(records) => {
                let matcher: Box<dyn Matcher> = match ModelMatcher::new(config.clone()) {
                    Some(model) => Box::new(model),
                    None => Box::new(RuleMatcher::new(config.clone())),
                };
                matcher.link(records, &previous, &decisions).await.map_err(failed)?
            }
            None => Links::default(),
        };

        let mut options = WriteOptions::default().with_inputs(made_from(inputs));
        options.inputs.insert(DECISIONS.to_owned(), decided);
        options.comment = Some(format!("Records of {linked} and what they are, by {phase}"));
        self.rewrite(&members, &members_schema(), &links.members, options.clone()).await?;
        options.comment = Some(format!("Evidence between records of {linked}"));
        self.rewrite(&linked.edges(), &edges_schema(), &links.edges, options).await?;
        self.append_history(linked, &links.history).await?;
        *self.report.phases.entry("linking".to_owned()).or_default() += began.elapsed().as_secs_f64();
        if let Some(report) = &links.report {
            self.report.warnings.extend(report.warnings.iter().map(|warning| format!("{phase}: {warning}")));
            self.report.linkages.insert(
                linked.to_string(),
                LinkageReport {
                    seconds: report.seconds.iter().map(|(phase, seconds)| ((*phase).to_owned(), *seconds)).collect(),
                    pairs: report.pairs.iter().map(|rule| (rule.rule.clone(), rule.pairs)).collect(),
                    review: report.review,
                },
            );
        }
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

    /// Ids of a linkage that some record had once and none has now, and what would make them come back.
    async fn former_ids(&self, linked: Linked) -> Result<Vec<Former>> {
        let mut events = Vec::new();
        for batch in self.history().await? {
            let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row);
            for row in 0..batch.num_rows() {
                // Events and incidents share the first letter of their ids, and their records: an id of the one is not
                // free for the other, nor does it come back to it.
                if text(0, row).parse::<Linked>().is_ok_and(|other| other.element() == linked.element()) {
                    let own = text(0, row) == linked.name();
                    let records = if own { records_of_event(&batch, row) } else { Vec::new() };
                    events.push((text(4, row).to_owned(), text(1, row).to_owned(), text(2, row).to_owned(), records));
                }
            }
        }
        events.sort();
        let mut former: BTreeMap<String, Former> = BTreeMap::new();
        for (_, id, event, records) in events {
            let came_back = event == "restored";
            if came_back || event == "merged_into" || event == "retired" {
                let records = if came_back { Vec::new() } else { records };
                former.insert(id.clone(), Former { id, records });
            }
        }
        Ok(former.into_values().collect())
    }

    async fn append_history(&mut self, linked: Linked, events: &[RecordBatch]) -> Result<()> {
        let rows = events.iter().map(RecordBatch::num_rows).sum::<usize>();
        let table = TableName::new("link", "id_history");
        if rows == 0 && self.run.state(&table).is_some() {
            return Ok(());
        }
        let schema = id_history_schema();
        let internal = |error: arrow::error::ArrowError| EngineError::Internal(format!("id history: {error}"));
        let mut batches = self.history().await?;
        for batch in events {
            let repeat = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; batch.num_rows()])) };
            let mut columns = vec![repeat(linked.name())];
            columns.extend(batch.columns()[..3].iter().cloned());
            columns.extend([repeat(&self.report.run_id), repeat(&self.report.started_at)]);
            columns.extend(batch.columns()[3..].iter().cloned());
            batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(internal)?);
        }
        let batches = batches
            .iter()
            .map(|batch| {
                // A table that was written before records were kept has none.
                let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
                    Some(column) => Arc::clone(column),
                    None => new_null_array(field.data_type(), batch.num_rows()),
                });
                RecordBatch::try_new(Arc::clone(&schema), columns.collect())
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(internal)?;
        let all = concat_batches(&schema, &batches).map_err(internal)?;
        let options = WriteOptions { comment: Some("What became of former ids".to_owned()), ..WriteOptions::default() };
        self.rewrite(&table, &schema, &[all], options).await
    }
}

/// What a configuration asks for that an element's records cannot give.
fn fits(config: &EntityConfig) -> Result<()> {
    let element = config.element;
    if config.incidents.is_some() && element != Element::Events {
        return Err(EngineError::usage_with_hint(
            format!("config/entities/{element}.toml: `[incidents]` is of events alone"),
            "use `[model]` to say which records are one entity",
        ));
    }
    for model in config.model.iter().chain(&config.incidents) {
        if !model.one_to_one.is_empty() || model.mode == LinkMode::LinkOnly {
            return Err(EngineError::usage_with_hint(
                format!(
                    "config/entities/{element}.toml: in a project the records of all sources are one table, so that \
                         `one_to_one` and `mode = \"link_only\"` have no tables to tell apart"
                ),
                "take them out; `never` says what cannot be one entity",
            ));
        }
    }
    Ok(())
}

/// A linkage to be made, and what it is made from.
pub(super) struct Task<'a> {
    linked: Linked,
    config: &'a EntityConfig,
    decisions: Vec<Decision>,
    /// The decisions as one word.
    decided: String,
    pub(super) inputs: String,
}

/// The keys of the records of an event of `link.id_history`.
pub(crate) fn records_of_event(batch: &RecordBatch, row: usize) -> Vec<u128> {
    let lists = batch.column_by_name("record_keys").and_then(|column| column.as_list_opt::<i32>());
    let keys = lists.filter(|lists| lists.is_valid(row)).map(|lists| lists.value(row));
    let keys = keys.as_ref().and_then(|keys| keys.as_binary_opt::<i32>());
    let bytes = keys.into_iter().flatten().flatten();
    bytes.filter_map(|key| key.try_into().ok().map(u128::from_be_bytes)).collect()
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

/// What ties reports of one incident, where the project has a model for it.
pub(crate) fn incident_config(project: &Project) -> Option<EntityConfig> {
    let model = project.entities.get(&Element::Events)?.incidents.clone()?;
    Some(EntityConfig { model: Some(model), ..alone(Element::Events) })
}

fn id_history_schema() -> SchemaRef {
    let text = |name: &str| Arc::new(Field::new(name, DataType::Utf8, false));
    let events = storable(&history_schema());
    let mut fields = vec![text("element")];
    fields.extend(events.fields()[..3].iter().cloned());
    fields.extend([text("run_id"), text("at")]);
    fields.extend(events.fields()[3..].iter().cloned());
    Arc::new(Schema::new(fields))
}
