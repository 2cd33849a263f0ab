//! What stands above the data: title rows and the header.

use jingwei_model::config::{FormatKind, SourceConfig};

use super::delimiter;
use super::records::{Next, Records, unescape};
use crate::error::{Result, SourceError};
use crate::header;

/// The columns of a text file.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// Their names.
    pub names: Vec<String>,
    /// Columns every row must have: those up to the last one with a name.
    pub least: usize,
    /// Whether the file holds nothing at all.
    pub empty: bool,
}

impl Head {
    /// Reads it; the records go on with the first row of data.
    pub fn read(records: &mut Records, config: &SourceConfig, file: &str) -> Result<Self> {
        refuse_binary(records.peek(), file)?;
        let kind = config
            .format
            .kind
            .or_else(|| crate::archive::kind_of(file.trim_end_matches(".gz").trim_end_matches(".zst")));
        let kind = kind.unwrap_or(FormatKind::Csv);
        let delimiter = delimiter::decide(&config.format, kind, records.peek(), records.ended(), file)?;
        records.set_delimiter(delimiter);
        records.skip_lines(config.format.skip_rows)?;
        let rows = config.format.header_rows.unwrap_or(1);
        if rows == 0 {
            return Ok(Self::numbered(records, delimiter));
        }
        let mut levels = Vec::with_capacity(rows);
        for _ in 0..rows {
            match records.advance()? {
                Next::End => break,
                Next::Record => levels.push(cells(records, file)?),
                Next::Misquoted => {
                    let error =
                        SourceError::data(file, "the header has a quote that does not close").at_row(records.line());
                    return Err(error.with_hint("mend the header, or set format.skip_rows if it stands further down"));
                }
            }
        }
        let line = records.line();
        let Some(last) = levels.last() else {
            tracing::warn!("{file} is empty");
            let names = crate::open::configured(config);
            return Ok(Self { least: names.len(), names, empty: true });
        };
        if levels.len() == 1 && last.len() == 1 {
            let header = last.first().map_or("", String::as_str);
            if let Some(other) = delimiter::other_than(delimiter, header) {
                let error = SourceError::data(
                    file,
                    format!("the header is one column `{header}` when cut at `{}`", shown(delimiter)),
                );
                let hint = if other.is_ascii() {
                    format!("it seems to be cut at `{0}`: set format.delimiter = \"{0}\"", shown(other as u8))
                } else {
                    format!("`{other}` is not a delimiter this reads: replace it by a comma, or export the file again")
                };
                return Err(error.at_row(line).with_hint(hint));
            }
        }
        let names = header::names(&levels, file, None, line)?;
        let least = (0..names.len())
            .rev()
            .find(|column| levels.iter().any(|level| level.get(*column).is_some_and(|cell| !cell.trim().is_empty())));
        Ok(Self { least: least.map_or(1, |column| column + 1), names, empty: false })
    }

    /// Without a header: as many columns as the first row has.
    fn numbered(records: &Records, delimiter: u8) -> Self {
        let mut delimiters = 0;
        let sample = records.peek();
        let mut quoted = false;
        let line = sample.iter().position(|byte| {
            quoted ^= *byte == b'"';
            *byte == b'\n' && !quoted
        });
        let line = &sample[..line.unwrap_or(sample.len())];
        quoted = false;
        for byte in line {
            quoted ^= *byte == b'"';
            if *byte == delimiter && !quoted {
                delimiters += 1;
            }
        }
        let width = if line.is_empty() { 0 } else { delimiters + 1 };
        Self { names: (1..=width).map(|column| format!("c{column}")).collect(), least: width, empty: width == 0 }
    }
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() }
}

/// The cells of a header row.
fn cells(records: &Records, file: &str) -> Result<Vec<String>> {
    let undecodable =
        records.text().replaces() && records.bytes().windows(3).any(|bytes| bytes == "\u{FFFD}".as_bytes());
    let record = std::str::from_utf8(records.bytes()).ok().filter(|_| !undecodable).ok_or_else(|| {
        let message = format!("the header is not text in the encoding {}", records.text().encoding());
        let error = SourceError::data(file, message).at_row(records.line());
        error.with_hint("set format.encoding to the one the file was written in, e.g. \"gb18030\"")
    })?;
    Ok(records
        .fields()
        .iter()
        .map(|field| {
            let raw = &record[field.start..field.end];
            let mut cell = String::with_capacity(raw.len());
            if field.escaped {
                unescape(raw, &mut cell)
            } else {
                cell.push_str(raw)
            }
            cell
        })
        .collect())
}

pub(super) fn refuse_binary(sample: &[u8], file: &str) -> Result<()> {
    let start = &sample[..sample.len().min(4096)];
    let lower = start.to_ascii_lowercase();
    let text = lower.trim_ascii_start();
    let (what, hint) = if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xD0\xCF\x11\xE0") {
        ("is a workbook or an archive, no text", "set format.kind = \"excel\", or unpack it")
    } else if text.starts_with(b"<!doctype") || text.starts_with(b"<html") || text.starts_with(b"<table") {
        ("is a web page, no table of text", "open it in a spreadsheet and save it as .xlsx or .csv")
    } else if start.contains(&0) {
        ("holds binary data, no text", "set format.kind to what it is")
    } else {
        return Ok(());
    };
    Err(SourceError::data(file, what).with_hint(hint))
}
