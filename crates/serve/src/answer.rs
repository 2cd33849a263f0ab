//! A query's answer as a streamed response.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use datafusion::common::ParamValues;
use datafusion::execution::SendableRecordBatchStream;
use futures::{StreamExt, stream};
use jingwei_engine::{Encoder, EngineError, OutputFormat, SqlError, ask};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::problem::Problem;

/// Names the snapshot an answer was read from.
const SNAPSHOT: HeaderName = HeaderName::from_static("jingwei-snapshot");
/// Names the tables read and their versions.
const TABLES: HeaderName = HeaderName::from_static("jingwei-tables");
/// Tells at how many rows the answer is cut.
const ROW_LIMIT: HeaderName = HeaderName::from_static("jingwei-row-limit");

/// A query with its limits.
pub struct Question {
    /// One statement that reads.
    pub sql: String,
    /// Values of its parameters.
    pub params: Option<ParamValues>,
    /// Rows at most.
    pub limit: Option<usize>,
    /// Seconds at most.
    pub timeout_s: Option<u64>,
    /// The format of the answer.
    pub format: OutputFormat,
}

/// Answers a query. What goes wrong before the first rows is a problem; what goes wrong later breaks the stream
/// off, so that no client takes a part for the whole.
pub async fn answer(app: &App, question: Question, headers: &HeaderMap) -> Result<Response, Problem> {
    let settings = app.settings();
    let seconds = question.timeout_s.unwrap_or(settings.timeout_s).min(settings.timeout_s);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let limit = question.limit.unwrap_or(settings.max_rows).min(settings.max_rows);
    let format = question.format;
    let begun = {
        let app = app.clone();
        async move {
            let leave = app.leave().await;
            let open = app.current().await?;
            let context = open.context(app.city())?;
            let text = format!("{}{}{}{limit}", question.sql, values(question.params.as_ref()), question.format);
            let answer = ask(&context, &question.sql, question.params).await?;
            let tables = versions(open.snapshot.as_ref(), &answer.tables()?);
            let schema = answer.schema();
            let encoder =
                Encoder::new(question.format, &schema).map_err(|error| Problem::bad_request(error.to_string()))?;
            let etag = format!(
                "\"{}-{:016x}\"",
                open.seq().unwrap_or_default(),
                jingwei_model::hash::hash64(format!("{text}{tables}").as_bytes())
            );
            let mut rows = answer.limit(limit)?.stream().await?;
            let first = rows
                .next()
                .await
                .transpose()
                .map_err(|error| EngineError::from(SqlError::new(&question.sql, &error)))?;
            let sql = question.sql;
            Ok::<_, Problem>(Begun { leave, seq: open.seq(), tables, encoder, etag, rows, first, sql })
        }
    };
    let begun = timeout_at(deadline, app.workers().run(begun)).await.map_err(|_| Problem::timeout(seconds))??;
    let Begun { leave, seq, tables, encoder, etag, rows, first, sql } = begun?;
    let mut head = HeaderMap::new();
    let value = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    head.insert(SNAPSHOT, value(seq.unwrap_or_default().to_string()));
    head.insert(TABLES, value(tables));
    head.insert(ROW_LIMIT, value(limit.to_string()));
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    head.insert(header::ETAG, value(etag));
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let body = Body::from_stream(encoded(Writing {
        encoder: Some(encoder),
        first,
        rows: app.workers().stream(rows),
        deadline,
        sql,
        _leave: leave,
    }));
    Ok((head, body).into_response())
}

fn versions(snapshot: Option<&jingwei_store::Snapshot>, tables: &[String]) -> String {
    let version = |name: &String| {
        let name = if name.contains('.') { name.clone() } else { format!("base.{name}") };
        let state = snapshot?.tables.get(&name.parse().ok()?)?;
        Some(format!("{name}@{}", state.version))
    };
    tables.iter().filter_map(version).collect::<Vec<_>>().join(",")
}

/// The parameters as text, in the order of their names.
fn values(params: Option<&ParamValues>) -> String {
    match params {
        Some(ParamValues::Map(values)) => format!("{:?}", values.iter().collect::<BTreeMap<_, _>>()),
        other => format!("{other:?}"),
    }
}

/// A query that runs, with its first rows.
struct Begun {
    leave: Option<OwnedSemaphorePermit>,
    seq: Option<u64>,
    tables: String,
    encoder: Encoder,
    etag: String,
    rows: SendableRecordBatchStream,
    first: Option<arrow::array::RecordBatch>,
    sql: String,
}

struct Writing {
    encoder: Option<Encoder>,
    first: Option<arrow::array::RecordBatch>,
    rows: SendableRecordBatchStream,
    deadline: Instant,
    sql: String,
    _leave: Option<OwnedSemaphorePermit>,
}

fn encoded(writing: Writing) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(writing, |mut writing| async move {
        loop {
            let encoder = writing.encoder.as_mut()?;
            let next = match writing.first.take() {
                Some(batch) => Some(Ok(batch)),
                None => match timeout_at(writing.deadline, writing.rows.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        writing.encoder = None;
                        return Some((Err(std::io::Error::other("the query took too long")), writing));
                    }
                },
            };
            let bytes = match next {
                Some(Ok(batch)) => encoder.batch(&batch),
                Some(Err(error)) => {
                    let error = SqlError::new(&writing.sql, &error);
                    tracing::warn!(%error, "a query failed while its answer was written");
                    writing.encoder = None;
                    return Some((Err(std::io::Error::other(error)), writing));
                }
                None => writing.encoder.take()?.finish(),
            };
            match bytes {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Some((Ok(Bytes::from(bytes)), writing)),
                Err(error) => {
                    writing.encoder = None;
                    return Some((Err(std::io::Error::other(error)), writing));
                }
            }
        }
    })
}
