//! SQL functions of linkage: similarities, hashes of match keys, ranks of records, and the aggregates of survivorship.

mod address_parts;
mod groups;
mod mask_key;
mod match_hash;
mod merge_attributes;
mod rank;
mod similarity;
mod survivor;
mod union_tags;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub(crate) use mask_key::udf as mask_key;
pub(crate) use match_hash::match_hash;
pub(crate) use merge_attributes::merge_attributes;
pub(crate) use rank::{rank, tie};
pub(crate) use survivor::survivor;
pub(crate) use union_tags::union_tags;

/// The scalar functions, to be registered in a session.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = vec![
        address_parts::udf(),
        mask_key::udf(),
        match_hash::udf(),
        rank::trusted(),
        rank::recent(),
        rank::tie_udf(),
    ];
    functions.extend(similarity::udfs());
    functions
}

/// The aggregate functions, to be registered in a session.
#[must_use]
pub fn aggregates() -> Vec<AggregateUDF> {
    vec![survivor::udaf(), union_tags::udaf(), merge_attributes::udaf()]
}
