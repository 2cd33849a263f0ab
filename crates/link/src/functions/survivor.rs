//! `survivor(value, rank, tie)`: the value, not null, of the row with the smallest rank, ties broken by `tie`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, Int64Array, StringBuilder, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};

use super::groups::{Single, plain, to_plain};

/// The function.
pub fn udaf() -> AggregateUDF {
    AggregateUDF::from(Survivor { signature: Signature::any(3, Volatility::Immutable) })
}

/// A call in a plan.
pub fn survivor(value: Expr, rank: Expr, tie: Expr) -> Expr {
    udaf().call(vec![value, rank, tie])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Survivor {
    signature: Signature,
}

impl AggregateUDFImpl for Survivor {
    fn name(&self) -> &'static str {
        "survivor"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, args: &[DataType]) -> Result<DataType> {
        Ok(plain(&args[0]))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single(Survivors::new(args.return_type())?)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let kind = plain(args.return_field.data_type());
        Ok(vec![
            Arc::new(Field::new(format!("{}[value]", args.name), kind, true)),
            Arc::new(Field::new(format!("{}[rank]", args.name), DataType::UInt64, true)),
            Arc::new(Field::new(format!("{}[tie]", args.name), DataType::UInt64, true)),
        ])
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Survivors::new(args.return_type())?))
    }
}

/// No row yet.
const NONE: (u64, u64) = (u64::MAX, u64::MAX);

enum Values {
    /// Everything of fixed width, as 64 bits.
    Bits(Vec<i64>),
    /// Text and binary.
    Bytes(Vec<Box<[u8]>>),
}

struct Survivors {
    kind: DataType,
    values: Values,
    best: Vec<(u64, u64)>,
    bytes: usize,
}

impl Survivors {
    fn new(kind: &DataType) -> Result<Self> {
        let kind = plain(kind);
        let values = match kind {
            DataType::Utf8 | DataType::Binary => Values::Bytes(Vec::new()),
            DataType::Int64 | DataType::Float64 | DataType::Boolean | DataType::Date32 | DataType::Timestamp(..) => {
                Values::Bits(Vec::new())
            }
            other => return exec_err!("survivor() has no order for values of type {other}"),
        };
        Ok(Self { kind, values, best: Vec::new(), bytes: 0 })
    }

    fn take_rows(
        &mut self,
        args: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.best.resize(total, NONE);
        match &mut self.values {
            Values::Bits(bits) => bits.resize(total, 0),
            Values::Bytes(bytes) => bytes.resize_with(total, Box::default),
        }
        if args.is_empty() {
            return Ok(());
        }
        let column = to_plain(&args[0], &self.kind)?;
        let ranks = to_plain(&args[1], &DataType::UInt64)?;
        let ties = to_plain(&args[2], &DataType::UInt64)?;
        let (ranks, ties) = (ranks.as_primitive::<UInt64Type>(), ties.as_primitive::<UInt64Type>());
        let best = &mut self.best;
        let mut wins = |row: usize| {
            if column.is_null(row)
                || ranks.is_null(row)
                || filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row))
            {
                return false;
            }
            let order = (ranks.value(row), ties.value(row));
            let better = order < best[groups[row]];
            if better {
                best[groups[row]] = order;
            }
            better
        };
        match &mut self.values {
            Values::Bits(bits) => {
                let column = to_bits(&column)?;
                for row in 0..column.len() {
                    if wins(row) {
                        bits[groups[row]] = column.value(row);
                    }
                }
            }
            Values::Bytes(bytes) => {
                let column = cast(&column, &DataType::Binary)?;
                let column = column.as_binary::<i32>();
                for row in 0..column.len() {
                    if wins(row) {
                        let place = &mut bytes[groups[row]];
                        self.bytes = self.bytes + column.value(row).len() - place.len();
                        *place = column.value(row).into();
                    }
                }
            }
        }
        Ok(())
    }

    fn give(&mut self, emit_to: EmitTo) -> Result<(ArrayRef, Vec<(u64, u64)>)> {
        let best = emit_to.take_needed(&mut self.best);
        let values: ArrayRef = match &mut self.values {
            Values::Bits(bits) => {
                let bits = emit_to.take_needed(bits);
                let values = bits
                    .into_iter()
                    .zip(&best)
                    .map(|(bits, best)| (*best != NONE).then_some(bits))
                    .collect::<Int64Array>();
                of_bits(values, &self.kind)?
            }
            Values::Bytes(bytes) => {
                let bytes = emit_to.take_needed(bytes);
                let length = bytes.iter().map(|value| value.len()).sum();
                self.bytes -= length;
                if self.kind == DataType::Utf8 {
                    let mut builder = StringBuilder::with_capacity(bytes.len(), length);
                    for (value, best) in bytes.iter().zip(&best) {
                        builder.append_option((*best != NONE).then(|| String::from_utf8_lossy(value)));
                    }
                    Arc::new(builder.finish())
                } else {
                    let mut builder = BinaryBuilder::with_capacity(bytes.len(), length);
                    for (value, best) in bytes.iter().zip(&best) {
                        builder.append_option((*best != NONE).then_some(value));
                    }
                    Arc::new(builder.finish())
                }
            }
        };
        Ok((values, best))
    }
}

/// A column of fixed width as 64 bits each.
fn to_bits(column: &ArrayRef) -> Result<Int64Array> {
    Ok(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().unary(|value| value.to_bits().cast_signed()),
        DataType::Date32 => {
            cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone()
        }
        _ => cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
    })
}

fn of_bits(bits: Int64Array, kind: &DataType) -> Result<ArrayRef> {
    Ok(match kind {
        DataType::Float64 => Arc::new(bits.unary::<_, Float64Type>(|value| f64::from_bits(value.cast_unsigned()))),
        DataType::Date32 => cast(&cast(&bits, &DataType::Int32)?, kind)?,
        _ => cast(&bits, kind)?,
    })
}

impl GroupsAccumulator for Survivors {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.take_rows(values, groups, filter, total)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.take_rows(values, groups, None, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.give(emit_to)?.0)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (values, best) = self.give(emit_to)?;
        let ranks = UInt64Array::from_iter_values(best.iter().map(|(rank, _)| *rank));
        let ties = UInt64Array::from_iter_values(best.iter().map(|(_, tie)| *tie));
        Ok(vec![values, Arc::new(ranks), Arc::new(ties)])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let column = to_plain(&values[0], &self.kind)?;
        let column = match filter {
            Some(filter) => arrow::compute::nullif(&column, &arrow::compute::not(filter)?)?,
            None => column,
        };
        Ok(vec![column, to_plain(&values[1], &DataType::UInt64)?, to_plain(&values[2], &DataType::UInt64)?])
    }

    fn size(&self) -> usize {
        let values = match &self.values {
            Values::Bits(bits) => bits.capacity() * 8,
            Values::Bytes(bytes) => bytes.capacity() * 16 + self.bytes,
        };
        self.best.capacity() * 16 + values
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::{SessionConfig, SessionContext};

    async fn answer(partitions: usize) -> String {
        let context =
            SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions).with_batch_size(3));
        context.register_udaf(super::udaf());
        let sql = "WITH rows AS (SELECT value % 7 AS g, CASE WHEN value % 3 = 0 THEN null ELSE value END AS v,
                          CAST((value * 37) % 101 AS BIGINT UNSIGNED) AS r, CAST(value AS BIGINT UNSIGNED) AS t FROM generate_series(1, 100)),
                        typed AS (SELECT g, v, r, t, CAST(v AS VARCHAR) AS vs, CAST(v AS DOUBLE) AS vf, CAST(CAST(v AS INT) AS DATE) AS vd FROM rows)
                   SELECT g, survivor(v, r, t) AS i, survivor(vs, r, t) AS s, survivor(vf, r, t) AS f, survivor(vd, r, t) AS d, first_value(v ORDER BY r) FILTER (WHERE v IS NOT NULL) AS expected
                   FROM typed GROUP BY g ORDER BY g";
        pretty_format_batches(&context.sql(sql).await.unwrap().collect().await.unwrap()).unwrap().to_string()
    }

    #[tokio::test]
    async fn the_survivor_is_the_first_value_in_rank_in_every_type_and_at_any_number_of_threads() {
        let one = answer(1).await;
        for line in one.lines().filter(|line| line.starts_with("| ") && !line.contains("expected")) {
            let cells = line.split('|').map(str::trim).collect::<Vec<_>>();
            assert_eq!(cells[2], cells[6]);
            assert_eq!(cells[3], cells[6]);
            assert_eq!(cells[4].trim_end_matches(".0"), cells[6]);
        }
        assert_eq!(one, answer(3).await);
    }
}
