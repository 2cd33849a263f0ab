//! The model file, made ready to run: cleaning as plans, conditions as programs over numbered columns.

mod bounds;
mod check;
mod clean;
mod condition;
mod ladder;
mod lifetime;

use std::collections::BTreeSet;

pub use check::check;
pub use clean::{Cleaned, Table, clean};
pub use condition::{Bound, Compiler, Condition, Needed, Side, Site};
use datafusion::common::{DFSchema, TableReference};
use datafusion::prelude::SessionContext;
use jingwei_model::config::{LinkMode, LinkModel};
use serde::{Deserialize, Serialize};

use crate::records::ColumnKind;
use crate::{LinkError, Result};

/// A comparison, compiled: a ladder of levels.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub name: String,
    /// Levels, best first; what fits none is the last one, `anything else`.
    pub levels: Vec<Level>,
    /// When the comparison says nothing; otherwise that is when no level can be decided.
    pub null: Option<Condition>,
    /// Whether a household shares it.
    pub household: bool,
    /// Raw columns it looks at.
    pub inputs: BTreeSet<String>,
    /// Where its level stands in a pattern.
    pub shift: u32,
    /// Bits of its level.
    pub bits: u32,
}

impl Comparison {
    /// The place of its level in a pattern: 0 says nothing, 1 is the best level, the last is everything else.
    #[inline]
    #[must_use]
    pub const fn level_in(&self, pattern: u64) -> usize {
        ((pattern >> self.shift) & ((1 << self.bits) - 1)) as usize
    }

    /// Levels a pair can have, without the one that says nothing: those of the ladder and everything else.
    #[must_use]
    pub const fn outcomes(&self) -> usize {
        self.levels.len() + 1
    }

    /// What a level is called.
    #[must_use]
    pub fn label(&self, level: usize) -> &str {
        match level {
            0 => "nothing to compare",
            level => self.levels.get(level - 1).map_or("anything else", |level| level.label.as_str()),
        }
    }
}

/// One level of a comparison, compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Level {
    /// What it is called.
    pub label: String,
    /// When it holds.
    pub condition: Condition,
    /// Column whose frequency tells how much the agreement is worth.
    pub term_frequency: Option<usize>,
}

/// A blocking rule, compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Block {
    /// What it is called.
    pub name: String,
    /// Columns of the left record that must equal …
    pub left: Vec<usize>,
    /// … these of the right one.
    pub right: Vec<usize>,
    /// What must hold besides.
    pub filter: Option<Condition>,
    /// A key that more records share brings nobody together.
    pub max_group: Option<usize>,
    /// Raw columns it looks at.
    pub inputs: BTreeSet<String>,
}

impl Block {
    /// Whether both records give the same columns.
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        self.left == self.right
    }
}

/// A model, compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Program {
    /// Which pairs are looked at.
    pub mode: LinkMode,
    /// Columns of a record's row.
    pub columns: Vec<Needed>,
    /// Domain of each text column: columns that are compared with each other share one.
    pub domains: Vec<Option<usize>>,
    /// Similarities.
    pub sites: Vec<Site>,
    /// Comparisons.
    pub comparisons: Vec<Comparison>,
    /// Blocking rules.
    pub blocks: Vec<Block>,
    /// What can never be one entity.
    pub never: Vec<Condition>,
}

impl Program {
    /// Compiles a model over the cleaned tables.
    ///
    /// # Errors
    /// Conditions that do not plan, no blocking rule, no comparison, more levels than fit a pattern.
    pub fn new(context: &SessionContext, model: &LinkModel, cleaned: &Cleaned) -> Result<Self> {
        let Some((_, _, rows)) = cleaned.tables.first() else {
            return Err(LinkError::usage("there is no table to link"));
        };
        let side =
            |name: &str| DFSchema::try_from_qualified_schema(TableReference::bare(name), rows.schema().as_arrow());
        let pairs = side("l")?.join(&side("r")?)?;
        for function in crate::compare::udfs() {
            context.register_udf(function);
        }
        let mut compiler = Compiler::new(context, &pairs);
        if model.comparisons.is_empty() {
            return Err(LinkError::usage("the model compares nothing; give it at least one `[[compare]]`"));
        }
        if model.blocks.is_empty() {
            return Err(LinkError::usage("the model has no blocking rule; give it at least one `[[block]]`"));
        }
        let mut blocks = Vec::new();
        for rule in &model.blocks {
            blocks.push(block(&mut compiler, rule)?);
        }
        let mut comparisons = Vec::new();
        let mut shift = 0;
        for config in &model.comparisons {
            let place = format!("comparison {}", config.name);
            let mut levels = Vec::new();
            for level in ladder::levels(config)? {
                levels.push(Level {
                    label: level.label.unwrap_or_else(|| level.condition.clone()),
                    condition: compiler.condition(&place, &level.condition)?,
                    term_frequency: match &level.term_frequency {
                        Some(field) => Some(compiler.value(&place, &format!("\"{field}\""))?),
                        None => None,
                    },
                });
            }
            let null = match &config.null {
                Some(sql) => Some(compiler.condition(&place, sql)?),
                None => None,
            };
            let bits = usize::BITS - (levels.len() + 1).leading_zeros();
            comparisons.push(Comparison {
                name: config.name.clone(),
                levels,
                null,
                household: config.household,
                inputs: BTreeSet::new(),
                shift,
                bits,
            });
            shift += bits;
        }
        if shift > 64 {
            return Err(LinkError::usage(format!(
                "the comparisons have too many levels together: {shift} bits of 64; use fewer levels"
            )));
        }
        let mut never = Vec::new();
        for sql in &model.never {
            never.push(compiler.condition("never", sql)?);
        }
        for sql in model.lifetime.iter().map(lifetime::impossible).collect::<Result<Vec<_>>>()?.iter().flatten() {
            never.push(compiler.condition("lifetime", sql)?);
        }
        let (columns, sites, joined) = (compiler.columns, compiler.sites, compiler.joined);
        let inputs = |used: &[usize]| {
            let mut found = BTreeSet::new();
            for column in used {
                for reference in columns[*column].expr.column_refs() {
                    found.extend(cleaned.lineage.get(&reference.name).cloned().unwrap_or_default());
                }
            }
            found
        };
        for comparison in &mut comparisons {
            let mut used = Vec::new();
            for level in &comparison.levels {
                level.condition.columns(&sites, &mut used);
            }
            comparison.inputs = inputs(&used);
        }
        for block in &mut blocks {
            block.inputs = inputs(&[block.left.as_slice(), block.right.as_slice()].concat());
        }
        let domains = domains(&columns, &joined);
        Ok(Self { mode: model.mode, columns, domains, sites, comparisons, blocks, never })
    }

    /// What the columns hold.
    #[must_use]
    pub fn kinds(&self) -> Vec<ColumnKind> {
        self.columns.iter().map(|column| column.kind).collect()
    }
}

fn block(compiler: &mut Compiler<'_>, rule: &jingwei_model::config::BlockingRule) -> Result<Block> {
    let name = rule.condition.clone().unwrap_or_else(|| rule.on.join(", "));
    let place = format!("blocking rule {name}");
    let mut block = Block {
        name,
        left: Vec::new(),
        right: Vec::new(),
        filter: None,
        max_group: rule.max_group,
        inputs: BTreeSet::new(),
    };
    for sql in &rule.on {
        let column = compiler.value(&place, sql)?;
        block.left.push(column);
        block.right.push(column);
    }
    let mut rest = Vec::new();
    if let Some(sql) = &rule.condition {
        let parts = match compiler.condition(&place, sql)? {
            Condition::All(parts) => parts,
            one => vec![one],
        };
        for part in parts {
            match part {
                Condition::Equal { left, right } => {
                    block.left.push(left);
                    block.right.push(right);
                }
                other => rest.push(other),
            }
        }
    }
    if block.left.is_empty() {
        return Err(LinkError::usage(format!(
            "{place} would bring every record together with every other; it needs an equality such as `l.x = r.x`"
        )));
    }
    block.filter = match rest.len() {
        0 => None,
        _ => Some(Condition::All(rest)),
    };
    Ok(block)
}

/// Numbers the domains: columns compared with each other share one.
fn domains(columns: &[Needed], joined: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut group = (0..columns.len()).collect::<Vec<_>>();
    for (left, right) in joined {
        let (from, to) = (group[*left].max(group[*right]), group[*left].min(group[*right]));
        group.iter_mut().filter(|number| **number == from).for_each(|number| *number = to);
    }
    let mut numbers: Vec<usize> = Vec::new();
    (0..columns.len())
        .map(|column| {
            (columns[column].kind == ColumnKind::Text).then(|| {
                numbers.iter().position(|number| *number == group[column]).unwrap_or_else(|| {
                    numbers.push(group[column]);
                    numbers.len() - 1
                })
            })
        })
        .collect()
}
