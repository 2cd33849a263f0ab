//! What can be wrong with a source's configuration, seen against its data.

use std::fmt::Write;

use arrow::error::ArrowError;
use thiserror::Error;

/// An error of standardizing. Values that cannot be read are no errors: they go to quarantine.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StandardizeError {
    /// A column is to be read from a raw column that is not there.
    #[error("{}column `{column}` is read from `{raw}`, which is not there; {}", place(part.as_deref()), nearest_hint(nearest, has))]
    MissingColumn {
        /// The file or table, where known.
        part: Option<String>,
        /// The clean column.
        column: String,
        /// The raw column.
        raw: String,
        /// Raw columns of a like name, nearest first.
        nearest: Vec<String>,
        /// All raw columns.
        has: Vec<String>,
    },
    /// A raw column's name occurs more than once.
    #[error(
        "{}column `{column}` is read from `{raw}`, and {count} columns have that name; rename all but one in the file, or let `header_rows` join the levels that tell them apart",
        place(part.as_deref())
    )]
    AmbiguousColumn {
        /// The file or table, where known.
        part: Option<String>,
        /// The clean column.
        column: String,
        /// The raw column.
        raw: String,
        /// How often it occurs.
        count: usize,
    },
    /// A setting that cannot work, whatever the data.
    #[error("column `{column}`: {message}")]
    Setting {
        /// The clean column.
        column: String,
        /// What is wrong, and how to mend it.
        message: String,
    },
    /// `key` names a column that is not configured.
    #[error("`key` names `{key}`, which is no column of the source{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownKey {
        /// As written.
        key: String,
        /// A configured column of a like name.
        nearest: Option<String>,
    },
    /// A time zone that nobody knows.
    #[error("`{name}` is no time zone; write an IANA name such as `Asia/Shanghai`")]
    UnknownTimeZone {
        /// As written.
        name: String,
    },
    /// A batch that does not have the columns the standardizer was made for.
    #[error("internal error: a batch of another schema than the one announced")]
    OtherSchema,
    /// A raw batch without its provenance columns.
    #[error("internal error: the raw batch has no column `{0}`")]
    NoProvenance(&'static str),
    /// Arrow refused an operation of ours.
    #[error("internal error: {0}")]
    Arrow(#[from] ArrowError),
    /// A row that cannot be written as JSON.
    #[error("internal error: {0}")]
    Json(#[from] serde_json::Error),
}

impl StandardizeError {
    /// Whether the user can mend it, as opposed to an error of our own.
    #[must_use]
    pub const fn is_user_error(&self) -> bool {
        !matches!(self, Self::OtherSchema | Self::NoProvenance(_) | Self::Arrow(_) | Self::Json(_))
    }
}

fn place(part: Option<&str>) -> String {
    part.map(|part| format!("{part}: ")).unwrap_or_default()
}

fn nearest_hint(nearest: &[String], has: &[String]) -> String {
    let mut hint = String::new();
    if let [first, rest @ ..] = nearest {
        let _ = write!(hint, "did you mean `{first}`");
        for name in rest {
            let _ = write!(hint, " or `{name}`");
        }
        hint.push('?');
    } else if has.is_empty() {
        hint.push_str("there are no columns at all");
    } else {
        let _ = write!(hint, "there are {}", has.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
    }
    hint
}

/// The names nearest to `wanted`, best first, at most three and none that is far off.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut scored = names
        .map(|name| (strsim::normalized_damerau_levenshtein(wanted, name), name))
        .map(
            |(score, name)| {
                if name.contains(wanted) || wanted.contains(name) { (score.max(0.6), name) } else { (score, name) }
            },
        )
        .filter(|(score, _)| *score >= 0.5)
        .collect::<Vec<_>>();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}
