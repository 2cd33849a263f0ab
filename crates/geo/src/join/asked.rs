//! What a condition of a join asks, read off the functions and comparisons it is written with.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::extent::Extent;
use super::globe;
use super::predicate::{Measure, Question, Relation};
use crate::functions::{CIRCUITY, METRES_A_MINUTE};

/// The functions that compare a geometry of one table with one of another, by the names users write. A join whose
/// condition has one of them and that no index helps is worth a warning.
const FUNCTIONS: [&str; 24] = [
    "ST_Intersects",
    "ST_Contains",
    "ST_Within",
    "ST_Covers",
    "ST_CoveredBy",
    "ST_ContainsProperly",
    "ST_Touches",
    "ST_Crosses",
    "ST_Overlaps",
    "ST_Equals",
    "ST_OrderingEquals",
    "ST_Relate",
    "ST_Disjoint",
    "ST_DWithin",
    "ST_DFullyWithin",
    "ST_DWithinSphere",
    "ST_DWithinSpheroid",
    "ST_Distance",
    "ST_MaxDistance",
    "ST_DistanceSphere",
    "ST_DistanceSpheroid",
    "walking_distance",
    "within_walk",
    "ST_KNN",
];

/// The first function of a condition that compares two geometries.
pub fn spatial_function(condition: &Arc<dyn PhysicalExpr>) -> Option<&'static str> {
    let mut found = None;
    // The walk itself cannot fail.
    let _ = condition.apply(|node| {
        let name = node.downcast_ref::<ScalarFunctionExpr>().map(ScalarFunctionExpr::name);
        found = name.and_then(|name| FUNCTIONS.into_iter().find(|function| function.eq_ignore_ascii_case(name)));
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

/// What would let an index answer a condition with one of these functions.
pub fn advice(function: &str) -> String {
    match function {
        "ST_Disjoint" => "ST_Disjoint holds of most pairs, which no index narrows".to_owned(),
        "ST_Relate" => {
            "ST_Relate(a.geom, b.geom, pattern) joined to other conditions by AND would be answered by an index \
                        if the pattern demanded that they meet"
                .to_owned()
        }
        "ST_Distance" | "ST_MaxDistance" | "ST_DistanceSphere" | "ST_DistanceSpheroid" | "walking_distance" => {
            format!("{function}(a.geom, b.geom) < d joined to other conditions by AND would be answered by an index")
        }
        _ => format!("{function}(a.geom, b.geom, …) joined to other conditions by AND would be answered by an index"),
    }
}

/// Whether a function takes a distance and refuses one below zero, where `ST_Distance(…) < d` is only never true.
pub fn refuses_negative(function: &str) -> bool {
    ["ST_DWithin", "ST_DFullyWithin", "ST_DWithinSphere", "ST_DWithinSpheroid", "within_walk"].contains(&function)
}

/// A condition's parts.
pub struct Asked<'a> {
    /// What it asks.
    pub question: Question,
    /// The first geometry.
    pub a: &'a Arc<dyn PhysicalExpr>,
    /// The second one.
    pub b: &'a Arc<dyn PhysicalExpr>,
    /// The distance, when it asks for one.
    pub limit: Option<&'a Arc<dyn PhysicalExpr>>,
    /// How far one of the limit's unit reaches at most, in the unit the distance is measured in.
    pub unit: f64,
    /// For nearest neighbours: what orders those that are equally near.
    pub ties: &'a [Arc<dyn PhysicalExpr>],
}

impl<'a> Asked<'a> {
    /// What a condition asks; `None` where no index could answer it.
    pub fn of(condition: &'a Arc<dyn PhysicalExpr>) -> Option<Self> {
        if let Some(function) = condition.downcast_ref::<ScalarFunctionExpr>() {
            return Self::of_function(function);
        }
        let comparison = condition.downcast_ref::<BinaryExpr>()?;
        let (distance, limit, strict) = match comparison.op() {
            Operator::Lt => (comparison.left(), comparison.right(), true),
            Operator::LtEq => (comparison.left(), comparison.right(), false),
            Operator::Gt => (comparison.right(), comparison.left(), true),
            Operator::GtEq => (comparison.right(), comparison.left(), false),
            _ => return None,
        };
        Self::of_comparison(distance.downcast_ref()?, limit, strict)
    }

    fn of_function(function: &'a ScalarFunctionExpr) -> Option<Self> {
        let near = |measure, limit, unit| (Question::Near(measure), Some(limit), unit);
        let args = function.args();
        let (question, limit, unit) = match (function.name(), args) {
            ("st_dwithin", [_, _, limit]) => (Question::Distance { strict: false }, Some(limit), 1.0),
            ("st_dfullywithin", [_, _, limit]) => near(Measure::Plane, limit, 1.0),
            ("st_dwithinsphere", [_, _, limit]) => near(Measure::Sphere, limit, 1.0),
            ("st_dwithinspheroid", [_, _, limit]) => near(Measure::Spheroid, limit, 1.0),
            ("within_walk", [_, _, minutes, circuity @ ..]) => {
                near(Measure::Sphere, minutes, METRES_A_MINUTE / least_circuity(circuity))
            }
            ("st_orderingequals", [_, _]) => (Question::Meeting, None, 1.0),
            ("st_relate", [_, _, pattern]) if demands_meeting(pattern) => (Question::Meeting, None, 1.0),
            ("st_knn", [_, _, k, ..]) => (Question::Nearest { k: whole_number(k)? }, None, 1.0),
            (name, [_, _]) => (Question::Relation(Relation::of_function(name)?), None, 1.0),
            _ => return None,
        };
        let (a, b) = (args.first()?, args.get(1)?);
        let ties = if let Question::Nearest { .. } = question { args.get(3..)? } else { &[] };
        Some(Self { question, a, b, limit, unit, ties })
    }

    /// A distance that is less than a limit, or at most that.
    fn of_comparison(distance: &'a ScalarFunctionExpr, limit: &'a Arc<dyn PhysicalExpr>, strict: bool) -> Option<Self> {
        let args = distance.args();
        let (question, unit) = match (distance.name(), args) {
            ("st_distance", [_, _]) => (Question::Distance { strict }, 1.0),
            // The largest distance is no less than the shortest.
            ("st_maxdistance", [_, _]) => (Question::Near(Measure::Plane), 1.0),
            ("st_distancesphere", [_, _]) => (Question::Near(Measure::Sphere), 1.0),
            ("st_distancespheroid", [_, _]) => (Question::Near(Measure::Spheroid), 1.0),
            ("walking_distance", [_, _, circuity @ ..]) => {
                (Question::Near(Measure::Sphere), 1.0 / least_circuity(circuity))
            }
            _ => return None,
        };
        Some(Self { question, a: args.first()?, b: args.get(1)?, limit: Some(limit), unit, ties: &[] })
    }
}

/// A side of a condition.
type Side<'a> = &'a Arc<dyn PhysicalExpr>;

/// The two geometries of a condition that holds of those at most so many metres apart, a constant, and what lies within
/// these of a shape on Earth whose vertices are in an extent; `None` where that is no longitude and latitude.
pub fn within_metres(condition: Side<'_>) -> Option<(Side<'_>, Side<'_>, impl Fn(&Extent) -> Option<Extent>)> {
    let Asked { question: Question::Near(measure), a, b, limit, unit, .. } = Asked::of(condition)? else { return None };
    let (radius, metres) = (measure.radius()?, number(limit?)? * unit);
    let reach = move |vertices: &Extent| {
        let on_earth =
            vertices.min_x >= -180.0 && vertices.max_x <= 180.0 && vertices.min_y >= -90.0 && vertices.max_y <= 90.0;
        (metres >= 0.0 && on_earth).then(|| globe::grown(&globe::laid_out(vertices), metres, radius))
    };
    Some((a, b, reach))
}

/// How much longer than the straight line a walk is at least: what is written as a constant, else the usual; a column may
/// say anything from 1 on.
fn least_circuity(written: &[Arc<dyn PhysicalExpr>]) -> f64 {
    match written {
        [] => CIRCUITY,
        [factor, ..] => number(factor).filter(|factor| *factor >= 1.0).unwrap_or(1.0),
    }
}

/// Whether a DE-9IM pattern fits only geometries that share a point: an interior or boundary of one meets one of the other.
fn demands_meeting(pattern: &Arc<dyn PhysicalExpr>) -> bool {
    let Some(literal) = pattern.downcast_ref::<Literal>() else { return false };
    let Some(Some(pattern)) = literal.value().try_as_str() else { return false };
    let pattern = pattern.as_bytes();
    pattern.len() == 9 && [0, 1, 3, 4].iter().any(|place| pattern.get(*place).is_some_and(|at| b"Tt012".contains(at)))
}

/// The constant a number is, whatever its type.
pub fn number(expr: &Arc<dyn PhysicalExpr>) -> Option<f64> {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return number(cast.expr());
    }
    let value = expr.downcast_ref::<Literal>()?.value();
    match value.cast_to(&DataType::Float64) {
        Ok(ScalarValue::Float64(Some(number))) => Some(number),
        _ => None,
    }
}

fn whole_number(expr: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    let number = number(expr)?;
    (number >= 0.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX)).then_some(number as usize)
}
