//! Records as they come in, in buckets by the upper bits of their keys, until they are put in order: bucket by bucket,
//! so that it takes little memory beside that of the records, and what is brought together lies together.

use std::fs::File;
use std::io::BufWriter;
use std::mem::take;

use bytemuck::Pod;

use super::shelf::{Mapped, Spill};
use super::{Filling, NULL, Records};
use crate::{LinkError, Result};

/// Bits of a key that say which bucket its record is in.
const BITS: u32 = 6;

/// All records that came in.
#[derive(Debug)]
pub struct Buckets {
    buckets: Vec<Bucket>,
    /// Columns of a row.
    stride: usize,
    /// Columns of numbers among them.
    numbers: Vec<usize>,
    /// The file of the frames, and how long it is.
    file: Option<(BufWriter<File>, u64)>,
}

/// Records of similar keys, in the order in which they came.
#[derive(Debug, Default)]
struct Bucket {
    keys: Vec<u128>,
    table: Vec<u16>,
    id: Vec<u32>,
    cells: Vec<u32>,
    /// Row-major, only of columns of numbers.
    numbers: Vec<f64>,
    /// Those that came before and lie in the file: where a frame begins and how many records it holds.
    frames: Vec<(usize, usize)>,
}

/// A record as it comes in.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its key.
    pub key: u128,
    /// The number of its table.
    pub table: u16,
    /// The number of its id.
    pub id: u32,
    /// Its row.
    pub cells: &'a [u32],
    /// Its values in columns of numbers.
    pub numbers: &'a [f64],
}

impl Buckets {
    /// None yet, of rows with so many columns, of which some hold numbers.
    pub fn new(stride: usize, numbers: Vec<usize>) -> Self {
        Self { buckets: (0..1 << BITS).map(|_| Bucket::default()).collect(), stride, numbers, file: None }
    }

    /// Makes room for so many more records.
    pub fn reserve(&mut self, records: usize) {
        // Keys are spread evenly: a bucket hardly ever gets a sixteenth more than its share.
        let share = records >> BITS;
        if share < 64 {
            return;
        }
        let share = share + share / 16;
        for bucket in &mut self.buckets {
            bucket.keys.reserve(share);
            bucket.table.reserve(share);
            bucket.id.reserve(share);
            bucket.cells.reserve(share * self.stride);
            bucket.numbers.reserve(share * self.numbers.len());
        }
    }

    /// Takes a record in.
    #[inline]
    pub fn push(&mut self, record: Incoming<'_>) {
        let bucket = &mut self.buckets[(record.key >> (u128::BITS - BITS)) as usize];
        bucket.keys.push(record.key);
        bucket.table.push(record.table);
        bucket.id.push(record.id);
        bucket.cells.extend_from_slice(record.cells);
        bucket.numbers.extend_from_slice(record.numbers);
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> u64 {
        let bytes = |bucket: &Bucket| {
            bucket.keys.capacity() * size_of::<u128>()
                + bucket.table.capacity() * size_of::<u16>()
                + (bucket.id.capacity() + bucket.cells.capacity()) * size_of::<u32>()
                + bucket.numbers.capacity() * size_of::<f64>()
        };
        self.buckets.iter().map(|bucket| bytes(bucket) as u64).sum()
    }

    /// Puts all that is in memory into a file.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn shelve(&mut self, spill: &Spill) -> Result<()> {
        let (mut file, mut at) = match self.file.take() {
            Some(file) => file,
            None => (spill.file()?, 0),
        };
        for bucket in &mut self.buckets {
            if bucket.keys.is_empty() {
                continue;
            }
            bucket.frames.push((at as usize, bucket.keys.len()));
            let parts: [&[u8]; 5] = [
                bytemuck::cast_slice(&bucket.keys),
                bytemuck::cast_slice(&bucket.numbers),
                bytemuck::cast_slice(&bucket.cells),
                bytemuck::cast_slice(&bucket.id),
                bytemuck::cast_slice(&bucket.table),
            ];
            for part in parts {
                spill.write(&mut file, part)?;
                at += part.len() as u64;
            }
            *bucket = Bucket { frames: take(&mut bucket.frames), ..Bucket::default() };
        }
        self.file = Some((file, at));
        Ok(())
    }

    /// The records in the order of their keys. With `keyed`, rows that share a key are one record: what one of them
    /// leaves out the others fill in, and where they differ, the text that comes first stands, whatever the order they
    /// came in.
    ///
    /// # Errors
    /// Two records of one key, unless they are one; a disk that is full or broken.
    pub fn finish(self, mut records: Records, keyed: bool) -> Result<Records> {
        let (spill, stride) = (records.spill.clone(), self.stride);
        let file = match (self.file, &spill) {
            (Some((file, _)), Some(spill)) => Some(spill.map(file)?),
            _ => None,
        };
        let count = self.buckets.iter().map(|bucket| bucket.keys.len()).sum::<usize>();
        let spill = spill.as_ref();
        let mut keys = Filling::new(spill, count)?;
        let mut id = Filling::new(spill, count)?;
        let mut cells = Filling::new(spill, count * stride)?;
        let mut numbers = self.numbers.iter().map(|_| Filling::new(spill, count)).collect::<Result<Vec<_>>>()?;
        records.table.reserve_exact(count);
        for mut bucket in self.buckets {
            if let Some(file) = &file {
                bucket.read(file, stride, self.numbers.len());
            }
            let order = bucket.order(&records, &self.numbers, keyed)?;
            for record in order.into_iter().map(|record| record as usize) {
                keys.extend(&bucket.keys[record..=record])?;
                id.extend(&bucket.id[record..=record])?;
                cells.extend(&bucket.cells[record * stride..(record + 1) * stride])?;
                for (place, numbers) in numbers.iter_mut().enumerate() {
                    let at = record * self.numbers.len() + place;
                    numbers.extend(&bucket.numbers[at..=at])?;
                }
                records.table.push(bucket.table[record]);
            }
        }
        (records.keys, records.id, records.cells) = (keys.finish()?, id.finish()?, cells.finish()?);
        for (column, numbers) in self.numbers.into_iter().zip(numbers) {
            records.numbers[column] = numbers.finish()?;
        }
        Ok(records)
    }
}

impl Bucket {
    /// Brings into memory what lies in the file, before what is in memory.
    fn read(&mut self, file: &Mapped, stride: usize, columns: usize) {
        let mut whole = Self::default();
        for (mut at, rows) in take(&mut self.frames) {
            let mut next = |bytes: usize| {
                let part = &file.bytes()[at..at + bytes];
                at += bytes;
                part
            };
            whole.keys.extend(values::<u128>(next(rows * size_of::<u128>())));
            whole.numbers.extend(values::<f64>(next(rows * columns * size_of::<f64>())));
            whole.cells.extend(values::<u32>(next(rows * stride * size_of::<u32>())));
            whole.id.extend(values::<u32>(next(rows * size_of::<u32>())));
            whole.table.extend(values::<u16>(next(rows * size_of::<u16>())));
        }
        whole.keys.append(&mut self.keys);
        whole.numbers.append(&mut self.numbers);
        whole.cells.append(&mut self.cells);
        whole.id.append(&mut self.id);
        whole.table.append(&mut self.table);
        *self = whole;
    }

    /// The places of the records in the order of their keys, each key once.
    fn order(&mut self, records: &Records, numbers: &[usize], keyed: bool) -> Result<Vec<u32>> {
        // The upper half of a key beside the record: most are told apart without a look at the keys themselves.
        let halves = self.keys.iter().enumerate().map(|(record, key)| ((key >> 64) as u64, record as u32));
        let mut halves = halves.collect::<Vec<_>>();
        halves.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.keys[a.1 as usize].cmp(&self.keys[b.1 as usize])).then(a.1.cmp(&b.1))
        });
        let mut order = halves.into_iter().map(|half| half.1).collect::<Vec<_>>();
        if keyed {
            order = self.merge(records, numbers, &order);
        }
        let same = |pair: &&[u32]| self.keys[pair[0] as usize] == self.keys[pair[1] as usize];
        if let Some(pair) = order.windows(2).find(same) {
            let table = &records.tables[usize::from(self.table[pair[0] as usize])];
            let id = records.ids.text(self.id[pair[0] as usize]);
            return Err(LinkError::usage(format!(
                "two records of table `{table}` have the id `{id}`; name a column whose values differ with `id = \"…\"`"
            )));
        }
        Ok(order)
    }

    /// Makes one record of those that share a key; `numbers` are the columns of numbers.
    fn merge(&mut self, records: &Records, numbers: &[usize], order: &[u32]) -> Vec<u32> {
        let stride = records.stride;
        let mut kept: Vec<u32> = Vec::with_capacity(order.len());
        for record in order.iter().copied() {
            let same = |first: &u32| self.keys[*first as usize] == self.keys[record as usize];
            let Some(first) = kept.last().copied().filter(same) else {
                kept.push(record);
                continue;
            };
            for column in 0..stride {
                let (here, there) = (first as usize * stride + column, record as usize * stride + column);
                let (a, b) = (self.cells[here], self.cells[there]);
                let second = match records.domain_of[column] {
                    _ if b == NULL || a == b => false,
                    _ if a == NULL => true,
                    Some(domain) => records.domains[domain].text(b) < records.domains[domain].text(a),
                    None => b < a,
                };
                if second {
                    self.cells[here] = b;
                }
            }
            for place in 0..numbers.len() {
                let (here, there) = (first as usize * numbers.len() + place, record as usize * numbers.len() + place);
                self.numbers[here] = self.numbers[here].min(self.numbers[there]);
            }
        }
        kept
    }
}

/// The values that lie in these bytes.
fn values<T: Pod>(bytes: &[u8]) -> Vec<T> {
    let mut values = vec![T::zeroed(); bytes.len() / size_of::<T>()];
    bytemuck::cast_slice_mut(&mut values).copy_from_slice(bytes);
    values
}
