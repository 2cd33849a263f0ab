//! Administrative divisions as versioned data: what a code was called on a day, where it lies, and what became
//! of it.
//!
//! Input: `config/codes/divisions.csv` (embedded) or a city's own table of the same shape. Output: lookups by
//! code and day, by name and place, and the SQL function `division(code, on_date)`. Invariant: a table never
//! changes after it is read, and an abolished code stays known.

mod divisions;
mod error;
mod function;
mod table;

use datafusion::logical_expr::ScalarUDF;

pub use divisions::{Division, Divisions, Level};
pub use error::CodesError;

/// The SQL functions over code tables.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    vec![function::udf()]
}
