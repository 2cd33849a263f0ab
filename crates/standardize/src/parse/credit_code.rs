//! Unified social credit codes (GB 32100) and the licence numbers before them.

use jingwei_model::Reason;
use jingwei_model::id::credit::{CreditCode, parse};

use super::{Cell, refused};

/// Reads a code. One of the pilot era whose check character fails stands, and is noted.
#[must_use]
pub fn credit_code(text: &str) -> Cell<CreditCode> {
    match parse(text) {
        Ok(code) if code.checked => Cell::Value(code),
        Ok(code) => Cell::Noted(code, Reason::BadCheckDigit),
        Err(reason) => refused(reason),
    }
}
