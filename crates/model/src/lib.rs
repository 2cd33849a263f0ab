//! The vocabulary every other room speaks: the six elements and their tables, identifiers and code
//! systems, addresses, reasons, and the shape of the configuration.
//!
//! Input: text and plain values. Output: typed values or a reason why not. Invariant: no I/O, no
//! async, no query engine; everything here is a pure function of its arguments.

pub mod address;
pub mod config;
pub mod element;
pub mod evidence;
pub mod han;
pub mod hash;
pub mod id;
pub mod reason;
pub mod table;

pub use address::{Address, Level, Levels};
pub use element::Element;
pub use evidence::RecordKey;
pub use reason::Reason;
pub use table::{Column, ColumnType, Sensitivity, Table};
