//! `jingwei plan`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Request, Result, plan};

use crate::output::{say, say_json};

/// Arguments of `jingwei plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Only this source; may be given several times.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// As if everything had changed.
    #[arg(long)]
    full: bool,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Tells what an integration would do.
///
/// # Errors
/// A project or source that cannot be read.
pub async fn run(project: &Path, args: Plan) -> Result<()> {
    let city = City::open(project)?;
    let plan = plan(&city, &Request { sources: args.sources, full: args.full }).await?;
    if args.format == "json" {
        return say_json(&plan);
    }
    say(&plan.to_string());
    Ok(())
}
