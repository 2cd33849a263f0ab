//! Plans over rows that are handed to them: made once, run on whatever comes.

use std::fmt;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{DataFrame, SessionContext};

use crate::Result;

/// A table whose rows are put in just before it is read.
pub struct Feed {
    schema: SchemaRef,
    rows: Mutex<Option<RecordBatch>>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for Feed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().ok().and_then(|mut rows| rows.take());
        let rows = futures::stream::iter(rows.map(Ok));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

impl Feed {
    /// A table with these columns.
    #[must_use]
    pub fn new(schema: SchemaRef) -> Arc<Self> {
        Arc::new(Self { schema, rows: Mutex::default() })
    }

    /// Its rows, to make a plan of.
    ///
    /// # Errors
    /// Those of the query engine.
    pub fn frame(self: &Arc<Self>, context: &SessionContext) -> Result<DataFrame> {
        let feed = Arc::clone(self) as Arc<dyn PartitionStream>;
        Ok(context.read_table(Arc::new(StreamingTable::try_new(Arc::clone(&self.schema), vec![feed])?))?)
    }
}

/// A session like another one, in which a few rows are worked on where they stand.
#[must_use]
pub fn undivided(context: &SessionContext) -> SessionContext {
    let mut state = context.state();
    state.config_mut().options_mut().execution.target_partitions = 1;
    SessionContext::new_with_state(state)
}

/// A plan over the rows of a feed.
#[derive(Debug)]
pub struct Fed {
    feed: Arc<Feed>,
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    /// Whose rows are being worked on.
    turn: tokio::sync::Mutex<()>,
}

impl Fed {
    /// What was made of the rows of a feed.
    ///
    /// # Errors
    /// A plan that cannot be made.
    pub async fn new(feed: Arc<Feed>, made: DataFrame) -> Result<Self> {
        let task = Arc::new(made.task_ctx());
        Ok(Self { feed, plan: made.create_physical_plan().await?, task, turn: tokio::sync::Mutex::default() })
    }

    /// The columns of the rows that it takes.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.feed.schema
    }

    /// What becomes of these rows.
    ///
    /// # Errors
    /// Rows that the plan fails on.
    pub async fn run(&self, rows: RecordBatch) -> Result<Vec<RecordBatch>> {
        let _turn = self.turn.lock().await;
        if let Ok(mut place) = self.feed.rows.lock() {
            *place = Some(rows);
        }
        Ok(collect(Arc::clone(&self.plan), Arc::clone(&self.task)).await?)
    }
}
