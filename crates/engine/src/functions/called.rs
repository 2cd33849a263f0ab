//! The functions a plan calls, so that what they read can be loaded before it runs.

use std::collections::BTreeSet;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Names of scalar functions.
#[derive(Debug, Default)]
pub struct Called(BTreeSet<String>);

impl Called {
    /// Those of a plan, its subqueries and its views among them.
    ///
    /// # Errors
    /// None of its own; the walk through a plan has a result.
    pub fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut names = BTreeSet::new();
        plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expression| {
                expression.apply(|part| {
                    if let Expr::ScalarFunction(call) = part
                        && !names.contains(call.func.name())
                    {
                        names.insert(call.func.name().to_owned());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(Self(names))
    }

    /// Whether one of `functions` is among them.
    pub fn any(&self, functions: &[&str]) -> bool {
        functions.iter().any(|function| self.0.contains(*function))
    }
}
