//! `parse_date(text)`: a date however a department writes it.

use std::sync::Arc;

use arrow::array::Date32Builder;
use arrow::datatypes::{DataType, Date32Type};
use chrono_tz::Asia::Shanghai;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::args::text;
use super::function::{About, function};
use crate::parse::{self, trimmed};

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "parse_date",
        arguments: &[(
            "text",
            "A date as written: `2024/3/1`, `2024年3月1日`, `二〇二四年三月一日`, `20240301`, an Excel serial.",
        )],
        optional: 0,
        gives: DataType::Date32,
        volatility: Volatility::Immutable,
        description: "The date a text says; null where it says none, or only a month, or a year of two digits. Instants are taken in local time of China.",
        example: "SELECT parse_date('2024年3月1日'); -- 2024-03-01",
    };
    function(about, |args| {
        let texts = text(args, 0)?;
        let mut out = Date32Builder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let day = texts.text(row).and_then(|text| parse::date(trimmed(text), Shanghai, None).value());
            out.append_option(day.map(Date32Type::from_naive_date));
        }
        Ok(Arc::new(out.finish()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn dates_are_read_however_written() {
        assert_eq!(ask("SELECT parse_date(' 二〇二四年三月一日')").await.unwrap(), "2024-03-01");
        assert_eq!(ask("SELECT parse_date('2024-03') IS NULL").await.unwrap(), "true");
    }
}
