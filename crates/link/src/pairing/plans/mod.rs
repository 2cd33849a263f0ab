//! Pairs made by plans of the query engine, which run on one machine or on a cluster.
//!
//! The records are written once, as a Parquet file of texts; for each blocking rule so is which record stands in which
//! group. The plan of a rule joins both and gives the records of a bucket of groups to one aggregate function:
//!
//! ```sql
//! SELECT scored_pairs(member."group", record.record, record."table", record.c0, …)
//! FROM members AS member JOIN records AS record ON member.member = record.record
//! GROUP BY member."group" / 1000
//! ```
//!
//! The function makes numbers of its records again and scores their pairs by the kernels of the linkage in memory; the
//! model and the weights are a part of it and go where it goes ([`PhysicalPairsCodec`]). Nothing else is looked up: what
//! a value's rarity is worth depends on all records, so each record brings along how frequent its values are.

mod aggregate;
mod codec;
mod tables;
mod task;

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use async_trait::async_trait;
use datafusion::logical_expr::{AggregateUDF, Expr, JoinType, lit};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext, ident};
use futures::StreamExt;
use url::Url;

use self::aggregate::udaf;
use self::task::{Task, pairs_of_list};
use super::{Learned, Pairing};
use crate::block::Groups;
use crate::decide::{Finding, Job, Pairs, ScoredPair, in_order, runs_within};
use crate::{LinkError, Result};
pub use codec::{LogicalPairsCodec, PhysicalPairsCodec};

/// Makes pairs by plans over files in a folder; on a cluster, one that every machine sees. The files are gone afterwards.
#[derive(Debug, Clone)]
pub struct Plans {
    folder: PathBuf,
}

impl Plans {
    /// Plans over files in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

/// Records whose pairs are scored together: few enough to fit into memory many times over.
const RECORDS_OF_BUCKET: usize = 50_000;

/// Bytes that a plan takes beside its rows, if it runs on this machine: what is read and sent, a few batches of all columns
/// in each thread, and what the allocator does not give back between two plans.
const WORK_OF_PLAN: u64 = 160 << 20;

#[async_trait]
impl Pairing for Plans {
    fn bytes(&self) -> u64 {
        WORK_OF_PLAN
    }

    async fn score(&self, context: &SessionContext, job: &Job<'_>, learned: Learned<'_>) -> Result<(Pairs, Vec<u64>)> {
        std::fs::create_dir_all(&self.folder).map_err(LinkError::of_file(&self.folder))?;
        let folder = own_folder(&self.folder).map_err(LinkError::of_file(&self.folder))?;
        let path = folder.path().join("records.parquet");
        let frequencies = tables::write_records(&path, job, learned.terms)?;
        let records = read(context, &path).await?;
        let (room, rows) = job.room.beside_rows();
        let job = &Job { room: &room, ..*job };
        let mut pairs = Finding::new(job.room);
        let mut looked = vec![0; job.program.blocks.len()];
        for (number, looked) in looked.iter_mut().enumerate() {
            let groups = job.blocks.of(number);
            if groups.total() == 0 {
                continue;
            }
            let path = folder.path().join(format!("rule-{number}.parquet"));
            tables::write_members(&path, &groups)?;
            let members = read(context, &path).await?;
            let function = udaf(Task::new(job, learned.weights, &frequencies, number))?;
            let numbers = numbers_of(&groups, job.records.len());
            // As many groups at a time as there is room for the rows of.
            let sizes = (0..groups.len()).map(|group| groups.group(group).len() as u64);
            let mut start = 0;
            for end in runs_within(sizes, rows as u64) {
                let run = start..end;
                start = end;
                let plan = plan(context, members.clone(), records.clone(), &function, &groups, run)?;
                let (found, count) = run_plan(plan, number).await?;
                *looked += count;
                pairs.extend(&in_order_of(&numbers, found))?;
            }
        }
        Ok((in_order(job, pairs)?, looked))
    }
}

/// A folder that is removed at the end and that only its owner may open, since it holds what records say.
fn own_folder(within: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix("pairs-").tempdir_in(within)
}

async fn read(context: &SessionContext, path: &Path) -> Result<DataFrame> {
    // As a path, a name with `*` or `[` would stand for several files.
    let url = path.canonicalize().ok().and_then(|path| Url::from_file_path(path).ok());
    let url = url.ok_or_else(|| LinkError::of_file(path)("the file that was just written is gone"))?;
    Ok(context.read_parquet(url.as_str(), ParquetReadOptions::default()).await?)
}

/// The plan of some groups of a rule: for each bucket of them the pairs that score enough. Groups of a bucket lie next to
/// each other in the file, so that they travel together.
fn plan(
    context: &SessionContext,
    members: DataFrame,
    records: DataFrame,
    scored_pairs: &AggregateUDF,
    groups: &Groups,
    run: Range<u32>,
) -> Result<DataFrame> {
    let count = run.clone().map(|group| groups.group(group as usize).len()).sum::<usize>();
    let buckets = (4 * context.state().config().target_partitions()).max(count / RECORDS_OF_BUCKET);
    let together = (run.len().div_ceil(buckets) as u32).max(1);
    let fields = records.schema().fields().iter().skip(1);
    let arguments = ["group", "record"].into_iter().chain(fields.map(|field| field.name().as_str()));
    let scored = scored_pairs.call(arguments.map(ident).collect::<Vec<Expr>>()).alias("scored");
    let bucket = ((ident("group") - lit(run.start)) / lit(together)).alias("bucket");
    let whole = run == (0..groups.len() as u32);
    let members = if whole {
        members
    } else {
        members.filter(ident("group").gt_eq(lit(run.start)).and(ident("group").lt(lit(run.end))))?
    };
    let rows = members.join(records, JoinType::Inner, &["member"], &["record"], None)?;
    Ok(rows.aggregate(vec![bucket], vec![scored])?.select(vec![ident("scored")])?)
}

/// Runs the plan of a rule. Also says how many pairs the rule brought together first.
async fn run_plan(plan: DataFrame, rule: usize) -> Result<(Vec<ScoredPair>, u64)> {
    tracing::debug!(rule, plan = %plan.logical_plan().display_indent(), "pairs by a plan");
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut batches = plan.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        looked += scored(&batch?, rule as u16, &mut found)?;
    }
    Ok((found, looked))
}

/// Reads what the aggregate function gave.
fn scored(batch: &RecordBatch, rule: u16, found: &mut Vec<ScoredPair>) -> Result<u64> {
    let column = batch.column(0).as_struct_opt();
    let parts = column.and_then(|scored| Some((scored.column(0).as_primitive_opt::<UInt64Type>()?, scored.column(1))));
    let (looked, lists) = parts.ok_or_else(|| LinkError::Internal("scored pairs of another kind".to_owned()))?;
    let lists = lists.as_list_opt::<i32>().filter(|lists| lists.null_count() == 0);
    let lists = lists.ok_or_else(|| LinkError::Internal("scored pairs that are no list".to_owned()))?;
    pairs_of_list(lists.values(), rule, found)?;
    Ok(looked.iter().flatten().sum())
}

/// The number of each record's group. A rule whose sides differ may have a record in two groups; its pairs are sorted
/// afterwards in any case.
fn numbers_of(groups: &Groups, records: usize) -> Vec<u32> {
    let mut numbers = vec![0_u32; records];
    for number in 0..groups.len() {
        groups.group(number).iter().for_each(|record| numbers[*record as usize] = number as u32);
    }
    numbers
}

/// Pairs of a rule in the order of its groups, as the kernels in memory find them.
fn in_order_of(numbers: &[u32], mut found: Vec<ScoredPair>) -> Vec<ScoredPair> {
    found.sort_unstable_by_key(|pair| (numbers[pair.left as usize], pair.right, pair.left));
    found
}
