//! The physical operator: a join driven by a spatial condition.

use std::fmt;
use std::sync::{Arc, Mutex};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{JoinSide, JoinType, Result, internal_err, project_schema};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, EmissionType, PlanProperties, ReplaceChildrenOptions,
};
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter, build_join_schema};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::{EmbeddedProjection, ProjectionExec, try_embed_projection};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties, apply_expression_roots,
};

use super::build::Reach;
use super::emit::Output;
use super::kept::KeptIndexes;
use super::predicate::{Limit, Question, SpatialOn};
use super::stream::{Shared, Task, What};

/// Joins two inputs on a spatial condition: the left side is collected, its shapes are indexed, and the right side
/// streams past them.
///
/// - Input: any two plans; the left one in a single partition.
/// - Output: as of a nested-loop join of the same type and condition, in no particular order, one partition for each
///   of the right side's.
/// - Memory: the left side and its index, or, beyond the session's limit, a block of it at a time, the right side's
///   rows being read again from disk for each block.
#[derive(Debug)]
pub struct SpatialJoinExec {
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    on: SpatialOn,
    filter: Option<JoinFilter>,
    join_type: JoinType,
    /// Before the projection.
    join_schema: SchemaRef,
    column_indices: Vec<ColumnIndex>,
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    shared: Arc<Mutex<Option<Shared>>>,
    reach: Option<Reach>,
}

impl SpatialJoinExec {
    /// A join of `left`, which builds, and `right`, which probes.
    ///
    /// # Errors
    /// A projection that names columns there are not.
    pub fn try_new(
        left: Arc<dyn ExecutionPlan>,
        right: Arc<dyn ExecutionPlan>,
        on: SpatialOn,
        filter: Option<JoinFilter>,
        join_type: JoinType,
        projection: Option<Vec<usize>>,
    ) -> Result<Self> {
        if let Question::Nearest { .. } = on.question
            && on.seeker != JoinSide::Right
        {
            return internal_err!("the side whose rows look for neighbours must probe");
        }
        let (join_schema, column_indices) = build_join_schema(&left.schema(), &right.schema(), &join_type);
        let join_schema = Arc::new(join_schema);
        let schema = project_schema(&join_schema, projection.as_ref())?;
        let emission = match join_type {
            JoinType::Left | JoinType::Full => EmissionType::Both,
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => EmissionType::Final,
            _ => EmissionType::Incremental,
        };
        let partitions = right.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            emission,
            right.boundedness(),
        );
        Ok(Self {
            left,
            right,
            on,
            filter,
            join_type,
            join_schema,
            column_indices,
            projection,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            shared: Arc::default(),
            reach: None,
        })
    }

    /// The side that builds.
    #[must_use]
    pub const fn left(&self) -> &Arc<dyn ExecutionPlan> {
        &self.left
    }

    /// The side that probes.
    #[must_use]
    pub const fn right(&self) -> &Arc<dyn ExecutionPlan> {
        &self.right
    }

    /// The condition that drives the join.
    #[must_use]
    pub const fn on(&self) -> &SpatialOn {
        &self.on
    }

    /// The other conditions.
    #[must_use]
    pub const fn filter(&self) -> Option<&JoinFilter> {
        self.filter.as_ref()
    }

    /// The type of join.
    #[must_use]
    pub const fn join_type(&self) -> JoinType {
        self.join_type
    }

    /// The columns put out, of those the join has.
    #[must_use]
    pub fn projection(&self) -> Option<&[usize]> {
        self.projection.as_deref()
    }

    /// The same join over another probe side, with `reach` told where partners can lie when the build side is known.
    /// Only joins that [narrow their probe side](Self::narrows_probe) have such a place.
    pub(crate) fn with_probe(&self, right: Arc<dyn ExecutionPlan>, reach: Reach) -> Result<Self> {
        let mut new = self.rebuilt(Arc::clone(&self.left), right)?;
        new.reach = Some(reach);
        Ok(new)
    }

    /// Whether rows of the probe side that are far from all of the build side can be left out.
    #[must_use]
    pub const fn narrows_probe(&self) -> bool {
        !matches!(self.on.question, Question::Nearest { .. })
            && matches!(
                self.join_type,
                JoinType::Inner
                    | JoinType::Left
                    | JoinType::LeftSemi
                    | JoinType::LeftAnti
                    | JoinType::LeftMark
                    | JoinType::RightSemi
            )
    }

    /// Where partners will be told to lie, if anybody asked.
    pub(crate) const fn reach(&self) -> Option<&Reach> {
        self.reach.as_ref()
    }

    fn rebuilt(&self, left: Arc<dyn ExecutionPlan>, right: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let mut new =
            Self::try_new(left, right, self.on.clone(), self.filter.clone(), self.join_type, self.projection.clone())?;
        new.reach.clone_from(&self.reach);
        Ok(new)
    }
}

impl DisplayAs for SpatialJoinExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match kind {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "SpatialJoinExec: join_type={:?}, on={}", self.join_type, self.on)?;
                if let Some(filter) = &self.filter {
                    write!(f, ", filter={}", filter.expression())?;
                }
                if let Some(projection) = &self.projection {
                    let fields = self.join_schema.fields();
                    let names = projection.iter().map(|index| format!("{}@{index}", fields[*index].name()));
                    write!(f, ", projection=[{}]", names.collect::<Vec<_>>().join(", "))?;
                }
                Ok(())
            }
            DisplayFormatType::TreeRender => {
                writeln!(f, "join_type={:?}", self.join_type)?;
                writeln!(f, "on={}", self.on)
            }
        }
    }
}

impl ExecutionPlan for SpatialJoinExec {
    fn name(&self) -> &'static str {
        "SpatialJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition, Distribution::UnspecifiedDistribution]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.left, &self.right]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let limit = match &self.on.limit {
            Some(Limit::Column(_, expr)) => Some(Arc::clone(expr)),
            _ => None,
        };
        let filter = self.filter.iter().map(|filter| Arc::clone(filter.expression()));
        let condition = Arc::clone(self.on.condition.expression());
        let all = [Arc::clone(&self.on.left), Arc::clone(&self.on.right), condition].into_iter();
        apply_expression_roots(all.chain(limit).chain(filter), f)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(right), Some(left), true) = (children.pop(), children.pop(), children.is_empty()) else {
            return internal_err!("a spatial join has two inputs");
        };
        Ok(Arc::new(self.rebuilt(left, right)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(self.rebuilt(Arc::clone(&self.left), Arc::clone(&self.right))?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let columns = match &self.projection {
            Some(projection) => projection.iter().map(|index| self.column_indices[*index].clone()).collect(),
            None => self.column_indices.clone(),
        };
        let output = Output {
            schema: self.schema(),
            columns,
            join_type: self.join_type,
            batch_size: context.session_config().batch_size().max(1),
        };
        let shared = {
            let mut shared = self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match &*shared {
                Some(shared) => shared.clone(),
                None => {
                    let partitions = self.right.output_partitioning().partition_count();
                    let input = self.left.execute(0, Arc::clone(&context))?;
                    let new = Shared::new(
                        input,
                        self.on.clone(),
                        output.clone(),
                        partitions,
                        (self.reach.clone().unwrap_or_default(), KeptIndexes::of(&context, &self.left)),
                        &self.metrics,
                        &context,
                    );
                    shared.insert(new).clone()
                }
            }
        };
        let probe = self.right.execute(partition, Arc::clone(&context))?;
        let what = What { on: self.on.clone(), filter: self.filter.clone(), output };
        Ok(Task::new(shared, probe, what, partition, &self.metrics, &context).run())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if self.projection.is_some() { Ok(None) } else { try_embed_projection(projection, self) }
    }
}

impl EmbeddedProjection for SpatialJoinExec {
    fn with_projection(&self, projection: Option<Vec<usize>>) -> Result<Self> {
        let projection = match (&self.projection, projection) {
            (Some(ours), Some(theirs)) => Some(theirs.iter().map(|index| ours[*index]).collect()),
            (ours, None) => ours.clone(),
            (None, theirs) => theirs,
        };
        let mut new = Self::try_new(
            Arc::clone(&self.left),
            Arc::clone(&self.right),
            self.on.clone(),
            self.filter.clone(),
            self.join_type,
            projection,
        )?;
        new.reach.clone_from(&self.reach);
        Ok(new)
    }
}
