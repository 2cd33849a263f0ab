//! `jingwei integrate`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Request, Result, integrate};

use crate::output::{say, say_json};
use crate::progress::progress;

/// Arguments of `jingwei integrate`.
#[derive(Debug, Args)]
pub struct Integrate {
    /// Only this source; may be given several times.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// Read and build everything anew, changed or not.
    #[arg(long)]
    full: bool,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
    /// No progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Brings the base tables up to date.
///
/// # Errors
/// A project or source that cannot be read; then nothing has changed.
pub async fn run(project: &Path, args: Integrate) -> Result<()> {
    let city = City::open(project)?;
    let progress = progress(args.quiet);
    let report = integrate(&city, &Request { sources: args.sources, full: args.full }, progress.as_ref()).await?;
    if args.format == "json" {
        return say_json(&report);
    }
    say(&report.to_string());
    Ok(())
}
