//! `config/jingwei.toml`: the city, its storage, its limits and its doors.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The project's main file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CityConfig {
    /// The city.
    pub city: City,
    /// Where tables are kept.
    #[serde(default)]
    pub storage: Storage,
    /// Limits of an integration run.
    #[serde(default)]
    pub run: RunSettings,
    /// The HTTP door.
    #[serde(default)]
    pub server: ServerSettings,
}

/// The city and its conventions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// Name in English.
    pub name: String,
    /// Name in Chinese.
    #[serde(default)]
    pub name_zh: Option<String>,
    /// Division code of the city, e.g. `1101`; empty outside China.
    #[serde(default)]
    pub division: String,
    /// IANA time zone of local times.
    #[serde(default = "time_zone")]
    pub time_zone: String,
    /// Projected system for metres: what `metric(geom)` gives in SQL.
    #[serde(default = "metric_crs")]
    pub metric_crs: String,
    /// How addresses are written.
    #[serde(default)]
    pub address: AddressStyle,
}

fn time_zone() -> String {
    "Asia/Shanghai".to_owned()
}

fn metric_crs() -> String {
    "EPSG:4548".to_owned()
}

/// How addresses are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressStyle {
    /// Chinese addresses in sixteen levels.
    #[default]
    Cn,
    /// Any other: upper case, spaces and punctuation settled, no levels.
    Plain,
}

/// Where tables are kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Folder (relative to the project) or object-store URL.
    pub url: String,
    /// Options of the object store: keys, region, endpoint.
    pub options: BTreeMap<String, String>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { url: "store".to_owned(), options: BTreeMap::new() }
    }
}

/// Limits of an integration run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// Threads; the machine's cores when absent.
    pub threads: Option<usize>,
    /// Memory for sorts, joins and aggregates in megabytes, beyond which they spill; half the machine's when absent.
    pub memory_mb: Option<usize>,
}

/// The HTTP door and its limits a query.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Address to listen on.
    pub bind: String,
    /// Port.
    pub port: u16,
    /// Rows of one answer at most.
    pub max_rows: usize,
    /// Seconds of one query at most.
    pub timeout_s: u64,
    /// Memory of one query at most, in megabytes.
    pub memory_mb: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { bind: "127.0.0.1".to_owned(), port: 8020, max_rows: 1_000_000, timeout_s: 60, memory_mb: 1024 }
    }
}
