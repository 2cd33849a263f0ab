//! The optimizer rule that puts the spatial join where a nested-loop join, or a hash join with a spatial condition
//! left over, would compare every pair.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result, plan_err};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode};

use super::asked::{advice, spatial_function};
use super::exec::SpatialJoinExec;
use super::predicate::{Question, SpatialOn};

/// The rule.
#[derive(Debug, Default)]
pub struct SpatialJoinRule;

impl PhysicalOptimizerRule for SpatialJoinRule {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| match replaced(&node)? {
            Some(new) => Ok(Transformed::yes(new)),
            None => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "spatial_join"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A join as both kinds of it can be seen.
struct Seen {
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    filter: JoinFilter,
    join_type: JoinType,
    projection: Option<Vec<usize>>,
}

fn replaced(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(seen) = see(node)? else { return Ok(None) };
    let Some((on, rest)) = SpatialOn::find(&seen.filter)? else {
        if let Some(name) = spatial_function(seen.filter.expression()) {
            if name == "ST_KNN" {
                return plan_err!(
                    "ST_KNN(a, b, k) takes a geometry of each side of the join and a whole number, and must be joined \
                     to other conditions by AND"
                );
            }
            if node.is::<NestedLoopJoinExec>() {
                tracing::warn!(
                    condition = %seen.filter.expression(),
                    "no spatial join applies to this condition, so every pair of rows is compared: {}",
                    advice(name)
                );
            }
        }
        return Ok(None);
    };
    if let Question::Nearest { .. } = on.question
        && on.seeker == JoinSide::Left
    {
        // The rows that look for neighbours must be on the right, those that are found on the left.
        let swapped = if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
            join.swap_inputs()?
        } else if let Some(join) = node.downcast_ref::<HashJoinExec>() {
            join.swap_inputs(PartitionMode::CollectLeft)?
        } else {
            return Ok(None);
        };
        let swapped = swapped.transform_up(|node| match replaced(&node)? {
            Some(new) => Ok(Transformed::yes(new)),
            None => Ok(Transformed::no(node)),
        });
        return swapped.data().map(Some);
    }
    let Seen { left, right, join_type, projection, .. } = seen;
    Ok(Some(Arc::new(SpatialJoinExec::try_new(left, right, on, rest, join_type, projection)?)))
}

fn see(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Seen>> {
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
        let Some(filter) = join.filter() else { return Ok(None) };
        return Ok(Some(Seen {
            left: Arc::clone(join.left()),
            right: Arc::clone(join.right()),
            filter: filter.clone(),
            join_type: *join.join_type(),
            projection: join.projection().as_ref().map(|projection| projection.to_vec()),
        }));
    }
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        let Some(filter) = join.filter() else { return Ok(None) };
        if join.null_aware || spatial_function(filter.expression()).is_none() {
            return Ok(None);
        }
        return Ok(Some(Seen {
            left: Arc::clone(join.left()),
            right: Arc::clone(join.right()),
            filter: with_equalities(join, filter)?,
            join_type: *join.join_type(),
            projection: join.projection.as_ref().map(|projection| projection.to_vec()),
        }));
    }
    Ok(None)
}

/// The join's filter and its equalities as one condition.
fn with_equalities(join: &HashJoinExec, filter: &JoinFilter) -> Result<JoinFilter> {
    let mut fields = filter.schema().fields().to_vec();
    let mut indices = filter.column_indices().to_vec();
    let mut condition = Arc::clone(filter.expression());
    let equal = match join.null_equality() {
        NullEquality::NullEqualsNothing => Operator::Eq,
        NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
    };
    for (left, right) in join.on() {
        let mut moved = |expr: &Arc<dyn PhysicalExpr>, side: JoinSide, input: &Arc<dyn ExecutionPlan>| {
            Arc::clone(expr)
                .transform(|node| {
                    let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
                    fields.push(Arc::new(input.schema().field(column.index()).clone()));
                    indices.push(ColumnIndex { index: column.index(), side });
                    let new = Column::new(column.name(), fields.len() - 1);
                    Ok(Transformed::yes(Arc::new(new) as Arc<dyn PhysicalExpr>))
                })
                .data()
        };
        let left = moved(left, JoinSide::Left, join.left())?;
        let right = moved(right, JoinSide::Right, join.right())?;
        let equality = Arc::new(BinaryExpr::new(left, equal, right));
        condition = Arc::new(BinaryExpr::new(condition, Operator::And, equality));
    }
    let schema = arrow::datatypes::Schema::new_with_metadata(fields, filter.schema().metadata().clone());
    Ok(JoinFilter::new(condition, indices, Arc::new(schema)))
}
