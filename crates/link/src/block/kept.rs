//! The groups of all rules: kept in memory, or in files from which those of a rule are read when they are asked for.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{Groups, pairs_of, rule_groups};
use crate::Result;
use crate::model::Block;
use crate::records::{Filling, Records, Shelf, Spill};

/// The groups of a model's blocking rules, in their order.
#[derive(Debug)]
pub struct Blocks<'a> {
    records: &'a Records,
    rules: Vec<Block>,
    limit: u64,
    groups: Vec<Arc<Groups>>,
    /// Where the groups lie when they are not in memory, and those that do.
    spill: Option<Arc<Spill>>,
    shelved: Vec<Shelved>,
}

/// Groups in a file.
#[derive(Debug)]
pub struct Shelved {
    records: Shelf<u32>,
    ends: Shelf<u32>,
}

impl Shelved {
    /// Puts groups into a file.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn new(groups: &Groups, spill: &Arc<Spill>) -> Result<Self> {
        let shelve = |values: &[u32]| {
            let mut filling = Filling::new(Some(spill), 0)?;
            filling.extend(values)?;
            filling.finish()
        };
        Ok(Self { records: shelve(&groups.records)?, ends: shelve(&groups.ends)? })
    }

    /// The groups, of which the rest is known.
    pub fn read(&self, known: &Groups) -> Groups {
        let ends = self.ends.copied();
        let (mut start, mut total) = (0, 0);
        let pairs = ends.iter().map(|end| {
            total += pairs_of(u64::from(end - start));
            start = *end;
            total
        });
        Groups { pairs: pairs.collect(), records: self.records.copied(), ends, ..known.without_groups() }
    }
}

impl<'a> Blocks<'a> {
    /// Groups of no rule yet; each rule may bring so many pairs together.
    #[must_use]
    pub const fn new(records: &'a Records, rules: Vec<Block>, limit: u64) -> Self {
        Self { records, rules, limit, groups: Vec::new(), spill: None, shelved: Vec::new() }
    }

    /// Rules of which it is only known which keys they leave out.
    #[must_use]
    pub fn known_to_leave_out(records: &'a Records, rules: Vec<Block>, left_out: &[Vec<u32>]) -> Self {
        let known = |keys: &Vec<u32>| {
            let left_out_keys = keys.iter().copied().collect::<HashSet<_>>();
            Arc::new(Groups { left_out_keys, ..Groups::default() })
        };
        Self { groups: left_out.iter().map(known).collect(), ..Self::new(records, rules, u64::MAX) }
    }

    /// Makes the groups of the next rule, if there is one.
    ///
    /// # Errors
    /// The disk is full or broken, where groups lie in files.
    pub fn push_next(&mut self) -> Result<Option<Arc<Groups>>> {
        let Some(rule) = self.rules.get(self.groups.len()) else { return Ok(None) };
        let groups = Arc::new(rule_groups(self.records, rule, self.limit));
        let known = match &self.spill {
            None => Arc::clone(&groups),
            Some(spill) => {
                self.shelved.push(Shelved::new(&groups, spill)?);
                Arc::new(groups.without_groups())
            }
        };
        self.groups.push(known);
        Ok(Some(groups))
    }

    /// What is known of each rule's groups without reading them: all but the groups themselves.
    #[must_use]
    pub fn known(&self) -> &[Arc<Groups>] {
        &self.groups
    }

    /// The groups of a rule.
    #[must_use]
    pub fn of(&self, rule: usize) -> Arc<Groups> {
        match self.shelved.get(rule) {
            None => Arc::clone(&self.groups[rule]),
            Some(shelved) => Arc::new(shelved.read(&self.groups[rule])),
        }
    }

    /// How many rules' groups may be asked for at once: where they lie in files there is room for those of one.
    #[must_use]
    pub fn at_once(&self, threads: usize) -> usize {
        if self.spill.is_none() { threads } else { 1 }
    }

    /// Bytes of memory that the groups take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = |groups: &Groups| groups.records.len() * 4 + groups.ends.len() * 4 + groups.pairs.len() * 8;
        self.groups.iter().map(|groups| bytes(groups) as u64).sum()
    }

    /// Puts the groups into files, and those to come.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        if self.spill.is_some() {
            return Ok(());
        }
        for groups in &mut self.groups {
            self.shelved.push(Shelved::new(groups, spill)?);
            *groups = Arc::new(groups.without_groups());
        }
        self.spill = Some(Arc::clone(spill));
        Ok(())
    }
}
