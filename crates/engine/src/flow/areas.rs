//! Which community and grid a place lies in: spatial joins with the polygons of `base.areas`.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, case};
use datafusion::prelude::{DataFrame, JoinType, SessionContext, ident, lit};

use crate::error::{EngineError, Result};
use crate::functions::AREA_LEVELS;

/// The level that gives a `grid_code`.
const GRID: &str = "grid";

/// The current areas, in memory, ready to be joined with.
pub struct Areas {
    /// Code, rank among the levels and shape of every area that gives an `area_code`.
    levels: Option<DataFrame>,
    /// The same of the grid.
    grid: Option<DataFrame>,
}

impl Areas {
    /// No areas: every code stays as the sources say it.
    pub const fn none() -> Self {
        Self { levels: None, grid: None }
    }

    /// Reads `base.areas` from `context`.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub async fn load(context: &SessionContext) -> Result<Self> {
        Ok(Self { levels: of_levels(context, &AREA_LEVELS).await?, grid: of_levels(context, &[GRID]).await? })
    }

    /// `rows` with the code of the finest area around the geometry in column `geom` as `area_code`. Where there is none,
    /// the column keeps what it was, or is null. On a border of several areas the first code holds.
    ///
    /// # Errors
    /// A plan that does not hold together.
    pub fn with_area_code(&self, rows: DataFrame, geom: &str) -> Result<DataFrame> {
        located(rows, geom, &[("area_code", self.levels.as_ref())])
    }

    /// The same with the code of the grid as `grid_code` as well.
    ///
    /// # Errors
    /// A plan that does not hold together.
    pub fn with_codes(&self, rows: DataFrame, geom: &str) -> Result<DataFrame> {
        located(rows, geom, &[("area_code", self.levels.as_ref()), ("grid_code", self.grid.as_ref())])
    }
}

/// The areas of some levels with shapes; `None` where there are none.
async fn of_levels(context: &SessionContext, levels: &[&str]) -> Result<Option<DataFrame>> {
    let step = || EngineError::plan(format!("reading the areas of level `{}`", levels.join("`, `")));
    let mut ranks = levels.iter().zip(0_i64..).map(|(level, rank)| (lit(*level), lit(rank)));
    let Some((first, rank)) = ranks.next() else { return Ok(None) };
    let mut rank_of = case(ident("level"));
    let mut rank_of = rank_of.when(first, rank);
    for (level, rank) in ranks {
        rank_of = rank_of.when(level, rank);
    }
    let wanted = ident("level").in_list(levels.iter().map(|level| lit(*level)).collect(), false);
    let wanted = wanted.and(ident("geom").is_not_null()).and(ident("code").is_not_null());
    let areas = context
        .table("base.areas")
        .await
        .and_then(|areas| areas.filter(wanted.and(ident("valid_to").is_null())))
        .and_then(|areas| {
            areas.select(vec![
                ident("code").alias("_code"),
                rank_of.end()?.alias("_rank"),
                ident("geom").alias("_shape"),
            ])
        })
        .map_err(step())?
        .cache()
        .await
        .map_err(step())?;
    Ok((areas.clone().count().await.map_err(step())? > 0).then_some(areas))
}

/// The nearest of the areas that hold a point of the geometry: all of them are equally near, so the rank decides, then
/// the code.
fn located(rows: DataFrame, geom: &str, codes: &[(&str, Option<&DataFrame>)]) -> Result<DataFrame> {
    let step = || EngineError::plan("finding the areas of places");
    let state = rows.task_ctx();
    let call = |function: &str, args: Vec<Expr>| {
        let found = state.scalar_functions().get(function);
        let found = found.ok_or_else(|| EngineError::Internal(format!("{function} is not registered")))?;
        Ok::<_, EngineError>(found.call(args))
    };
    let mut rows = rows.with_column("_at", call("st_pointonsurface", vec![ident(geom)])?).map_err(step())?;
    for (name, areas) in codes {
        let known = rows.schema().has_column_with_unqualified_name(name);
        let Some(areas) = areas else {
            if !known {
                rows = rows.with_column(name, lit(ScalarValue::Utf8(None))).map_err(step())?;
            }
            continue;
        };
        let nearest = vec![ident("_at"), ident("_shape"), lit(1_i64), ident("_rank"), ident("_code")];
        let conditions = [call("st_knn", nearest)?, call("st_intersects", vec![ident("_shape"), ident("_at")])?];
        let code = if known { coalesce(vec![ident("_code"), ident(*name)]) } else { ident("_code") };
        let kept = rows.schema().columns().into_iter().filter(|column| column.name != *name);
        let columns = kept.map(Expr::Column).chain([code.alias(*name)]).collect::<Vec<_>>();
        rows = rows
            .join_on((*areas).clone(), JoinType::Left, conditions)
            .and_then(|rows| rows.select(columns))
            .map_err(step())?;
    }
    rows.drop_columns(&["_at"]).map_err(step())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::displayable;

    use super::*;
    use crate::session::{SessionSettings, session};

    const AREAS: &str = "
CREATE TABLE base.areas AS
SELECT code, level, ST_GeomFromText(shape) AS geom, CAST(valid_to AS TIMESTAMP) AS valid_to
FROM (VALUES ('D', 'district', 'POLYGON((0 0,8 0,8 8,0 8,0 0))', null),
             ('C2', 'community', 'POLYGON((0 0,4 0,4 8,0 8,0 0))', null),
             ('C1', 'community', 'POLYGON((4 0,6 0,6 8,4 8,4 0))', null),
             ('C0', 'community', 'POLYGON((0 0,8 0,8 8,0 8,0 0))', '2020-01-01'),
             ('G', 'grid', 'POLYGON((0 0,2 0,2 2,0 2,0 0))', null)) AS t(code, level, shape, valid_to)";

    const PLACES: &str = "
SELECT id, ST_GeomFromText(place) AS geom, area_code
FROM (VALUES (1, 'POINT(1 1)', 'X'), (2, 'POINT(4 4)', null), (3, 'POINT(7 7)', 'X'), (4, 'POINT(9 9)', 'X'),
             (5, null, 'X'), (6, 'POINT EMPTY', null), (7, 'POLYGON((0 0,1 0,1 1,0 1,0 0))', 'X')) AS t(id, place, area_code)";

    async fn found(areas: &str) -> (String, String) {
        let context = session(&SessionSettings::default()).unwrap();
        context.sql(areas).await.unwrap().collect().await.unwrap();
        let areas = Areas::load(&context).await.unwrap();
        let places = context.sql(PLACES).await.unwrap();
        let placed = areas.with_codes(places, "geom").unwrap();
        let plan = placed.clone().create_physical_plan().await.unwrap();
        let placed = placed.sort(vec![ident("id").sort(true, false)]).unwrap();
        let codes = placed.select(vec![ident("id"), ident("area_code"), ident("grid_code")]).unwrap();
        let text = pretty_format_batches(&codes.collect().await.unwrap()).unwrap().to_string();
        let text = text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace([' ', '|'], ","));
        let text = text.map(|line| line.split(',').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "));
        (text.collect::<Vec<_>>().join("; "), displayable(plan.as_ref()).indent(false).to_string())
    }

    #[tokio::test]
    async fn a_place_takes_the_finest_area_around_it_or_keeps_its_own_by_the_spatial_join() {
        let (codes, plan) = found(AREAS).await;
        assert_eq!(codes, "1 C2 G; 2 C1; 3 D; 4 X; 5 X; 6; 7 C2 G");
        assert_eq!(plan.matches("SpatialJoinExec").count(), 2, "{plan}");
    }

    #[tokio::test]
    async fn places_of_a_city_without_areas_keep_their_own() {
        let none =
            "CREATE TABLE base.areas AS SELECT '' AS code, '' AS level, null AS geom, null AS valid_to WHERE false";
        let (codes, plan) = found(none).await;
        assert_eq!(codes, "1 X; 2; 3 X; 4 X; 5 X; 6; 7 X");
        assert!(!plan.contains("Join"), "{plan}");
    }
}
