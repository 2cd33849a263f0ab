//! `config/sources/<name>.toml`: where a department's data is, how it is written, and what it says.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Element, Sensitivity};

/// One departmental source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// What the source is, in English.
    pub title: String,
    /// What the source is, in Chinese.
    #[serde(default)]
    pub title_zh: Option<String>,
    /// The department that answers for it.
    #[serde(default)]
    pub department: Option<String>,
    /// How freely it may be shared (无条件/有条件/不予共享).
    #[serde(default)]
    pub sharing: Sharing,
    /// How far its values are believed against other sources', 0 to 1.
    #[serde(default = "half")]
    pub trust: f64,
    /// Where the data is.
    pub from: From,
    /// How it is written.
    #[serde(default)]
    pub format: Format,
    /// The clean columns that name a row for good, e.g. a register number. Without it a row is named by
    /// its content.
    #[serde(default)]
    pub key: Vec<String>,
    /// The clean columns, in the order they are written.
    #[serde(default)]
    pub columns: IndexMap<String, ColumnConfig>,
    /// What each row says about the elements.
    #[serde(default, rename = "record")]
    pub records: Vec<Record>,
}

const fn half() -> f64 {
    0.5
}

/// Sharing class of the government data catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// 无条件共享.
    Unconditional,
    /// 有条件共享.
    #[default]
    Conditional,
    /// 不予共享.
    Withheld,
}

/// Where the data is: files by `path`, or a database by `url` and `query`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// File, glob, or object-store URL of either; relative paths start at the project's folder.
    #[serde(default)]
    pub path: Option<String>,
    /// Glob of the members to read when the file is a zip archive.
    #[serde(default)]
    pub member: Option<String>,
    /// `postgres://…` or `mysql://…`.
    #[serde(default)]
    pub url: Option<String>,
    /// The query to run on a database (SQLite included).
    #[serde(default)]
    pub query: Option<String>,
    /// The table or layer to read from a database, GeoPackage or archive.
    #[serde(default)]
    pub table: Option<String>,
}

/// How the data is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Format {
    /// The format; by the file's extension when absent.
    pub kind: Option<FormatKind>,
    /// `auto`, or an encoding's name: `utf-8`, `gb18030`, `big5`, …
    pub encoding: Option<String>,
    /// Field delimiter of CSV; guessed among comma, tab, semicolon and bar when absent.
    pub delimiter: Option<String>,
    /// Title rows above the header.
    pub skip_rows: usize,
    /// Rows of the header (levels are joined with `_`); 0 names the columns `c1`, `c2`, …
    pub header_rows: Option<usize>,
    /// Rows whose first filled cell starts with one of these are no data (合计, 小计, notes).
    pub footer: Vec<String>,
    /// Sheet of a workbook, by name; the first one when absent, every one with `*`.
    pub sheet: Option<String>,
    /// Columns whose empty cells repeat the value above (vertically merged groups).
    pub fill_down: Vec<String>,
    /// JSON pointer to the array of records, e.g. `/data/items`.
    pub records: Option<String>,
    /// Coordinate system of the geometry column, when the file does not say or says it wrongly.
    pub crs: Option<String>,
    /// Whether no row at all is a fine answer. Without it an empty file, or a header alone, is refused: an export that
    /// failed would otherwise end everything the source has said so far.
    pub may_be_empty: bool,
}

/// A file or database format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormatKind {
    /// Comma-separated text.
    Csv,
    /// Tab-separated text.
    Tsv,
    /// A JSON document: an array, or an object that holds one.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// `GeoJSON` feature collection.
    Geojson,
    /// Spreadsheet: XLSX, XLS or ODS.
    Excel,
    /// ESRI Shapefile, alone or zipped.
    Shapefile,
    /// OGC `GeoPackage`.
    Geopackage,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC file or stream.
    Arrow,
    /// `SQLite` database file.
    Sqlite,
    /// `PostgreSQL` by URL.
    Postgres,
    /// `MySQL` by URL.
    Mysql,
}

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A single column.
    One(String),
    /// Several columns.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values as a slice-like list.
    #[must_use]
    pub fn to_vec(&self) -> Vec<&str> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values.iter().map(String::as_str).collect(),
        }
    }
}

/// How one clean column comes out of the raw ones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    /// The raw column, or several (a point has two, a split date three); joined with a space for text. A header that
    /// differs in case alone is found too.
    pub from: OneOrMany,
    /// The parser.
    #[serde(default)]
    pub parse: Parser,
    /// A row without a usable value here is quarantined.
    #[serde(default)]
    pub required: bool,
    /// What becomes of a value the parser refuses. Default: `reject` where required, else `null`.
    #[serde(default)]
    pub on_error: Option<OnError>,
    /// Spellings and what they mean, applied before parsing.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Texts that stand for no value, beside the empty one (`无`, `-`, `N/A`).
    #[serde(default)]
    pub null: Vec<String>,
    /// Date or time pattern (chrono) where the usual ones are ambiguous, e.g. `%m/%d/%Y`.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Coordinate system of a point or geometry.
    #[serde(default)]
    pub crs: Option<String>,
    /// How far the column may be seen.
    #[serde(default)]
    pub sensitivity: Option<Sensitivity>,
    /// What the column holds, in English.
    #[serde(default)]
    pub title: Option<String>,
    /// What the column holds, in Chinese.
    #[serde(default)]
    pub title_zh: Option<String>,
}

/// What becomes of a value that the parser refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The whole row goes to quarantine.
    Reject,
    /// The value becomes null; the row stays clean and its `_issues` names column, reason and text.
    Null,
    /// The text is kept as it stands; `_issues` names column and reason.
    Keep,
}

/// How text becomes a value. The clean column's type follows from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parser {
    /// Text with outer spaces, control characters and the Excel apostrophe removed. Utf8.
    #[default]
    Text,
    /// The text untouched. Utf8.
    Raw,
    /// A person's name: width, spaces and missing-glyph notations settled. Utf8.
    Name,
    /// GB 11643 resident id. Utf8 `X` (18 characters, valid) and Utf8 `X_partial` (masked, asterisks).
    ResidentId,
    /// GB 32100 unified social credit code. Utf8; a pilot-era code that fails its check stays with an issue.
    CreditCode,
    /// Phone number. Utf8 `X` (digits) and Utf8 `X_partial` (masked).
    Phone,
    /// Number plate. Utf8.
    Plate,
    /// Division code of 2 to 12 digits, right-padding zeros removed by level. Utf8.
    Division,
    /// Address text with width and spaces settled. Utf8.
    Address,
    /// Calendar date: ISO, 年月日, slashes, 8 digits, Excel serials. Date32.
    Date,
    /// Local date and time in the city's zone. Timestamp(Microsecond, None).
    Datetime,
    /// Whole number. Int64.
    Integer,
    /// Decimal number; thousands separators, 万/亿 and signs of currencies allowed. Float64.
    Number,
    /// 是/否, yes/no, 1/0, true/false, 有/无. Boolean.
    Boolean,
    /// 男/女, M/F, GB/T 2261 codes. Utf8 `male` or `female`.
    Sex,
    /// Longitude and latitude (or x and y) from two columns, or one `lon,lat` text, in `crs`. Binary WKB, EPSG:4326.
    Point,
    /// Geometry column of the file (WKB) or WKT text, in `crs` or the file's. Binary WKB, EPSG:4326.
    Geometry,
}

/// What a row says about one element.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Name within the source, when a row speaks of two of one element (`owner`, `tenant`); the element's name otherwise.
    #[serde(default)]
    pub name: Option<String>,
    /// The element.
    pub element: Element,
    /// SQL over the clean columns that names the record within the source; the row's key when absent. A row for
    /// which it is null makes no such record.
    #[serde(default)]
    pub id: Option<String>,
    /// SQL condition: only such rows say it.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// SQL of the moment the record was true (recency in survivorship).
    #[serde(default)]
    pub as_of: Option<String>,
    /// Base column = SQL over the clean columns.
    #[serde(default)]
    pub set: IndexMap<String, String>,
    /// Clean columns kept in `attributes`.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Ties to other entities.
    #[serde(default, rename = "link")]
    pub links: Vec<Link>,
}

impl Record {
    /// The record's name within its source.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.element.name())
    }
}

/// A tie from a record to another entity: to a record of the same row (`to`), or to whichever entity
/// of `element` has `value` in its column `key`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The kind of tie for `base.relations`: `lives_in`, `owns`, `works_for`, …
    #[serde(default)]
    pub relation: Option<String>,
    /// The base column that takes the other entity's id, e.g. `housing_id`.
    #[serde(default)]
    pub column: Option<String>,
    /// Name of a record of the same row.
    #[serde(default)]
    pub to: Option<String>,
    /// The element to look in.
    #[serde(default)]
    pub element: Option<Element>,
    /// The base column to look by. By `address` the other entity is the one that stands at the standard address which
    /// `value` means, however it is spelt.
    #[serde(default)]
    pub key: Option<String>,
    /// SQL over the clean columns: the value to look for.
    #[serde(default)]
    pub value: Option<String>,
    /// How fine an address to look by: the room itself, the building or the compound it is part of. Without it, what
    /// stands at the address itself, or else at its building, or else at its compound.
    #[serde(default)]
    pub level: Option<LinkLevel>,
    /// SQL over the clean columns: only such rows make the tie.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// SQL of the day the tie began.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// SQL of the day the tie ended.
    #[serde(default)]
    pub valid_to: Option<String>,
}

/// How fine an address a link looks by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkLevel {
    /// The address itself, where it is finer than a building.
    Room,
    /// Its building.
    Building,
    /// Its compound.
    Compound,
}
