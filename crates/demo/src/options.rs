//! What to generate, and what was.

use std::path::PathBuf;

use chrono::NaiveDate;

/// What to generate.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Residents.
    pub people: u64,
    /// Seed: the same seed gives the same bytes.
    pub seed: u64,
    /// The project's folder; `data/` and `truth/` are written in it.
    pub dir: PathBuf,
    /// Last day of the two years of history.
    pub until: NaiveDate,
}

impl DemoOptions {
    /// The default city in `dir`: 20,000 people, history up to 2026-06-30.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let until = NaiveDate::from_ymd_opt(2026, 6, 30).unwrap_or(NaiveDate::MIN);
        Self { people: 20_000, seed: 1, dir: dir.into(), until }
    }
}

/// What was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DemoSummary {
    /// Residents.
    pub people: u64,
    /// Households.
    pub households: u64,
    /// Inhabited communities.
    pub communities: u64,
    /// Dwellings, vacant ones included.
    pub dwellings: u64,
    /// Organizations.
    pub organizations: u64,
    /// Incidents that lead to work orders, inspection cases and alarms.
    pub incidents: u64,
    /// The files, in the order in which they were finished.
    pub files: Vec<DemoFile>,
}

/// A file of the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFile {
    /// Path within the project's folder.
    pub path: PathBuf,
    /// Rows, features or objects in it.
    pub rows: u64,
}
