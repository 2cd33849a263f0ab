//! Names of persons: width, spaces and dots settled; glyphs that a font lacked, pinyin that a converter
//! added and characters that got lost are found and named.

use std::borrow::Cow;

use jingwei_model::Reason;
use jingwei_model::id::clean::{half_width, is_mask};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::Cell;
use super::text::{is_invisible, is_reading};
use crate::han::is_han;

/// Reads a name as it is written, traditional characters included.
#[must_use]
pub fn name(text: &str) -> Cell<Cow<'_, str>> {
    if text.chars().all(|character| matches!(character, '\u{4e00}'..='\u{9fff}')) {
        return if text.is_empty() { Cell::Missing } else { Cell::Value(Cow::Borrowed(text)) };
    }
    let mut notes = Notes::default();
    let characters = characters(text);
    let characters = without_pinyin(&characters, &mut notes);
    let characters = with_glyphs(&characters, &mut notes);
    let written = spaced(&characters, &mut notes);
    if written.is_empty() {
        return Cell::Missing;
    }
    if !written.chars().any(char::is_alphabetic) {
        return Cell::Refused(if notes.damaged {
            Reason::Mojibake
        } else if notes.masked {
            Reason::Masked
        } else {
            Reason::BadCharacter
        });
    }
    let value = if written == text { Cow::Borrowed(text) } else { Cow::Owned(written) };
    match notes {
        Notes { damaged: true, .. } => Cell::Noted(value, Reason::Mojibake),
        Notes { masked: true, .. } => Cell::Noted(value, Reason::Masked),
        _ => Cell::Value(value),
    }
}

#[derive(Default)]
struct Notes {
    damaged: bool,
    masked: bool,
}

/// Half-width, compatibility forms resolved, invisible characters gone.
fn characters(text: &str) -> Vec<char> {
    let text = text.strip_prefix('\'').unwrap_or(text);
    let normal: Cow<'_, str> = if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfkc().collect())
    };
    normal.chars().map(half_width).filter(|character| character.is_whitespace() || !is_invisible(*character)).collect()
}

/// The place of the bracket that closes the one at `open`.
fn closing(characters: &[char], open: usize) -> Option<usize> {
    let close = match characters[open] {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '〔' => '〕',
        '【' => '】',
        _ => return None,
    };
    characters[open + 1..].iter().position(|character| *character == close).map(|length| open + 1 + length)
}

/// 强(qiáng) becomes 强: converters of traditional text put readings in brackets.
fn without_pinyin(characters: &[char], notes: &mut Notes) -> Vec<char> {
    let mut out = Vec::with_capacity(characters.len());
    let mut place = 0;
    while place < characters.len() {
        if out.last().is_some_and(|last| is_han(*last))
            && let Some(close) = closing(characters, place)
            && is_reading(characters[place + 1..close].iter().copied().filter(|character| !character.is_whitespace()))
        {
            notes.damaged = true;
            place = close + 1;
            continue;
        }
        out.push(characters[place]);
        place += 1;
    }
    out
}

/// `（氵甸）` becomes `⿰氵甸`, the description of the character the font lacked. A bracket at the end of an
/// otherwise whole name is an annotation and stays.
fn with_glyphs(characters: &[char], notes: &mut Notes) -> Vec<char> {
    let mut out = Vec::with_capacity(characters.len());
    let mut place = 0;
    while place < characters.len() {
        if let Some(close) = closing(characters, place) {
            let inside =
                characters[place + 1..close].iter().copied().filter(|part| !part.is_whitespace()).collect::<Vec<_>>();
            let outside = characters[..place]
                .iter()
                .chain(&characters[close + 1..])
                .filter(|character| is_han(**character))
                .count();
            let followed = characters[close + 1..].iter().any(|character| is_han(*character));
            if inside.len() == 2
                && inside.iter().all(|part| is_han(*part))
                && (inside.iter().any(|part| is_component(*part)) || followed || outside <= 1)
            {
                notes.damaged = true;
                out.push(if "艹宀冖⺮穴雨罒癶".contains(inside[0]) || "灬皿心".contains(inside[1]) {
                    '⿱'
                } else {
                    '⿰'
                });
                out.extend(inside);
                place = close + 1;
                continue;
            }
        }
        out.push(characters[place]);
        place += 1;
    }
    out
}

/// Parts of characters that are no characters of a name.
fn is_component(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{2fdf}')
        || "氵亻扌忄阝艹讠饣纟钅犭礻衤疒冫宀冖辶廴刂卩攵彡彳灬罒丬糹訁釒飠".contains(character)
}

/// Spaces between Chinese characters go, between words one stays; every middle dot is the same one.
fn spaced(characters: &[char], notes: &mut Notes) -> String {
    let mut out = String::with_capacity(characters.len() * 3);
    let mut space = false;
    for (place, character) in characters.iter().copied().enumerate() {
        let settled = match character {
            space_like if space_like.is_whitespace() => {
                space = true;
                continue;
            }
            '•' | '・' | '‧' | '∙' | '･' | '●' | '⋅' | '.' | '。' if between_names(characters, place) => {
                '·'
            }
            '?' | '□' | '■' | '〓' | '\u{fffd}' | '▯' => {
                notes.damaged = true;
                if character == '\u{fffd}' { '□' } else { character }
            }
            mask if is_mask(mask) => {
                notes.masked = true;
                '*'
            }
            '某' => {
                notes.masked = true;
                '某'
            }
            '\u{80}'..='\u{9f}' => {
                notes.damaged = true;
                continue;
            }
            other => other,
        };
        let last = out.chars().next_back();
        if space && last.is_some_and(|last| !is_han(last) && last != '·') && !is_han(settled) && settled != '·' {
            out.push(' ');
        }
        space = false;
        out.push(settled);
    }
    out
}

fn between_names(characters: &[char], place: usize) -> bool {
    let han = |character: Option<&char>| character.is_some_and(|character| is_han(*character));
    han(characters[..place].iter().rev().find(|character| !character.is_whitespace()))
        && han(characters[place + 1..].iter().find(|character| !character.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, Option<Reason>) {
        let cell = name(text);
        let reason = cell.reason();
        (cell.value().map(Cow::into_owned).unwrap_or_default(), reason)
    }

    #[test]
    fn width_spaces_and_dots_are_settled() {
        for (text, value) in [
            ("张三", "张三"),
            ("张 三", "张三"),
            ("张　三", "张三"),
            ("ＪＯＨＮ　 ＳＭＩＴＨ", "JOHN SMITH"),
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉 . 买买提", "阿卜杜拉·买买提"),
            ("劉德華", "劉德華"),
            ("王芳（小芳）", "王芳(小芳)"),
            ("\u{feff}李四", "李四"),
            ("J. R. Smith", "J. R. Smith"),
            ("䶮", "䶮"),
            ("𠮷野", "𠮷野"),
        ] {
            assert_eq!(read(text), (value.to_owned(), None), "{text}");
        }
    }

    #[test]
    fn glyphs_a_font_lacked_are_described_and_reported() {
        for (text, value) in [
            ("李（氵甸）", "李⿰氵甸"),
            ("（瞿阝）明", "⿰瞿阝明"),
            ("王（石舟）生", "王⿰石舟生"),
            ("陈(艹明)", "陈⿱艹明"),
        ] {
            assert_eq!(read(text), (value.to_owned(), Some(Reason::Mojibake)), "{text}");
        }
    }

    #[test]
    fn injected_readings_are_removed_and_reported() {
        assert_eq!(read("李強(qiáng)"), ("李強".to_owned(), Some(Reason::Mojibake)));
        assert_eq!(read("张曌（zhao）华"), ("张曌华".to_owned(), Some(Reason::Mojibake)));
    }

    #[test]
    fn lost_and_hidden_characters_are_told_apart() {
        assert_eq!(read("张?"), ("张?".to_owned(), Some(Reason::Mojibake)));
        assert_eq!(read("张□华"), ("张□华".to_owned(), Some(Reason::Mojibake)));
        assert_eq!(read("张*三"), ("张*三".to_owned(), Some(Reason::Masked)));
        assert_eq!(read("张×"), ("张*".to_owned(), Some(Reason::Masked)));
        assert_eq!(read("??").1, Some(Reason::Mojibake));
        assert_eq!(read("***").1, Some(Reason::Masked));
        assert_eq!(read("13800138000").1, Some(Reason::BadCharacter));
    }

    proptest! {
        #[test]
        fn a_settled_name_stays_as_it_is(text in "[一-龥]{1,4}|[A-Z][a-z]{1,8} [A-Z][a-z]{1,8}|[一-龥（）(). *?·]{0,8}") {
            if let Some(once) = name(&text).value() {
                prop_assert_eq!(name(&once).value().unwrap_or_default(), once.clone());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = name(&text);
        }
    }
}
