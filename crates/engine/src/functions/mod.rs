//! SQL functions that tie records, entities and addresses together; used by the flow and open to analysts.

mod address_id;
mod attributes_json;
mod canonical_address;
mod record_key;
mod row_hash;
mod tags;
mod text_args;

use datafusion::logical_expr::ScalarUDF;

pub use address_id::address_id;
pub use attributes_json::attributes_json;
pub use canonical_address::canonical_address;
pub use record_key::record_key;
pub use row_hash::row_hash;
pub use tags::tags;

/// All of them, alphabetically.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    vec![address_id::udf(), attributes_json::udf(), record_key::udf(), row_hash::udf(), tags::udf()]
}
