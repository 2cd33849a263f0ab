//! Apache Parquet and `GeoParquet`.

mod source;

pub(crate) use source::Parquet;
pub use source::parquet_geometries;
