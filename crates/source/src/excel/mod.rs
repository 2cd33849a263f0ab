//! Spreadsheets: XLSX, XLS, XLSB and ODS, with title rows, headers of several levels, merged cells and footers.

mod cell;
mod layout;
mod merges;
mod sizes;
mod source;
mod workbook;

#[cfg(test)]
mod tests;

pub use source::Excel;
