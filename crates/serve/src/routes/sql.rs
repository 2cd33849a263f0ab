//! `POST /v1/sql`: one statement that reads, with bound parameters.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::{ParamValues, ScalarValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::{Question, answer};
use crate::app::App;
use crate::negotiate;
use crate::problem::Problem;

/// The request's body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    sql: String,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    timeout_s: Option<u64>,
}

/// Runs the statement and streams its answer.
pub async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<Response, Problem> {
    let format = negotiate::format(&headers)?;
    let Json(body) = body.map_err(|error| {
        Problem::bad_request(error.body_text())
            .with_hint(r#"send Content-Type: application/json and e.g. {"sql": "SELECT count(*) FROM people"}"#)
    })?;
    let question =
        Question { sql: body.sql, params: params(body.params)?, limit: body.limit, timeout_s: body.timeout_s, format };
    answer(&app, question, &headers).await
}

fn params(given: Map<String, Value>) -> Result<Option<ParamValues>, Problem> {
    if given.is_empty() {
        return Ok(None);
    }
    let mut values = HashMap::new();
    for (name, value) in given {
        let scalar = match value {
            Value::Null => ScalarValue::Null,
            Value::Bool(value) => ScalarValue::Boolean(Some(value)),
            Value::Number(value) => match value.as_i64() {
                Some(whole) => ScalarValue::Int64(Some(whole)),
                None => ScalarValue::Float64(value.as_f64()),
            },
            Value::String(value) => ScalarValue::Utf8(Some(value)),
            Value::Array(_) | Value::Object(_) => {
                return Err(Problem::bad_request(format!("parameter `{name}` is a list or an object"))
                    .with_hint("parameters are text, numbers, true, false or null"));
            }
        };
        values.insert(name, ScalarAndMetadata::from(scalar));
    }
    Ok(Some(ParamValues::Map(values)))
}
