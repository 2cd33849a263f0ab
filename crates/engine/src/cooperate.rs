//! Joins that let others work: a rule for physical plans.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, SchedulingType};

/// Wraps what can give more rows than it takes.
///
/// DataFusion makes leaves pause now and then, which is enough where every row that comes out has gone in. A cross
/// join of two small tables gives batches for hours out of one batch that went in: an aggregate above it would never
/// pause, so that no limit of time ends it, no client that leaves, and nothing else runs on its thread.
#[derive(Debug, Default)]
pub struct Cooperate;

impl PhysicalOptimizerRule for Cooperate {
    fn name(&self) -> &'static str {
        "cooperate"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let multiplies = plan.children().len() > 1
                || plan.name() == "UnnestExec"
                || matches!(plan.cardinality_effect(), CardinalityEffect::GreaterEqual);
            if multiplies && plan.properties().scheduling_type == SchedulingType::NonCooperative {
                Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan)) as Arc<dyn ExecutionPlan>))
            } else {
                Ok(Transformed::no(plan))
            }
        })
        .map(|done| done.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use crate::session::{SessionSettings, session};

    /// One thread for the query and the clock: if the query never paused, the clock would never be looked at.
    #[tokio::test]
    async fn an_endless_join_of_small_tables_can_be_given_up() {
        let settings = SessionSettings { threads: 1, memory: 1 << 28, temp: None };
        let context = session(&settings).unwrap();
        let numbers = "(SELECT column1 AS n FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8)))";
        let from = (0..24).map(|number| format!("{numbers} t{number}")).collect::<Vec<_>>().join(", ");
        let query = context.sql(&format!("SELECT sum(t0.n) FROM {from}")).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_millis(200), query.collect()).await;
        assert!(ended.is_err(), "8 to the power of 24 rows were counted");
    }

    #[tokio::test]
    async fn joins_give_what_they_gave() {
        let context = session(&SessionSettings::default()).unwrap();
        let rows = "SELECT a.n, b.m FROM (VALUES (1), (2)) a(n) JOIN (VALUES (2), (3)) b(m) ON a.n < b.m ORDER BY 1, 2";
        assert_eq!(context.sql(rows).await.unwrap().count().await.unwrap(), 3);
    }
}
