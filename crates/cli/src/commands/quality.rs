//! `jingwei quality`.

use std::path::{Path, PathBuf};

use clap::Args;
use jingwei_engine::{City, EngineError, Result, address_quality, incident_quality, quality};
use jingwei_model::Element;

use crate::output::{say, say_json};

/// Arguments of `jingwei quality`.
#[derive(Debug, Args)]
pub struct Quality {
    /// Folder with `<element>.csv` files of source, record, record_id, entity_id; the project's `truth` when absent.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Compares the linkage with the truth.
///
/// # Errors
/// No truth files, or nothing linked.
pub async fn run(project: &Path, args: Quality) -> Result<()> {
    let city = City::open(project)?;
    let folder = args.truth.unwrap_or_else(|| project.join("truth"));
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let mut all = Vec::new();
    for element in Element::ALL {
        let file = folder.join(format!("{element}.csv"));
        if file.is_file() {
            all.push(quality(&context, element, &file).await?);
        }
    }
    let incidents = folder.join("events_incidents.csv");
    if incidents.is_file() && context.table_exist("link.events_incidents").unwrap_or(false) {
        all.extend(incident_quality(&context, &incidents).await?);
    }
    let addresses = folder.join("addresses.csv");
    if addresses.is_file() && context.table_exist("link.address_spellings").unwrap_or(false) {
        all.push(address_quality(&context, &city.project, &addresses).await?);
    }
    if all.is_empty() {
        return Err(EngineError::usage_with_hint(
            format!("{} holds no truth file such as people.csv", folder.display()),
            "name the folder with --truth DIR",
        ));
    }
    if args.format == "json" {
        return say_json(&all);
    }
    for one in &all {
        say(&format!("{:<16} {}", one.element, one.quality));
    }
    Ok(())
}
