//! Which format a client wants: the `Accept` header with its weights.

use axum::http::{HeaderMap, StatusCode, header};
use jingwei_engine::OutputFormat;

use crate::Problem;

/// Formats a door can give; the first one where the client does not care.
const FORMATS: [OutputFormat; 6] = [
    OutputFormat::Json,
    OutputFormat::Ndjson,
    OutputFormat::Csv,
    OutputFormat::Arrow,
    OutputFormat::Parquet,
    OutputFormat::Geojson,
];

/// The format to answer in.
///
/// # Errors
/// 406 where the client accepts none of ours.
pub fn format(headers: &HeaderMap) -> Result<OutputFormat, Problem> {
    let accepted =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    if accepted.trim().is_empty() {
        return Ok(FORMATS[0]);
    }
    let mut wanted = accepted
        .split(',')
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            (name, weight)
        })
        .filter(|(_, weight)| *weight > 0.0)
        .collect::<Vec<_>>();
    wanted.sort_by(|a, b| b.1.total_cmp(&a.1));
    wanted.iter().find_map(|(name, _)| of_range(name)).ok_or_else(|| {
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", format!("no answer can be given as `{accepted}`"))
            .with_hint(format!("accepted are {}", FORMATS.map(OutputFormat::media_type).join(", ")))
    })
}

fn of_range(name: &str) -> Option<OutputFormat> {
    match name {
        "*/*" | "application/*" => Some(OutputFormat::Json),
        "text/*" => Some(OutputFormat::Csv),
        name => OutputFormat::of_media_type(name).filter(|format| FORMATS.contains(format)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(accept: &str) -> Result<OutputFormat, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        format(&headers)
    }

    #[test]
    fn the_heaviest_format_that_can_be_given_is_given() {
        assert_eq!(asked("text/csv").unwrap(), OutputFormat::Csv);
        assert_eq!(asked("text/html, text/csv;q=0.5, application/x-ndjson;q=0.9").unwrap(), OutputFormat::Ndjson);
        assert_eq!(asked("*/*").unwrap(), OutputFormat::Json);
        assert_eq!(format(&HeaderMap::new()).unwrap(), OutputFormat::Json);
    }

    #[test]
    fn what_cannot_be_given_is_406() {
        assert_eq!(asked("image/png").unwrap_err().status, 406);
        assert_eq!(asked("text/csv;q=0").unwrap_err().status, 406);
    }
}
