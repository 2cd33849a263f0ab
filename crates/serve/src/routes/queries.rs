//! `GET /v1/queries`, `GET /v1/queries/{name}?param=…`: the query library.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jingwei_engine::bind;
use serde_json::{Value, json};

use crate::answer::{Question, answer};
use crate::app::App;
use crate::negotiate;
use crate::problem::Problem;

/// Every query with its title and parameters.
pub async fn list(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let queries = app.city().project.library.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let queries = queries.map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!({"queries": queries})))
}

/// Runs a query; its parameters are those of the URL, beside `limit`.
pub async fn run(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(mut given): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = negotiate::format(&headers)?;
    let query = app.city().project.library.get(&name).map_err(|error| {
        let mut problem = Problem::from(error);
        problem.status = 404;
        problem.title = "Not Found";
        problem.code = "not_found";
        problem
    })?;
    let mut limit = None;
    if !query.header.params.contains_key("limit") {
        for (_, value) in given.extract_if(.., |(name, _)| name == "limit") {
            limit = Some(
                value
                    .parse()
                    .map_err(|_| Problem::bad_request(format!("`limit` is `{value}`, which is no whole number")))?,
            );
        }
    }
    let params = bind(&query.header.params, &given)?;
    let params = (!query.header.params.is_empty()).then_some(params);
    answer(&app, Question { sql: query.sql.clone(), params, limit, timeout_s: None, format }, &headers).await
}
