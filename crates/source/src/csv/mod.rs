//! Delimited text: CSV, TSV and what departments call so.

mod delimiter;
mod head;
mod records;
mod sample;
mod source;

pub(crate) use sample::sample;
pub(crate) use source::Csv;
