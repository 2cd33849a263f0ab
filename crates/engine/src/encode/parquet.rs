//! Parquet answers; where a column is a geometry, `GeoParquet` 1.1 with exactly the answer's columns, in its order.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use jingwei_geo::{GeoParquet, geometry_metadata};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;

use super::readable::is_geometry;

/// Writes batches into a Parquet file.
pub struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    spatial: Option<GeoParquet>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// For batches of `schema`.
    ///
    /// # Errors
    /// A type that Parquet does not have.
    pub fn new(out: W, schema: &SchemaRef) -> Result<Self, ArrowError> {
        let schema = marked(schema);
        let spatial = GeoParquet::of(&schema).map(GeoParquet::uncovered);
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), None).map_err(|error| failed(&error))?;
        Ok(Self { writer, schema, spatial })
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// A sink that fails.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let Some(spatial) = &mut self.spatial else {
            return self.writer.write(batch).map_err(|error| failed(&error));
        };
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        let batch = spatial.cover(&batch, &self.schema)?;
        self.writer.write(&batch).map_err(|error| failed(&error))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// A sink that fails.
    pub fn finish(mut self) -> Result<(), ArrowError> {
        if let Some(spatial) = &self.spatial {
            self.writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), spatial.metadata()));
        }
        self.writer.close().map(|_| ()).map_err(|error| failed(&error))
    }
}

fn failed(error: &ParquetError) -> ArrowError {
    ArrowError::ParquetError(error.to_string())
}

/// The schema with every geometry column as plain binary and marked as what it is.
fn marked(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        if !is_geometry(field) {
            return Arc::clone(field);
        }
        let mut metadata = geometry_metadata(None);
        metadata.extend(field.metadata().clone());
        Arc::new(Field::new(field.name(), DataType::Binary, true).with_metadata(metadata))
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}
