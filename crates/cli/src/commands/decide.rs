//! `jingwei decide`.

use std::path::{Path, PathBuf};

use clap::Args;
use jingwei_engine::{City, EngineError, Judge, Result, Verdict, decide, verdicts};

use crate::output::say;

/// Arguments of `jingwei decide`.
#[derive(Debug, Args)]
pub struct Decide {
    /// A record, source/record_id or source/record/record_id.
    #[arg(required_unless_present = "file", requires = "right")]
    left: Option<String>,
    /// Another record.
    #[arg(requires = "verdict")]
    right: Option<String>,
    /// Whether they are the same.
    #[arg(value_parser = ["same", "different"])]
    verdict: Option<String>,
    /// A file of decisions with the columns left, right and same.
    #[arg(long, conflicts_with = "left")]
    file: Option<PathBuf>,
    /// The question is whether two events tell of one incident.
    #[arg(long)]
    incidents: bool,
    /// Who decides.
    #[arg(long, env = "USER")]
    by: Option<String>,
    /// Why.
    #[arg(long)]
    note: Option<String>,
}

/// Keeps what somebody decided.
///
/// # Errors
/// Records that are not there, and what contradicts other decisions.
pub async fn run(project: &Path, args: &Decide) -> Result<()> {
    let city = City::open(project)?;
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let all = match (&args.file, &args.left, &args.right, &args.verdict) {
        (Some(file), ..) => verdicts(&context, file).await?,
        (None, Some(left), Some(right), Some(verdict)) => {
            vec![Verdict { left: left.clone(), right: right.clone(), same: verdict == "same" }]
        }
        _ => return Err(EngineError::usage("name two records and say `same` or `different`, or give a --file")),
    };
    let judge = Judge { by: args.by.as_deref(), note: args.note.as_deref() };
    let numbers = decide(&city, &context, &all, args.incidents, judge).await?;
    let kept = match numbers.as_slice() {
        [] => "nothing to decide".to_owned(),
        [one] => format!("decision {one} is kept"),
        [first, .., last] => format!("decisions {first} to {last} are kept"),
    };
    say(&format!("{kept}; the next `jingwei integrate` obeys"));
    Ok(())
}
