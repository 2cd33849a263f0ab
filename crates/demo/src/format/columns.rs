//! Parquet files, written in batches.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::error::{DemoError, Result};

/// One value of a row.
#[derive(Debug)]
pub enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// Number.
    Number(f64),
    /// Whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Day.
    Date(NaiveDate),
    /// Local moment.
    Moment(Option<NaiveDateTime>),
}

enum Builder {
    Text(StringBuilder),
    Number(Float64Builder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
}

/// The columns of a file: name and one sample of its kind.
pub type Columns = [(&'static str, DataType)];

const ROWS: usize = 65_536;

/// A Parquet file.
pub struct ColumnsFile {
    path: PathBuf,
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    builders: Vec<Builder>,
    pending: usize,
    rows: u64,
}

impl ColumnsFile {
    /// Creates the file.
    pub fn create(path: &Path, columns: &Columns) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>();
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(path).map_err(DemoError::io(path))?;
        // A fixed author: files must not change with the library's version alone.
        let properties = WriterProperties::builder()
            .set_created_by("jingwei demo".to_owned())
            .set_compression(Compression::SNAPPY)
            .build();
        let writer =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(DemoError::format(path))?;
        let builders = columns.iter().map(|(_, kind)| builder(kind)).collect();
        Ok(Self { path: path.to_owned(), writer, schema, builders, pending: 0, rows: 0 })
    }

    /// Writes a row.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        for (builder, cell) in self.builders.iter_mut().zip(cells) {
            match (builder, cell) {
                (Builder::Text(builder), Cell::Text(text)) => builder.append_value(text),
                (Builder::Number(builder), Cell::Number(number)) => builder.append_value(*number),
                (Builder::Integer(builder), Cell::Integer(number)) => builder.append_value(*number),
                (Builder::Boolean(builder), Cell::Boolean(yes)) => builder.append_value(*yes),
                (Builder::Date(builder), Cell::Date(day)) => {
                    builder.append_value(i32::try_from((*day - NaiveDate::default()).num_days()).unwrap_or(0));
                }
                (Builder::Moment(builder), Cell::Moment(moment)) => {
                    builder.append_option(moment.map(|at| at.and_utc().timestamp_micros()))
                }
                _ => {
                    return Err(DemoError::Internal(format!(
                        "{}: a value of another kind than its column",
                        self.path.display()
                    )));
                }
            }
        }
        self.pending += 1;
        self.rows += 1;
        if self.pending == ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.pending == 0 {
            return Ok(());
        }
        let columns = self.builders.iter_mut().map(finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(DemoError::format(&self.path))?;
        self.pending = 0;
        self.writer.write(&batch).map_err(DemoError::format(&self.path))
    }

    /// Closes the file.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.writer.close().map_err(DemoError::format(&self.path))?;
        Ok(self.rows)
    }
}

fn builder(kind: &DataType) -> Builder {
    match kind {
        DataType::Float64 => Builder::Number(Float64Builder::new()),
        DataType::Int64 => Builder::Integer(Int64Builder::new()),
        DataType::Boolean => Builder::Boolean(BooleanBuilder::new()),
        DataType::Date32 => Builder::Date(Date32Builder::new()),
        DataType::Timestamp(TimeUnit::Microsecond, None) => Builder::Moment(TimestampMicrosecondBuilder::new()),
        _ => Builder::Text(StringBuilder::new()),
    }
}

fn finish(builder: &mut Builder) -> ArrayRef {
    match builder {
        Builder::Text(builder) => Arc::new(builder.finish()),
        Builder::Number(builder) => Arc::new(builder.finish()),
        Builder::Integer(builder) => Arc::new(builder.finish()),
        Builder::Boolean(builder) => Arc::new(builder.finish()),
        Builder::Date(builder) => Arc::new(builder.finish()),
        Builder::Moment(builder) => Arc::new(builder.finish()),
    }
}
