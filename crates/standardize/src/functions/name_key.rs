//! `name_key(text)`: the key under which spellings of one name meet.

use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::args::text;
use super::function::{About, function};
use crate::han;

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "name_key",
        arguments: &[("text", "A name as written.")],
        optional: 0,
        gives: DataType::Utf8,
        volatility: Volatility::Immutable,
        description: "The key under which spellings of one name meet: half width, simplified characters, variants folded, upper case, no spaces, dots or marks; null when nothing is left. Different characters of one sound stay different.",
        example: "SELECT name_key('劉 國峯'); -- 刘国峰",
    };
    function(about, |args| {
        let texts = text(args, 0)?;
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 9);
        for row in 0..args.number_rows {
            out.append_option(texts.text(row).and_then(han::name_key));
        }
        Ok(Arc::new(out.finish()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn spellings_meet() {
        assert_eq!(ask("SELECT name_key('劉 國峯')").await.unwrap(), "刘国峰");
        assert_eq!(ask("SELECT name_key(' ') IS NULL").await.unwrap(), "true");
    }
}
