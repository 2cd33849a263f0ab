//! Spatial SQL functions under PostGIS's names, over WKB columns.
//!
//! Input: WKB or EWKB in any binary type, its coordinate system in the field's GeoArrow metadata or in the
//! value. Output: WKB with the metadata of the result. Invariant: a null argument gives null, and a wrong
//! one an error that names the function and the row.

mod affine;
mod aggregate;
mod buffer;
mod call;
mod cells;
mod city;
mod cluster;
mod constructors;
mod coordinates;
mod doc;
mod frame;
mod grid_table;
mod io;
mod kind;
mod linear;
mod lists;
mod literal;
mod measures;
mod parts;
mod predicates;
mod reference_system;
mod set_operations;
mod shape;
mod signature;
mod simple;
mod sphere;
mod tessellation;
mod tiles;

use std::sync::Arc;

use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

pub use affine::snap;
pub use aggregate::{SpatialPlanner, aggregates};
pub use city::{CIRCUITY, METRES_A_MINUTE};
pub use frame::common_crs;
pub use kind::is_empty;
pub use signature::arguments;

/// All of our scalar functions.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    let families: [fn() -> Vec<ScalarUDF>; 18] = [
        affine::functions,
        buffer::functions,
        cells::functions,
        city::functions,
        constructors::functions,
        coordinates::functions,
        io::functions,
        kind::functions,
        linear::functions,
        measures::functions,
        parts::functions,
        predicates::functions,
        reference_system::functions,
        set_operations::functions,
        shape::functions,
        sphere::functions,
        tessellation::functions,
        tiles::functions,
    ];
    families.iter().flat_map(|family| family()).chain([crate::join::st_knn()]).collect()
}

/// Registers the functions of `geodatafusion`, then ours over them where both have one: ours take and
/// give plain WKB, which is what the tables hold.
pub fn register(context: &SessionContext) {
    geodatafusion::register(context);
    for function in functions() {
        // Theirs may stand under other names as well, and would come back under this one in a session made from this.
        context.deregister_udf(function.name());
        context.register_udf(function);
    }
    for aggregate in aggregates() {
        // A scalar function of the same name would hide the aggregate from the SQL planner.
        context.deregister_udf(aggregate.name());
        context.register_udaf(aggregate);
    }
    context.register_udwf(cluster::dbscan());
    grid_table::register(context);
    let state = context.state_ref();
    // Only a session without a planner list refuses one; ours have it.
    let _ = state.write().register_expr_planner(Arc::new(SpatialPlanner));
}

#[cfg(test)]
mod tests;
