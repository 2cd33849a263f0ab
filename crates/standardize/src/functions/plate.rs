//! `plate(text)`: a number plate and its parts.

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
        Field::new("province", DataType::Utf8, true),
        Field::new("new_energy", DataType::Boolean, true),
    ])
});

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "plate",
        arguments: &[("text", "A number plate as written.")],
        optional: 0,
        gives: DataType::Struct(FIELDS.clone()),
        volatility: Volatility::Immutable,
        description: "Reads a number plate: struct of `value`, `valid`, `reason`, `province` (its abbreviation) and `new_energy`.",
        example: "SELECT plate('京a·12345')['value']; -- 京A12345",
    };
    function(about, |args| {
        let (texts, rows) = (text(args, 0)?, args.number_rows);
        let (mut value, mut valid, mut reason) =
            (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
        let (mut province, mut new_energy) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            let cell = texts.text(row).map_or(Cell::Missing, |text| parse::plate(trimmed(text)));
            reason.push(cell.reason().map(Reason::code));
            let plate = cell.value();
            valid.push(Some(plate.is_some()));
            province.push(plate.as_ref().and_then(|plate| plate.value.chars().next()).map(String::from));
            new_energy.push(plate.as_ref().map(|plate| plate.new_energy));
            value.push(plate.map(|plate| plate.value));
        }
        structs(
            &FIELDS,
            vec![strings(value), booleans(valid), strings(reason), strings(province), booleans(new_energy)],
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
    async fn a_plate_gives_its_province() {
        assert_eq!(
            ask("SELECT plate('京ad·12345')").await.unwrap(),
            "{value: 京AD12345, valid: true, reason: , province: 京, new_energy: true}"
        );
        assert_eq!(ask("SELECT plate('12345')['valid']").await.unwrap(), "false");
    }
}
