//! The joint behind which pairs are made and scored: in memory, or by plans of the query engine.
//!
//! Input: the records, the groups of the model's blocking rules, and what was learned. Output: the pairs that some rule
//! brings together and that score enough, and how many pairs each rule brought together first. Invariant: whoever makes
//! them, they are the same pairs with the same scores, bit for bit, in the same order.

mod memory;
mod plans;

use std::fmt::Debug;

use async_trait::async_trait;
use datafusion::prelude::SessionContext;

use crate::Result;
use crate::decide::{Job, Pairs};
use crate::incremental::Terms;
use crate::train::{Scorer, Weights};
pub use memory::InMemory;
pub use plans::{LogicalPairsCodec, PhysicalPairsCodec, Plans};

/// What pairs are scored with.
#[derive(Debug, Clone, Copy)]
pub struct Learned<'a> {
    /// The weights.
    pub weights: &'a Weights,
    /// How frequent values are; none where the records themselves tell.
    pub terms: Option<&'a Terms>,
    /// Both, laid out for these records.
    pub scorer: &'a Scorer<'a>,
}

/// A way of making and scoring pairs.
#[async_trait]
pub trait Pairing: Debug + Send + Sync {
    /// Bytes of memory that it takes on this machine beside records, groups and pairs.
    fn bytes(&self) -> u64 {
        0
    }

    /// Scores every pair that some rule brings together, once; keeps those with the least log odds or more. Also says how
    /// many pairs each rule brought that no rule before it did. `context` is the session that plans run in.
    ///
    /// # Errors
    /// The disk is full or broken, where pairs or records lie in files; a plan that fails.
    async fn score(&self, context: &SessionContext, job: &Job<'_>, learned: Learned<'_>) -> Result<(Pairs, Vec<u64>)>;
}
