//! The formats an answer can take.

use std::fmt;
use std::str::FromStr;

/// A format for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Aligned text for people.
    Table,
    /// One JSON array of rows.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated text with a header.
    Csv,
    /// Arrow IPC stream.
    Arrow,
    /// Parquet file.
    Parquet,
    /// `GeoJSON` feature collection.
    Geojson,
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Json, Self::Ndjson, Self::Csv, Self::Arrow, Self::Parquet, Self::Geojson];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
            Self::Geojson => "geojson",
        }
    }

    /// The media type used over HTTP.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Table => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Geojson => "application/geo+json",
        }
    }

    /// The format of a media type, without its parameters.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match essence {
            "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            _ => Self::ALL.into_iter().find(|format| format.media_type().split(';').next() == Some(essence)),
        }
    }

    /// The format of a file's name.
    #[must_use]
    pub fn of_extension(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "arrow" | "arrows" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            "geojson" => Some(Self::Geojson),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| format!("`{text}` is no format; the formats are {}", Self::ALL.map(Self::name).join(", ")))
    }
}
