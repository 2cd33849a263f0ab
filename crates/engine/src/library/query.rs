//! The queries of a project, by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::resolve::resolve_table_references;
use jingwei_model::config::ConfigError;
use serde::Serialize;

use super::header::{Header, split};
use crate::error::{EngineError, Result};
use crate::project::nearest;

/// What a query is for; the folder it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `views/`: registered under its name, for use in other queries.
    View,
    /// `indicators/`: measures by area and period.
    Indicator,
    /// `checks/`: returns the rows that are wrong.
    Check,
    /// `warnings/`: returns what needs a look now.
    Warning,
}

impl Kind {
    const ALL: [(Self, &'static str); 4] =
        [(Self::View, "views"), (Self::Indicator, "indicators"), (Self::Check, "checks"), (Self::Warning, "warnings")];
}

/// One query.
#[derive(Debug, Clone, Serialize)]
pub struct Query {
    /// Its name, the file's stem.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Its header.
    #[serde(flatten)]
    pub header: Header,
    /// Its SQL, without the header.
    pub sql: String,
    /// The tables and views it reads, as written.
    pub reads: Vec<String>,
}

/// All queries of a project.
#[derive(Debug, Clone, Default)]
pub struct Library {
    queries: BTreeMap<String, Query>,
}

impl Library {
    /// Reads `dir` (a missing one is an empty library).
    ///
    /// # Errors
    /// A wrong header, SQL that does not parse, or two queries of one name.
    pub fn load(dir: &Path) -> Result<Self> {
        let mut library = Self::default();
        for (kind, folder) in Kind::ALL {
            for path in sql_files(&dir.join(folder))? {
                let file = format!("queries/{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
                let text =
                    std::fs::read_to_string(&path).map_err(|error| EngineError::Io { path: file.clone(), error })?;
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                library.add(&file, name, kind, &text)?;
            }
        }
        Ok(library)
    }

    fn add(&mut self, file: &str, name: String, kind: Kind, text: &str) -> Result<()> {
        let (header, sql) = split(file, text)?;
        let reads = tables_read(&sql).map_err(|message| ConfigError::new(file, message))?;
        let query = Query { name: name.clone(), kind, header, sql, reads };
        if self.queries.insert(name.clone(), query).is_some() {
            return Err(ConfigError::new(file, format!("a second query is called `{name}`")).into());
        }
        Ok(())
    }

    /// A query by name.
    ///
    /// # Errors
    /// No such query; the nearest is named.
    pub fn get(&self, name: &str) -> Result<&Query> {
        self.queries.get(name).ok_or_else(|| EngineError::Usage {
            message: format!("there is no query `{name}`"),
            hint: nearest(name, self.queries.keys())
                .or_else(|| Some("`jingwei query` without a name lists them".to_owned())),
        })
    }

    /// All queries by name.
    pub fn iter(&self) -> impl Iterator<Item = &Query> {
        self.queries.values()
    }

    /// The views, each after those it reads.
    ///
    /// # Errors
    /// Views that read each other in a circle.
    pub fn views_in_order(&self) -> Result<Vec<&Query>> {
        let mut ordered: Vec<&Query> = Vec::new();
        let mut waiting = self.iter().filter(|query| query.kind == Kind::View).collect::<Vec<_>>();
        while !waiting.is_empty() {
            let names = waiting.iter().map(|query| query.name.as_str()).collect::<Vec<_>>();
            let (ready, blocked): (Vec<_>, Vec<_>) = waiting
                .iter()
                .copied()
                .partition(|query| !query.reads.iter().any(|read| names.contains(&read.as_str())));
            if ready.is_empty() {
                return Err(EngineError::usage(format!("the views {} read each other in a circle", names.join(", "))));
            }
            ordered.extend(ready);
            waiting = blocked;
        }
        Ok(ordered)
    }
}

fn sql_files(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(dir).map_err(|error| EngineError::Io { path: dir.display().to_string(), error })?;
    let mut files = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect::<Vec<_>>();
    files.sort();
    Ok(files)
}

/// The tables a query reads, found by parsing it.
fn tables_read(sql: &str) -> Result<Vec<String>, String> {
    let parse = || DFParserBuilder::new(sql).build()?.parse_statements();
    let statements = parse().map_err(|error| error.strip_backtrace())?;
    let [statement] = statements.iter().collect::<Vec<_>>()[..] else {
        return Err(format!("a query file holds one statement; this one holds {}", statements.len()));
    };
    let (tables, _) = resolve_table_references(statement, true).map_err(|error| error.strip_backtrace())?;
    let mut names = tables.iter().map(ToString::to_string).collect::<Vec<_>>();
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn view(name: &str, sql: &str) -> (String, String) {
        (name.to_owned(), format!("/* title = \"{name}\" */ {sql}"))
    }

    fn library(views: &[(String, String)]) -> Library {
        let mut library = Library::default();
        for (name, text) in views {
            library.add(&format!("{name}.sql"), name.clone(), Kind::View, text).unwrap();
        }
        library
    }

    #[test]
    fn views_come_after_the_views_they_read() {
        let library = library(&[
            view("a", "SELECT * FROM b JOIN people ON true"),
            view("b", "WITH x AS (SELECT 1) SELECT * FROM x, c"),
            view("c", "SELECT 1"),
        ]);
        let order = library.views_in_order().unwrap().iter().map(|query| query.name.clone()).collect::<Vec<_>>();
        assert_eq!(order, ["c", "b", "a"]);
        assert_eq!(library.get("a").unwrap().reads, ["b", "people"]);
    }

    #[test]
    fn views_that_read_each_other_are_refused() {
        let library = library(&[view("a", "SELECT * FROM b"), view("b", "SELECT * FROM a")]);
        assert!(library.views_in_order().unwrap_err().is_user_error());
    }

    #[test]
    fn an_unknown_query_names_the_nearest() {
        let library = library(&[view("three_rates", "SELECT 1")]);
        assert!(library.get("three_rate").unwrap_err().to_string().contains("`three_rates`"));
    }

    #[test]
    fn a_file_with_two_statements_or_broken_sql_is_refused() {
        assert!(tables_read("SELECT 1; SELECT 2").is_err());
        assert!(tables_read("SELEC 1").is_err());
    }
}
