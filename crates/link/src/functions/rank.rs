//! `trusted_rank(trust, as_of)`, `recent_rank(trust, as_of)` and `record_tie(key, row)`: the order in which an
//! entity's records are asked for a value, as whole numbers that compare without looking anything up.

use std::sync::Arc;

use arrow::array::{Array, AsArray, UInt64Builder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::config::Prefer;
use jingwei_model::hash::hash64;

/// Steps of trust that are told apart.
const TRUST_STEPS: f64 = 1023.0;
const TRUST_BITS: u32 = 10;
const TIME_BITS: u32 = 44;

/// Rank by trust, then recency.
pub fn trusted() -> ScalarUDF {
    ScalarUDF::from(Rank { prefer: Prefer::Trusted, signature: Signature::any(2, Volatility::Immutable) })
}

/// Rank by recency, then trust.
pub fn recent() -> ScalarUDF {
    ScalarUDF::from(Rank { prefer: Prefer::Recent, signature: Signature::any(2, Volatility::Immutable) })
}

/// The tie-break among records of one rank.
pub fn tie_udf() -> ScalarUDF {
    ScalarUDF::from(Tie { signature: Signature::any(2, Volatility::Immutable) })
}

/// A call in a plan.
pub fn rank(trust: Expr, as_of: Expr, prefer: Prefer) -> Expr {
    match prefer {
        Prefer::Trusted => trusted(),
        Prefer::Recent => recent(),
    }
    .call(vec![trust, as_of])
}

/// A call in a plan.
pub fn tie(key: Expr, row: Expr) -> Expr {
    tie_udf().call(vec![key, row])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Rank {
    prefer: Prefer,
    signature: Signature,
}

impl ScalarUDFImpl for Rank {
    fn name(&self) -> &'static str {
        match self.prefer {
            Prefer::Trusted => "trusted_rank",
            Prefer::Recent => "recent_rank",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let trust = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Float64)?;
        let as_of = cast(&args.args[1].to_array(args.number_rows)?, &DataType::Timestamp(TimeUnit::Second, None))?;
        let as_of = cast(&as_of, &DataType::Int64)?;
        let (trust, as_of) = (trust.as_primitive::<Float64Type>(), as_of.as_primitive::<Int64Type>());
        let mut ranks = UInt64Builder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let distrust = if trust.is_null(row) { 1.0 } else { 1.0 - trust.value(row).clamp(0.0, 1.0) };
            let distrust = (distrust * TRUST_STEPS).round() as u64;
            let latest = 1_i64 << (TIME_BITS - 1);
            let age = if as_of.is_null(row) {
                (1 << TIME_BITS) - 1
            } else {
                (latest - as_of.value(row).clamp(2 - latest, latest)) as u64
            };
            ranks.append_value(match self.prefer {
                Prefer::Trusted => (distrust << TIME_BITS) | age,
                Prefer::Recent => (age << TRUST_BITS) | distrust,
            });
        }
        Ok(ColumnarValue::Array(Arc::new(ranks.finish())))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Tie {
    signature: Signature,
}

impl ScalarUDFImpl for Tie {
    fn name(&self) -> &'static str {
        "record_tie"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let keys = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Binary)?;
        let rows = cast(&args.args[1].to_array(args.number_rows)?, &DataType::Int64)?;
        let (keys, rows) = (keys.as_binary::<i32>(), rows.as_primitive::<Int64Type>());
        let mut ties = UInt64Builder::with_capacity(args.number_rows);
        let mut bytes = Vec::with_capacity(24);
        for row in 0..args.number_rows {
            bytes.clear();
            bytes.extend_from_slice(if keys.is_null(row) { &[] } else { keys.value(row) });
            bytes.extend_from_slice(&if rows.is_null(row) { 0 } else { rows.value(row) }.to_be_bytes());
            ties.append_value(hash64(&bytes));
        }
        Ok(ColumnarValue::Array(Arc::new(ties.finish())))
    }
}
