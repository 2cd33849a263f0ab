//! What a run would do: which sources are new, changed, unchanged or gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jingwei_model::Element;
use jingwei_model::config::SourceConfig;
use jingwei_model::hash::{base32, hash128};
use jingwei_source::Locator;
use jingwei_store::{Snapshot, TableName};
use serde::Serialize;

use super::{DECISIONS, INPUTS, Request, clean, fingerprint};
use crate::city::City;
use crate::decisions::{Linked, in_force};
use crate::error::{EngineError, Result};
use crate::project::{Project, nearest};

/// How a source stands against the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Never integrated.
    New,
    /// Its data or its configuration has changed, or that cannot be told (a database).
    Changed,
    /// As it was.
    Unchanged,
    /// Not asked for in this run.
    Skipped,
    /// Integrated once, configured no more: its tables go.
    Gone,
}

/// One source of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct SourcePlan {
    /// How it stands.
    pub state: SourceState,
    /// The elements it speaks of.
    pub elements: Vec<Element>,
    /// Rows of its last version.
    pub last_rows: Option<u64>,
    /// What its data and configuration are now; tells the next run whether anything changed.
    #[serde(skip)]
    pub inputs: String,
}

/// What a run would do.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Source by source.
    pub sources: BTreeMap<String, SourcePlan>,
    /// Elements whose base tables would be looked at again.
    pub elements: Vec<Element>,
    /// Elements about whose records people have decided something since.
    pub decided: BTreeSet<Element>,
}

impl SourcePlan {
    /// Whether the run reads it.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self.state, SourceState::New | SourceState::Changed)
    }
}

/// What `jingwei integrate` would do now.
///
/// # Errors
/// A missing source file or a name that is no source.
pub async fn plan(city: &City, request: &Request) -> Result<Plan> {
    against(city, city.snapshot().await?.as_ref(), request).await
}

/// Where a project's sources are looked for.
pub(super) fn locator(project: &Project) -> Locator {
    Locator {
        root: project.dir.clone(),
        options: project.city.storage.options.clone(),
        temp: std::env::temp_dir().join(format!("jingwei-{}", std::process::id())),
    }
}

pub(super) async fn against(city: &City, snapshot: Option<&Snapshot>, request: &Request) -> Result<Plan> {
    let project = &city.project;
    for name in &request.sources {
        if !project.sources.contains_key(name) {
            return Err(EngineError::Usage {
                message: format!("there is no source `{name}`"),
                hint: nearest(name, project.sources.keys())
                    .or_else(|| Some("sources are the files in config/sources".to_owned())),
            });
        }
    }
    let locator = locator(project);
    let state_of = |table: &TableName| snapshot.and_then(|snapshot| snapshot.tables.get(table));
    let mut sources = BTreeMap::new();
    for (name, config) in &project.sources {
        let last = state_of(&clean(name));
        let asked = request.sources.is_empty() || request.sources.contains(name);
        let inputs = if asked { inputs_of(name, config, &locator).await? } else { String::new() };
        let state = match last {
            _ if !asked => SourceState::Skipped,
            None => SourceState::New,
            Some(last) if request.full || last.inputs.get(INPUTS) != Some(&inputs) => SourceState::Changed,
            Some(_) => SourceState::Unchanged,
        };
        sources.insert(
            name.clone(),
            SourcePlan { state, elements: elements_of(config), last_rows: last.map(|last| last.rows), inputs },
        );
    }
    for table in snapshot.iter().flat_map(|snapshot| snapshot.tables.keys()).filter(|table| table.schema == "clean") {
        if !sources.contains_key(&table.name) {
            let last_rows = state_of(table).map(|last| last.rows);
            sources.insert(
                table.name.clone(),
                SourcePlan { state: SourceState::Gone, elements: Vec::new(), last_rows, inputs: String::new() },
            );
        }
    }
    let gone = sources.values().any(|source| source.state == SourceState::Gone);
    let mut decided = BTreeSet::new();
    let ops = city.store.ops()?;
    for linked in Linked::all() {
        let obeyed = state_of(&linked.members()).map(|members| members.inputs.get(DECISIONS));
        let now = crate::decisions::fingerprint(&in_force(&ops, linked)?);
        if obeyed.is_some_and(|obeyed| obeyed.map_or("", String::as_str) != now) {
            decided.insert(linked.element());
        }
    }
    let read = |element: &Element| sources.values().any(|source| source.is_read() && source.elements.contains(element));
    let elements =
        Element::ALL.into_iter().filter(|element| gone || read(element) || decided.contains(element)).collect();
    Ok(Plan { sources, elements, decided })
}

fn elements_of(config: &SourceConfig) -> Vec<Element> {
    Element::ALL.into_iter().filter(|element| config.records.iter().any(|record| record.element == *element)).collect()
}

/// The source's content and configuration as one word. A database tells nothing of its content, so each run reads it.
async fn inputs_of(name: &str, config: &SourceConfig, locator: &Locator) -> Result<String> {
    let content = jingwei_source::fingerprint(config, locator)
        .await
        .map_err(|error| EngineError::Source { name: name.to_owned(), error: Box::new(error) })?
        .unwrap_or_else(|| chrono::Utc::now().to_rfc3339());
    let text = format!("{}\n{}\n{content}", env!("CARGO_PKG_VERSION"), fingerprint(config)?);
    Ok(base32(hash128(text.as_bytes())))
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.sources.keys().map(String::len).max().unwrap_or_default().max(24);
        for (name, source) in &self.sources {
            let what = match source.state {
                SourceState::New => "new: will be read",
                SourceState::Changed => "changed: will be read again",
                SourceState::Unchanged => "unchanged: will be skipped",
                SourceState::Skipped => "not asked for",
                SourceState::Gone => "no longer configured: its tables will go",
            };
            let elements = source.elements.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            writeln!(f, "{}", format!("{name:<width$}  {what:<40}  {elements}").trim_end())?;
        }
        for element in &self.decided {
            writeln!(f, "{:<width$}  decided since: will be linked again", element.name())?;
        }
        if self.elements.is_empty() {
            let idle = |source: &SourcePlan| matches!(source.state, SourceState::Unchanged | SourceState::Skipped);
            let what = if self.sources.values().all(idle) { "nothing to do" } else { "no base table is touched" };
            f.write_str(what)
        } else {
            let elements = self.elements.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            write!(f, "base tables to be looked at: {elements}, and those tied to them")
        }
    }
}
