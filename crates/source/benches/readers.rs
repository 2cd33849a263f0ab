//! Rows a second of the readers.
fn main() {}
