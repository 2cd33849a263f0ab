//! SQL conditions over `l.` and `r.`, taken apart into what each side gives and how the sides meet.
//!
//! Whatever mentions one side alone becomes a column that the query engine computes once a record; what is left
//! is equality of columns, similarity functions against a bound, differences of numbers, and truth values.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast};
use datafusion::prelude::SessionContext;
use serde::{Deserialize, Serialize};

use crate::compare::{ITEM_END, Kernel};
use crate::records::ColumnKind;
use crate::{LinkError, Result};

/// How a value meets a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `=`
    Exactly,
    /// `<>`
    Other,
}

impl Bound {
    /// Whether a value meets it.
    #[inline]
    #[must_use]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Exactly => value == bound,
            Self::Other => value != bound,
        }
    }

    const fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Lt => Self::Below,
            Operator::LtEq => Self::AtMost,
            Operator::Gt => Self::Above,
            Operator::GtEq => Self::AtLeast,
            Operator::Eq => Self::Exactly,
            Operator::NotEq => Self::Other,
            _ => return None,
        })
    }

    /// The same with its sides exchanged.
    const fn turned(self) -> Self {
        match self {
            Self::Below => Self::Above,
            Self::AtMost => Self::AtLeast,
            Self::Above => Self::Below,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }
}

/// One of the two records of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// `l.`
    Left,
    /// `r.`
    Right,
}

/// A condition over a pair; numbers are columns of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Two texts are the same.
    Equal {
        /// Column of the left record.
        left: usize,
        /// Column of the right record.
        right: usize,
    },
    /// A truth value of one record.
    Flag {
        /// Which record.
        side: Side,
        /// Its column.
        column: usize,
    },
    /// A similarity meets a bound; the number is that of the [`Site`].
    Score(usize, Bound, f64),
    /// Left minus right meets a bound.
    Difference {
        /// Column of the left record.
        left: usize,
        /// Column of the right record.
        right: usize,
        /// Without its sign.
        absolute: bool,
        /// How it meets the bound.
        bound: Bound,
        /// The bound.
        value: f64,
    },
    /// Known without looking.
    Constant(Option<bool>),
}

/// A similarity function applied to columns; computed once a pair, however many levels ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The function.
    pub kernel: Kernel,
    /// Columns of the left record.
    pub left: Vec<usize>,
    /// Columns of the right record.
    pub right: Vec<usize>,
    /// The largest bound that it is held against, rounded up: for a distance, all that is beyond is the same.
    pub most: usize,
}

impl Site {
    fn is(&self, other: &Self) -> bool {
        self.kernel == other.kernel && self.left == other.left && self.right == other.right
    }
}

/// A column that the model needs of every record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Needed {
    /// What it is called in messages: the expression as written, without sides.
    pub name: String,
    /// Its expression over the cleaned fields; it stays where records are cleaned.
    #[serde(skip)]
    pub expr: Expr,
    /// What it holds.
    pub kind: ColumnKind,
}

/// Collects what conditions need.
pub struct Compiler<'a> {
    context: &'a SessionContext,
    pairs: &'a DFSchema,
    /// The columns so far.
    pub columns: Vec<Needed>,
    /// The similarities so far.
    pub sites: Vec<Site>,
    /// Pairs of text columns that are compared with each other.
    pub joined: Vec<(usize, usize)>,
}

impl<'a> Compiler<'a> {
    /// A compiler over the columns of two records, `l.` and `r.`.
    #[must_use]
    pub fn new(context: &'a SessionContext, pairs: &'a DFSchema) -> Self {
        Self { context, pairs, columns: Vec::new(), sites: Vec::new(), joined: Vec::new() }
    }

    /// Compiles a condition; `place` says in messages where it stands.
    ///
    /// # Errors
    /// SQL that does not plan, and sides that meet in a way that is not known.
    pub fn condition(&mut self, place: &str, sql: &str) -> Result<Condition> {
        let expr = self.context.parse_sql_expr(sql, self.pairs).map_err(|error| LinkError::Rule {
            rule: place.to_owned(),
            sql: sql.to_owned(),
            message: error.strip_backtrace(),
        })?;
        self.compile(&expr).map_err(|message| LinkError::Rule { rule: place.to_owned(), sql: sql.to_owned(), message })
    }

    /// The column of an expression over one record, without sides.
    ///
    /// # Errors
    /// SQL that does not plan.
    pub fn value(&mut self, place: &str, sql: &str) -> Result<usize> {
        let wrong = |message| LinkError::Rule { rule: place.to_owned(), sql: sql.to_owned(), message };
        // Both sides have the same columns: a name without a side is the left one's.
        let left = left_only(self.pairs).map_err(|error| wrong(error.strip_backtrace()))?;
        let expr = self.context.parse_sql_expr(sql, &left).map_err(|error| wrong(error.strip_backtrace()))?;
        self.text(&expr).map_err(wrong)
    }

    fn compile(&mut self, expr: &Expr) -> std::result::Result<Condition, String> {
        match expr {
            Expr::Alias(alias) => return self.compile(&alias.expr),
            Expr::Literal(ScalarValue::Boolean(value), _) => return Ok(Condition::Constant(*value)),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                return Ok(Condition::All(flatten(self.compile(left)?, self.compile(right)?, true)));
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                return Ok(Condition::Any(flatten(self.compile(left)?, self.compile(right)?, false)));
            }
            Expr::Not(inner) => return Ok(Condition::Not(Box::new(self.compile(inner)?))),
            _ => {}
        }
        match sides(expr) {
            (false, false) | (true, true) => {}
            (left, _) => {
                let side = if left { Side::Left } else { Side::Right };
                return Ok(Condition::Flag { side, column: self.flag(expr)? });
            }
        }
        if let Expr::Between(between) = expr {
            let low = self.meets(&between.expr, Bound::AtLeast, &between.low)?;
            let high = self.meets(&between.expr, Bound::AtMost, &between.high)?;
            let both = Condition::All(vec![low, high]);
            return Ok(if between.negated { Condition::Not(Box::new(both)) } else { both });
        }
        if let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr
            && let Some(bound) = Bound::of(*op)
        {
            return match (sides(left), sides(right)) {
                ((true, false), (false, true)) => self.meeting(left, bound, right),
                ((false, true), (true, false)) => self.meeting(right, bound.turned(), left),
                (_, (false, false)) => self.meets(left, bound, right),
                ((false, false), _) => self.meets(right, bound.turned(), left),
                _ => Err(unknown(expr)),
            };
        }
        Err(unknown(expr))
    }

    /// `left` (of the left record) against `right` (of the right one).
    fn meeting(&mut self, left: &Expr, bound: Bound, right: &Expr) -> std::result::Result<Condition, String> {
        if matches!(bound, Bound::Exactly | Bound::Other) {
            let (left, right) = (self.text(left)?, self.text(right)?);
            self.joined.push((left, right));
            let equal = Condition::Equal { left, right };
            return Ok(if bound == Bound::Exactly { equal } else { Condition::Not(Box::new(equal)) });
        }
        let (left, right) = (self.number(left)?, self.number(right)?);
        Ok(Condition::Difference { left, right, absolute: false, bound, value: 0.0 })
    }

    /// Something of both sides against a constant.
    fn meets(&mut self, value: &Expr, bound: Bound, constant: &Expr) -> std::result::Result<Condition, String> {
        let limit = literal(constant).ok_or_else(|| format!("`{constant}` is no number"))?;
        match value {
            Expr::ScalarFunction(call) => {
                let name = call.func.name();
                if let Some(kernel) = Kernel::of_name(name) {
                    let half = kernel.arguments() / 2;
                    if call.args.len() != kernel.arguments() {
                        return Err(format!("`{name}` takes {} arguments", kernel.arguments()));
                    }
                    let (mut first, mut second) = (&call.args[..half], &call.args[half..]);
                    if first.iter().all(|arg| sides(arg) == (false, true)) {
                        (first, second) = (second, first);
                    }
                    if first.iter().any(|arg| sides(arg).1) || second.iter().any(|arg| sides(arg).0) {
                        return Err(format!("`{value}` must have its first arguments of `l.` and the others of `r.`"));
                    }
                    let mut columns = |args: &[Expr]| {
                        args.iter()
                            .map(|arg| if kernel == Kernel::Metres { self.number(arg) } else { self.text(arg) })
                            .collect::<std::result::Result<Vec<_>, _>>()
                    };
                    let site = Site { kernel, left: columns(first)?, right: columns(second)?, most: 0 };
                    let number = self.sites.iter().position(|known| known.is(&site)).unwrap_or_else(|| {
                        self.sites.push(site);
                        self.sites.len() - 1
                    });
                    let most = &mut self.sites[number].most;
                    *most = (*most).max(limit.ceil() as usize);
                    return Ok(Condition::Score(number, bound, limit));
                }
                if name == "abs"
                    && let [Expr::BinaryExpr(BinaryExpr { left, op: Operator::Minus, right })] = call.args.as_slice()
                {
                    return self.difference(left, right, true, bound, limit);
                }
                Err(unknown(value))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Minus, right }) => {
                self.difference(left, right, false, bound, limit)
            }
            Expr::Cast(inner) => self.meets(&inner.expr, bound, constant),
            _ => Err(unknown(value)),
        }
    }

    fn difference(
        &mut self,
        left: &Expr,
        right: &Expr,
        absolute: bool,
        bound: Bound,
        value: f64,
    ) -> std::result::Result<Condition, String> {
        let turned = match (sides(left), sides(right)) {
            ((true, false), (false, true)) => false,
            ((false, true), (true, false)) => true,
            _ => return Err(format!("`{left} - {right}` must have one record on each side")),
        };
        let (left, right) = if turned { (right, left) } else { (left, right) };
        let (left, right) = (self.number(left)?, self.number(right)?);
        let (bound, value) = if turned && !absolute { (bound.turned(), -value) } else { (bound, value) };
        Ok(Condition::Difference { left, right, absolute, bound, value })
    }

    fn text(&mut self, expr: &Expr) -> std::result::Result<usize, String> {
        let kind = expr.get_type(self.pairs).map_err(|error| error.strip_backtrace())?;
        let expr = bare(expr)?;
        let name = expr.to_string();
        let expr = match kind {
            DataType::Utf8 => expr,
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
                datafusion::functions_nested::expr_fn::array_to_string(
                    expr,
                    datafusion::prelude::lit(ITEM_END.to_string()),
                )
            }
            _ => cast(expr, DataType::Utf8),
        };
        Ok(self.column(Needed { name, expr, kind: ColumnKind::Text }))
    }

    fn number(&mut self, expr: &Expr) -> std::result::Result<usize, String> {
        let kind = expr.get_type(self.pairs).map_err(|error| error.strip_backtrace())?;
        let expr = bare(expr)?;
        let name = expr.to_string();
        // A date is its day number, a moment its seconds.
        let expr = match kind {
            DataType::Date32 | DataType::Date64 => cast(cast(expr, DataType::Date32), DataType::Int32),
            DataType::Timestamp(..) => cast(cast(expr, DataType::Timestamp(TimeUnit::Second, None)), DataType::Int64),
            _ => expr,
        };
        let expr = datafusion::logical_expr::try_cast(expr, DataType::Float64);
        Ok(self.column(Needed { name, expr, kind: ColumnKind::Number }))
    }

    fn flag(&mut self, expr: &Expr) -> std::result::Result<usize, String> {
        let kind = expr.get_type(self.pairs).map_err(|error| error.strip_backtrace())?;
        if kind != DataType::Boolean {
            return Err(format!("`{expr}` is no condition"));
        }
        let expr = bare(expr)?;
        Ok(self.column(Needed { name: expr.to_string(), expr, kind: ColumnKind::Flag }))
    }

    fn column(&mut self, needed: Needed) -> usize {
        let same =
            |known: &Needed| known.kind == needed.kind && (known.name == needed.name || known.expr == needed.expr);
        self.columns.iter().position(same).unwrap_or_else(|| {
            self.columns.push(needed);
            self.columns.len() - 1
        })
    }
}

fn flatten(left: Condition, right: Condition, all: bool) -> Vec<Condition> {
    let mut parts = Vec::new();
    for part in [left, right] {
        match part {
            Condition::All(inner) if all => parts.extend(inner),
            Condition::Any(inner) if !all => parts.extend(inner),
            other => parts.push(other),
        }
    }
    parts
}

/// Whether an expression mentions the left and the right record.
fn sides(expr: &Expr) -> (bool, bool) {
    let mut found = (false, false);
    let _ = expr.apply(|node| {
        if let Expr::Column(Column { relation: Some(relation), .. }) = node {
            match relation.table() {
                "l" => found.0 = true,
                _ => found.1 = true,
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// The expression without sides.
fn bare(expr: &Expr) -> std::result::Result<Expr, String> {
    expr.clone()
        .transform(|node| {
            Ok(match node {
                Expr::Column(column) => Transformed::yes(Expr::Column(Column::new_unqualified(column.name))),
                other => Transformed::no(other),
            })
        })
        .data()
        .map_err(|error| error.strip_backtrace())
}

fn left_only(pairs: &DFSchema) -> datafusion::common::Result<DFSchema> {
    let fields = pairs
        .iter()
        .filter(|(relation, _)| relation.is_some_and(|relation| relation.table() == "l"))
        .map(|(relation, field)| (relation.cloned(), field.clone()))
        .collect();
    DFSchema::new_with_metadata(fields, Default::default())
}

fn literal(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Float64).ok()? {
            ScalarValue::Float64(value) => value,
            _ => None,
        },
        Expr::Negative(inner) => literal(inner).map(|value| -value),
        Expr::Cast(inner) => literal(&inner.expr),
        _ => None,
    }
}

fn unknown(expr: &Expr) -> String {
    let kernels = Kernel::ALL.map(Kernel::name).join(", ");
    format!(
        "`{expr}` brings the two records together in a way that is not known; they can meet by `=`, `<>`, `<`, by a \
         difference `abs(l.x - r.x) <= n`, and by {kernels} against a number"
    )
}

impl Condition {
    /// Adds the columns it looks at.
    pub fn columns(&self, sites: &[Site], into: &mut Vec<usize>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.columns(sites, into)),
            Self::Not(part) => part.columns(sites, into),
            Self::Equal { left, right } | Self::Difference { left, right, .. } => into.extend([*left, *right]),
            Self::Flag { column, .. } => into.push(*column),
            Self::Score(site, ..) => {
                into.extend(&sites[*site].left);
                into.extend(&sites[*site].right);
            }
            Self::Constant(_) => {}
        }
    }

    /// The columns that both records must agree on for it to hold; those that join different columns are not told.
    #[must_use]
    pub fn agreements(&self) -> Vec<usize> {
        match self {
            Self::Equal { left, right } if left == right => vec![*left],
            Self::All(parts) => parts.iter().flat_map(Self::agreements).collect(),
            _ => Vec::new(),
        }
    }
}
