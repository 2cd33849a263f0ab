//! The report of a run: what was read, what became of it, and that it adds up.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run's id.
    pub run_id: String,
    /// When it began (UTC).
    pub started_at: String,
    /// Seconds in all.
    pub seconds: f64,
    /// Source by source.
    pub sources: BTreeMap<String, SourceReport>,
    /// Element by element.
    pub elements: BTreeMap<String, ElementReport>,
    /// The linkages that a model made, by element, or `incidents`.
    #[serde(default)]
    pub linkages: BTreeMap<String, LinkageReport>,
    /// What went not quite as it should.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Standard addresses.
    pub addresses: u64,
    /// Ties between entities.
    pub relations: u64,
    /// Seconds by phase.
    pub phases: BTreeMap<String, f64>,
    /// Peak resident memory in megabytes, where the system tells.
    pub peak_memory_mb: Option<u64>,
}

/// What became of one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Whether it was read; an unchanged one is skipped.
    pub read: bool,
    /// Rows read.
    pub rows: u64,
    /// Rows that became clean.
    pub clean: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Quarantined rows by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Clean rows with a value that was set aside.
    pub issues: u64,
    /// Values that were set aside, by column and reason.
    #[serde(default)]
    pub set_aside: BTreeMap<String, BTreeMap<String, u64>>,
    /// Clean rows whose `key` an earlier row has too: together they are one record.
    #[serde(default)]
    pub repeated: u64,
    /// Seconds.
    pub seconds: f64,
}

/// What became of one element.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ElementReport {
    /// Whether it was worked on; one with unchanged inputs is kept.
    pub built: bool,
    /// Records of all sources.
    pub records: u64,
    /// Entities they are.
    pub entities: u64,
    /// Entities that are new.
    pub new: u64,
    /// Base rows written anew or changed.
    pub changed: u64,
    /// Entities that ended.
    pub closed: u64,
    /// Entities merged into others.
    pub merged: u64,
    /// Entities split off.
    pub split: u64,
    /// Links refused because of a conflict or a crowded key.
    pub refused: u64,
    /// Seconds.
    pub seconds: f64,
}

/// How a model linked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkageReport {
    /// Seconds by phase.
    pub seconds: BTreeMap<String, f64>,
    /// Pairs that each blocking rule brought together first.
    pub pairs: BTreeMap<String, u64>,
    /// Pairs for people to decide.
    pub review: u64,
}

impl RunReport {
    /// Whether every row that was read is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.sources.values().all(|source| source.rows == source.clean + source.quarantined)
    }

    /// Rows read in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.sources.values().map(|source| source.rows).sum()
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.sources.keys().map(String::len).max().unwrap_or_default().max(24);
        writeln!(f, "{:<width$} {:>12} {:>12} {:>12} {:>10}", "source", "rows read", "clean", "quarantined", "issues")?;
        for (name, source) in &self.sources {
            let note = if source.read { "" } else { "  unchanged" };
            writeln!(
                f,
                "{name:<width$} {:>12} {:>12} {:>12} {:>10}{note}",
                source.rows, source.clean, source.quarantined, source.issues
            )?;
            // Each number stands below the one it is a part of.
            let mut part = |what: &str, column: usize, rows: u64| {
                writeln!(f, "  {what:<most$} {rows:>12}", most = width + 13 * column - 15)
            };
            if source.repeated > 0 {
                part("repeated key", 2, source.repeated)?;
            }
            for (reason, rows) in &source.reasons {
                part(reason, 3, *rows)?;
            }
            for (column, reasons) in &source.set_aside {
                for (reason, rows) in reasons {
                    writeln!(f, "  {:<most$} {rows:>10}", format!("{column}: {reason}"), most = width + 37)?;
                }
            }
        }
        let clean: u64 = self.sources.values().map(|source| source.clean).sum();
        let quarantined: u64 = self.sources.values().map(|source| source.quarantined).sum();
        writeln!(f, "{:<width$} {:>12} {clean:>12} {quarantined:>12}", "all sources", self.rows())?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<24} {:>12} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "element", "records", "entities", "new", "changed", "closed", "merged", "split", "refused"
        )?;
        for (name, element) in &self.elements {
            let note = if element.built { "" } else { "  unchanged" };
            writeln!(
                f,
                "{name:<24} {:>12} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}{note}",
                element.records,
                element.entities,
                element.new,
                element.changed,
                element.closed,
                element.merged,
                element.split,
                element.refused
            )?;
        }
        writeln!(f, "{:<24} {:>25}", "addresses", self.addresses)?;
        writeln!(f, "{:<24} {:>25}", "relations", self.relations)?;
        let review = self.linkages.values().map(|linkage| linkage.review).sum::<u64>();
        if review > 0 {
            writeln!(f, "{:<24} {review:>25}", "to review")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        write!(f, "\n{:.1} s", self.seconds)?;
        if let Some(memory) = self.peak_memory_mb {
            write!(f, ", {memory} MB at most")?;
        }
        Ok(())
    }
}

/// Peak resident memory of this process in megabytes (Linux).
#[must_use]
pub fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_a_source_stands_below_the_one_it_is_a_part_of() {
        let count = |name: &str, rows| (name.to_owned(), rows);
        let source = SourceReport {
            read: true,
            rows: 100,
            clean: 90,
            quarantined: 10,
            reasons: BTreeMap::from([count("missing", 10)]),
            issues: 7,
            set_aside: BTreeMap::from([("executed".to_owned(), BTreeMap::from([count("bad_date", 7)]))]),
            repeated: 3,
            seconds: 0.0,
        };
        for name in ["evictions", "a_source_with_a_name_of_forty_letters_or_so"] {
            let report =
                RunReport { sources: BTreeMap::from([(name.to_owned(), source.clone())]), ..RunReport::default() };
            let text = report.to_string();
            let lines: Vec<&str> = text.lines().collect();
            let end = |line: usize, what: &str| lines[line].find(what).map(|place| place + what.len());
            assert_eq!(end(2, " 3"), end(1, " 90"), "{text}");
            assert_eq!(end(3, " 10"), end(1, " 10 ").map(|end| end - 1), "{text}");
            assert!(lines[4].contains("executed: bad_date"), "{text}");
            assert_eq!(end(4, " 7"), end(1, " 7"), "{text}");
        }
    }
}
