//! `jingwei link`.

mod decisions;
mod edits;

use std::collections::HashMap;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{AsArray, RecordBatchReader};
use arrow::datatypes::DataType;
use clap::Args;
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt;
use jingwei_engine::{EngineError, Result, SessionSettings, adhoc, session};
use jingwei_link::{
    LinkError, LinkReport, Linkage, Linker, Quality, ReportOptions, Table, Trained, cpu_seconds, evaluate, suggest,
};
use jingwei_model::config::{LinkModel, parse};
use jingwei_model::hash::hash64;
use serde_json::{Map, Value, json};

use self::decisions::{Known, decided};
use crate::allocator::give_back;
use crate::output::{complain, say, say_json};

/// Arguments of `jingwei link`.
#[derive(Debug, Args)]
pub struct Link {
    /// Files with the records, each a table named like the file.
    #[arg(required_unless_present = "deleted")]
    files: Vec<PathBuf>,
    /// The linkage model.
    #[arg(long, required_unless_present_any = ["suggest", "base"])]
    model: Option<PathBuf>,
    /// Link without a model: one is made up from what the columns hold.
    #[arg(long, conflicts_with = "model")]
    suggest: bool,
    /// File to write the model to that was made up.
    #[arg(long, value_name = "MODEL.toml", requires = "suggest")]
    save_model: Option<PathBuf>,
    /// File for a report of the linkage, an HTML page that needs nothing else.
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Two records, by their ids, whose score is explained part by part.
    #[arg(long, num_args = 2, value_names = ["RECORD", "RECORD"], action = clap::ArgAction::Append)]
    explain: Vec<String>,
    /// File with what people decided: columns `left_id`, `right_id` and `same`, and `left_source` and `right_source`
    /// where several tables have an id.
    #[arg(long)]
    decisions: Option<PathBuf>,
    /// File with pairs of which it is known whether they are the same, as for --decisions: they teach the weights and
    /// force nothing.
    #[arg(long, conflicts_with_all = ["weights", "base"])]
    labels: Option<PathBuf>,
    /// File to write the learned weights to, with everything else that scores depend on.
    #[arg(long, value_name = "WEIGHTS.parquet")]
    save_weights: Option<PathBuf>,
    /// Learn nothing and take the weights that --save-weights wrote.
    #[arg(long, value_name = "WEIGHTS.parquet", conflicts_with = "suggest")]
    weights: Option<PathBuf>,
    /// Make and score the pairs by plans of the query engine over files in this folder, which is how a cluster does it. The
    /// same is found; on one machine it takes longer.
    #[arg(long, value_name = "DIR", conflicts_with = "base")]
    by_plans: Option<PathBuf>,
    /// Keep the linkage in the output folder, so that it can take edits with --base.
    #[arg(long, requires = "output")]
    keep_base: bool,
    /// Output folder of a linkage that was kept: the files hold new and changed records of its tables.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["model", "suggest", "weights"])]
    base: Option<PathBuf>,
    /// File with records that are no more: columns `source` and `record_id`, as in members.parquet.
    #[arg(long, requires = "base")]
    deleted: Option<PathBuf>,
    /// Link the records one after another and tell how long each takes.
    #[arg(long, requires = "base")]
    one_by_one: bool,
    /// File with the truth: precision, recall and F1 are told.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// Columns of the truth file: the record's id and its entity's.
    #[arg(long, value_delimiter = ',', default_value = "record_id,entity_id", num_args = 1)]
    truth_columns: Vec<String>,
    /// Folder for members.parquet and edges.parquet.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// text or json.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Links tables with a model, without a project; or records with a linkage that was kept.
///
/// # Errors
/// Files that cannot be read, and a model that does not fit them.
pub async fn run(args: Link) -> Result<()> {
    let began = Instant::now();
    let context = session(&SessionSettings::default())?;
    let mut tables = Vec::new();
    for file in &args.files {
        let name = stem(file)?;
        if tables.iter().any(|table: &Table| table.name == name) {
            return Err(EngineError::usage(format!("two files are named `{name}`")));
        }
        adhoc(&context, &name, &file.display().to_string()).await?;
        let rows = context
            .table(datafusion::common::TableReference::bare(name.clone()))
            .await
            .map_err(EngineError::plan(format!("reading {}", file.display())))?;
        tables.push(Table { name, rows });
    }
    // Standard output is one document then, and a program that reads it has no use for what goes on; a person has.
    let quiet = args.format == "json" && !stderr().is_terminal();
    let mut answer = Map::new();
    let (linker, mut linkage) = match &args.base {
        Some(folder) => edits::follow(&args, &context, folder, &tables, &mut answer).await?,
        None => anew(&args, &context, &tables, quiet).await?,
    };
    let wall = began.elapsed().as_secs_f64();
    // Before the truth is read, which is none of the linkage's.
    let (cpu, peak) = (cpu_seconds(), peak_mb());
    if args.truth.is_some() || args.output.is_some() {
        give_back();
        linkage.recall_ids();
    }
    let quality = match &args.truth {
        Some(path) => Some(compare(&context, &linkage, path, &args.truth_columns).await?),
        None => None,
    };
    for warning in &linkage.report.warnings {
        complain(&format!("warning: {warning}"));
    }
    if let Some(path) = &args.save_weights {
        linkage.trained().save(path).map_err(failed)?;
    }
    if let Some(folder) = &args.output {
        make(folder)?;
        write(&folder.join("members.parquet"), linkage.members())?;
        write(&folder.join("edges.parquet"), linkage.edge_table())?;
    }
    if let Some(path) = &args.report {
        let quality = quality.map(|quality| [quality.precision, quality.recall, quality.f1]);
        write_text(path, &linkage.html(&ReportOptions { title: linker.title().map(str::to_owned), quality }))?;
    }
    let mut explanations = Vec::new();
    for pair in args.explain.chunks_exact(2) {
        let find = |id: &str| linkage.find(id).map_err(EngineError::usage);
        explanations.push(linkage.explain(find(&pair[0])?, find(&pair[1])?));
    }
    answer.insert("records".to_owned(), json!(linkage.report.records));
    answer.insert("entities".to_owned(), json!(linkage.report.entities));
    if let Some(quality) = &quality {
        answer.insert("precision".to_owned(), json!(quality.precision));
        answer.insert("recall".to_owned(), json!(quality.recall));
        answer.insert("f1".to_owned(), json!(quality.f1));
    }
    answer.insert("cpu_seconds".to_owned(), json!(cpu));
    answer.insert("wall_seconds".to_owned(), json!(wall));
    answer.insert("peak_rss_mb".to_owned(), json!(peak));
    answer.insert("seconds".to_owned(), json!(linkage.report.seconds));
    answer.insert("phase_cpu_seconds".to_owned(), json!(linkage.report.cpu_seconds));
    answer.insert("pairs".to_owned(), json!(linkage.report.pairs));
    answer.insert("review".to_owned(), json!(linkage.report.review));
    answer.insert("weights".to_owned(), json!(linkage.weights));
    if !explanations.is_empty() {
        answer.insert("explanations".to_owned(), json!(explanations));
    }
    if args.format == "json" {
        say_json(&Value::Object(answer))?;
    } else {
        say(&format!("{} records, {} entities", linkage.report.records, linkage.report.entities));
        if let Some(quality) = quality {
            say(&quality.to_string());
        }
        if args.base.is_some() {
            edits::say_edits(&answer);
        }
        say(&phases(&linkage.report, (wall, cpu, peak)));
        for explanation in &explanations {
            say(&format!("\n{explanation}"));
        }
    }
    if let (Some(folder), true, None) = (&args.output, args.keep_base, &args.base) {
        edits::keep(&context, &linker, &tables, linkage, folder).await?;
    }
    Ok(())
}

/// Links the tables by a model that is given, or made up.
async fn anew(args: &Link, context: &SessionContext, tables: &[Table], quiet: bool) -> Result<(Linker, Linkage)> {
    let model = match &args.model {
        Some(path) => read_model(path)?,
        None => {
            let suggestion = suggest(tables, &labels(args)).await.map_err(failed)?;
            for note in &suggestion.notes {
                complain(&format!("  {note}"));
            }
            suggestion.model
        }
    };
    if let Some(path) = &args.save_model {
        let text = toml::to_string(&model).map_err(|error| EngineError::Internal(error.to_string()))?;
        write_text(path, &text)?;
    }
    let names = tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>();
    let mut linker = Linker::new(model);
    let read = linker.clone();
    let known = Known { names: &names, tables: (&read, tables), before: &|_, _| false };
    if let Some(path) = &args.decisions {
        linker = linker.with_decisions(decided(context, path, &known).await?);
    }
    if let Some(path) = &args.labels {
        let labels = decisions::read(context, path, &known).await?;
        linker = linker.with_labels(labels.into_iter().map(|pair| pair.decision).collect());
    }
    if let Some(path) = &args.weights {
        linker = linker.with_trained(Arc::new(Trained::open(path).map_err(failed)?));
    }
    if let Some(folder) = &args.by_plans {
        linker = linker.by_plans(folder);
    }
    let progress = |phase: &str| {
        if !quiet {
            complain(&format!("{phase} …"));
        }
    };
    let linkage = linker.link(context, tables.to_vec(), &progress).await.map_err(failed)?;
    Ok((linker, linkage))
}

/// The wall seconds of each phase, in the order in which they come, and what all took.
fn phases(report: &LinkReport, (wall, cpu, peak): (f64, f64, u64)) -> String {
    const ORDER: [&str; 6] = ["clean", "block", "train", "score", "cluster", "households"];
    let known = ORDER.iter().filter_map(|phase| Some((*phase, *report.seconds.get(phase)?)));
    let others = report.seconds.iter().filter(|(phase, _)| !ORDER.contains(phase)).map(|(phase, time)| (*phase, *time));
    let each = known.chain(others).map(|(phase, seconds)| format!("{phase} {seconds:.2}")).collect::<Vec<_>>();
    let all = format!("{wall:.2} s in all, {cpu:.2} s of CPU, {peak} MiB");
    if each.is_empty() { all } else { format!("{} s; {all}", each.join(", ")) }
}

fn failed(error: LinkError) -> EngineError {
    EngineError::Link { element: "records".to_owned(), error: Box::new(error) }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| EngineError::Io { path: folder.display().to_string(), error })
}

fn read_model(path: &Path) -> Result<LinkModel> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| EngineError::Io { path: name.clone(), error })?;
    parse(&name, &text, |variable| std::env::var(variable).ok()).map_err(|error| EngineError::Config(Box::new(error)))
}

/// Columns that hold the truth: a model that is made up must not see the entity's, should it stand in the data.
fn labels(args: &Link) -> Vec<String> {
    if args.truth.is_some() { args.truth_columns.iter().skip(1).cloned().collect() } else { Vec::new() }
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    let io = |error| EngineError::Io { path: path.display().to_string(), error };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text).map_err(io)?;
    std::fs::rename(&partial, path).map_err(io)
}

fn stem(file: &Path) -> Result<String> {
    file.file_stem()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .ok_or_else(|| EngineError::usage(format!("{} has no name", file.display())))
}

async fn compare(context: &SessionContext, linkage: &Linkage, path: &Path, columns: &[String]) -> Result<Quality> {
    let shown = path.display().to_string();
    let step = || EngineError::plan(format!("reading {shown}"));
    adhoc(context, "_truth", &shown).await?;
    let columns = match columns {
        [record, entity] => vec![ident(record.as_str()), ident(entity.as_str())],
        _ => return Err(EngineError::usage("--truth-columns takes two names: the record's id and its entity's")),
    };
    let mut rows = context
        .table("_truth")
        .await
        .and_then(|truth| truth.select(columns))
        .map_err(step())?
        .execute_stream()
        .await
        .map_err(step())?;
    // Both by their hashes: of a whole city they are more text than memory holds. Of 50 million ids two are taken for one
    // with a chance of 1 to 10,000, which would move one record.
    let mut truth: HashMap<u64, u64> = HashMap::new();
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(step())?;
        let cast = |column: usize| {
            arrow::compute::cast(batch.column(column), &DataType::Utf8)
                .map_err(|error| EngineError::Internal(error.to_string()))
        };
        let (ids, entities) = (cast(0)?, cast(1)?);
        let known = ids.as_string::<i32>().iter().zip(entities.as_string::<i32>());
        truth.extend(known.filter_map(|(id, entity)| Some((hash64(id?.as_bytes()), hash64(entity?.as_bytes())))));
    }
    let (records, root) = (&linkage.records, &linkage.entities.root);
    let real = |record: u32| truth.get(&hash64(records.id_of(record).as_bytes()));
    Ok(evaluate((0..).zip(root).filter_map(|(record, root)| Some((*root, *real(record)?)))))
}

/// Writes a table as Parquet; the file is only left behind whole.
fn write(path: &Path, mut rows: impl RecordBatchReader) -> Result<()> {
    let io = |error| EngineError::Io { path: path.display().to_string(), error };
    let partial = path.with_extension("parquet.partial");
    let file = std::fs::File::create(&partial).map_err(io)?;
    let broken = |error: parquet::errors::ParquetError| EngineError::Internal(error.to_string());
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, rows.schema(), None).map_err(broken)?;
    rows.try_for_each(|rows| writer.write(&rows?)).map_err(broken)?;
    writer.close().map_err(broken)?;
    std::fs::rename(&partial, path).map_err(io)
}

/// The most memory this process has had, in MiB.
fn peak_mb() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes / 1024)
}
