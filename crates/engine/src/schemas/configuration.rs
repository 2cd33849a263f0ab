//! The reference of the configuration, from the very types that read it.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::json_schemas;
use crate::error::{EngineError, Result};

const INTRODUCTION: &str = "\
# Configuration

A city is a folder of TOML files and SQL queries; no code knows one. `jingwei init DIR` writes a commented project,
`jingwei profile FILE` proposes a source, `jingwei config check` reads everything and names what is wrong with its place and
the nearest key there is.

Paths are relative to the project's folder. `${VAR}` and `${VAR:-default}` in any text are taken from the environment, so that
passwords stand in no file. The JSON Schemas in [`config/schemas`](../config/schemas) say the same to an editor.

`SQL` below is an expression over the clean columns of a source, with every function of [the reference](sql-functions.md).
";

/// Where each kind of file stands.
const FILES: [(&str, &str); 4] = [
    ("jingwei.json", "`config/jingwei.toml`"),
    ("source.json", "`config/sources/<name>.toml`"),
    ("entity.json", "`config/entities/<element>.toml`"),
    ("query.json", "`queries/**.sql`: the leading comment"),
];

/// Every key of every kind of file, as Markdown.
///
/// # Errors
/// A schema that cannot be written as JSON.
pub fn configuration() -> Result<String> {
    let schemas = json_schemas()?;
    let mut text = INTRODUCTION.to_owned();
    let mut told = BTreeSet::new();
    for (file, title) in FILES {
        let schema = schemas.iter().find(|(name, _)| *name == file).map_or("null", |(_, text)| text);
        let schema: Value = serde_json::from_str(schema).map_err(|error| EngineError::Internal(error.to_string()))?;
        let _ = write!(text, "\n## {title}\n\n");
        object(&mut text, &schema);
        for (name, part) in schema["$defs"].as_object().into_iter().flatten() {
            if told.insert(name.clone()) {
                let _ = write!(text, "\n### {name}\n\n");
                object(&mut text, part);
            }
        }
    }
    Ok(text)
}

/// A table's keys, or the values of a choice.
fn object(text: &mut String, schema: &Value) {
    if let Some(description) = schema["description"].as_str() {
        let _ = writeln!(text, "{description}\n");
    }
    if let Some(keys) = schema["properties"].as_object().filter(|keys| !keys.is_empty()) {
        let _ = writeln!(text, "| key | is | default | meaning |\n|---|---|---|---|");
        for (name, key) in keys {
            let needed = schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
            let default = if needed { "**needed**".to_owned() } else { default(key) };
            let _ = writeln!(text, "| `{name}` | {} | {default} | {} |", kind(key), cell(&key["description"]));
        }
    }
    let choices = ["oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
    let choices = choices.collect::<Vec<_>>();
    if !choices.is_empty() {
        let _ = writeln!(text, "| value | meaning |\n|---|---|");
        for choice in choices {
            let _ = writeln!(text, "| {} | {} |", values(choice), cell(&choice["description"]));
        }
    }
    if schema["enum"].is_array() {
        let _ = writeln!(text, "One of {}.", values(schema));
    }
}

/// What a choice is written as.
fn values(choice: &Value) -> String {
    let code = |value: &Value| format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    match (&choice["const"], choice["enum"].as_array()) {
        (Value::Null, Some(values)) => values.iter().map(code).collect::<Vec<_>>().join(", "),
        (Value::Null, None) => kind(choice),
        (value, _) => code(value),
    }
}

fn cell(description: &Value) -> String {
    description.as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// The type of a value, with a link to a type of its own.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let kinds = any.iter().filter(|one| one["type"] != "null").map(kind).collect::<Vec<_>>();
        return kinds.join(" or ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let words = types.iter().map(|one| match *one {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" => match &schema["additionalProperties"] {
            Value::Object(of) => format!("table of {}", kind(&Value::Object(of.clone()))),
            _ => "table".to_owned(),
        },
        other => other.to_owned(),
    });
    let words = words.collect::<Vec<_>>();
    if words.is_empty() { "anything".to_owned() } else { words.join(" or ") }
}

/// The default as TOML would write it; nothing where the key may simply be absent.
fn default(key: &Value) -> String {
    match &key["default"] {
        Value::Null | Value::Object(_) => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        value => format!("`{value}`"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_key_of_a_source_is_told_with_its_type_and_meaning() {
        let text = configuration().unwrap();
        assert!(text.contains("| `trust` | number | `0.5` | How far its values are believed"), "{text}");
        assert!(text.contains("| `from` | [From](#from) | **needed** | Where the data is. |"), "{text}");
        assert!(text.contains("| `level` | [LinkLevel](#linklevel) |"), "{text}");
        assert!(text.contains("| `building` | Its building. |"), "{text}");
    }

    #[test]
    fn a_type_that_several_files_share_is_told_once() {
        let text = configuration().unwrap();
        assert_eq!(text.matches("\n### Element\n").count(), 1);
    }
}
