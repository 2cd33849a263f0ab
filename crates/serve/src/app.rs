//! What every request shares: the city, and the session over its latest snapshot.

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use jingwei_engine::{City, Result, SessionSettings};
use jingwei_model::config::ServerSettings;
use jingwei_store::Snapshot;
use tokio::sync::{RwLock, Semaphore};

use crate::workers::Workers;

/// The server's state.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    city: City,
    current: RwLock<Arc<Open>>,
    /// Queries at work; more wait, so that together they stay within the machine.
    queries: Arc<Semaphore>,
    workers: Workers,
}

/// A snapshot with its session.
pub struct Open {
    /// The snapshot; none before the first run.
    pub snapshot: Option<Snapshot>,
    context: SessionContext,
}

/// Queries that run at the same time.
const QUERIES_AT_ONCE: usize = 8;

impl App {
    /// Opens the latest snapshot of a city.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn open(city: City) -> Result<Self> {
        let open = Open::new(&city).await?;
        let queries = Arc::new(Semaphore::new(QUERIES_AT_ONCE));
        let workers = Workers::new(city.settings().threads)?;
        Ok(Self { inner: Arc::new(Inner { city, current: RwLock::new(Arc::new(open)), queries, workers }) })
    }

    /// The city.
    #[must_use]
    pub fn city(&self) -> &City {
        &self.inner.city
    }

    /// Where queries run.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.inner.workers
    }

    /// Limits of a query.
    #[must_use]
    pub fn settings(&self) -> &ServerSettings {
        &self.inner.city.project.city.server
    }

    /// Leave to run a query; held until its answer is written.
    pub async fn leave(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.inner.queries).acquire_owned().await.ok()
    }

    /// The latest snapshot, opened when a run has published since.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn current(&self) -> Result<Arc<Open>> {
        let latest = self.inner.city.store.list().await?.last().copied();
        {
            let current = self.inner.current.read().await;
            if current.seq() == latest {
                return Ok(Arc::clone(&current));
            }
        }
        let mut current = self.inner.current.write().await;
        if current.seq() != latest {
            *current = Arc::new(Open::new(&self.inner.city).await?);
        }
        Ok(Arc::clone(&current))
    }
}

impl Open {
    async fn new(city: &City) -> Result<Self> {
        let snapshot = city.snapshot().await?;
        let context = city.session(snapshot.as_ref(), &city.settings()).await?;
        Ok(Self { snapshot, context })
    }

    /// The snapshot's number.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.snapshot.as_ref().map(|snapshot| snapshot.seq)
    }

    /// The session for one query: the shared catalog, memory of its own.
    ///
    /// # Errors
    /// A folder for spilled data that cannot be used.
    pub fn context(&self, city: &City) -> Result<SessionContext> {
        let settings = SessionSettings { memory: city.project.city.server.memory_mb << 20, ..city.settings() };
        let runtime = jingwei_engine::runtime(&settings)?;
        city.store.register(&runtime);
        let state = SessionStateBuilder::new_from_existing(self.context.state()).with_runtime_env(runtime).build();
        Ok(SessionContext::new_with_state(state))
    }
}
