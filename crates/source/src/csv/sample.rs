//! The first records of a text whose layout is not known yet.

use jingwei_model::config::SourceConfig;

use super::delimiter;
use super::head::refuse_binary;
use super::records::{Next, Records, unescape};
use crate::error::Result;
use crate::part::LocalFile;

/// The beginning of a text.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Line numbers and cells.
    pub rows: Vec<(i64, Vec<String>)>,
    /// The encoding.
    pub encoding: String,
    /// The delimiter.
    pub delimiter: u8,
}

/// Reads up to `limit` records without taking any of them for a header.
pub(crate) fn sample(file: &LocalFile, config: &SourceConfig, limit: usize) -> Result<Sample> {
    let mut records = Records::new(file.reader()?, config.format.encoding.as_deref(), &file.display)?;
    refuse_binary(records.peek(), &file.display)?;
    let delimiter = delimiter::of_most_lines(records.peek(), records.ended());
    records.set_delimiter(delimiter);
    let mut rows = Vec::new();
    while rows.len() < limit {
        match records.advance()? {
            Next::End => break,
            Next::Misquoted => {}
            Next::Record => {
                let text = String::from_utf8_lossy(records.bytes());
                let cells = records.fields().iter().map(|field| {
                    let raw = text.get(field.start..field.end).unwrap_or_default();
                    let mut cell = String::new();
                    if field.escaped {
                        unescape(raw, &mut cell)
                    } else {
                        cell.push_str(raw)
                    }
                    cell
                });
                rows.push((records.line(), cells.collect()));
            }
        }
    }
    Ok(Sample { rows, encoding: records.text().encoding(), delimiter })
}
