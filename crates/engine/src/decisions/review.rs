//! The queue of what rules and models leave to people: pairs in the grey zone, with what their records say.

use std::collections::HashSet;
use std::fmt;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use datafusion::prelude::{SessionContext, ident};
use serde::Serialize;

use super::members::{keys, members_by_key};
use super::{Linked, in_force};
use crate::city::City;
use crate::error::{EngineError, Result};
use crate::explain::Said;
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
    let all = records(context, &city.project, linked.element(), &columns, None).await?;
    let said = Said::read(all, wanted.iter().copied(), &columns).await?;
    let described = pairs.iter().map(|(left, right, probability)| {
        let (left, right) = (members.get(left)?, members.get(right)?);
        Some(ReviewPair {
            linkage: linked.name().to_owned(),
            left: left.record.to_string(),
            right: right.record.to_string(),
            entities: [left.entity.clone(), right.entity.clone()],
            probability: *probability,
            values: said.beside(&left.record, &right.record),
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
