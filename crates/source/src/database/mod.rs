//! Databases by URL: `PostgreSQL` (with `PostGIS`) and `MySQL` (with `MariaDB`).
//!
//! A query or a table is read in one read-only transaction and streamed. What a user sees of a URL never
//! includes its user, password or options.

mod address;
mod copy;
mod mysql;
mod postgres;
mod source;
mod tls;

#[cfg(test)]
mod tests;

pub(crate) use source::open;
