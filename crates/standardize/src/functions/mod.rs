//! The standardizers one by one, as SQL functions.

pub(crate) mod args;
mod credit_code;
pub(crate) mod function;
mod id_parts;
mod name_key;
mod parse_date;
mod phone;
mod pinyin;
mod plate;
mod resident_id;
mod simplify;
mod work_hours;

use datafusion::logical_expr::ScalarUDF;

pub use work_hours::Calendar;

/// All SQL functions of this crate.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    let mut functions = vec![
        resident_id::udf(),
        credit_code::udf(),
        phone::udf(),
        plate::udf(),
        name_key::udf(),
        pinyin::udf(),
        simplify::udf(),
        parse_date::udf(),
        work_hours::udf(),
    ];
    functions.extend(id_parts::udfs());
    functions.extend(crate::address::functions());
    functions.extend(crate::codes::functions());
    functions
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    use datafusion::prelude::SessionContext;

    /// The first cell of the first row of a query's answer.
    pub async fn ask(sql: &str) -> Result<String, String> {
        let context = SessionContext::new();
        for function in super::functions() {
            context.register_udf(function);
        }
        let wrong = |error: datafusion::error::DataFusionError| error.to_string();
        let batches = context.sql(sql).await.map_err(wrong)?.collect().await.map_err(wrong)?;
        let batch = batches.iter().find(|batch| batch.num_rows() > 0).unwrap();
        let formatter = ArrayFormatter::try_new(batch.column(0), &FormatOptions::default()).unwrap();
        Ok(formatter.value(0).to_string())
    }

    #[tokio::test]
    async fn every_function_is_documented() {
        for function in super::functions() {
            assert!(function.documentation().is_some(), "{}", function.name());
        }
    }

    #[tokio::test]
    async fn every_text_type_is_taken() {
        for kind in ["Utf8", "LargeUtf8", "Utf8View"] {
            let id =
                ask(&format!("SELECT resident_id(arrow_cast('11010519491231002x', '{kind}'))['value']")).await.unwrap();
            assert_eq!(id, "11010519491231002X", "{kind}");
            let column = ask(&format!(
                "SELECT phone(arrow_cast(x, '{kind}'))['value'] FROM (VALUES ('138 0013 8000'), (NULL)) t(x)"
            ))
            .await
            .unwrap();
            assert_eq!(column, "13800138000", "{kind}");
        }
    }

    #[tokio::test]
    async fn wrong_numbers_of_arguments_are_named() {
        assert!(ask("SELECT phone()").await.unwrap_err().contains("phone"));
        assert!(ask("SELECT phone('1', '2')").await.unwrap_err().contains("phone takes 1"));
    }
}
