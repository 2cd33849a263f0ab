//! From cleaned rows to columns of numbers.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use jingwei_model::hash::hash128;

use super::{ColumnKind, NULL, Records};
use crate::{LinkError, Result};

/// One table to read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// `_id` (Utf8), optionally `_key` (16 bytes), and the model's columns, as [`crate::Program`] wants them.
    pub rows: DataFrame,
}

/// Reads the tables. `columns` says what each column after the first `skip` ones is and which domain it belongs to.
pub async fn load(inputs: Vec<Input>, skip: usize, kinds: &[ColumnKind], domains: &[Option<usize>]) -> Result<Records> {
    let mut reader = Reader { kinds: kinds.to_vec(), skip, records: Records::empty(kinds, domains) };
    for (number, input) in inputs.into_iter().enumerate() {
        reader.records.tables.push(input.name.clone());
        let streams = input.rows.execute_stream_partitioned().await?;
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
    sorted(reader.records, skip > 1)
}

/// Reads rows that are at hand, of the table with number `table` among `names`; columns are as for [`load`].
pub fn read(
    names: &[String],
    table: u16,
    rows: &[RecordBatch],
    skip: usize,
    kinds: &[ColumnKind],
    domains: &[Option<usize>],
) -> Result<Records> {
    let mut reader = Reader { kinds: kinds.to_vec(), skip, records: Records::empty(kinds, domains) };
    reader.records.tables = names.to_vec();
    for batch in rows {
        reader.read(table, batch)?;
    }
    sorted(reader.records, skip > 1)
}

/// The key of a record of a table.
#[must_use]
pub fn record_key(table: &str, id: &str) -> u128 {
    key_of(&mut Vec::with_capacity(table.len() + id.len() + 1), table, id)
}

fn key_of(text: &mut Vec<u8>, table: &str, id: &str) -> u128 {
    text.clear();
    text.extend_from_slice(table.as_bytes());
    text.push(0x1f);
    text.extend_from_slice(id.as_bytes());
    hash128(text)
}

struct Reader {
    kinds: Vec<ColumnKind>,
    skip: usize,
    records: Records,
}

impl Reader {
    fn read(&mut self, table: u16, batch: &RecordBatch) -> Result<()> {
        let records = &mut self.records;
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        let ids = arrow::compute::cast(batch.column(0), &DataType::Utf8)?;
        let ids = ids.as_string::<i32>();
        let given = if self.skip > 1 { Some(arrow::compute::cast(batch.column(1), &DataType::Binary)?) } else { None };
        let mut text = Vec::new();
        for row in 0..rows {
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
                None => key_of(&mut text, &records.tables[usize::from(table)], ids.value(row)),
            };
            records.keys.push(key);
            records.table.push(table);
            records.id.push(records.ids.push(ids.value(row)));
        }
        let first = records.cells.len();
        records.cells.resize(first + rows * records.stride, NULL);
        for (place, kind) in self.kinds.iter().enumerate() {
            let column = batch.column(self.skip + place);
            let stride = records.stride;
            let cells = &mut records.cells[first + place..];
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
                    records.numbers[place]
                        .extend((0..rows).map(|row| if numbers.is_null(row) { f64::NAN } else { numbers.value(row) }));
                }
            }
        }
        Ok(())
    }
}

/// Puts the records in the order of their keys.
fn sorted(mut records: Records, keyed: bool) -> Result<Records> {
    // The upper half of a key beside the record: most are told apart without a look at the keys themselves.
    let halves = records.keys.iter().enumerate().map(|(record, key)| ((key >> 64) as u64, record as u32));
    let mut halves = halves.collect::<Vec<_>>();
    halves.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| records.keys[a.1 as usize].cmp(&records.keys[b.1 as usize])).then(a.1.cmp(&b.1))
    });
    let mut order = halves.iter().map(|half| half.1).collect::<Vec<_>>();
    drop(halves);
    if keyed {
        merge(&mut records, &mut order);
    }
    if let Some(pair) = order.windows(2).find(|pair| records.keys[pair[0] as usize] == records.keys[pair[1] as usize]) {
        let (table, id) = (records.table_of(pair[0]), records.id_of(pair[0]));
        return Err(LinkError::usage(format!(
            "two records of table `{table}` have the id `{id}`; name a column whose values differ with `id = \"…\"`"
        )));
    }
    let mut cells = Vec::with_capacity(records.cells.len());
    for record in &order {
        cells.extend_from_slice(records.row(*record));
    }
    let numbers =
        records
            .numbers
            .iter()
            .map(|values| {
                if values.is_empty() {
                    Vec::new()
                } else {
                    order.iter().map(|record| values[*record as usize]).collect()
                }
            })
            .collect();
    Ok(Records {
        keys: order.iter().map(|record| records.keys[*record as usize]).collect(),
        table: order.iter().map(|record| records.table[*record as usize]).collect(),
        id: order.iter().map(|record| records.id[*record as usize]).collect(),
        cells,
        numbers,
        ..records
    })
}

/// Rows that share a key are one record: what one of them leaves out the others fill in; where they differ, the text
/// that comes first stands, whatever the order they came in.
fn merge(records: &mut Records, order: &mut Vec<u32>) {
    let mut kept: Vec<u32> = Vec::with_capacity(order.len());
    for record in order.iter().copied() {
        let Some(first) =
            kept.last().copied().filter(|first| records.keys[*first as usize] == records.keys[record as usize])
        else {
            kept.push(record);
            continue;
        };
        for column in 0..records.stride {
            let (here, there) = (first as usize * records.stride + column, record as usize * records.stride + column);
            let (a, b) = (records.cells[here], records.cells[there]);
            let second = match records.domain_of[column] {
                _ if b == NULL || a == b => false,
                _ if a == NULL => true,
                Some(domain) => records.domains[domain].text(b) < records.domains[domain].text(a),
                None => b < a,
            };
            if second {
                records.cells[here] = b;
            }
            if let Some((a, b)) =
                records.numbers[column].get(first as usize).zip(records.numbers[column].get(record as usize))
            {
                let least = a.min(*b);
                records.numbers[column][first as usize] = least;
            }
        }
    }
    *order = kept;
}
