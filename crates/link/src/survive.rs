//! Survivorship: of all the values an entity's records give for a column, the one that is believed.

use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, JoinType, ident, lit};
use jingwei_model::config::{EntityConfig, Prefer};
use jingwei_model::{Column, ColumnType};

use crate::Result;
use crate::functions::{merge_attributes, rank, survivor, tie, union_tags};

/// One row per entity, sorted by `id`: `columns`, each with the value of the first record that has one in the
/// configured order, the union of tags, `sources` (who knows of it) and `confidence` (its weakest link).
///
/// `records` have `_key`, `_source`, `_trust`, `_as_of`, `_row` and `columns`; `members` are the linkage's.
///
/// # Errors
/// A plan that does not hold together.
pub fn survive(
    records: DataFrame,
    members: DataFrame,
    config: Option<&EntityConfig>,
    columns: &[&Column],
) -> Result<DataFrame> {
    let members = members.select(vec![ident("record_key"), ident("entity_id"), ident("probability")])?;
    let mut select = vec![
        ident("entity_id"),
        ident("probability"),
        ident("_source"),
        rank(ident("_trust"), ident("_as_of"), Prefer::Trusted).alias("_trusted"),
        rank(ident("_trust"), ident("_as_of"), Prefer::Recent).alias("_recent"),
        tie(ident("_key"), ident("_row")).alias("_tie"),
    ];
    select.extend(columns.iter().map(|column| ident(column.name)));
    let joined = records.join(members, JoinType::Inner, &["_key"], &["record_key"], None)?.select(select)?;

    let survivorship = config.map(|config| &config.survivorship);
    let mut values: Vec<Expr> = Vec::with_capacity(columns.len() + 2);
    for column in columns {
        let prefer = survivorship
            .map(|survivorship| survivorship.columns.get(column.name).copied().unwrap_or(survivorship.default))
            .unwrap_or_default();
        let order = ident(match prefer {
            Prefer::Trusted => "_trusted",
            Prefer::Recent => "_recent",
        });
        let value = match column.kind {
            ColumnType::Tags => union_tags(ident(column.name)),
            ColumnType::Json => merge_attributes(ident("_source"), ident(column.name), order, ident("_tie")),
            _ => survivor(ident(column.name), order, ident("_tie")),
        };
        values.push(value.alias(column.name));
    }
    if !columns.iter().any(|column| column.name == "sources") {
        values.push(union_tags(ident("_source")).alias("sources"));
    }
    if !columns.iter().any(|column| column.name == "confidence") {
        values.push(min(ident("probability")).alias("confidence"));
    }
    let mut output = vec![ident("entity_id").alias("id")];
    output.extend(values.iter().map(|value| ident(value.schema_name().to_string())));
    Ok(joined
        .aggregate(vec![ident("entity_id")], values)?
        .filter(ident("entity_id").not_eq(lit("")))?
        .select(output)?
        .sort(vec![ident("id").sort(true, false)])?)
}
