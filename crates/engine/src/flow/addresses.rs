//! `base.addresses`: every address that any record writes, once, with the building and compound above it
//! and a point borrowed from whatever stands there.

use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use jingwei_model::config::AddressStyle;
use jingwei_model::{Element, Level, Table};

use super::records::records;
use crate::error::{EngineError, Result};
use crate::functions::address_id;
use crate::project::Project;

/// The id of the standard address that a text spells.
///
/// # Errors
/// The session lacks the function.
pub fn id_of(context: &SessionContext, text: Expr) -> Result<Expr> {
    let canonical = context.udf("canonical_address").map_err(EngineError::plan("finding `canonical_address`"))?;
    Ok(address_id(canonical.call(vec![text])))
}

/// The standard addresses behind all records: the columns of `base.addresses` but `area_code`,
/// `grid_code` and `updated_at`.
///
/// # Errors
/// SQL of the configuration that does not plan, with its place.
pub async fn addresses(context: &SessionContext, project: &Project, style: AddressStyle) -> Result<Option<DataFrame>> {
    let mut said: Option<DataFrame> = None;
    for element in Element::ALL {
        let table = Table::of(element);
        let filled = super::records::filled_columns(project, element);
        let Some(address) = filled.iter().find(|column| column.name == "address") else { continue };
        let Some(geom) = table.column("geom") else { continue };
        let Some(records) = records(context, project, element, &[address, geom], None).await? else { continue };
        let part = records
            .filter(ident("address").is_not_null())
            .and_then(|records| records.select(vec![ident("address"), ident("geom"), ident("_source")]))
            .map_err(EngineError::plan("collecting addresses"))?;
        said = Some(match said {
            None => part,
            Some(said) => said.union(part).map_err(EngineError::plan("collecting addresses"))?,
        });
    }
    let Some(said) = said else { return Ok(None) };
    let step = || EngineError::plan("standard addresses");

    // A compound has thousands of spellings of its rooms; each is parsed once.
    let spelled = with(context, "said", said, &for_style(SPELLED, style)).await?;
    let spelled = spelled.cache().await.map_err(step())?;
    let keyed = with(context, "spelled", spelled, KEYED).await?;
    let keyed = keyed.cache().await.map_err(step())?;
    with(context, "keyed", keyed, &for_style(ADDRESSES, style)).await.map(Some)
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

/// Text → its standard spelling at each level that matters, with the points and sources behind it. Sums
/// of whole numbers do not depend on the order of rows, so the mean point does not either.
const SPELLED: &str = "
WITH texts AS (
    SELECT address,
           array_agg(DISTINCT _source ORDER BY _source) AS sources,
           sum(CAST(round(st_x(st_pointonsurface(geom)) * 1e7) AS BIGINT)) AS x,
           sum(CAST(round(st_y(st_pointonsurface(geom)) * 1e7) AS BIGINT)) AS y,
           count(geom) AS points
    FROM said
    GROUP BY address
)
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
