//! The queue of what rules and models leave to people: pairs in the grey zone, with what their records say.

use std::collections::{HashMap, HashSet};
use std::fmt;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use datafusion::prelude::{SessionContext, ident, lit};
use jingwei_model::RecordKey;
use serde::Serialize;

use super::{Linked, in_force};
use crate::city::City;
use crate::error::{EngineError, Result};
use crate::explain::{cell, is_record};
use crate::flow::{filled_columns, records};

/// Pairs for people to decide.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    /// How many there are in all.
    pub open: usize,
    /// The first of them: those about which least is known.
    pub pairs: Vec<ReviewPair>,
}

/// A pair for people to decide.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewPair {
    /// The linkage: an element, or `incidents`.
    pub linkage: String,
    /// One record, as `jingwei decide` takes it.
    pub left: String,
    /// The other.
    pub right: String,
    /// The entities they are part of now.
    pub entities: [String; 2],
    /// The probability that they are the same.
    pub probability: f64,
    /// Column, what the one says, what the other says.
    pub values: Vec<(String, Option<String>, Option<String>)>,
}

type Pair = ([u8; 16], [u8; 16], f64);

/// The queue of a linkage, or of all: the pairs in the grey zone on which nobody decided, those with the least certain
/// answer first.
///
/// # Errors
/// No linkage is published.
pub async fn review(city: &City, context: &SessionContext, linked: Option<Linked>, limit: usize) -> Result<Review> {
    let mut found: Vec<(Linked, Pair)> = Vec::new();
    for linked in Linked::all().filter(|one| linked.is_none_or(|linked| linked == *one)) {
        found.extend(open(city, context, linked).await?.into_iter().map(|pair| (linked, pair)));
    }
    found.sort_by(|(a, left), (b, right)| {
        let doubt = |pair: &Pair| (pair.2 - 0.5).abs();
        doubt(left).total_cmp(&doubt(right)).then_with(|| (a, left.0, left.1).cmp(&(b, right.0, right.1)))
    });
    let total = found.len();
    found.truncate(limit);
    let mut pairs = vec![None; found.len()];
    for linked in Linked::all() {
        let places = (0..found.len()).filter(|place| found[*place].0 == linked).collect::<Vec<_>>();
        if places.is_empty() {
            continue;
        }
        let wanted = places.iter().map(|place| found[*place].1).collect::<Vec<_>>();
        for (place, pair) in places.into_iter().zip(described(city, context, linked, &wanted).await?) {
            pairs[place] = pair;
        }
    }
    Ok(Review { open: total, pairs: pairs.into_iter().flatten().collect() })
}

/// The pairs of a linkage that nobody decided on, not even since it was made.
async fn open(city: &City, context: &SessionContext, linked: Linked) -> Result<Vec<Pair>> {
    let edges = linked.edges();
    let Ok(table) = context.table(edges.to_string()).await else { return Ok(Vec::new()) };
    let step = || EngineError::plan(format!("reading {edges}"));
    let rows = table
        .filter(ident("review"))
        .and_then(|rows| rows.select(["left_key", "right_key", "probability"].map(ident).to_vec()))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let decided = in_force(&city.store.ops()?, linked)?
        .into_iter()
        .map(|decision| (decision.left.min(decision.right), decision.left.max(decision.right)))
        .collect::<HashSet<_>>();
    let mut pairs = Vec::new();
    for batch in &rows {
        let (left, right) = (keys(batch, 0)?, keys(batch, 1)?);
        let probability = batch.column(2).as_primitive::<Float64Type>();
        for (row, (left, right)) in left.into_iter().zip(right).enumerate() {
            let ends = [left, right].map(u128::from_be_bytes);
            if !decided.contains(&(ends[0].min(ends[1]), ends[0].max(ends[1]))) {
                pairs.push((left, right, probability.value(row)));
            }
        }
    }
    Ok(pairs)
}

/// Keys of records in a column.
pub(super) fn keys(batch: &RecordBatch, column: usize) -> Result<Vec<[u8; 16]>> {
    let internal = || EngineError::Internal("a record key that is not 16 bytes".to_owned());
    let column = arrow::compute::cast(batch.column(column), &arrow::datatypes::DataType::Binary)
        .map_err(|error| EngineError::Internal(error.to_string()))?;
    column.as_binary::<i32>().iter().map(|key| key.and_then(|key| key.try_into().ok()).ok_or_else(internal)).collect()
}

/// A record of a linkage and its entity.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub record: RecordKey,
    pub entity: String,
}

/// The members with these keys.
pub(super) async fn members_by_key(
    context: &SessionContext,
    linked: Linked,
    wanted: &HashSet<[u8; 16]>,
) -> Result<HashMap<[u8; 16], Member>> {
    let of_keys = ident("record_key").in_list(wanted.iter().map(|key| lit(key.to_vec())).collect(), false);
    members(context, linked, of_keys).await
}

/// The members of an entity.
pub(super) async fn members_of(
    context: &SessionContext,
    linked: Linked,
    entity: &str,
) -> Result<HashMap<[u8; 16], Member>> {
    members(context, linked, ident("entity_id").eq(lit(entity))).await
}

async fn members(
    context: &SessionContext,
    linked: Linked,
    filter: datafusion::logical_expr::Expr,
) -> Result<HashMap<[u8; 16], Member>> {
    let table = linked.members();
    let step = || EngineError::plan(format!("reading {table}"));
    let rows = context
        .table(table.to_string())
        .await
        .and_then(|rows| rows.filter(filter))
        .and_then(|rows| rows.select(["record_key", "source", "record", "record_id", "entity_id"].map(ident).to_vec()))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut members = HashMap::new();
    for batch in &rows {
        let text = |column: &str, row: usize| cell(batch, column, row).unwrap_or_default();
        for (row, key) in keys(batch, 0)?.into_iter().enumerate() {
            let [source, record, record_id] = ["source", "record", "record_id"].map(|column| text(column, row));
            let record = RecordKey { source, record, record_id };
            members.insert(key, Member { record, entity: text("entity_id", row) });
        }
    }
    Ok(members)
}

/// Pairs with the names of their records, their entities and what they say; none for one whose records are gone.
async fn described(
    city: &City,
    context: &SessionContext,
    linked: Linked,
    pairs: &[Pair],
) -> Result<Vec<Option<ReviewPair>>> {
    let wanted = pairs.iter().flat_map(|(left, right, _)| [*left, *right]).collect::<HashSet<_>>();
    let members = members_by_key(context, linked, &wanted).await?;
    let columns = filled_columns(&city.project, linked.element());
    let step = || EngineError::plan("reading the records of pairs to review");
    let said = match records(context, &city.project, linked.element(), &columns, None).await? {
        None => Vec::new(),
        Some(records) => records
            .filter(ident("_key").in_list(wanted.iter().map(|key| lit(key.to_vec())).collect(), false))
            .map_err(step())?
            .collect()
            .await
            .map_err(step())?,
    };
    let says = |record: &RecordKey, column: &str| {
        said.iter().find_map(|batch| {
            (0..batch.num_rows()).find(|row| is_record(batch, *row, record)).and_then(|row| cell(batch, column, row))
        })
    };
    let described = pairs.iter().map(|(left, right, probability)| {
        let (left, right) = (members.get(left)?, members.get(right)?);
        let values = columns
            .iter()
            .map(|column| (column.name.to_owned(), says(&left.record, column.name), says(&right.record, column.name)))
            .filter(|(_, left, right)| left.is_some() || right.is_some());
        Some(ReviewPair {
            linkage: linked.name().to_owned(),
            left: left.record.to_string(),
            right: right.record.to_string(),
            entities: [left.entity.clone(), right.entity.clone()],
            probability: *probability,
            values: values.collect(),
        })
    });
    Ok(described.collect())
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pair in &self.pairs {
            let now = if pair.entities[0] == pair.entities[1] { "one entity now" } else { "two entities now" };
            writeln!(f, "{}: {} | {}", pair.linkage, pair.left, pair.right)?;
            writeln!(f, "  probability {:.3}, {now}", pair.probability)?;
            for (column, left, right) in &pair.values {
                crate::explain::beside(f, column, left.as_deref(), right.as_deref())?;
            }
            let incidents = if pair.linkage == Linked::Incidents.name() { " --incidents" } else { "" };
            writeln!(f, "  jingwei decide {} {} same|different{incidents}\n", pair.left, pair.right)?;
        }
        write!(f, "{} of {} pairs to decide", self.pairs.len(), self.open)
    }
}
