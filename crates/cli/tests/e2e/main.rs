//! The binary from end to end, as a user drives it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod areas;
mod bad_input;
mod decisions;
mod demo;
mod determinism;
mod geocode;
mod geometry_files;
mod http;
mod incremental;
mod interruption;
mod link;
mod link_decisions;
mod link_edits;
mod link_shipped;
mod profile;
mod real_input;
mod references;
mod sql_files;
mod support;
mod ties;
