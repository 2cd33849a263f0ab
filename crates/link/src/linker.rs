//! The engine from end to end: clean, intern, block, train, score, cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::cast;
use datafusion::prelude::{SessionContext, ident};
use jingwei_model::config::LinkModel;
use serde::Serialize;

use crate::block::{Blocks, Sampled};
use crate::clock::Clock;
use crate::cluster::{Clusterer, Clustering, Entities};
use crate::decide::{Job, Pairs, score_households, united};
use crate::household::{Households, households};
use crate::incremental::Trained;
use crate::memory::{Budget, for_records, recall_ids};
use crate::missing::missing;
use crate::model::{Block, Program, Table, check, clean};
use crate::pairing::{InMemory, Learned, Pairing, Plans};
use crate::records::{ColumnKind, Input, Layout, Records, load};
use crate::train::{Scorer, Weights, corrected, probability, train};
use crate::{LinkError, Result};

/// A model at work.
#[derive(Debug, Clone)]
pub struct Linker {
    pub(crate) model: LinkModel,
    pub(crate) decisions: Vec<Decision>,
    labels: Vec<Decision>,
    trained: Option<Arc<Trained>>,
    pairing: Arc<dyn Pairing>,
}

/// What a person decided about two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Key of one record.
    pub left: u128,
    /// Key of the other.
    pub right: u128,
    /// Whether they are the same.
    pub same: bool,
}

/// What a linkage found.
#[derive(Debug)]
pub struct Linkage {
    /// The model, compiled.
    pub program: Program,
    /// The records.
    pub records: Records,
    /// The trained weights.
    pub weights: Weights,
    /// What was learned before, when it was given and not learned from these records.
    pub given: Option<Arc<Trained>>,
    /// For each blocking rule the size beyond which groups are left out.
    pub largest: Vec<Option<usize>>,
    /// Who shares a household, if the model has something that households share.
    pub households: Option<Households>,
    /// Pairs that may be one entity.
    pub pairs: Pairs,
    /// The entities.
    pub entities: Entities,
    /// The entities before households were known, where the model has some.
    pub(crate) first: Option<Entities>,
    /// Log odds from which records are joined.
    pub join: f32,
    /// Log odds from which edges are told.
    pub least: f32,
    /// Probabilities between which pairs are for people to decide.
    pub review: [f64; 2],
    /// How it went.
    pub report: LinkReport,
}

/// How a linkage went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LinkReport {
    /// Records.
    pub records: u64,
    /// Entities.
    pub entities: u64,
    /// Pairs that each blocking rule brought together first.
    pub pairs: Vec<RuleReport>,
    /// Pairs for people to decide.
    pub review: u64,
    /// Wall seconds of each phase.
    pub seconds: BTreeMap<&'static str, f64>,
    /// CPU seconds of each phase, of the whole process.
    pub cpu_seconds: BTreeMap<&'static str, f64>,
    /// What went not quite as it should.
    pub warnings: Vec<String>,
}

/// What a blocking rule brought together.
#[derive(Debug, Clone, Serialize)]
pub struct RuleReport {
    /// The rule.
    pub rule: String,
    /// Pairs compared that no rule before it brought.
    pub pairs: u64,
    /// Pairs of all its groups, those left out among them.
    pub wanted: u64,
    /// Largest group left out, and how many.
    pub left_out: Option<(usize, usize)>,
}

/// An edge between two records, as it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntityEdge {
    /// One record.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// The levels of the comparisons.
    pub pattern: u64,
    /// The probability that they are one entity.
    pub probability: f64,
    /// Why they are not, though their probability speaks for it.
    pub refused: Option<&'static str>,
}

impl Linkage {
    /// Brings ids back into memory where it is limited and they lie in files: worth it before many of them are told. Whoever
    /// has freed much since should have given that back to the system.
    pub fn recall_ids(&mut self) {
        recall_ids(&mut self.records);
    }

    /// The edges from the model's lower bound of review on: those inside entities, and those refused.
    pub fn edges(&self) -> impl Iterator<Item = EntityEdge> + '_ {
        let root = &self.entities.root;
        self.pairs.iter().filter(|pair| pair.logit >= self.least).map(|pair| EntityEdge {
            left: pair.left,
            right: pair.right,
            pattern: pair.pattern,
            probability: probability(f64::from(pair.logit)),
            refused: if root[pair.left as usize] == root[pair.right as usize] {
                None
            } else if pair.logit < self.join {
                Some("below the threshold")
            } else {
                Some("the entities around them disagree")
            },
        })
    }
}

impl Linker {
    /// A linker of a model.
    #[must_use]
    pub fn new(model: LinkModel) -> Self {
        Self { model, decisions: Vec::new(), labels: Vec::new(), trained: None, pairing: Arc::new(InMemory) }
    }

    /// What the model is about, where it says so.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.model.title.as_deref()
    }

    /// The column that names the records of a table, where the model says one.
    #[must_use]
    pub fn id_column(&self, table: &str) -> Option<&str> {
        let own = self.model.tables.get(table).and_then(|own| own.id.as_deref());
        own.or(self.model.id.as_deref())
    }

    /// The same linker, bound by what people decided. Decisions about records that are not there are kept for when
    /// they are.
    #[must_use]
    pub fn with_decisions(mut self, decisions: Vec<Decision>) -> Self {
        self.decisions = decisions;
        self
    }

    /// The same linker, taught by pairs of which it is known whether they are the same.
    #[must_use]
    pub fn with_labels(mut self, labels: Vec<Decision>) -> Self {
        self.labels = labels;
        self
    }

    /// The same linker, which learns nothing and takes what was learned before.
    #[must_use]
    pub fn with_trained(mut self, trained: Arc<Trained>) -> Self {
        self.trained = Some(trained);
        self
    }

    /// The same linker, whose pairs are made and scored by plans of the query engine in the session it is given, over files
    /// in `folder`. It finds the same.
    #[must_use]
    pub fn by_plans(mut self, folder: impl Into<PathBuf>) -> Self {
        self.pairing = Arc::new(Plans::new(folder));
        self
    }

    /// Links tables. `progress` is told the name of each phase as it begins.
    ///
    /// # Errors
    /// A model that does not fit the tables, and rules that bring too many pairs together.
    pub async fn link(
        &self,
        context: &SessionContext,
        tables: Vec<Table>,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Linkage> {
        let mut report = LinkReport::default();
        let mut clock = Clock::start();
        let mut lap = |report: &mut LinkReport, phase: &'static str| {
            clock.lap(phase, [&mut report.seconds, &mut report.cpu_seconds]);
        };
        progress("clean");
        let (program, mut records) = self.read(context, tables).await?;
        lap(&mut report, "clean");
        report.records = records.len() as u64;
        report.warnings = missing(&program, &records);

        progress("block");
        let budget = Budget::new(self.model.limits.memory_mb, &program, &mut records, self.pairing.bytes())?;
        let blocks = self.block(&program, &records, &budget, &mut report)?;
        let room = budget.room(&blocks)?;
        lap(&mut report, "block");

        progress("train");
        let given = self.trained.as_deref();
        let sampled = Sampled::new(&records, budget.spill());
        let mut weights = match given {
            Some(given) => given.weights.clone(),
            None => train(&program, &sampled, &blocks, &self.model.training, &located(&records, &self.labels)),
        };
        lap(&mut report, "train");

        progress("score");
        let one_to_one = records.tables.iter().map(|table| self.model.one_to_one.contains(table)).collect::<Vec<_>>();
        let how = self.clustering();
        let decided = located(&records, &self.decisions);
        let terms = given.map(|given| &given.terms);
        let mut scorer = Scorer::with_terms(&program, &records, &weights, terms);
        let job = Job {
            program: &program,
            records: &records,
            blocks: &blocks,
            one_to_one: &one_to_one,
            least: self.told(),
            room: &room,
        };
        let clusterer =
            Clusterer { program: &program, records: &records, one_to_one: &one_to_one, decisions: &decided, how };
        let learned = Learned { weights: &weights, terms, scorer: &scorer };
        let (mut pairs, mut looked) = self.pairing.score(context, &job, learned).await?;
        lap(&mut report, "score");
        progress("cluster");
        let (mut entities, mut traces) = clusterer.cluster_all(&scorer, &pairs, &room)?;
        lap(&mut report, "cluster");
        // What was given stays as it is, and what people labelled is not overruled by what was made of it.
        let corrections = if given.is_none() && self.labels.is_empty() { CORRECTIONS } else { 0 };
        for _ in 0..corrections {
            let Some(better) = corrected(&program, &sampled, &entities, &weights, &self.model.training) else { break };
            tracing::debug!(matches = weights.matches, corrected = better.matches, "weights are corrected");
            weights = better;
            lap(&mut report, "train");
            scorer = Scorer::new(&program, &records, &weights);
            drop(pairs);
            let learned = Learned { weights: &weights, terms, scorer: &scorer };
            (pairs, looked) = self.pairing.score(context, &job, learned).await?;
            lap(&mut report, "score");
            (entities, traces) = clusterer.cluster_all(&scorer, &pairs, &room)?;
            lap(&mut report, "cluster");
        }
        report.pairs = program
            .blocks
            .iter()
            .zip(blocks.known())
            .zip(looked)
            .map(|((block, groups), pairs)| RuleReport {
                rule: block.name.clone(),
                pairs,
                wanted: groups.wanted,
                left_out: groups.left_out,
            })
            .collect();
        progress("households");
        let households =
            households(&program, &sampled, &entities, weights.pairs, given.map(|given| given.ties(&program)));
        let mut first = None;
        if let Some(households) = &households {
            let scorer = scorer.with_households(Some(households));
            let more = score_households(&job, households, &weights, &scorer)?;
            pairs = united(pairs, &more, records.len(), &room)?;
            let last = clusterer.again(&scorer, &pairs, &more, (&entities, &traces), &room)?;
            first = Some(std::mem::replace(&mut entities, last));
        }
        report.entities = entities.count() as u64;
        let (low, high) = self.review();
        report.review = pairs.iter().filter(|pair| (low..high).contains(&pair.logit)).count() as u64;
        lap(&mut report, "households");
        let largest = blocks.known().iter().map(|groups| groups.largest).collect();
        Ok(Linkage {
            program,
            records,
            weights,
            households,
            given: self.trained.clone(),
            largest,
            pairs,
            entities,
            first,
            join: how.join,
            least: self.told(),
            review: self.model.review,
            report,
        })
    }

    pub(crate) fn clustering(&self) -> Clustering {
        Clustering { join: logit(self.model.threshold) }
    }

    /// Log odds from which pairs are kept and edges are told.
    pub(crate) fn told(&self) -> f32 {
        logit(self.model.threshold).min(logit(self.model.review[0]))
    }

    /// Log odds between which pairs are for people to decide.
    pub(crate) fn review(&self) -> (f32, f32) {
        (logit(self.model.review[0]), logit(self.model.review[1]))
    }

    /// Cleans the tables and reads what the model needs of them.
    async fn read(&self, context: &SessionContext, tables: Vec<Table>) -> Result<(Program, Records)> {
        let (program, inputs, skip) = self.prepare(context, tables)?;
        if let Some(trained) = &self.trained {
            trained.check(&program)?;
        }
        let limit = for_records(self.model.limits.memory_mb);
        let kinds = program.kinds();
        let records = load(inputs, Layout { skip, kinds: &kinds, domains: &program.domains, limit }).await?;
        Ok((program, records))
    }

    /// The compiled model, and for each table the plan that gives what the model needs: the id, the key where the
    /// table has one, and the model's columns from the place told on.
    pub(crate) fn prepare(&self, context: &SessionContext, tables: Vec<Table>) -> Result<(Program, Vec<Input>, usize)> {
        for function in crate::compare::udfs() {
            context.register_udf(function);
        }
        let names = tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>();
        check(&self.model, &names)?;
        let cleaned = clean(context, &self.model, tables)?;
        let program = Program::new(context, &self.model, &cleaned)?;
        let mut inputs = Vec::new();
        let mut skip = 1;
        for (name, id, rows) in cleaned.tables {
            let keyed = rows.schema().has_column_with_unqualified_name("_key");
            if id.is_none() && !keyed {
                return Err(LinkError::usage(format!(
                    "nothing names the records of table `{name}`; write `id = \"column\"` into the model"
                )));
            }
            let mut select = if keyed {
                vec![cast(ident("_record_id"), DataType::Utf8).alias("_id"), ident("_key")]
            } else {
                vec![cast(ident("_id"), DataType::Utf8).alias("_id")]
            };
            skip = select.len();
            for (number, column) in program.columns.iter().enumerate() {
                let expr = match column.kind {
                    ColumnKind::Text => cast(column.expr.clone(), DataType::Utf8),
                    _ => column.expr.clone(),
                };
                select.push(expr.alias(format!("_c{number}")));
            }
            inputs.push(Input { name, rows: rows.select(select)? });
        }
        Ok((program, inputs, skip))
    }

    fn block<'a>(
        &self,
        program: &'a Program,
        records: &'a Records,
        budget: &Budget,
        report: &mut LinkReport,
    ) -> Result<Blocks<'a>> {
        let limit = self.model.limits.pairs.unwrap_or((200 * records.len() as u64).max(1_000_000));
        // What was learned before goes with the groups it was learned of.
        let rules = program.blocks.iter().enumerate().map(|(number, block)| match &self.trained {
            Some(trained) => Block { max_group: trained.largest[number], ..block.clone() },
            None => block.clone(),
        });
        let most = if self.trained.is_some() { u64::MAX } else { limit };
        let mut blocks = Blocks::new(records, rules.collect(), most);
        for block in &program.blocks {
            let Some(groups) = blocks.push_next()? else { break };
            budget.fit(&mut blocks)?;
            if self.trained.is_some() {
                self.bound(block, groups.total(), records.len() as u64)?;
            }
            if let Some((size, count)) = groups.left_out {
                let message = format!(
                    "blocking rule `{}` would bring {} pairs together; its largest group has {size} records",
                    block.name, groups.wanted
                );
                if self.trained.is_none()
                    && self.model.limits.pairs.is_some()
                    && groups.wanted > limit
                    && block.max_group.is_none()
                {
                    return Err(LinkError::usage(format!(
                        "{message}, and the limit is {limit} pairs: make the rule stricter, give it a `max_group`, or raise `limits.pairs`"
                    )));
                }
                report.warnings.push(format!("{message}: {count} groups are left out"));
            }
        }
        Ok(blocks)
    }

    /// Refuses a rule that would bring too many pairs together though nothing of it can be left out, since the weights
    /// say what is.
    pub(crate) fn bound(&self, block: &Block, pairs: u64, records: u64) -> Result<()> {
        // Groups may grow after the weights were learned, so a limit that nobody has set is taken generously.
        let limit = self.model.limits.pairs.unwrap_or((400 * records).max(2_000_000));
        if pairs <= limit {
            return Ok(());
        }
        Err(LinkError::usage(format!(
            "blocking rule `{}` would bring {pairs} pairs together, and the limit is {limit} pairs; which groups are left \
             out is part of the weights: learn them anew from such records, or raise `limits.pairs`",
            block.name
        )))
    }
}

/// How often weights are corrected by the entities found with them.
const CORRECTIONS: usize = 2;
/// What people decided of records that are there, by their places in the order of the keys.
pub(crate) fn located(records: &Records, decisions: &[Decision]) -> Vec<(u32, u32, bool)> {
    let place = |key: u128| records.keys.binary_search(&key).ok().map(|place| place as u32);
    decisions
        .iter()
        .filter_map(|decision| {
            let (left, right) = (place(decision.left)?, place(decision.right)?);
            (left != right).then_some((left.min(right), left.max(right), decision.same))
        })
        .collect()
}

fn logit(probability: f64) -> f32 {
    (probability / (1.0 - probability)).ln() as f32
}
