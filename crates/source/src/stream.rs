//! Blocking readers as streams: one thread reads ahead into a short queue.

use arrow::array::RecordBatch;
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use crate::error::{Result, SourceError};
use crate::part::BatchStream;

/// Batches read ahead of whoever consumes them.
const AHEAD: usize = 4;

/// Takes a blocking reader's batches.
#[derive(Debug)]
pub struct Sink(mpsc::Sender<Result<RecordBatch>>);

impl Sink {
    /// Hands a batch on; waits while the queue is full. Empty batches are dropped.
    ///
    /// # Errors
    /// [`SourceError::Stopped`] when nobody reads any more: the reader should return it.
    pub fn send(&self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.0.blocking_send(Ok(batch)).map_err(|_| SourceError::Stopped)
    }
}

/// The batches `work` sends, from a thread of its own that starts at the first poll.
pub fn produce(work: impl FnOnce(&Sink) -> Result<()> + Send + 'static) -> BatchStream {
    let start = move || {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let sink = Sink(sender);
        let task = tokio::task::spawn_blocking(move || match work(&sink) {
            Ok(()) | Err(SourceError::Stopped) => {}
            // A closed queue means that nobody is left to tell.
            Err(error) => drop(sink.0.blocking_send(Err(error))),
        });
        stream::unfold((receiver, Some(task)), |(mut receiver, mut task)| async move {
            if let Some(item) = receiver.recv().await {
                return Some((item, (receiver, task)));
            }
            match task.take()?.await {
                Ok(()) => None,
                Err(error) => {
                    Some((Err(SourceError::Internal(format!("a reader ended early: {error}"))), (receiver, None)))
                }
            }
        })
    };
    Box::pin(stream::once(async move { start() }).flatten())
}

/// Runs a blocking step of opening a file.
///
/// # Errors
/// The step's own, or that it ended early.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| SourceError::Internal(format!("a reader ended early: {error}")))?
}
