//! The text form of `COPY … TO STDOUT`: tabs between fields, `\N` for null, backslash escapes.

/// Splits the stream into rows, whatever pieces it arrives in.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    begin: usize,
}

impl Lines {
    /// Adds a piece.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.begin);
        self.begin = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole row, without its end.
    pub fn next(&mut self) -> Option<&[u8]> {
        let rest = &self.buffer[self.begin..];
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let begin = self.begin;
        self.begin += length + 1;
        Some(&self.buffer[begin..begin + length])
    }
}

/// The fields of a row; `None` for null. Escapes are resolved into `scratch` by [`unescape`].
pub fn fields(row: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    row.split(|byte| *byte == b'\t').map(|field| (field != b"\\N").then_some(field))
}

/// A field's bytes without escapes.
pub fn unescape<'a>(field: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !field.contains(&b'\\') {
        return field;
    }
    scratch.clear();
    let mut bytes = field.iter().copied();
    while let Some(byte) = bytes.next() {
        scratch.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 0x0b,
                Some(other) => other,
                None => b'\\',
            },
            other => other,
        });
    }
    scratch
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
    }

    #[test]
    fn null_and_the_text_that_looks_like_it_differ() {
        let mut scratch = Vec::new();
        assert_eq!(fields(b"\\N\t\t\\\\N").collect::<Vec<_>>(), [None, Some(&b""[..]), Some(&b"\\\\N"[..])]);
        assert_eq!(unescape(b"\\\\N", &mut scratch), b"\\N");
    }

    proptest! {
        #[test]
        fn rows_arrive_whole_in_whatever_pieces(rows in proptest::collection::vec(proptest::collection::vec("[^\\x00]{0,8}", 1..4), 0..6), cut in 1_usize..7) {
            let text: String = rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join("\t") + "\n").collect();
            let (mut lines, mut read, mut scratch) = (Lines::default(), Vec::new(), Vec::new());
            for piece in text.as_bytes().chunks(cut) {
                lines.push(piece);
                while let Some(line) = lines.next() {
                    read.push(fields(line).map(|field| String::from_utf8(unescape(field.unwrap(), &mut scratch).to_vec()).unwrap()).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(read, rows);
        }
    }
}
