//! What `EXPLAIN` says of a join whose spatial condition no index answers.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, PlanProperties, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::{ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, StatisticsArgs};

use super::asked::{advice, spatial_function};

/// Marks nested-loop joins with a spatial condition. Runs last, when every join that can has its index.
#[derive(Debug, Default)]
pub struct SpatialWarningRule;

impl PhysicalOptimizerRule for SpatialWarningRule {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let condition = node.downcast_ref::<NestedLoopJoinExec>().and_then(NestedLoopJoinExec::filter);
            match condition.and_then(|filter| spatial_function(filter.expression())) {
                Some(function) => Ok(Transformed::yes(Arc::new(SpatialWarningExec::new(node, function)) as _)),
                None => Ok(Transformed::no(node)),
            }
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "spatial_warning"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Passes on what a slow join gives, and says in `EXPLAIN` that it is slow.
#[derive(Debug)]
pub struct SpatialWarningExec {
    input: Arc<dyn ExecutionPlan>,
    function: String,
}

impl SpatialWarningExec {
    /// Over a join that compares every pair by `function`.
    pub fn new(input: Arc<dyn ExecutionPlan>, function: impl Into<String>) -> Self {
        Self { input, function: function.into() }
    }

    /// The spatial function it is about.
    pub fn function(&self) -> &str {
        &self.function
    }
}

impl DisplayAs for SpatialWarningExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.function;
        match kind {
            DisplayFormatType::TreeRender => writeln!(f, "no index answers {name}"),
            _ => write!(
                f,
                "SpatialWarningExec: every pair of rows is compared, no spatial index answers the condition; {}",
                advice(name)
            ),
        }
    }
}

impl ExecutionPlan for SpatialWarningExec {
    fn name(&self) -> &'static str {
        "SpatialWarningExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(input, self.function.clone()))),
            _ => internal_err!("a spatial warning is about one join"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::clone(input)),
            _ => internal_err!("a spatial warning is about one join"),
        }
    }
}
