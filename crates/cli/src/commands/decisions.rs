//! `jingwei decisions`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Linked, Result, decisions};

use crate::output::{say, say_json};

/// Arguments of `jingwei decisions`.
#[derive(Debug, Args)]
pub struct Decisions {
    /// An element (people, housing …) or `incidents`; all when it is not told.
    linkage: Option<Linked>,
    /// Those taken back as well.
    #[arg(long)]
    all: bool,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Lists what people decided.
///
/// # Errors
/// A history that cannot be read.
pub fn run(project: &Path, args: &Decisions) -> Result<()> {
    let city = City::open(project)?;
    let all = decisions(&city, args.linkage, args.all)?;
    if args.format == "json" {
        return say_json(&all);
    }
    for decision in &all {
        let sign = if decision.same { "=" } else { "≠" };
        let by = decision.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
        let note = decision.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
        let back = decision.taken_back_at.as_deref().map(|at| format!(", taken back {at}")).unwrap_or_default();
        say(&format!(
            "{:>5} {:<14} {} {sign} {}  {}{by}{note}{back}",
            decision.decision, decision.linkage, decision.left, decision.right, decision.at
        ));
    }
    Ok(())
}
