//! The query library: `queries/{views,indicators,checks,warnings}/*.sql`, each with a TOML header.

mod header;
mod params;
mod query;

pub use header::{Header, ParamConfig, ParamType, Severity};
pub use params::bind;
pub use query::{Kind, Library, Query};
