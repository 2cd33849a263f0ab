//! Delimited text: CSV, TSV and what departments call so.

mod delimiter;
mod head;
mod records;
mod source;

pub(crate) use source::{Csv, read_from};
