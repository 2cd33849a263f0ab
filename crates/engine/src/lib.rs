//! The session and the integration flow: sources, standardizers, linkage and tables composed in one place.
//!
//! Input: a city project (configuration and query library) and its store. Output: base tables ([`integrate`]),
//! and sessions over one published snapshot in which every door asks its questions ([`City::session`]).
//! Invariants: rows read = rows clean + rows quarantined; a run is published whole or not at all; a session
//! reads exactly one snapshot and changes nothing.

mod adhoc;
mod ask;
mod city;
mod cooperate;
mod decisions;
mod encode;
mod error;
mod explain;
mod flow;
mod functions;
mod geocode;
mod library;
mod progress;
mod project;
mod quality;
mod rehearsal;
mod report;
mod schemas;
mod session;

pub use adhoc::adhoc;
pub use ask::{Answer, ask, plain_params};
pub use city::City;
pub use decisions::{Judge, Linked, Review, ReviewPair, Undone, Verdict, decide, decisions, review, undo, verdicts};
pub use encode::{Encoder, OutputFormat};
pub use error::{EngineError, Result, SqlError, SqlErrorKind};
pub use explain::{EntityExplanation, PairExplanation, explain_entity, explain_pair};
pub use flow::{Plan, Request, SourcePlan, SourceState, integrate, plan};
pub use geocode::{
    Explained, GeocodeReport, GeocodeTask, Geocoder, GeocoderBuilder, Lookup, Match, Nearby, SharedGeocoder,
    StandardAddress, StandardColumns, geocode_file,
};
pub use library::{Header, Kind, Library, ParamConfig, ParamType, Query, Severity, bind};
pub use progress::{Progress, Silent};
pub use project::Project;
pub use quality::{ElementQuality, address_quality, incident_quality, quality};
pub use rehearsal::{rehearse, rehearse_all};
pub use report::{ElementReport, LinkageReport, RunReport, SourceReport, peak_memory_mb};
pub use schemas::{configuration, json_schemas, sql_function_pages, sql_functions};
pub use session::{CATALOG, SCHEMAS, SessionSettings, runtime, session};
