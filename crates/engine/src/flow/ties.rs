//! Ties between entities: from what a row says (`to` a record beside it, or a value to look up) to the
//! other entity's id.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, cast, when};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_model::config::{Link, SourceConfig};
use jingwei_model::{Element, Table};

use super::records::{Scope, record_id, records};
use crate::error::{EngineError, Result};
use crate::functions::record_key;
use crate::project::Project;

/// What a tie's value is looked up in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The members of an element: the value is a record's key.
    Record(Element),
    /// A base column of an element: the value is the column's.
    Value(Element, String),
}

impl Target {
    /// The element the tie goes to.
    pub fn element(&self) -> Element {
        match self {
            Self::Record(element) | Self::Value(element, _) => *element,
        }
    }
}

/// One configured link over one source's clean rows.
pub struct Tie {
    /// The value to look up; null where the link's `where` does not hold.
    pub value: Expr,
    /// What to look it up in.
    pub target: Target,
}

impl Tie {
    /// The tie a link makes.
    pub fn new(scope: &Scope<'_>, source: &SourceConfig, link: &Link) -> Result<Self> {
        let (value, target) = match (&link.to, link.element, &link.key, &link.value) {
            (Some(to), ..) => {
                let other = source.records.iter().find(|record| record.label() == to).ok_or_else(unchecked)?;
                let other_scope =
                    Scope { context: scope.context, schema: scope.schema, source: scope.source, record: other };
                let key = record_key(lit(scope.source), lit(other.label()), record_id(&other_scope)?);
                (key, Target::Record(other.element))
            }
            (None, Some(element), Some(key), Some(value)) => {
                let value = cast(scope.expression("value", value)?, DataType::Utf8);
                (value, Target::Value(element, key.clone()))
            }
            _ => return Err(unchecked()),
        };
        let value = match &link.filter {
            None => value,
            Some(filter) => when(scope.expression("where", filter)?, value)
                .end()
                .map_err(EngineError::plan("a link's condition"))?,
        };
        Ok(Self { value, target })
    }
}

fn unchecked() -> EngineError {
    EngineError::Internal("a link that the configuration's check should have refused".to_owned())
}

/// Tables of value → entity id, each value once.
pub struct Lookups {
    tables: BTreeMap<Target, DataFrame>,
}

impl Lookups {
    /// The lookups that the links of `elements` need. `link.<element>_members` must be readable in `context`.
    pub async fn build(context: &SessionContext, project: &Project, elements: &[Element]) -> Result<Self> {
        let mut tables = BTreeMap::new();
        for target in targets(project, elements) {
            let members = members(context, target.element()).await?;
            let table = match &target {
                Target::Record(_) => {
                    members.map(|members| pair(members, ident("record_key"), ident("entity_id"))).transpose()?
                }
                Target::Value(element, key) => match members {
                    Some(members) => by_value(context, project, *element, key, members).await?,
                    None => None,
                },
            };
            if let Some(table) = table {
                tables.insert(target, table);
            }
        }
        Ok(Self { tables })
    }

    /// The table to join a tie's value with: `_found_value`, `_found_id`. `None` when nothing can be found.
    pub fn find(&self, target: &Target) -> Result<Option<DataFrame>> {
        Ok(self.tables.get(target).cloned())
    }
}

/// What the links of `elements` are looked up in.
pub fn targets(project: &Project, elements: &[Element]) -> Vec<Target> {
    let mut targets = Vec::new();
    for source in project.sources.values() {
        for record in source.records.iter().filter(|record| elements.contains(&record.element)) {
            for link in &record.links {
                let target = match (&link.to, link.element, &link.key) {
                    (Some(to), ..) => source
                        .records
                        .iter()
                        .find(|record| record.label() == to)
                        .map(|other| Target::Record(other.element)),
                    (None, Some(element), Some(key)) => Some(Target::Value(element, key.clone())),
                    _ => None,
                };
                targets.extend(target);
            }
        }
    }
    targets.sort();
    targets.dedup();
    targets
}

/// `link.<element>_members`, where the element has any record.
pub async fn members(context: &SessionContext, element: Element) -> Result<Option<DataFrame>> {
    let name = format!("link.{element}_members");
    if !context.table_exist(name.as_str()).map_err(EngineError::plan("looking for members"))? {
        return Ok(None);
    }
    context.table(name.as_str()).await.map(Some).map_err(EngineError::plan("reading members"))
}

/// Value → entity, for values that belong to one entity only: a value that two entities share would be a guess.
async fn by_value(
    context: &SessionContext,
    project: &Project,
    element: Element,
    key: &str,
    members: DataFrame,
) -> Result<Option<DataFrame>> {
    // An address id is not said by any source; it follows from the address.
    let (column, value) = match key {
        "address_id" => ("address", super::addresses::id_of(context, ident("address"))?),
        _ => (key, cast(ident(key), DataType::Utf8)),
    };
    let column = Table::of(element)
        .column(column)
        .ok_or_else(|| EngineError::Internal(format!("{element} has no column `{column}` to look by")))?;
    let Some(records) = records(context, project, element, &[column], None).await? else { return Ok(None) };
    let step = || EngineError::plan(format!("looking up {element} by `{key}`"));
    let entities = records
        .select(vec![ident("_key"), value.alias("_value")])
        .and_then(|records| records.filter(ident("_value").is_not_null()))
        .and_then(|records| records.join(members, JoinType::Inner, &["_key"], &["record_key"], None))
        .and_then(|records| {
            records.aggregate(
                vec![ident("_value")],
                vec![min(ident("entity_id")).alias("_id"), max(ident("entity_id")).alias("_last")],
            )
        })
        // The least and the greatest are one: a value of one entity, without a set of entities for each value.
        .and_then(|found| found.filter(ident("_id").eq(ident("_last"))))
        .map_err(step())?;
    let table = pair(entities, ident("_value"), ident("_id"))?;
    // Several sources and two passes use the same lookup.
    table.cache().await.map(Some).map_err(step())
}

fn pair(table: DataFrame, value: Expr, id: Expr) -> Result<DataFrame> {
    table.select(vec![value.alias("_found_value"), id.alias("_found_id")]).map_err(EngineError::plan("a lookup"))
}

/// Left-joins `records` on column `key` with a lookup; `key` gives way to `name`, the entity found.
pub fn attach(records: DataFrame, key: &str, lookup: Option<DataFrame>, name: &str) -> Result<DataFrame> {
    let others =
        records.schema().fields().iter().map(|field| field.name().clone()).filter(|field| field != key).map(ident);
    let step = EngineError::plan(format!("resolving `{name}`"));
    let Some(lookup) = lookup else {
        let nothing = cast(lit(datafusion::common::ScalarValue::Null), DataType::Utf8).alias(name);
        return records.clone().select(others.chain([nothing]).collect::<Vec<_>>()).map_err(step);
    };
    let kept = others.chain([ident("_found_id").alias(name)]).collect::<Vec<_>>();
    records
        .join(lookup, JoinType::Left, &[key], &["_found_value"], None)
        .and_then(|joined| joined.select(kept))
        .map_err(step)
}
