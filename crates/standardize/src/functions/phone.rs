//! `phone(text)`: a phone number and its kind.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, Fields};
use datafusion::logical_expr::{ScalarUDF, Volatility};
use jingwei_model::Reason;

use super::args::{booleans, strings, structs, text};
use super::function::{About, function};
use crate::parse::{self, Cell, trimmed};

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("value", DataType::Utf8, true),
        Field::new("valid", DataType::Boolean, true),
        Field::new("reason", DataType::Utf8, true),
        Field::new("partial", DataType::Utf8, true),
        Field::new("kind", DataType::Utf8, true),
    ])
});

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "phone",
        arguments: &[("text", "A phone number of mainland China as written: country code, hyphens, extension, masks.")],
        optional: 0,
        gives: DataType::Struct(FIELDS.clone()),
        volatility: Volatility::Immutable,
        description: "Reads a phone number: struct of `value` (digits), `valid`, `reason`, `partial` (a masked number) and `kind` (`mobile`, `landline`).",
        example: "SELECT phone('+86 138-0013-8000')['value']; -- 13800138000",
    };
    function(about, |args| {
        let (texts, rows) = (text(args, 0)?, args.number_rows);
        let (mut value, mut partial) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut reason = Vec::with_capacity(rows);
        for row in 0..rows {
            let cell = texts.text(row).map_or(Cell::Missing, |text| parse::phone(trimmed(text)));
            reason.push(cell.reason().map(Reason::code));
            let (number, shown) = match cell {
                Cell::Partial(shown) => (None, Some(shown)),
                cell => (cell.value(), None),
            };
            value.push(number);
            partial.push(shown);
        }
        let valid = value.iter().map(|number| Some(number.is_some())).collect();
        let kind = strings(value.iter().map(|number| number.as_deref().map(kind)));
        structs(&FIELDS, vec![strings(value), booleans(valid), strings(reason), strings(partial), kind], &texts, rows)
    })
}

/// What kind of line a number belongs to.
fn kind(number: &str) -> &'static str {
    if number.len() == 11 && number.starts_with('1') { "mobile" } else { "landline" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn a_number_gives_its_kind() {
        assert_eq!(
            ask("SELECT phone('+86 138-0013-8000')").await.unwrap(),
            "{value: 13800138000, valid: true, reason: , partial: , kind: mobile}"
        );
        assert_eq!(ask("SELECT phone('010-62345678转8')['kind']").await.unwrap(), "landline");
        assert_eq!(ask("SELECT phone('138××××8000')['partial']").await.unwrap(), "138****8000");
        assert_eq!(ask("SELECT phone('无')['reason']").await.unwrap(), "bad_character");
    }
}
