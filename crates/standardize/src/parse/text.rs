//! Free text: characters that nobody typed on purpose go, everything else stays.

use std::borrow::Cow;

use jingwei_model::Reason;

use super::Cell;

/// Removes the apostrophe that spreadsheets put before text and characters that do not show; line ends
/// and tabs become spaces. Text with signs of a wrong decoding is kept and noted.
#[must_use]
pub fn text(text: &str) -> Cell<Cow<'_, str>> {
    let bare = unquoted(text);
    let clean = if bare.chars().any(is_invisible) { Cow::Owned(visible(bare)) } else { Cow::Borrowed(bare) };
    if clean.is_empty() {
        Cell::Missing
    } else if looks_undecoded(&clean) {
        Cell::Noted(clean, Reason::Mojibake)
    } else {
        Cell::Value(clean)
    }
}

/// Without the spaces and invisible characters around it.
pub(crate) fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character)),
    }
}

/// Characters that take part in no word: controls, zero-width ones, byte-order marks.
pub(crate) fn is_invisible(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => true,
        other => other.is_control(),
    }
}

fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if !rest.contains('\'') => rest.trim_start(),
        _ => text,
    }
}

fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            // A C1 control is left for the judgement on the decoding.
            '\u{80}'..='\u{9f}' => out.push(character),
            hidden if is_invisible(hidden) => {}
            other => out.push(other),
        }
    }
    out
}

/// Whether the text was decoded wrongly: a replacement character, C1 controls (UTF-8 read as Latin-1), or
/// what replacement characters become when read as GBK.
pub(crate) fn looks_undecoded(text: &str) -> bool {
    !text.is_ascii() && (text.chars().any(|character| matches!(character, '\u{fffd}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}')) || text.contains("锟斤拷"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_goes_and_the_rest_stays() {
        assert_eq!(text("'0101"), Cell::Value("0101".into()));
        assert_eq!(text("it's"), Cell::Value("it's".into()));
        assert_eq!(text("'quoted'"), Cell::Value("'quoted'".into()));
        assert_eq!(text("第一行\r\n第二行\u{200b}"), Cell::Value("第一行 第二行".into()));
        assert_eq!(text("\u{200b}"), Cell::Missing);
    }

    #[test]
    fn signs_of_a_wrong_decoding_are_noted() {
        for damaged in ["北\u{fffd}市", "锟斤拷锟斤拷", "å\u{8c}\u{97}äº¬"] {
            assert_eq!(text(damaged).reason(), Some(Reason::Mojibake), "{damaged}");
        }
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(text("北京市朝阳区"), Cell::Value(Cow::Borrowed(_))));
    }
}
