//! `division(code, on_date)`: what a code was called on a day, where it lies, and what took over from it.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, Date32Array, StringArray, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, Fields};
use chrono::NaiveDate;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_model::id::division;

use super::divisions::{Division, Divisions, Level};

const COLUMNS: [&str; 10] =
    ["code", "name", "level", "full_name", "province", "city", "district", "town", "community", "successor"];

static FIELDS: LazyLock<Fields> =
    LazyLock::new(|| COLUMNS.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect());

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        DocSection { include: true, label: "Code tables", description: None },
        "What an administrative division's code was called on a day (today without one), its names level by level, and \
         the code that took over where it was abolished. Null for a code that was never given out.",
        "division(code [, on_date])",
    )
    .with_argument("code", "2, 4, 6, 9, 12 or 17 digits; zeros may pad it")
    .with_argument("on_date", "the day; the newest name without one")
    .with_sql_example("SELECT division('110228', DATE '2014-01-01')['name']; -- 密云县")
    .build()
});

/// The function over the table that comes with the program.
pub fn udf() -> ScalarUDF {
    ScalarUDF::from(DivisionFunction { signature: Signature::variadic_any(Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DivisionFunction {
    signature: Signature,
}

impl ScalarUDFImpl for DivisionFunction {
    fn name(&self) -> &'static str {
        "division"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let (code, day) = match args.args.as_slice() {
            [code] => (code, None),
            [code, day] => (code, Some(day)),
            other => {
                return exec_err!("`division` takes a code and, if wanted, a day, but got {} arguments", other.len());
            }
        };
        let codes = cast(&code.to_array(rows)?, &DataType::Utf8)?;
        let days = day
            .map(|day| Ok::<_, datafusion::error::DataFusionError>(cast(&day.to_array(rows)?, &DataType::Date32)?))
            .transpose()?;
        let days = days.as_ref().map(|days| days.as_primitive::<Date32Type>());
        Ok(ColumnarValue::Array(Arc::new(look_up(Divisions::builtin(), codes.as_string(), days))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn look_up(table: &Divisions, codes: &StringArray, days: Option<&Date32Array>) -> StructArray {
    let rows = codes.len();
    let mut columns: [StringBuilder; COLUMNS.len()] =
        std::array::from_fn(|_| StringBuilder::with_capacity(rows, rows * 12));
    let mut known = Vec::with_capacity(rows);
    for row in 0..rows {
        let day = match days {
            Some(days) if days.is_null(row) => None,
            Some(days) => Date32Type::to_naive_date_opt(days.value(row)),
            None => None,
        };
        let code = if codes.is_valid(row) { division::parse(codes.value(row)).ok() } else { None };
        let found = code.as_deref().and_then(|code| table.get(code, day));
        known.push(found.is_some());
        match found {
            Some(found) => append(table, found, day, &mut columns),
            None => columns.iter_mut().for_each(StringBuilder::append_null),
        }
    }
    let arrays = columns.into_iter().map(|mut column| Arc::new(column.finish()) as _).collect();
    StructArray::new(FIELDS.clone(), arrays, Some(NullBuffer::from(known)))
}

fn append(
    table: &Divisions,
    found: Division<'_>,
    day: Option<NaiveDate>,
    columns: &mut [StringBuilder; COLUMNS.len()],
) {
    let mut names = [None; 5];
    let mut next = Some(found);
    while let Some(current) = next {
        if !current.is_placeholder() {
            names[current.level() as usize] = Some(current.name());
        }
        next = current.parent(day);
    }
    // The city of a municipality's districts is the municipality.
    if names[Level::City as usize].is_none() && found.level() >= Level::City {
        names[Level::City as usize] = names[Level::Province as usize].filter(|name| name.ends_with('市'));
    }
    let [code, name, level, full, province, city, district, town, community, successor] = columns;
    code.append_value(found.code());
    name.append_value(found.name());
    level.append_value(found.level().name());
    full.append_option(table.full_name(found.code(), day));
    for (column, value) in [province, city, district, town, community].into_iter().zip(names) {
        column.append_option(value);
    }
    successor.append_option(table.successor(found.code(), day));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use datafusion::prelude::SessionContext;

    async fn ask(sql: &str) -> String {
        let context = SessionContext::new();
        context.register_udf(udf());
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
    }

    #[tokio::test]
    async fn a_code_is_explained_in_sql() {
        let table = ask(
            "SELECT d['name'] n, d['full_name'] f, d['city'] c, d['successor'] s FROM (SELECT division(code, day) d FROM (VALUES \
             ('110228', DATE '2014-01-01'), ('110228', DATE '2024-01-01'), ('110105026000', NULL), ('999999', NULL)) t(code, day))",
        )
        .await;
        assert!(table.contains("| 密云县   | 北京市密云县         | 北京市 |        |"), "{table}");
        assert!(table.contains("110118"), "{table}");
        assert!(table.contains("北京市朝阳区望京街道"), "{table}");
        assert!(ask("SELECT division('440106')['province']").await.contains("广东省"));
        assert!(ask("SELECT division(NULL) IS NULL").await.contains("true"));
    }
}
