//! The header of a Parquet page, in Thrift's compact protocol: as much of it as tells where the next page begins, how many
//! rows this one has, and within what bounds its values lie.
//!
//! The Parquet library reads headers only together with the pages. Input: hostile bytes, or a part of a header. Output:
//! nothing where something is missing or wrong.

/// Structs and lists within each other; a header needs three levels.
const MOST_DEPTH: usize = 8;

/// What a header tells.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Header<'a> {
    /// Bytes of the header itself.
    pub length: usize,
    /// Bytes of the page behind it.
    pub page: usize,
    /// Values, nulls among them, of a page of data; for a column without lists, its rows.
    pub values: Option<usize>,
    /// The least and the greatest value, where the header has them.
    pub bounds: Option<(&'a [u8], &'a [u8])>,
}

/// Reads the header that bytes begin with.
pub fn header(bytes: &[u8]) -> Option<Header<'_>> {
    let mut reader = Reader { bytes, at: 0 };
    let mut found = Header::default();
    let mut sized = false;
    reader.fields(&mut |reader, field, kind| {
        match (field, kind) {
            (3, INT) => {
                found.page = usize::try_from(reader.number()?).ok()?;
                sized = true;
            }
            // Of data, in either version.
            (5, STRUCT) => reader.data(5, &mut found)?,
            (8, STRUCT) => reader.data(8, &mut found)?,
            _ => reader.skip(kind, 0)?,
        }
        Some(())
    })?;
    found.length = reader.at;
    sized.then_some(found)
}

const INT: u8 = 5;
const LONG: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn binary(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        self.take(length)
    }

    /// Calls `read` for each field of a struct; it must take the field's value.
    fn fields(&mut self, read: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut field = 0;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            field = match byte >> 4 {
                0 => self.number()?,
                step => field.saturating_add(i64::from(step)),
            };
            read(self, field, byte & 0x0f)?;
        }
    }

    /// The header of a page of data, whose statistics are a field of a number of their own.
    fn data(&mut self, statistics: i64, found: &mut Header<'a>) -> Option<()> {
        self.fields(&mut |reader, field, kind| {
            match (field, kind) {
                (1, INT) => found.values = Some(usize::try_from(reader.number()?).ok()?),
                (_, STRUCT) if field == statistics => {
                    let (mut least, mut most) = (None, None);
                    reader.fields(&mut |reader, field, kind| {
                        match (field, kind) {
                            // 1 and 2 are of old, in an order that was not told; 5 and 6 are in the column's.
                            (5, BINARY) => most = Some(reader.binary()?),
                            (6, BINARY) => least = Some(reader.binary()?),
                            _ => reader.skip(kind, 0)?,
                        }
                        Some(())
                    })?;
                    found.bounds = least.zip(most);
                }
                _ => reader.skip(kind, 0)?,
            }
            Some(())
        })
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MOST_DEPTH {
            return None;
        }
        match kind {
            1 | 2 => {}
            3 => {
                self.byte()?;
            }
            4 | INT | LONG => {
                self.unsigned()?;
            }
            7 => {
                self.take(8)?;
            }
            BINARY => {
                self.binary()?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = match byte >> 4 {
                    15 => self.unsigned()?,
                    count => u64::from(count),
                };
                for _ in 0..count {
                    // Truth takes a byte of its own in a list.
                    self.skip(if matches!(byte & 0x0f, 1 | 2) { 3 } else { byte & 0x0f }, depth + 1)?;
                }
            }
            STRUCT => self.fields(&mut |reader, _, kind| reader.skip(kind, depth + 1))?,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// As Arrow's C++ library wrote it: a page of 20,000 doubles with its bounds.
    const HEADER: &str = "150015daca0415b4bc042c15c0b8021510150615061c18088e0a1e8ff5591b411808c5f5a0e65e1f1b41160028088e0a1e8ff5591b411808c5f5a0e65e1f1b411111000000";

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn a_header_tells_its_length_rows_and_bounds() {
        let bytes = bytes(HEADER);
        let found = header(&bytes).unwrap();
        assert_eq!((found.length, found.page, found.values), (bytes.len(), 36_634, Some(20_000)));
        let bounds =
            found.bounds.map(|(least, most)| [least, most].map(|edge| f64::from_le_bytes(edge.try_into().unwrap())));
        let [least, most] = bounds.unwrap();
        assert!(444_000.0 < least && least < most && most < 449_000.0, "{least} {most}");
    }

    #[test]
    fn a_dictionary_has_a_size_and_no_rows() {
        let bytes = bytes("150415a60115a0014c1510150012000028b52ffd");
        let found = header(&bytes).unwrap();
        assert_eq!((found.page, found.values, found.bounds), (80, None, None));
        assert_eq!(bytes[found.length..], [0x28, 0xb5, 0x2f, 0xfd]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = header(&bytes);
        }

        #[test]
        fn a_cut_header_is_none(cut in 0_usize..69) {
            let bytes = bytes(HEADER);
            prop_assert_eq!(header(&bytes[..cut]), None);
        }
    }
}
