//! Records to entities: which records are the same thing, whose value survives, and why.
//!
//! Input: the records of one element as a `DataFrame` (a key of 16 bytes, source, record, record id and base
//! columns) and the entities of the last run. Output: members (record → entity, with rule and probability),
//! edges (evidence, accepted and refused), a history of ids, and one surviving row per entity. Invariants: the
//! result does not depend on the order of records or on the number of threads; two records that disagree on a
//! conflict column are never one entity, not even through a chain; an entity keeps its id. Free-text addresses have a
//! kernel of their own in [`address`].

pub mod address;
mod block;
mod clock;
mod cluster;
mod compare;
mod decide;
mod error;
mod explain;
mod fed;
mod functions;
mod household;
mod ids;
mod incremental;
mod keyed;
mod linker;
mod matcher;
mod memory;
mod missing;
mod model;
mod pairing;
mod parallel;
mod probabilistic;
mod quality;
mod records;
mod report;
mod rules;
mod sets;
pub mod similarity;
mod suggest;
mod survive;
mod tables;
mod train;

pub use clock::cpu_seconds;
pub use error::{LinkError, Result};
pub use explain::{Explanation, Named, Part, PartKind};
pub use functions::{aggregates, functions};
pub use ids::{Former, Previous};
pub use incremental::{Change, Edit, Incremental, Rows, Trained};
pub use linker::{Decision, EntityEdge, LinkReport, Linkage, Linker, RuleReport};
pub use matcher::{Counts, Links, Matcher, edges_schema, history_schema, members_schema};
pub use model::{Program, Table};
pub use pairing::{LogicalPairsCodec, PhysicalPairsCodec};
pub use parallel::use_threads;
pub use probabilistic::ModelMatcher;
pub use quality::{Quality, evaluate, evaluate_across};
pub use records::record_key;
pub use report::ReportOptions;
pub use rules::RuleMatcher;
pub use suggest::{Meaning, Suggestion, suggest};
pub use survive::survive;
pub use train::{Evidence, Outcomes, Scorer, Weights, probability};
