//! Which conditions of a join are spatial, and what they ask of the two sides.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinSide, Result};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, conjunction_opt, split_conjunction};
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::asked::{Asked, number, spatial_function};
use super::extent::Extent;
use super::globe;
use crate::sphere::{LEAST_RADIUS, RADIUS};

/// A topological relation of the left geometry to the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They share a point.
    Intersects,
    /// The right one lies in the left one, not only on its boundary.
    Contains,
    /// The left one lies in the right one, not only on its boundary.
    Within,
    /// No point of the right one is outside of the left one.
    Covers,
    /// No point of the left one is outside of the right one.
    CoveredBy,
    /// The right one lies in the interior of the left one.
    ContainsProperly,
    /// The left one lies in the interior of the right one.
    WithinProperly,
    /// They share boundary points only.
    Touches,
    /// They share some but not all interior points, and the shared part is of a lower dimension.
    Crosses,
    /// They share some but not all points of one dimension.
    Overlaps,
    /// They are the same point set.
    Equals,
}

impl Relation {
    /// The same relation seen from the other side.
    #[must_use]
    pub const fn converse(self) -> Self {
        match self {
            Self::Contains => Self::Within,
            Self::Within => Self::Contains,
            Self::Covers => Self::CoveredBy,
            Self::CoveredBy => Self::Covers,
            Self::ContainsProperly => Self::WithinProperly,
            Self::WithinProperly => Self::ContainsProperly,
            same => same,
        }
    }

    /// The relation a function of this name tests.
    pub(super) fn of_function(name: &str) -> Option<Self> {
        Some(match name {
            "st_intersects" => Self::Intersects,
            "st_contains" => Self::Contains,
            "st_within" => Self::Within,
            "st_covers" => Self::Covers,
            "st_coveredby" => Self::CoveredBy,
            "st_containsproperly" => Self::ContainsProperly,
            "st_touches" => Self::Touches,
            "st_crosses" => Self::Crosses,
            "st_overlaps" => Self::Overlaps,
            "st_equals" => Self::Equals,
            _ => return None,
        })
    }
}

/// What a spatial condition asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// A relation holds.
    Relation(Relation),
    /// The distance is at most, or less than, a limit.
    Distance {
        /// Less than, not equal.
        strict: bool,
    },
    /// Their extents meet, or neither has a point; whether it holds, the condition itself says.
    Meeting,
    /// They are at most a limit apart; whether it holds, the condition itself says.
    Near(Measure),
    /// The right geometry is among the `k` nearest to the left one.
    Nearest {
        /// How many.
        k: usize,
    },
}

/// What a distance is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The coordinates' unit.
    Plane,
    /// Metres on the sphere, the coordinates being longitudes and latitudes.
    Sphere,
    /// Metres on the spheroid, the coordinates being longitudes and latitudes.
    Spheroid,
}

impl Measure {
    /// The radius of the least curved sphere on which nothing is nearer; `None` in the plane.
    pub(super) const fn radius(self) -> Option<f64> {
        match self {
            Self::Plane => None,
            Self::Sphere => Some(RADIUS),
            Self::Spheroid => Some(LEAST_RADIUS),
        }
    }
}

/// A distance: a number for all pairs, or an expression over one side.
#[derive(Debug, Clone)]
pub enum Limit {
    /// The same for all.
    Constant(f64),
    /// Over the rows of one side.
    Column(JoinSide, Arc<dyn PhysicalExpr>),
}

/// One spatial condition between the two sides of a join.
#[derive(Debug, Clone)]
pub struct SpatialOn {
    /// What it asks.
    pub question: Question,
    /// The left geometry, over the left side's columns.
    pub left: Arc<dyn PhysicalExpr>,
    /// The right geometry, over the right side's columns.
    pub right: Arc<dyn PhysicalExpr>,
    /// The distance, when it asks for one.
    pub limit: Option<Limit>,
    /// How far one of the limit's unit reaches at most, in the unit the distance is measured in.
    pub unit: f64,
    /// For nearest neighbours: the side whose rows look for neighbours.
    pub seeker: JoinSide,
    /// For nearest neighbours: what orders rows that are equally near, over the columns of the side that is found.
    pub ties: Vec<Arc<dyn PhysicalExpr>>,
    /// For nearest neighbours: whether rows without a distance make up for too few, as SQL's order puts nulls last.
    pub fill: bool,
    /// For nearest neighbours: what the rest of the join's conditions says of the same two geometries.
    pub among: Option<Box<Among>>,
    /// The condition as written, over columns of both sides, for pairs no kernel decides.
    pub condition: JoinFilter,
}

/// The pairs nearest neighbours are chosen among, where those share a point: all are equally near then, and a search
/// for the relation finds them.
#[derive(Debug, Clone)]
pub struct Among {
    /// The relation.
    pub on: SpatialOn,
    /// The further conditions.
    pub rest: Option<JoinFilter>,
}

impl Among {
    fn find(near: &SpatialOn, conditions: &[Arc<dyn PhysicalExpr>], filter: &JoinFilter) -> Result<Option<Box<Self>>> {
        for (place, condition) in conditions.iter().enumerate() {
            let Some(on) = SpatialOn::of_condition(condition, filter)? else { continue };
            // Two empty geometries are equal, but nowhere near each other.
            let related = matches!(on.question, Question::Relation(relation) if relation != Relation::Equals);
            if related && on.left.eq(&near.left) && on.right.eq(&near.right) {
                let rest = conditions.iter().enumerate().filter(|(other, _)| *other != place);
                let rest = conjunction_opt(rest.map(|(_, rest)| Arc::clone(rest)));
                let rest = rest.map(|rest| narrowed(&rest, filter)).transpose()?;
                return Ok(Some(Box::new(Self { on, rest })));
            }
        }
        Ok(None)
    }

    fn swapped(&self) -> Self {
        Self { on: self.on.swapped(), rest: self.rest.as_ref().map(JoinFilter::swap) }
    }
}

impl fmt::Display for SpatialOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.condition.expression())
    }
}

impl SpatialOn {
    /// Finds the condition a join should be driven by; gives it and the remaining conditions.
    ///
    /// # Errors
    /// Expressions that do not fit their schemas.
    pub fn find(filter: &JoinFilter) -> Result<Option<(Self, Option<JoinFilter>)>> {
        let conditions = split_conjunction(filter.expression()).into_iter().cloned().collect::<Vec<_>>();
        let mut best: Option<(u8, usize, Self)> = None;
        for (place, condition) in conditions.iter().enumerate() {
            let Some(on) = Self::of_condition(condition, filter)? else { continue };
            // Nearest neighbours must drive; relations narrow more than distances.
            let rank = match on.question {
                Question::Nearest { .. } => 0,
                Question::Relation(_) | Question::Meeting => 1,
                Question::Distance { .. } | Question::Near(_) => 2,
            };
            if best.as_ref().is_none_or(|(other, ..)| rank < *other) {
                best = Some((rank, place, on));
            }
        }
        let Some((_, place, mut on)) = best else { return Ok(None) };
        let rest = conditions.into_iter().enumerate().filter(|(other, _)| *other != place).map(|(_, rest)| rest);
        let rest = rest.collect::<Vec<_>>();
        if let Question::Nearest { .. } = on.question {
            on.among = Among::find(&on, &rest, filter)?;
        }
        let rest = conjunction_opt(rest).map(|rest| narrowed(&rest, filter)).transpose()?;
        Ok(Some((on, rest)))
    }

    fn of_condition(condition: &Arc<dyn PhysicalExpr>, filter: &JoinFilter) -> Result<Option<Self>> {
        let Some(asked) = Asked::of(condition) else { return Ok(None) };
        let Some(mut on) = Self::of_parts(&asked, condition, filter)? else { return Ok(None) };
        for tie in asked.ties {
            match over_one_side(tie, filter)? {
                Some((side, tie)) if side != on.seeker => on.ties.push(tie),
                _ => return Ok(None),
            }
        }
        Ok(Some(on))
    }

    fn of_parts(asked: &Asked, condition: &Arc<dyn PhysicalExpr>, filter: &JoinFilter) -> Result<Option<Self>> {
        let Asked { question, a, b, limit: distance, unit, .. } = *asked;
        let (Some((side_a, a)), Some((side_b, b))) = (over_one_side(a, filter)?, over_one_side(b, filter)?) else {
            return Ok(None);
        };
        let (left, right, question) = match (side_a, side_b) {
            (JoinSide::Left, JoinSide::Right) => (a, b, question),
            (JoinSide::Right, JoinSide::Left) => (
                b,
                a,
                match question {
                    Question::Relation(relation) => Question::Relation(relation.converse()),
                    other => other,
                },
            ),
            _ => return Ok(None),
        };
        let limit = match distance {
            None => None,
            Some(distance) => match (number(distance), over_one_side(distance, filter)?) {
                (Some(distance), _) => Some(Limit::Constant(distance)),
                (None, Some((side, distance))) if side != JoinSide::None => Some(Limit::Column(side, distance)),
                _ => return Ok(None),
            },
        };
        let condition = narrowed(condition, filter)?;
        Ok(Some(Self {
            question,
            left,
            right,
            limit,
            unit,
            seeker: side_a,
            ties: Vec::new(),
            fill: false,
            among: None,
            condition,
        }))
    }

    /// The function it is written with, for errors.
    #[must_use]
    pub fn function(&self) -> &'static str {
        spatial_function(self.condition.expression()).unwrap_or("spatial join")
    }

    /// Whether geometries without a point can satisfy it, both being so.
    #[must_use]
    pub const fn pairs_empties(&self) -> bool {
        matches!(self.question, Question::Relation(Relation::Equals) | Question::Meeting)
    }

    /// Whether the condition measures metres between longitudes and latitudes.
    #[must_use]
    pub const fn is_on_earth(&self) -> bool {
        matches!(self.question, Question::Near(Measure::Sphere | Measure::Spheroid))
    }

    /// Whether polygons of the build side are made ready for many questions.
    pub(super) const fn prepares(&self) -> bool {
        matches!(self.question, Question::Relation(_)) || self.among.is_some()
    }

    /// What a geometry lies in, given the extent of its vertices.
    #[must_use]
    pub(crate) fn laid_out(&self, vertices: &Extent) -> Extent {
        if self.is_on_earth() { globe::laid_out(vertices) } else { *vertices }
    }

    /// What lies within a limit of something in an extent; nothing for a limit that is null or below zero.
    #[must_use]
    pub(crate) fn grown(&self, extent: &Extent, limit: f64) -> Extent {
        if limit.is_nan() || limit < 0.0 || extent.is_empty() {
            return Extent::EMPTY;
        }
        let radius = if let Question::Near(measure) = self.question { measure.radius() } else { None };
        match radius {
            Some(radius) => globe::grown(extent, limit * self.unit, radius),
            None => extent.grown(limit * self.unit),
        }
    }

    /// The same condition with the sides exchanged.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            question: match self.question {
                Question::Relation(relation) => Question::Relation(relation.converse()),
                other => other,
            },
            left: Arc::clone(&self.right),
            right: Arc::clone(&self.left),
            limit: match &self.limit {
                Some(Limit::Column(side, distance)) => Some(Limit::Column(side.negate(), Arc::clone(distance))),
                other => other.clone(),
            },
            unit: self.unit,
            seeker: self.seeker.negate(),
            ties: self.ties.clone(),
            fill: self.fill,
            among: self.among.as_ref().map(|among| Box::new(among.swapped())),
            condition: self.condition.swap(),
        }
    }
}

/// The side whose columns alone an expression uses, and the expression over that side's columns.
fn over_one_side(
    expr: &Arc<dyn PhysicalExpr>,
    filter: &JoinFilter,
) -> Result<Option<(JoinSide, Arc<dyn PhysicalExpr>)>> {
    use datafusion::common::tree_node::Transformed;
    let mut side = None;
    let mut one = true;
    expr.apply(|node| {
        if let Some(column) = node.downcast_ref::<Column>() {
            let found = filter.column_indices()[column.index()].side;
            one &= *side.get_or_insert(found) == found;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let Some(side) = side.filter(|_| one) else { return Ok(None) };
    let moved = Arc::clone(expr).transform(|node| {
        let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
        let index = filter.column_indices()[column.index()].index;
        Ok(Transformed::yes(Arc::new(Column::new(column.name(), index)) as Arc<dyn PhysicalExpr>))
    })?;
    Ok(Some((side, moved.data)))
}

/// A filter of `expr` alone, which is part of `filter`, over only the columns it uses.
fn narrowed(expr: &Arc<dyn PhysicalExpr>, filter: &JoinFilter) -> Result<JoinFilter> {
    let mut used = std::collections::BTreeSet::new();
    expr.apply(|node| {
        if let Some(column) = node.downcast_ref::<Column>() {
            used.insert(column.index());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let used = used.into_iter().collect::<Vec<_>>();
    let schema = Arc::new(filter.schema().project(&used)?);
    let indices = used.iter().map(|index| filter.column_indices()[*index].clone()).collect::<Vec<ColumnIndex>>();
    use datafusion::common::tree_node::Transformed;
    let moved = Arc::clone(expr).transform(|node| {
        let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
        let place = used.binary_search(&column.index()).unwrap_or_default();
        Ok(Transformed::yes(Arc::new(Column::new(column.name(), place)) as Arc<dyn PhysicalExpr>))
    })?;
    Ok(JoinFilter::new(moved.data, indices, schema))
}
