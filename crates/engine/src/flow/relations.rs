//! `base.relations`: the links of the configuration as typed, dated ties between entities.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_model::config::{Link, Record, SourceConfig};

use super::records::{Scope, record_id, rows_of};
use super::ties::{Lookups, Tie, members};
use crate::error::{EngineError, Result};
use crate::functions::record_key;
use crate::project::Project;

/// The columns that tell one tie from another, in the order they are sorted by.
pub const KEYS: [&str; 6] = ["from_element", "from_id", "relation", "to_element", "to_id", "source"];

/// The ties as they are now, and those of the last version that no source makes any more: they ended.
///
/// # Errors
/// A plan that does not hold together.
pub fn with_closed(rows: DataFrame, last: DataFrame, now: i64) -> Result<DataFrame> {
    let step = || EngineError::plan("comparing base.relations with its last version");
    let columns = last.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let now = lit(ScalarValue::TimestampMicrosecond(Some(now), None));
    let gone = last
        .join(rows.clone(), JoinType::LeftAnti, &KEYS, &KEYS, None)
        .and_then(|gone| gone.with_column("valid_to", coalesce(vec![ident("valid_to"), now])))
        .and_then(|gone| gone.select(columns.iter().map(ident).collect::<Vec<_>>()))
        .map_err(step())?;
    rows.union(gone).map_err(step())
}

/// All ties that the current clean tables make, one row per pair, relation and source.
///
/// # Errors
/// SQL of the configuration that does not plan, with its place.
pub async fn relations(context: &SessionContext, project: &Project, lookups: &Lookups) -> Result<Option<DataFrame>> {
    let mut all: Option<DataFrame> = None;
    for (name, source) in &project.sources {
        for record in &source.records {
            for link in record.links.iter().filter(|link| link.relation.is_some()) {
                let Some(part) = one(context, name, source, record, link, lookups).await? else { continue };
                all = Some(match all {
                    None => part,
                    Some(all) => all.union(part).map_err(EngineError::plan("uniting relations"))?,
                });
            }
        }
    }
    let Some(all) = all else { return Ok(None) };
    let keys = KEYS.map(ident).to_vec();
    let dates = vec![
        min(ident("valid_from")).alias("valid_from"),
        max(ident("valid_to")).alias("valid_to"),
        max(ident("confidence")).alias("confidence"),
    ];
    all.aggregate(keys, dates).map(Some).map_err(EngineError::plan("relations"))
}

async fn one(
    context: &SessionContext,
    name: &str,
    source: &SourceConfig,
    record: &Record,
    link: &Link,
    lookups: &Lookups,
) -> Result<Option<DataFrame>> {
    let rows = rows_of(context, name, record).await?;
    let schema = rows.schema().clone();
    let scope = Scope { context, schema: &schema, source: name, record };
    let tie = Tie::new(&scope, source, link, lookups.style())?;
    let (Some(from), Some(to)) = (members(context, record.element).await?, lookups.find(&tie.target)) else {
        return Ok(None);
    };
    let step = || EngineError::plan(format!("relations of `{name}`"));
    let ties = rows
        .select(vec![
            record_key(lit(name), lit(record.label()), record_id(&scope)?).alias("_from"),
            tie.value.alias("_to"),
            moment(&scope, "valid_from", link.valid_from.as_deref())?.alias("valid_from"),
            moment(&scope, "valid_to", link.valid_to.as_deref())?.alias("valid_to"),
        ])
        .map_err(step())?;
    let from = from
        .select(vec![
            ident("record_key"),
            ident("entity_id").alias("from_id"),
            ident("probability").alias("confidence"),
        ])
        .map_err(step())?;
    let ties = ties.join(from, JoinType::Inner, &["_from"], &["record_key"], None).map_err(step())?;
    // A row that names nobody, or nobody known, falls out of the join.
    ties.join(to, JoinType::Inner, &["_to"], &["_found_value"], None)
        .and_then(|ties| ties.with_column_renamed("_found_id", "to_id"))
        .and_then(|ties| {
            ties.select(vec![
                lit(record.element.name()).alias("from_element"),
                ident("from_id"),
                lit(link.relation.as_deref().unwrap_or_default()).alias("relation"),
                lit(tie.target.element().name()).alias("to_element"),
                ident("to_id"),
                lit(name).alias("source"),
                ident("valid_from"),
                ident("valid_to"),
                ident("confidence"),
            ])
        })
        .map(Some)
        .map_err(step())
}

fn moment(scope: &Scope<'_>, key: &str, sql: Option<&str>) -> Result<Expr> {
    let value = match sql {
        Some(sql) => scope.expression(key, sql)?,
        None => lit(ScalarValue::Null),
    };
    Ok(cast(value, DataType::Timestamp(TimeUnit::Microsecond, None)))
}
