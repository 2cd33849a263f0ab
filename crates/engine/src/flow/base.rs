//! The rows of an element's base table: survivors, addresses, places, and what has changed since the last version.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, cast, when};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_model::{Column, Table};

use super::addresses::id_of;
use super::areas::Areas;
use crate::error::{EngineError, Result};
use crate::functions::row_hash;

/// Columns that tell when, not what: they follow from a comparison with the last version.
const TIMES: [&str; 3] = ["valid_from", "valid_to", "updated_at"];

/// Marks the rows that differ from the last version; not stored.
pub const CHANGED: &str = "_changed";

/// Fills what the records themselves do not say: the standard address, a point borrowed from it, and the
/// area and grid around the point.
///
/// # Errors
/// A plan that does not hold together.
pub fn place(
    survivors: DataFrame,
    context: &SessionContext,
    addresses: Option<DataFrame>,
    spellings: Option<DataFrame>,
    areas: &Areas,
) -> Result<DataFrame> {
    let step = || EngineError::plan("placing entities");
    let has = |frame: &DataFrame, name: &str| frame.schema().has_column_with_unqualified_name(name);
    let mut placed = survivors;
    if has(&placed, "address") && !has(&placed, "address_id") {
        placed = match spellings {
            Some(spellings) => {
                let known =
                    spellings.select(vec![ident("address").alias("_spelling"), ident("address_id")]).map_err(step())?;
                placed
                    .join(known, JoinType::Left, &["address"], &["_spelling"], None)
                    .and_then(|placed| placed.drop_columns(&["_spelling"]))
                    .map_err(step())?
            }
            None => placed.with_column("address_id", id_of(context, ident("address"))?).map_err(step())?,
        };
    }
    if let Some(addresses) = addresses
        && has(&placed, "address_id")
    {
        let lent = addresses
            .select(vec![ident("id").alias("_address"), ident("geom").alias("_lent")])
            .and_then(|addresses| addresses.filter(ident("_lent").is_not_null()))
            .map_err(step())?;
        let own = has(&placed, "geom");
        placed = placed.join(lent, JoinType::Left, &["address_id"], &["_address"], None).map_err(step())?;
        let geom = if own { coalesce(vec![ident("geom"), ident("_lent")]) } else { ident("_lent") };
        placed = placed
            .with_column("geom", geom)
            .and_then(|placed| placed.drop_columns(&["_address", "_lent"]))
            .map_err(step())?;
    }
    if has(&placed, "geom") {
        placed = areas.with_codes(placed, "geom")?;
    }
    Ok(placed)
}

/// Exactly the table's columns, in order and type; null where nothing filled them.
///
/// # Errors
/// A plan that does not hold together.
pub fn shape(rows: DataFrame, table: &Table) -> Result<DataFrame> {
    let columns = table.all_columns().map(|column| {
        let value = if rows.schema().has_column_with_unqualified_name(column.name) {
            ident(column.name)
        } else {
            lit(ScalarValue::Null)
        };
        cast(value, column.kind.data_type()).alias(column.name)
    });
    let columns = columns.collect::<Vec<_>>();
    rows.select(columns).map_err(EngineError::plan("shaping a base table"))
}

/// Joins the new rows with the last version by `keys`: an unchanged row keeps its times, a changed or
/// new one takes `now`, a row that is no longer there is closed. Adds [`CHANGED`].
///
/// # Errors
/// A plan that does not hold together.
pub fn against_last(
    rows: DataFrame,
    last: Option<DataFrame>,
    present: Option<DataFrame>,
    table: &Table,
    keys: &[&str],
    now: i64,
) -> Result<DataFrame> {
    let step = || EngineError::plan(format!("comparing base.{} with its last version", table.name));
    let timed = |name: &str| table.column(name).is_some();
    let now = lit(ScalarValue::TimestampMicrosecond(Some(now), None));
    let never = lit(ScalarValue::TimestampMicrosecond(None, None));
    let Some(last) = last else {
        let mut rows = rows;
        for (name, value) in [("valid_from", &now), ("valid_to", &never), ("updated_at", &now)] {
            if timed(name) {
                rows = rows.with_column(name, value.clone()).map_err(step())?;
            }
        }
        return rows.with_column(CHANGED, lit(true)).and_then(|rows| order(rows, table)).map_err(step());
    };
    let content = table
        .all_columns()
        .filter(|column| !TIMES.contains(&column.name))
        .map(|column| ident(column.name))
        .collect::<Vec<_>>();
    let old_keys = keys.iter().map(|key| format!("_old_{key}")).collect::<Vec<_>>();
    let mut narrow = keys.iter().zip(&old_keys).map(|(key, old)| ident(*key).alias(old)).collect::<Vec<_>>();
    narrow.push(row_hash(content.clone()).alias("_old_hash"));
    narrow.extend(TIMES.into_iter().filter(|name| timed(name)).map(|name| ident(name).alias(format!("_old_{name}"))));
    let old = last.clone().select(narrow).map_err(step())?;
    let old_names = old_keys.iter().map(String::as_str).collect::<Vec<_>>();
    let joined = rows
        .with_column("_hash", row_hash(content))
        .and_then(|rows| rows.join(old, JoinType::Left, keys, &old_names, None))
        .map_err(step())?;
    let same = ident("_hash").eq(ident("_old_hash")).and(if timed("valid_to") {
        ident("_old_valid_to").is_null()
    } else {
        lit(true)
    });
    let same = coalesce(vec![same, lit(false)]);
    let mut kept = joined;
    if timed("valid_from") {
        let began = coalesce(vec![ident("_old_valid_from"), now.clone()]);
        kept = kept
            .with_column("valid_from", began)
            .and_then(|rows| rows.with_column("valid_to", never.clone()))
            .map_err(step())?;
    }
    if timed("updated_at") {
        let updated = when(same.clone(), ident("_old_updated_at")).otherwise(now.clone()).map_err(step())?;
        kept = kept.with_column("updated_at", updated).map_err(step())?;
    }
    let kept = kept.with_column(CHANGED, same.is_false()).and_then(|rows| order(rows, table)).map_err(step())?;

    let Some(present) = present else { return Ok(kept) };
    let closed = last.join(present, JoinType::LeftAnti, keys, &["_present"], None).map_err(step())?;
    let open = ident("valid_to").is_null();
    let mut closed = closed.with_column(CHANGED, open.clone()).map_err(step())?;
    if timed("updated_at") {
        let updated = when(open.clone(), now.clone()).otherwise(ident("updated_at")).map_err(step())?;
        closed = closed.with_column("updated_at", updated).map_err(step())?;
    }
    let ended = coalesce(vec![ident("valid_to"), now]);
    let closed = closed.with_column("valid_to", ended).and_then(|rows| order(rows, table)).map_err(step())?;
    kept.union(closed).map_err(step())
}

fn order(rows: DataFrame, table: &Table) -> datafusion::error::Result<DataFrame> {
    let columns: Vec<Expr> = table.all_columns().map(plain).chain([ident(CHANGED)]).collect();
    rows.select(columns)
}

fn plain(column: &Column) -> Expr {
    ident(column.name)
}
