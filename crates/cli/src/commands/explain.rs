//! `jingwei explain`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Result, explain_entity, explain_pair};

use crate::output::{say, say_json};

/// Arguments of `jingwei explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// An entity's id, or a record written source/record_id.
    subject: String,
    /// A second record, to be compared with the first.
    other: Option<String>,
    /// One JSON document instead of text.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Tells the evidence.
///
/// # Errors
/// No such entity or record.
pub async fn run(project: &Path, args: Explain) -> Result<()> {
    let city = City::open(project)?;
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let json = args.format == "json";
    match &args.other {
        None => {
            let explanation = explain_entity(&context, &city.project, &args.subject).await?;
            if json {
                return say_json(&explanation);
            }
            say(explanation.to_string().trim_end());
        }
        Some(other) => {
            let explanation = explain_pair(&context, &city, &args.subject, other).await?;
            if json {
                return say_json(&explanation);
            }
            say(explanation.to_string().trim_end());
        }
    }
    Ok(())
}
