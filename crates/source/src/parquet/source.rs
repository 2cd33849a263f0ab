//! Row groups as batches, types kept.

use std::fs::File;
use std::path::Path;

use jingwei_model::config::SourceConfig;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::columnar::{Columnar, geometry_columns};
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::part::{BATCH_ROWS, Format, LocalFile, Part};
use crate::provenance::Provenance;
use crate::stream::{Sink, blocking, produce};

/// Parquet.
#[derive(Debug)]
pub(crate) struct Parquet;

impl Format for Parquet {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let crs = config.format.crs.clone();
        let display = file.display.clone();
        let (file, columnar) = blocking(move || {
            let columnar = guarded(&file.display, || {
                let builder = builder(&file)?;
                Ok(Columnar::new(builder.schema(), geo(&builder), crs.as_deref()))
            })?;
            Ok((file, columnar))
        })
        .await?;
        let provenance = Provenance::new(&display, None, columnar.fields().iter().cloned());
        let schema = provenance.schema().clone();
        let rows = produce(move |sink| guarded(&file.display, || run(&file, &columnar, &provenance, sink)));
        Ok(vec![Part { file: display, sheet: None, schema, rows }])
    }
}

/// The geometry columns of a Parquet file that is read where it lies, each with its coordinate system in the file's
/// own words; `None` where the file says that it is not known.
///
/// # Errors
/// A file that is no Parquet.
pub fn parquet_geometries(path: &Path) -> Result<Vec<(String, Option<String>)>> {
    let display = path.display().to_string();
    let file = LocalFile::plain(&display, path);
    guarded(&display, || {
        let builder = builder(&file)?;
        Ok(geometry_columns(builder.schema(), geo(&builder)))
    })
}

/// The file's `GeoParquet` metadata.
fn geo(builder: &ParquetRecordBatchReaderBuilder<File>) -> Option<&str> {
    let pairs = builder.metadata().file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == "geo")?.value.as_deref()
}

fn builder(file: &LocalFile) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let open = File::open(&file.path).map_err(|error| SourceError::io(&file.display, error))?;
    ParquetRecordBatchReaderBuilder::try_new(open).map_err(|error| broken(file, &error.to_string()))
}

fn run(file: &LocalFile, columnar: &Columnar, provenance: &Provenance, sink: &Sink) -> Result<()> {
    let reader =
        builder(file)?.with_batch_size(BATCH_ROWS).build().map_err(|error| broken(file, &error.to_string()))?;
    let mut row = 0;
    for batch in reader {
        let batch = batch.map_err(|error| broken(file, &error.to_string()))?;
        let first = row + 1;
        row += i64::try_from(batch.num_rows()).unwrap_or_default();
        sink.send(provenance.batch((first..=row).collect(), &[], columnar.convert(&batch, &file.display)?)?)?;
    }
    Ok(())
}

fn broken(file: &LocalFile, why: &str) -> SourceError {
    let error = SourceError::data(&file.display, format!("is no Parquet file that can be read: {why}"));
    error.with_hint("the file is broken or cut short: fetch or export it again")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, BinaryArray, Int32Array, RecordBatch, StringArray};
    use arrow::datatypes::Int64Type;
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::KeyValue;

    use crate::testing::{open_bytes, row_numbers, texts};

    fn file() -> Vec<u8> {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int32Array::from(vec![Some(1), None]))),
            ("t", Arc::new(StringArray::from(vec!["a", "b"]))),
            ("shape", Arc::new(BinaryArray::from(vec![Some(&[1_u8, 2][..]), None]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        let geo = r#"{"version":"1.1.0","primary_column":"shape","columns":{"shape":{"encoding":"WKB"}}}"#;
        writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_owned()));
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[tokio::test]
    async fn types_are_kept_and_the_geometry_says_its_system() {
        let batch = open_bytes("a.parquet", &file(), |_| ()).await.unwrap().remove(0);
        assert_eq!(
            batch.column_by_name("n").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
            [Some(1), None]
        );
        assert_eq!(texts(&batch, "t"), [Some("a"), Some("b")]);
        assert_eq!(batch.schema().field_with_name("geom").unwrap().metadata()["crs"], "EPSG:4326");
        assert_eq!(row_numbers(&batch), [1, 2]);
    }

    #[tokio::test]
    async fn a_broken_file_is_an_error_with_its_name_and_never_a_panic() {
        let whole = file();
        for length in (0..whole.len()).step_by(7) {
            let error = open_bytes("a.parquet", &whole[..length], |_| ()).await.unwrap_err().to_string();
            assert!(error.starts_with("a.parquet"), "{error}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            if let Err(error) = open_bytes("a.parquet", &bytes, |_| ()).await {
                assert!(error.is_user_error(), "byte {at}: {error}");
            }
        }
    }
}
