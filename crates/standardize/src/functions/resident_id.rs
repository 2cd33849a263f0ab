//! `resident_id(text)`: a citizen identity number and its parts.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Builder, StringBuilder};
use arrow::datatypes::{DataType, Date32Type, Field, Fields};
use datafusion::logical_expr::{ScalarUDF, Volatility};
use jingwei_model::Reason;
use jingwei_model::id::resident::ResidentId;

use super::args::{structs, text, today};
use super::function::{About, function};
use crate::context::known_division;
use crate::parse::{self, Cell, trimmed};

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("value", DataType::Utf8, true),
        Field::new("valid", DataType::Boolean, true),
        Field::new("reason", DataType::Utf8, true),
        Field::new("partial", DataType::Utf8, true),
        Field::new("division", DataType::Utf8, true),
        Field::new("birth_date", DataType::Date32, true),
        Field::new("sex", DataType::Utf8, true),
    ])
});

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "resident_id",
        arguments: &[(
            "text",
            "A citizen identity number (GB 11643) as written: full width, spaces, 15 digits, masks.",
        )],
        optional: 0,
        gives: DataType::Struct(FIELDS.clone()),
        volatility: Volatility::Stable,
        description: "Reads a citizen identity number: struct of `value` (18 characters, null when invalid), `valid`, `reason` (why not), `partial` (a masked number), `division`, `birth_date` and `sex`.",
        example: "SELECT resident_id('11010519491231002x')['birth_date']; -- 1949-12-31",
    };
    function(about, |args| {
        let (texts, rows, today) = (text(args, 0)?, args.number_rows, today());
        let (mut value, mut division) =
            (StringBuilder::with_capacity(rows, rows * 18), StringBuilder::with_capacity(rows, rows * 6));
        let (mut reason, mut partial) = (StringBuilder::with_capacity(rows, 0), StringBuilder::with_capacity(rows, 0));
        let (mut birth, mut sex) =
            (Date32Builder::with_capacity(rows), StringBuilder::with_capacity(rows, rows * "female".len()));
        let mut valid = BooleanBufferBuilder::new(rows);
        for row in 0..rows {
            let cell =
                texts.text(row).map_or(Cell::Missing, |text| parse::resident_id(trimmed(text), today, known_division));
            reason.append_option(cell.reason().map(Reason::code));
            partial.append_option(cell.partial());
            let id = cell.value();
            value.append_option(id.as_ref().map(ResidentId::as_str));
            valid.append(id.is_some());
            division.append_option(id.as_ref().map(ResidentId::division));
            birth.append_option(id.as_ref().map(|id| Date32Type::from_naive_date(id.birth_date())));
            sex.append_option(id.as_ref().map(|id| id.sex().name()));
        }
        let valid = BooleanArray::new(valid.finish(), None);
        let children: Vec<ArrayRef> = vec![
            Arc::new(value.finish()),
            Arc::new(valid),
            Arc::new(reason.finish()),
            Arc::new(partial.finish()),
            Arc::new(division.finish()),
            Arc::new(birth.finish()),
            Arc::new(sex.finish()),
        ];
        structs(&FIELDS, children, &texts, rows)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn an_id_gives_its_parts() {
        assert_eq!(
            ask("SELECT resident_id(' １１０１０５19491231002x ')").await.unwrap(),
            "{value: 11010519491231002X, valid: true, reason: , partial: , division: 110105, birth_date: 1949-12-31, sex: female}"
        );
        assert_eq!(ask("SELECT resident_id('110101202311012171')['reason']").await.unwrap(), "bad_check_digit");
        assert_eq!(ask("SELECT resident_id('110105********0123')['partial']").await.unwrap(), "110105********0123");
        assert_eq!(ask("SELECT resident_id('110105********0123')['valid']").await.unwrap(), "false");
        assert_eq!(ask("SELECT resident_id(NULL) IS NULL").await.unwrap(), "true");
    }
}
