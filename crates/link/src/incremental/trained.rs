//! What a linkage learned, apart from the records it was learned from: with it another run scores every pair as the
//! first one did, whatever became of the records.

use std::sync::Arc;

use arrow::array::{AsArray, Float64Builder, RecordBatch, StringBuilder, UInt32Builder, UInt64Builder};
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt32Type, UInt64Type};
use hashbrown::HashMap;

use super::terms::{Term, Terms, needed};
use crate::linker::Linkage;
use crate::model::Program;
use crate::train::{Outcomes, Weights};
use crate::{LinkError, Result};

/// Weights, frequencies of values, and the bounds on groups: all that depends on the records as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The weights.
    pub weights: Weights,
    /// How frequent values are.
    pub(crate) terms: Terms,
    /// For each blocking rule the size beyond which groups are left out.
    pub(crate) largest: Vec<Option<usize>>,
    /// Names of the columns that name a home or a phone, level by level.
    households: Vec<Vec<String>>,
    /// Chance that two random records share a household.
    chance: f64,
}

impl Linkage {
    /// What this linkage learned, or was given.
    #[must_use]
    pub fn trained(&self) -> Arc<Trained> {
        if let Some(given) = &self.given {
            return Arc::clone(given);
        }
        let name = |column: &usize| self.program.columns[*column].name.clone();
        let households = self.households.as_ref();
        Arc::new(Trained {
            weights: self.weights.clone(),
            terms: Terms::of(&self.program, &self.records),
            largest: self.largest.clone(),
            households: households.map_or_else(Vec::new, |households| {
                households.columns.iter().map(|columns| columns.iter().map(name).collect()).collect()
            }),
            chance: households.map_or(0.0, |households| households.chance),
        })
    }
}

impl Trained {
    /// Whether it was learned with this model.
    ///
    /// # Errors
    /// A model with other comparisons, levels, rules or columns.
    pub(crate) fn check(&self, program: &Program) -> Result<()> {
        let wrong = |what: String| {
            LinkError::usage(format!("the weights were not learned with this model: {what}; learn them anew"))
        };
        let names = |names: Vec<&str>| names.join(", ");
        let here = names(program.comparisons.iter().map(|comparison| comparison.name.as_str()).collect());
        let there = names(self.weights.outcomes.iter().map(|outcomes| outcomes.comparison.as_str()).collect());
        if here != there {
            return Err(wrong(format!("the model compares {here}, the weights are of {there}")));
        }
        for (comparison, outcomes) in program.comparisons.iter().zip(&self.weights.outcomes) {
            let count = comparison.outcomes();
            let lengths = [&outcomes.m, &outcomes.u, &outcomes.related, &outcomes.random].map(Vec::len);
            if lengths.iter().any(|length| *length != count) {
                return Err(wrong(format!("comparison {} has {count} levels, not {}", comparison.name, lengths[0])));
            }
        }
        if self.largest.len() != program.blocks.len() {
            return Err(wrong(format!("it has {} blocking rules, not {}", program.blocks.len(), self.largest.len())));
        }
        let known = |name: &String| program.columns.iter().any(|column| column.name == *name);
        let columns = needed(program).into_iter().map(|column| &program.columns[column].name);
        if let Some(name) = columns.into_iter().find(|name| !self.terms.columns.contains_key(*name)) {
            return Err(wrong(format!("they say nothing of how frequent the values of `{name}` are")));
        }
        match self.households.iter().flatten().find(|name| !known(name)) {
            Some(name) => Err(wrong(format!("`{name}` is not compared"))),
            None => Ok(()),
        }
    }

    /// The columns that tie households, and the chance that two random records share one.
    pub(crate) fn ties(&self, program: &Program) -> (Vec<Vec<usize>>, f64) {
        let place = |name: &String| program.columns.iter().position(|column| column.name == *name);
        (self.households.iter().map(|names| names.iter().filter_map(place).collect()).collect(), self.chance)
    }

    /// As a table, a row a number: `part` (what it is of), `name` (comparison, rule or column), `level`, `class`,
    /// `label`, `hash` (of a value) and `value`.
    ///
    /// # Errors
    /// Never for weights of ours.
    pub fn table(&self) -> Result<RecordBatch> {
        let mut rows = Rows::default();
        let weights = &self.weights;
        for (part, value) in [
            ("matches", weights.matches),
            ("relatives", weights.related),
            ("pairs", weights.pairs),
            ("household", self.chance),
        ] {
            rows.push(part, "", [None; 2], None, None, value);
        }
        for outcomes in &weights.outcomes {
            let name = &outcomes.comparison;
            let parts =
                [("m", &outcomes.m), ("u", &outcomes.u), ("related", &outcomes.related), ("random", &outcomes.random)];
            for (part, levels) in parts {
                for (level, value) in levels.iter().enumerate() {
                    rows.push(part, name, [Some(level), None], Some(&outcomes.labels[level]), None, *value);
                }
            }
            for (level, classes) in outcomes.rarity.iter().enumerate() {
                for (class, value) in classes.iter().enumerate() {
                    if let Some(value) = value {
                        rows.push("rarity", name, [Some(level), Some(class)], None, None, *value);
                    }
                }
            }
        }
        for (rule, largest) in self.largest.iter().enumerate() {
            rows.push("rule", "", [Some(rule), None], None, None, largest.map_or(f64::INFINITY, |size| size as f64));
        }
        for (level, names) in self.households.iter().enumerate() {
            for name in names {
                rows.push("home", name, [Some(level), None], None, None, 1.0);
            }
        }
        for (name, term) in &self.terms.columns {
            rows.push("total", name, [None; 2], None, None, term.total as f64);
            rows.push("agreement", name, [None; 2], None, None, term.agreement);
            let mut counts = term.counts.iter().collect::<Vec<_>>();
            counts.sort_unstable();
            for (hash, count) in counts {
                rows.push("term", name, [None; 2], None, Some(*hash), f64::from(*count));
            }
        }
        rows.finish()
    }

    /// Reads what [`table`](Self::table) wrote.
    ///
    /// # Errors
    /// Tables that are none of ours, and probabilities that are none.
    pub fn read(batches: &[RecordBatch]) -> Result<Self> {
        let mut read = Self {
            weights: Weights { outcomes: Vec::new(), matches: 0.0, related: 0.0, pairs: 0.0 },
            terms: Terms::default(),
            largest: Vec::new(),
            households: Vec::new(),
            chance: 0.0,
        };
        for batch in batches {
            if batch.schema().fields().len() != schema().fields().len()
                || batch.schema().fields().iter().zip(schema().fields()).any(|(a, b)| a.data_type() != b.data_type())
            {
                return Err(LinkError::usage("this table holds no weights; `--save-weights` writes them"));
            }
            read.read_rows(batch)?;
        }
        read.within_bounds()?;
        Ok(read)
    }

    /// Refuses numbers that no training gives.
    fn within_bounds(&self) -> Result<()> {
        let wrong = |what: &str, value: f64, must: &str| {
            Err(LinkError::usage(format!("the weights are damaged: {what} is {value}, and must be {must}")))
        };
        let counts = [
            ("the number of matches", self.weights.matches),
            ("the number of relatives", self.weights.related),
            ("the number of pairs", self.weights.pairs),
        ];
        if let Some((what, value)) = counts.into_iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            return wrong(what, value, "0 or more");
        }
        // Sums of shares end a little beyond 1 now and then.
        let share = |value: f64| (0.0..=1.0 + 1e-6).contains(&value);
        if !share(self.chance) {
            return wrong("the chance of sharing a household", self.chance, "between 0 and 1");
        }
        for outcomes in &self.weights.outcomes {
            let Outcomes { m, u, related, random, .. } = outcomes;
            for (part, values) in [("m", m), ("u", u), ("related", related), ("random", random)] {
                if let Some(value) = values.iter().find(|value| !share(**value)) {
                    let what = format!("a probability {part} of `{}`", outcomes.comparison);
                    return wrong(&what, *value, "between 0 and 1");
                }
            }
        }
        Ok(())
    }

    fn read_rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let (parts, names) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let (levels, classes) =
            (batch.column(2).as_primitive::<UInt32Type>(), batch.column(3).as_primitive::<UInt32Type>());
        let (labels, hashes) = (batch.column(4).as_string::<i32>(), batch.column(5).as_primitive::<UInt64Type>());
        let values = batch.column(6).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            let (name, value) = (names.value(row), values.value(row));
            let (level, class) = (levels.value(row) as usize, classes.value(row) as usize);
            match parts.value(row) {
                "matches" => self.weights.matches = value,
                "relatives" => self.weights.related = value,
                "pairs" => self.weights.pairs = value,
                "household" => self.chance = value,
                "rule" => self.largest.push(value.is_finite().then_some(value as usize)),
                "home" => {
                    self.households.resize((level + 1).max(self.households.len()), Vec::new());
                    self.households[level].push(name.to_owned());
                }
                "rarity" => {
                    let classes = &mut self.outcomes(name).rarity;
                    classes.resize((level + 1).max(classes.len()), Vec::new());
                    let classes = &mut classes[level];
                    classes.resize((class + 1).max(classes.len()), None);
                    classes[class] = Some(value);
                }
                "m" => {
                    let label = labels.value(row).to_owned();
                    let outcomes = self.outcomes(name);
                    outcomes.m.push(value);
                    outcomes.labels.push(label);
                    // A level without learned rarity has an empty list.
                    if outcomes.rarity.len() + 1 < outcomes.m.len() {
                        outcomes.rarity.push(Vec::new());
                    }
                }
                "u" => self.outcomes(name).u.push(value),
                "related" => self.outcomes(name).related.push(value),
                "random" => self.outcomes(name).random.push(value),
                "total" => self.term(name).total = value as u64,
                "agreement" => self.term(name).agreement = value,
                "term" => _ = self.term(name).counts.insert(hashes.value(row), value as u32),
                other => return Err(LinkError::usage(format!("weights of an unknown part `{other}`"))),
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, name: &str) -> &mut Outcomes {
        let all = &mut self.weights.outcomes;
        let place = all.iter().position(|outcomes| outcomes.comparison == name).unwrap_or_else(|| {
            all.push(Outcomes {
                comparison: name.to_owned(),
                labels: Vec::new(),
                m: Vec::new(),
                u: Vec::new(),
                related: Vec::new(),
                random: Vec::new(),
                rarity: Vec::new(),
            });
            all.len() - 1
        });
        &mut all[place]
    }

    fn term(&mut self, name: &str) -> &mut Term {
        self.terms.columns.entry(name.to_owned()).or_insert_with(|| Term {
            total: 0,
            agreement: 0.0,
            counts: HashMap::new(),
        })
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("part", DataType::Utf8, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("level", DataType::UInt32, true),
        Field::new("class", DataType::UInt32, true),
        Field::new("label", DataType::Utf8, true),
        Field::new("hash", DataType::UInt64, true),
        Field::new("value", DataType::Float64, false),
    ]))
}

#[derive(Default)]
struct Rows {
    parts: StringBuilder,
    names: StringBuilder,
    levels: UInt32Builder,
    classes: UInt32Builder,
    labels: StringBuilder,
    hashes: UInt64Builder,
    values: Float64Builder,
}

impl Rows {
    fn push(
        &mut self,
        part: &str,
        name: &str,
        [level, class]: [Option<usize>; 2],
        label: Option<&str>,
        hash: Option<u64>,
        value: f64,
    ) {
        self.parts.append_value(part);
        self.names.append_value(name);
        self.levels.append_option(level.map(|level| level as u32));
        self.classes.append_option(class.map(|class| class as u32));
        self.labels.append_option(label);
        self.hashes.append_option(hash);
        self.values.append_value(value);
    }

    fn finish(mut self) -> Result<RecordBatch> {
        Ok(RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.parts.finish()),
                Arc::new(self.names.finish()),
                Arc::new(self.levels.finish()),
                Arc::new(self.classes.finish()),
                Arc::new(self.labels.finish()),
                Arc::new(self.hashes.finish()),
                Arc::new(self.values.finish()),
            ],
        )?)
    }
}
