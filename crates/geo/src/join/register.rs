//! Where the rules take their place among the query engine's own.

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::optimizer::Optimizer;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;

use super::lateral::LateralNearest;
use super::nearest_node::Planner;
use super::rule::SpatialJoinRule;
use super::warning::SpatialWarningRule;
use crate::prune::{ConstantGeometryRule, SpatialPruneRule};

/// Adds the spatial join to a session being built; the functions come with [`crate::register`].
#[must_use]
pub fn with_spatial_join(builder: SessionStateBuilder) -> SessionStateBuilder {
    let mut rules = Optimizer::new().rules;
    rules.insert(0, Arc::new(LateralNearest));
    builder
        .with_optimizer_rules(rules)
        .with_physical_optimizer_rules(physical_rules(PhysicalOptimizer::new().rules))
        .with_query_planner(Arc::new(Planner))
}

type Rules = Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>;

/// The sides of joins are chosen before; distribution and projections are settled after.
fn physical_rules(mut rules: Rules) -> Rules {
    let after = rules.iter().position(|rule| rule.name() == "join_selection").map_or(0, |place| place + 1);
    rules.insert(after, Arc::new(SpatialJoinRule));
    // Before the last pushdown of filters, which must find the plan as it stays.
    let last = rules.iter().rposition(|rule| rule.name().starts_with("FilterPushdown")).unwrap_or(rules.len());
    rules.insert(last, Arc::new(SpatialPruneRule));
    rules.insert(last, Arc::new(ConstantGeometryRule));
    rules.push(Arc::new(SpatialWarningRule));
    rules
}
