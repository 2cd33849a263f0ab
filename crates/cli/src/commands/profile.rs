//! `jingwei profile`.

use std::path::PathBuf;

use clap::Args;
use jingwei_engine::{EngineError, Result};
use jingwei_source::Locator;

use crate::output::{say, say_json};

/// Arguments of `jingwei profile`.
#[derive(Debug, Args)]
pub struct Profile {
    /// The file.
    file: String,
    /// One JSON document instead of text, or only the proposed configuration.
    #[arg(long, value_parser = ["text", "json", "toml"], default_value = "text")]
    format: String,
}

/// Tells what a file holds and proposes its configuration.
///
/// # Errors
/// A file that cannot be read.
pub async fn run(args: Profile) -> Result<()> {
    let failed = |error| EngineError::Source { name: args.file.clone(), error: Box::new(error) };
    let locator = Locator {
        root: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        options: std::collections::BTreeMap::new(),
        temp: std::env::temp_dir().join(format!("jingwei-{}", std::process::id())),
    };
    let profile = jingwei_source::profile(&args.file, &locator).await.map_err(failed)?;
    match args.format.as_str() {
        "json" => say_json(&profile)?,
        "toml" => say(&profile.to_toml()),
        _ => {
            say(&profile.render());
            say("");
            say("# a proposal for config/sources/<name>.toml");
            say(&profile.to_toml());
        }
    }
    Ok(())
}
