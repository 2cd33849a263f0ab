//! `jingwei geocode`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, GeocodeReport, GeocodeTask, Result, SessionSettings, adhoc, ask, geocode_file, session};

use crate::args::OutputArgs;
use crate::output::{complain, say_json, write};

/// Arguments of `jingwei geocode`.
#[derive(Debug, Args)]
pub struct Geocode {
    /// The file with the spellings.
    file: String,
    /// Its column with the spellings.
    #[arg(long, short)]
    column: String,
    /// The standard addresses: a table of the project, or a file with an id and a spelling or a column for each level;
    /// then no project is needed.
    #[arg(long, value_name = "TABLE_OR_FILE", default_value = "base.addresses")]
    against: String,
    /// Column with the id in `--against`; `id`, `address_id` or the one called like `--truth` when absent.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Column with the true id, null where there is no such address: prints how well the spellings were found, as JSON.
    #[arg(long, value_name = "COLUMN")]
    truth: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Finds the standard address behind each spelling.
///
/// # Errors
/// Files, tables or columns that are not there.
pub async fn run(project: &Path, args: Geocode) -> Result<()> {
    let has_project = project.join("config").join("jingwei.toml").is_file();
    let is_file = Path::new(&args.against).is_file() || args.against.contains(['/', '\\', '*']);
    let (context, style) = if has_project || !is_file {
        let city = City::open(project)?;
        let style = (!is_file).then_some(city.project.city.city.address);
        (city.session(city.snapshot().await?.as_ref(), &city.settings()).await?, style)
    } else {
        (session(&SessionSettings::default())?, None)
    };
    adhoc(&context, "_texts", &args.file).await?;
    if is_file {
        adhoc(&context, "_standard", &args.against).await?;
    }
    let task = GeocodeTask {
        texts: "_texts",
        column: &args.column,
        standard: if is_file { "_standard" } else { &args.against },
        id: args.id.as_deref(),
        truth: args.truth.as_deref(),
        style,
        results: "_matches",
    };
    let report = geocode_file(&context, &task).await?;
    if args.truth.is_some() {
        say_json(&report)?;
        if args.output.output.is_none() {
            return Ok(());
        }
    } else {
        complain(&summary(&report));
    }
    let sql = "SELECT * FROM _matches";
    write(ask(&context, sql, None).await?, sql, &args.output).await
}

fn summary(report: &GeocodeReport) -> String {
    format!(
        "{} of {} spellings found among {} standard addresses, {} tied, in {:.1} s",
        report.linked, report.texts, report.addresses, report.tied, report.seconds
    )
}
