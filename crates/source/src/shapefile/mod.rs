//! ESRI shapefiles: geometry from `.shp`, attributes from `.dbf`, encoding from `.cpg`, coordinate system from `.prj`.

mod dbf;
mod rings;
mod shp;
mod siblings;
mod source;

#[cfg(test)]
mod tests;

pub use source::Shapefile;
