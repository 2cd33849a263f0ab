//! `phone(text)`: a phone number and its kind.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, Fields};
use datafusion::logical_expr::{ScalarUDF, Volatility};

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
        let (mut value, mut valid, mut reason) =
            (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
        let (mut partial, mut kind) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            let cell = texts.text(row).map_or(Cell::Missing, |text| parse::phone(trimmed(text)));
            reason.push(cell.reason().map(|reason| reason.code().to_owned()));
            partial.push(if let Cell::Partial(shown) = &cell { Some(shown.clone()) } else { None });
            let number = cell.value();
            valid.push(Some(number.is_some()));
            let mobile = |number: &String| number.len() == 11 && number.starts_with('1');
            kind.push(number.as_ref().map(|number| if mobile(number) { "mobile" } else { "landline" }.to_owned()));
            value.push(number);
        }
        structs(
            &FIELDS,
            vec![strings(value), booleans(valid), strings(reason), strings(partial), strings(kind)],
            &texts,
            rows,
        )
    })
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
