//! References that are generated: JSON Schemas of the configuration and the list of SQL functions.

use std::fmt::Write;

use jingwei_model::config::{CityConfig, EntityConfig, SourceConfig};

use crate::error::{EngineError, Result};
use crate::library::Header;
use crate::session::{SessionSettings, session};

/// File name and text of the JSON Schema of each kind of configuration.
///
/// # Errors
/// A schema that cannot be written as JSON.
pub fn json_schemas() -> Result<Vec<(&'static str, String)>> {
    let text = |schema: schemars::Schema| {
        serde_json::to_string_pretty(&schema)
            .map(|text| text + "\n")
            .map_err(|error| EngineError::Internal(error.to_string()))
    };
    Ok(vec![
        ("jingwei.json", text(schemars::schema_for!(CityConfig))?),
        ("source.json", text(schemars::schema_for!(SourceConfig))?),
        ("entity.json", text(schemars::schema_for!(EntityConfig))?),
        ("query.json", text(schemars::schema_for!(Header))?),
    ])
}

/// The SQL functions beyond those of the query engine, as Markdown.
///
/// # Errors
/// A session that cannot be made.
pub fn sql_functions() -> Result<String> {
    let context = session(&SessionSettings::default())?;
    let plain = datafusion::prelude::SessionContext::new();
    let (ours, theirs) = (context.state(), plain.state());
    let mut text = String::from(
        "# SQL functions\n\nBeside the functions of the query engine (DataFusion), a session has these.\n\n| function | what it gives |\n|---|---|\n",
    );
    let mut rows = Vec::new();
    for (name, function) in ours.scalar_functions() {
        if !theirs.scalar_functions().contains_key(name) {
            rows.push((
                name.clone(),
                function.documentation().map(|doc| (doc.syntax_example.clone(), doc.description.clone())),
            ));
        }
    }
    for (name, function) in ours.aggregate_functions() {
        if !theirs.aggregate_functions().contains_key(name) {
            rows.push((
                name.clone(),
                function.documentation().map(|doc| (doc.syntax_example.clone(), doc.description.clone())),
            ));
        }
    }
    rows.sort();
    for (name, doc) in rows {
        let (syntax, description) = doc.unwrap_or_else(|| (name.clone(), String::new()));
        let _ = writeln!(text, "| `{}` | {} |", syntax.replace('|', "\\|"), description.replace('\n', " ").trim());
    }
    Ok(text)
}
