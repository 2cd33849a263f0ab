//! `pinyin(text)`: how Chinese text is read, without tones.

use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::args::text;
use super::function::{About, function};
use crate::han;

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "pinyin",
        arguments: &[("text", "Chinese text.")],
        optional: 0,
        gives: DataType::Utf8,
        volatility: Volatility::Immutable,
        description: "The reading of Chinese text: syllables in lower case without tones (ü as v), parted by spaces; surnames in their own reading (单 shan, 曾 zeng). Words of other scripts are kept in lower case.",
        example: "SELECT pinyin('单田芳'); -- shan tian fang",
    };
    function(about, |args| {
        let texts = text(args, 0)?;
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 16);
        let mut reading = String::new();
        for row in 0..args.number_rows {
            reading.clear();
            let read = texts.text(row).map(|text| han::pinyin(text, &mut reading));
            out.append_option(read.map(|()| reading.as_str()));
        }
        Ok(Arc::new(out.finish()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::functions::tests::ask;

    #[tokio::test]
    async fn a_name_is_read() {
        assert_eq!(ask("SELECT pinyin('曾国藩')").await.unwrap(), "zeng guo fan");
    }
}
