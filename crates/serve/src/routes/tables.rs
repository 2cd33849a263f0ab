//! `GET /v1/tables`, `GET /v1/tables/{table}`: what can be asked.

use axum::Json;
use axum::extract::{Path, State};
use jingwei_model::Table;
use jingwei_store::{Snapshot, TableName, TableState};
use serde_json::{Value, json};

use crate::app::App;
use crate::problem::Problem;

/// Every table of the snapshot, and the base tables that are still empty.
pub async fn list(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let open = app.current().await?;
    let mut tables = Table::ALL
        .iter()
        .filter(|table| state(open.snapshot.as_ref(), &TableName::new("base", table.name)).is_none())
        .map(|table| describe(&app, &TableName::new("base", table.name), None))
        .collect::<Result<Vec<_>, _>>()?;
    for (name, state) in open.snapshot.iter().flat_map(|snapshot| &snapshot.tables) {
        tables.push(describe(&app, name, Some(state))?);
    }
    for table in &mut tables {
        if let Some(table) = table.as_object_mut() {
            table.remove("columns");
        }
    }
    Ok(Json(json!({"snapshot": open.seq(), "tables": tables})))
}

/// One table with its columns; a name without schema is one of `base`.
pub async fn one(State(app): State<App>, Path(table): Path<String>) -> Result<Json<Value>, Problem> {
    let open = app.current().await?;
    let name = if table.contains('.') { table.clone() } else { format!("base.{table}") };
    let name: TableName = name.parse().map_err(Problem::bad_request)?;
    let found = state(open.snapshot.as_ref(), &name);
    let known = found.is_some() || (name.schema == "base" && Table::ALL.iter().any(|table| table.name == name.name));
    if !known {
        return Err(Problem::not_found(format!("there is no table `{table}`")).with_hint("GET /v1/tables lists them"));
    }
    describe(&app, &name, found).map(Json)
}

fn state<'a>(snapshot: Option<&'a Snapshot>, name: &TableName) -> Option<&'a TableState> {
    snapshot?.tables.get(name)
}

fn describe(app: &App, name: &TableName, state: Option<&TableState>) -> Result<Value, Problem> {
    let base = Table::ALL.into_iter().find(|table| name.schema == "base" && table.name == name.name);
    let source = app
        .city()
        .project
        .sources
        .get(&name.name)
        .filter(|_| matches!(name.schema.as_str(), "raw" | "clean" | "quarantine"));
    let schema = match (state, base) {
        (Some(state), _) => state.schema().map_err(jingwei_engine::EngineError::from)?,
        (None, Some(table)) => table.schema(),
        (None, None) => return Err(Problem::not_found(format!("there is no table `{name}`"))),
    };
    let columns = schema.fields().iter().map(|field| {
        let configured = source.and_then(|source| source.columns.get(field.name()));
        let meta = |key: &str| field.metadata().get(key).cloned();
        json!({
            "name": field.name(),
            "type": field.data_type().to_string(),
            "title": meta("title").or_else(|| configured.and_then(|column| column.title.clone())),
            "title_zh": meta("title_zh").or_else(|| configured.and_then(|column| column.title_zh.clone())),
            "sensitivity": meta("sensitivity").unwrap_or_else(|| "open".to_owned()),
        })
    });
    Ok(json!({
        "name": name.to_string(),
        "title": base.map(|table| table.title.to_owned()).or_else(|| source.map(|source| source.title.clone())),
        "title_zh": base.map(|table| table.title_zh.to_owned()).or_else(|| source.and_then(|source| source.title_zh.clone())),
        "owner": source.and_then(|source| source.department.clone()),
        "rows": state.map_or(0, |state| state.rows),
        "bytes": state.map_or(0, |state| state.bytes),
        "version": state.map(|state| state.version),
        "changed_at": state.map(|state| state.changed_at.clone()),
        "columns": columns.collect::<Vec<_>>(),
    }))
}
