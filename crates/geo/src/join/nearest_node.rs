//! The logical node of a nearest-neighbour join that was written as a lateral subquery.
//!
//! It is a node of its own, not a join with a condition, because a filter above it must not be pushed through it: the
//! k nearest are chosen first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchemaRef, JoinSide, JoinType, Result, internal_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::builder::build_join_schema;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::exec::SpatialJoinExec;
use super::predicate::SpatialOn;

/// Each row of the left side with its nearest of the right side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NearestJoin {
    left: Arc<LogicalPlan>,
    right: Arc<LogicalPlan>,
    condition: Expr,
    join_type: JoinType,
    schema: DFSchemaRef,
}

impl PartialOrd for NearestJoin {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.condition.partial_cmp(&other.condition)
    }
}

impl NearestJoin {
    /// A join whose condition is `st_knn(left, right, k, ties…)`, joined to others by AND; inner or left.
    pub fn try_new(
        left: Arc<LogicalPlan>,
        right: Arc<LogicalPlan>,
        condition: Expr,
        join_type: JoinType,
    ) -> Result<Self> {
        let schema = Arc::new(build_join_schema(left.schema(), right.schema(), &join_type)?);
        Ok(Self { left, right, condition, join_type, schema })
    }
}

impl UserDefinedLogicalNodeCore for NearestJoin {
    fn name(&self) -> &'static str {
        "NearestJoin"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.left, &self.right]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![self.condition.clone()]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "NearestJoin: {} {}", self.join_type, self.condition)
    }

    fn with_exprs_and_inputs(&self, mut exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(condition), Some(right), Some(left)) = (exprs.pop(), inputs.pop(), inputs.pop()) else {
            return internal_err!("a nearest join has one condition and two inputs");
        };
        Self::try_new(Arc::new(left), Arc::new(right), condition, self.join_type)
    }

    fn necessary_children_exprs(&self, output: &[usize]) -> Option<Vec<Vec<usize>>> {
        let left = self.left.schema().fields().len();
        let (mut of_left, mut of_right) = (Vec::new(), Vec::new());
        for column in output {
            if *column < left { of_left.push(*column) } else { of_right.push(*column - left) }
        }
        Some(vec![of_left, of_right])
    }
}

/// Plans [`NearestJoin`] as a spatial join.
#[derive(Debug, Default)]
pub struct NearestPlanner;

#[async_trait]
impl ExtensionPlanner for NearestPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(node), [left, right]) = (node.as_any().downcast_ref::<NearestJoin>(), inputs) else {
            return Ok(None);
        };
        let both = build_join_schema(node.left.schema(), node.right.schema(), &JoinType::Inner)?;
        let condition = planner.create_physical_expr(&node.condition, &both, session, planning)?;
        let (of_left, of_right) = (left.schema().fields().len(), right.schema().fields().len());
        let indices = (0..of_left)
            .map(|index| ColumnIndex { index, side: JoinSide::Left })
            .chain((0..of_right).map(|index| ColumnIndex { index, side: JoinSide::Right }));
        let filter = JoinFilter::new(condition, indices.collect(), Arc::clone(both.inner()));
        let Some((mut on, rest)) = SpatialOn::find(&filter)? else {
            return internal_err!("a nearest join's condition is not spatial: {}", node.condition);
        };
        on.fill = true;
        let join_type = if node.join_type == JoinType::Left { JoinType::Right } else { node.join_type };
        // What is found builds; the columns are put back in the order of the query.
        let projection = (of_right..of_right + of_left).chain(0..of_right).collect();
        let join = SpatialJoinExec::try_new(
            Arc::clone(right),
            Arc::clone(left),
            on.swapped(),
            rest.map(|rest| rest.swap()),
            join_type,
            Some(projection),
        )?;
        Ok(Some(Arc::new(join)))
    }
}

/// The query engine's planner, which also knows the nearest join.
#[derive(Debug, Default)]
pub struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(NearestPlanner)])
            .create_physical_plan(plan, session)
            .await
    }
}
