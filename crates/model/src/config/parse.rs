//! From TOML text to a typed structure, with errors a person can act on.

use std::fmt;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::expand::{ExpandError, expand};

/// A configuration file that cannot be used: what, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// 1-based line and column, where known.
    pub place: Option<(usize, usize)>,
    /// The line's text, as written in the file.
    pub excerpt: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl ConfigError {
    /// An error that belongs to no single line.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), place: None, excerpt: None, message: message.into(), hint: None }
    }

    /// The same error with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let (Some(excerpt), Some((line, column))) = (&self.excerpt, self.place) {
            let margin = line.to_string().len();
            write!(f, "\n{line} | {excerpt}\n{:margin$} | {:>column$}", "", "^")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Parses a configuration file's text, with variables expanded by `lookup`.
///
/// # Errors
/// Unset variables, TOML syntax, wrong types, missing keys, and unknown keys (the nearest known one is
/// named).
pub fn parse<T: DeserializeOwned>(
    file: &str,
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<T, ConfigError> {
    let expanded = expand(text, lookup).map_err(|error| {
        let line = match &error {
            ExpandError::Unset { line, .. } | ExpandError::Unclosed { line } => *line,
        };
        ConfigError { place: Some((line, 1)), ..ConfigError::new(file, error.to_string()) }
    })?;
    toml::from_str(&expanded).map_err(|error| explain(file, text, &expanded, &error))
}

fn explain(file: &str, original: &str, expanded: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message().trim().replace('\n', "; ");
    let place = error.span().map(|span| line_and_column(expanded, span.start));
    // The excerpt comes from the file as written: an expanded line could show a password.
    let excerpt = place.and_then(|(line, _)| original.lines().nth(line - 1)).map(str::to_owned);
    let place = match (place, &excerpt) {
        (Some((line, _)), Some(text)) if text.contains("${") => Some((line, 1)),
        (place, _) => place,
    };
    let hint = nearest_key(&message);
    ConfigError { file: file.to_owned(), place, excerpt, message, hint }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// For serde's "unknown field `x`, expected one of `a`, `b`": the nearest of the expected ones.
fn nearest_key(message: &str) -> Option<String> {
    let (head, tail) = message.split_once(", expected ")?;
    if !head.contains("unknown ") {
        return None;
    }
    let unknown = head.split('`').nth(1)?;
    let known = tail.split('`').skip(1).step_by(2);
    let (distance, best) = known.map(|key| (strsim::damerau_levenshtein(unknown, key), key)).min()?;
    (distance <= unknown.chars().count().max(3) / 2 + 1).then(|| format!("did you mean `{best}`?"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{CityConfig, EntityConfig, SourceConfig};
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one_and_its_line() {
        let text = "[city]\nname = \"X\"\ntime_zoen = \"Asia/Shanghai\"\n";
        let error = parse::<CityConfig>("jingwei.toml", text, none).unwrap_err();
        assert_eq!(error.place, Some((3, 1)));
        assert_eq!(error.hint.as_deref(), Some("did you mean `time_zone`?"));
        assert!(error.to_string().contains("time_zoen = \"Asia/Shanghai\""), "{error}");
    }

    #[test]
    fn a_wrong_value_shows_where_it_stands() {
        let text = "element = \"people\"\n[[match]]\nrule = \"id\"\non = [\"resident_id\"]\nprobability = \"high\"\n";
        let error = parse::<EntityConfig>("people.toml", text, none).unwrap_err();
        assert_eq!(error.place, Some((5, 15)));
    }

    #[test]
    fn an_unknown_parser_names_the_nearest_one() {
        let text = "title = \"t\"\n[from]\npath = \"a.csv\"\n[columns]\nn = { from = \"a\", parse = \"nam\" }\n";
        let error = parse::<SourceConfig>("a.toml", text, none).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `name`?"), "{error}");
    }

    #[test]
    fn an_error_never_shows_an_expanded_secret() {
        let text = "title = \"t\"\n[from]\nurl = \"${SECRET}\" x\n";
        let error = parse::<SourceConfig>("a.toml", text, |_| Some("hunter2".to_owned())).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn columns_keep_the_order_in_which_they_are_written() {
        let text =
            "title = \"t\"\n[from]\npath = \"a.csv\"\n[columns]\nz = { from = \"a\" }\na = { from = [\"b\", \"c\"] }\n";
        let config = parse::<SourceConfig>("a.toml", text, none).unwrap();
        assert_eq!(config.columns.keys().collect::<Vec<_>>(), ["z", "a"]);
    }
}
