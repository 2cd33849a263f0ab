//! dBase tables (`.dbf`): fixed-width records, read in order and deleted ones known, which the pairing with
//! the shapes needs.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::NaiveDate;
use encoding_rs::{Encoding, GB18030, UTF_8};
use jingwei_model::Reason;

use crate::error::{Result, SourceError};
use crate::part::LocalFile;
use crate::typed::Value;

/// Records looked at to tell or to check the encoding.
const SAMPLE: usize = 1000;
/// Records of the sample that may fail before the encoding counts as wrong.
const TOLERATED: usize = 20;
/// Days from the Julian day number to 1970-01-01.
const JULIAN_EPOCH: i64 = 2_440_588;

/// An open table.
pub struct Dbf {
    reader: BufReader<File>,
    display: String,
    fields: Vec<FieldInfo>,
    encoding: &'static Encoding,
    count: u32,
    read: u32,
    record: Vec<u8>,
}

#[derive(Debug, Clone)]
struct FieldInfo {
    name: String,
    kind: Kind,
    begin: usize,
    length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Number,
    Date,
    Boolean,
    /// Little-endian 32-bit number.
    Long,
    /// Little-endian double.
    Double,
    /// Julian day and milliseconds.
    Moment,
    /// Text in a file of its own, which is not read.
    Memo,
}

/// One record, borrowed from the table's buffer.
pub struct Record<'a> {
    dbf: &'a Dbf,
}

impl Dbf {
    /// Opens the table `path` of a shapefile; `wanted` is the configured encoding, `cpg` the `.cpg` file's text.
    pub fn open(file: &LocalFile, path: &Path, wanted: Option<&str>, cpg: Option<&str>) -> Result<Self> {
        let broken = |what: &str| {
            SourceError::data(&file.display, format!("its .dbf file {what}"))
                .with_hint("export the shapefile again and deliver all its files")
        };
        let failed = |error| SourceError::io(path.display().to_string(), error);
        let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(failed)?);
        let mut head = [0; 32];
        reader.read_exact(&mut head).map_err(|_| broken("is cut off"))?;
        let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let header = usize::from(u16::from_le_bytes([head[8], head[9]]));
        let record = usize::from(u16::from_le_bytes([head[10], head[11]]));
        if header < 33 || record == 0 {
            return Err(broken("is no dBase table"));
        }
        let mut descriptors = vec![0; header - 32];
        reader.read_exact(&mut descriptors).map_err(|_| broken("is cut off"))?;
        let mut fields = Vec::new();
        let mut begin = 1;
        for field in descriptors.chunks_exact(32).take_while(|field| field[0] != 0x0d) {
            let (letter, decimals) = (field[11], field[17]);
            // Clipper keeps the high byte of a long text's width where others keep decimals.
            let length = usize::from(field[16]) + if letter == b'C' { usize::from(decimals) << 8 } else { 0 };
            fields.push((
                field[..11].split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
                kind_of(letter, length, decimals),
                begin,
                length,
            ));
            begin += length;
        }
        if begin > record || fields.is_empty() {
            return Err(broken("describes fields that do not fit its records"));
        }
        let mut dbf = Self {
            reader,
            display: file.display.clone(),
            fields: Vec::new(),
            encoding: UTF_8,
            count,
            read: 0,
            record: vec![0; record],
        };
        let texts: Vec<(usize, usize)> =
            fields.iter().filter(|field| field.1 == Kind::Text).map(|field| (field.2, field.3)).collect();
        let names: Vec<&[u8]> = fields.iter().map(|field| field.0.as_slice()).collect();
        let sample = dbf.sample(&texts, header as u64)?;
        dbf.encoding = encoding(file, wanted, cpg, head[29], &names, &sample)?;
        dbf.fields = fields
            .into_iter()
            .map(|(name, kind, begin, length)| FieldInfo { name: field_name(&name, dbf.encoding), kind, begin, length })
            .collect();
        dbf.refuse_duplicates()?;
        if dbf.fields.iter().any(|field| field.kind == Kind::Memo) {
            tracing::warn!(file = dbf.display, "memo fields of a .dbf file are not read; they are null");
        }
        Ok(dbf)
    }

    /// The text cells of the first records; the reader is put back to the first one.
    fn sample(&mut self, texts: &[(usize, usize)], first: u64) -> Result<Vec<Vec<u8>>> {
        let mut sample = Vec::new();
        for _ in 0..SAMPLE.min(self.count as usize) {
            if self.reader.read_exact(&mut self.record).is_err() {
                break;
            }
            let mut text = Vec::new();
            for (begin, length) in texts {
                text.extend_from_slice(trimmed(&self.record[*begin..begin + length]));
                text.push(b'\n');
            }
            sample.push(text);
        }
        self.reader.seek(SeekFrom::Start(first)).map_err(|error| SourceError::io(&self.display, error))?;
        Ok(sample)
    }

    fn refuse_duplicates(&self) -> Result<()> {
        for (place, field) in self.fields.iter().enumerate() {
            if self.fields[..place].iter().any(|other| other.name == field.name) {
                let error = SourceError::data(
                    &self.display,
                    format!("two columns of its .dbf file are called `{}`", field.name),
                );
                return Err(error.with_hint(
                    "the names of a shapefile end after 10 bytes: give the columns names that differ before",
                ));
            }
        }
        Ok(())
    }

    /// The columns.
    pub fn fields(&self) -> Vec<Field> {
        let kind = |kind| match kind {
            Kind::Text | Kind::Memo => DataType::Utf8,
            Kind::Integer | Kind::Long => DataType::Int64,
            Kind::Number | Kind::Double => DataType::Float64,
            Kind::Date => DataType::Date32,
            Kind::Boolean => DataType::Boolean,
            Kind::Moment => DataType::Timestamp(TimeUnit::Microsecond, None),
        };
        self.fields.iter().map(|field| Field::new(&field.name, kind(field.kind), true)).collect()
    }

    /// Records the header announces.
    pub const fn len(&self) -> u32 {
        self.count
    }

    /// The next record; `None` after the last one.
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        if self.read == self.count {
            return Ok(None);
        }
        if let Err(error) = self.reader.read_exact(&mut self.record) {
            if error.kind() != std::io::ErrorKind::UnexpectedEof {
                return Err(SourceError::io(&self.display, error));
            }
            let message = format!(
                "its .dbf file is cut off: it announces {} records and ends in record {}",
                self.count,
                self.read + 1
            );
            return Err(
                SourceError::data(&self.display, message).with_hint("deliver the shapefile again, with all its files")
            );
        }
        self.read += 1;
        Ok(Some(Record { dbf: self }))
    }
}

impl Record<'_> {
    /// Whether the record is marked as deleted.
    pub fn is_deleted(&self) -> bool {
        self.dbf.record[0] == b'*'
    }

    /// The record as text, for a person who looks for it.
    pub fn text(&self) -> String {
        let cells = self.dbf.fields.iter().map(|field| {
            let cell = trimmed(&self.dbf.record[field.begin..field.begin + field.length]);
            match field.kind {
                Kind::Long | Kind::Double | Kind::Moment | Kind::Memo => String::new(),
                _ => self.dbf.encoding.decode_without_bom_handling(cell).0.into_owned(),
            }
        });
        cells.collect::<Vec<_>>().join("\t")
    }

    /// Visits the values in the order of the columns until one cannot be read.
    pub fn values(&self, mut visit: impl FnMut(Value<'_>) -> bool) -> Result<(), Reason> {
        for field in &self.dbf.fields {
            let cell = &self.dbf.record[field.begin..field.begin + field.length];
            let text: Cow<'_, str>;
            let value = match field.kind {
                Kind::Text => {
                    let cell = trimmed(cell);
                    text = if cell.is_ascii() {
                        Cow::Borrowed(std::str::from_utf8(cell).map_err(|_| Reason::Undecodable)?)
                    } else {
                        decoded(cell, self.dbf.encoding).ok_or(Reason::Undecodable)?
                    };
                    if text.is_empty() { Value::Null } else { Value::Text(&text) }
                }
                kind => value(kind, cell).ok_or(Reason::Malformed)?,
            };
            if !visit(value) {
                return Err(Reason::Malformed);
            }
        }
        Ok(())
    }
}

fn kind_of(letter: u8, length: usize, decimals: u8) -> Kind {
    match letter {
        b'N' | b'F' if decimals > 0 => Kind::Number,
        // Longer whole numbers do not fit 64 bits; as text they keep their digits.
        b'N' | b'F' if length <= 18 => Kind::Integer,
        b'D' => Kind::Date,
        b'L' => Kind::Boolean,
        b'I' | b'+' if length == 4 => Kind::Long,
        b'O' | b'B' if length == 8 => Kind::Double,
        b'T' | b'@' if length == 8 => Kind::Moment,
        b'M' | b'G' | b'P' | b'B' => Kind::Memo,
        _ => Kind::Text,
    }
}

/// A value that is no text; `None` when the bytes are none.
fn value(kind: Kind, cell: &[u8]) -> Option<Value<'static>> {
    let text = || std::str::from_utf8(trimmed(cell)).map(str::trim).ok();
    // Stars stand for a number too wide for its field, and are what is left of it.
    let is_blank = |text: &str| text.is_empty() || text.bytes().all(|byte| byte == b'*');
    Some(match kind {
        Kind::Integer => match text()? {
            text if is_blank(text) => Value::Null,
            text => match text.parse::<i64>() {
                Ok(value) => Value::Integer(value),
                // Some programs write `12.0` or `1.2e+01` where no decimals are announced.
                Err(_) => text
                    .parse::<f64>()
                    .ok()
                    .filter(|value| value.fract() == 0.0 && value.abs() < 9e15)
                    .map(|value| Value::Integer(value as i64))?,
            },
        },
        Kind::Number => match text()? {
            text if is_blank(text) => Value::Null,
            text => text.parse::<f64>().or_else(|_| text.replace(',', ".").parse()).map(Value::Number).ok()?,
        },
        Kind::Date => match text()? {
            text if text.is_empty() || text.bytes().all(|byte| byte == b'0') => Value::Null,
            text => {
                let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
                Value::Date(date.signed_duration_since(NaiveDate::default()).num_days().try_into().ok()?)
            }
        },
        Kind::Boolean => match cell.first()? {
            b'T' | b't' | b'Y' | b'y' | b'1' => Value::Boolean(true),
            b'F' | b'f' | b'N' | b'n' | b'0' => Value::Boolean(false),
            b'?' | b' ' | 0 => Value::Null,
            _ => return None,
        },
        Kind::Long => Value::Integer(i64::from(i32::from_le_bytes(cell.try_into().ok()?))),
        Kind::Double => Some(f64::from_le_bytes(cell.try_into().ok()?))
            .filter(|value| value.is_finite())
            .map_or(Value::Null, Value::Number),
        Kind::Moment => {
            let (day, time) = cell.split_first_chunk::<4>()?;
            let day = i64::from(i32::from_le_bytes(*day));
            let milliseconds = i64::from(i32::from_le_bytes(time.try_into().ok()?));
            if day == 0 {
                Value::Null
            } else {
                Value::Moment(((day - JULIAN_EPOCH) * 86_400_000 + milliseconds) * 1000)
            }
        }
        Kind::Text | Kind::Memo => Value::Null,
    })
}

/// Cells are padded with spaces or zero bytes.
fn trimmed(cell: &[u8]) -> &[u8] {
    let end = cell.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
    &cell[..end]
}

/// Decodes a cell. A text that fills its cell may end within a character; what is left of that one is not text.
fn decoded<'a>(cell: &'a [u8], encoding: &'static Encoding) -> Option<Cow<'a, str>> {
    let decode = |cell: &'a [u8]| encoding.decode_without_bom_handling_and_without_replacement(cell);
    decode(cell).or_else(|| {
        if encoding == UTF_8 {
            let error = std::str::from_utf8(cell).err().filter(|error| error.error_len().is_none())?;
            return decode(&cell[..error.valid_up_to()]);
        }
        // The first byte of a character is above ASCII, and never the last one of all; its others may be anything.
        let cuts = (1..=3.min(cell.len())).map(|cut| cell.split_at(cell.len() - cut));
        cuts.filter(|(_, cut)| (0x81..=0xFE).contains(&cut[0])).find_map(|(kept, _)| decode(kept))
    })
}

fn field_name(name: &[u8], encoding: &'static Encoding) -> String {
    let name = trimmed(name);
    decoded(name, encoding).unwrap_or_else(|| encoding.decode_without_bom_handling(name).0).trim().to_owned()
}

/// The encoding: as configured, else as the `.cpg` file or the header says if that is true, else by trial.
fn encoding(
    file: &LocalFile,
    wanted: Option<&str>,
    cpg: Option<&str>,
    driver: u8,
    names: &[&[u8]],
    sample: &[Vec<u8>],
) -> Result<&'static Encoding> {
    if let Some(label) = wanted.filter(|label| !label.eq_ignore_ascii_case("auto")) {
        return by_label(label).ok_or_else(|| {
            SourceError::data(&file.display, format!("format.encoding = \"{label}\" is no encoding"))
                .with_hint("write utf-8, gb18030, big5 or another standard name")
        });
    }
    let fails = |cell: &[u8], encoding| decoded(cell, encoding).is_none();
    let failures = |encoding: &'static Encoding| {
        let rows = sample.iter().filter(|row| row.split(|byte| *byte == b'\n').any(|cell| fails(cell, encoding)));
        rows.count() + names.iter().filter(|name| fails(trimmed(name), encoding)).count()
    };
    if let Some(encoding) = cpg.and_then(by_label) {
        let failures = failures(encoding);
        if failures > TOLERATED.min(sample.len() / 2) {
            let message = format!(
                "its .cpg file says {}, but {failures} of the first {} records are not",
                encoding.name(),
                sample.len()
            );
            let other = if encoding == UTF_8 { "gb18030" } else { "utf-8" };
            return Err(
                SourceError::data(&file.display, message).with_hint(format!("set format.encoding = \"{other}\""))
            );
        }
        return Ok(encoding);
    }
    if failures(UTF_8) == 0 {
        return Ok(UTF_8);
    }
    Ok(by_driver(driver).filter(|encoding| failures(encoding) == 0).unwrap_or(GB18030))
}

/// By the names `.cpg` files and people use.
fn by_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_start_matches('\u{feff}').to_ascii_lowercase();
    let digits = label.trim_start_matches(|c: char| !c.is_ascii_digit());
    match digits {
        "936" | "54936" | "1386" | "18030" => Some(GB18030),
        "950" => Some(encoding_rs::BIG5),
        "65001" => Some(UTF_8),
        _ => Encoding::for_label(label.as_bytes())
            .map(|encoding| if encoding == encoding_rs::GBK { GB18030 } else { encoding }),
    }
}

/// By the language driver of the header; those that many programs write without thinking are left out.
fn by_driver(driver: u8) -> Option<&'static Encoding> {
    match driver {
        0x4d | 0x7a => Some(GB18030),
        0x4f | 0x78 => Some(encoding_rs::BIG5),
        0x13 | 0x7b => Some(encoding_rs::SHIFT_JIS),
        0x4e | 0x79 => Some(encoding_rs::EUC_KR),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_truth_values_are_read_as_they_are_written() {
        assert_eq!(value(Kind::Integer, b"   12"), Some(Value::Integer(12)));
        assert_eq!(value(Kind::Integer, b"12.000"), Some(Value::Integer(12)));
        assert_eq!(value(Kind::Integer, b"12.5"), None);
        assert_eq!(value(Kind::Integer, b"*****"), Some(Value::Null));
        assert_eq!(value(Kind::Number, b" 1.5e+02"), Some(Value::Number(150.0)));
        assert_eq!(value(Kind::Date, b"20240301"), Some(Value::Date(19783)));
        assert_eq!(value(Kind::Date, b"        "), Some(Value::Null));
        assert_eq!(value(Kind::Date, b"20240230"), None);
        assert_eq!(value(Kind::Boolean, b"T"), Some(Value::Boolean(true)));
        assert_eq!(value(Kind::Boolean, b"?"), Some(Value::Null));
        assert_eq!(value(Kind::Long, &7_i32.to_le_bytes()), Some(Value::Integer(7)));
    }

    #[test]
    fn encodings_go_by_many_names() {
        for label in ["GBK", "936", "cp936", "CP936", "gb2312", "ANSI 936", "GB18030"] {
            assert_eq!(by_label(label), Some(GB18030), "{label}");
        }
        assert_eq!(by_label("UTF-8\r\n"), Some(UTF_8));
        assert_eq!(by_label("UTF8"), Some(UTF_8));
        assert_eq!(by_label("950"), Some(encoding_rs::BIG5));
        assert_eq!(by_label("nonsense"), None);
    }

    #[test]
    fn a_character_cut_by_the_width_of_its_cell_is_dropped() {
        let (bytes, _, _) = GB18030.encode("街道");
        assert_eq!(field_name(&bytes[..3], GB18030), "街");
        assert_eq!(field_name(&"街道办事".as_bytes()[..10], UTF_8), "街道办");
        assert_eq!(decoded(b"\xff\xff\xff", UTF_8), None);
        assert_eq!(decoded(b"ab\xff", GB18030), None);
    }
}
