//! The integration, from departmental files to base tables, in one function: [`weave`].
//!
//! Everything a run writes is staged and published together; a run that fails or is killed leaves the last
//! snapshot in force.

mod addresses;
mod areas;
mod base;
mod build;
mod incidents;
mod land;
mod linkage;
mod plan;
mod records;
mod relations;
mod reports;
mod spellings;
mod ties;

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use datafusion::prelude::SessionContext;
use jingwei_model::Element;
use jingwei_model::hash::{base32, hash128};
use jingwei_store::{Run, RunStatus, TableName};

pub(crate) use linkage::{incident_config, records_of_event};
pub use plan::{Plan, SourcePlan, SourceState, plan};
pub(crate) use records::{Scope, filled_columns, linked_columns, records};
pub(crate) use reports::reports;
pub(crate) use ties::Lookups;

use crate::city::City;
use crate::error::{EngineError, Result};
use crate::progress::Progress;
use crate::project::Project;
use crate::rehearsal::rehearse;
use crate::report::{RunReport, peak_memory_mb};

/// What an integration is asked to do.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only these sources are looked at; all when empty.
    pub sources: Vec<String>,
    /// Everything is read and built anew, changed or not.
    pub full: bool,
}

/// Brings the base tables up to date with the sources.
///
/// # Errors
/// A source that cannot be read or does not fit its configuration, and storage that fails; then nothing is published.
pub async fn integrate(city: &City, request: &Request, progress: &dyn Progress) -> Result<RunReport> {
    rehearse(&city.project).await?;
    let started = Utc::now();
    let run_id = started.format("%Y%m%dT%H%M%S%6fZ").to_string();
    let run = city.store.begin(&run_id).await?;
    let ops = city.store.ops()?;
    ops.start(&run_id, &started.to_rfc3339())?;
    let outcome = weave(city, request, run, &run_id, progress).await;
    let finished = Utc::now().to_rfc3339();
    match &outcome {
        Ok((report, seq)) => {
            let report = serde_json::to_string(report).map_err(|error| EngineError::Internal(error.to_string()))?;
            ops.finish(&run_id, &finished, RunStatus::Done, *seq, &report)?;
        }
        Err(error) => ops.finish(&run_id, &finished, RunStatus::Failed, None, &error.to_string())?,
    }
    outcome.map(|(report, _)| report)
}

/// One run: sources → clean rows → records → entities → base tables → one snapshot.
async fn weave(
    city: &City,
    request: &Request,
    run: Run,
    run_id: &str,
    progress: &dyn Progress,
) -> Result<(RunReport, Option<u64>)> {
    let plan = plan::against(city, run.base(), request).await?;
    let mut flow = Flow::begin(city, request, run, run_id, progress)?;
    flow.land(&plan).await?; //           source → standardize → raw, clean, quarantine
    flow.link(&[Element::Areas]).await?; // polygons first: everything else is placed in them
    flow.build_areas().await?;
    flow.link(&PLACED).await?; //         records → members, edges, id history
    flow.build_addresses().await?; //     every spelling → its standard address, with a point
    flow.build_base(&PLACED[..5]).await?; // survivors, placed and dated → base tables
    flow.tie_incidents().await?; //       reports of one incident, now that it is known where they happened
    flow.build_base(&PLACED[5..]).await?; // events, with the incident they are a report of
    flow.build_relations().await?; //     who lives where, who owns what
    flow.publish().await
}

/// The elements that lie in areas; events last, which happen to all the others.
const PLACED: [Element; 6] =
    [Element::Land, Element::Housing, Element::Organizations, Element::People, Element::Objects, Element::Events];

/// A run at work.
struct Flow<'a> {
    city: &'a City,
    /// The project, with the sources that have a clean table.
    project: Project,
    request: &'a Request,
    run: Run,
    context: SessionContext,
    progress: &'a dyn Progress,
    report: RunReport,
    began: Instant,
    /// Local time of the city in microseconds: what `valid_from` and `updated_at` say.
    now: i64,
    areas: Option<areas::Areas>,
    lookups: Option<Arc<Lookups>>,
    written: bool,
}

impl<'a> Flow<'a> {
    fn begin(city: &'a City, request: &'a Request, run: Run, run_id: &str, progress: &'a dyn Progress) -> Result<Self> {
        let zone: chrono_tz::Tz = city.project.city.city.time_zone.parse().map_err(|_| {
            EngineError::usage_with_hint(
                format!("config/jingwei.toml: `{}` is no time zone", city.project.city.city.time_zone),
                "write an IANA name such as Asia/Shanghai",
            )
        })?;
        let now = Utc::now();
        let context = city.empty_session(&city.settings())?;
        // The areas are joined with by every table that lies in them.
        jingwei_geo::keep_indexes(context.state_ref().write().config_mut());
        for (name, _) in run.tables() {
            context
                .register_table(name.to_string(), run.read(name)?)
                .map_err(EngineError::plan(format!("opening {name}")))?;
        }
        Ok(Self {
            city,
            project: city.project.clone(),
            request,
            run,
            context,
            progress,
            report: RunReport { run_id: run_id.to_owned(), started_at: now.to_rfc3339(), ..RunReport::default() },
            began: Instant::now(),
            now: now.with_timezone(&zone).naive_local().and_utc().timestamp_micros(),
            areas: None,
            lookups: None,
            written: false,
        })
    }

    /// Makes a table's new state readable for the steps that follow.
    fn reopen(&mut self, table: &TableName) -> Result<()> {
        let step = || EngineError::plan(format!("opening {table}"));
        self.context.deregister_table(table.to_string()).map_err(step())?;
        self.context.register_table(table.to_string(), self.run.read(table)?).map_err(step())?;
        self.written = true;
        Ok(())
    }

    /// Names the state of everything a table is made from; equal names mean that it need not be made again.
    fn inputs(&self, tables: impl IntoIterator<Item = TableName>, configuration: &str) -> String {
        let mut text = format!("{}\n{configuration}\n", env!("CARGO_PKG_VERSION"));
        for table in tables {
            let state = self.run.state(&table).map(|state| (state.version, state.changed_at.as_str()));
            text.push_str(&format!("{table} {state:?}\n"));
        }
        base32(hash128(text.as_bytes()))
    }

    /// Whether a table was made from `inputs` already.
    fn is_made_from(&self, table: &TableName, inputs: &str) -> bool {
        !self.request.full
            && self.run.state(table).is_some_and(|state| state.inputs.get(INPUTS).is_some_and(|made| made == inputs))
    }

    fn phase(&mut self, name: &str, began: Instant, summary: &str) {
        *self.report.phases.entry(name.to_owned()).or_default() += began.elapsed().as_secs_f64();
        self.progress.end(name, summary);
    }

    /// Ends the run: everything becomes visible at once, or, if nothing was written, stays as it is.
    async fn publish(mut self) -> Result<(RunReport, Option<u64>)> {
        self.report.seconds = self.began.elapsed().as_secs_f64();
        self.report.peak_memory_mb = peak_memory_mb();
        if !self.report.adds_up() {
            return Err(EngineError::Internal("rows read are not rows clean plus rows quarantined".to_owned()));
        }
        if !self.written {
            return Ok((self.report, self.run.base().map(|base| base.seq)));
        }
        let report = serde_json::to_value(&self.report).map_err(|error| EngineError::Internal(error.to_string()))?;
        let snapshot = self.run.publish(report).await?;
        Ok((self.report, Some(snapshot.seq)))
    }
}

/// The name under which a table notes what it was made from.
const INPUTS: &str = "made_from";
/// The name under which members note the decisions that they obey.
const DECISIONS: &str = "decisions";

/// A table's state input map.
fn made_from(inputs: String) -> std::collections::BTreeMap<String, String> {
    std::collections::BTreeMap::from([(INPUTS.to_owned(), inputs)])
}

/// The clean table of a source.
fn clean(source: &str) -> TableName {
    TableName::new("clean", source)
}

/// A schema as JSON text, for fingerprints of configurations.
fn fingerprint<T: serde::Serialize>(configuration: &T) -> Result<String> {
    serde_json::to_string(configuration).map_err(|error| EngineError::Internal(error.to_string()))
}
