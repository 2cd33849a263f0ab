//! The laws of linkage, over data made up at random.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crowds;
mod edits;
mod homes;
mod labels;
mod learning;
mod lifetimes;
mod limits;
mod modes;
mod order;
mod pairs;
mod plans;
mod support;
