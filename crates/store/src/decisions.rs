//! What people decided about records, beside the history of runs: never deleted, only taken back.

use jingwei_model::RecordKey;
use rusqlite::{Row, params};
use serde::{Serialize, Serializer};

use crate::StoreError;
use crate::ops::Ops;

/// What a person decided about two records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// Number of the decision; one that undoes a merge is about several pairs.
    pub decision: i64,
    /// The linkage it is for: an element, or `incidents`.
    pub linkage: String,
    /// One record.
    #[serde(serialize_with = "written")]
    pub left: RecordKey,
    /// The other.
    #[serde(serialize_with = "written")]
    pub right: RecordKey,
    /// Whether they are the same.
    pub same: bool,
    /// Who decided.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// When (UTC, RFC 3339).
    pub at: String,
    /// When it was taken back, if it was.
    pub taken_back_at: Option<String>,
    /// Who took it back.
    pub taken_back_by: Option<String>,
}

fn written<S: Serializer>(key: &RecordKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// Columns of the table, in the order of [`DecisionRecord`].
const COLUMNS: &str = "decision, linkage, left_source, left_record, left_id, right_source, right_record, right_id, \
                       same, decided_by, note, decided_at, taken_back_at, taken_back_by";

/// Makes the table where there is none.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS decisions (
    decision INTEGER NOT NULL,
    linkage TEXT NOT NULL,
    left_source TEXT NOT NULL,
    left_record TEXT NOT NULL,
    left_id TEXT NOT NULL,
    right_source TEXT NOT NULL,
    right_record TEXT NOT NULL,
    right_id TEXT NOT NULL,
    same INTEGER NOT NULL,
    decided_by TEXT,
    note TEXT,
    decided_at TEXT NOT NULL,
    taken_back_at TEXT,
    taken_back_by TEXT
)";

/// A decision to be kept: pairs of records, and whether they are the same.
#[derive(Debug, Clone)]
pub struct NewDecision<'a> {
    /// The linkage it is for.
    pub linkage: &'a str,
    /// What is decided.
    pub pairs: &'a [(RecordKey, RecordKey, bool)],
    /// Who decided.
    pub by: Option<&'a str>,
    /// Why.
    pub note: Option<&'a str>,
    /// When.
    pub at: &'a str,
}

impl Ops {
    /// Keeps decisions, all or none, and gives their numbers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn decide(&mut self, decisions: &[NewDecision<'_>]) -> Result<Vec<i64>, StoreError> {
        let transaction = self.connection.transaction()?;
        let last: i64 =
            transaction.query_row("SELECT coalesce(max(decision), 0) FROM decisions", [], |row| row.get(0))?;
        let sql = format!(
            "INSERT INTO decisions ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, NULL)"
        );
        let mut numbers = Vec::new();
        let mut insert = transaction.prepare(&sql)?;
        for (number, new) in (last + 1..).zip(decisions) {
            for (left, right, same) in new.pairs {
                insert.execute(params![
                    number,
                    new.linkage,
                    left.source,
                    left.record,
                    left.record_id,
                    right.source,
                    right.record,
                    right.record_id,
                    same,
                    new.by,
                    new.note,
                    new.at
                ])?;
            }
            numbers.push(number);
        }
        drop(insert);
        transaction.commit()?;
        Ok(numbers)
    }

    /// Takes a decision back; whether there was one in force.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn take_back(&self, decision: i64, by: Option<&str>, at: &str) -> Result<bool, StoreError> {
        let sql =
            "UPDATE decisions SET taken_back_at = ?2, taken_back_by = ?3 WHERE decision = ?1 AND taken_back_at IS NULL";
        Ok(self.connection.execute(sql, params![decision, at, by])? > 0)
    }

    /// All decisions in the order in which they were made, those taken back among them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn decisions(&self) -> Result<Vec<DecisionRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM decisions ORDER BY decision, rowid");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([], record)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<DecisionRecord> {
    let key = |first: usize| {
        Ok::<_, rusqlite::Error>(RecordKey {
            source: row.get(first)?,
            record: row.get(first + 1)?,
            record_id: row.get(first + 2)?,
        })
    };
    Ok(DecisionRecord {
        decision: row.get(0)?,
        linkage: row.get(1)?,
        left: key(2)?,
        right: key(5)?,
        same: row.get(8)?,
        by: row.get(9)?,
        note: row.get(10)?,
        at: row.get(11)?,
        taken_back_at: row.get(12)?,
        taken_back_by: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(id: &str) -> RecordKey {
        RecordKey { source: "hukou".to_owned(), record: "people".to_owned(), record_id: id.to_owned() }
    }

    #[test]
    fn a_decision_that_is_taken_back_is_kept_and_no_longer_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let mut ops = Ops::open(&folder.path().join("ops.sqlite"), None).unwrap();
        let at = "2026-01-01T00:00:00Z";
        let first = [(key("1"), key("2"), true), (key("1"), key("3"), false)];
        let second = [(key("4"), key("5"), true)];
        let new = |pairs| NewDecision { linkage: "people", pairs, by: Some("wang"), note: None, at };
        assert_eq!(ops.decide(&[new(&first[..]), new(&second[..])]).unwrap(), [1, 2]);
        assert_eq!(ops.decide(&[new(&second[..])]).unwrap(), [3]);
        assert!(ops.take_back(1, Some("li"), "2026-01-02T00:00:00Z").unwrap());
        assert!(!ops.take_back(1, None, "2026-01-03T00:00:00Z").unwrap());
        assert!(!ops.take_back(7, None, "2026-01-03T00:00:00Z").unwrap());
        let all = ops.decisions().unwrap();
        let back = all.iter().map(|one| (one.decision, one.taken_back_by.as_deref())).collect::<Vec<_>>();
        assert_eq!(back, [(1, Some("li")), (1, Some("li")), (2, None), (3, None)]);
        assert_eq!((&all[1].left, &all[1].right, all[1].same), (&key("1"), &key("3"), false));
        assert_eq!(all[0].taken_back_at.as_deref(), Some("2026-01-02T00:00:00Z"));
    }
}
