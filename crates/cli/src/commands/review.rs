//! `jingwei review`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Linked, Result, review};

use crate::output::{say, say_json};

/// Arguments of `jingwei review`.
#[derive(Debug, Args)]
pub struct Review {
    /// An element (people, housing …) or `incidents`; all when it is not told.
    linkage: Option<Linked>,
    /// Pairs to show at most.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Shows the pairs that are for people to decide.
///
/// # Errors
/// Tables that cannot be read.
pub async fn run(project: &Path, args: &Review) -> Result<()> {
    let city = City::open(project)?;
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let queue = review(&city, &context, args.linkage, args.limit).await?;
    if args.format == "json" {
        return say_json(&queue);
    }
    say(&queue.to_string());
    Ok(())
}
