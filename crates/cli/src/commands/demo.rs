//! `jingwei demo`: a city from nothing to served.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use jingwei_demo::{DemoOptions, generate};
use jingwei_engine::{City, EngineError, Request, Result, ask, integrate};

use super::serve::serve;
use crate::args::OutputArgs;
use crate::output::{complain, say, write};
use crate::progress::progress;
use crate::template;

/// Arguments of `jingwei demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder of the demo city's project.
    #[arg(long, default_value = "demo-city")]
    dir: PathBuf,
    /// Residents.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// Seed: the same seed gives the same city.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port to serve on.
    #[arg(long, default_value_t = 8020)]
    port: u16,
    /// Stop after the tables are built.
    #[arg(long)]
    no_serve: bool,
    /// Only write the departments' files and the configuration.
    #[arg(long)]
    no_integrate: bool,
}

/// Row counts of the six elements.
/// Fewer people than this have, say, nobody on a low income, and a source without rows is taken for a failed export.
const FEWEST: u64 = 400;

const COUNTS: &str = "SELECT 'people 人' AS element, count(*) AS entities FROM people
UNION ALL SELECT 'land 地', count(*) FROM land
UNION ALL SELECT 'housing 房', count(*) FROM housing
UNION ALL SELECT 'events 事', count(*) FROM events
UNION ALL SELECT 'objects 物', count(*) FROM objects
UNION ALL SELECT 'organizations 组织', count(*) FROM organizations";

/// Builds, integrates and serves a demo city.
///
/// # Errors
/// A folder that cannot be written, or one that holds something else than a demo city.
pub async fn run(args: Demo) -> Result<()> {
    let began = Instant::now();
    if args.dir.exists() && !is_demo(&args.dir) {
        return Err(EngineError::usage_with_hint(
            format!("{} holds something else than a demo city", args.dir.display()),
            "choose another folder with --dir",
        ));
    }
    if args.people < FEWEST && !args.no_integrate {
        return Err(EngineError::usage_with_hint(
            format!("a city of {} people has departments that have nothing to say", args.people),
            format!("ask for at least {FEWEST} people, or write the files alone with --no-integrate"),
        ));
    }
    for part in ["data", "truth", "config", "queries", "store"] {
        let path = args.dir.join(part);
        if path.exists() {
            std::fs::remove_dir_all(&path)
                .map_err(|error| EngineError::Io { path: path.display().to_string(), error })?;
        }
    }
    template::write(&args.dir, |_| true)?;
    template::write_file(
        &args.dir.join(MARK),
        b"This folder is made by `jingwei demo` and made anew by the next one.\n",
    )?;
    let bars = progress(false);
    bars.begin("writing the departments' files");
    let options = DemoOptions { people: args.people, seed: args.seed, ..DemoOptions::new(&args.dir) };
    let summary = tokio::task::spawn_blocking(move || generate(&options, &mut |_, _| {}))
        .await
        .map_err(|error| EngineError::Internal(format!("the generator ended: {error}")))?
        .map_err(|error| {
            if error.is_user_error() {
                EngineError::usage(error.to_string())
            } else {
                EngineError::Internal(error.to_string())
            }
        })?;
    bars.end(
        "writing the departments' files",
        &format!("{} files, {} people, {} incidents", summary.files.len(), summary.people, summary.incidents),
    );
    if args.no_integrate {
        return Ok(());
    }
    let city = City::open(&args.dir)?;
    let report = integrate(&city, &Request::default(), bars.as_ref()).await?;
    say(&report.to_string());
    let context = city.session(city.snapshot().await?.as_ref(), &city.settings()).await?;
    let answer = ask(&context, COUNTS, None).await?;
    write(answer, COUNTS, &OutputArgs { format: None, output: None }).await?;
    complain(&format!("the demo city stands in {} after {:.1} s", args.dir.display(), began.elapsed().as_secs_f64()));
    if args.no_serve {
        return Ok(());
    }
    serve(city, "127.0.0.1", args.port).await
}

/// The file that tells a demo city from other folders.
const MARK: &str = ".jingwei-demo";

fn is_demo(dir: &Path) -> bool {
    dir.join(MARK).is_file() || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}
