//! `jingwei config show|check`.

use std::path::Path;

use clap::{Args, Subcommand};
use jingwei_engine::{EngineError, Project, Result, rehearse_all};

use crate::output::say;

/// Arguments of `jingwei config`.
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the configuration as it is understood, variables and defaults filled in.
    Show,
    /// Check every file and try out all its SQL on empty tables; the exit code is 2 when one is wrong.
    Check,
}

/// Shows or checks the configuration.
///
/// # Errors
/// A configuration that cannot be used.
pub async fn run(project: &Path, args: &Config) -> Result<()> {
    let project = Project::open(project)?;
    match args.what {
        What::Check => {
            rehearse_all(&project).await?;
            say(&format!(
                "{}: {} sources, {} elements, {} queries; all fine",
                project.city.city.name,
                project.sources.len(),
                project.entities.len(),
                project.library.iter().count()
            ));
        }
        What::Show => {
            let toml = |error: toml::ser::Error| EngineError::Internal(error.to_string());
            say(&format!("# config/jingwei.toml\n{}", toml::to_string_pretty(&secret_free(&project)).map_err(toml)?));
            for (element, entity) in &project.entities {
                say(&format!("# config/entities, {element}\n{}", toml::to_string_pretty(entity).map_err(toml)?));
            }
            for (name, source) in &project.sources {
                let mut source = source.clone();
                source.from.url = source.from.url.map(|url| without_password(&url));
                say(&format!("# config/sources/{name}.toml\n{}", toml::to_string_pretty(&source).map_err(toml)?));
            }
        }
    }
    Ok(())
}

/// The main file with the values of storage options, which may be keys, left out.
fn secret_free(project: &Project) -> jingwei_model::config::CityConfig {
    let mut city = project.city.clone();
    for value in city.storage.options.values_mut() {
        "***".clone_into(value);
    }
    city
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.split_once('@') {
        Some((user, host)) => format!("{scheme}://{}:***@{host}", user.split(':').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}
