//! Rows as GeoJSON features: the geometry column as geometry, the others as properties.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{LineDelimited, WriterBuilder};

use super::Sink;
use super::readable::{is_geometry, readable};

pub struct GeoJsonWriter {
    geometry: usize,
    features: u64,
}

impl GeoJsonWriter {
    pub fn new(schema: &SchemaRef) -> Result<Self, ArrowError> {
        let geometry = schema.fields().iter().position(|field| is_geometry(field)).ok_or_else(|| {
            ArrowError::InvalidArgumentError(
                "GeoJSON needs a geometry column; select `geom`, or choose another format".to_owned(),
            )
        })?;
        Ok(Self { geometry, features: 0 })
    }

    pub fn batch(&mut self, batch: &RecordBatch, out: &mut Sink) -> Result<(), ArrowError> {
        let geometry = cast(batch.column(self.geometry), &DataType::LargeBinary)?;
        let geometry = geometry.as_binary::<i64>();
        let others = (0..batch.num_columns()).filter(|column| *column != self.geometry).collect::<Vec<_>>();
        let mut properties = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        properties.write(&readable(&batch.project(&others)?, false)?)?;
        properties.finish()?;
        let properties =
            String::from_utf8(properties.into_inner()).map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
        let mut lines = properties.lines();
        for row in 0..batch.num_rows() {
            let shape = if geometry.is_null(row) {
                "null".to_owned()
            } else {
                jingwei_geo::to_geojson(geometry.value(row))
                    .map_err(|error| ArrowError::ExternalError(Box::new(error)))?
            };
            let start = if self.features == 0 { "{\"type\":\"FeatureCollection\",\"features\":[\n" } else { ",\n" };
            let properties = if others.is_empty() { "{}" } else { lines.next().unwrap_or("{}") };
            write!(out, "{start}{{\"type\":\"Feature\",\"geometry\":{shape},\"properties\":{properties}}}")?;
            self.features += 1;
        }
        Ok(())
    }

    pub fn finish(self, out: &mut Sink) -> Result<(), ArrowError> {
        let start = if self.features == 0 { "{\"type\":\"FeatureCollection\",\"features\":[" } else { "" };
        writeln!(out, "{start}]}}")?;
        Ok(())
    }
}
