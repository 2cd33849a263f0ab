//! Opening the store and reading its snapshots.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::location::Location;
use crate::lock::Lock;
use crate::ops::Ops;
use crate::{Run, Snapshot, StoreError, TableName, provider};

/// The tables of a city.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) location: Location,
    ops: PathBuf,
}

impl Store {
    /// Opens a folder (made when missing) or an object-store URL. The run history is a file in the folder;
    /// for an object store it is at the option `ops_path`, or in the working folder.
    ///
    /// # Errors
    /// A URL or folder that cannot be used.
    pub fn open(url: &str, options: &BTreeMap<String, String>) -> Result<Self, StoreError> {
        let location = Location::open(url, options)?;
        let ops = match (&location.folder, options.get("ops_path")) {
            (_, Some(path)) => PathBuf::from(path),
            (Some(folder), None) => folder.join("ops.sqlite"),
            (None, None) => PathBuf::from("ops.sqlite"),
        };
        Ok(Self { location, ops })
    }

    /// The latest published snapshot; `None` before the first run.
    ///
    /// # Errors
    /// Storage that cannot be read.
    pub async fn latest(&self) -> Result<Option<Snapshot>, StoreError> {
        match self.list().await?.last() {
            None => Ok(None),
            Some(seq) => self.snapshot(*seq).await.map(Some),
        }
    }

    /// The numbers of all snapshots, oldest first.
    ///
    /// # Errors
    /// Storage that cannot be read.
    pub async fn list(&self) -> Result<Vec<u64>, StoreError> {
        use object_store::ObjectStore;
        let prefix = Path::from("snapshots");
        let objects = self.location.objects.list(Some(&prefix)).try_collect::<Vec<_>>().await?;
        let mut seqs = objects
            .iter()
            .filter_map(|object| object.location.filename()?.strip_suffix(".json")?.parse().ok())
            .collect::<Vec<u64>>();
        seqs.sort_unstable();
        Ok(seqs)
    }

    /// One snapshot.
    ///
    /// # Errors
    /// No such snapshot, or one that cannot be read.
    pub async fn snapshot(&self, seq: u64) -> Result<Snapshot, StoreError> {
        let bytes = self.location.objects.get(&Snapshot::path(seq)).await?.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| StoreError::BadSnapshot { seq, reason: error.to_string() })
    }

    /// A table of a snapshot for queries.
    ///
    /// # Errors
    /// No such table.
    pub fn provider(&self, snapshot: &Snapshot, table: &TableName) -> Result<Arc<dyn TableProvider>, StoreError> {
        provider::provider(&self.location, table, snapshot.table(table)?)
    }

    /// Makes the storage known to a session that is to read from it.
    pub fn register(&self, runtime: &RuntimeEnv) {
        if let Some(remote) = &self.location.remote {
            runtime.register_object_store(&self.location.url, Arc::clone(remote));
        }
    }

    /// Begins a run on top of the latest snapshot.
    ///
    /// # Errors
    /// Another run is writing.
    pub async fn begin(&self, run_id: &str) -> Result<Run, StoreError> {
        let lock = self.location.folder.as_deref().map(Lock::take).transpose()?;
        let base = self.latest().await?;
        Ok(Run::new(self.clone(), run_id, base, lock))
    }

    /// The run history.
    ///
    /// # Errors
    /// A history file that cannot be opened.
    pub fn ops(&self) -> Result<Ops, StoreError> {
        Ops::open(&self.ops, self.location.folder.as_deref())
    }
}
