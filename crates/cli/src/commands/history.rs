//! `jingwei history`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Result};

use crate::output::{say, say_json};

/// Arguments of `jingwei history`.
#[derive(Debug, Args)]
pub struct History {
    /// Runs to list at most.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Lists the runs, newest first.
///
/// # Errors
/// A history that cannot be read.
pub fn run(project: &Path, args: &History) -> Result<()> {
    let city = City::open(project)?;
    let runs = city.runs()?.into_iter().take(args.limit).collect::<Vec<_>>();
    if args.format == "json" {
        return say_json(&runs);
    }
    say(&format!("{:<24} {:<12} {:>9} {}", "run", "status", "snapshot", "what"));
    for run in &runs {
        let seq = run.seq.map(|seq| seq.to_string()).unwrap_or_default();
        let what = match serde_json::from_str::<jingwei_engine::RunReport>(run.report.as_deref().unwrap_or_default()) {
            Ok(report) => {
                format!("{} rows of {} sources in {:.1} s", report.rows(), report.sources.len(), report.seconds)
            }
            Err(_) => run.report.as_deref().and_then(|report| report.lines().next()).unwrap_or_default().to_owned(),
        };
        say(&format!("{:<24} {:<12} {seq:>9} {what}", run.run_id, run.status.name()));
    }
    Ok(())
}
