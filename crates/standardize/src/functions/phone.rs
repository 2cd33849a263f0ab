//! `phone(text)`: a phone number and its kind.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::logical_expr::{ScalarUDF, Volatility};
use jingwei_model::Reason;

use super::args::{structs, text};
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
        let (mut value, mut kinds) =
            (StringBuilder::with_capacity(rows, rows * 11), StringBuilder::with_capacity(rows, rows * "mobile".len()));
        let (mut reason, mut partial) = (StringBuilder::with_capacity(rows, 0), StringBuilder::with_capacity(rows, 0));
        let mut valid = BooleanBufferBuilder::new(rows);
        for row in 0..rows {
            let cell = texts.text(row).map_or(Cell::Missing, |text| parse::phone(trimmed(text)));
            reason.append_option(cell.reason().map(Reason::code));
            partial.append_option(cell.partial());
            let number = cell.value();
            value.append_option(number.as_deref());
            valid.append(number.is_some());
            kinds.append_option(number.as_deref().map(kind));
        }
        let children: Vec<ArrayRef> = vec![
            Arc::new(value.finish()),
            Arc::new(BooleanArray::new(valid.finish(), None)),
            Arc::new(reason.finish()),
            Arc::new(partial.finish()),
            Arc::new(kinds.finish()),
        ];
        structs(&FIELDS, children, &texts, rows)
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
