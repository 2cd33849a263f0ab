//! Comma-separated text in the encodings of departmental exports.

use std::path::Path;

use super::text::Lines;
use crate::error::Result;

/// How a CSV file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// GB 18030.
    Gb18030,
    /// UTF-8 with a byte-order mark.
    Utf8Bom,
    /// Plain UTF-8.
    Utf8,
}

/// A CSV file.
pub struct Csv {
    lines: Lines,
    encoding: Encoding,
    line: String,
}

impl Csv {
    /// Creates the file with its header.
    pub fn create(path: &Path, encoding: Encoding, header: &[&str]) -> Result<Self> {
        let mut lines = Lines::create(path)?;
        if encoding == Encoding::Utf8Bom {
            lines.raw(b"\xef\xbb\xbf")?;
        }
        let mut csv = Self { lines, encoding, line: String::new() };
        csv.write(header.iter().copied(), false)?;
        Ok(csv)
    }

    /// Writes a row of data.
    pub fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.write(fields, true)
    }

    fn write<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>, data: bool) -> Result<()> {
        self.line.clear();
        for (place, field) in fields.into_iter().enumerate() {
            if place > 0 {
                self.line.push(',');
            }
            if field.contains([',', '"', '\n', '\r']) {
                self.line.push('"');
                self.line.push_str(&field.replace('"', "\"\""));
                self.line.push('"');
            } else {
                self.line.push_str(field);
            }
        }
        self.line.push_str("\r\n");
        let bytes = match self.encoding {
            Encoding::Gb18030 => encoding_rs::GB18030.encode(&self.line).0,
            Encoding::Utf8 | Encoding::Utf8Bom => self.line.as_bytes().into(),
        };
        if data { self.lines.row(&bytes) } else { self.lines.raw(&bytes) }
    }

    /// A line as it stands, such as a note or a row that the export broke.
    pub fn literal(&mut self, line: &str, data: bool) -> Result<()> {
        let text = format!("{line}\r\n");
        let bytes = match self.encoding {
            Encoding::Gb18030 => encoding_rs::GB18030.encode(&text).0,
            Encoding::Utf8 | Encoding::Utf8Bom => text.as_bytes().into(),
        };
        if data { self.lines.row(&bytes) } else { self.lines.raw(&bytes) }
    }

    /// Closes the file.
    pub fn finish(self) -> Result<u64> {
        self.lines.finish()
    }
}
