//! The optimizer rule that finds scans which can be pruned by place.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::physical_plan::{FileSource, ParquetSource};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr, conjunction_opt, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;

use super::exec::{Place, SpatialPruneExec, scan};
use crate::join::{Extent, Reach, SpatialJoinExec, glance, within_metres};

/// The rule.
#[derive(Debug, Default)]
pub struct SpatialPruneRule;

impl PhysicalOptimizerRule for SpatialPruneRule {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if let Some((_, source)) = scan(&node)
                && let Some(predicate) = source.filter()
                && let Some(Held { column, extent, arcs }) = constant_place(&predicate)
            {
                let pruned = SpatialPruneExec::new(node, column, Place::Constant(extent), arcs);
                return Ok(Transformed::yes(Arc::new(pruned) as Arc<dyn ExecutionPlan>));
            }
            match joined(&node)? {
                Some(new) => Ok(Transformed::yes(new)),
                None => Ok(Transformed::no(node)),
            }
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "spatial_prune"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A column that a condition holds to an extent.
struct Held {
    column: String,
    extent: Extent,
    /// Whether the shapes' lines are arcs of great circles.
    arcs: bool,
}

/// What a predicate holds to an extent.
fn constant_place(predicate: &Arc<dyn PhysicalExpr>) -> Option<Held> {
    let mut place: Option<Held> = None;
    for condition in split_conjunction(predicate) {
        let Some(Held { column, extent, arcs }) = place_of(condition) else { continue };
        match &mut place {
            Some(Held { column: other, extent: known, arcs: so_too }) if *other == column && *so_too == arcs => {
                known.min_x = known.min_x.max(extent.min_x);
                known.min_y = known.min_y.max(extent.min_y);
                known.max_x = known.max_x.min(extent.max_x);
                known.max_y = known.max_y.min(extent.max_y);
            }
            Some(_) => {}
            None => place = Some(Held { column, extent, arcs }),
        }
    }
    place
}

/// The predicate with the conditions that hold `column` to an extent before the others; `None` where that changes
/// nothing.
pub fn place_first(predicate: &Arc<dyn PhysicalExpr>, column: &str) -> Option<Arc<dyn PhysicalExpr>> {
    let conditions = split_conjunction(predicate).into_iter().cloned();
    let (first, rest): (Vec<_>, Vec<_>) =
        conditions.partition(|condition| place_of(condition).is_some_and(|held| held.column == column));
    if first.is_empty() || rest.is_empty() {
        return None;
    }
    conjunction_opt(first.into_iter().chain(rest))
}

fn place_of(condition: &Arc<dyn PhysicalExpr>) -> Option<Held> {
    let (arcs, (column, extent)) = match place_in_the_plane(condition) {
        Some(place) => (false, place),
        None => (true, place_on_earth(condition)?),
    };
    Some(Held { column, extent, arcs })
}

/// What lies within so many metres of a constant shape.
fn place_on_earth(condition: &Arc<dyn PhysicalExpr>) -> Option<(String, Extent)> {
    let (a, b, reach) = within_metres(condition)?;
    let (column, extent) = column_and_extent(a, b)?;
    Some((column, reach(&extent)?))
}

fn place_in_the_plane(condition: &Arc<dyn PhysicalExpr>) -> Option<(String, Extent)> {
    if let Some(function) = condition.downcast_ref::<ScalarFunctionExpr>() {
        return match (function.name(), function.args()) {
            (
                "st_intersects"
                | "st_contains"
                | "st_within"
                | "st_covers"
                | "st_coveredby"
                | "st_containsproperly"
                | "st_touches"
                | "st_crosses"
                | "st_overlaps",
                [a, b],
            ) => column_and_extent(a, b),
            ("st_dwithin", [a, b, distance]) => near(a, b, distance),
            _ => None,
        };
    }
    let comparison = condition.downcast_ref::<BinaryExpr>()?;
    let (distance, limit) = match comparison.op() {
        Operator::Lt | Operator::LtEq => (comparison.left(), comparison.right()),
        Operator::Gt | Operator::GtEq => (comparison.right(), comparison.left()),
        _ => return None,
    };
    let function = distance.downcast_ref::<ScalarFunctionExpr>()?;
    match (function.name(), function.args()) {
        ("st_distance", [a, b]) => near(a, b, limit),
        _ => None,
    }
}

fn near(
    a: &Arc<dyn PhysicalExpr>,
    b: &Arc<dyn PhysicalExpr>,
    distance: &Arc<dyn PhysicalExpr>,
) -> Option<(String, Extent)> {
    let (column, extent) = column_and_extent(a, b)?;
    let distance = distance.downcast_ref::<Literal>()?.value().cast_to(&arrow::datatypes::DataType::Float64).ok()?;
    match distance {
        ScalarValue::Float64(Some(distance)) if distance >= 0.0 => Some((column, extent.grown(distance))),
        _ => None,
    }
}

fn column_and_extent(a: &Arc<dyn PhysicalExpr>, b: &Arc<dyn PhysicalExpr>) -> Option<(String, Extent)> {
    let of = |column: &Arc<dyn PhysicalExpr>, constant: &Arc<dyn PhysicalExpr>| {
        let name = column.downcast_ref::<Column>()?.name().to_owned();
        let bytes = match constant.downcast_ref::<Literal>()?.value() {
            ScalarValue::Binary(Some(bytes))
            | ScalarValue::LargeBinary(Some(bytes))
            | ScalarValue::BinaryView(Some(bytes)) => bytes,
            _ => return None,
        };
        Some((name, glance(bytes).ok()?.extent()))
    };
    of(a, b).or_else(|| of(b, a))
}

/// A spatial join whose probe side reads Parquet: the scan is told the build side's extent when it is known.
fn joined(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.downcast_ref::<SpatialJoinExec>() else { return Ok(None) };
    if join.reach().is_some() || !join.narrows_probe() {
        return Ok(None);
    }
    let Some(column) = join.on().right.downcast_ref::<Column>() else { return Ok(None) };
    let reach = Reach::default();
    let Some(probe) = reached(join.right(), column.index(), &reach, join.on().is_on_earth())? else { return Ok(None) };
    Ok(Some(Arc::new(join.with_probe(probe, reach)?)))
}

/// The plan with its scan of the column pruned; `None` when there is no such scan below.
fn reached(
    plan: &Arc<dyn ExecutionPlan>,
    column: usize,
    reach: &Reach,
    arcs: bool,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some((_, source)) = scan(plan) {
        let Some(name) = file_column(source, column) else { return Ok(None) };
        let pruned = SpatialPruneExec::new(Arc::clone(plan), name, Place::Join(reach.clone()), arcs);
        return Ok(Some(Arc::new(pruned)));
    }
    let below = if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        projection.expr().get(column).and_then(|of| of.expr.downcast_ref::<Column>()).map(Column::index)
    } else if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        match filter.projection() {
            Some(projection) => projection.get(column).copied(),
            None => Some(column),
        }
    } else if plan.is::<RepartitionExec>() || plan.is::<CoalescePartitionsExec>() || plan.is::<CooperativeExec>() {
        Some(column)
    } else {
        None
    };
    let children = plan.children();
    let (Some(below), [child]) = (below, children.as_slice()) else { return Ok(None) };
    match reached(child, below, reach, arcs)? {
        Some(new) => {
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
            Arc::clone(plan).replace_children(vec![new], options).map(Some)
        }
        None => Ok(None),
    }
}

/// The name in the files of a scan's output column.
fn file_column(source: &ParquetSource, column: usize) -> Option<String> {
    let projection = source.projection()?;
    let expr = &projection.iter().nth(column)?.expr;
    Some(expr.downcast_ref::<Column>()?.name().to_owned())
}
