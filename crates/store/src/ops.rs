//! The history of runs, failed ones included, in `SQLite`; beside it what people decided.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::StoreError;
use crate::lock::Lock;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It is at work.
    Running,
    /// It published a snapshot.
    Done,
    /// It stopped with an error.
    Failed,
    /// Its process died.
    Interrupted,
}

impl RunStatus {
    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    /// Its id.
    pub run_id: String,
    /// When it began (UTC, RFC 3339).
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// How.
    pub status: RunStatus,
    /// The snapshot it published.
    pub seq: Option<u64>,
    /// Its report, or its error.
    pub report: Option<String>,
}

/// The history file.
#[derive(Debug)]
pub struct Ops {
    pub(crate) connection: Connection,
    folder: Option<PathBuf>,
}

impl Ops {
    pub(crate) fn open(path: &Path, folder: Option<&Path>) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS runs (
                run_id TEXT PRIMARY KEY,
                started_at TEXT NOT NULL,
                finished_at TEXT,
                status TEXT NOT NULL,
                seq INTEGER,
                report TEXT
            )",
        )?;
        connection.execute_batch(crate::decisions::TABLE)?;
        Ok(Self { connection, folder: folder.map(Path::to_owned) })
    }

    /// Notes that a run began.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn start(&self, run_id: &str, started_at: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO runs (run_id, started_at, status) VALUES (?1, ?2, 'running')";
        self.connection.execute(sql, params![run_id, started_at])?;
        Ok(())
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(
        &self,
        run_id: &str,
        finished_at: &str,
        status: RunStatus,
        seq: Option<u64>,
        report: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET finished_at = ?2, status = ?3, seq = ?4, report = ?5 WHERE run_id = ?1";
        self.connection.execute(sql, params![run_id, finished_at, status.name(), seq.map(u64::cast_signed), report])?;
        Ok(())
    }

    /// All runs, newest first. A run that is noted as running while nobody holds the writer's lock was interrupted.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<RunRecord>, StoreError> {
        let nobody = self.folder.as_deref().is_some_and(Lock::is_free);
        let sql = "SELECT run_id, started_at, finished_at, status, seq, report FROM runs ORDER BY started_at DESC, run_id DESC";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let status = match row.get::<_, String>(3)?.as_str() {
                "done" => RunStatus::Done,
                "failed" => RunStatus::Failed,
                _ if nobody => RunStatus::Interrupted,
                _ => RunStatus::Running,
            };
            Ok(RunRecord {
                run_id: row.get(0)?,
                started_at: row.get(1)?,
                finished_at: row.get(2)?,
                status,
                seq: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                report: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
