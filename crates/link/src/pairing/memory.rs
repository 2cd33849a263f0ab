//! Pairs made by kernels in this process: the groups of each rule are at hand, and so are the records, as numbers. No way
//! is faster on one machine.

use async_trait::async_trait;
use datafusion::prelude::SessionContext;

use super::{Learned, Pairing};
use crate::Result;
use crate::decide::{Job, Pairs, score};

/// Makes pairs in memory, or in files where memory is limited.
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

#[async_trait]
impl Pairing for InMemory {
    async fn score(&self, _: &SessionContext, job: &Job<'_>, learned: Learned<'_>) -> Result<(Pairs, Vec<u64>)> {
        score(job, learned.scorer)
    }
}
