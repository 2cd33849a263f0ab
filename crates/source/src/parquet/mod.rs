//! Apache Parquet and `GeoParquet`.

mod source;

pub(crate) use source::Parquet;
