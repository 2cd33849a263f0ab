//! Rows in as few bits as their numbers need: where memory is limited, all rows stay in memory in this form as long as
//! anything does, since they are what is looked at most, and in no order.

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::shelf::{Filling, Shelf, Spill};
use crate::Result;

/// A cell is read from eight bytes at once, of which at most seven bits are another's.
const READ: usize = size_of::<u64>();

/// Rows of numbers, each column in as many bits as its largest number needs.
#[derive(Debug)]
pub struct Narrow {
    /// Row after row, and behind the last as much as is read beyond it.
    bytes: Shelf<u8>,
    /// Bytes of a row.
    width: usize,
    places: Vec<Place>,
}

/// Where a column lies in its row.
#[derive(Debug, Clone, Copy)]
struct Place {
    byte: usize,
    shift: u32,
    mask: u64,
}

/// Bytes of a row whose columns hold numbers up to these.
fn laid_out(largest: &[u32]) -> (usize, Vec<Place>) {
    let mut bit = 0;
    let mut places = Vec::with_capacity(largest.len());
    for largest in largest {
        let bits = (u32::BITS - largest.leading_zeros()) as usize;
        places.push(Place { byte: bit / 8, shift: (bit % 8) as u32, mask: (1_u64 << bits) - 1 });
        bit += bits;
    }
    (bit.div_ceil(8), places)
}

/// Bytes that so many rows take whose columns hold numbers up to these.
pub fn bytes_of(largest: &[u32], rows: usize) -> u64 {
    (laid_out(largest).0 * rows + READ) as u64
}

impl Narrow {
    /// Makes narrow rows of wide ones, which come in stretches of whole rows; in a file where there is a place for files.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn new<'a>(
        largest: &[u32],
        rows: usize,
        stretches: impl Iterator<Item = &'a [u32]>,
        spill: Option<&Arc<Spill>>,
    ) -> Result<Self> {
        let (width, places) = laid_out(largest);
        let mut filling = Filling::new(spill, width * rows + READ)?;
        let mut made = Vec::new();
        for stretch in stretches {
            let count = stretch.len() / places.len().max(1);
            made.clear();
            made.resize(count * width + READ, 0_u8);
            for (number, row) in stretch.chunks_exact(places.len().max(1)).enumerate() {
                for (place, cell) in places.iter().zip(row) {
                    let at = number * width + place.byte;
                    if let Some(bytes) = made.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut::<READ>()) {
                        *bytes = (u64::from_le_bytes(*bytes) | u64::from(*cell) << place.shift).to_le_bytes();
                    }
                }
            }
            filling.extend(&made[..count * width])?;
        }
        filling.extend(&[0; READ])?;
        Ok(Self { bytes: filling.finish()?, width, places })
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> u64 {
        self.bytes.bytes()
    }

    /// One cell of a row.
    #[inline]
    pub fn cell(&self, record: u32, column: usize) -> u32 {
        read(&self.bytes, record as usize * self.width, self.places[column])
    }

    /// Looks at rows that are about to be read, where they lie in memory.
    pub fn fetch(&self, records: &[u32]) {
        if self.bytes() > 0 {
            let bytes = &*self.bytes;
            let sum = records.iter().fold(0, |sum, record| {
                let at = *record as usize * self.width;
                sum ^ bytes[at] ^ bytes[at + self.width]
            });
            std::hint::black_box(sum);
        }
    }

    /// Adds the cells of a row.
    #[inline]
    pub fn append(&self, record: u32, into: &mut Vec<u32>) {
        let (bytes, at) = (&*self.bytes, record as usize * self.width);
        into.extend(self.places.iter().map(|place| read(bytes, at, *place)));
    }

    /// A row.
    pub fn row<'a>(&self, record: u32) -> Row<'a> {
        let (bytes, at) = (&*self.bytes, record as usize * self.width);
        let cells = self.places.iter().map(|place| read(bytes, at, *place));
        if self.places.len() > FEW {
            return Row::Many(cells.collect());
        }
        let mut few = [0; FEW];
        few.iter_mut().zip(cells).for_each(|(few, cell)| *few = cell);
        Row::Few(few, self.places.len())
    }

    /// Some rows, which are read one after the other.
    pub fn stretch(&self, records: Range<usize>) -> Stretch<'_> {
        let bytes = &*self.bytes;
        self.bytes.looked(records.len() * self.width);
        Stretch { rows: self, bytes, records }
    }
}

#[inline]
fn read(bytes: &[u8], at: usize, place: Place) -> u32 {
    let bytes = bytes.get(at + place.byte..).and_then(|bytes| bytes.first_chunk::<READ>());
    (bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)) >> place.shift & place.mask) as u32
}

/// Rows next to each other.
#[derive(Debug)]
pub struct Stretch<'a> {
    rows: &'a Narrow,
    bytes: &'a [u8],
    records: Range<usize>,
}

impl<'a> Stretch<'a> {
    /// The records.
    pub fn records(&self) -> Range<usize> {
        self.records.clone()
    }

    /// One cell of one of the rows.
    #[inline]
    pub fn cell(&self, record: usize, column: usize) -> u32 {
        read(self.bytes, record * self.rows.width, self.rows.places[column])
    }

    /// Adds the cells of one of the rows.
    pub fn append(&self, record: usize, into: &mut Vec<u32>) {
        let at = record * self.rows.width;
        into.extend(self.rows.places.iter().map(|place| read(self.bytes, at, *place)));
    }

    /// The cells of a column.
    pub fn column(self, column: usize) -> impl Iterator<Item = u32> + 'a {
        let (place, width) = (self.rows.places[column], self.rows.width);
        self.records.map(move |record| read(self.bytes, record * width, place))
    }
}

/// A row as it is looked at: where it lies, or made of a narrow one.
#[derive(Debug, Clone)]
pub enum Row<'a> {
    /// Where it lies.
    Lying(&'a [u32]),
    /// Made of a narrow one, with this many cells.
    Few([u32; FEW], usize),
    /// The same with more cells than most models have.
    Many(Vec<u32>),
}

/// Rows of at most so many cells are made without asking for memory.
pub const FEW: usize = 24;

impl Deref for Row<'_> {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        match self {
            Self::Lying(cells) => cells,
            Self::Few(cells, count) => &cells[..*count],
            Self::Many(cells) => cells,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn narrow_rows_hold_what_wide_ones_do(
            largest in prop::collection::vec(prop_oneof![Just(0), Just(1), Just(2), 0..1000_u32, Just(u32::MAX)], 1..40),
            draws in prop::collection::vec(any::<u32>(), 0..60), in_file in any::<bool>(), stretch in 1_usize..9,
        ) {
            let cell = |draw: u32, largest: u32| (u64::from(draw) % (u64::from(largest) + 1)) as u32;
            let rows = draws.iter().map(|draw| {
                let of = |(place, largest): (usize, &u32)| cell(draw.rotate_left(place as u32), *largest);
                largest.iter().enumerate().map(of).collect::<Vec<_>>()
            });
            let rows = rows.collect::<Vec<_>>();
            let (wide, spill) = (rows.concat(), Spill::new(std::env::temp_dir(), 64));
            let stretches = wide.chunks(stretch * largest.len());
            let narrow = Narrow::new(&largest, rows.len(), stretches, in_file.then_some(&spill)).unwrap();
            prop_assert_eq!(narrow.bytes() == 0, in_file);
            prop_assert_eq!(bytes_of(&largest, rows.len()), narrow.bytes.len() as u64);
            for (record, row) in rows.iter().enumerate() {
                let mut appended = Vec::new();
                narrow.append(record as u32, &mut appended);
                prop_assert_eq!(&appended, row);
                prop_assert_eq!(&*narrow.row(record as u32), &**row);
                let cells = (0..row.len()).map(|column| narrow.cell(record as u32, column));
                prop_assert_eq!(&cells.collect::<Vec<_>>(), row);
            }
            for column in 0..largest.len() {
                let cells = narrow.stretch(0..rows.len()).column(column).collect::<Vec<_>>();
                prop_assert_eq!(cells, rows.iter().map(|row| row[column]).collect::<Vec<_>>());
            }
        }
    }
}
