//! `GET /health/live`, `GET /health/ready`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::problem::Problem;

/// The process answers.
pub async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// A snapshot is published and can be read.
pub async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let open = app.current().await?;
    match open.seq() {
        Some(seq) => Ok(Json(json!({"status": "ok", "snapshot": seq}))),
        None => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "nothing has been integrated yet")
            .with_hint("run `jingwei integrate`")),
    }
}
