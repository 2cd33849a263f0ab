//! Why two records are, or are not, one entity: parts that sum to the score.
//!
//! A score is the logarithm of the odds that two records are of one entity, against the two other ways to agree
//! that a model knows: being strangers, and sharing a household. Every comparison has a likelihood under each of
//! the three. With `w` the shares of the two alternatives (given everything that was seen) the score is, exactly,
//!
//! ```text
//! ln odds = sum over comparisons of ( ln m - w1 ln related - w2 ln u )      one part each, rarity apart
//!         + ln matches - w1 ln pairs1 - w2 ln pairs2 + w1 ln w1 + w2 ln w2   the part of the start
//! ```
//!
//! since `ln (a + b) = w1 ln a + w2 ln b - w1 ln w1 - w2 ln w2` where `w1 = a / (a + b)`. So the parts do not depend
//! on the order of the comparisons, and without households they are the usual match weights `ln m / u`. Weights are
//! told in bits (logarithms to the base of two), as the field does: one bit doubles the odds.

mod text;

use serde::Serialize;

use crate::compare::{Comparer, ITEM_END};
use crate::linker::Linkage;
use crate::train::{Scorer, probability};

/// Why a pair scores as it does.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// One record.
    pub left: Named,
    /// The other.
    pub right: Named,
    /// The parts; their weights sum to `weight`.
    pub parts: Vec<Part>,
    /// Logarithm to the base of two of the odds that the two are one entity.
    pub weight: f64,
    /// The probability that they are one entity.
    pub probability: f64,
    /// The weight from which on records are joined.
    pub threshold: f64,
    /// Whether they are in one entity after clustering.
    pub together: bool,
    /// What became of the pair, in words.
    pub verdict: &'static str,
    /// Of the probability that they are two entities, the share of two that share a household.
    pub household: f64,
}

/// A record by its table and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its table.
    pub table: String,
    /// Its id there.
    pub id: String,
}

/// One part of a score.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// What the part is of.
    pub kind: PartKind,
    /// The comparison; `start` for the part before any comparison.
    pub name: String,
    /// What was seen.
    pub level: String,
    /// Values of the left record.
    pub left: Vec<String>,
    /// Values of the right record.
    pub right: Vec<String>,
    /// Bits.
    pub weight: f64,
}

/// What a part is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The odds before anything is compared.
    Start,
    /// The level of a comparison.
    Level,
    /// That other records tie the two to one household, which stands in place of what a household shares.
    Household,
    /// That the value agreed on is rarer, or commoner, than values usually are.
    Rarity,
}

impl Linkage {
    /// The record of an id; of a table where the id is `table/id` or several tables have it.
    ///
    /// # Errors
    /// Why there is none, or more than one, in words.
    pub fn find(&self, id: &str) -> Result<u32, String> {
        let records = &self.records;
        let matching = |table: Option<&str>, id: &str| {
            (0..records.len() as u32)
                .filter(|record| {
                    records.id_of(*record) == id && table.is_none_or(|table| records.table_of(*record) == table)
                })
                .collect::<Vec<_>>()
        };
        let mut found = matching(None, id);
        if found.is_empty()
            && let Some((table, id)) = id.split_once('/')
        {
            found = matching(Some(table), id);
        }
        match found.as_slice() {
            [record] => Ok(*record),
            [] => Err(format!("there is no record `{id}`; write its id, or table/id")),
            [first, ..] => {
                Err(format!("{} tables have a record `{id}`; write `{}/{id}`", found.len(), records.table_of(*first)))
            }
        }
    }

    /// Why two records score as they do, whether or not a blocking rule brought them together.
    #[must_use]
    pub fn explain(&self, left: u32, right: u32) -> Explanation {
        let (left, right) = (left.min(right), left.max(right));
        let pattern = Comparer::new(&self.program, &self.records).pattern(left, right);
        let scorer = self.scorer();
        self.explain_with(&scorer, pattern, left, right)
    }

    /// What pairs are scored with.
    pub(crate) fn scorer(&self) -> Scorer<'_> {
        let terms = self.given.as_deref().map(|given| &given.terms);
        Scorer::with_terms(&self.program, &self.records, &self.weights, terms).with_households(self.households.as_ref())
    }

    /// As [`explain`](Self::explain), for many pairs.
    pub(crate) fn explain_with(&self, scorer: &Scorer<'_>, pattern: u64, left: u32, right: u32) -> Explanation {
        let evidence = scorer.evidence(pattern, left, right);
        let [related, other] = shares(evidence.related, evidence.other);
        let against = |kin: f64, stranger: f64| weighed(related, kin) + weighed(other, stranger);
        let prior = scorer.prior();
        let entropy = -(weighed(related, related.ln()) + weighed(other, other.ln()));
        let mut parts = vec![Part {
            kind: PartKind::Start,
            name: "start".to_owned(),
            level: "any two records".to_owned(),
            left: Vec::new(),
            right: Vec::new(),
            weight: bits(prior.same - against(prior.related, prior.other) - entropy),
        }];
        let tie = scorer.tie(pattern, left, right);
        if let Some([same, kin, stranger]) = tie {
            parts.push(Part {
                kind: PartKind::Household,
                name: "household".to_owned(),
                level: "others of both live together".to_owned(),
                left: Vec::new(),
                right: Vec::new(),
                weight: bits(same - against(kin, stranger)),
            });
        }
        for (number, comparison) in self.program.comparisons.iter().enumerate() {
            // A household that others tie stands in place of what a household shares.
            if tie.is_some() && comparison.household {
                continue;
            }
            let level = comparison.level_in(pattern);
            let [same, kin, stranger] = scorer.parts(number, level);
            let values = |record: u32| self.values(number, record);
            parts.push(Part {
                kind: PartKind::Level,
                name: comparison.name.clone(),
                level: comparison.label(level).to_owned(),
                left: values(left),
                right: values(right),
                weight: bits(same - against(kin, stranger)),
            });
            let rarity = if level == 0 { 0.0 } else { scorer.rarity(number, level, left, right) };
            if rarity != 0.0 {
                let share = if comparison.household || level > 1 { other } else { other + related };
                parts.push(Part {
                    kind: PartKind::Rarity,
                    name: comparison.name.clone(),
                    level: if rarity < 0.0 { "a rare value" } else { "a common value" }.to_owned(),
                    left: Vec::new(),
                    right: Vec::new(),
                    weight: bits(-share * rarity),
                });
            }
        }
        let weight = parts.iter().map(|part| part.weight).sum::<f64>();
        let logit = weight * std::f64::consts::LN_2;
        let roots = &self.entities.root;
        let together = roots[left as usize] == roots[right as usize];
        let joins = logit >= f64::from(self.join);
        Explanation {
            left: self.named(left),
            right: self.named(right),
            parts,
            weight,
            probability: probability(logit),
            threshold: bits(f64::from(self.join)),
            together,
            verdict: match (together, joins) {
                (true, true) => "one entity",
                (true, false) => "one entity through other records",
                (false, true) => "two entities: the records around them disagree, or no rule brought them together",
                (false, false) => "two entities",
            },
            household: related,
        }
    }

    fn named(&self, record: u32) -> Named {
        Named { table: self.records.table_of(record).to_owned(), id: self.records.id_of(record).to_owned() }
    }

    /// What a comparison looks at in a record: its plain fields, or what was made of them where it has no plain one.
    fn values(&self, comparison: usize, record: u32) -> Vec<String> {
        let comparison = &self.program.comparisons[comparison];
        let mut columns = Vec::new();
        for level in &comparison.levels {
            level.condition.columns(&self.program.sites, &mut columns);
        }
        columns.sort_unstable();
        columns.dedup();
        let plain =
            |column: &usize| matches!(self.program.columns[*column].expr, datafusion::logical_expr::Expr::Column(_));
        if columns.iter().any(plain) {
            columns.retain(plain);
        }
        let values = columns
            .into_iter()
            .filter_map(|column| match self.records.text(column, record) {
                Some(text) => Some(told(text)),
                None => {
                    let number = self.records.numbers.get(column)?.get(record as usize)?;
                    (!number.is_nan()).then(|| number.to_string())
                }
            })
            .collect::<Vec<_>>();
        // A surname beside the whole name tells nothing more.
        let covered = |place: usize, value: &String| {
            values.iter().enumerate().any(|(other, longer)| {
                longer.contains(value.as_str()) && (longer.len() > value.len() || (longer == value && other < place))
            })
        };
        values
            .iter()
            .enumerate()
            .filter(|(place, value)| !covered(*place, value))
            .map(|(_, value)| value.clone())
            .collect()
    }
}

/// A value for people: items of a list and levels of an address with blanks between them.
fn told(text: &str) -> String {
    if text.contains(ITEM_END) {
        text.split(ITEM_END).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

/// The shares of two classes given their log likelihoods.
fn shares(a: f64, b: f64) -> [f64; 2] {
    let high = a.max(b);
    let (a, b) = ((a - high).exp(), (b - high).exp());
    [a / (a + b), b / (a + b)]
}

/// A term of a mean; what has no weight counts as nothing, however unlikely it is.
fn weighed(share: f64, log: f64) -> f64 {
    if share == 0.0 { 0.0 } else { share * log }
}

fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}
