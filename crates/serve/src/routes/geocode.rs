//! `GET /v1/geocode?q=…`: the standard address a text means, with the evidence. `GET /v1/reverse?lon=&lat=`: the one
//! nearest to a point.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use jingwei_engine::{EngineError, Geocoder, SharedGeocoder, StandardAddress};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::problem::Problem;

/// Characters of a text at most; no address is longer, and a longer one is a mistake.
const LONGEST: usize = 1_000;

/// A text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    q: String,
}

/// A point in EPSG:4326.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    lon: f64,
    lat: f64,
}

/// Finds the standard address that a text means.
pub async fn geocode(State(app): State<App>, given: Result<Query<Text>, QueryRejection>) -> Result<Response, Problem> {
    let Query(Text { q }) = given.map_err(|error| {
        Problem::bad_request(error.body_text()).with_hint("ask for e.g. /v1/geocode?q=望京方恒国际5号楼501")
    })?;
    if q.chars().count() > LONGEST {
        return Err(Problem::bad_request(format!("`q` has more than {LONGEST} characters")));
    }
    let (geocoder, version) = opened(&app).await?;
    let answer = tokio::task::spawn_blocking(move || answer(&geocoder, &q))
        .await
        .map_err(|error| EngineError::Internal(format!("geocoding ended: {error}")))?;
    Ok(with_version(answer, version))
}

fn answer(geocoder: &Geocoder, text: &str) -> Value {
    let found = geocoder.lookup().find(text);
    let parsed: Map<String, Value> =
        geocoder.parse(text).into_iter().map(|(level, text)| (level.to_owned(), Value::String(text))).collect();
    json!({
        "q": text,
        "verdict": found.verdict,
        "address": found.row.map(|row| geocoder.address(row)),
        "probability": found.row.map(|_| found.probability),
        "nearest": found.nearest.map(|row| geocoder.address(row)),
        "parsed": parsed,
        "candidates": geocoder.explain(text),
    })
}

/// Finds the standard address nearest to a point.
pub async fn reverse(State(app): State<App>, given: Result<Query<Point>, QueryRejection>) -> Result<Response, Problem> {
    let Query(Point { lon, lat }) = given.map_err(|error| {
        Problem::bad_request(error.body_text()).with_hint("ask for e.g. /v1/reverse?lon=116.47&lat=39.99")
    })?;
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        return Err(Problem::bad_request(format!("{lon},{lat} is no longitude and latitude in degrees")));
    }
    let (geocoder, version) = opened(&app).await?;
    let found = geocoder.reverse(lon, lat);
    let address: Option<StandardAddress> = found.map(|found| geocoder.address(found.row));
    let answer = json!({"lon": lon, "lat": lat, "address": address, "distance_m": found.map(|found| found.distance_m)});
    Ok(with_version(answer, version))
}

/// The snapshot an answer is read from, and the version of the table of addresses in it.
type Version = (Option<u64>, String);

/// The geocoder over the latest snapshot, shared with the SQL functions.
async fn opened(app: &App) -> Result<(Arc<Geocoder>, Version), Problem> {
    let open = app.current().await?;
    let context = open.context(app.city())?;
    let shared = SharedGeocoder::of(&context)
        .ok_or_else(|| EngineError::Internal("the session has no function `geocode`".to_owned()))?;
    let geocoder = Arc::clone(shared.load(&context).await?);
    let table = jingwei_store::TableName::new("base", "addresses");
    let state = open.snapshot.as_ref().and_then(|snapshot| snapshot.tables.get(&table));
    let version = state.map(|state| format!("{table}@{}", state.version)).unwrap_or_default();
    Ok((geocoder, (open.seq(), version)))
}

fn with_version(answer: Value, (seq, tables): Version) -> Response {
    let mut response = Json(answer).into_response();
    let value = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("jingwei-snapshot"), value(seq.unwrap_or_default().to_string()));
    headers.insert(HeaderName::from_static("jingwei-tables"), value(tables));
    response
}
