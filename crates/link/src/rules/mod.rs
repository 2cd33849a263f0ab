//! Linkage by exact rules: records that agree on every expression of a rule are one entity, unless they, or
//! anything already joined to them, disagree on a conflict column.
//!
//! The expressions run as one `DataFusion` plan and leave it as 64-bit hashes; only these and the record keys
//! reach the sequential kernel.

mod cluster;
mod plan;

pub(crate) use cluster::{Clusters, Edge, cluster};
pub(crate) use plan::hashed;

use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use jingwei_model::config::EntityConfig;

use crate::{Decision, Links, Matcher, Previous, Result, ids};

/// Links by the rules of an entity configuration.
#[derive(Debug, Clone)]
pub struct RuleMatcher {
    config: EntityConfig,
}

impl RuleMatcher {
    /// A matcher of these rules.
    #[must_use]
    pub const fn new(config: EntityConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Matcher for RuleMatcher {
    async fn link(&self, records: DataFrame, previous: &Previous, decisions: &[Decision]) -> Result<Links> {
        let records = hashed(&self.config, records).await?;
        let clusters = cluster(&self.config, &records, decisions);
        ids::assign(self.config.element, &records.keys, &records.names, &clusters, previous)
    }
}
