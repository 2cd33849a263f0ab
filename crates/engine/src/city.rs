//! An opened city: its project, its store, and sessions over what is published.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use jingwei_model::Table;
use jingwei_store::{RunRecord, Snapshot, Store};

use crate::error::{EngineError, Result};
use crate::functions::{canonical_address, geocoding, metric};
use crate::project::Project;
use crate::session::{SessionSettings, session};

/// A session with a project's functions, without tables and without a store.
pub(crate) fn bare_session(project: &Project, settings: &SessionSettings) -> Result<SessionContext> {
    let context = session(settings)?;
    let style = project.city.city.address;
    let function = canonical_address(&context, style)?;
    context.register_udf(function);
    for function in geocoding(style) {
        context.register_udf(function);
    }
    context.register_udf(metric(&context, &project.city.city.metric_crs)?);
    Ok(context)
}

/// A city that can be integrated and asked.
#[derive(Debug, Clone)]
pub struct City {
    /// Configuration and queries.
    pub project: Project,
    /// The tables.
    pub store: Store,
}

impl City {
    /// Opens the project in `dir` and its store.
    ///
    /// # Errors
    /// A configuration or storage that cannot be used.
    pub fn open(dir: &Path) -> Result<Self> {
        let project = Project::open(dir)?;
        let store = Store::open(&project.store_url(), &project.city.storage.options)?;
        Ok(Self { project, store })
    }

    /// The limits of the configuration for runs and commands.
    #[must_use]
    pub fn settings(&self) -> SessionSettings {
        let default = SessionSettings::default();
        let run = &self.project.city.run;
        SessionSettings {
            threads: run.threads.unwrap_or(default.threads),
            memory: run.memory_mb.map_or(default.memory, |megabytes| megabytes << 20),
            temp: None,
        }
    }

    /// The latest published snapshot.
    ///
    /// # Errors
    /// Storage that cannot be read.
    pub async fn snapshot(&self) -> Result<Option<Snapshot>> {
        Ok(self.store.latest().await?)
    }

    /// The run history, newest first.
    ///
    /// # Errors
    /// A history file that cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRecord>> {
        Ok(self.store.ops()?.list()?)
    }

    /// A session over `snapshot`: its tables, empty base tables where none is published yet, the library's
    /// views, and `ops.runs`.
    ///
    /// # Errors
    /// Tables that cannot be opened.
    pub async fn session(&self, snapshot: Option<&Snapshot>, settings: &SessionSettings) -> Result<SessionContext> {
        let context = self.empty_session(settings)?;
        for table in Table::ALL {
            let name = jingwei_store::TableName::new("base", table.name);
            if snapshot.is_none_or(|snapshot| !snapshot.tables.contains_key(&name)) {
                let empty =
                    MemTable::try_new(table.schema(), vec![vec![]]).map_err(EngineError::plan("an empty table"))?;
                context
                    .register_table(name.to_string(), Arc::new(empty))
                    .map_err(EngineError::plan("an empty table"))?;
            }
        }
        if let Some(snapshot) = snapshot {
            for name in snapshot.tables.keys() {
                let provider = self.store.provider(snapshot, name)?;
                context
                    .register_table(name.to_string(), provider)
                    .map_err(EngineError::plan(format!("opening {name}")))?;
            }
        }
        context.register_batch("ops.runs", self.runs_batch()?).map_err(EngineError::plan("opening ops.runs"))?;
        for view in self.project.library.views_in_order()? {
            // A view over a source that is not integrated yet has no table to read; it appears with it.
            match context.sql(&view.sql).await {
                Ok(frame) => {
                    context
                        .register_table(format!("base.{}", view.name), frame.into_view())
                        .map_err(EngineError::plan(format!("registering the view `{}`", view.name)))?;
                }
                Err(error) => tracing::warn!(view = view.name, %error, "the view cannot be planned and is left out"),
            }
        }
        Ok(context)
    }

    /// A session with the city's functions and no tables.
    pub(crate) fn empty_session(&self, settings: &SessionSettings) -> Result<SessionContext> {
        let context = bare_session(&self.project, settings)?;
        self.store.register(&context.runtime_env());
        Ok(context)
    }

    fn runs_batch(&self) -> Result<RecordBatch> {
        let runs = self.runs()?;
        let text = |value: fn(&RunRecord) -> Option<String>| -> ArrayRef {
            Arc::new(runs.iter().map(value).collect::<StringArray>())
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("run_id", text(|run| Some(run.run_id.clone()))),
            ("started_at", text(|run| Some(run.started_at.clone()))),
            ("finished_at", text(|run| run.finished_at.clone())),
            ("status", text(|run| Some(run.status.name().to_owned()))),
            ("snapshot", Arc::new(runs.iter().map(|run| run.seq.map(u64::cast_signed)).collect::<Int64Array>())),
            ("report", text(|run| run.report.clone())),
        ];
        let fields = columns.iter().map(|(name, _)| {
            let kind = if *name == "snapshot" { DataType::Int64 } else { DataType::Utf8 };
            Field::new(*name, kind, true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect())
            .map_err(|error| EngineError::Internal(error.to_string()))
    }
}
