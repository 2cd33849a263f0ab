//! `ST_KNN(a, b, k)`: the condition of a nearest-neighbour join.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::functions::{arguments, common_crs};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        DocSection { include: true, label: "Spatial joins", description: None },
        "The condition of a nearest-neighbour join: true for the `k` rows of `b`'s table that are nearest to `a`. Other \
         conditions of the join hold before the choice; of equally near rows those with the smaller `ties` come first.",
        "ST_KNN(a, b, k [, ties…])",
    )
    .with_argument("a", "geometry of the rows that look for neighbours")
    .with_argument("b", "geometry of the rows that are found")
    .with_argument("k", "how many, a whole number")
    .with_argument("ties", "expressions over `b`'s table that order equally near rows")
    .build()
});

/// The function: true for the `k` rows of `b`'s table that are nearest to `a`.
///
/// Further arguments, over `b`'s table, order rows that are equally near; rows that are still equal are ordered by the
/// values of all their columns.
#[must_use]
pub fn st_knn() -> ScalarUDF {
    ScalarUDF::from(Knn { signature: Signature::variadic_any(Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Knn {
    signature: Signature,
}

impl ScalarUDFImpl for Knn {
    fn name(&self) -> &'static str {
        "st_knn"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [_, _, k, ..] if k.is_integer() => Ok(DataType::Boolean),
            [_, _, k, ..] => plan_err!("ST_KNN(a, b, k) takes a whole number of neighbours, not {k}"),
            _ => plan_err!("ST_KNN takes a, b, k and keys for ties, not {} arguments", types.len()),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
        let kind = self.return_type(&types)?;
        let geometries = arguments("a geometry, b geometry");
        for (argument, of) in geometries.iter().zip(&types) {
            if let Err(why) = argument.kind.accepts(of) {
                return plan_err!("ST_KNN: argument {} is {of}, {why}", argument.name);
            }
        }
        common_crs("ST_KNN", args.arg_fields, &geometries)?;
        Ok(Arc::new(Field::new(self.name(), kind, true)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!(
            "ST_KNN(a, b, k) is the condition of a join between the tables of a and b: \
             FROM a JOIN b ON ST_KNN(a.geom, b.geom, 5)"
        )
    }
}
