//! Linkage by a model behind the joint: [`crate::Matcher`] for the integration of a city. Where the configuration has
//! exact rules as well they come first: what they join is one entity whatever the model makes of it, and the model
//! finds what has no key, or a wrong one. What people decided comes before both.

use async_trait::async_trait;
use datafusion::prelude::{DataFrame, SessionContext};
use hashbrown::{HashMap, HashSet};
use jingwei_model::config::{EntityConfig, LinkModel};

use crate::keyed::Keyed;
use crate::linker::{Decision, Linker};
use crate::rules::{Clusters, Edge, cluster, hashed};
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

    async fn linkage(&self, records: DataFrame, decisions: Vec<Decision>) -> Result<Linkage> {
        let (state, _) = records.clone().into_parts();
        let context = SessionContext::new_with_state(state);
        let mut model = self.model.clone();
        // A conflict column that no source fills is no column of the records; it disagrees with nothing.
        let filled = |column: &&String| records.schema().has_column_with_unqualified_name(column);
        model.never.extend(
            self.config.conflict.iter().filter(filled).map(|column| format!("l.\"{column}\" <> r.\"{column}\"")),
        );
        let table = Table { name: self.config.element.name().to_owned(), rows: records };
        Linker::new(model).with_decisions(decisions).link(&context, vec![table], &|_| {}).await
    }

    /// What people and rules join, if there are any.
    async fn exact(&self, records: DataFrame, decisions: &[Decision]) -> Result<Exact> {
        if self.config.rules.is_empty() && decisions.is_empty() {
            return Ok(Exact::default());
        }
        let hashed = hashed(&self.config, records).await?;
        let clusters = cluster(&self.config, &hashed, decisions);
        Ok(Exact { keys: hashed.keys, clusters })
    }

    /// Why two records, by their keys, score as they do; `None` when one of them is not there. All records are
    /// linked anew, since weights and rarity depend on all of them.
    ///
    /// # Errors
    /// A model that does not fit the records.
    pub async fn explain(
        &self,
        records: DataFrame,
        (left, right): (u128, u128),
        decisions: &[Decision],
    ) -> Result<Option<Explanation>> {
        let exact = self.exact(records.clone(), decisions).await?;
        let linkage = self.linkage(records, exact.decisions(decisions)).await?;
        let place = |key: u128| linkage.records.keys.binary_search(&key).ok().map(|place| place as u32);
        Ok(place(left)
            .zip(place(right))
            .filter(|(left, right)| left != right)
            .map(|(left, right)| linkage.explain(left, right)))
    }
}

#[async_trait]
impl Matcher for ModelMatcher {
    async fn link(&self, records: DataFrame, previous: &Previous, decisions: &[Decision]) -> Result<Links> {
        let keyed = Keyed::read(records.clone(), Vec::new(), |_| {}).await?;
        let mut rows = (0..keyed.keys.len()).collect::<Vec<_>>();
        rows.sort_unstable_by_key(|row| keyed.keys[*row]);
        rows.dedup_by_key(|row| keyed.keys[*row]);
        let keys = rows.iter().map(|row| keyed.keys[*row]).collect::<Vec<_>>();
        let names = keyed.names(&rows)?;
        let exact = self.exact(records.clone(), decisions).await?;
        let linkage = self.linkage(records, exact.decisions(decisions)).await?;
        if *linkage.records.keys != *keys {
            return Err(LinkError::Internal("records and their names differ".to_owned()));
        }
        let entities = &linkage.entities;
        let mut ruled = exact.rules();
        let rule = entities
            .logit
            .iter()
            .enumerate()
            .map(|(record, logit)| {
                let exact = ruled.remove(&keys[record]);
                let model = || (MODEL.to_owned(), probability(f64::from(*logit)));
                (entities.root[record] as usize != record).then(|| exact.unwrap_or_else(model))
            })
            .collect();
        let mut edges = exact.edges(&keys);
        let [low, high] = linkage.review;
        let known = edges.iter().map(|edge| (edge.left, edge.right)).collect::<HashSet<_>>();
        let modelled = linkage.edges().filter(|edge| !known.contains(&(edge.left, edge.right)));
        edges.extend(modelled.map(|edge| Edge {
            left: edge.left,
            right: edge.right,
            rule: MODEL.to_owned(),
            probability: edge.probability,
            refused: edge.refused.map(str::to_owned),
            review: (low..high).contains(&edge.probability),
        }));
        let clusters = Clusters { root: entities.root.clone(), rule, edges };
        let links = ids::assign(self.config.element, &keys, &names, &clusters, previous)?;
        Ok(Links { report: Some(linkage.report), ..links })
    }
}

/// What people and exact rules say, before the model is asked.
#[derive(Debug, Default)]
struct Exact {
    /// Key of each row; a record may have several.
    keys: Vec<u128>,
    clusters: Clusters,
}

impl Exact {
    /// That the records of a cluster are one, and what people keep apart.
    fn decisions(&self, people: &[Decision]) -> Vec<Decision> {
        let rows = self.clusters.root.iter().enumerate();
        rows.map(|(row, root)| Decision { left: self.keys[*root as usize], right: self.keys[row], same: true })
            .filter(|decision| decision.left != decision.right)
            .chain(people.iter().filter(|decision| !decision.same).copied())
            .collect()
    }

    /// The rule that tied a record to others, by its key.
    fn rules(&self) -> HashMap<u128, (String, f64)> {
        let rules = self.keys.iter().zip(&self.clusters.rule);
        rules.filter_map(|(key, rule)| rule.clone().map(|rule| (*key, rule))).collect()
    }

    /// The evidence, between the places of records among `keys`, which are sorted.
    fn edges(&self, keys: &[u128]) -> Vec<Edge> {
        let place = |row: u32| keys.partition_point(|key| *key < self.keys[row as usize]) as u32;
        let edges = self.clusters.edges.iter();
        edges.map(|edge| Edge { left: place(edge.left), right: place(edge.right), ..edge.clone() }).collect()
    }
}

/// What members and edges of a model are said to come from.
const MODEL: &str = "model";
