//! SQL functions that tie records, entities and addresses together; used by the flow and open to analysts.

mod address_id;
mod area_of;
mod attributes_json;
mod called;
mod canonical_address;
mod geocode;
mod metric;
mod record_key;
mod reverse_geocode;
mod row_hash;
mod tags;
mod text_args;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use jingwei_model::config::AddressStyle;

use crate::geocode::SharedGeocoder;

pub use address_id::address_id;
pub(crate) use area_of::{AREA_LEVELS, SharedAreas};
pub use attributes_json::attributes_json;
pub(crate) use called::Called;
pub use canonical_address::canonical_address;
pub(crate) use canonical_address::plain;
pub use geocode::Geocode;
pub use metric::metric;
pub use record_key::record_key;
pub use row_hash::row_hash;
pub use tags::tags;

/// All of them, alphabetically; those over standard addresses for Chinese ones.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    let mut functions =
        vec![address_id::udf(), attributes_json::udf(), record_key::udf(), row_hash::udf(), tags::udf()];
    functions.extend(area_of::udfs());
    functions.extend(geocoding(AddressStyle::Cn));
    functions
}

/// The functions over the standard addresses of a session, which loads them when a query first needs them.
#[must_use]
pub fn geocoding(style: AddressStyle) -> [ScalarUDF; 2] {
    let shared = Arc::new(SharedGeocoder::new(style));
    [geocode::udf(&shared), reverse_geocode::udf(&shared)]
}
