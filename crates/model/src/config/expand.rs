//! `${NAME}` and `${NAME:-default}` in configuration text.

use std::borrow::Cow;

use thiserror::Error;

/// A reference that cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpandError {
    /// The variable is not set and no default is given.
    #[error("line {line}: `${{{name}}}` is not set; set the variable or write `${{{name}:-default}}`")]
    Unset {
        /// The variable.
        name: String,
        /// 1-based line.
        line: usize,
    },
    /// `${` without `}`.
    #[error("line {line}: `${{` without a closing `}}`")]
    Unclosed {
        /// 1-based line.
        line: usize,
    },
}

/// Replaces every reference by what `lookup` says; `$$` stands for one dollar sign. Values are escaped
/// for a TOML basic string, so that a password with a quote cannot change the file's meaning. Comments
/// are left alone.
///
/// # Errors
/// A variable without value and default, or an unclosed reference.
pub fn expand<'a>(text: &'a str, lookup: impl Fn(&str) -> Option<String>) -> Result<Cow<'a, str>, ExpandError> {
    if !text.contains('$') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        if whole.trim_start().starts_with('#') {
            out.push_str(whole);
            continue;
        }
        expand_line(whole, index + 1, &lookup, &mut out)?;
    }
    Ok(Cow::Owned(out))
}

fn expand_line(
    mut rest: &str,
    line: usize,
    lookup: &impl Fn(&str) -> Option<String>,
    out: &mut String,
) -> Result<(), ExpandError> {
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let end = after.find('}').ok_or(ExpandError::Unclosed { line })?;
            let (name, default) = match after[..end].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&after[..end], None),
            };
            match (lookup(name).filter(|value| !value.is_empty()), default) {
                (Some(value), _) => escape(&value, out),
                (None, Some(default)) => out.push_str(default),
                (None, None) => return Err(ExpandError::Unset { name: name.to_owned(), line }),
            }
            rest = &after[end + 1..];
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(())
}

fn escape(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("db.local".to_owned()),
            "PASS" => Some("a\"b\\c".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn a_set_variable_replaces_its_reference() {
        assert_eq!(expand("url = \"${HOST}:5432\"", lookup).unwrap(), "url = \"db.local:5432\"");
    }

    #[test]
    fn an_unset_or_empty_variable_takes_its_default() {
        assert_eq!(expand("a = \"${NO:-x:-y}\" b = \"${EMPTY:-z}\"", lookup).unwrap(), "a = \"x:-y\" b = \"z\"");
    }

    #[test]
    fn an_unset_variable_without_default_names_its_line() {
        assert_eq!(
            expand("a = 1\nb = \"${NO}\"", lookup).unwrap_err(),
            ExpandError::Unset { name: "NO".to_owned(), line: 2 }
        );
    }

    #[test]
    fn a_value_cannot_break_out_of_its_string() {
        assert_eq!(expand("p = \"${PASS}\"", lookup).unwrap(), r#"p = "a\"b\\c""#);
    }

    #[test]
    fn comments_and_doubled_dollars_are_left_alone() {
        assert_eq!(expand("# ${NO}\na = \"$$5 $x\"", lookup).unwrap(), "# ${NO}\na = \"$5 $x\"");
    }

    #[test]
    fn an_unclosed_reference_is_an_error() {
        assert_eq!(expand("a = \"${HOST\"", lookup).unwrap_err(), ExpandError::Unclosed { line: 1 });
    }
}
