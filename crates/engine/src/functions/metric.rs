//! `metric(geom)`: a geometry in the city's projection, for distances and areas in metres.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::prelude::SessionContext;

use crate::error::EngineError;

/// The function for a city's `metric_crs`. `context` has the function `ST_Transform`.
///
/// # Errors
/// The session lacks `ST_Transform`.
pub fn metric(context: &SessionContext, crs: &str) -> crate::Result<ScalarUDF> {
    let transform = context.udf("st_transform").map_err(EngineError::plan("finding the function `ST_Transform`"))?;
    Ok(ScalarUDF::from(Metric { transform, crs: crs.to_owned(), signature: Signature::any(1, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Metric {
    transform: Arc<ScalarUDF>,
    crs: String,
    signature: Signature,
}

impl Metric {
    /// The systems from and to which is transformed.
    fn systems(&self) -> [ScalarValue; 2] {
        ["EPSG:4326", &self.crs].map(|name| ScalarValue::Utf8(Some(name.to_owned())))
    }

    fn fields(given: &[FieldRef]) -> Vec<FieldRef> {
        let system = |name: &str| Arc::new(Field::new(name, DataType::Utf8, false));
        given.iter().cloned().chain([system("from"), system("to")]).collect()
    }
}

impl ScalarUDFImpl for Metric {
    fn name(&self) -> &'static str {
        "metric"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let [from, to] = self.systems();
        let fields = Self::fields(args.arg_fields);
        let scalars = args.scalar_arguments.iter().copied().chain([Some(&from), Some(&to)]).collect::<Vec<_>>();
        self.transform.return_field_from_args(ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &scalars })
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        args.args.extend(self.systems().map(ColumnarValue::Scalar));
        args.arg_fields = Self::fields(&args.arg_fields);
        self.transform.invoke_with_args(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
            Documentation::builder(
                DocSection::default(),
                "A geometry of the base tables (EPSG:4326) in the city's projection, `metric_crs` of `config/jingwei.toml`: \
                 distances are metres there and areas square metres.",
                "metric(geom)",
            )
            .with_sql_example("SELECT ST_Distance(metric(a.geom), metric(b.geom)) FROM housing a, housing b;")
            .build()
        });
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;

    use super::*;
    use crate::session::{SessionSettings, session};

    #[tokio::test]
    async fn metres_are_those_of_the_citys_projection() {
        let context = session(&SessionSettings::default()).unwrap();
        // Three degrees east of the meridian of the second system, a degree being 85 km there.
        for (crs, east) in [("EPSG:4548", 500_000.0..500_000.1), ("EPSG:4547", 755_000.0..757_000.0)] {
            context.register_udf(metric(&context, crs).unwrap());
            let sql = "SELECT ST_X(metric(ST_Point(column1, column2))) FROM (VALUES (117.0, 40.0))";
            let found = context.sql(sql).await.unwrap().collect().await.unwrap();
            let x = found[0].column(0).as_primitive::<Float64Type>().value(0);
            assert!(east.contains(&(x + 1e-6)), "{crs}: {x}");
        }
    }
}
