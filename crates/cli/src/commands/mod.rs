//! One file per command.

pub mod config;
pub mod decide;
pub mod decisions;
pub mod demo;
pub mod explain;
pub mod geocode;
pub mod history;
pub mod init;
pub mod integrate;
pub mod link;
pub mod plan;
pub mod profile;
pub mod quality;
pub mod query;
pub mod review;
pub mod serve;
pub mod sql;
pub mod undo;
