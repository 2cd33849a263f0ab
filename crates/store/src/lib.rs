//! Versioned tables on an object store, published together.
//!
//! Input: batches of a run. Output: table providers over exactly one published state. Each table is a
//! Delta table at `<root>/<schema>/<name>`; a **snapshot** (`<root>/snapshots/<seq>.json`) names, for every
//! table, its Delta version and data files. Invariant: a snapshot is created whole or not at all, so a
//! reader never sees half a run, and whatever a dead run left behind is unreferenced and harmless.

mod decisions;
mod delta;
mod error;
mod location;
mod lock;
mod ops;
mod provider;
mod run;
mod snapshot;
#[cfg(test)]
mod spatial_tests;
mod store;
mod table_name;
#[cfg(test)]
mod tests;
mod types;
mod writer;

pub use decisions::{DecisionRecord, NewDecision};
pub use error::StoreError;
pub use ops::{Ops, RunRecord, RunStatus};
pub use run::{Run, Updated};
pub use snapshot::{FileEntry, Snapshot, TableState};
pub use store::Store;
pub use table_name::TableName;
pub use types::storable;
pub use writer::{TableWriter, WriteOptions};
