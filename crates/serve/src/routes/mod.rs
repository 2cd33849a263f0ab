//! The routes, one file each.

mod geocode;
mod health;
mod queries;
mod sql;
mod tables;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::{get, post};
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::problem::Problem;

/// Bytes of a request at most.
const BODY_BYTES: usize = 1 << 20;

/// All routes over one application.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/v1/sql", post(sql::post))
        .route("/v1/tables", get(tables::list))
        .route("/v1/tables/{table}", get(tables::one))
        .route("/v1/geocode", get(geocode::geocode))
        .route("/v1/reverse", get(geocode::reverse))
        .route("/v1/queries", get(queries::list))
        .route("/v1/queries/{name}", get(queries::run))
        .fallback(async |method: Method, uri: Uri| Problem::not_found(format!("there is no {method} {}", uri.path())))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            Problem::new(
                axum::http::StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                format!("{} does not take {method}", uri.path()),
            )
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}
