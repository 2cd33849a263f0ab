//! `id_birth_date(id)` and `id_sex(id)`: what a citizen identity number says of its bearer.

use std::sync::Arc;

use arrow::array::{Date32Builder, StringBuilder};
use arrow::datatypes::{DataType, Date32Type};
use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDF, Volatility};
use jingwei_model::id::resident::ResidentId;

use super::args::{text, today};
use super::function::{About, function};
use crate::context::known_division;
use crate::parse;

const ARGUMENT: &[(&str, &str)] = &[("id", "A citizen identity number (GB 11643).")];

pub fn udfs() -> [ScalarUDF; 2] {
    let birth_date = About {
        name: "id_birth_date",
        arguments: ARGUMENT,
        optional: 0,
        gives: DataType::Date32,
        volatility: Volatility::Stable,
        description: "The date of birth in a citizen identity number; null for one that is invalid or masked.",
        example: "SELECT id_birth_date('11010519491231002X'); -- 1949-12-31",
    };
    let sex = About {
        name: "id_sex",
        arguments: ARGUMENT,
        optional: 0,
        gives: DataType::Utf8,
        volatility: Volatility::Stable,
        description: "The sex (`male` or `female`) in a citizen identity number; null for one that is invalid or masked.",
        example: "SELECT id_sex('11010519491231002X'); -- female",
    };
    [
        function(birth_date, |args| {
            let mut out = Date32Builder::with_capacity(args.number_rows);
            each(args, |id| out.append_option(id.map(|id| Date32Type::from_naive_date(id.birth_date()))))?;
            Ok(Arc::new(out.finish()))
        }),
        function(sex, |args| {
            let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 6);
            each(args, |id| out.append_option(id.map(|id| id.sex().name())))?;
            Ok(Arc::new(out.finish()))
        }),
    ]
}

fn each(args: &ScalarFunctionArgs, mut put: impl FnMut(Option<ResidentId>)) -> datafusion::common::Result<()> {
    let (texts, today) = (text(args, 0)?, today());
    for row in 0..args.number_rows {
        put(texts.text(row).and_then(|text| parse::resident_id(text, today, known_division).value()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn an_id_says_when_and_which_sex_its_bearer_was_born() {
        assert_eq!(ask("SELECT id_birth_date('150102880730303')").await.unwrap(), "1988-07-30");
        assert_eq!(ask("SELECT id_sex('150102880730303')").await.unwrap(), "male");
        assert_eq!(ask("SELECT id_sex('no id') IS NULL").await.unwrap(), "true");
    }
}
