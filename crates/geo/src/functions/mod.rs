//! Spatial SQL functions under PostGIS's names, over WKB columns.

mod accessors;
mod area_of;
mod args;
mod constructors;
mod geometry_function;
mod measures;
mod predicates;
mod processing;
mod transform;

use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

pub use area_of::area_of;

/// All of our functions.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = Vec::new();
    functions.extend(accessors::functions());
    functions.extend(constructors::functions());
    functions.extend(measures::functions());
    functions.extend(predicates::functions());
    functions.extend(processing::functions());
    functions.push(transform::udf());
    functions.push(crate::join::st_knn());
    functions
}

/// Registers the functions of `geodatafusion`, then ours over them where both have one: ours take and
/// give plain WKB, which is what the tables hold.
pub fn register(context: &SessionContext) {
    geodatafusion::register(context);
    for function in functions() {
        context.register_udf(function);
    }
}
