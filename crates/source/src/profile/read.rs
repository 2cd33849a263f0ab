//! Reads a file as far as a profile needs.

use arrow::array::{Array, AsArray, RecordBatch};
use futures::TryStreamExt;
use jingwei_model::config::{FormatKind, From, SourceConfig};
use serde::Serialize;

use super::columns::{ColumnProfile, Gather};
use super::crs::CrsGuess;
use super::dictionary;
use super::layout::{self, Layout, Row};
use super::meaning::Meaning;
use crate::csv;
use crate::error::{Result, SourceError};
use crate::open::open_file;
use crate::part::{LocalFile, Locator, Part};
use crate::provenance::PROVENANCE;
use crate::stream::blocking;
use crate::{archive, location};

/// Rows of a sheet that are read.
const MOST_ROWS: u64 = 100_000;

/// Rows the layout is found in.
const FIRST_ROWS: usize = 200;

/// Sheets that are read.
const MOST_SHEETS: usize = 32;

/// What a file holds.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// The path as given.
    pub path: String,
    /// The first file of it, which was read.
    pub file: String,
    /// Files the path names.
    pub files: usize,
    /// The format.
    pub kind: FormatKind,
    /// The encoding of a text.
    pub encoding: Option<String>,
    /// The delimiter of a text.
    pub delimiter: Option<char>,
    /// Its sheets, layers, tables or archive members.
    pub sheets: Vec<SheetProfile>,
    /// What should be known beside.
    pub notes: Vec<String>,
}

/// What a sheet, layer, table or member holds.
#[derive(Debug, Clone, Serialize)]
pub struct SheetProfile {
    /// The file or archive member.
    pub file: String,
    /// The sheet, layer or table.
    pub sheet: Option<String>,
    /// Rows read.
    pub rows: u64,
    /// Whether there are more.
    pub sampled: bool,
    /// Rows that could not be read.
    pub unreadable: u64,
    /// What stands around the data.
    pub layout: Layout,
    /// The columns.
    pub columns: Vec<ColumnProfile>,
    /// The column that names a row, if one does.
    pub key: Option<String>,
    /// Two columns that are a point, and its system.
    pub point: Option<PointColumns>,
}

/// Two columns that are a point.
#[derive(Debug, Clone, Serialize)]
pub struct PointColumns {
    /// Longitude or easting.
    pub x: String,
    /// Latitude or northing.
    pub y: String,
    /// The system their range speaks for.
    pub crs: CrsGuess,
}

/// Reads the file at a path, or the first of several, and says what it holds.
///
/// # Errors
/// A file that is missing or of no known format.
pub async fn profile(path: &str, locator: &Locator) -> Result<Profile> {
    let bare = bare(path);
    let locations = location::find(path, locator).await?;
    let files = locations.len();
    let Some(location) = locations.into_iter().next() else {
        return Err(SourceError::Internal("a path without files".to_owned()));
    };
    let local = location.fetch(&locator.temp).await?;
    let (display, settings, temp) = (location.display.clone(), bare.clone(), locator.temp.clone());
    let inner = blocking(move || archive::unpack(&local, &display, &settings, &temp)).await?;
    let Some(kind) = inner.first().map(|(_, kind)| *kind) else {
        return Err(SourceError::Internal("an archive without members".to_owned()));
    };
    let mut profile = Profile {
        path: path.to_owned(),
        file: location.display,
        files,
        kind,
        encoding: None,
        delimiter: None,
        sheets: Vec::new(),
        notes: Vec::new(),
    };
    if files > 1 {
        profile
            .notes
            .push(format!("{files} files match; the first was read and the others should have the same columns"));
    }
    for (file, kind) in inner.into_iter().take(MOST_SHEETS) {
        read_file(&mut profile, file, kind, &bare).await?;
    }
    Ok(profile)
}

fn bare(path: &str) -> SourceConfig {
    SourceConfig {
        title: String::new(),
        title_zh: None,
        department: None,
        sharing: Default::default(),
        trust: 0.5,
        from: From { path: Some(path.to_owned()), ..From::default() },
        format: Default::default(),
        key: Vec::new(),
        columns: Default::default(),
        records: Vec::new(),
    }
}

async fn read_file(profile: &mut Profile, file: LocalFile, kind: FormatKind, bare: &SourceConfig) -> Result<()> {
    let mut config = bare.clone();
    config.format.kind = Some(kind);
    let mut layouts: Vec<(Option<String>, Layout)> = Vec::new();
    match kind {
        FormatKind::Csv | FormatKind::Tsv => {
            let (wanted, settings) = (file.clone(), config.clone());
            let sample = blocking(move || csv::sample(&wanted, &settings, FIRST_ROWS)).await?;
            layouts.push((None, layout::detect(&sample.rows)));
            config.format.delimiter = Some(char::from(sample.delimiter).to_string());
            profile.delimiter.get_or_insert(char::from(sample.delimiter));
            profile.encoding.get_or_insert(sample.encoding);
        }
        FormatKind::Excel => {
            config.format.sheet = Some("*".to_owned());
            config.format.header_rows = Some(0);
            for part in open_file(file.clone(), kind, &config).await?.into_iter().take(MOST_SHEETS) {
                let sheet = part.sheet.clone();
                layouts.push((sheet, layout::detect(&first_rows(part).await?)));
            }
        }
        FormatKind::Shapefile => {
            if let Err(SourceError::Data(fault)) = open_file(file.clone(), kind, &config).await
                && fault.hint.as_deref().is_some_and(|hint| hint.contains("format.crs"))
            {
                // Any system will do to look at the coordinates.
                config.format.crs = Some(UNKNOWN.to_owned());
                profile.notes.push(format!("{}: {}", fault.file, fault.message));
            }
        }
        _ => {}
    }
    if layouts.is_empty() {
        for part in open_file(file.clone(), kind, &config).await?.into_iter().take(MOST_SHEETS) {
            profile.sheets.push(gather(part, Layout::default(), kind).await?.0);
        }
        return Ok(());
    }
    for (sheet, mut layout) in layouts {
        config.format.sheet = sheet.clone().filter(|_| kind == FormatKind::Excel);
        config.format.skip_rows = layout.skip_rows;
        config.format.header_rows = Some(layout.header_rows);
        // Footers stand at the end, where only a first reading finds them.
        for _ in 0..2 {
            config.format.footer.clone_from(&layout.footer);
            let Some(part) = open_file(file.clone(), kind, &config).await?.into_iter().next() else { break };
            let (mut gathered, footers) = gather(part, layout.clone(), kind).await?;
            gathered.layout.footer = layout.footer.clone();
            if layout.footer.is_empty() && !footers.is_empty() {
                layout.footer = footers;
                continue;
            }
            gathered.layout.fill_down =
                gathered.columns.iter().filter(|column| column.fill_down).map(|column| column.name.clone()).collect();
            profile.sheets.push(gathered);
            break;
        }
    }
    Ok(())
}

/// A stand-in for the system of a shapefile that names none.
pub(super) const UNKNOWN: &str = "EPSG:4326 (assumed)";

/// The first rows of a sheet as they are.
async fn first_rows(mut part: Part) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    while let Some(batch) = part.rows.try_next().await? {
        let numbers = batch.column(2).as_primitive::<arrow::datatypes::Int64Type>();
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().skip(PROVENANCE.len()).map(|column| {
                let texts = column.as_string_opt::<i32>().filter(|texts| texts.is_valid(row));
                texts.map_or_else(String::new, |texts| texts.value(row).to_owned())
            });
            rows.push((numbers.value(row), cells.collect()));
            if rows.len() >= FIRST_ROWS {
                return Ok(rows);
            }
        }
    }
    Ok(rows)
}

/// Reads a part, and the footers found on the way.
async fn gather(mut part: Part, layout: Layout, kind: FormatKind) -> Result<(SheetProfile, Vec<String>)> {
    let fields: Vec<_> = part.schema.fields().iter().skip(PROVENANCE.len()).cloned().collect();
    let headers: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let mut columns: Vec<Gather> = fields
        .iter()
        .zip(dictionary::names(&headers))
        .map(|(field, (clean, hint))| Gather::new(field, clean, hint))
        .collect();
    let mut sheet = SheetProfile {
        file: part.file.clone(),
        sheet: part.sheet.clone(),
        rows: 0,
        sampled: false,
        unreadable: 0,
        layout,
        columns: Vec::new(),
        key: None,
        point: None,
    };
    let mut footers: Vec<(&'static str, u64)> = Vec::new();
    while let Some(batch) = part.rows.try_next().await? {
        if sheet.rows + batch.num_rows() as u64 > MOST_ROWS {
            sheet.sampled = true;
            break;
        }
        sheet.rows += batch.num_rows() as u64;
        let errors = batch.column(3);
        let readable: Vec<bool> = (0..batch.num_rows()).map(|row| errors.is_null(row)).collect();
        sheet.unreadable += readable.iter().filter(|readable| !**readable).count() as u64;
        if matches!(kind, FormatKind::Csv | FormatKind::Tsv | FormatKind::Excel) {
            note_footers(&batch, &mut footers);
        }
        for (gather, column) in columns.iter_mut().zip(batch.columns().iter().skip(PROVENANCE.len())) {
            gather.add(column, &readable);
        }
    }
    sheet.point = point(&columns, &headers);
    let groups = matches!(kind, FormatKind::Csv | FormatKind::Tsv | FormatKind::Excel);
    // A file writes its dates in one order: a column that tells tells for the others.
    let order = columns.iter().find_map(Gather::order);
    sheet.columns =
        columns.into_iter().enumerate().map(|(place, column)| column.finish(place, groups, order)).collect();
    sheet.key = key(&sheet);
    let rare = |count: u64| count <= 3 || count * 20 <= sheet.rows;
    let footers = footers.into_iter().filter(|(_, count)| rare(*count)).map(|(footer, _)| footer.to_owned()).collect();
    Ok((sheet, footers))
}

fn note_footers(batch: &RecordBatch, footers: &mut Vec<(&'static str, u64)>) {
    let texts: Vec<_> = batch.columns().iter().skip(4).filter_map(|column| column.as_string_opt::<i32>()).collect();
    for row in 0..batch.num_rows() {
        let first = texts.iter().find(|column| column.is_valid(row)).map(|column| column.value(row));
        let Some(footer) = first.and_then(layout::footer) else { continue };
        match footers.iter_mut().find(|(known, _)| *known == footer) {
            Some((_, count)) => *count += 1,
            None => footers.push((footer, 1)),
        }
    }
}

/// The pair of columns that is a point, if their ranges agree.
fn point(columns: &[Gather], headers: &[String]) -> Option<PointColumns> {
    let names: Vec<String> = dictionary::names(headers).into_iter().map(|(name, _)| name).collect();
    [("lon", "lat"), ("x", "y")].into_iter().find_map(|(x, y)| {
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let (x, y) = (find(x)?, find(y)?);
        let crs = columns[x].numbers().with_y_of(&columns[y].numbers()).guess()?;
        Some(PointColumns { x: headers[x].clone(), y: headers[y].clone(), crs })
    })
}

/// The column that names a row: every row has its own, and its name says that it names.
fn key(sheet: &SheetProfile) -> Option<String> {
    let names_rows = |column: &&ColumnProfile| {
        let says = dictionary::names_a_row(&column.clean, &column.name);
        let valid = match column.meaning {
            Meaning::Text | Meaning::Integer => true,
            Meaning::ResidentId | Meaning::CreditCode => {
                column.fits.get(&column.meaning).is_some_and(|share| *share >= 1.0)
            }
            _ => false,
        };
        // A running number names the row of one file, not the thing.
        says && valid && column.unique && column.name.trim() != "序号"
    };
    if sheet.unreadable > 0 {
        return None;
    }
    sheet.columns.iter().find(names_rows).map(|column| column.clean.clone())
}

impl SheetProfile {
    /// The schema's names, for messages.
    pub(super) fn place(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("{}, {sheet}", self.file),
            None => self.file.clone(),
        }
    }
}
