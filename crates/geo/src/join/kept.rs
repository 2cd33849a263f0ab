//! Indexes over tables in memory that a session keeps for its next join with the same table.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayData, RecordBatch};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::prelude::SessionConfig;

use super::block::Block;
use super::predicate::SpatialOn;

/// As many are kept; of more, the oldest goes.
const MOST: usize = 8;

/// Lets the spatial joins of a session keep the indexes of build sides that are tables in memory: a join with the same
/// rows of the same table finds its index made. They stay as long as the session does, the last eight of them, and so
/// do the rows.
pub fn keep_indexes(config: &mut SessionConfig) {
    config.set_extension(Arc::new(KeptIndexes::default()));
}

/// The indexes of a session.
#[derive(Debug, Default)]
pub struct KeptIndexes {
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    key: Key,
    /// While they live, no other rows can lie where they do.
    _rows: Vec<RecordBatch>,
    block: Arc<Block>,
}

/// What an index was made of and for: rows are known by where they lie in memory.
#[derive(Debug, PartialEq)]
pub struct Key {
    on: String,
    batches: Vec<Vec<usize>>,
}

impl Key {
    /// The key of the index that `on` needs over `batches`, in whatever order they come.
    pub fn new(on: &SpatialOn, batches: &[RecordBatch]) -> Self {
        let SpatialOn { question, left, limit, unit, ties, among, .. } = on;
        let mut batches = batches.iter().map(place).collect::<Vec<_>>();
        batches.sort_unstable();
        Self { on: format!("{question:?} {left:?} {limit:?} {unit} {ties:?} {}", among.is_some()), batches }
    }
}

/// Where a batch's values lie.
fn place(batch: &RecordBatch) -> Vec<usize> {
    let mut place = vec![batch.num_rows()];
    batch.columns().iter().for_each(|column| add_place(&column.to_data(), &mut place));
    place
}

fn add_place(data: &ArrayData, place: &mut Vec<usize>) {
    place.extend([data.offset(), data.len()]);
    place.extend(data.buffers().iter().map(|buffer| buffer.as_ptr() as usize));
    place.extend(data.nulls().map(|nulls| nulls.validity().as_ptr() as usize));
    data.child_data().iter().for_each(|child| add_place(child, place));
}

impl KeptIndexes {
    /// Those of the session, where it keeps any and `build` is a table in memory.
    pub fn of(context: &TaskContext, build: &Arc<dyn ExecutionPlan>) -> Option<Arc<Self>> {
        context.session_config().get_extension::<Self>().filter(|_| is_in_memory(build))
    }

    /// The index kept under a key.
    pub fn find(&self, key: &Key) -> Option<Arc<Block>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|kept| kept.key == *key).map(|kept| Arc::clone(&kept.block))
    }

    /// Keeps the index made of `rows`.
    pub fn keep(&self, key: Key, rows: Vec<RecordBatch>, block: &Arc<Block>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push(Kept { key, _rows: rows, block: Arc::clone(block) });
    }
}

/// Whether a plan gives the rows of a table in memory as they lie there.
fn is_in_memory(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>() {
        return source.data_source().is::<MemorySourceConfig>();
    }
    let passes = match plan.downcast_ref::<ProjectionExec>() {
        Some(projection) => projection.expr().iter().all(|of| of.expr.is::<Column>()),
        None => plan.is::<CoalescePartitionsExec>() || plan.is::<CooperativeExec>(),
    };
    passes && plan.children().into_iter().all(is_in_memory)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::datasource::MemTable;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;

    fn session() -> (SessionContext, Arc<KeptIndexes>) {
        let mut config = SessionConfig::new().with_target_partitions(2);
        keep_indexes(&mut config);
        let kept = config.get_extension::<KeptIndexes>().unwrap();
        let state = SessionStateBuilder::new().with_config(config).with_default_features();
        let context = SessionContext::new_with_state(super::super::with_spatial_join(state).build());
        crate::register(&context);
        (context, kept)
    }

    async fn table(context: &SessionContext, name: &str, sql: &str) {
        let frame = context.sql(sql).await.unwrap();
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let table = MemTable::try_new(schema, frame.collect_partitioned().await.unwrap()).unwrap();
        context.deregister_table(name).unwrap();
        context.register_table(name, Arc::new(table)).unwrap();
    }

    async fn count(context: &SessionContext, sql: &str) -> i64 {
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let column = batches[0].column(0);
        arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(column).value(0)
    }

    #[tokio::test]
    async fn the_index_of_a_table_in_memory_is_made_once_and_another_table_has_its_own() {
        let (context, kept) = session();
        let areas = "SELECT value AS id, ST_MakeEnvelope(value, 0, value + 1, 1) AS geom FROM range(0, 20)";
        table(&context, "areas", areas).await;
        table(&context, "points", "SELECT ST_Point(value / 10.0 + 0.05, 0.5) AS geom FROM range(0, 300)").await;
        let join = |more: &str| {
            format!(
                "SELECT count(a.id) FROM points p LEFT JOIN areas a ON ST_KNN(p.geom, a.geom, 1, a.id) AND ST_Intersects(a.geom, p.geom){more}"
            )
        };
        let held = || kept.kept.lock().unwrap().len();
        assert_eq!(count(&context, &join("")).await, 200);
        assert_eq!(held(), 1);
        assert_eq!(count(&context, &join(" WHERE ST_X(p.geom) < 10")).await, 100);
        assert_eq!(held(), 1);
        // What a filter leaves is no table.
        assert_eq!(count(&context, &join(" AND a.id < 5")).await, 50);
        assert_eq!(held(), 1);
        table(&context, "areas", &areas.replace("20)", "10)")).await;
        assert_eq!(count(&context, &join("")).await, 100);
        assert_eq!(held(), 2);
    }

    #[tokio::test]
    async fn joins_that_put_out_rows_without_partner_of_the_build_side_share_nothing() {
        let (context, kept) = session();
        table(&context, "a", "SELECT ST_Point(value, 0) AS geom FROM range(0, 9)").await;
        table(&context, "b", "SELECT ST_Point(value, 0) AS geom FROM range(5, 500)").await;
        for _ in 0..2 {
            let sql = "SELECT count(*) FROM a LEFT JOIN b ON ST_Intersects(a.geom, b.geom) WHERE b.geom IS NULL";
            assert_eq!(count(&context, sql).await, 5);
        }
        assert!(kept.kept.lock().unwrap().is_empty());
    }
}
