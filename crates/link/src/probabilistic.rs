//! Linkage by a model behind the joint: [`crate::Matcher`] for the integration of a city.

use async_trait::async_trait;
use datafusion::prelude::{DataFrame, SessionContext};
use jingwei_model::config::{EntityConfig, LinkModel};

use crate::keyed::Keyed;
use crate::linker::Linker;
use crate::rules::{Clusters, Edge};
use crate::train::probability;
use crate::{Explanation, LinkError, Linkage, Links, Matcher, Previous, Result, Table, ids};

/// Links by the model of an entity configuration.
#[derive(Debug, Clone)]
pub struct ModelMatcher {
    config: EntityConfig,
    model: LinkModel,
}

impl ModelMatcher {
    /// A matcher of the configuration's model; none when it has no model. Columns of `conflict` become things that
    /// can never be one entity.
    #[must_use]
    pub fn new(config: EntityConfig) -> Option<Self> {
        let model = config.model.clone()?;
        Some(Self { config, model })
    }

    async fn linkage(&self, records: DataFrame) -> Result<Linkage> {
        let (state, _) = records.clone().into_parts();
        let context = SessionContext::new_with_state(state);
        let mut model = self.model.clone();
        // A conflict column that no source fills is no column of the records; it disagrees with nothing.
        let filled = |column: &&String| records.schema().has_column_with_unqualified_name(column);
        model.never.extend(
            self.config.conflict.iter().filter(filled).map(|column| format!("l.\"{column}\" <> r.\"{column}\"")),
        );
        let table = Table { name: self.config.element.name().to_owned(), rows: records };
        Linker::new(model).link(&context, vec![table], &|_| {}).await
    }

    /// Why two records, by their keys, score as they do; `None` when one of them is not there. All records are
    /// linked anew, since weights and rarity depend on all of them.
    ///
    /// # Errors
    /// A model that does not fit the records.
    pub async fn explain(&self, records: DataFrame, left: u128, right: u128) -> Result<Option<Explanation>> {
        let linkage = self.linkage(records).await?;
        let place = |key: u128| linkage.records.keys.binary_search(&key).ok().map(|place| place as u32);
        Ok(place(left)
            .zip(place(right))
            .filter(|(left, right)| left != right)
            .map(|(left, right)| linkage.explain(left, right)))
    }
}

#[async_trait]
impl Matcher for ModelMatcher {
    async fn link(&self, records: DataFrame, previous: &Previous) -> Result<Links> {
        let keyed = Keyed::read(records.clone(), Vec::new(), |_| {}).await?;
        let mut rows = (0..keyed.keys.len()).collect::<Vec<_>>();
        rows.sort_unstable_by_key(|row| keyed.keys[*row]);
        rows.dedup_by_key(|row| keyed.keys[*row]);
        let keys = rows.iter().map(|row| keyed.keys[*row]).collect::<Vec<_>>();
        let names = keyed.names(&rows)?;
        let linkage = self.linkage(records).await?;
        if *linkage.records.keys != *keys {
            return Err(LinkError::Internal("records and their names differ".to_owned()));
        }
        let entities = &linkage.entities;
        let rule = entities
            .logit
            .iter()
            .enumerate()
            .map(|(record, logit)| {
                (entities.root[record] as usize != record).then(|| (MODEL.to_owned(), probability(f64::from(*logit))))
            })
            .collect();
        let edges = linkage
            .edges()
            .into_iter()
            .map(|edge| Edge {
                left: edge.left,
                right: edge.right,
                rule: MODEL.to_owned(),
                probability: edge.probability,
                refused: edge.refused.map(str::to_owned),
            })
            .collect();
        let clusters = Clusters { root: entities.root.clone(), rule, edges };
        ids::assign(self.config.element, &keys, &names, &clusters, previous)
    }
}

/// What members and edges of a model are said to come from.
const MODEL: &str = "model";
