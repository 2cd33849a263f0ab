//! Free text: characters that nobody typed on purpose go, everything else stays.

use std::borrow::Cow;

use jingwei_model::Reason;

use super::Cell;
use crate::han::is_han;

/// Removes the apostrophe that spreadsheets put before text and characters that do not show; line ends
/// and tabs become spaces. Text with signs of a wrong decoding or a careless
/// conversion is kept and noted.
#[must_use]
pub fn text(text: &str) -> Cell<Cow<'_, str>> {
    let bare = unquoted(text);
    let clean = if bare.chars().any(is_invisible) { Cow::Owned(visible(bare)) } else { Cow::Borrowed(bare) };
    if clean.is_empty() {
        Cell::Missing
    } else if is_damaged(&clean) {
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

/// Whether the text was decoded wrongly (a replacement character, the C1 controls of UTF-8 read as Latin-1, or
/// what replacement characters become when read as GBK), or has readings in brackets that a converter of
/// traditional characters put there.
pub(crate) fn is_damaged(text: &str) -> bool {
    let mut toned = false;
    for character in text.chars() {
        match character {
            '\u{fffd}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' => return true,
            'à'..='ǜ' => toned = true,
            _ => {}
        }
    }
    text.contains("锟斤拷") || (toned && has_readings(text))
}

/// 强(qiáng): a Chinese character with its toned reading behind it.
fn has_readings(text: &str) -> bool {
    let readings = text.split(['(', '（']).skip(1).filter_map(|rest| rest.split([')', '）']).next());
    let before = text.split(['(', '（']).map(|part| part.chars().next_back().is_some_and(is_han));
    readings.zip(before).any(|(inside, after_han)| after_han && !inside.is_ascii() && is_reading(inside.chars()))
}

/// One syllable of pinyin, with or without its tone: at most an initial, vowels, and n, ng or r.
pub(crate) fn is_reading(inside: impl Iterator<Item = char>) -> bool {
    let mut syllable = [0_u8; 6];
    let mut length = 0;
    for character in inside {
        let Some(place) = syllable.get_mut(length) else { return false };
        *place = match character {
            'a'..='z' => character as u8,
            'ā' | 'á' | 'ǎ' | 'à' => b'a',
            'ō' | 'ó' | 'ǒ' | 'ò' => b'o',
            'ē' | 'é' | 'ě' | 'è' => b'e',
            'ī' | 'í' | 'ǐ' | 'ì' => b'i',
            'ū' | 'ú' | 'ǔ' | 'ù' | 'ü' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' => b'u',
            'ń' | 'ň' | 'ǹ' => b'n',
            _ => return false,
        };
        length += 1;
    }
    let syllable = &syllable[..length];
    let initial = match syllable {
        [b'z' | b'c' | b's', b'h', ..] => 2,
        [b'a' | b'e' | b'i' | b'o' | b'u', ..] | [] => 0,
        _ => 1,
    };
    let rest = &syllable[initial..];
    let vowels = rest.iter().take_while(|letter| b"aeiou".contains(letter)).count();
    (1..=3).contains(&vowels) && matches!(&rest[vowels..], b"" | b"n" | b"ng" | b"r")
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
        for damaged in ["北\u{fffd}市", "锟斤拷锟斤拷", "強(qiáng)化治理", "å\u{8c}\u{97}äº¬"] {
            assert_eq!(text(damaged).reason(), Some(Reason::Mojibake), "{damaged}");
        }
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(text("北京市朝阳区(app)"), Cell::Value(Cow::Borrowed(_))));
        assert_eq!(text("咖啡(café)").reason(), None);
    }
}
