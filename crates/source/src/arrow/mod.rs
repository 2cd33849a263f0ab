//! Arrow IPC files (Feather) and streams.

mod source;

pub(crate) use source::Arrow;
