//! Which events are reports of one incident, through whatever network they came: `link.events_incidents`.
//!
//! Reports are tied once it is known where they happened. A caller names a compound, an inspector a building and an
//! alarm nothing but its device; they meet at the place that [`reports`] finds.

use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::prelude::{DataFrame, JoinType, ident};
use jingwei_model::Element;
use jingwei_store::TableName;

use super::linkage::{incident_config, members_of};
use super::reports::{last_of, reports};
use super::ties::targets;
use super::{Flow, clean};
use crate::decisions::Linked;
use crate::error::{EngineError, Result};

impl Flow<'_> {
    /// Ties the reports of one incident, where the configuration has a model for it. Places and objects must be built.
    pub(super) async fn tie_incidents(&mut self) -> Result<()> {
        let element = Element::Events;
        let Some(config) = incident_config(&self.project) else { return Ok(()) };
        let sources = self.project.sources_of(element).map(|(name, _)| clean(name)).collect::<Vec<_>>();
        if sources.is_empty() && self.run.state(&incidents()).is_none() {
            return Ok(());
        }
        let base = |name: &str| TableName::new("base", name);
        let mut tables = sources;
        for target in targets(&self.project, &[element]) {
            tables.push(members_of(target.element()));
            tables.extend(self.project.sources_of(target.element()).map(|(name, _)| clean(name)));
        }
        tables.extend([base("objects"), super::build::spelled()]);
        let task = self.task(Linked::Incidents, tables, &config)?;
        if self.is_made_from(&incidents(), &task.inputs) {
            return Ok(());
        }
        let lookups = self.lookups().await?;
        let records = reports(&self.context, &self.project, &config, &lookups).await?;
        self.link_by(task, records, "tying reports of one incident").await.map(drop)
    }

    /// Gives events without a point that of the object they concern: an alarm happened where its device is.
    pub(super) async fn with_points_of_objects(&self, events: DataFrame) -> Result<DataFrame> {
        let has = |name: &str| events.schema().has_column_with_unqualified_name(name);
        let Some(objects) = last_of(&self.context, "objects").await?.filter(|_| has("object_id")) else {
            return Ok(events);
        };
        let own = has("geom");
        let points = objects
            .filter(ident("geom").is_not_null())
            .and_then(|objects| objects.select(vec![ident("id").alias("_object"), ident("geom").alias("_object_geom")]))
            .map_err(EngineError::plan("points of objects"))?;
        let point = ident("_object_geom");
        let point = if own { coalesce(vec![ident("geom"), point]) } else { point };
        events
            .join(points, JoinType::Left, &["object_id"], &["_object"], None)
            .and_then(|rows| rows.with_column("geom", point))
            .and_then(|rows| rows.drop_columns(&["_object", "_object_geom"]))
            .map_err(EngineError::plan("points of events"))
    }

    /// Gives events the incident they are a report of, where a model ties them.
    pub(super) async fn with_incidents(&self, events: DataFrame) -> Result<DataFrame> {
        let tied = self.project.entities.get(&Element::Events).is_some_and(|config| config.incidents.is_some());
        if !tied || self.run.state(&incidents()).is_none() {
            return Ok(events);
        }
        let step = || EngineError::plan("incidents of events");
        let read = |name: TableName| self.context.table(name.to_string());
        let reports = read(incidents())
            .await
            .and_then(|rows| {
                rows.select(vec![ident("record_key").alias("_report"), ident("entity_id").alias("_incident")])
            })
            .map_err(step())?;
        let known = read(members_of(Element::Events))
            .await
            .and_then(|rows| rows.join(reports, JoinType::Inner, &["record_key"], &["_report"], None))
            .and_then(|rows| {
                let event = ident("entity_id").alias("_event");
                rows.aggregate(vec![event], vec![min(ident("_incident")).alias("_incident")])
            })
            .map_err(step())?;
        let own = events.schema().has_column_with_unqualified_name("same_incident_id");
        let incident =
            if own { coalesce(vec![ident("same_incident_id"), ident("_incident")]) } else { ident("_incident") };
        events
            .join(known, JoinType::Left, &["id"], &["_event"], None)
            .and_then(|rows| rows.with_column("same_incident_id", incident))
            .and_then(|rows| rows.drop_columns(&["_event", "_incident"]))
            .map_err(step())
    }
}

/// `link.events_incidents`: records of events and the incidents they are reports of.
pub(super) fn incidents() -> TableName {
    Linked::Incidents.members()
}
