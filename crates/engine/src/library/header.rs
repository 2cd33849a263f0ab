//! The TOML in a query's leading block comment.

use indexmap::IndexMap;
use jingwei_model::config::{ConfigError, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a query says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Title in English.
    pub title: String,
    /// Title in Chinese.
    #[serde(default)]
    pub title_zh: Option<String>,
    /// What it computes, its source, how to read it.
    #[serde(default)]
    pub description: Option<String>,
    /// Parameters, bound as `$name`.
    #[serde(default)]
    pub params: IndexMap<String, ParamConfig>,
    /// Cron expression in the city's zone.
    #[serde(default)]
    pub schedule: Option<String>,
    /// How grave a finding is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Condition on the number of rows under which a check warns, e.g. `> 0`.
    #[serde(default)]
    pub warn_if: Option<String>,
    /// Condition on the number of rows under which a check fails.
    #[serde(default)]
    pub error_if: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Roles that may run it; everyone when empty.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The column that holds the geometry of a row.
    #[serde(default)]
    pub geometry: Option<String>,
    /// The columns that name a row.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// One parameter.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamConfig {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// Its value when none is given; null when absent.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub default: Option<toml::Value>,
    /// What it means.
    #[serde(default)]
    pub description: Option<String>,
}

/// A parameter's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamType {
    /// Text.
    Text,
    /// Whole number.
    Integer,
    /// Number.
    Number,
    /// true or false.
    Boolean,
    /// Date, `2026-06-30`.
    Date,
    /// Date and time, `2026-06-30T12:00:00`.
    Datetime,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warn,
    /// Must be mended.
    Error,
}

/// Splits a query file into its header and its SQL.
///
/// # Errors
/// No leading block comment, or TOML in it that does not parse; places are those of the file.
pub fn split(file: &str, text: &str) -> Result<(Header, String), ConfigError> {
    let missing = || {
        ConfigError::new(file, "the file does not begin with a block comment that describes the query")
            .with_hint("begin with `/*`, then e.g. `title = \"…\"`, then `*/`, then the SQL")
    };
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    let skipped = text[..text.len() - trimmed.len()].matches('\n').count();
    let body = trimmed.strip_prefix("/*").ok_or_else(missing)?;
    let end = body.find("*/").ok_or_else(missing)?;
    let header = parse::<Header>(file, &body[..end], |_| None).map_err(|mut error| {
        error.place = error.place.map(|(line, column)| (line + skipped, column));
        error
    })?;
    Ok((header, body[end + 2..].trim().trim_end_matches(';').to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_header_gives_title_and_parameters_in_order() {
        let text = "/*\ntitle = \"T\"\n[params]\nz = { type = \"date\" }\na = { type = \"integer\", default = 3 }\n*/\nSELECT 1;\n";
        let (header, sql) = split("q.sql", text).unwrap();
        assert_eq!(header.title, "T");
        assert_eq!(header.params.keys().collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(sql, "SELECT 1");
    }

    #[test]
    fn a_wrong_key_in_a_header_names_its_line_in_the_file() {
        let error = split("q.sql", "\n/*\ntitle = \"T\"\nowners = \"x\"\n*/ SELECT 1").unwrap_err();
        assert_eq!(error.place.map(|place| place.0), Some(4));
        assert_eq!(error.hint.as_deref(), Some("did you mean `owner`?"));
    }

    #[test]
    fn a_file_without_a_header_says_what_to_write() {
        assert!(split("q.sql", "SELECT 1").unwrap_err().hint.is_some());
    }
}
