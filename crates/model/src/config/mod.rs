//! The shape of a city project's configuration: what each file of `config/` may say.
//!
//! Parsing goes in passes like a compiler's: text, then `${VAR}` expansion ([`expand`]), then typed
//! structures ([`parse`]), then checks that need several keys at once (`SourceConfig::check`, …).
//! Every error knows its line; an unknown key names the nearest known one.

mod city;
mod entity;
mod expand;
mod linkage;
mod parse;
mod range;
mod source;

pub use city::{AddressStyle, City, CityConfig, RunSettings, ServerSettings, Storage};
pub use entity::{EntityConfig, MatchRule, Prefer, Survivorship};
pub use expand::{ExpandError, expand};
pub use linkage::{
    BlockingRule, ComparisonConfig, ComparisonKind, LevelConfig, Lifetime, LinkLimits, LinkMode, LinkModel, LinkTable,
    TrainingConfig,
};
pub use parse::{ConfigError, parse};
pub use source::{
    ColumnConfig, Format, FormatKind, From, Link, LinkLevel, OnError, OneOrMany, Parser, Record, Sharing, SourceConfig,
};
