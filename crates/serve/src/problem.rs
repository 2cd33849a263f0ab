//! Errors over HTTP: RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingwei_engine::{EngineError, SqlErrorKind};
use serde::Serialize;

/// A problem, `application/problem+json`.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Short title of the status.
    pub title: &'static str,
    /// Stable word for programs.
    pub code: &'static str,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Line in the SQL, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

impl Problem {
    /// A problem of a status.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            code,
            detail: detail.into(),
            hint: None,
            line: None,
            column: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Nothing there under this name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// A request that cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// The query took longer than allowed.
    #[must_use]
    pub fn timeout(seconds: u64) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "sql_timeout", format!("the query took longer than {seconds} s"))
            .with_hint("filter earlier, ask for less, or raise `timeout_s` within the server's limit")
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Sql(error) => {
                let status = match error.kind {
                    SqlErrorKind::Syntax | SqlErrorKind::Plan | SqlErrorKind::Execution => StatusCode::BAD_REQUEST,
                    SqlErrorKind::ReadOnly => StatusCode::FORBIDDEN,
                    SqlErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
                    SqlErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                };
                let mut problem = Self::new(status, error.kind.code(), error.message);
                problem.hint = error.hint;
                (problem.line, problem.column) = (error.place.map(|place| place.0), error.place.map(|place| place.1));
                problem
            }
            EngineError::Usage { message, hint } => {
                let mut problem = Self::bad_request(message);
                problem.hint = hint;
                problem
            }
            other => {
                tracing::error!(error = %other, "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the request could not be answered; the server's log says why",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
