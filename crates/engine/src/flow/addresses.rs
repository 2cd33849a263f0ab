//! `base.addresses`: every address that any record means, once, with the building and compound above it
//! and a point borrowed from whatever stands there.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, SessionContext, ident, lit};
use jingwei_model::config::AddressStyle;
use jingwei_model::{Element, Level, Table};
use jingwei_standardize::address::{AddressParser, functions_with};

use super::areas::Areas;
use super::records::{Scope, records, rows_of};
use super::spellings::{Standard, Texts, spell};
use crate::error::{EngineError, Result};
use crate::functions::address_id;
use crate::project::Project;

/// The elements whose registers own addresses: land and what is built on it.
const OWNERS: [Element; 2] = [Element::Land, Element::Housing];

/// The standard addresses behind all records.
pub struct Addresses {
    /// The columns of `base.addresses` but `area_code`, `grid_code` and `updated_at`.
    pub rows: DataFrame,
    /// The rows of `link.address_spellings`; none where addresses have no levels.
    pub spellings: Vec<RecordBatch>,
}

/// The id of the standard address that a text spells, whatever is registered.
///
/// # Errors
/// The session lacks the function.
pub fn id_of(context: &SessionContext, text: Expr) -> Result<Expr> {
    let canonical = context.udf("canonical_address").map_err(EngineError::plan("finding `canonical_address`"))?;
    Ok(address_id(canonical.call(vec![text])))
}

/// The standard addresses behind all records; none where no record has an address.
///
/// # Errors
/// SQL of the configuration that does not plan, with its place.
pub async fn addresses(
    context: &SessionContext,
    project: &Project,
    style: AddressStyle,
    areas: Option<&Areas>,
) -> Result<Option<Addresses>> {
    let mut said: Option<DataFrame> = None;
    for element in Element::ALL {
        let table = Table::of(element);
        let filled = super::records::filled_columns(project, element);
        let Some(address) = filled.iter().find(|column| column.name == "address") else { continue };
        let Some(geom) = table.column("geom") else { continue };
        let Some(records) = records(context, project, element, &[address, geom], None).await? else { continue };
        let owned = lit(OWNERS.contains(&element)).alias("owned");
        let part = records
            .filter(ident("address").is_not_null())
            .and_then(|records| records.select(vec![ident("address"), ident("geom"), ident("_source"), owned]))
            .map_err(EngineError::plan("collecting addresses"))?;
        said = Some(match said {
            None => part,
            Some(said) => said.union(part).map_err(EngineError::plan("collecting addresses"))?,
        });
    }
    let Some(said) = said else { return Ok(None) };
    let said = with_links(context, project, said).await?;
    let step = || EngineError::plan("standard addresses");

    let texts = with(context, "said", said, TEXTS).await?;
    let (spelled, spellings, parser) = match style {
        AddressStyle::Plain => {
            // A compound has thousands of spellings of its rooms; each is parsed once.
            let spelled = with(context, "texts", texts, &for_style(SPELLED, style)).await?;
            (spelled.cache().await.map_err(step())?, Vec::new(), None)
        }
        AddressStyle::Cn => {
            let (spelled, spellings, standard) = standardized(context, project, texts, areas).await?;
            (spelled, spellings, Some(Arc::clone(standard.parser())))
        }
    };
    let keyed = with(context, "spelled", spelled, KEYED).await?;
    let keyed = keyed.cache().await.map_err(step())?;
    // Keys are read by the parser that spelled them.
    let learned = parser.is_some();
    if let Some(parser) = &parser {
        functions_with(parser).into_iter().for_each(|function| context.register_udf(function));
    }
    let rows = with(context, "keyed", keyed, &for_style(ADDRESSES, style)).await;
    if learned {
        functions_with(AddressParser::builtin()).into_iter().for_each(|function| context.register_udf(function));
    }
    Ok(Some(Addresses { rows: rows?, spellings }))
}

/// The addresses that records say, and those that links look by and no record says.
async fn with_links(context: &SessionContext, project: &Project, said: DataFrame) -> Result<DataFrame> {
    let step = || EngineError::plan("collecting addresses of links");
    let mut said = said;
    for (name, source) in &project.sources {
        for record in &source.records {
            for link in record.links.iter().filter(|link| link.key.as_deref() == Some("address")) {
                let Some(value) = link.value.as_ref().filter(|value| record.set.get("address") != Some(*value)) else {
                    continue;
                };
                let rows = rows_of(context, name, record).await?;
                let schema = rows.schema().clone();
                let scope = Scope { context, schema: &schema, source: name, record };
                let value = cast(scope.expression("value", value)?, DataType::Utf8);
                let part = rows
                    .select(vec![
                        value.alias("address"),
                        cast(lit(ScalarValue::Null), DataType::Binary).alias("geom"),
                        lit(name.as_str()).alias("_source"),
                        lit(false).alias("owned"),
                    ])
                    .and_then(|rows| rows.filter(ident("address").is_not_null()))
                    .map_err(step())?;
                said = said.union(part).map_err(step())?;
            }
        }
    }
    Ok(said)
}

/// The texts with their standard spellings.
async fn standardized(
    context: &SessionContext,
    project: &Project,
    texts: DataFrame,
    areas: Option<&Areas>,
) -> Result<(DataFrame, Vec<RecordBatch>, Standard)> {
    let step = || EngineError::plan("spelling addresses");
    let texts = with(context, "texts", texts, LOCATED).await?;
    let nowhere = Areas::none();
    let texts = areas
        .unwrap_or(&nowhere)
        .with_area_code(texts, "point")?
        .drop_columns(&["point"])
        .and_then(|texts| texts.sort(vec![ident("address").sort(true, false)]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let threads = context.state().config().target_partitions();
    let home = project.city.city.division.clone();
    let work = move || {
        let standard = Standard::learn(&Texts::new(&texts)?, &home);
        let (spelled, spellings) = spell(&texts, &standard, threads)?;
        Ok::<_, EngineError>((spelled, spellings, standard))
    };
    let (spelled, spellings, standard) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| EngineError::Internal(format!("spelling addresses ended: {error}")))??;
    let spelled = match spelled.first().map(RecordBatch::schema) {
        Some(schema) => {
            let table = MemTable::try_new(schema, vec![spelled]).map_err(step())?;
            context.read_table(Arc::new(table)).map_err(step())?
        }
        None => with(context, "none", context.read_empty().map_err(step())?, NOTHING_SPELLED).await?,
    };
    Ok((spelled, spellings, standard))
}

/// The statement for a style of addresses. Those without levels have no building and no compound above them.
fn for_style(sql: &str, style: AddressStyle) -> String {
    let (building, compound, parsed) = match style {
        AddressStyle::Cn => ("address_key({}, 'building')", "address_key({}, 'compound')", "address(key)"),
        AddressStyle::Plain => ("CAST(null AS VARCHAR)", "CAST(null AS VARCHAR)", "CAST(null AS VARCHAR)"),
    };
    let levels = Level::ALL
        .map(|level| match style {
            AddressStyle::Cn => format!("p.a['completed']['{0}'] AS {0}", level.name()),
            AddressStyle::Plain => format!("CAST(null AS VARCHAR) AS {}", level.name()),
        })
        .join(", ");
    let level = match style {
        AddressStyle::Cn => "p.a['level']",
        AddressStyle::Plain => "CAST(null AS VARCHAR)",
    };
    let (compound_name, building_name) = match style {
        AddressStyle::Cn => (
            "a['completed']['poi'] || coalesce(a['completed']['subpoi'], '')",
            "a['completed']['poi'] || coalesce(a['completed']['subpoi'], '') || a['completed']['houseno']",
        ),
        AddressStyle::Plain => ("CAST(null AS VARCHAR)", "CAST(null AS VARCHAR)"),
    };
    let text = if sql.contains("FROM texts") { "address" } else { "key" };
    sql.replace("{compound_name}", compound_name)
        .replace("{building_name}", building_name)
        .replace("{building}", &building.replace("{}", text))
        .replace("{compound}", &compound.replace("{}", text))
        .replace("{parsed}", parsed)
        .replace("{levels}", &levels)
        .replace("{level}", level)
}

/// Runs `sql` over `table` under a name that exists for this statement alone.
async fn with(context: &SessionContext, name: &str, table: DataFrame, sql: &str) -> Result<DataFrame> {
    let step = || EngineError::plan(format!("standard addresses: {name}"));
    context.register_table(name, table.into_view()).map_err(step())?;
    let result = context.sql(sql).await.map_err(step())?;
    context.deregister_table(name).map_err(step())?;
    Ok(result)
}

/// Each text once, with the sources and points behind it. Sums of whole numbers do not depend on the order of rows, so
/// the mean point does not either.
const TEXTS: &str = "
SELECT address,
       bool_or(owned) AS owned,
       count(*) AS rows,
       union_tags(_source) AS sources,
       sum(CAST(round(st_x(st_pointonsurface(geom)) * 1e7) AS BIGINT)) AS x,
       sum(CAST(round(st_y(st_pointonsurface(geom)) * 1e7) AS BIGINT)) AS y,
       count(geom) AS points
FROM said
GROUP BY address";

/// Texts with their mean point.
const LOCATED: &str = "
SELECT *, CASE WHEN points > 0 THEN st_point(x / 1e7 / points, y / 1e7 / points) END AS point
FROM texts";

/// No text at all, in the columns of those that are spelled.
const NOTHING_SPELLED: &str = "
SELECT CAST(null AS VARCHAR) AS canonical, CAST(null AS VARCHAR) AS building, CAST(null AS VARCHAR) AS compound,
       make_array('') AS sources, CAST(0 AS BIGINT) AS x, CAST(0 AS BIGINT) AS y, CAST(0 AS BIGINT) AS points
FROM none
WHERE false";

/// Text → its standard spelling, where addresses have no levels.
const SPELLED: &str = "
SELECT canonical_address(address) AS canonical,
       {building} AS building,
       {compound} AS compound,
       sources, x, y, points
FROM texts";

/// Standard spelling → points and sources, once each, with those of the levels above.
const KEYED: &str = "
WITH keys AS (
    SELECT canonical AS key, sources, x, y, points FROM spelled
    UNION ALL
    SELECT building, sources, x, y, points FROM spelled WHERE building <> canonical
    UNION ALL
    SELECT compound, sources, x, y, points FROM spelled WHERE compound <> canonical AND compound IS DISTINCT FROM building
)
SELECT key, union_tags(sources) AS sources, sum(x) AS x, sum(y) AS y, sum(points) AS points
FROM keys
WHERE key IS NOT NULL
GROUP BY key";

/// One row per standard address; a point of its own, else of its building, else of its compound, under whatever
/// road or town the spelling names it. A name whose points lie more than about two kilometres apart is several
/// places and lends none.
const ADDRESSES: &str = "
WITH parsed AS (
    SELECT key, sources, x, y, points,
           {parsed} AS a,
           {building} AS building,
           {compound} AS compound
    FROM keyed
),
named AS (
    SELECT *, {compound_name} AS compound_name, {building_name} AS building_name,
           CASE WHEN points > 0 THEN st_point(x / 1e7 / points, y / 1e7 / points) END AS point
    FROM parsed
),
names AS (
    SELECT building_name AS name, x, y, points FROM named WHERE points > 0 AND building_name IS NOT NULL
    UNION ALL
    SELECT compound_name, x, y, points FROM named WHERE points > 0 AND compound_name IS NOT NULL
),
places AS (
    SELECT name, st_point(sum(x) / 1e7 / sum(points), sum(y) / 1e7 / sum(points)) AS point
    FROM names
    GROUP BY name
    HAVING max(x / points) - min(x / points) < 200000 AND max(y / points) - min(y / points) < 200000
)
SELECT address_id(p.key) AS id, p.key AS canonical, {level} AS level, {levels},
       coalesce(p.point, b.point, c.point, f.point, g.point) AS geom, p.sources
FROM named p
LEFT JOIN named b ON p.building = b.key
LEFT JOIN named c ON p.compound = c.key
LEFT JOIN places f ON p.building_name = f.name
LEFT JOIN places g ON p.compound_name = g.name";
