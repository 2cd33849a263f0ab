//! Reports as a model of incidents sees them: the records of events, and where they happened. They meet at the standard
//! address that the text means, or at the place of the object that the report concerns.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};
use jingwei_model::Element;
use jingwei_model::config::EntityConfig;
use jingwei_store::TableName;

use super::ties::Lookups;
use super::{linked_columns, records};
use crate::error::{EngineError, Result};
use crate::project::Project;

/// What a model of incidents sees beside the base columns: the standard address of the place, with the building and the
/// compound it is in or is; the report's point, else the object's; and the kind of the object that the report concerns.
pub const PLACED: [&str; 6] =
    ["place_id", "place_building_id", "place_compound_id", "place_lon", "place_lat", "object_kind"];

/// The reports that a linkage of incidents is about: what `config` needs of them, and [`PLACED`].
pub(crate) async fn reports(
    context: &SessionContext,
    project: &Project,
    config: &EntityConfig,
    lookups: &Lookups,
) -> Result<Option<DataFrame>> {
    let columns = linked_columns(project, Element::Events, config);
    match records(context, project, Element::Events, &columns, Some(lookups)).await? {
        Some(records) => located(context, records).await.map(Some),
        None => Ok(None),
    }
}

/// Adds [`PLACED`] to records of events.
async fn located(context: &SessionContext, records: DataFrame) -> Result<DataFrame> {
    let step = || EngineError::plan("places of reports");
    let has = |rows: &DataFrame, name: &str| rows.schema().has_column_with_unqualified_name(name);
    let text = |name: &str| cast(lit(ScalarValue::Utf8(None)), arrow::datatypes::DataType::Utf8).alias(name);
    let mut rows = records;
    // What the report concerns lends it its place.
    let object = ["_object_kind", "_object_at", "_object_geom"];
    rows = match last_of(context, "objects").await? {
        Some(objects) if has(&rows, "object_id") => {
            let objects = objects
                .select(vec![
                    ident("id").alias("_object"),
                    ident("kind").alias(object[0]),
                    ident("address_id").alias(object[1]),
                    ident("geom").alias(object[2]),
                ])
                .map_err(step())?;
            rows.join(objects, JoinType::Left, &["object_id"], &["_object"], None)
        }
        _ => rows.with_column(object[0], text(object[0])).and_then(|rows| rows.with_column(object[1], text(object[1]))),
    }
    .map_err(step())?;
    let spellings = super::build::spelled();
    let known = has(&rows, "address") && context.table_exist(spellings.to_string()).map_err(step())?;
    let spelled = if known { Some(context.table(spellings.to_string()).await.map_err(step())?) } else { None };
    let mut place = vec![ident(object[1])];
    if let Some(spelled) = &spelled {
        let said = spelled
            .clone()
            .select(vec![ident("address").alias("_spelling"), ident("address_id").alias("_said")])
            .map_err(step())?;
        rows = rows.join(said, JoinType::Left, &["address"], &["_spelling"], None).map_err(step())?;
        place.insert(0, ident("_said"));
    } else if has(&rows, "address") {
        place.insert(0, super::addresses::id_of(context, ident("address"))?);
    }
    rows = rows.with_column("place_id", coalesce(place)).map_err(step())?;
    rows = match spelled {
        Some(spelled) => {
            let within = ["building_id", "compound_id"].map(|name| min(ident(name)).alias(format!("place_{name}")));
            let above = spelled
                .filter(ident("address_id").is_not_null())
                .and_then(|all| all.aggregate(vec![ident("address_id").alias("_standard")], within.to_vec()))
                .map_err(step())?;
            rows.join(above, JoinType::Left, &["place_id"], &["_standard"], None)
        }
        None => {
            rows.with_column(PLACED[1], text(PLACED[1])).and_then(|rows| rows.with_column(PLACED[2], text(PLACED[2])))
        }
    }
    .map_err(step())?;
    let points = ["geom", object[2]].into_iter().filter(|name| has(&rows, name)).map(ident).collect::<Vec<_>>();
    let kept = rows.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let kept = kept.iter().filter(|name| !HELPERS.contains(&name.as_str())).map(ident);
    let mut kept: Vec<Expr> = kept.collect();
    kept.push(ident(object[0]).alias(PLACED[5]));
    for (name, function) in [(PLACED[3], "st_x"), (PLACED[4], "st_y")] {
        let degrees = match points.is_empty() {
            true => lit(ScalarValue::Float64(None)),
            false => part_of_point(context, function, coalesce(points.clone()))?,
        };
        kept.push(degrees.alias(name));
    }
    rows.select(kept).map_err(step())
}

/// Longitude or latitude of a shape's point.
fn part_of_point(context: &SessionContext, function: &str, shape: Expr) -> Result<Expr> {
    let state = context.state();
    let call = |name: &str| {
        state
            .scalar_functions()
            .get(name)
            .cloned()
            .ok_or_else(|| EngineError::Internal(format!("the session lacks `{name}`")))
    };
    Ok(call(function)?.call(vec![call("st_pointonsurface")?.call(vec![shape])]))
}

/// A base table as it is now, if there is one.
pub(super) async fn last_of(context: &SessionContext, name: &str) -> Result<Option<DataFrame>> {
    let table = TableName::new("base", name);
    let step = || EngineError::plan(format!("reading {table}"));
    if !context.table_exist(table.to_string()).map_err(step())? {
        return Ok(None);
    }
    context.table(table.to_string()).await.map(Some).map_err(step())
}

/// Columns that the way to a place leaves behind.
const HELPERS: [&str; 7] = ["_object", "_object_kind", "_object_at", "_object_geom", "_spelling", "_said", "_standard"];
