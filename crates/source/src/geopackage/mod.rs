//! OGC `GeoPackage`: its layers of features, geometry as WKB in the layer's coordinate system.

mod blob;
mod layers;
mod source;

#[cfg(test)]
mod tests;

pub use source::Geopackage;
