//! JSON documents and JSON lines.

mod object;
mod scan;
mod source;

pub(crate) use object::{Members, is_object, lookup, text_of};
pub(crate) use scan::{Scanner, Visitor};
pub(crate) use source::{Columns, Json, decoded};
