//! Answers as bytes, batch by batch: the same encoders serve files, standard output and HTTP.

mod format;
mod geojson;
mod parquet;
mod readable;
mod table;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder as CsvWriterBuilder;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder as JsonWriterBuilder};

pub use format::OutputFormat;
pub use readable::readable;

use self::parquet::ParquetWriter;
use geojson::GeoJsonWriter;
use table::TableWriter;

/// Writes batches of one schema in one format into a sink.
pub struct Encoder {
    kind: Kind,
    sink: Sink,
}

enum Kind {
    Json(arrow::json::Writer<Sink, JsonArray>),
    Ndjson(arrow::json::Writer<Sink, LineDelimited>),
    Csv(Box<arrow::csv::Writer<Sink>>),
    Arrow(Box<StreamWriter<Sink>>),
    Parquet(Box<ParquetWriter<Sink>>),
    GeoJson(GeoJsonWriter),
    Table(TableWriter),
}

impl Encoder {
    /// An encoder for batches of `schema`.
    ///
    /// # Errors
    /// A schema that the format cannot hold (GeoJSON without a geometry column).
    pub fn new(format: OutputFormat, schema: &SchemaRef) -> Result<Self, ArrowError> {
        let sink = Sink::default();
        let out = sink.clone();
        let kind = match format {
            OutputFormat::Json => Kind::Json(JsonWriterBuilder::new().with_explicit_nulls(true).build(out)),
            OutputFormat::Ndjson => Kind::Ndjson(JsonWriterBuilder::new().with_explicit_nulls(true).build(out)),
            OutputFormat::Csv => {
                let mut writer = CsvWriterBuilder::new().with_header(true).build(out);
                // The header stands there for an empty answer too.
                writer.write(&readable(&RecordBatch::new_empty(schema.clone()), true)?)?;
                Kind::Csv(Box::new(writer))
            }
            OutputFormat::Arrow => Kind::Arrow(Box::new(StreamWriter::try_new(out, schema)?)),
            OutputFormat::Parquet => Kind::Parquet(Box::new(ParquetWriter::new(out, schema)?)),
            OutputFormat::Geojson => Kind::GeoJson(GeoJsonWriter::new(schema)?),
            OutputFormat::Table => Kind::Table(TableWriter::new(schema.clone())),
        };
        Ok(Self { kind, sink })
    }

    /// Encodes a batch and gives the bytes that are ready.
    ///
    /// # Errors
    /// A value the format cannot hold.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        match &mut self.kind {
            Kind::Json(writer) => writer.write(&readable(batch, false)?)?,
            Kind::Ndjson(writer) => writer.write(&readable(batch, false)?)?,
            Kind::Csv(writer) => {
                let batch = readable(batch, true)?;
                if batch.num_rows() > 0 {
                    writer.write(&batch)?;
                }
            }
            Kind::Arrow(writer) => writer.write(batch)?,
            Kind::Parquet(writer) => writer.batch(batch)?,
            Kind::GeoJson(writer) => writer.batch(batch, &mut self.sink)?,
            Kind::Table(writer) => writer.batch(&readable(batch, true)?),
        }
        Ok(self.sink.take())
    }

    /// Ends the answer and gives the last bytes.
    ///
    /// # Errors
    /// A value the format cannot hold.
    pub fn finish(self) -> Result<Vec<u8>, ArrowError> {
        let mut sink = self.sink;
        match self.kind {
            Kind::Json(mut writer) => writer.finish()?,
            Kind::Ndjson(mut writer) => writer.finish()?,
            Kind::Csv(_) => {}
            Kind::Arrow(mut writer) => writer.finish()?,
            Kind::Parquet(writer) => writer.finish()?,
            Kind::GeoJson(writer) => writer.finish(&mut sink)?,
            Kind::Table(writer) => writer.finish(&mut sink)?,
        }
        Ok(sink.take())
    }
}

/// A buffer shared between a writer that owns it and the encoder that empties it.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        match self.0.lock() {
            Ok(mut bytes) => std::mem::take(&mut *bytes),
            Err(poisoned) => std::mem::take(&mut *poisoned.into_inner()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.lock() {
            Ok(mut buffer) => buffer.extend_from_slice(bytes),
            Err(poisoned) => poisoned.into_inner().extend_from_slice(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BinaryArray, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn batch() -> RecordBatch {
        let mut tags = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
        tags.values().append_value("独居");
        tags.append(true);
        tags.append_null();
        let point = jingwei_geo::point_to_wkb(116.4, 39.9);
        let fields = vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("n", DataType::Int64, true),
            Field::new("tags", DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))), true),
            Field::new("geom", DataType::Binary, true),
        ];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("张,三"), None])),
            Arc::new(Int64Array::from(vec![Some(1), None])),
            Arc::new(tags.finish()),
            Arc::new(BinaryArray::from_opt_vec(vec![Some(point.as_slice()), None])),
        ];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    fn encoded(format: OutputFormat, batches: &[RecordBatch]) -> String {
        let mut encoder = Encoder::new(format, &batch().schema()).unwrap();
        let mut bytes = Vec::new();
        for batch in batches {
            bytes.extend(encoder.batch(batch).unwrap());
        }
        bytes.extend(encoder.finish().unwrap());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_array_with_nulls_lists_and_geometry_as_text() {
        let rows: serde_json::Value = serde_json::from_str(&encoded(OutputFormat::Json, &[batch(), batch()])).unwrap();
        assert_eq!(rows.as_array().unwrap().len(), 4);
        assert_eq!(
            rows[0],
            serde_json::json!({"name": "张,三", "n": 1, "tags": ["独居"], "geom": "POINT(116.4 39.9)"})
        );
        assert_eq!(rows[1], serde_json::json!({"name": null, "n": null, "tags": null, "geom": null}));
    }

    #[test]
    fn a_parquet_file_with_a_geometry_is_geoparquet_and_has_no_other_columns() {
        use ::parquet::file::reader::{FileReader, SerializedFileReader};
        let mut encoder = Encoder::new(OutputFormat::Parquet, &batch().schema()).unwrap();
        let mut bytes = encoder.batch(&batch()).unwrap();
        bytes.extend(encoder.finish().unwrap());
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(&bytes).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let metadata = reader.metadata().file_metadata();
        assert_eq!(metadata.schema().get_fields().len(), 4);
        let pairs = metadata.key_value_metadata().unwrap();
        let geo = pairs.iter().find(|pair| pair.key == "geo").unwrap().value.clone().unwrap();
        let geo: serde_json::Value = serde_json::from_str(&geo).unwrap();
        assert_eq!(geo["primary_column"], "geom");
        assert_eq!(geo["columns"]["geom"]["geometry_types"], serde_json::json!(["Point"]));
        assert_eq!(geo["columns"]["geom"].get("crs"), Some(&serde_json::Value::Null));
    }

    #[test]
    fn an_empty_answer_is_whole_in_every_text_format() {
        assert_eq!(encoded(OutputFormat::Json, &[]), "[]");
        assert_eq!(encoded(OutputFormat::Ndjson, &[]), "");
        assert_eq!(encoded(OutputFormat::Csv, &[]), "name,n,tags,geom\n");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&encoded(OutputFormat::Geojson, &[])).unwrap(),
            serde_json::json!({"type": "FeatureCollection", "features": []})
        );
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(
            encoded(OutputFormat::Csv, &[batch()]),
            "name,n,tags,geom\n\"张,三\",1,独居,POINT(116.4 39.9)\n,,,\n"
        );
    }

    #[test]
    fn geojson_carries_the_geometry_and_the_other_columns() {
        let collection: serde_json::Value = serde_json::from_str(&encoded(OutputFormat::Geojson, &[batch()])).unwrap();
        assert_eq!(collection["features"][0]["geometry"]["coordinates"], serde_json::json!([116.4, 39.9]));
        assert_eq!(
            collection["features"][0]["properties"],
            serde_json::json!({"name": "张,三", "n": 1, "tags": ["独居"]})
        );
        assert!(collection["features"][1]["geometry"].is_null());
    }

    #[test]
    fn wide_characters_take_two_columns_in_a_table() {
        let text = encoded(OutputFormat::Table, &[batch()]);
        let widths = text.lines().map(table::display_width).collect::<Vec<_>>();
        assert!(widths[..4].iter().all(|width| *width == widths[0]), "{text}");
    }
}
