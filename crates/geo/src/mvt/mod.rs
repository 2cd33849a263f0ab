//! Mapbox vector tiles 2.1: geometries in a tile's whole-number coordinates, and layers as protocol buffers.

mod geometry;
mod layer;

pub use geometry::{TileFrame, encode_geometry, to_tile};
pub use layer::{Feature, Layer, Value};
