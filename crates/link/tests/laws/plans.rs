//! Pairs by plans of the query engine, here and on a machine that gets nothing but their bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::DefaultLogicalExtensionCodec;
use datafusion_proto::physical_plan::DefaultPhysicalExtensionCodec;
use jingwei_link::{Linkage, Linker, LogicalPairsCodec, PhysicalPairsCodec};
use proptest::prelude::*;

use super::labels::labels;
use super::limits::{least, limited};
use super::support::*;

/// Has plans made and run as a cluster does: a scheduler reads the logical plan and plans it, an executor reads the
/// physical plan, and neither knows anything of the session that asks.
#[derive(Debug)]
struct Elsewhere {
    plans: AtomicUsize,
    /// Where the files are.
    folder: PathBuf,
}

#[async_trait::async_trait]
impl QueryPlanner for Elsewhere {
    async fn create_physical_plan(&self, plan: &LogicalPlan, asks: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        self.plans.fetch_add(1, Ordering::Relaxed);
        assert_private(&self.folder);
        let codec = LogicalPairsCodec::new(Arc::new(DefaultLogicalExtensionCodec {}));
        let bytes = logical_plan_to_bytes_with_extension_codec(plan, &codec)?;
        let scheduler = SessionContext::new_with_config(asks.config().clone());
        let plan = logical_plan_from_bytes_with_extension_codec(&bytes, &scheduler.task_ctx(), &codec)?;
        let plan = scheduler.state().create_physical_plan(&plan).await?;
        let codec = PhysicalPairsCodec::new(Arc::new(DefaultPhysicalExtensionCodec {}));
        let bytes = physical_plan_to_bytes_with_extension_codec(plan, &codec)?;
        physical_plan_from_bytes_with_extension_codec(&bytes, &SessionContext::new().task_ctx(), &codec)
    }
}

/// What lies in a folder is closed to everybody else.
fn assert_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let inside =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777);
    assert_eq!(inside.collect::<Vec<_>>(), [0o700]);
}

/// A session of so many partitions and rows a batch.
fn session(partitions: usize, rows: usize) -> SessionStateBuilder {
    let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(rows);
    SessionStateBuilder::new().with_default_features().with_config(config)
}

fn run_in(context: &SessionContext, linker: &Linker, data: &Data) -> Linkage {
    RUNTIME.block_on(linker.link(context, tables(data), &|_| {})).unwrap()
}

fn assert_same(planned: &Linkage, linkage: &Linkage) {
    assert_eq!(planned.weights, linkage.weights);
    assert_eq!(planned.pairs.to_vec(), linkage.pairs.to_vec());
    assert_eq!(members(planned), members(linkage));
    assert_eq!(planned.edges().collect::<Vec<_>>(), linkage.edges().collect::<Vec<_>>());
    let looked = |linkage: &Linkage| linkage.report.pairs.iter().map(|rule| rule.pairs).collect::<Vec<_>>();
    assert_eq!(looked(planned), looked(linkage));
}

#[test]
fn plans_that_run_elsewhere_find_the_pairs_that_kernels_find_here() {
    let made = tempfile::tempdir().unwrap();
    // A name that as a pattern or as a part of an address would mean something else.
    let folder = made.path().join("plans [1] *.parquet %20");
    let data = families(400);
    for (rows, partitions) in [(8192, 1), (100, 3)] {
        let elsewhere = Arc::new(Elsewhere { plans: AtomicUsize::new(0), folder: folder.clone() });
        let state = session(partitions, rows).with_query_planner(Arc::clone(&elsewhere) as _).build();
        let planned = run_in(&SessionContext::new_with_state(state), &linker(PERSONS).by_plans(&folder), &data);
        let here = run(&linker(PERSONS), &data);
        let rules = here.report.pairs.iter().filter(|rule| rule.pairs > 0).count();
        assert!(here.pairs.len() > 200 && rules >= 3, "{} pairs by {rules} rules", here.pairs.len());
        assert!(elsewhere.plans.load(Ordering::Relaxed) >= rules, "every rule has a plan");
        assert_same(&planned, &here);
    }
    assert_eq!(folder.read_dir().unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn plans_find_the_pairs_that_kernels_find_within_a_limit_on_memory_and_taught_by_labels() {
    let folder = tempfile::tempdir().unwrap();
    let data = families(8000);
    let labels = labels(&data, true).into_iter().step_by(9).collect::<Vec<_>>();
    // Plans need more, and tell so.
    let most = least(&limited(1).by_plans(folder.path()), &data);
    assert!(most > least(&limited(1), &data) + 100, "{most} MiB");
    let limited = limited(most + 1);
    let linker = limited.clone().with_labels(labels.clone());
    let elsewhere = Arc::new(Elsewhere { plans: AtomicUsize::new(0), folder: folder.path().to_owned() });
    let state = session(2, 8192).with_query_planner(Arc::clone(&elsewhere) as _).build();
    let planned = run_in(&SessionContext::new_with_state(state), &linker.clone().by_plans(folder.path()), &data);
    let here = run(&linker, &data);
    // A rule whose rows are more than there is room for at once has several plans.
    let plans = elsewhere.plans.load(Ordering::Relaxed);
    assert!(plans > 2 * here.report.pairs.len(), "{plans} plans");
    assert!(labels.len() > 500 && here.records.spill.is_some());
    assert_ne!(here.weights, run(&limited, &data).weights);
    assert_same(&planned, &here);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let linker = linker(PERSONS).by_plans(file.join("folder"));
    let error = RUNTIME.block_on(linker.link(&SessionContext::new(), tables(&families(30)), &|_| {})).unwrap_err();
    assert!(error.is_user_error() && error.to_string().contains("file/folder"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]

    #[test]
    fn plans_find_the_pairs_that_kernels_find_with_weights_that_are_given(
        data in data(),
        partitions in 1_usize..4,
        mode in prop::sample::select(vec!["dedupe", "link_only", "link_and_dedupe"]),
        alone in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let more = if alone { "one_to_one = [\"a\"]\n" } else { "" };
        let model = format!("mode = \"{mode}\"\n{more}{PERSONS}");
        let linker = linker(&model).with_trained(learned(PERSONS));
        let planned = linker.clone().by_plans(folder.path());
        let context = SessionContext::new_with_state(session(partitions, 16).build());
        assert_same(&run_in(&context, &planned, &data), &run(&linker, &data));
    }
}
