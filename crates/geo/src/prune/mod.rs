//! Skipping files, row groups and pages of GeoParquet that hold nothing near a place.
//!
//! [`rule`] finds scans whose geometry is compared with a constant, or is the probe side of a spatial join, and puts
//! [`exec`] over them. When the query runs, that operator asks [`covering`] which columns of each file hold bounding
//! boxes (GeoParquet 1.1 §covering) and [`select`] which rows their statistics leave. Files without an index of their
//! pages have bounds in the pages' headers, which [`pages`] reads. What is one value all over is read all the same
//! ([`constant`]).

mod constant;
mod covering;
mod exec;
mod header;
mod pages;
mod rule;
mod select;

pub use constant::ConstantGeometryRule;
pub(crate) use exec::Place;
pub use exec::SpatialPruneExec;
pub use rule::SpatialPruneRule;
