//! `credit_code(text)`: a unified social credit code and its parts.

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
        Field::new("authority", DataType::Utf8, true),
        Field::new("division", DataType::Utf8, true),
        Field::new("organization", DataType::Utf8, true),
        Field::new("legacy", DataType::Boolean, true),
    ])
});

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "credit_code",
        arguments: &[(
            "text",
            "A unified social credit code (GB 32100), or the 15-digit licence number before it, as written.",
        )],
        optional: 0,
        gives: DataType::Struct(FIELDS.clone()),
        volatility: Volatility::Immutable,
        description: "Reads a unified social credit code: struct of `value` (kept also for a pilot-era code whose check character fails), `valid` (the check character fits), `reason`, `authority`, `division`, `organization` (GB 11714) and `legacy`.",
        example: "SELECT credit_code('91310110666007217t')['division']; -- 310110",
    };
    function(about, |args| {
        let (texts, rows) = (text(args, 0)?, args.number_rows);
        let (mut value, mut valid, mut reason) =
            (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
        let (mut authority, mut division, mut organization, mut legacy) =
            (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            let cell = texts.text(row).map_or(Cell::Missing, |text| parse::credit_code(trimmed(text)));
            reason.push(cell.reason().map(Reason::code));
            let code = cell.value();
            valid.push(Some(code.as_ref().is_some_and(|code| code.checked)));
            authority.push(code.as_ref().and_then(|code| code.authority()).map(String::from));
            division.push(code.as_ref().and_then(|code| code.division()).map(str::to_owned));
            organization.push(code.as_ref().and_then(|code| code.organization()).map(str::to_owned));
            legacy.push(code.as_ref().map(|code| code.legacy));
            value.push(code.map(|code| code.value));
        }
        let children = vec![
            strings(value),
            booleans(valid),
            strings(reason),
            strings(authority),
            strings(division),
            strings(organization),
            booleans(legacy),
        ];
        structs(&FIELDS, children, &texts, rows)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn a_code_gives_its_parts() {
        assert_eq!(
            ask("SELECT credit_code('91310110666007217t')").await.unwrap(),
            "{value: 91310110666007217T, valid: true, reason: , authority: 9, division: 310110, organization: 666007217, legacy: false}"
        );
        assert_eq!(ask("SELECT credit_code('91350211M00013FA1N')['valid']").await.unwrap(), "false");
        assert_eq!(ask("SELECT credit_code('91350211M00013FA1N')['value']").await.unwrap(), "91350211M00013FA1N");
    }
}
