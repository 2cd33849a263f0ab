//! `jingwei link --base`: a linkage that was kept takes new, changed and deleted records.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{AsArray, RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{SessionContext, ident};
use jingwei_engine::{EngineError, Result, adhoc};
use jingwei_link::{Change, Edit, Incremental, Linkage, Linker, Table, record_key};
use serde_json::{Map, Value, json};

use super::decisions::{Known, decided};
use super::{Link, failed, make, write};
use crate::allocator::give_back;
use crate::output::{complain, say};

/// Where an output folder keeps its linkage.
const BASE: &str = "base";

/// Keeps a linkage for edits to come.
pub(super) async fn keep(
    context: &SessionContext,
    linker: &Linker,
    tables: &[Table],
    linkage: Linkage,
    folder: &Path,
) -> Result<()> {
    let schemas = tables.iter().map(|table| (table.name.clone(), Arc::clone(table.rows.schema().inner()))).collect();
    let base = Incremental::new(context, linker, schemas, linkage).await.map_err(failed)?;
    base.save(&folder.join(BASE)).map_err(failed)
}

/// Makes the edits that the arguments name on the linkage that a folder keeps; tells in `answer` how it went.
pub(super) async fn follow(
    args: &Link,
    context: &SessionContext,
    folder: &Path,
    tables: &[Table],
    answer: &mut Map<String, Value>,
) -> Result<(Linker, Linkage)> {
    let began = Instant::now();
    let mut base = Incremental::open(context, &folder.join(BASE)).await.map_err(failed)?;
    // Opening frees much, and no record is to wait for that.
    give_back();
    let opened = began.elapsed().as_secs_f64();
    let mut first = Vec::new();
    if let Some(path) = &args.deleted {
        first.extend(deleted(context, path).await?);
    }
    if let Some(path) = &args.decisions {
        let before = |table: &str, id: &str| base.entity_of(table, id).is_some();
        let known = Known { names: base.tables(), tables: (base.linker(), tables), before: &before };
        first.extend(decided(context, path, &known).await?.into_iter().map(Edit::Decide));
    }
    let mut changes = Vec::new();
    let mut times = Vec::new();
    let began = Instant::now();
    if args.one_by_one {
        for edit in first {
            let began = Instant::now();
            changes.extend(base.apply(vec![edit]));
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        for table in tables {
            for batch in rows(table).await? {
                for row in 0..batch.num_rows() {
                    let began = Instant::now();
                    let rows = base.read(&table.name, &batch.slice(row, 1)).await.map_err(failed)?;
                    changes.extend(base.apply(vec![Edit::Put(rows)]));
                    times.push(began.elapsed().as_secs_f64() * 1000.0);
                }
            }
        }
    } else {
        for table in tables {
            let batches = rows(table).await?;
            let schema = Arc::new(table.rows.schema().as_arrow().clone());
            let all = arrow::compute::concat_batches(&schema, &batches)
                .map_err(|error| EngineError::Internal(error.to_string()))?;
            first.push(Edit::Put(base.read(&table.name, &all).await.map_err(failed)?));
        }
        changes = base.apply(first);
    }
    let linked = began.elapsed().as_secs_f64();
    answer.insert("changed".to_owned(), json!(changes.len()));
    answer.insert("open_seconds".to_owned(), json!(opened));
    answer.insert("link_seconds".to_owned(), json!(linked));
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share).round() as usize);
    if let (Some(median), Some(most), Some(worst)) = (at(0.5), at(0.99), at(1.0)) {
        let told = json!({ "records": times.len(), "median": median, "p99": most, "worst": worst });
        answer.insert("record_milliseconds".to_owned(), told);
    }
    if let Some(folder) = &args.output {
        make(folder)?;
        write(&folder.join("changes.parquet"), told(&changes))?;
        if args.keep_base {
            base.save(&folder.join(BASE)).map_err(failed)?;
        }
    } else {
        complain("nothing is kept of this: name an output folder with -o, and --keep-base to go on from it");
    }
    let linker = base.linker().clone();
    Ok((linker, base.into_linkage()))
}

/// Tells how the edits went.
pub(super) fn say_edits(answer: &Map<String, Value>) {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
    say(&format!(
        "{} records are in another entity; opened in {:.2} s, linked in {:.3} s",
        answer.get("changed").unwrap_or(&Value::Null),
        number(answer.get("open_seconds")),
        number(answer.get("link_seconds")),
    ));
    if let Some(times) = answer.get("record_milliseconds") {
        say(&format!(
            "{} records one by one: median {:.2} ms, 99 of 100 within {:.2} ms, worst {:.2} ms",
            times["records"],
            number(times.get("median")),
            number(times.get("p99")),
            number(times.get("worst")),
        ));
    }
}

async fn rows(table: &Table) -> Result<Vec<RecordBatch>> {
    let step = EngineError::plan(format!("reading {}", table.name));
    table.rows.clone().collect().await.map_err(step)
}

/// Reads which records are no more.
async fn deleted(context: &SessionContext, path: &Path) -> Result<Vec<Edit>> {
    let shown = path.display().to_string();
    let step = || EngineError::plan(format!("reading {shown}"));
    adhoc(context, "_deleted", &shown).await?;
    let text = |name: &str| datafusion::logical_expr::cast(ident(name), DataType::Utf8);
    let rows = context
        .table("_deleted")
        .await
        .and_then(|rows| rows.select(vec![text("source"), text("record_id")]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut edits = Vec::new();
    for batch in &rows {
        let (tables, ids) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        edits.extend(tables.iter().zip(ids).filter_map(|(table, id)| Some(Edit::Delete(record_key(table?, id?)))));
    }
    Ok(edits)
}

/// `source`, `record_id`, `before` and `after`, a row a record whose entity changed.
fn told(changes: &[Change]) -> impl RecordBatchReader {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let fields = vec![text("source", false), text("record_id", false), text("before", true), text("after", true)];
    let schema = Arc::new(Schema::new(fields));
    let column = |of: fn(&Change) -> Option<&str>| -> arrow::array::ArrayRef {
        Arc::new(changes.iter().map(of).collect::<StringArray>())
    };
    let columns = vec![
        column(|change| Some(&change.table)),
        column(|change| Some(&change.id)),
        column(|change| change.before.as_deref()),
        column(|change| change.after.as_deref()),
    ];
    RecordBatchIterator::new([RecordBatch::try_new(Arc::clone(&schema), columns)], schema)
}
