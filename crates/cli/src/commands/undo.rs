//! `jingwei undo`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Judge, Result, undo};

use crate::output::{say, say_json};

/// Arguments of `jingwei undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The number of a decision, or the id of an entity that was merged, split or given records in a run.
    subject: String,
    /// Who takes it back.
    #[arg(long, env = "USER")]
    by: Option<String>,
    /// Why.
    #[arg(long)]
    note: Option<String>,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Takes something back.
///
/// # Errors
/// Nothing that could be taken back.
pub async fn run(project: &Path, args: &Undo) -> Result<()> {
    let city = City::open(project)?;
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let judge = Judge { by: args.by.as_deref(), note: args.note.as_deref() };
    let undone = undo(&city, &context, &args.subject, judge).await?;
    if args.format == "json" {
        return say_json(&undone);
    }
    say(&undone.to_string());
    Ok(())
}
