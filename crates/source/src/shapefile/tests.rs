//! Tests against whole files.
