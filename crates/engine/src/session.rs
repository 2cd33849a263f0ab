//! The session: configuration, memory, functions and catalog composed in one place. Every door and
//! every step of the flow asks its questions here.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::cooperate::Cooperate;
use crate::error::{EngineError, Result};

/// The catalog's name.
pub const CATALOG: &str = "jingwei";
/// The schemas a session has, the first one on the search path.
pub const SCHEMAS: [&str; 7] = ["base", "clean", "raw", "quarantine", "link", "mart", "ops"];

/// Limits of a session.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Partitions a plan runs in.
    pub threads: usize,
    /// Bytes for sorts, joins and aggregates; beyond it they spill, or fail where they cannot.
    pub memory: usize,
    /// Folder for spilled data; the system's when absent.
    pub temp: Option<PathBuf>,
}

impl Default for SessionSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, memory: half_of_memory(), temp: None }
    }
}

/// Half of the machine's memory, or 2 GiB where that cannot be told.
fn half_of_memory() -> usize {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<usize>().ok()
    });
    total.map_or(2 << 30, |kilobytes| kilobytes * 1024 / 2)
}

/// A session with our functions and empty schemas.
///
/// # Errors
/// The folder for spilled data cannot be used.
pub fn session(settings: &SessionSettings) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.threads)
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMAS[0]);
    let options = config.options_mut();
    // Places in error messages need the spans of the parsed text.
    options.sql_parser.collect_spans = true;
    // The tables' declared types (Utf8, Binary) are what users and clients are promised.
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    // The rule mixes qualified and unqualified names of one column and then refuses the plan.
    options.optimizer.enable_leaf_expression_pushdown = false;
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;

    let state =
        SessionStateBuilder::new().with_config(config).with_runtime_env(runtime(settings)?).with_default_features();
    // Last, so that it sees the joins as they will run.
    let state = jingwei_geo::with_spatial_join(state).with_physical_optimizer_rule(Arc::new(Cooperate)).build();
    let context = SessionContext::new_with_state(state);
    register_functions(&context)?;
    register_schemas(&context)?;
    Ok(context)
}

/// Memory and spill space of its own, e.g. for one query of a server.
///
/// # Errors
/// The folder for spilled data cannot be used.
pub fn runtime(settings: &SessionSettings) -> Result<Arc<RuntimeEnv>> {
    let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(settings.memory));
    let mut disk = DiskManagerBuilder::default();
    if let Some(temp) = &settings.temp {
        std::fs::create_dir_all(temp).map_err(|error| EngineError::Io { path: temp.display().to_string(), error })?;
        disk.set_mode(DiskManagerMode::Directories(vec![temp.clone()]));
    }
    RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(disk)
        .build_arc()
        .map_err(EngineError::plan("setting up memory and spill space"))
}

/// Every SQL function of the house; each crate exports its own list.
fn register_functions(context: &SessionContext) -> Result<()> {
    jingwei_geo::register(context);
    for function in jingwei_standardize::functions()
        .into_iter()
        .chain(jingwei_link::functions())
        .chain(crate::functions::functions())
    {
        context.register_udf(function);
    }
    // A project's own system takes its place where there is a project.
    context.register_udf(crate::functions::metric(context, "EPSG:4548")?);
    for aggregate in jingwei_link::aggregates() {
        context.register_udaf(aggregate);
    }
    let mut state = context.state_ref().write().clone();
    datafusion_functions_json::register_all(&mut state).map_err(EngineError::plan("registering the JSON functions"))?;
    *context.state_ref().write() = state;
    Ok(())
}

fn register_schemas(context: &SessionContext) -> Result<()> {
    let catalog = Arc::new(MemoryCatalogProvider::new());
    for schema in SCHEMAS {
        catalog
            .register_schema(schema, Arc::new(MemorySchemaProvider::new()))
            .map_err(EngineError::plan("registering the schemas"))?;
    }
    context.register_catalog(CATALOG, catalog);
    Ok(())
}
