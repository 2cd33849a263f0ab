//! The operator over a Parquet scan that leaves out, when the query runs, what is far from a place.

use std::fmt;
use std::sync::{Arc, Mutex};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetAccessPlan, ParquetFileReaderFactory, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, PlanProperties, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, StatisticsArgs};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{StreamExt, TryStreamExt};
use hashbrown::{HashMap, HashSet};
use object_store::ObjectStore;
use object_store::path::Path;

use super::covering::{Covering, covering};
use super::pages::{Pages, Told};
use super::rule::place_first;
use super::select::{Selected, groups_that_may_meet, select};
use crate::join::{Extent, Reach};

/// Where rows must lie to matter.
#[derive(Debug, Clone)]
pub enum Place {
    /// Known when the query is planned.
    Constant(Extent),
    /// Known when the build side of a join is.
    Join(Reach),
}

/// A place that is a smaller part of the files' box than this is asked for before the other conditions: few rows
/// remain for those, and where files are sorted by place they lie together.
const FEW: f64 = 1.0 / 16.0;

type Pruned = Shared<BoxFuture<'static, Result<Arc<dyn ExecutionPlan>, Arc<DataFusionError>>>>;

/// Reads a Parquet scan without the row groups and pages that hold nothing near a place. It only ever leaves out rows
/// that a condition above it, or the scan's own, would refuse.
pub struct SpatialPruneExec {
    input: Arc<dyn ExecutionPlan>,
    column: String,
    place: Place,
    arcs: bool,
    metrics: ExecutionPlanMetricsSet,
    pruned: Mutex<Option<Pruned>>,
}

impl fmt::Debug for SpatialPruneExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpatialPruneExec({} at {:?})", self.column, self.place)
    }
}

impl SpatialPruneExec {
    /// Over a scan (a `DataSourceExec` of Parquet files), by the geometries of a column of its files. With `arcs` their lines
    /// are arcs of great circles between longitudes and latitudes, which leave the box of their vertices.
    #[must_use]
    pub fn new(input: Arc<dyn ExecutionPlan>, column: String, place: Place, arcs: bool) -> Self {
        Self { input, column, place, arcs, metrics: ExecutionPlanMetricsSet::new(), pruned: Mutex::default() }
    }

    /// The scan.
    #[must_use]
    pub const fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// The column of geometries.
    #[must_use]
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Where rows matter.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whether lines are arcs.
    #[must_use]
    pub const fn arcs(&self) -> bool {
        self.arcs
    }

    fn pruned(&self, context: &Arc<TaskContext>) -> Pruned {
        let mut pruned = self.pruned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pruned
            .get_or_insert_with(|| {
                let work = prune(
                    Arc::clone(&self.input),
                    self.column.clone(),
                    (self.place.clone(), self.arcs),
                    self.metrics.clone(),
                    Arc::clone(context),
                );
                work.map(|result| result.map_err(Arc::new)).boxed().shared()
            })
            .clone()
    }
}

async fn prune(
    input: Arc<dyn ExecutionPlan>,
    column: String,
    (place, arcs): (Place, bool),
    metrics: ExecutionPlanMetricsSet,
    context: Arc<TaskContext>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let extent = match &place {
        Place::Constant(extent) => Some(*extent),
        Place::Join(reach) => reach.extent(),
    };
    // Everywhere means nowhere in particular too: rows without a place may matter.
    let extent = extent.filter(|extent| *extent != Extent::EVERYWHERE);
    let (Some(extent), Some((config, source))) = (extent, scan(&input)) else { return Ok(input) };
    let row_groups = MetricBuilder::new(&metrics).counter("row_groups_pruned_spatial", 0);
    let rows = MetricBuilder::new(&metrics).counter("rows_pruned_spatial", 0);
    let store = context.runtime_env().object_store(&config.object_store_url)?;
    let cache = context.runtime_env().cache_manager.get_file_metadata_cache();
    let mut groups = Vec::with_capacity(config.file_groups.len());
    let mut known: Vec<(Path, Selected)> = Vec::new();
    let roots = columns_read(source);
    // Elsewhere a look at a header takes as long as reading the pages.
    let local = config.object_store_url.as_str().starts_with("file:");
    let mut told = HashMap::new();
    // The box around all files, as far as every one of them says its own.
    let mut around = Some(Extent::EMPTY);
    for group in &config.file_groups {
        let mut files = Vec::with_capacity(group.len());
        for file in group.iter() {
            if has_plan(file) {
                around = None;
                files.push(file.clone());
                continue;
            }
            let location = &file.object_meta.location;
            let selected = match known.iter().find(|(other, _)| other == location) {
                Some((_, selected)) => selected.clone(),
                None => {
                    let metadata = DFParquetMetadata::new(store.as_ref(), &file.object_meta)
                        .with_metadata_size_hint(file.metadata_size_hint)
                        .with_file_metadata_cache(Some(Arc::clone(&cache)))
                        .fetch_metadata()
                        .await?;
                    let covering = covering(&metadata, &column);
                    let bbox = covering.as_ref().and_then(|covering| covering.bbox);
                    around = around.zip(bbox).map(|(mut around, bbox)| {
                        around.join(&bbox);
                        around
                    });
                    let extent = match &covering {
                        Some(covering) if arcs => covering.vertices(&extent),
                        _ => Some(extent),
                    };
                    let selected = match covering.zip(extent) {
                        Some((covering, extent)) => {
                            let of_file = OfFile { metadata: &metadata, covering: &covering, extent: &extent };
                            let (pages, index) = if local {
                                of_file.pages(store.as_ref(), location, &roots).await
                            } else {
                                (Pages::default(), None)
                            };
                            if let Some(index) = index {
                                told.insert(location.clone(), Arc::new(index));
                            }
                            select(&metadata, &covering, &extent, &pages)
                        }
                        None => Selected { rows: None, row_groups: 0, skipped: 0 },
                    };
                    row_groups.add(selected.row_groups);
                    rows.add(selected.skipped);
                    known.push((location.clone(), selected.clone()));
                    selected
                }
            };
            files.push(match selected.rows {
                Some(selection) => file.clone().with_extension(ParquetRowSelection::new(selection)),
                None => file.clone(),
            });
        }
        groups.push(FileGroup::new(files));
    }
    let mut new = source.clone();
    if around.is_some_and(|around| is_small_part(&extent, &around))
        && let Some(predicate) = source.filter().and_then(|predicate| place_first(&predicate, &column))
    {
        new = new.with_predicate(predicate).with_reorder_filters(false);
    }
    if !told.is_empty() {
        let readers: Arc<dyn ParquetFileReaderFactory> = match source.parquet_file_reader_factory() {
            Some(readers) => Arc::clone(readers),
            None => Arc::new(CachedParquetFileReaderFactory::new(store, cache)),
        };
        new = new.with_parquet_file_reader_factory(Arc::new(Told::new(readers, told)));
    }
    let config = FileScanConfigBuilder::from(config.clone()).with_file_groups(groups).with_source(Arc::new(new));
    Ok(DataSourceExec::from_data_source(config.build()))
}

/// The columns of the files that a scan reads, those its conditions need among them.
fn columns_read(source: &ParquetSource) -> HashSet<String> {
    let projected = source.projection().into_iter().flat_map(|projection| projection.iter());
    let exprs = projected.map(|projected| Arc::clone(&projected.expr)).chain(source.filter());
    exprs.flat_map(|expr| collect_columns(&expr)).map(|column| column.name().to_owned()).collect()
}

/// What is known of a file before it is read.
struct OfFile<'a> {
    metadata: &'a ParquetMetaData,
    covering: &'a Covering,
    extent: &'a Extent,
}

impl OfFile<'_> {
    /// The pages of a file that has no index of them, and the metadata with such an index; nothing where it has one, or
    /// has no boxes.
    async fn pages(
        &self,
        store: &dyn ObjectStore,
        location: &Path,
        roots: &HashSet<String>,
    ) -> (Pages, Option<ParquetMetaData>) {
        let Some(boxes) = self.covering.leaves.filter(|_| self.metadata.offset_index().is_none()) else {
            return (Pages::default(), None);
        };
        let groups = groups_that_may_meet(self.metadata, self.covering, self.extent);
        let schema = self.metadata.file_metadata().schema_descr();
        let read = |leaf: &usize| schema.column(*leaf).path().parts().first().is_some_and(|root| roots.contains(root));
        let leaves = (0..schema.num_columns()).filter(read).collect::<Vec<_>>();
        let all = leaves.iter().chain(boxes.iter().filter(|leaf| !leaves.contains(leaf))).copied().collect::<Vec<_>>();
        let pages = Pages::find(store, location, self.metadata, &groups, &all).await;
        let index = pages.index(self.metadata, &groups, &leaves);
        (pages, index)
    }
}

/// Whether what lies in `extent` is likely to be few of the rows that lie in `around`.
fn is_small_part(extent: &Extent, around: &Extent) -> bool {
    let share = |low: f64, high: f64, from: f64, to: f64| {
        if to > from { ((high.min(to) - low.max(from)) / (to - from)).max(0.0) } else { 1.0 }
    };
    share(extent.min_x, extent.max_x, around.min_x, around.max_x)
        * share(extent.min_y, extent.max_y, around.min_y, around.max_y)
        < FEW
}

/// Somebody else has chosen rows of the file already.
fn has_plan(file: &PartitionedFile) -> bool {
    file.extension::<ParquetAccessPlan>().is_some() || file.extension::<ParquetRowSelection>().is_some()
}

/// The files of a Parquet scan.
pub fn scan(plan: &Arc<dyn ExecutionPlan>) -> Option<(&FileScanConfig, &ParquetSource)> {
    plan.downcast_ref::<DataSourceExec>()?.downcast_to_file_source::<ParquetSource>()
}

impl DisplayAs for SpatialPruneExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Constant(Extent { min_x, min_y, max_x, max_y }) => {
                write!(f, "SpatialPruneExec: {} && BOX({min_x} {min_y}, {max_x} {max_y})", self.column)
            }
            Place::Join(_) => write!(f, "SpatialPruneExec: {} && extent of the join's build side", self.column),
        }
    }
}

impl ExecutionPlan for SpatialPruneExec {
    fn name(&self) -> &'static str {
        "SpatialPruneExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(input, self.column.clone(), self.place.clone(), self.arcs))),
            _ => internal_err!("a pruned scan has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let pruned = self.pruned(&context);
        let stream = async move {
            let plan = pruned.await.map_err(DataFusionError::Shared)?;
            plan.execute(partition, context)
        };
        let stream = stream.into_stream().try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::new(input.as_ref().clone().to_inexact())),
            _ => internal_err!("a pruned scan has one input"),
        }
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
