//! `simplify(text)`: traditional characters to simplified ones.

use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::args::text;
use super::function::{About, function};
use crate::han;

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "simplify",
        arguments: &[("text", "Chinese text.")],
        optional: 0,
        gives: DataType::Utf8,
        volatility: Volatility::Immutable,
        description: "The text with every traditional character in its simplified form, one by one.",
        example: "SELECT simplify('街道辦事處'); -- 街道办事处",
    };
    function(about, |args| {
        let texts = text(args, 0)?;
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 16);
        for row in 0..args.number_rows {
            out.append_option(texts.text(row).map(han::simplify));
        }
        Ok(Arc::new(out.finish()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn traditional_text_becomes_simplified() {
        assert_eq!(ask("SELECT simplify('街道辦事處')").await.unwrap(), "街道办事处");
    }
}
