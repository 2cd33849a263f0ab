//! One name for an aggregate of a column and a function of two values, as in PostGIS: the number of
//! arguments decides.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawAggregateExpr};
use datafusion::logical_expr::{Expr, ScalarUDF};

use crate::functions::{constructors, set_operations, tiles};

/// Plans `ST_Union(a, b)`, `ST_Collect(a, b)` and `ST_MakeLine(a, b)` as scalar functions, and the
/// aggregates `ST_MakeLine` and `ST_AsMVT` over an ordered list.
#[derive(Debug)]
pub struct SpatialPlanner;

impl ExprPlanner for SpatialPlanner {
    fn plan_aggregate(&self, expr: RawAggregateExpr) -> Result<PlannerResult<RawAggregateExpr>> {
        if expr.func.name() == "st_asmvt" && !expr.args.is_empty() {
            let mut rest = expr.args.clone();
            let row = rest.remove(0);
            let mut args = vec![list(RawAggregateExpr { args: vec![row], ..expr })];
            args.append(&mut rest);
            return Ok(PlannerResult::Planned(scalar(tiles::as_mvt_of_list(), args)));
        }
        let pair: fn() -> ScalarUDF = match expr.func.name() {
            "st_union" => set_operations::union_of_two,
            "st_collect" => constructors::collect_of_two,
            "st_makeline" => constructors::make_line_of_two,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        if expr.args.len() == 2 {
            return Ok(PlannerResult::Planned(scalar(pair(), expr.args)));
        }
        if expr.func.name() == "st_makeline" && expr.args.len() == 1 {
            return Ok(PlannerResult::Planned(scalar(constructors::make_line_of_list(), vec![list(expr)])));
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// The values of an aggregate's argument as a list, in the order it asks for.
fn list(expr: RawAggregateExpr) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(
        array_agg_udaf(),
        expr.args,
        expr.distinct,
        expr.filter,
        expr.order_by,
        expr.null_treatment,
    ))
}

fn scalar(function: ScalarUDF, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args))
}
