//! Why an entity is what it is, and why two records are or are not the same: the evidence, as data and as text.

use std::fmt;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_link::{Explanation, ModelMatcher};
use jingwei_model::config::{EntityConfig, Prefer};
use jingwei_model::{Column, Element, RecordKey, Table};
use jingwei_store::Ops;
use serde::Serialize;

use crate::city::City;
use crate::decisions::{Linked, in_force};
use crate::error::{EngineError, Result};
use crate::flow::{Lookups, filled_columns, incident_config, records, reports};
use crate::project::Project;

/// One entity with the evidence for it.
#[derive(Debug, Clone, Serialize)]
pub struct EntityExplanation {
    /// Its id.
    pub id: String,
    /// Its element.
    pub element: Element,
    /// The records it is made of.
    pub records: Vec<MemberRecord>,
    /// Its values, each with where it comes from and what others say.
    pub values: Vec<ExplainedValue>,
    /// What became of its id.
    pub history: Vec<HistoryEvent>,
}

/// A record of an entity.
#[derive(Debug, Clone, Serialize)]
pub struct MemberRecord {
    /// Source.
    pub source: String,
    /// Record within the source's row.
    pub record: String,
    /// Id in the source.
    pub record_id: String,
    /// The rule that tied it to the others; none for the first.
    pub rule: Option<String>,
    /// How sure that rule is.
    pub probability: f64,
}

/// A value of an entity.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedValue {
    /// Column.
    pub column: String,
    /// The value in the base table.
    pub value: String,
    /// What each record says, in the order in which records are believed; `source/record/record_id` and value.
    pub said: Vec<(String, String)>,
}

/// An event of an id's history.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEvent {
    /// The id it happened to.
    pub entity_id: String,
    /// `merged_into`, `split_from`, `moved_to`, `restored` or `retired`.
    pub event: String,
    /// The other id.
    pub other_id: Option<String>,
    /// The run in which it happened.
    pub run_id: String,
}

/// Two records and what ties or parts them.
#[derive(Debug, Clone, Serialize)]
pub struct PairExplanation {
    /// The element.
    pub element: Element,
    /// Whether they are one entity, and why.
    #[serde(flatten)]
    pub entity: PairLinkage,
    /// Column, what the one says, what the other says.
    pub values: Vec<(String, Option<String>, Option<String>)>,
    /// Whether they tell of one incident, and why, where reports are tied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<PairLinkage>,
}

/// What a linkage makes of two records.
#[derive(Debug, Clone, Serialize)]
pub struct PairLinkage {
    /// The entities, or incidents, of the two.
    pub entities: [String; 2],
    /// Whether they are one.
    pub same: bool,
    /// What speaks for it or was refused between records of the two entities: rule, probability, reason of refusal.
    pub evidence: Vec<(String, f64, Option<String>)>,
    /// The score of the two part by part, where they are linked by a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Explanation>,
}

/// Explains an entity, named by its id or by one of its records, `source/record_id` or `source/record/record_id`.
///
/// # Errors
/// No such entity or record.
pub async fn explain_entity(context: &SessionContext, project: &Project, subject: &str) -> Result<EntityExplanation> {
    let id = if subject.contains('/') {
        let (key, element) = record_of(project, subject)?;
        entity_of(context, &key, Linked::Element(element)).await?
    } else {
        subject.to_owned()
    };
    let id = id.as_str();
    let unknown = || {
        EngineError::usage_with_hint(
            format!("there is no entity `{id}`"),
            "ids are in the column `id` of the base tables, e.g. `jingwei sql \"select id from people limit 5\"`",
        )
    };
    let element = Element::ALL.into_iter().find(|element| id.starts_with(element.id_letter())).ok_or_else(unknown)?;
    let step = || EngineError::plan(format!("explaining {id}"));
    let history = history(context, id).await?;
    let members =
        members(context, Linked::Element(element)).await?.filter(ident("entity_id").eq(lit(id))).map_err(step())?;
    let rows = members.clone().collect().await.map_err(step())?;
    let mut found = rows.iter().flat_map(member_records).collect::<Vec<_>>();
    found.sort_by(|a, b| (&a.source, &a.record, &a.record_id).cmp(&(&b.source, &b.record, &b.record_id)));
    if found.is_empty() && history.is_empty() {
        return Err(unknown());
    }
    let columns = filled_columns(project, element);
    let said = match records(context, project, element, &columns, None).await? {
        None => Vec::new(),
        Some(records) => {
            let keys = members.select(vec![ident("record_key")]).map_err(step())?;
            records
                .join(keys, JoinType::LeftSemi, &["_key"], &["record_key"], None)
                .map_err(step())?
                .collect()
                .await
                .map_err(step())?
        }
    };
    let base = context
        .table(format!("base.{element}"))
        .await
        .and_then(|table| table.filter(ident("id").eq(lit(id))))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let survivorship = project.entities.get(&element).map(|config| &config.survivorship);
    let mut values = Vec::new();
    for column in Table::of(element).all_columns().filter(|column| column.name != "id") {
        let Some(value) = base.iter().find_map(|batch| cell(batch, column.name, 0)) else { continue };
        let prefer =
            survivorship.map(|rule| rule.columns.get(column.name).copied().unwrap_or(rule.default)).unwrap_or_default();
        values.push(ExplainedValue { column: column.name.to_owned(), value, said: ranked(&said, column.name, prefer) });
    }
    Ok(EntityExplanation { id: id.to_owned(), element, records: found, values, history })
}

/// Explains two records, each written `source/record_id` or `source/record/record_id`.
///
/// # Errors
/// A record that is not there, or two of different elements.
pub async fn explain_pair(context: &SessionContext, city: &City, left: &str, right: &str) -> Result<PairExplanation> {
    let project = &city.project;
    let ((left, element), (right, other)) = (record_of(project, left)?, record_of(project, right)?);
    if element != other {
        return Err(EngineError::usage(format!("one record speaks of {element}, the other of {other}")));
    }
    let step = || EngineError::plan("explaining two records");
    let columns = filled_columns(project, element);
    let all = records(context, project, element, &columns, None).await?;
    let ops = city.store.ops()?;
    let keys = [&left, &right];
    let config = project.entities.get(&element).cloned();
    let entity = pair_linkage(context, &ops, Linked::Element(element), keys, config, all.clone()).await?;
    let incident = match incident_config(project).filter(|_| element == Element::Events) {
        Some(config) if context.table_exist(Linked::Incidents.members().to_string()).map_err(step())? => {
            let lookups = Lookups::build(context, project).await?;
            let reports = reports(context, project, &config, &lookups).await?;
            Some(pair_linkage(context, &ops, Linked::Incidents, keys, Some(config), reports).await?)
        }
        _ => None,
    };
    let said = Said::read(all, keys.map(|key| key.hash().to_be_bytes()), &columns).await?;
    let values = said.beside(&left, &right);
    Ok(PairExplanation { element, entity, values, incident })
}

/// What records say.
pub(crate) struct Said<'a> {
    rows: Vec<RecordBatch>,
    columns: &'a [&'static Column],
}

impl<'a> Said<'a> {
    /// Reads the records with these keys.
    pub(crate) async fn read(
        all: Option<DataFrame>,
        keys: impl IntoIterator<Item = [u8; 16]>,
        columns: &'a [&'static Column],
    ) -> Result<Self> {
        let step = || EngineError::plan("reading what records say");
        let of_keys = ident("_key").in_list(keys.into_iter().map(|key| lit(key.to_vec())).collect(), false);
        let rows = match all {
            None => Vec::new(),
            Some(records) => records.filter(of_keys).map_err(step())?.collect().await.map_err(step())?,
        };
        Ok(Self { rows, columns })
    }

    /// Column by column what two records say, as far as one of them says something.
    pub(crate) fn beside(&self, left: &RecordKey, right: &RecordKey) -> Vec<(String, Option<String>, Option<String>)> {
        let place = |key: &RecordKey| {
            let rows = |batch: &RecordBatch| (0..batch.num_rows()).find(|row| is_record(batch, *row, key));
            self.rows.iter().find_map(|batch| rows(batch).map(|row| (batch, row)))
        };
        let [left, right] = [place(left), place(right)];
        let says = |place: Option<(&RecordBatch, usize)>, column: &str| {
            place.and_then(|(batch, row)| cell(batch, column, row))
        };
        let columns = self.columns.iter().map(|column| column.name);
        columns
            .map(|column| (column.to_owned(), says(left, column), says(right, column)))
            .filter(|(_, left, right)| left.is_some() || right.is_some())
            .collect()
    }
}

/// What a linkage makes of two records.
async fn pair_linkage(
    context: &SessionContext,
    ops: &Ops,
    linked: Linked,
    keys: [&RecordKey; 2],
    config: Option<EntityConfig>,
    records: Option<DataFrame>,
) -> Result<PairLinkage> {
    let entities = [entity_of(context, keys[0], linked).await?, entity_of(context, keys[1], linked).await?];
    let score = match (config.and_then(ModelMatcher::new), records) {
        (Some(matcher), Some(records)) => matcher
            .explain(records, (keys[0].hash(), keys[1].hash()), &in_force(ops, linked)?)
            .await
            .map_err(|error| EngineError::Link { element: linked.to_string(), error: Box::new(error) })?,
        _ => None,
    };
    let evidence = evidence(context, linked, &entities).await?;
    Ok(PairLinkage { same: entities[0] == entities[1], entities, evidence, score })
}

/// The entity that a record is part of.
async fn entity_of(context: &SessionContext, key: &RecordKey, linked: Linked) -> Result<String> {
    let step = || EngineError::plan("looking for a record's entity");
    let rows = members(context, linked)
        .await?
        .filter(ident("record_key").eq(lit(key.hash().to_be_bytes().to_vec())))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    rows.iter().find_map(|batch| cell(batch, "entity_id", 0)).ok_or_else(|| not_linked(key, linked))
}

/// An error that names a record which is not there.
pub(crate) fn not_linked(key: &RecordKey, linked: Linked) -> EngineError {
    EngineError::usage_with_hint(
        format!("no record `{}` of `{}` is linked", key.record_id, key.source),
        format!("ids are in {}, column record_id", linked.members()),
    )
}

pub(crate) fn record_of(project: &Project, text: &str) -> Result<(RecordKey, Element)> {
    let wrong = || {
        EngineError::usage_with_hint(
            format!("`{text}` names no record"),
            "write source/record_id, e.g. hukou/R000123, or source/record/record_id",
        )
    };
    let (source, rest) = text.split_once('/').ok_or_else(wrong)?;
    let config = project.sources.get(source).ok_or_else(wrong)?;
    let named = rest
        .split_once('/')
        .and_then(|(label, id)| Some((config.records.iter().find(|record| record.label() == label)?, id)));
    let (record, id) = match named {
        Some(named) => named,
        None => (config.records.first().ok_or_else(wrong)?, rest),
    };
    Ok((
        RecordKey { source: source.to_owned(), record: record.label().to_owned(), record_id: id.to_owned() },
        record.element,
    ))
}

/// The records of a linkage.
pub(crate) async fn members(context: &SessionContext, linked: Linked) -> Result<DataFrame> {
    context.table(linked.members().to_string()).await.map_err(|_| {
        EngineError::usage_with_hint(format!("no linkage of {linked} is published"), "run `jingwei integrate` first")
    })
}

async fn history(context: &SessionContext, id: &str) -> Result<Vec<HistoryEvent>> {
    let Ok(table) = context.table("link.id_history").await else { return Ok(Vec::new()) };
    let step = || EngineError::plan("reading the history of ids");
    let rows = table
        .filter(ident("entity_id").eq(lit(id)).or(ident("other_id").eq(lit(id))))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    Ok(rows
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| HistoryEvent {
                entity_id: cell(batch, "entity_id", row).unwrap_or_default(),
                event: cell(batch, "event", row).unwrap_or_default(),
                other_id: cell(batch, "other_id", row),
                run_id: cell(batch, "run_id", row).unwrap_or_default(),
            })
        })
        .collect())
}

/// Edges whose ends are records of the two entities.
async fn evidence(
    context: &SessionContext,
    linked: Linked,
    entities: &[String; 2],
) -> Result<Vec<(String, f64, Option<String>)>> {
    let step = || EngineError::plan("reading edges");
    let inside = ident("entity_id").in_list(entities.iter().map(|id| lit(id.as_str())).collect(), false);
    let keys = async |name: &str| -> Result<DataFrame> {
        members(context, linked)
            .await?
            .filter(inside.clone())
            .and_then(|keys| keys.select(vec![ident("record_key").alias(name)]))
            .map_err(step())
    };
    let rows = context
        .table(linked.edges().to_string())
        .await
        .map_err(step())?
        .join(keys("_left").await?, JoinType::LeftSemi, &["left_key"], &["_left"], None)
        .map_err(step())?
        .join(keys("_right").await?, JoinType::LeftSemi, &["right_key"], &["_right"], None)
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut evidence = Vec::new();
    for batch in &rows {
        let probabilities =
            batch.column_by_name("probability").map(|column| column.as_primitive::<Float64Type>().clone());
        for row in 0..batch.num_rows() {
            let probability = probabilities.as_ref().map_or(0.0, |column| column.value(row));
            evidence.push((cell(batch, "rule", row).unwrap_or_default(), probability, cell(batch, "reason", row)));
        }
    }
    evidence.sort_by(|a, b| a.2.cmp(&b.2).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0)));
    evidence.dedup();
    Ok(evidence)
}

fn member_records(batch: &RecordBatch) -> Vec<MemberRecord> {
    let probabilities = batch.column_by_name("probability").map(|column| column.as_primitive::<Float64Type>().clone());
    (0..batch.num_rows())
        .map(|row| MemberRecord {
            source: cell(batch, "source", row).unwrap_or_default(),
            record: cell(batch, "record", row).unwrap_or_default(),
            record_id: cell(batch, "record_id", row).unwrap_or_default(),
            rule: cell(batch, "rule", row),
            probability: probabilities.as_ref().map_or(1.0, |column| column.value(row)),
        })
        .collect()
}

/// What records say about a column, those believed first.
fn ranked(said: &[RecordBatch], column: &str, prefer: Prefer) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for batch in said {
        let trust = batch.column_by_name("_trust").map(|column| column.as_primitive::<Float64Type>().clone());
        let as_of =
            batch.column_by_name("_as_of").map(|column| column.as_primitive::<TimestampMicrosecondType>().clone());
        for row in 0..batch.num_rows() {
            let Some(value) = cell(batch, column, row) else { continue };
            let trust = trust.as_ref().map_or(0.0, |column| column.value(row));
            let as_of =
                as_of.as_ref().filter(|column| column.is_valid(row)).map_or(i64::MIN, |column| column.value(row));
            let name =
                ["_source", "_record", "_record_id"].map(|name| cell(batch, name, row).unwrap_or_default()).join("/");
            all.push((trust, as_of, name, value));
        }
    }
    all.sort_by(|a, b| {
        let (trust, time) = (b.0.total_cmp(&a.0), b.1.cmp(&a.1));
        match prefer {
            Prefer::Trusted => trust.then(time),
            Prefer::Recent => time.then(trust),
        }
        .then_with(|| a.2.cmp(&b.2))
    });
    all.into_iter().map(|(_, _, name, value)| (name, value)).collect()
}

fn is_record(batch: &RecordBatch, row: usize, key: &RecordKey) -> bool {
    let says = |column: &str, value: &str| cell(batch, column, row).is_some_and(|cell| cell == value);
    says("_source", &key.source) && says("_record", &key.record) && says("_record_id", &key.record_id)
}

/// A cell as text; geometry as WKT.
pub(crate) fn cell(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column)?;
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    if matches!(column.data_type(), DataType::Binary | DataType::BinaryView) {
        let bytes = cast(column, &DataType::Binary).ok()?;
        return jingwei_geo::to_wkt(bytes.as_binary::<i32>().value(row)).ok();
    }
    let options = FormatOptions::default();
    ArrayFormatter::try_new(column, &options).ok()?.value(row).try_to_string().ok()
}

/// What two records say of a column, side by side.
pub(crate) fn beside(f: &mut fmt::Formatter<'_>, column: &str, left: Option<&str>, right: Option<&str>) -> fmt::Result {
    let mark = match (left, right) {
        (Some(left), Some(right)) if left == right => "=",
        (Some(_), Some(_)) => "≠",
        _ => " ",
    };
    writeln!(f, "  {column:<22} {mark} {} | {}", left.unwrap_or("-"), right.unwrap_or("-"))
}

impl fmt::Display for EntityExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}), {} records", self.id, self.element, self.records.len())?;
        for record in &self.records {
            let rule = match &record.rule {
                Some(rule) => format!("by `{rule}`, {:.3}", record.probability),
                None => "first".to_owned(),
            };
            writeln!(f, "  {}/{}/{}  {rule}", record.source, record.record, record.record_id)?;
        }
        for value in &self.values {
            writeln!(f, "{} = {}", value.column, value.value)?;
            for (name, said) in value.said.iter().take(20) {
                writeln!(f, "    {name}: {said}")?;
            }
        }
        for event in &self.history {
            writeln!(
                f,
                "{} {} {} in run {}",
                event.entity_id,
                event.event,
                event.other_id.as_deref().unwrap_or(""),
                event.run_id
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for PairExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.entity.entities;
        match self.entity.same {
            true => writeln!(f, "the same {}: {one}", self.element)?,
            false => writeln!(f, "two different {}: {one} and {other}", self.element)?,
        }
        for (column, left, right) in &self.values {
            beside(f, column, left.as_deref(), right.as_deref())?;
        }
        write!(f, "{}", self.entity)?;
        if let Some(incident) = &self.incident {
            let [one, other] = &incident.entities;
            match incident.same {
                true => writeln!(f, "reports of one incident: {one}")?,
                false => writeln!(f, "reports of two incidents: {one} and {other}")?,
            }
            write!(f, "{incident}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PairLinkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, probability, refused) in &self.evidence {
            match refused {
                None => writeln!(f, "  for:     {rule}, {probability:.3}")?,
                Some(reason) => writeln!(f, "  refused: {rule}, {probability:.3}, {reason}")?,
            }
        }
        if let Some(score) = &self.score {
            writeln!(f, "{score}")?;
        }
        Ok(())
    }
}
