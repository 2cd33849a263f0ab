//! Which community and grid a point lies in: the polygons of `base.areas` as SQL functions.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, ScalarUDF};
use datafusion::prelude::{SessionContext, ident, lit};
use jingwei_geo::{AreaIndex, area_of};

use crate::error::{EngineError, Result};

/// Levels that give an `area_code`, finest first.
const LEVELS: [&str; 4] = ["community", "street", "district", "city"];

/// The current areas, ready to be asked.
pub struct Areas {
    levels: Vec<ScalarUDF>,
    grid: Option<ScalarUDF>,
}

impl Areas {
    /// No areas: every code stays as the sources say it.
    pub const fn none() -> Self {
        Self { levels: Vec::new(), grid: None }
    }

    /// Reads `base.areas` from `context`.
    ///
    /// # Errors
    /// A polygon that is no geometry.
    pub async fn load(context: &SessionContext) -> Result<Self> {
        let mut levels = Vec::new();
        for level in LEVELS {
            levels.extend(index(context, level).await?);
        }
        Ok(Self { levels, grid: index(context, "grid").await? })
    }

    /// The code of the finest area around a geometry; null where there is none.
    pub fn area_code(&self, geom: &Expr) -> Option<Expr> {
        let codes = self.levels.iter().map(|level| level.call(vec![geom.clone()])).collect::<Vec<_>>();
        (!codes.is_empty()).then(|| coalesce(codes))
    }

    /// The code of the grid around a geometry.
    pub fn grid_code(&self, geom: &Expr) -> Option<Expr> {
        self.grid.as_ref().map(|grid| grid.call(vec![geom.clone()]))
    }
}

async fn index(context: &SessionContext, level: &str) -> Result<Option<ScalarUDF>> {
    let step = || EngineError::plan(format!("reading the areas of level `{level}`"));
    let batches = context
        .table("base.areas")
        .await
        .and_then(|areas| {
            areas
                .filter(ident("level").eq(lit(level)).and(ident("geom").is_not_null()).and(ident("valid_to").is_null()))
        })
        .and_then(|areas| areas.select(vec![ident("code"), ident("geom")]))
        .and_then(|areas| areas.sort(vec![ident("code").sort(true, false)]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut areas = Vec::new();
    for batch in &batches {
        let (codes, geometries) = (batch.column(0).as_string::<i32>(), batch.column(1).as_binary::<i32>());
        areas.extend(
            (0..batch.num_rows())
                .filter(|row| codes.is_valid(*row))
                .map(|row| (codes.value(row), geometries.value(row))),
        );
    }
    if areas.is_empty() {
        return Ok(None);
    }
    let index = AreaIndex::build(areas.iter().map(|(code, geometry)| ((*code).to_owned(), *geometry)))?;
    Ok(Some(area_of(&format!("{level}_of"), Arc::new(index))))
}
