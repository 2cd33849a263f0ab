//! How frequent values are, kept apart from the records: a score of today must not change because somebody of the
//! same name was registered since.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::model::Program;
use crate::records::{NULL, Records};

/// How often the values of a column stand in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// By the value's number in its domain; a value that was never seen counts as one seen once.
    pub counts: Vec<u32>,
    /// Values in all.
    pub total: u64,
    /// Chance that two values drawn from the column agree.
    pub agreement: f64,
}

impl Counts {
    /// Of the records themselves.
    #[must_use]
    pub fn of(counts: Vec<u32>) -> Self {
        let total = counts.iter().map(|count| u64::from(*count)).sum();
        let squares = counts.iter().map(|count| u128::from(*count) * u128::from(*count)).sum::<u128>();
        let agreement = (squares as f64 / (u128::from(total) * u128::from(total)).max(1) as f64).max(1e-12);
        Self { counts, total, agreement }
    }

    /// Of a column's values, numbered as these records number them: as they are given, or where nothing is, as they are
    /// among the records.
    #[must_use]
    pub fn given(terms: Option<&Terms>, program: &Program, records: &Records, column: usize) -> Self {
        match terms {
            Some(terms) => terms.counts(program, records, column),
            None => Self::of(records.frequencies(column)),
        }
    }
}

/// The frequencies of the columns whose rarity counts, by the columns' names. Values are told by their hashes alone:
/// a file of what was learned holds nobody's name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    pub(super) columns: BTreeMap<String, Term>,
}

/// The frequencies of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub total: u64,
    pub agreement: f64,
    /// By the hash of the value, for those that occur more than once.
    pub counts: HashMap<u64, u32>,
}

impl Terms {
    /// The frequencies among records.
    #[must_use]
    pub fn of(program: &Program, records: &Records) -> Self {
        let mut columns = BTreeMap::new();
        for column in needed(program) {
            let Some(domain) = records.domain_of[column] else { continue };
            let Counts { counts, total, agreement } = Counts::of(records.frequencies(column));
            let counts = counts
                .iter()
                .enumerate()
                .filter(|(code, count)| *code != NULL as usize && **count > 1)
                .map(|(code, count)| (records.domains[domain].hash(code as u32), *count))
                .collect();
            columns.insert(program.columns[column].name.clone(), Term { total, agreement, counts });
        }
        Self { columns }
    }

    /// Frequencies that are told: of each column its name, how many values there are in all, the chance that two of them
    /// agree, and how often each value occurs, by its hash.
    #[must_use]
    pub fn told(columns: impl IntoIterator<Item = (String, u64, f64, HashMap<u64, u32>)>) -> Self {
        let columns = columns.into_iter();
        Self {
            columns: columns
                .map(|(name, total, agreement, counts)| (name, Term { total, agreement, counts }))
                .collect(),
        }
    }

    /// The frequencies of a column's values, numbered as these records number them.
    #[must_use]
    pub fn counts(&self, program: &Program, records: &Records, column: usize) -> Counts {
        let term = self.columns.get(&program.columns[column].name);
        match (term, records.domain_of[column]) {
            (Some(term), Some(domain)) => {
                let domain = &records.domains[domain];
                let count = |code: u32| term.counts.get(&domain.hash(code)).copied().unwrap_or(1);
                Counts {
                    counts: (0..domain.len() as u32).map(count).collect(),
                    total: term.total,
                    agreement: term.agreement,
                }
            }
            _ => Counts::of(records.frequencies(column)),
        }
    }
}

/// The columns whose rarity some level weighs.
pub fn needed(program: &Program) -> Vec<usize> {
    let mut columns = program
        .comparisons
        .iter()
        .flat_map(|comparison| comparison.levels.iter().filter_map(|level| level.term_frequency))
        .collect::<Vec<_>>();
    columns.sort_unstable();
    columns.dedup();
    columns
}
