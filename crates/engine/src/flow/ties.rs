//! Ties between entities: from what a row says (`to` a record beside it, or a value to look up) to the
//! other entity's id.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, cast, when};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_model::config::{AddressStyle, Link, LinkLevel, SourceConfig};
use jingwei_model::{Element, Table};

use super::addresses::id_of;
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
    /// What of an element stands at an address: the value is a spelling of it.
    Address(Element, Option<LinkLevel>),
}

impl Target {
    /// The element the tie goes to.
    pub fn element(&self) -> Element {
        match self {
            Self::Record(element) | Self::Value(element, _) | Self::Address(element, _) => *element,
        }
    }

    fn of(source: &SourceConfig, link: &Link, style: AddressStyle) -> Option<Self> {
        match (&link.to, link.element, link.key.as_deref()) {
            (Some(to), ..) => {
                source.records.iter().find(|record| record.label() == to).map(|other| Self::Record(other.element))
            }
            (None, Some(element), Some("address")) if style == AddressStyle::Cn => {
                Some(Self::Address(element, link.level))
            }
            // Addresses without levels are one when their settled spellings are.
            (None, Some(element), Some("address")) => Some(Self::Value(element, "address_id".to_owned())),
            (None, Some(element), Some(key)) => Some(Self::Value(element, key.to_owned())),
            _ => None,
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
    pub fn new(scope: &Scope<'_>, source: &SourceConfig, link: &Link, style: AddressStyle) -> Result<Self> {
        let target = Target::of(source, link, style).ok_or_else(unchecked)?;
        let value = match (&link.to, &link.value) {
            (Some(to), _) => {
                let other = source.records.iter().find(|record| record.label() == to).ok_or_else(unchecked)?;
                let other_scope =
                    Scope { context: scope.context, schema: scope.schema, source: scope.source, record: other };
                record_key(lit(scope.source), lit(other.label()), record_id(&other_scope)?)
            }
            (None, Some(value)) => {
                let value = cast(scope.expression("value", value)?, DataType::Utf8);
                let settles = link.key.as_deref() == Some("address") && matches!(target, Target::Value(..));
                if settles { id_of(scope.context, value)? } else { value }
            }
            (None, None) => return Err(unchecked()),
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
    style: AddressStyle,
}

impl Lookups {
    /// The lookups that the project's links need. Members, clean rows and spellings must be readable in `context`.
    pub async fn build(context: &SessionContext, project: &Project) -> Result<Self> {
        let mut tables = BTreeMap::new();
        for target in targets(project, &Element::ALL) {
            let Some(members) = members(context, target.element()).await? else { continue };
            let table = match &target {
                Target::Record(_) => Some(pair(members, ident("record_key"), ident("entity_id"))?),
                Target::Value(element, key) => by_value(context, project, *element, key, members).await?,
                Target::Address(element, level) => by_address(context, project, *element, *level, members).await?,
            };
            if let Some(table) = table {
                tables.insert(target, table);
            }
        }
        Ok(Self { tables, style: project.city.city.address })
    }

    /// How addresses are written.
    pub const fn style(&self) -> AddressStyle {
        self.style
    }

    /// The table to join a tie's value with: `_found_value`, `_found_id`. `None` when nothing can be found.
    pub fn find(&self, target: &Target) -> Option<DataFrame> {
        self.tables.get(target).cloned()
    }
}

/// What the links of `elements` are looked up in.
pub fn targets(project: &Project, elements: &[Element]) -> Vec<Target> {
    let style = project.city.city.address;
    let mut targets = Vec::new();
    for source in project.sources.values() {
        for record in source.records.iter().filter(|record| elements.contains(&record.element)) {
            targets.extend(record.links.iter().filter_map(|link| Target::of(source, link, style)));
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

/// Value of a base column → entity.
async fn by_value(
    context: &SessionContext,
    project: &Project,
    element: Element,
    key: &str,
    members: DataFrame,
) -> Result<Option<DataFrame>> {
    // An address id is not said by any source; it follows from the address.
    let (column, value) = match key {
        "address_id" => ("address", id_of(context, ident("address"))?),
        _ => (key, cast(ident(key), DataType::Utf8)),
    };
    let column = Table::of(element)
        .column(column)
        .ok_or_else(|| EngineError::Internal(format!("{element} has no column `{column}` to look by")))?;
    let Some(records) = records(context, project, element, &[column], None).await? else { return Ok(None) };
    let step = || EngineError::plan(format!("looking up {element} by `{key}`"));
    let records = records.select(vec![ident("_key"), value.alias("_value")]).map_err(step())?;
    let table = pair(alone(records, members)?, ident("_value"), ident("_id"))?;
    // Several sources and two passes use the same lookup.
    table.cache().await.map(Some).map_err(step())
}

/// Spelling → entity that stands at the standard address it means, or, without a level, at what that is part of.
async fn by_address(
    context: &SessionContext,
    project: &Project,
    element: Element,
    level: Option<LinkLevel>,
    members: DataFrame,
) -> Result<Option<DataFrame>> {
    let spellings = super::build::spelled().to_string();
    let step = || EngineError::plan(format!("looking up {element} by address"));
    if !context.table_exist(spellings.as_str()).map_err(step())? {
        return Ok(None);
    }
    let Some(address) = Table::of(element).column("address") else { return Ok(None) };
    let Some(records) = records(context, project, element, &[address], None).await? else { return Ok(None) };
    let spellings = context.table(spellings).await.map_err(step())?;
    let means = spellings
        .clone()
        .select(vec![ident("address").alias("_spelling"), ident("address_id").alias("_value")])
        .and_then(|means| means.filter(ident("_value").is_not_null()))
        .map_err(step())?;
    let records = records
        .select(vec![ident("_key"), ident("address")])
        .and_then(|records| records.join(means, JoinType::Inner, &["address"], &["_spelling"], None))
        .and_then(|records| records.select(vec![ident("_key"), ident("_value")]))
        .map_err(step())?;
    let standing = alone(records, members)?.cache().await.map_err(step())?;

    let fine = [&ident("building_id"), &ident("compound_id")]
        .into_iter()
        .fold(lit(true), |fine, above| fine.and(above.clone().is_null().or(ident("address_id").not_eq(above.clone()))));
    let room = when(fine, ident("address_id")).end().map_err(step())?;
    let candidates = match level {
        None => vec![ident("address_id"), ident("building_id"), ident("compound_id")],
        Some(LinkLevel::Room) => vec![room],
        Some(LinkLevel::Building) => vec![ident("building_id")],
        Some(LinkLevel::Compound) => vec![ident("compound_id")],
    };
    let mut found = spellings
        .select(
            std::iter::once(ident("address"))
                .chain(candidates.into_iter().enumerate().map(|(at, id)| id.alias(format!("_at{at}"))))
                .collect::<Vec<_>>(),
        )
        .map_err(step())?;
    let mut entities = Vec::new();
    for at in 0..found.schema().fields().len() - 1 {
        let (value, entity) = (format!("_value{at}"), format!("_id{at}"));
        let here = standing.clone().select(vec![ident("_value").alias(&value), ident("_id").alias(&entity)]);
        found = here
            .and_then(|here| found.join(here, JoinType::Left, &[&format!("_at{at}")], &[&value], None))
            .map_err(step())?;
        entities.push(ident(entity));
    }
    let table = pair(found, ident("address"), coalesce(entities))?;
    let table = table.filter(ident("_found_id").is_not_null()).map_err(step())?;
    table.cache().await.map(Some).map_err(step())
}

/// Value → entity, of records with `_key` and `_value`, for values of one entity only: a value that two entities share
/// would be a guess.
fn alone(records: DataFrame, members: DataFrame) -> Result<DataFrame> {
    records
        .filter(ident("_value").is_not_null())
        .and_then(|records| records.join(members, JoinType::Inner, &["_key"], &["record_key"], None))
        .and_then(|records| {
            records.aggregate(
                vec![ident("_value")],
                vec![min(ident("entity_id")).alias("_id"), max(ident("entity_id")).alias("_last")],
            )
        })
        // The least and the greatest are one: a value of one entity, without a set of entities for each value.
        .and_then(|found| found.filter(ident("_id").eq(ident("_last"))))
        .and_then(|found| found.select(vec![ident("_value"), ident("_id")]))
        .map_err(EngineError::plan("values of one entity"))
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
