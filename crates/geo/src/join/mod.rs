//! The spatial join: from the optimizer rule that recognises it to the operator that runs it.
//!
//! In the order of a query: [`asked`] reads conditions, [`predicate`] says which are spatial; [`rule`] puts [`exec`] in place of a
//! nested-loop join; [`build`] collects one side into a [`block`] with its [`grid`]; [`stream`] gathers the other side
//! into [`chunk`]s; [`search`] finds pairs and [`neighbours`] the nearest; [`emit`] turns them into batches for every
//! type of join; [`warning`] marks the joins that none of this helps. The result is that of evaluating the condition for
//! every pair. [`kept`] holds indexes for the next join; [`locator`] asks the same index for single points, without a plan.

mod area;
mod asked;
mod block;
mod build;
mod chunk;
mod codec;
mod column;
mod emit;
mod exec;
mod extent;
mod globe;
mod grid;
mod kept;
mod knn_function;
mod lateral;
mod locator;
mod nearest;
mod nearest_node;
mod neighbours;
mod parallel;
mod predicate;
mod register;
mod rule;
mod search;
mod srids;
mod stream;
mod warning;

pub(crate) use area::{Areas, Position};
pub(crate) use asked::within_metres;
pub(crate) use build::Reach;
pub use codec::SpatialCodec;
pub use exec::SpatialJoinExec;
pub(crate) use extent::{Extent, glance};
pub(crate) use globe::vertices_within;
pub use kept::keep_indexes;
pub(crate) use knn_function::st_knn;
pub use locator::AreaLocator;
pub use predicate::{Among, Limit, Measure, Question, Relation, SpatialOn};
pub use register::with_spatial_join;
pub use rule::SpatialJoinRule;
