//! Which events are reports of one incident, through whatever network they came: `link.events_incidents`.
//!
//! Reports are tied once it is known where they happened. A caller names a compound, an inspector a building and an
//! alarm nothing but its device; they meet at the standard address that the text means, or at the place of the object
//! that the report concerns. The model of `[incidents]` sees these as columns beside the base columns, see [`PLACED`].

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, JoinType, ident, lit};
use jingwei_model::Element;
use jingwei_model::config::EntityConfig;
use jingwei_store::TableName;

use super::linkage::{alone, members_of};
use super::ties::targets;
use super::{Flow, clean, fingerprint, linked_columns, records};
use crate::error::{EngineError, Result};

/// What a model of incidents sees beside the base columns: the standard address of the place, with the building and the
/// compound it is in or is; the report's point, else the object's; and the kind of the object that the report concerns.
pub const PLACED: [&str; 6] =
    ["place_id", "place_building_id", "place_compound_id", "place_lon", "place_lat", "object_kind"];

impl Flow<'_> {
    /// Ties the reports of one incident, where the configuration has a model for it. Places and objects must be built.
    pub(super) async fn tie_incidents(&mut self) -> Result<()> {
        let element = Element::Events;
        let Some(model) = self.project.entities.get(&element).and_then(|config| config.incidents.clone()) else {
            return Ok(());
        };
        let sources = self.project.sources_of(element).map(|(name, _)| clean(name)).collect::<Vec<_>>();
        if sources.is_empty() && self.run.state(&incidents()).is_none() {
            return Ok(());
        }
        let config = EntityConfig { model: Some(model), ..alone(element) };
        let base = |name: &str| TableName::new("base", name);
        let mut tables = sources;
        for target in targets(&self.project, &[element]) {
            tables.push(members_of(target.element()));
            tables.extend(self.project.sources_of(target.element()).map(|(name, _)| clean(name)));
        }
        tables.extend([base("objects"), super::build::spelled()]);
        let inputs = self.inputs(tables, &fingerprint(&config)?);
        if self.is_made_from(&incidents(), &inputs) {
            return Ok(());
        }
        let columns = linked_columns(&self.project, element, &config);
        let lookups = self.lookups().await?;
        let records = match records(&self.context, &self.project, element, &columns, Some(&lookups)).await? {
            Some(records) => Some(self.located(records).await?),
            None => None,
        };
        let names = [incidents(), TableName::new("link", "events_incident_edges")];
        self.link_by(&config, &names, inputs, records, "tying reports of one incident").await.map(drop)
    }

    /// Adds [`PLACED`] to records of events.
    async fn located(&self, records: DataFrame) -> Result<DataFrame> {
        let step = || EngineError::plan("places of reports");
        let has = |rows: &DataFrame, name: &str| rows.schema().has_column_with_unqualified_name(name);
        let text = |name: &str| cast(lit(ScalarValue::Utf8(None)), arrow::datatypes::DataType::Utf8).alias(name);
        let mut rows = records;
        // What the report concerns lends it its place.
        let object = ["_object_kind", "_object_at", "_object_geom"];
        rows = match self.last_of("objects").await? {
            Some(objects) if has(&rows, "object_id") => {
                let objects = objects
                    .select(vec![
                        ident("id").alias("_object"),
                        ident("kind").alias(object[0]),
                        ident("address_id").alias(object[1]),
                        ident("geom").alias(object[2]),
                    ])
                    .map_err(step())?;
                rows.join(objects, JoinType::Left, &["object_id"], &["_object"], None)
            }
            _ => rows
                .with_column(object[0], text(object[0]))
                .and_then(|rows| rows.with_column(object[1], text(object[1]))),
        }
        .map_err(step())?;
        let spellings = super::build::spelled();
        let spelled = match self.run.state(&spellings) {
            Some(_) if has(&rows, "address") => Some(self.context.table(spellings.to_string()).await.map_err(step())?),
            _ => None,
        };
        let mut place = vec![ident(object[1])];
        if let Some(spelled) = &spelled {
            let said = spelled
                .clone()
                .select(vec![ident("address").alias("_spelling"), ident("address_id").alias("_said")])
                .map_err(step())?;
            rows = rows.join(said, JoinType::Left, &["address"], &["_spelling"], None).map_err(step())?;
            place.insert(0, ident("_said"));
        } else if has(&rows, "address") {
            place.insert(0, super::addresses::id_of(&self.context, ident("address"))?);
        }
        rows = rows.with_column("place_id", coalesce(place)).map_err(step())?;
        rows = match spelled {
            Some(spelled) => {
                let within = ["building_id", "compound_id"].map(|name| min(ident(name)).alias(format!("place_{name}")));
                let above = spelled
                    .filter(ident("address_id").is_not_null())
                    .and_then(|all| all.aggregate(vec![ident("address_id").alias("_standard")], within.to_vec()))
                    .map_err(step())?;
                rows.join(above, JoinType::Left, &["place_id"], &["_standard"], None)
            }
            None => rows
                .with_column(PLACED[1], text(PLACED[1]))
                .and_then(|rows| rows.with_column(PLACED[2], text(PLACED[2]))),
        }
        .map_err(step())?;
        let points = ["geom", object[2]].into_iter().filter(|name| has(&rows, name)).map(ident).collect::<Vec<_>>();
        let kept = rows.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        let kept = kept.iter().filter(|name| !HELPERS.contains(&name.as_str())).map(ident);
        let mut kept: Vec<Expr> = kept.collect();
        kept.push(ident(object[0]).alias(PLACED[5]));
        for (name, function) in [(PLACED[3], "st_x"), (PLACED[4], "st_y")] {
            let degrees = match points.is_empty() {
                true => lit(ScalarValue::Float64(None)),
                false => self.part_of_point(function, coalesce(points.clone()))?,
            };
            kept.push(degrees.alias(name));
        }
        rows.select(kept).map_err(step())
    }

    /// Longitude or latitude of a shape's point.
    fn part_of_point(&self, function: &str, shape: Expr) -> Result<Expr> {
        let state = self.context.state();
        let call = |name: &str| {
            state
                .scalar_functions()
                .get(name)
                .cloned()
                .ok_or_else(|| EngineError::Internal(format!("the session lacks `{name}`")))
        };
        Ok(call(function)?.call(vec![call("st_pointonsurface")?.call(vec![shape])]))
    }

    /// A base table as it is now, if there is one.
    async fn last_of(&self, name: &str) -> Result<Option<DataFrame>> {
        let table = TableName::new("base", name);
        if self.run.state(&table).is_none() {
            return Ok(None);
        }
        let step = EngineError::plan(format!("reading {table}"));
        self.context.table(table.to_string()).await.map(Some).map_err(step)
    }

    /// Gives events without a point that of the object they concern: an alarm happened where its device is.
    pub(super) async fn with_points_of_objects(&self, events: DataFrame) -> Result<DataFrame> {
        let has = |name: &str| events.schema().has_column_with_unqualified_name(name);
        let Some(objects) = self.last_of("objects").await?.filter(|_| has("object_id")) else { return Ok(events) };
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

/// Columns that the way to a place leaves behind.
const HELPERS: [&str; 7] = ["_object", "_object_kind", "_object_at", "_object_geom", "_spelling", "_said", "_standard"];

/// `link.events_incidents`: records of events and the incidents they are reports of.
pub(super) fn incidents() -> TableName {
    TableName::new("link", "events_incidents")
}
