//! The spatial operators as bytes, so that a cluster's scheduler can hand them to its executors.
//!
//! A join is written as its whole condition over the columns of both inputs, in the query engine's own protobuf, and
//! its type and projection; reading it finds the spatial condition again. What a scan under a join is to be told at run
//! time is connected again when both are read in one plan.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinSide, JoinType, Result, exec_datafusion_err, exec_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, Operator, ScalarUDF, WindowUDF};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::PhysicalExprNode;
use prost::Message;
use serde_json::{Value, json};

use super::build::Reach;
use super::exec::SpatialJoinExec;
use super::extent::Extent;
use super::predicate::SpatialOn;
use super::warning::SpatialWarningExec;
use crate::prune::{Place, SpatialPruneExec};

/// Writes and reads the spatial operators; everything else is the inner codec's.
#[derive(Debug)]
pub struct SpatialCodec {
    inner: Arc<dyn PhysicalExtensionCodec>,
}

/// Begins what is ours.
const MARK: &[u8] = b"jingwei-spatial/1\0";

const JOIN_TYPES: [JoinType; 10] = [
    JoinType::Inner,
    JoinType::Left,
    JoinType::Right,
    JoinType::Full,
    JoinType::LeftSemi,
    JoinType::RightSemi,
    JoinType::LeftAnti,
    JoinType::RightAnti,
    JoinType::LeftMark,
    JoinType::RightMark,
];

impl SpatialCodec {
    /// Around another codec.
    #[must_use]
    pub fn new(inner: Arc<dyn PhysicalExtensionCodec>) -> Self {
        Self { inner }
    }
}

impl PhysicalExtensionCodec for SpatialCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(ours) = buf.strip_prefix(MARK) else { return self.inner.try_decode(buf, inputs, ctx, converter) };
        let cut = || exec_datafusion_err!("a spatial operator's bytes are cut off");
        let (length, rest) = ours.split_first_chunk::<4>().ok_or_else(cut)?;
        let (head, condition) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
        let head: Value = serde_json::from_slice(head)
            .map_err(|error| exec_datafusion_err!("a spatial operator's bytes are damaged: {error}"))?;
        match (head["operator"].as_str(), inputs) {
            (Some("prune"), [input]) => prune(&head, input),
            (Some("warning"), [input]) => {
                let function = head["function"].as_str().unwrap_or_default();
                Ok(Arc::new(SpatialWarningExec::new(Arc::clone(input), function)))
            }
            (Some("join"), [left, right]) => {
                let (schema, indices) = both(left, right);
                let node = PhysicalExprNode::decode(condition)
                    .map_err(|error| exec_datafusion_err!("a spatial join's condition is damaged: {error}"))?;
                let context = PhysicalPlanDecodeContext::new(ctx, self);
                let condition = converter.proto_to_physical_expr(&node, &schema, &context)?;
                join(&head, left, right, JoinFilter::new(condition, indices, Arc::new(schema)))
            }
            (name, inputs) => exec_err!("`{}` with {} inputs is no spatial operator", name.unwrap_or(""), inputs.len()),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let (head, condition) = if let Some(join) = node.downcast_ref::<SpatialJoinExec>() {
            let place = JOIN_TYPES.iter().position(|kind| *kind == join.join_type());
            let head = json!({ "operator": "join", "join_type": place, "projection": join.projection(), "fill": join.on().fill });
            (head, converter.physical_expr_to_proto(&whole_condition(join)?, self)?.encode_to_vec())
        } else if let Some(prune) = node.downcast_ref::<SpatialPruneExec>() {
            let extent = match prune.place() {
                Place::Constant(extent) => {
                    Some([extent.min_x, extent.min_y, extent.max_x, extent.max_y].map(f64::to_bits))
                }
                Place::Join(_) => None,
            };
            let head = json!({ "operator": "prune", "column": prune.column(), "extent": extent, "arcs": prune.arcs() });
            (head, Vec::new())
        } else if let Some(warning) = node.downcast_ref::<SpatialWarningExec>() {
            (json!({ "operator": "warning", "function": warning.function() }), Vec::new())
        } else {
            return self.inner.try_encode(node, buf, converter);
        };
        let head = head.to_string();
        buf.extend(MARK);
        buf.extend(u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
        buf.extend(head.as_bytes());
        buf.extend(condition);
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.inner.try_decode_udf(name, buf)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udf(node, buf)
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.inner.try_decode_udaf(name, buf)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udaf(node, buf)
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        self.inner.try_decode_udwf(name, buf)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udwf(node, buf)
    }
}

fn prune(head: &Value, input: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let column = head["column"].as_str().unwrap_or_default().to_owned();
    let side = |place: usize| head["extent"][place].as_u64().map(f64::from_bits);
    let place = match (side(0), side(1), side(2), side(3)) {
        (Some(min_x), Some(min_y), Some(max_x), Some(max_y)) => Place::Constant(Extent { min_x, min_y, max_x, max_y }),
        _ => Place::Join(Reach::default()),
    };
    let arcs = head["arcs"].as_bool().unwrap_or_default();
    Ok(Arc::new(SpatialPruneExec::new(Arc::clone(input), column, place, arcs)))
}

fn join(
    head: &Value,
    left: &Arc<dyn ExecutionPlan>,
    right: &Arc<dyn ExecutionPlan>,
    filter: JoinFilter,
) -> Result<Arc<dyn ExecutionPlan>> {
    let kind = head["join_type"].as_u64().and_then(|place| JOIN_TYPES.get(usize::try_from(place).ok()?));
    let Some(kind) = kind else { return exec_err!("a spatial join is of no known type: {}", head["join_type"]) };
    let index = |value: &Value| value.as_u64().and_then(|index| usize::try_from(index).ok());
    let projection = head["projection"].as_array().map(|columns| columns.iter().filter_map(index).collect());
    let Some((mut on, rest)) = SpatialOn::find(&filter)? else {
        return exec_err!("a spatial join's condition is not spatial: {}", filter.expression());
    };
    on.fill = head["fill"].as_bool().unwrap_or_default();
    let join = SpatialJoinExec::try_new(Arc::clone(left), Arc::clone(right), on, rest, *kind, projection)?;
    Ok(Arc::new(match waiting(right) {
        Some(reach) => join.with_probe(Arc::clone(right), reach)?,
        None => join,
    }))
}

/// The scan below that waits to be told where to look.
fn waiting(plan: &Arc<dyn ExecutionPlan>) -> Option<Reach> {
    if let Some(prune) = plan.downcast_ref::<SpatialPruneExec>() {
        return match prune.place() {
            Place::Join(reach) => Some(reach.clone()),
            Place::Constant(_) => None,
        };
    }
    match plan.children().as_slice() {
        [child] => waiting(child),
        _ => None,
    }
}

/// The columns of both inputs, left ones first.
fn both(left: &Arc<dyn ExecutionPlan>, right: &Arc<dyn ExecutionPlan>) -> (Schema, Vec<ColumnIndex>) {
    let (left, right) = (left.schema(), right.schema());
    let indices = (0..left.fields().len())
        .map(|index| ColumnIndex { index, side: JoinSide::Left })
        .chain((0..right.fields().len()).map(|index| ColumnIndex { index, side: JoinSide::Right }));
    let fields = left.fields().iter().chain(right.fields()).cloned().collect::<Vec<_>>();
    (Schema::new(fields), indices.collect())
}

/// The join's conditions as one, over the columns of both inputs; the spatial one first.
fn whole_condition(join: &SpatialJoinExec) -> Result<Arc<dyn PhysicalExpr>> {
    let offset = join.left().schema().fields().len();
    let over_both = |filter: &JoinFilter| {
        Arc::clone(filter.expression())
            .transform(|node| {
                let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
                let of = &filter.column_indices()[column.index()];
                let index = if of.side == JoinSide::Left { of.index } else { of.index + offset };
                Ok(Transformed::yes(Arc::new(Column::new(column.name(), index)) as Arc<dyn PhysicalExpr>))
            })
            .data()
    };
    let spatial = over_both(&join.on().condition)?;
    Ok(match join.filter() {
        None => spatial,
        Some(filter) => Arc::new(BinaryExpr::new(spatial, Operator::And, over_both(filter)?)),
    })
}
