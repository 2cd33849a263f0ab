//! `jingwei query`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Result, ask, bind};

use crate::args::{OutputArgs, pair};
use crate::output::{say, say_json, write};

/// Arguments of `jingwei query`.
#[derive(Debug, Args)]
pub struct Query {
    /// The query's name.
    name: Option<String>,
    /// Value of a parameter.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs a query of the library, or lists them.
///
/// # Errors
/// An unknown query or parameter, and SQL that fails.
pub async fn run(project: &Path, args: Query) -> Result<()> {
    let city = City::open(project)?;
    let Some(name) = &args.name else {
        if args.output.is_json() {
            return say_json(&city.project.library.iter().collect::<Vec<_>>());
        }
        for query in city.project.library.iter() {
            let params = query.header.params.keys().map(|name| format!(" --param {name}=…")).collect::<String>();
            let title = query
                .header
                .title_zh
                .as_ref()
                .map_or_else(|| query.header.title.clone(), |zh| format!("{} {zh}", query.header.title));
            say(&format!("{:<32} {title}{params}", query.name));
        }
        return Ok(());
    };
    let query = city.project.library.get(name)?;
    let params = bind(&query.header.params, &args.params)?;
    let params = (!query.header.params.is_empty()).then_some(params);
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let answer = ask(&context, &query.sql, params).await?;
    write(answer, &query.sql, &args.output).await
}
