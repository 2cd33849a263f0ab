//! Linkage by a model behind the joint: [`crate::Matcher`] for the integration of a city.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use futures::TryStreamExt;
use jingwei_model::config::EntityConfig;

use crate::linker::Linker;
use crate::rules::{Clusters, Edge};
use crate::train::probability;
use crate::{Explanation, LinkError, Links, Matcher, Previous, Result, Table, ids, members_schema};

/// Links by the model of an entity configuration.
#[derive(Debug, Clone)]
pub struct ModelMatcher {
    config: EntityConfig,
    linker: Linker,
}

impl ModelMatcher {
    /// A matcher of the configuration's model; none when it has no model. Columns of `conflict` become things that
    /// can never be one entity.
    #[must_use]
    pub fn new(config: EntityConfig) -> Option<Self> {
        let mut model = config.model.clone()?;
        for column in &config.conflict {
            model.never.push(format!("l.\"{column}\" <> r.\"{column}\""));
        }
        Some(Self { config, linker: Linker::new(model) })
    }

    /// Why two records, by their keys, score as they do; `None` when one of them is not there. All records are
    /// linked anew, since weights and rarity depend on all of them.
    ///
    /// # Errors
    /// A model that does not fit the records.
    pub async fn explain(&self, records: DataFrame, left: u128, right: u128) -> Result<Option<Explanation>> {
        let (state, _) = records.clone().into_parts();
        let context = SessionContext::new_with_state(state);
        let table = Table { name: self.config.element.name().to_owned(), rows: records };
        let linkage = self.linker.link(&context, vec![table], &|_| {}).await?;
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
        let (state, _) = records.clone().into_parts();
        let context = SessionContext::new_with_state(state);
        let (keys, names) = names(records.clone()).await?;
        let table = Table { name: self.config.element.name().to_owned(), rows: records };
        let linkage = self.linker.link(&context, vec![table], &|_| {}).await?;
        if linkage.records.keys != keys {
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

/// Keys and names of the records, each key once, in the order of the keys.
async fn names(records: DataFrame) -> Result<(Vec<u128>, RecordBatch)> {
    let select = ["_key", "_source", "_record", "_record_id"].map(ident).to_vec();
    let mut stream = records.select(select)?.execute_stream().await?;
    let (mut keys, mut batches) = (Vec::new(), Vec::new());
    while let Some(batch) = stream.try_next().await? {
        let column = cast(batch.column(0), &DataType::Binary)?;
        let column = column.as_binary::<i32>();
        for row in 0..batch.num_rows() {
            if column.is_null(row) {
                return Err(LinkError::Internal("a record without a key".to_owned()));
            }
            let bytes: [u8; 16] = column
                .value(row)
                .try_into()
                .map_err(|_| LinkError::Internal("a record key that is not 16 bytes".to_owned()))?;
            keys.push((u128::from_be_bytes(bytes), batches.len(), row));
        }
        batches.push(batch.project(&[1, 2, 3])?);
    }
    keys.sort_unstable();
    keys.dedup_by_key(|key| key.0);
    let places = keys.iter().map(|(_, batch, row)| (*batch, *row)).collect::<Vec<_>>();
    let names = if batches.is_empty() {
        RecordBatch::new_empty(std::sync::Arc::new(members_schema().project(&[1, 2, 3])?))
    } else {
        interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places)?
    };
    Ok((keys.into_iter().map(|(key, ..)| key).collect(), names))
}
