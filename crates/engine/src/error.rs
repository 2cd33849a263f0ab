//! What can go wrong in a session or a run: the user's mistakes apart from our own.

use arrow::error::ArrowError;
use datafusion::common::{Diagnostic, SchemaError};
use datafusion::error::DataFusionError;
use jingwei_model::config::ConfigError;
use thiserror::Error;

/// Result of the engine.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

/// An error of the engine.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A configuration file cannot be used.
    #[error("{0}")]
    Config(#[from] Box<ConfigError>),
    /// The user asked for something that is not there or not allowed.
    #[error("{message}{}", hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    Usage {
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: Option<String>,
    },
    /// A query that cannot be planned or run.
    #[error("{0}")]
    Sql(#[from] Box<SqlError>),
    /// A source cannot be read.
    #[error("source `{name}`: {error}")]
    Source {
        /// The source.
        name: String,
        /// Why.
        error: Box<jingwei_source::SourceError>,
    },
    /// A source does not fit its configuration.
    #[error("source `{name}`: {error}")]
    Standardize {
        /// The source.
        name: String,
        /// Why.
        error: Box<jingwei_standardize::StandardizeError>,
    },
    /// Linkage failed.
    #[error("linking {element}: {error}")]
    Link {
        /// The element.
        element: String,
        /// Why.
        error: Box<jingwei_link::LinkError>,
    },
    /// The tables cannot be read or written.
    #[error(transparent)]
    Store(Box<jingwei_store::StoreError>),
    /// Geometry or a coordinate system.
    #[error(transparent)]
    Geo(Box<jingwei_geo::GeoError>),
    /// A file of the project cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The query engine failed on a plan of ours.
    #[error("{step}: {}{}", error.strip_backtrace(), advice(error))]
    Plan {
        /// The step of the flow.
        step: String,
        /// Why.
        error: Box<DataFusionError>,
    },
    /// A state that should not be possible.
    #[error("internal error: {0}")]
    Internal(String),
}

impl EngineError {
    /// A mistake of the user's.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// A mistake of the user's, with advice.
    pub fn usage_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// For `map_err`: an error of a plan of ours, with the step it belongs to.
    pub fn plan(step: impl Into<String>) -> impl FnOnce(DataFusionError) -> Self {
        let step = step.into();
        move |error| Self::Plan { step, error: Box::new(error) }
    }

    /// Whether the user can mend it: then the exit code is 2 and the message is enough.
    #[must_use]
    pub fn is_user_error(&self) -> bool {
        match self {
            Self::Config(_) | Self::Usage { .. } | Self::Sql(_) | Self::Io { .. } => true,
            Self::Source { error, .. } => error.is_user_error(),
            Self::Standardize { error, .. } => error.is_user_error(),
            Self::Link { error, .. } => error.is_user_error(),
            Self::Store(error) => error.is_user_error(),
            Self::Geo(error) => error.is_user_error(),
            Self::Plan { error, .. } => is_of_a_value(error),
            Self::Internal(_) => false,
        }
    }
}

/// Whether a plan failed on a value of the data, which SQL of the configuration took for something else.
fn is_of_a_value(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => matches!(
            error.as_ref(),
            ArrowError::CastError(_)
                | ArrowError::ParseError(_)
                | ArrowError::DivideByZero
                | ArrowError::ArithmeticOverflow(_)
        ),
        _ => false,
    }
}

fn advice(error: &DataFusionError) -> &'static str {
    if is_of_a_value(error) {
        "\nhint: a value of a source does not suit the SQL of its `[[record]]`; write TRY_CAST for CAST, or give its \
         column a `parse` and let quarantine or `_issues` name the row"
    } else {
        ""
    }
}

impl From<ConfigError> for EngineError {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

impl From<SqlError> for EngineError {
    fn from(error: SqlError) -> Self {
        Self::Sql(Box::new(error))
    }
}

impl From<jingwei_store::StoreError> for EngineError {
    fn from(error: jingwei_store::StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}

impl From<jingwei_geo::GeoError> for EngineError {
    fn from(error: jingwei_geo::GeoError) -> Self {
        Self::Geo(Box::new(error))
    }
}

/// What kind of trouble a query is in; stable codes for scripts and HTTP clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlErrorKind {
    /// Not SQL.
    Syntax,
    /// SQL that names or combines things wrongly.
    Plan,
    /// A statement that would change something.
    ReadOnly,
    /// Memory, time or row limits.
    Limit,
    /// A value the query stumbled over while running.
    Execution,
    /// Our own fault.
    Internal,
}

impl SqlErrorKind {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "sql_syntax",
            Self::Plan => "sql_plan",
            Self::ReadOnly => "sql_read_only",
            Self::Limit => "sql_limit",
            Self::Execution => "sql_execution",
            Self::Internal => "internal",
        }
    }
}

/// A query that cannot be planned or run, with the place in its text.
#[derive(Debug, Clone, Error)]
pub struct SqlError {
    /// What kind of trouble.
    pub kind: SqlErrorKind,
    /// What is wrong.
    pub message: String,
    /// 1-based line and column in the query.
    pub place: Option<(u64, u64)>,
    /// How to mend it.
    pub hint: Option<String>,
    /// The query's text.
    pub sql: String,
}

impl SqlError {
    /// Explains an engine's error about `sql`.
    #[must_use]
    pub fn new(sql: &str, error: &DataFusionError) -> Self {
        let diagnostic = error.diagnostic().cloned();
        let root = error.find_root();
        let kind = match root {
            DataFusionError::SQL(..) => SqlErrorKind::Syntax,
            DataFusionError::ResourcesExhausted(_) => SqlErrorKind::Limit,
            DataFusionError::Plan(text)
                if text.starts_with("DDL not") || text.starts_with("DML not") || text.starts_with("Statement not") =>
            {
                SqlErrorKind::ReadOnly
            }
            DataFusionError::Plan(_) | DataFusionError::SchemaError(..) | DataFusionError::NotImplemented(_) => {
                SqlErrorKind::Plan
            }
            DataFusionError::Internal(_) => SqlErrorKind::Internal,
            _ => SqlErrorKind::Execution,
        };
        if kind == SqlErrorKind::ReadOnly {
            return Self::read_only(sql);
        }
        let message = diagnostic.as_ref().map_or_else(|| message_of(root), |diagnostic| diagnostic.message.clone());
        let place = diagnostic
            .as_ref()
            .and_then(|diagnostic| diagnostic.span)
            .map(|span| (span.start.line, span.start.column))
            .or_else(|| place_in(&message));
        let hint = diagnostic.as_ref().and_then(help_of).or_else(|| hint_of(kind, root));
        Self { kind, message: message.trim().to_owned(), place, hint, sql: sql.to_owned() }
    }

    /// A statement that a read-only door refuses.
    #[must_use]
    pub fn read_only(sql: &str) -> Self {
        Self {
            kind: SqlErrorKind::ReadOnly,
            message: "only one query that reads is allowed here".to_owned(),
            place: None,
            hint: Some("tables change through `jingwei integrate` alone".to_owned()),
            sql: sql.to_owned(),
        }
    }
}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some((line, column)) = self.place
            && let Some(excerpt) = self.sql.lines().nth(usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1))
        {
            let margin = line.to_string().len();
            let column = usize::try_from(column).unwrap_or(1).max(1);
            write!(f, "\n{line} | {excerpt}\n{:margin$} | {:>column$}", "", "^")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

fn message_of(error: &DataFusionError) -> String {
    match error {
        DataFusionError::SQL(error, _) => error.to_string().trim_start_matches("sql parser error: ").to_owned(),
        DataFusionError::Plan(text)
        | DataFusionError::Execution(text)
        | DataFusionError::NotImplemented(text)
        | DataFusionError::ResourcesExhausted(text) => text.clone(),
        other => other.strip_backtrace(),
    }
}

/// The parser's messages end in `at Line: 1, Column: 8`.
fn place_in(message: &str) -> Option<(u64, u64)> {
    let tail = &message[message.rfind("Line: ")? + 6..];
    let (line, rest) = tail.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn help_of(diagnostic: &Diagnostic) -> Option<String> {
    diagnostic.helps.first().map(|help| help.message.clone()).or_else(|| {
        let notes = diagnostic.notes.iter().map(|note| note.message.as_str()).collect::<Vec<_>>();
        (!notes.is_empty()).then(|| notes.join(", "))
    })
}

fn hint_of(kind: SqlErrorKind, error: &DataFusionError) -> Option<String> {
    match (kind, error) {
        (SqlErrorKind::Limit, _) => {
            Some("ask for fewer rows or groups, filter earlier, or raise `memory_mb` in config/jingwei.toml".to_owned())
        }
        (SqlErrorKind::Plan, DataFusionError::SchemaError(error, _)) => match error.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } if !valid_fields.is_empty() => {
                let capitals = valid_fields.iter().find(|valid| valid.name.eq_ignore_ascii_case(&field.name));
                if let Some(valid) = capitals {
                    return Some(format!("write \"{}\": a name with capitals stands in double quotes", valid.name));
                }
                let columns = valid_fields.iter().map(datafusion::common::Column::name).collect::<Vec<_>>();
                Some(format!("the columns are {}", columns.join(", ")))
            }
            _ => Some("`jingwei sql \"describe people\"` lists a table's columns".to_owned()),
        },
        (_, DataFusionError::Execution(text)) if text.starts_with("Placeholder") => {
            Some("give it a value: `--param NAME=VALUE`, or over HTTP `\"params\": {\"NAME\": value}`".to_owned())
        }
        _ => None,
    }
}
