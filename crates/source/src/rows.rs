//! Assembles batches of text rows, with their numbers and faults.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field};
use jingwei_model::Reason;

use crate::error::Result;
use crate::part::BATCH_ROWS;
use crate::provenance::{Provenance, RowFault};
use crate::stream::Sink;

/// Text gathered in one batch at most, so that long cells cannot make a batch outgrow memory.
const BATCH_BYTES: usize = 32 << 20;

/// Builds batches of Utf8 columns row by row.
#[derive(Debug)]
pub struct TextRows {
    provenance: Provenance,
    columns: Vec<StringBuilder>,
    geometry: Option<BinaryBuilder>,
    rows: Vec<i64>,
    faults: Vec<RowFault>,
    bytes: usize,
}

impl TextRows {
    /// For a part with these columns.
    pub fn new(file: impl Into<String>, sheet: Option<String>, names: &[String]) -> Self {
        let fields = names.iter().map(|name| Field::new(name, DataType::Utf8, true));
        Self {
            provenance: Provenance::new(file, sheet, fields),
            columns: names.iter().map(|_| StringBuilder::with_capacity(BATCH_ROWS, BATCH_ROWS * 8)).collect(),
            geometry: None,
            rows: Vec::with_capacity(BATCH_ROWS),
            faults: Vec::new(),
            bytes: 0,
        }
    }

    /// With a geometry column after the text columns.
    #[must_use]
    pub fn with_geometry(mut self, field: Field) -> Self {
        let data = self.provenance.data_fields().iter().cloned().chain([Arc::new(field)]).collect::<Vec<_>>();
        self.provenance = Provenance::new(self.provenance.file(), self.provenance.sheet().map(str::to_owned), data);
        self.geometry = Some(BinaryBuilder::new());
        self
    }

    /// The provenance and schema of the batches.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Adds a row; an empty cell is null, cells that are not given are null.
    pub fn push<'a>(&mut self, row: i64, cells: impl IntoIterator<Item = &'a str>) {
        let mut cells = cells.into_iter();
        for column in &mut self.columns {
            match cells.next() {
                Some(cell) if !cell.is_empty() => {
                    self.bytes += cell.len();
                    column.append_value(cell);
                }
                _ => column.append_null(),
            }
        }
        if let Some(column) = &mut self.geometry {
            column.append_null();
        }
        self.rows.push(row);
    }

    /// Adds a row whose geometry is WKB.
    pub fn push_with_geometry<'a>(
        &mut self,
        row: i64,
        cells: impl IntoIterator<Item = &'a str>,
        geometry: Option<&[u8]>,
    ) {
        let column = self.geometry.take();
        self.push(row, cells);
        self.geometry = column.map(|mut column| {
            self.bytes += geometry.map_or(0, <[u8]>::len);
            column.append_option(geometry);
            column
        });
    }

    /// Adds a row that could not be read.
    pub fn push_fault(&mut self, row: i64, reason: Reason, text: impl Into<String>) {
        let text = text.into();
        self.bytes += text.len();
        self.faults.push(RowFault { index: self.rows.len(), reason, text });
        self.rows.push(row);
        for column in &mut self.columns {
            column.append_null();
        }
        if let Some(column) = &mut self.geometry {
            column.append_null();
        }
    }

    /// Whether the batch should go.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The gathered rows as a batch; begins the next one.
    ///
    /// # Errors
    /// A bug in the assembly.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        self.bytes = 0;
        let mut columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| {
                let array = column.finish();
                // The next batch most likely needs as much room as this one.
                *column = StringBuilder::with_capacity(BATCH_ROWS, array.value_data().len().max(array.len()));
                Arc::new(array) as ArrayRef
            })
            .collect();
        columns.extend(self.geometry.as_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        let faults = std::mem::take(&mut self.faults);
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(BATCH_ROWS));
        self.provenance.batch(rows, &faults, columns)
    }

    /// Sends the batch when it is full.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub fn send_full(&mut self, sink: &Sink) -> Result<()> {
        if self.is_full() { sink.send(self.finish()?) } else { Ok(()) }
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub fn send_rest(&mut self, sink: &Sink) -> Result<()> {
        if self.rows.is_empty() { Ok(()) } else { sink.send(self.finish()?) }
    }
}
