//! `jingwei sql`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use jingwei_engine::{City, EngineError, Result, SessionSettings, adhoc, ask, plain_params, session};

use crate::args::{OutputArgs, pair};
use crate::output::{complain, write};

/// Arguments of `jingwei sql`.
#[derive(Debug, Args)]
pub struct Sql {
    /// One statement that reads; `-` or nothing reads it from standard input.
    sql: Option<String>,
    /// File with the statement.
    #[arg(short, long, conflicts_with = "sql")]
    file: Option<PathBuf>,
    /// A file as a table, name=path, or path#layer of a GeoPackage; then no project is needed.
    #[arg(long = "table", value_name = "NAME=PATH", value_parser = pair)]
    tables: Vec<(String, String)>,
    /// Value of `$name` in the statement.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Snapshot to read; the latest when absent.
    #[arg(long)]
    snapshot: Option<u64>,
    /// Tell on standard error how long it took, from opening the files to the last row written.
    #[arg(long)]
    timing: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs a statement.
///
/// # Errors
/// SQL that does not plan or run, with its place.
pub async fn run(project: &Path, args: Sql) -> Result<()> {
    let sql = match (&args.file, args.sql.as_deref()) {
        (Some(path), _) => std::fs::read_to_string(path)
            .map_err(|error| EngineError::Io { path: path.display().to_string(), error })?,
        (None, Some(sql)) if sql != "-" => sql.to_owned(),
        _ => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| EngineError::Io { path: "standard input".to_owned(), error })?;
            text
        }
    };
    let sql = sql.trim().trim_end_matches(';').to_owned();
    if sql.is_empty() {
        return Err(EngineError::usage_with_hint(
            "there is no statement",
            "write it as an argument, in a file with -f, or on standard input",
        ));
    }
    let context = if args.tables.is_empty() || project.join("config").join("jingwei.toml").is_file() {
        let city = City::open(project)?;
        let snapshot = match args.snapshot {
            Some(seq) => Some(city.store.snapshot(seq).await.map_err(|_| {
                EngineError::usage_with_hint(format!("there is no snapshot {seq}"), "`jingwei history` lists them")
            })?),
            None => city.snapshot().await?,
        };
        city.session(snapshot.as_ref(), &city.settings()).await?
    } else {
        session(&SessionSettings::default())?
    };
    let start = Instant::now();
    for (name, path) in &args.tables {
        adhoc(&context, name, path).await?;
    }
    let answer = ask(&context, &sql, plain_params(&args.params)).await?;
    write(answer, &sql, &args.output).await?;
    if args.timing {
        complain(&format!("time: {:.1} ms", start.elapsed().as_secs_f64() * 1_000.0));
    }
    Ok(())
}
