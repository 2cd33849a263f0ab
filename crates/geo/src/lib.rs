//! Coordinates and shapes: coordinate systems, WKB, the spatial join, and the spatial SQL functions.
//!
//! Input: coordinates, WKB (ISO or EWKB) and WKT. Output: coordinates and WKB in the system asked for.
//! Invariant: x is east or longitude, y is north or latitude, whatever a standard's axis order; hostile
//! bytes give an error, never a panic or an allocation larger than the bytes themselves.

mod crs;
mod error;
mod functions;
mod geohash;
mod geoparquet;
mod grid;
mod join;
pub mod mvt;
mod overlay;
pub mod predicate;
mod prune;
mod sphere;
mod text;
mod validity;
mod wkb;

pub use crs::{Crs, Transformer, WRITTEN_CRS, crs_of, geometry_field, geometry_metadata};
pub use error::GeoError;
pub use functions::{SpatialPlanner, aggregates, functions, register};
pub use geoparquet::GeoParquet;
pub use join::{
    Among, AreaLocator, Limit, Measure, Question, Relation, SpatialCodec, SpatialJoinExec, SpatialJoinRule, SpatialOn,
    keep_indexes, with_spatial_join,
};
pub use prune::{SpatialPruneExec, SpatialPruneRule};
pub use text::{from_geojson, from_wkt, to_geojson, to_wkt};
pub use validity::why_invalid;
pub use wkb::{
    bounds, from_geometry, point_of, point_to_wkb, representative_point, srid_of, to_finite_geometry, to_geometry,
    with_srid,
};
