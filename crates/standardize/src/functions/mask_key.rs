//! `mask_key(id, prefix, suffix)`: the key under which a whole id and a masked one meet.

use std::sync::Arc;

use arrow::array::StringBuilder;
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};
use jingwei_model::id::clean;

use super::args::{integer, text};
use super::function::{About, function};

pub fn udf() -> ScalarUDF {
    let about = About {
        name: "mask_key",
        arguments: &[
            ("id", "An id or phone number, whole or masked with `*` or `×`."),
            ("prefix", "How many characters at the start must show."),
            ("suffix", "How many at the end."),
        ],
        optional: 0,
        gives: DataType::Utf8,
        volatility: Volatility::Immutable,
        description: "The first and last characters of an id that shows at least those, so that a whole id and its masked form have the same key; null when fewer show.",
        example: "SELECT mask_key('110105********002X', 6, 4) = mask_key('11010519491231002X', 6, 4); -- true",
    };
    function(about, |args| {
        let (ids, prefixes, suffixes) = (text(args, 0)?, integer(args, 1)?, integer(args, 2)?);
        let mut out = StringBuilder::with_capacity(args.number_rows, args.number_rows * 11);
        let mut key = String::new();
        for row in 0..args.number_rows {
            let length = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
            key.clear();
            let shown = match (ids.text(row), length(prefixes.integer(row)), length(suffixes.integer(row))) {
                (Some(id), Some(prefix), Some(suffix)) => mask_key(id, prefix, suffix, &mut key),
                _ => false,
            };
            out.append_option(shown.then_some(&key));
        }
        Ok(Arc::new(out.finish()))
    })
}

/// Writes the key; says whether enough shows.
fn mask_key(id: &str, prefix: usize, suffix: usize, key: &mut String) -> bool {
    let id = clean::code(id);
    let count = id.chars().count();
    if id.is_empty() || prefix.saturating_add(suffix) > count || (prefix, suffix) == (0, 0) {
        return false;
    }
    // Runs of X are a mask too; a single one is the check character.
    let runs_of_x = id.contains("XX");
    for (place, character) in id.chars().enumerate() {
        if place == prefix {
            key.push('*');
        }
        if place < prefix || place >= count - suffix {
            let last = place + 1 == count && !id.ends_with("XX");
            if clean::is_mask(character) || (runs_of_x && character == 'X' && !last) {
                return false;
            }
            key.push(character);
        }
    }
    if prefix == count {
        key.push('*');
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::functions::tests::ask;

    fn key(id: &str, prefix: usize, suffix: usize) -> Option<String> {
        let mut key = String::new();
        mask_key(id, prefix, suffix, &mut key).then_some(key)
    }

    #[tokio::test]
    async fn a_whole_id_and_its_masked_form_meet() {
        assert_eq!(
            ask("SELECT mask_key('110105********002X', 6, 4) = mask_key('11010519491231002X', 6, 4)").await.unwrap(),
            "true"
        );
        assert_eq!(ask("SELECT mask_key('138****8000', 3, 4)").await.unwrap(), "138*8000");
        assert_eq!(ask("SELECT mask_key('138****8000', 6, 4) IS NULL").await.unwrap(), "true");
    }

    #[test]
    fn too_little_gives_no_key() {
        assert_eq!(key("110105××××××××012X", 6, 4).as_deref(), Some("110105*012X"));
        assert_eq!(key("110105XXXXXXXX0123", 6, 4).as_deref(), Some("110105*0123"));
        assert_eq!(key("110105XXXXXXXXXXXX", 6, 4), None);
        assert_eq!(key("123", 2, 2), None);
        assert_eq!(key("", 0, 0), None);
    }

    proptest! {
        #[test]
        fn masking_the_middle_changes_no_key(id in "[0-9]{17}[0-9X]", prefix in 1_usize..9, suffix in 1_usize..9) {
            let masked = format!("{}{}{}", &id[..prefix], "*".repeat(18 - prefix - suffix), &id[18 - suffix..]);
            prop_assert_eq!(key(&masked, prefix, suffix), key(&id, prefix, suffix));
        }
    }
}
