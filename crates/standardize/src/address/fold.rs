//! One form for each character: half width, simplified, upper case, one dash; without what carries no meaning.

use std::sync::LazyLock;

use jingwei_model::id::clean::half_width;

/// Marks a character of [`FORMS`] that is dropped.
const DROP: u16 = 0;

/// Form of every character of the Basic Multilingual Plane.
static FORMS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut forms: Vec<u16> = (0..=u16::MAX).collect();
    for table in jingwei_model::han::TABLES {
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut pair = line.chars();
            if let (Some(from), Some(to)) = (pair.next(), pair.next())
                && let (Ok(from), Ok(to)) = (u16::try_from(from as u32), u16::try_from(to as u32))
            {
                forms[usize::from(from)] = to;
            }
        }
    }
    // A second table may lead on from the first.
    for from in 0..forms.len() {
        forms[from] = forms[usize::from(forms[from])];
    }
    for code in 0..=u16::MAX {
        let Some(character) = char::from_u32(u32::from(code)) else { continue };
        let half = half_width(character);
        let form = match half {
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{2500}' | '~' | '_' | '\u{301c}' => '-',
            '【' | '[' | '〔' | '「' | '{' => '(',
            '】' | ']' | '〕' | '」' | '}' => ')',
            '№' => '#',
            '○' | '〇' => '零',
            '\\' => '/',
            ','
            | ';'
            | '，'
            | '；'
            | '。'
            | '"'
            | '\''
            | '“'
            | '”'
            | '‘'
            | '’'
            | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}' => '\0',
            other if other.is_whitespace() || other.is_control() => '\0',
            other if other != character => other.to_ascii_uppercase(),
            other if other.is_ascii() => other.to_ascii_uppercase(),
            _ => continue,
        };
        forms[usize::from(code)] = u16::try_from(form as u32).unwrap_or(DROP);
    }
    forms
});

/// The form of a character; `None` where it carries no meaning.
pub(super) fn form(character: char) -> Option<char> {
    match u16::try_from(character as u32) {
        Ok(code) => match FORMS[usize::from(code)] {
            DROP => None,
            form => char::from_u32(u32::from(form)),
        },
        Err(_) => Some(character),
    }
}

/// A text in its one form, with the place in the text of every character.
#[derive(Debug, Clone, Default)]
pub(super) struct Folded {
    pub chars: Vec<char>,
    /// Bytes of the text where each character begins and ends.
    pub bytes: Vec<(u32, u32)>,
}

impl Folded {
    /// Takes a text, keeping the buffers.
    pub fn fill(&mut self, text: &str) {
        self.chars.clear();
        self.bytes.clear();
        let forms = &**FORMS;
        for (start, character) in text.char_indices() {
            let form = match u16::try_from(character as u32) {
                Ok(code) => match forms[usize::from(code)] {
                    DROP => continue,
                    form => char::from_u32(u32::from(form)).unwrap_or(character),
                },
                Err(_) => character,
            };
            let start = u32::try_from(start).unwrap_or(u32::MAX);
            self.chars.push(form);
            self.bytes.push((start, start + character.len_utf8() as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_dashes_and_traditional_forms_become_one() {
        let mut folded = Folded::default();
        folded.fill("門頭溝區 Ａ座－３０１【x】\u{200b}—１,號〇");
        assert_eq!(folded.chars.iter().collect::<String>(), "门头沟区A座-301(X)-1号零");
        assert_eq!(folded.bytes[4], (13, 16));
        assert_eq!(form('裡'), Some('里'));
        assert_eq!(form('\u{7}'), None);
        assert_eq!(form('𠮷'), Some('𠮷'));
    }
}
