//! From a source's configuration to its parts.

use jingwei_model::config::{FormatKind, SourceConfig};
use jingwei_model::hash::{base32, hash128};

use crate::error::{Result, SourceError};
use crate::location;
use crate::part::{Format, LocalFile, Locator, Part};
use crate::stream::blocking;
use crate::{archive, arrow, csv, database, excel, geojson, geopackage, json, parquet, shapefile, sqlite};

/// The parts of a source, ordered by file, then as the file orders its sheets.
///
/// # Errors
/// A file that is missing or is not what the configuration says.
pub async fn open(config: &SourceConfig, locator: &Locator) -> Result<Vec<Part>> {
    let Some(path) = pattern(config)? else {
        return database::open(config).await;
    };
    let mut parts = Vec::new();
    for location in location::find(path, locator).await? {
        let local = location.fetch(&locator.temp).await?;
        let (display, settings, temp) = (location.display, config.clone(), locator.temp.clone());
        let files = blocking(move || archive::unpack(&local, &display, &settings, &temp)).await?;
        for (file, kind) in files {
            parts.extend(open_file(file, kind, config).await?);
        }
    }
    Ok(parts)
}

/// The parts of one file.
pub(crate) async fn open_file(file: LocalFile, kind: FormatKind, config: &SourceConfig) -> Result<Vec<Part>> {
    match kind {
        FormatKind::Csv | FormatKind::Tsv => csv::Csv.open(file, config).await,
        FormatKind::Json | FormatKind::Ndjson => json::Json(kind).open(file, config).await,
        FormatKind::Geojson => geojson::Geojson.open(file, config).await,
        FormatKind::Excel => excel::Excel.open(file, config).await,
        FormatKind::Shapefile => shapefile::Shapefile.open(file, config).await,
        FormatKind::Geopackage => geopackage::Geopackage.open(file, config).await,
        FormatKind::Parquet => parquet::Parquet.open(file, config).await,
        FormatKind::Arrow => arrow::Arrow.open(file, config).await,
        FormatKind::Sqlite => sqlite::Sqlite.open(file, config).await,
        FormatKind::Postgres | FormatKind::Mysql => {
            Err(SourceError::data(file.display, "a database is named by from.url, not by from.path"))
        }
    }
}

/// A hash of the content of all files of a source; `None` for a database, whose content has none.
///
/// # Errors
/// A file that is missing or cannot be read.
pub async fn fingerprint(config: &SourceConfig, locator: &Locator) -> Result<Option<String>> {
    let Some(path) = pattern(config)? else { return Ok(None) };
    let mut text = String::new();
    for location in location::find(path, locator).await? {
        text.push_str(&location.display);
        text.push('\t');
        text.push_str(&location.fingerprint().await?);
        text.push('\n');
    }
    Ok(Some(base32(hash128(text.as_bytes()))))
}

/// The files' path; `None` when the source is a database.
fn pattern(config: &SourceConfig) -> Result<Option<&str>> {
    match (&config.from.path, &config.from.url) {
        (Some(path), None) => Ok(Some(path)),
        (None, Some(_)) => Ok(None),
        (None, None) => {
            let error = SourceError::data("[from]", "says neither path nor url");
            Err(error.with_hint("write path = \"inbox/file.csv\" or url = \"postgres://host/db\""))
        }
        (Some(_), Some(_)) => {
            let error = SourceError::data("[from]", "says both path and url");
            Err(error.with_hint("keep path for a file, or url for a database"))
        }
    }
}

/// The raw columns the configuration names, in order: what an empty file would have had.
pub(crate) fn configured(config: &SourceConfig) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in config.columns.values() {
        for name in column.from.to_vec() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}
