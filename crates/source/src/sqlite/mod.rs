//! `SQLite` database files: a table, a query, or every table.

mod columns;
mod error;
mod source;

#[cfg(test)]
mod tests;

pub(crate) use columns::{Columns, quoted};
pub(crate) use error::failed;
pub use source::Sqlite;
pub(crate) use source::{connect, declared, no_table, read};
