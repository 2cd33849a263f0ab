//! From cleaned rows to columns of numbers.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::stats::Precision;
use datafusion::physical_plan::{ExecutionPlan, StatisticsArgs, StatisticsContext, execute_stream_partitioned};
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use jingwei_model::hash::hash128;

use super::bucket::{Buckets, Incoming};
use super::{ColumnKind, Domain, MOST, NULL, Records, Spill};
use crate::{LinkError, Result};

/// One table to read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// `_id` (Utf8), optionally `_key` (16 bytes), and the model's columns, as [`crate::Program`] wants them.
    pub rows: DataFrame,
}

/// What rows look like, and how much memory there is for them.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// Columns before those of the model: the id, and the key where there is one.
    pub skip: usize,
    /// What each column of the model is.
    pub kinds: &'a [ColumnKind],
    /// Which domain each belongs to.
    pub domains: &'a [Option<usize>],
    /// Bytes of memory beyond which records lie in files; none when there is no limit.
    pub limit: Option<u64>,
}

/// Reads the tables.
///
/// # Errors
/// Records without ids or with the same id, plans that fail, and a disk that is full when memory is limited.
pub async fn load(inputs: Vec<Input>, layout: Layout<'_>) -> Result<Records> {
    let mut reader = Reader::new(&layout, Vec::new());
    for (number, input) in inputs.into_iter().enumerate() {
        reader.records.tables.push(input.name.clone());
        let context = input.rows.task_ctx();
        let plan = input.rows.create_physical_plan().await?;
        if layout.limit.is_none() {
            reader.buckets.reserve(rows(&*plan));
        }
        let streams = execute_stream_partitioned(plan, context.into())?;
        let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
        let tasks = streams
            .into_iter()
            .map(|mut stream| {
                let sender = sender.clone();
                tokio::spawn(async move {
                    while let Some(batch) = stream.next().await {
                        if sender.send(batch).await.is_err() {
                            break;
                        }
                    }
                })
            })
            .collect::<Vec<_>>();
        drop(sender);
        let table =
            u16::try_from(number).map_err(|_| LinkError::usage("there are more than 65,535 tables".to_owned()))?;
        reader = tokio::task::spawn_blocking(move || {
            while let Some(batch) = receiver.blocking_recv() {
                reader.read(table, &batch?)?;
            }
            Ok::<_, LinkError>(reader)
        })
        .await
        .map_err(|error| LinkError::Internal(error.to_string()))??;
        for task in tasks {
            task.await.map_err(|error| LinkError::Internal(error.to_string()))?;
        }
    }
    reader.finish()
}

/// How many rows a plan gives, where that is known beforehand; else none.
fn rows(plan: &dyn ExecutionPlan) -> usize {
    let statistics = StatisticsContext::new().compute(plan, &StatisticsArgs::new());
    let known = statistics.ok().and_then(|statistics| match statistics.num_rows {
        Precision::Exact(rows) => Some(rows),
        _ => None,
    });
    known.unwrap_or_default()
}

/// Reads rows that are at hand, of the table with number `table` among `names`.
///
/// # Errors
/// As [`load`].
pub fn read(names: &[String], table: u16, rows: &[RecordBatch], layout: Layout<'_>) -> Result<Records> {
    let mut reader = Reader::new(&layout, names.to_vec());
    for batch in rows {
        reader.read(table, batch)?;
    }
    reader.finish()
}

/// The key of a record of a table.
#[must_use]
pub fn record_key(table: &str, id: &str) -> u128 {
    let mut text = beginning(table);
    let length = text.len();
    key_of(&mut text, length, id)
}

/// What the text begins with whose hash is the key of a record of this table.
fn beginning(table: &str) -> Vec<u8> {
    let mut text = table.as_bytes().to_vec();
    text.push(0x1f);
    text
}

/// The key of an id, with a text that has this length before and is left longer.
fn key_of(text: &mut Vec<u8>, length: usize, id: &str) -> u128 {
    text.truncate(length);
    text.extend_from_slice(id.as_bytes());
    hash128(text)
}

struct Reader {
    kinds: Vec<ColumnKind>,
    skip: usize,
    limit: Option<u64>,
    /// Tables, domains and ids; the rows are in the buckets.
    records: Records,
    buckets: Buckets,
    /// Rows of the batch at hand, and their values in columns of numbers.
    cells: Vec<u32>,
    numbers: Vec<f64>,
}

impl Reader {
    fn new(layout: &Layout<'_>, tables: Vec<String>) -> Self {
        let numbers = (0..layout.kinds.len()).filter(|place| layout.kinds[*place] == ColumnKind::Number);
        Self {
            kinds: layout.kinds.to_vec(),
            skip: layout.skip,
            limit: layout.limit,
            records: Records { tables, ..Records::empty(layout.kinds, layout.domains) },
            buckets: Buckets::new(layout.kinds.len(), numbers.collect()),
            cells: Vec::new(),
            numbers: Vec::new(),
        }
    }

    fn read(&mut self, table: u16, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() > 0 {
            if self.records.ids.len() + batch.num_rows() > MOST {
                return Err(LinkError::usage(format!("there are more than {MOST} records; link them in parts")));
            }
            self.read_values(batch)?;
            self.read_records(table, batch)?;
            self.keep_within()?;
        }
        Ok(())
    }

    /// Reads the model's columns.
    fn read_values(&mut self, batch: &RecordBatch) -> Result<()> {
        let (records, rows, stride) = (&mut self.records, batch.num_rows(), self.kinds.len());
        let of_numbers = self.kinds.iter().filter(|kind| **kind == ColumnKind::Number).count();
        self.cells.clear();
        self.cells.resize(rows * stride, NULL);
        self.numbers.clear();
        self.numbers.resize(rows * of_numbers, f64::NAN);
        let mut number = 0;
        for (place, kind) in self.kinds.iter().enumerate() {
            let column = batch.column(self.skip + place);
            let cells = &mut self.cells[place..];
            match kind {
                ColumnKind::Text => {
                    let domain = records.domain_of[place]
                        .ok_or_else(|| LinkError::Internal("a text column without a domain".to_owned()))?;
                    let texts = column.as_string::<i32>();
                    records.domains[domain].intern_all(texts, |row, code| cells[row * stride] = code);
                }
                ColumnKind::Flag => {
                    let flags = column.as_boolean();
                    for (row, cell) in cells.iter_mut().step_by(stride).enumerate() {
                        *cell = if flags.is_null(row) { 0 } else { 1 + u32::from(flags.value(row)) };
                    }
                }
                ColumnKind::Number => {
                    let numbers = column.as_primitive::<Float64Type>();
                    for row in (0..rows).filter(|row| numbers.is_valid(*row)) {
                        self.numbers[row * of_numbers + number] = numbers.value(row);
                    }
                    number += 1;
                }
            }
        }
        Ok(())
    }

    /// Reads ids and keys, and puts the rows into buckets.
    fn read_records(&mut self, table: u16, batch: &RecordBatch) -> Result<()> {
        let (records, stride) = (&mut self.records, self.kinds.len());
        let of_numbers = self.numbers.len() / batch.num_rows();
        let ids = arrow::compute::cast(batch.column(0), &DataType::Utf8)?;
        let ids = ids.as_string::<i32>();
        let given = if self.skip > 1 { Some(arrow::compute::cast(batch.column(1), &DataType::Binary)?) } else { None };
        let mut text = beginning(&records.tables[usize::from(table)]);
        let length = text.len();
        for row in 0..batch.num_rows() {
            if ids.is_null(row) {
                let name = &records.tables[usize::from(table)];
                return Err(LinkError::usage(format!("table `{name}` has a record without an id")));
            }
            let key = match &given {
                Some(keys) => {
                    let bytes: [u8; 16] = keys
                        .as_binary::<i32>()
                        .value(row)
                        .try_into()
                        .map_err(|_| LinkError::Internal("a record key that is not 16 bytes".to_owned()))?;
                    u128::from_be_bytes(bytes)
                }
                None => key_of(&mut text, length, ids.value(row)),
            };
            self.buckets.push(Incoming {
                key,
                table,
                id: records.ids.push(ids.value(row)),
                cells: &self.cells[row * stride..(row + 1) * stride],
                numbers: &self.numbers[row * of_numbers..(row + 1) * of_numbers],
            });
        }
        Ok(())
    }

    /// Puts into files what is more than the limit leaves room for.
    fn keep_within(&mut self) -> Result<()> {
        let Some(limit) = self.limit else { return Ok(()) };
        if self.records.bytes() + self.buckets.bytes() <= limit {
            return Ok(());
        }
        let new = || Spill::new(std::env::temp_dir(), limit / 4);
        let spill = Arc::clone(self.records.spill.get_or_insert_with(new));
        self.records.shelve_texts(&spill, &[])?;
        // Rows are put away in stretches that are worth it.
        if self.buckets.bytes() > limit / 8 {
            self.buckets.shelve(&spill)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Records> {
        let keyed = self.skip > 1;
        self.records.domains.iter_mut().for_each(Domain::settle);
        self.buckets.finish(self.records, keyed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::{ArrayRef, BinaryArray, BooleanArray, Float64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    type Row = (u8, Option<String>, Option<bool>, Option<i8>);

    /// Rows as they come out of cleaning, with keys of their ids where they are `keyed`.
    fn batch(rows: &[Row], keyed: bool) -> RecordBatch {
        let ids = rows.iter().map(|row| Some(row.0.to_string())).collect::<StringArray>();
        let keys = rows.iter().map(|row| hash128(&[row.0]).to_be_bytes());
        let keys = BinaryArray::from_iter_values(keys);
        let columns: [(&str, ArrayRef); 5] = [
            ("_id", Arc::new(ids)),
            ("_key", Arc::new(keys)),
            ("_c0", Arc::new(rows.iter().map(|row| row.1.clone()).collect::<StringArray>())),
            ("_c1", Arc::new(rows.iter().map(|row| row.2).collect::<BooleanArray>())),
            ("_c2", Arc::new(rows.iter().map(|row| row.3.map(f64::from)).collect::<Float64Array>())),
        ];
        let columns = columns.into_iter().filter(|(name, _)| keyed || *name != "_key");
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    fn layout(keyed: bool, limit: Option<u64>) -> Layout<'static> {
        let kinds = &[ColumnKind::Text, ColumnKind::Flag, ColumnKind::Number];
        Layout { skip: if keyed { 2 } else { 1 }, kinds, domains: &[Some(0), None, None], limit }
    }

    proptest! {
        #[test]
        fn records_are_the_same_in_memory_and_in_files(
            mut rows in prop::collection::vec((any::<u8>(), prop::option::of("[a-c]{1,3}"), any::<Option<bool>>(), any::<Option<i8>>()), 0..200),
            keyed in any::<bool>(), size in 1_usize..80, limit in 0_u64..20_000,
        ) {
            if !keyed {
                let mut seen = std::collections::HashSet::new();
                rows.retain(|row| seen.insert(row.0));
            }
            let batches = rows.chunks(size).map(|rows| batch(rows, keyed)).collect::<Vec<_>>();
            let names = ["t".to_owned()];
            let free = read(&names, 0, &batches, layout(keyed, None)).unwrap();
            let bound = read(&names, 0, &batches, layout(keyed, Some(limit))).unwrap();
            prop_assert!(free.spill.is_none() && (limit > 0 || rows.is_empty() || bound.spill.is_some()));
            prop_assert_eq!(&*free.keys, &*bound.keys);
            prop_assert_eq!(&*free.cells, &*bound.cells);
            prop_assert_eq!(&free.table, &bound.table);
            for record in 0..free.len() as u32 {
                prop_assert_eq!(free.id_of(record), bound.id_of(record));
                prop_assert_eq!(free.text(0, record), bound.text(0, record));
                prop_assert_eq!(free.numbers[2][record as usize].to_bits(), bound.numbers[2][record as usize].to_bits());
            }
            prop_assert!(free.keys.is_sorted());
            let distinct = rows.iter().map(|row| row.0).collect::<std::collections::BTreeSet<_>>();
            prop_assert_eq!(free.len(), distinct.len());
        }
    }
}
