//! Threads of their own for queries, so that one that never pauses cannot keep the doors from answering.

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use futures::StreamExt;
use jingwei_engine::{EngineError, Result};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

/// Batches of an answer that are made ahead of the client.
const AHEAD: usize = 2;

/// A runtime on which queries are planned and run. Requests are answered on another one.
pub struct Workers {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Workers {
    /// As many threads as the queries may use.
    ///
    /// # Errors
    /// Threads that the system does not give.
    pub fn new(threads: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("query")
            // Deep expressions are walked recursively.
            .thread_stack_size(8 << 20)
            .enable_all()
            .build()
            .map_err(|error| EngineError::Internal(format!("the threads for queries did not start: {error}")))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Runs work there; giving up on the answer gives up the work.
    ///
    /// # Errors
    /// Work that panics.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        let mut tasks = JoinSet::new();
        tasks.spawn_on(work, &self.handle);
        match tasks.join_next().await {
            Some(Ok(done)) => Ok(done),
            Some(Err(error)) => Err(EngineError::Internal(format!("a query ended: {error}"))),
            None => Err(EngineError::Internal("a query was never begun".to_owned())),
        }
    }

    /// The same rows, made there as fast as they are taken here; dropping the stream ends the query.
    #[must_use]
    pub fn stream(&self, mut rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(rows.schema(), AHEAD);
        let send = builder.tx();
        builder.spawn_on(
            async move {
                while let Some(batch) = rows.next().await {
                    if send.send(batch).await.is_err() {
                        break;
                    }
                }
                Ok(())
            },
            &self.handle,
        );
        builder.build()
    }
}

impl Drop for Workers {
    /// Does not wait for queries: a server that is told to stop stops.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn work_that_never_pauses_leaves_the_caller_free() {
        let workers = Workers::new(1).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let busy = workers.run(async move {
            while !until.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), busy).await.is_err());
        stop.store(true, Ordering::Relaxed);
        assert_eq!(workers.run(async { 7 }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_the_workers_live() {
        let workers = Workers::new(1).unwrap();
        let failed = workers.run(async { panic!("on purpose") }).await;
        assert!(matches!(failed, Err(EngineError::Internal(_))));
        assert_eq!(workers.run(async { 7 }).await.unwrap(), 7);
    }
}
