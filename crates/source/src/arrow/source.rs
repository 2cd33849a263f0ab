//! IPC batches as raw ones, types kept.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::ipc::reader::{FileReader, StreamReader};
use jingwei_model::config::SourceConfig;

use crate::columnar::Columnar;
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::part::{BATCH_ROWS, Format, LocalFile, Part};
use crate::provenance::Provenance;
use crate::stream::{Sink, blocking, produce};

/// Arrow IPC.
#[derive(Debug)]
pub(crate) struct Arrow;

impl Format for Arrow {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let crs = config.format.crs.clone();
        let display = file.display.clone();
        let (file, columnar) = blocking(move || {
            let schema = guarded(&file.display, || Ok(reader(&file)?.schema()))?;
            let geo = schema.metadata().get("geo").map(String::as_str);
            Ok((file, Columnar::new(&schema, geo, crs.as_deref())))
        })
        .await?;
        let provenance = Provenance::new(&display, None, columnar.fields().iter().cloned());
        let schema = provenance.schema().clone();
        let rows = produce(move |sink| guarded(&file.display, || run(&file, &columnar, &provenance, sink)));
        Ok(vec![Part { file: display, sheet: None, schema, rows }])
    }
}

/// The reader of whichever of the two forms the file has.
fn reader(file: &LocalFile) -> Result<Box<dyn RecordBatchReader>> {
    let failed = |error| SourceError::io(&file.display, error);
    let mut open = File::open(&file.path).map_err(failed)?;
    let mut magic = Vec::with_capacity(6);
    (&mut open).take(6).read_to_end(&mut magic).map_err(failed)?;
    open.rewind().map_err(failed)?;
    let open = BufReader::new(open);
    Ok(if magic == b"ARROW1" {
        Box::new(FileReader::try_new(open, None).map_err(|error| broken(file, &error))?)
    } else {
        Box::new(StreamReader::try_new(open, None).map_err(|error| broken(file, &error))?)
    })
}

fn run(file: &LocalFile, columnar: &Columnar, provenance: &Provenance, sink: &Sink) -> Result<()> {
    let mut row = 0;
    for batch in reader(file)? {
        let batch = batch.map_err(|error| broken(file, &error))?;
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            let slice: RecordBatch = batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start));
            let first = row + 1;
            row += i64::try_from(slice.num_rows()).unwrap_or_default();
            sink.send(provenance.batch((first..=row).collect(), &[], columnar.convert(&slice, &file.display)?)?)?;
        }
    }
    Ok(())
}

fn broken(file: &LocalFile, error: &arrow::error::ArrowError) -> SourceError {
    let error = SourceError::data(&file.display, format!("is no Arrow file that can be read: {error}"));
    error.with_hint("the file is broken or cut short, or compressed in a way this does not read: write it again")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray, UInt8Array};
    use arrow::ipc::writer::{FileWriter, StreamWriter};

    use super::*;
    use crate::testing::{open_bytes, row_numbers, texts};

    fn batch() -> RecordBatch {
        let rows = 20_000;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new((0..rows).map(|n| Some((n % 250) as u8)).collect::<UInt8Array>())),
            ("t", Arc::new((0..rows).map(|n| Some(n.to_string())).collect::<StringArray>())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[tokio::test]
    async fn files_and_streams_are_told_apart_by_their_content() {
        let batch = batch();
        let (mut file, mut stream) = (Vec::new(), Vec::new());
        let mut writer = FileWriter::try_new(&mut file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        for bytes in [&file, &stream] {
            let read = open_bytes("a.arrow", bytes, |_| ()).await.unwrap().remove(0);
            assert_eq!(row_numbers(&read)[19_999], 20_000);
            assert_eq!(texts(&read, "t")[19_999], Some("19999"));
            let error = open_bytes("a.arrow", &bytes[..bytes.len() / 2], |_| ()).await.unwrap_err().to_string();
            assert!(error.starts_with("a.arrow"), "{error}");
        }
    }
}
