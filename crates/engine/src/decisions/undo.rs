//! Taking things back: a decision by its number, or what became of an entity in a run, by the entity's id. The latter is
//! done by decisions, so that it holds in every run to come and can be taken back itself.

use std::collections::{HashMap, HashSet};
use std::fmt;

use chrono::Utc;
use datafusion::prelude::{SessionContext, ident, lit};
use jingwei_model::RecordKey;
use jingwei_store::NewDecision;
use serde::Serialize;

use super::members::{Member, members_by_key, members_of};
use super::{Judge, Linked, contradiction, contradicts, records_in_force, unnumbered};
use crate::city::City;
use crate::error::{EngineError, Result};
use crate::explain::cell;
use crate::flow::records_of_event;

/// What was taken back.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "undone", rename_all = "snake_case")]
pub enum Undone {
    /// A decision.
    Decision {
        /// Its number.
        decision: i64,
    },
    /// What became of an entity.
    Change {
        /// The entity.
        entity_id: String,
        /// What became of it.
        event: String,
        /// The other entity.
        other_id: String,
        /// The decision by which it is taken back.
        decision: i64,
        /// How many pairs of records it is about.
        pairs: usize,
    },
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision { decision } => {
                write!(f, "decision {decision} is taken back; from the next `jingwei integrate` on it is not obeyed")
            }
            Self::Change { entity_id, event, other_id, decision, pairs } => write!(
                f,
                "{entity_id} {event} {other_id}: will be taken back by the next `jingwei integrate`, by decision {decision} \
                 about {pairs} {}",
                if *pairs == 1 { "pair of records" } else { "pairs of records" }
            ),
        }
    }
}

/// Takes a decision back, told by its number, or the last thing that became of an entity, told by its id.
///
/// # Errors
/// No such decision or entity, one of which nothing can be taken back, and what contradicts other decisions.
pub async fn undo(city: &City, context: &SessionContext, subject: &str, judge: Judge<'_>) -> Result<Undone> {
    if let Ok(decision) = subject.parse::<i64>() {
        return match city.store.ops()?.take_back(decision, judge.by, &Utc::now().to_rfc3339())? {
            true => Ok(Undone::Decision { decision }),
            false => Err(EngineError::usage_with_hint(
                format!("no decision {decision} is in force"),
                "`jingwei decisions --all` lists them",
            )),
        };
    }
    let change = last_change(context, subject).await?;
    let pairs = change.taken_back(context).await?;
    let mut ops = city.store.ops()?;
    let mut all = records_in_force(&ops, change.linked)?;
    all.extend(pairs.iter().map(|(left, right, same)| unnumbered(change.linked, left, right, *same)));
    if let Some(chain) = contradiction(&all) {
        return Err(contradicts(&chain));
    }
    let at = Utc::now().to_rfc3339();
    let note = judge.note.map(str::to_owned).unwrap_or_else(|| format!("undoes {} {}", change.entity, change.event));
    let new = NewDecision { linkage: change.linked.name(), pairs: &pairs, by: judge.by, note: Some(&note), at: &at };
    let decision = ops.decide(&[new])?.into_iter().next().unwrap_or_default();
    Ok(Undone::Change {
        entity_id: change.entity,
        event: change.event,
        other_id: change.other,
        decision,
        pairs: pairs.len(),
    })
}

/// An event of `link.id_history` that can be taken back.
struct Change {
    linked: Linked,
    entity: String,
    event: String,
    other: String,
    run: String,
    /// The records that went from the one to the other.
    records: HashSet<[u8; 16]>,
}

/// The last event of an entity in which records went from one entity to another.
async fn last_change(context: &SessionContext, id: &str) -> Result<Change> {
    let nothing = || {
        EngineError::usage_with_hint(
            format!("nothing became of an entity `{id}` that could be taken back"),
            "`link.id_history` tells what became of entities; a decision is taken back by its number",
        )
    };
    let Ok(table) = context.table("link.id_history").await else { return Err(nothing()) };
    let step = || EngineError::plan("reading the history of ids");
    let rows = table
        .filter(ident("entity_id").eq(lit(id)).and(ident("other_id").is_not_null()))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut last: Option<Change> = None;
    for batch in &rows {
        let text = |column: &str, row: usize| cell(batch, column, row).unwrap_or_default();
        for row in 0..batch.num_rows() {
            let run = text("run_id", row);
            let Some(linked) =
                text("element", row).parse().ok().filter(|_| last.as_ref().is_none_or(|last| last.run <= run))
            else {
                continue;
            };
            let records = records_of_event(batch, row).into_iter().map(u128::to_be_bytes).collect();
            let [entity, event, other] = ["entity_id", "event", "other_id"].map(|column| text(column, row));
            last = Some(Change { linked, entity, event, other, run, records });
        }
    }
    last.filter(|last| !last.records.is_empty()).ok_or_else(nothing)
}

type Pairs = Vec<(RecordKey, RecordKey, bool)>;

impl Change {
    /// What has to be decided so that the records are where they were.
    async fn taken_back(&self, context: &SessionContext) -> Result<Pairs> {
        let moved = sorted(members_by_key(context, self.linked, &self.records).await?);
        let mut pairs = Vec::new();
        let Some(first) = moved.first() else { return Err(self.gone(&self.entity)) };
        if self.event == "merged_into" || self.event == "moved_to" {
            // They are one among themselves, and none of what is left of the other.
            let rest = self.rest(context, &self.other).await?;
            pairs.extend(moved[1..].iter().map(|member| (first.record.clone(), member.record.clone(), true)));
            pairs.extend(rest.iter().map(|member| (first.record.clone(), member.record.clone(), false)));
        }
        if self.event != "merged_into" {
            // They belong to the entity that they came from.
            let from = if self.event == "moved_to" { &self.entity } else { &self.other };
            let rest = self.rest(context, from).await?;
            let home = rest.first().ok_or_else(|| self.gone(from))?;
            let apart = if self.event == "moved_to" { &moved[..1] } else { &moved[..] };
            pairs.extend(apart.iter().map(|member| (home.record.clone(), member.record.clone(), true)));
        }
        match pairs.is_empty() {
            true => Err(self.gone(&self.other)),
            false => Ok(pairs),
        }
    }

    /// The members of an entity that were there before.
    async fn rest(&self, context: &SessionContext, entity: &str) -> Result<Vec<Member>> {
        let mut rest = members_of(context, self.linked, entity).await?;
        rest.retain(|key, _| !self.records.contains(key));
        Ok(sorted(rest))
    }

    fn gone(&self, entity: &str) -> EngineError {
        EngineError::usage(format!(
            "{} {} {} cannot be taken back: no record of {entity} is left",
            self.entity, self.event, self.other
        ))
    }
}

fn sorted(members: HashMap<[u8; 16], Member>) -> Vec<Member> {
    let mut members = members.into_values().collect::<Vec<_>>();
    members.sort_by(|a, b| a.record.cmp(&b.record));
    members
}
