//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::commands::{
    config, decide, decisions, demo, explain, geocode, history, init, integrate, link, plan, profile, quality, query,
    review, serve, sql, undo,
};

/// Joins a city's departmental data into base tables of people, land, housing, events, objects and
/// organizations, and answers SQL over them.
#[derive(Debug, Parser)]
#[command(name = "jingwei", version, propagate_version = true)]
pub struct Args {
    /// Folder of the city project.
    #[arg(long, global = true, env = "JINGWEI_PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, made from the command line")]
pub enum Command {
    /// Build a demo city, integrate it, serve it.
    Demo(demo::Demo),
    /// Make a new, commented city project.
    Init(init::Init),
    /// Tell what a departmental file holds, and propose a source configuration.
    Profile(profile::Profile),
    /// Tell what an integration would do, without doing it.
    Plan(plan::Plan),
    /// Bring the base tables up to date with the sources.
    Integrate(integrate::Integrate),
    /// Run SQL over the tables, or over files.
    Sql(sql::Sql),
    /// Run a query of the library; without a name, list them.
    Query(query::Query),
    /// Find the standard address behind each spelling.
    Geocode(geocode::Geocode),
    /// Tell why an entity is what it is, or why two records are (not) the same.
    Explain(explain::Explain),
    /// Show the pairs of records that are for people to decide.
    Review(review::Review),
    /// Decide that two records are the same, or that they differ.
    Decide(decide::Decide),
    /// List what people decided.
    Decisions(decisions::Decisions),
    /// Take back a decision, or the merge or split of an entity.
    Undo(undo::Undo),
    /// Compare the linkage with truth files: precision, recall and F1.
    Quality(quality::Quality),
    /// Link any tables with a model, without a project.
    Link(link::Link),
    /// Serve the HTTP API.
    Serve(serve::Serve),
    /// List the runs.
    History(history::History),
    /// Show or check the configuration.
    Config(config::Config),
}

/// How an answer is written.
#[derive(Debug, Clone, ClapArgs)]
pub struct OutputArgs {
    /// Format: table, json, ndjson, csv, arrow, parquet or geojson; by the file's extension with -o.
    #[arg(long)]
    pub format: Option<jingwei_engine::OutputFormat>,
    /// File to write to instead of standard output.
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

/// `name=value` on the command line.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is no name=value")),
    }
}
