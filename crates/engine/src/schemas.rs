//! References that are generated: JSON Schemas and the page of the configuration, and the list of SQL functions.

mod configuration;

use std::collections::BTreeMap;
use std::fmt::Write;

use datafusion::logical_expr::Documentation;
use jingwei_model::config::{CityConfig, EntityConfig, SourceConfig};

pub use configuration::configuration;

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

/// The SQL functions beyond those of the query engine, as Markdown: one line each.
///
/// # Errors
/// A session that cannot be made.
pub fn sql_functions() -> Result<String> {
    let mut text = String::from(
        "# SQL functions\n\nBeside the functions of the query engine (DataFusion), a session has these.\n\n| function | what it gives |\n|---|---|\n",
    );
    for (name, doc) in documented()? {
        let (syntax, description) = match &doc {
            Some(doc) => (doc.syntax_example.as_str(), first_paragraph(&doc.description)),
            None => (name.as_str(), ""),
        };
        let syntax = syntax.replace('|', "\\|");
        let cell = match &doc {
            Some(_) => format!("[`{syntax}`](functions/{name}.md)"),
            None => format!("`{syntax}`"),
        };
        let _ = writeln!(text, "| {cell} | {} |", description.replace('\n', " ").trim());
    }
    Ok(text)
}

/// File name and text of the reference page of each function that documents itself.
///
/// # Errors
/// A session that cannot be made.
pub fn sql_function_pages() -> Result<Vec<(String, String)>> {
    let pages = documented()?.into_iter().filter_map(|(name, doc)| doc.map(|doc| (name, doc)));
    Ok(pages.map(|(name, doc)| (format!("{name}.md"), page(&name, &doc))).collect())
}

fn page(name: &str, doc: &Documentation) -> String {
    let title = doc.syntax_example.split('(').next().unwrap_or(name);
    let mut text = format!("# {title}\n\n```sql\n{}\n```\n\n{}\n", doc.syntax_example, doc.description.trim());
    if let Some(example) = &doc.sql_example {
        let _ = write!(text, "\n## Example\n\n```sql\n{}\n```\n", example.trim());
    }
    text
}

fn first_paragraph(description: &str) -> &str {
    description.trim().split("\n\n").next().unwrap_or_default()
}

/// Every function that is ours or a library's, by name, with its documentation.
fn documented() -> Result<BTreeMap<String, Option<Documentation>>> {
    let context = session(&SessionSettings::default())?;
    let plain = datafusion::prelude::SessionContext::new();
    let (ours, theirs) = (context.state(), plain.state());
    let mut found = BTreeMap::new();
    for (name, function) in ours.scalar_functions() {
        if !theirs.scalar_functions().contains_key(name) {
            found.insert(name.clone(), function.documentation().cloned());
        }
    }
    for (name, function) in ours.aggregate_functions() {
        if !theirs.aggregate_functions().contains_key(name) {
            found.insert(name.clone(), function.documentation().cloned());
        }
    }
    for (name, function) in ours.window_functions() {
        if !theirs.window_functions().contains_key(name) {
            found.insert(name.clone(), function.documentation().cloned());
        }
    }
    Ok(found)
}
