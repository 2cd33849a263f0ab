//! The groups of all rules: kept, or made anew when they are asked for.

use std::sync::Arc;

use super::{Groups, rule_groups};
use crate::model::Block;
use crate::records::Records;

/// The groups of a model's blocking rules, in their order.
#[derive(Debug)]
pub struct Blocks<'a> {
    records: &'a Records,
    rules: Vec<Block>,
    limit: u64,
    groups: Vec<Arc<Groups>>,
    kept: bool,
}

impl<'a> Blocks<'a> {
    /// Groups of no rule yet; each rule may bring so many pairs together.
    #[must_use]
    pub const fn new(records: &'a Records, rules: Vec<Block>, limit: u64) -> Self {
        Self { records, rules, limit, groups: Vec::new(), kept: true }
    }

    /// Makes the groups of the next rule.
    pub fn push_next(&mut self) -> Option<Arc<Groups>> {
        let rule = self.rules.get(self.groups.len())?;
        let groups = Arc::new(rule_groups(self.records, rule, self.limit));
        let known = if self.kept { Arc::clone(&groups) } else { Arc::new(groups.without_groups()) };
        self.groups.push(known);
        Some(groups)
    }

    /// What is known of each rule's groups without making them anew: all but the groups themselves.
    #[must_use]
    pub fn known(&self) -> &[Arc<Groups>] {
        &self.groups
    }

    /// The groups of a rule.
    #[must_use]
    pub fn of(&self, rule: usize) -> Arc<Groups> {
        if self.kept {
            Arc::clone(&self.groups[rule])
        } else {
            Arc::new(rule_groups(self.records, &self.rules[rule], self.limit))
        }
    }

    /// How many rules' groups may be asked for at once: where they are made anew there is room for those of one.
    #[must_use]
    pub fn at_once(&self, threads: usize) -> usize {
        if self.kept { threads } else { 1 }
    }

    /// Bytes that the kept groups take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = |groups: &Groups| groups.records.len() * 4 + groups.ends.len() * 4 + groups.pairs.len() * 8;
        self.groups.iter().map(|groups| bytes(groups) as u64).sum()
    }

    /// Keeps no groups from now on.
    pub fn forget(&mut self) {
        self.kept = false;
        for groups in &mut self.groups {
            *groups = Arc::new(groups.without_groups());
        }
    }
}
