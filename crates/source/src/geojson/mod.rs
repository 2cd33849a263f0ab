//! `GeoJSON` feature collections.

mod source;

pub(crate) use source::Geojson;
