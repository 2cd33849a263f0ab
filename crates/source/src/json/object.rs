//! The members of one JSON object as they are written: numbers keep their digits, nested values their text.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Whether a text is one JSON object.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The members of an object that [`is_object`].
#[derive(Debug)]
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    /// Of the object's text.
    pub fn new(text: &'a str) -> Self {
        let at = text.find('{').map_or(text.len(), |at| at + 1);
        Self { text, at }
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && what(bytes[self.at]) {
            self.at += 1;
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',');
        let rest = &self.text[self.at..];
        if !rest.starts_with('"') {
            return None;
        }
        let key = &rest[..value_length(rest)];
        self.at += key.len();
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b':');
        let rest = &self.text[self.at..];
        let value = &rest[..value_length(rest)];
        self.at += value.len();
        Some((string(key), value))
    }
}

/// The bytes of the value a text begins with.
fn value_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                if depth == 0 {
                    return at;
                }
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn string(quoted: &str) -> Cow<'_, str> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    // Half of a surrogate pair is no character; the escape then stays as it is written.
    serde_json::from_str::<String>(quoted).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// A value as the text of a cell: `null` is none, a string its content, everything else as it is written.
pub(crate) fn text_of(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'"' => Some(string(value)),
        b'n' => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The value at a path of keys and indices inside an object.
pub(crate) fn lookup<'a>(object: &'a str, path: &[&str]) -> Option<&'a str> {
    let Some((first, rest)) = path.split_first() else { return Some(object) };
    let inner = match object.as_bytes().first()? {
        b'{' => Members::new(object).filter(|(key, _)| key == first).last()?.1,
        b'[' => nth(object, first.parse().ok()?)?,
        _ => return None,
    };
    lookup(inner, rest)
}

fn nth(array: &str, index: usize) -> Option<&str> {
    let mut rest = &array[1..];
    for place in 0.. {
        rest = rest.trim_start_matches([',', ' ', '\n', '\r', '\t']);
        let length = value_length(rest);
        if length == 0 {
            return None;
        }
        if place == index {
            return Some(&rest[..length]);
        }
        rest = &rest[length..];
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_come_as_they_are_written() {
        let text = r#" { "a" : 1.10, "b":"x\"y", "c": {"d": [1, {"e": "}"}]}, "f":null,"g\n":true } "#;
        let members: Vec<_> = Members::new(text).map(|(key, value)| (key.into_owned(), value)).collect();
        let expected =
            [("a", "1.10"), ("b", r#""x\"y""#), ("c", r#"{"d": [1, {"e": "}"}]}"#), ("f", "null"), ("g\n", "true")];
        assert_eq!(members, expected.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(text_of(members[1].1).unwrap(), "x\"y");
        assert_eq!(text_of("null"), None);
    }

    #[test]
    fn a_path_leads_through_keys_and_indices() {
        let text = r#"{"location": {"value": {"coordinates": [116.4, 39.9]}}}"#;
        assert_eq!(lookup(text, &["location", "value", "coordinates", "1"]), Some("39.9"));
        assert_eq!(lookup(text, &["location", "type"]), None);
        assert_eq!(lookup(text, &["location", "value", "coordinates", "2"]), None);
    }

    proptest! {
        #[test]
        fn scalars_written_by_another_writer_are_read_back(cells in prop::collection::btree_map("\\PC{0,5}", "\\PC{0,8}", 0..6)) {
            let text = serde_json::to_string(&cells).unwrap();
            let read: std::collections::BTreeMap<String, String> =
                Members::new(&text).map(|(key, value)| (key.into_owned(), text_of(value).unwrap().into_owned())).collect();
            prop_assert_eq!(read, cells);
        }

        #[test]
        fn any_text_is_cut_without_a_panic(text in "[{}\\[\\]\",:a1一 \\\\]{0,40}") {
            let _ = Members::new(&text).count();
            let _ = lookup(&text, &["a", "1"]);
        }
    }
}
