//! Recognises nearest neighbours written as a lateral subquery:
//!
//! ```sql
//! FROM a CROSS JOIN LATERAL (SELECT … FROM b WHERE … ORDER BY ST_Distance(a.geom, b.geom) LIMIT k) AS n
//! ```
//!
//! The subquery may filter, also by columns of `a`, may name further keys of order for ties, and may give expressions of
//! both; `LEFT JOIN LATERAL … ON true` keeps rows without neighbour.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, Result, ScalarValue, TableReference};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Case, Expr, Extension, FetchType, Filter, Join, LogicalPlan, LogicalPlanBuilder, Projection, SkipType, SortExpr,
    Subquery, lit,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use super::knn_function::st_knn;
use super::nearest_node::NearestJoin;

/// The rule; it runs before subqueries are decorrelated.
#[derive(Debug, Default)]
pub struct LateralNearest;

impl OptimizerRule for LateralNearest {
    fn name(&self) -> &'static str {
        "lateral_nearest"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(join) = &plan else { return Ok(Transformed::no(plan)) };
        match nearest(join)? {
            Some(new) => Ok(Transformed::yes(new)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

/// The column that is true where there is a neighbour.
const FOUND: &str = "__neighbour_found";

/// What is known of the subquery on the way down.
struct Seen {
    limit: usize,
    order: Option<Vec<SortExpr>>,
    /// The subquery's columns, over the plan reached so far.
    columns: Vec<(Expr, String)>,
    plan: Arc<LogicalPlan>,
    correlated: Vec<Expr>,
}

fn nearest(join: &Join) -> Result<Option<LogicalPlan>> {
    let unconditional = join.on.is_empty()
        && join
            .filter
            .as_ref()
            .is_none_or(|filter| matches!(filter, Expr::Literal(ScalarValue::Boolean(Some(true)), _)));
    if !unconditional || !matches!(join.join_type, JoinType::Inner | JoinType::Left) {
        return Ok(None);
    }
    let Some((subquery, alias)) = lateral(&join.right) else { return Ok(None) };
    let Some(mut seen) = limited(&subquery.subquery)? else { return Ok(None) };
    if !descend(&mut seen)? {
        return Ok(None);
    }
    let Some(order) = seen.order.take() else { return Ok(None) };
    let Some((first, ties)) = order.split_first() else { return Ok(None) };
    let forwards = |key: &SortExpr| key.asc && !key.nulls_first;
    let Expr::ScalarFunction(distance) = &first.expr else { return Ok(None) };
    if distance.name() != "st_distance" || !forwards(first) || !ties.iter().all(forwards) {
        return Ok(None);
    }
    let [a, b] = distance.args.as_slice() else { return Ok(None) };
    let (seeker, found) = match (side(a), side(b)) {
        (Some(Side::Outer), Some(Side::Inner)) => (a, b),
        (Some(Side::Inner), Some(Side::Outer)) => (b, a),
        _ => return Ok(None),
    };
    if ties.iter().any(|tie| side(&tie.expr) != Some(Side::Inner)) {
        return Ok(None);
    }
    // Deeper references, or the same name on both sides, would mix up whose column is whose.
    let left = join.left.schema();
    let inner = seen.plan.schema();
    let clash = inner.iter().any(|(qualifier, field)| left.has_column(&Column::new(qualifier.cloned(), field.name())));
    if clash || seen.plan.contains_outer_reference() || refers_outside(&seen.plan)? {
        return Ok(None);
    }
    let mut args = vec![plain(seeker.clone())?, found.clone(), lit(i64::try_from(seen.limit).unwrap_or(i64::MAX))];
    args.extend(ties.iter().map(|tie| tie.expr.clone()));
    let condition = std::iter::once(Ok(st_knn().call(args))).chain(seen.correlated.into_iter().map(plain));
    let Some(condition) = conjunction(condition.collect::<Result<Vec<_>>>()?) else { return Ok(None) };
    let mut right = Arc::clone(&seen.plan);
    if join.join_type == JoinType::Left {
        // Tells a row without neighbour from a neighbour whose values are all null.
        let columns = identity(&right).into_iter().map(|(column, _)| column);
        let columns = columns.chain(std::iter::once(lit(true).alias(FOUND)));
        right = Arc::new(LogicalPlanBuilder::from(right.as_ref().clone()).project(columns)?.build()?);
    }
    let node = NearestJoin::try_new(Arc::clone(&join.left), right, condition, join.join_type)?;
    let node = LogicalPlan::Extension(Extension { node: Arc::new(node) });
    let mut columns = left
        .iter()
        .map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name())))
        .collect::<Vec<_>>();
    let outside = join.right.schema();
    for ((expr, _), (qualifier, field)) in seen.columns.into_iter().zip(outside.iter()) {
        let mut expr = plain(expr)?;
        if join.join_type == JoinType::Left && !matches!(expr, Expr::Column(_)) {
            // A row without neighbour has no values, whatever the expression makes of nulls.
            expr = Expr::Case(Case {
                expr: None,
                when_then_expr: vec![(
                    Box::new(Expr::Column(Column::new_unqualified(FOUND)).is_not_null()),
                    Box::new(expr),
                )],
                else_expr: None,
            });
        }
        columns.push(expr.alias_qualified(qualifier.cloned().or_else(|| alias.clone()), field.name()));
    }
    LogicalPlanBuilder::from(node).project(columns)?.build().map(Some)
}

fn lateral(plan: &LogicalPlan) -> Option<(&Subquery, Option<TableReference>)> {
    match plan {
        LogicalPlan::Subquery(subquery) => Some((subquery, None)),
        LogicalPlan::SubqueryAlias(alias) => match alias.input.as_ref() {
            LogicalPlan::Subquery(subquery) => Some((subquery, Some(alias.alias.clone()))),
            _ => None,
        },
        _ => None,
    }
}

/// The subquery below its LIMIT, with what projections above the LIMIT make of it.
fn limited(plan: &Arc<LogicalPlan>) -> Result<Option<Seen>> {
    let mut columns = identity(plan);
    let mut plan = Arc::clone(plan);
    loop {
        let next = match plan.as_ref() {
            LogicalPlan::Projection(projection) => {
                columns = through(columns, projection)?;
                Arc::clone(&projection.input)
            }
            LogicalPlan::Limit(limit) => {
                let (SkipType::Literal(0), FetchType::Literal(Some(fetch))) =
                    (limit.get_skip_type()?, limit.get_fetch_type()?)
                else {
                    return Ok(None);
                };
                let plan = Arc::clone(&limit.input);
                return Ok(Some(Seen { limit: fetch, order: None, columns, plan, correlated: Vec::new() }));
            }
            _ => return Ok(None),
        };
        plan = next;
    }
}

/// Through projections and the sort down to the table, whose correlated filters are taken off.
fn descend(seen: &mut Seen) -> Result<bool> {
    loop {
        let next = match seen.plan.as_ref() {
            LogicalPlan::Projection(projection) => {
                seen.columns = through(std::mem::take(&mut seen.columns), projection)?;
                if let Some(order) = &mut seen.order {
                    for key in order {
                        key.expr = resolve(key.expr.clone(), projection)?;
                    }
                }
                Arc::clone(&projection.input)
            }
            LogicalPlan::Sort(sort) if seen.order.is_none() && sort.fetch.is_none_or(|fetch| fetch >= seen.limit) => {
                seen.order = Some(sort.expr.clone());
                Arc::clone(&sort.input)
            }
            LogicalPlan::Filter(filter) if seen.order.is_some() => {
                let (outer, inner): (Vec<_>, Vec<_>) =
                    split_conjunction_owned(filter.predicate.clone()).into_iter().partition(Expr::contains_outer);
                seen.correlated.extend(outer);
                match conjunction(inner) {
                    Some(inner) => {
                        seen.plan = Arc::new(LogicalPlan::Filter(Filter::try_new(inner, Arc::clone(&filter.input))?));
                        return Ok(true);
                    }
                    None => Arc::clone(&filter.input),
                }
            }
            _ => return Ok(seen.order.is_some()),
        };
        seen.plan = next;
    }
}

fn identity(plan: &LogicalPlan) -> Vec<(Expr, String)> {
    let column = |(qualifier, field): (Option<&TableReference>, &Arc<arrow::datatypes::Field>)| {
        (Expr::Column(Column::new(qualifier.cloned(), field.name())), field.name().clone())
    };
    plan.schema().iter().map(column).collect()
}

fn through(columns: Vec<(Expr, String)>, projection: &Projection) -> Result<Vec<(Expr, String)>> {
    columns.into_iter().map(|(expr, name)| Ok((resolve(expr, projection)?, name))).collect()
}

/// An expression over a projection's output, over its input.
fn resolve(expr: Expr, projection: &Projection) -> Result<Expr> {
    expr.transform(|node| {
        if let Expr::Column(column) = &node
            && let Some(index) = projection.schema.maybe_index_of_column(column)
        {
            return Ok(Transformed::new(projection.expr[index].clone().unalias(), true, TreeNodeRecursion::Jump));
        }
        Ok(Transformed::no(node))
    })
    .data()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Outer,
    Inner,
}

/// The side whose columns alone an expression uses.
fn side(expr: &Expr) -> Option<Side> {
    let (mut outer, mut inner) = (false, false);
    let _ = expr.apply(|node| {
        outer |= matches!(node, Expr::OuterReferenceColumn(..));
        inner |= matches!(node, Expr::Column(_));
        Ok(TreeNodeRecursion::Continue)
    });
    match (outer, inner) {
        (true, false) => Some(Side::Outer),
        (false, true) => Some(Side::Inner),
        _ => None,
    }
}

/// References to the outer query as plain columns.
fn plain(expr: Expr) -> Result<Expr> {
    expr.transform(|node| match node {
        Expr::OuterReferenceColumn(_, column) => Ok(Transformed::yes(Expr::Column(column))),
        other => Ok(Transformed::no(other)),
    })
    .data()
}

fn refers_outside(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= node.contains_outer_reference();
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
