//! Traditional characters to simplified ones, and variants to the form that matching keys use.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::id::clean::half_width;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::is_han;

/// The tables of pairs, one a line: traditional to simplified, then variants to the form of matching keys. Lines
/// that begin with `#` are comments.
pub const TABLES: [&str; 2] = [include_str!("../../data/simplified.txt"), include_str!("../../data/variants.txt")];

/// Characters and what they become: the basic plane by place (zero: itself), the rest by search.
struct Table {
    basic: Box<[u32]>,
    beyond: Vec<(char, char)>,
}

static SIMPLIFIED: LazyLock<Table> = LazyLock::new(|| Table::new(&TABLES[..1]));
static FOLDED: LazyLock<Table> = LazyLock::new(|| Table::new(&TABLES));

impl Table {
    fn new(files: &[&str]) -> Self {
        let mut table = Self { basic: vec![0; 0x1_0000].into_boxed_slice(), beyond: Vec::new() };
        for line in files.iter().flat_map(|file| file.lines()) {
            let mut characters = line.chars();
            if let (Some(from), Some(to), None) = (characters.next(), characters.next(), characters.next()) {
                match table.basic.get_mut(from as usize) {
                    Some(place) => *place = u32::from(to),
                    None => table.beyond.push((from, to)),
                }
            }
        }
        table.beyond.sort_unstable();
        table
    }

    fn get(&self, character: char) -> char {
        match self.basic.get(character as usize) {
            Some(0) => character,
            Some(to) => char::from_u32(*to).unwrap_or(character),
            None => match self.beyond.binary_search_by_key(&character, |(from, _)| *from) {
                Ok(place) => self.beyond[place].1,
                Err(_) => character,
            },
        }
    }
}

/// The simplified form of a character; itself when it has none.
#[must_use]
pub fn simplified(character: char) -> char {
    if character.is_ascii() { character } else { SIMPLIFIED.get(character) }
}

/// The form of a character that matching keys use: simplified, and the standard one of its variants.
#[must_use]
pub fn fold(character: char) -> char {
    if character.is_ascii() { character } else { FOLDED.get(character) }
}

/// Text with every traditional character simplified; borrowed when there is none.
#[must_use]
pub fn simplify(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| simplified(character) == character) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(simplified).collect())
    }
}

/// The key under which spellings of one name meet: half width, simplified, variants folded, letters in
/// upper case, no spaces, dots or marks. `None` when nothing is left.
#[must_use]
pub fn name_key(text: &str) -> Option<Cow<'_, str>> {
    if !text.is_empty()
        && text.chars().all(|character| matches!(character, '\u{4e00}'..='\u{9fff}') && fold(character) == character)
    {
        return Some(Cow::Borrowed(text));
    }
    let normal: Cow<'_, str> = if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfkc().collect())
    };
    let mut key = String::with_capacity(normal.len());
    for character in normal.chars().map(half_width) {
        if is_han(character) {
            key.push(fold(character));
        } else if character.is_alphanumeric() || character == '*' {
            key.extend(character.to_uppercase().filter(|upper| upper.is_alphanumeric() || *upper == '*'));
        }
    }
    (!key.is_empty()).then_some(Cow::Owned(key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn traditional_text_becomes_simplified() {
        for (traditional, simple) in [
            ("街道辦事處", "街道办事处"),
            ("張國榮", "张国荣"),
            ("強", "强"),
            ("乾隆", "乾隆"),
            ("於是", "于是"),
            ("北京 Beijing 1", "北京 Beijing 1"),
        ] {
            assert_eq!(simplify(traditional), simple);
        }
        assert!(matches!(simplify("北京"), Cow::Borrowed(_)));
    }

    #[test]
    fn spellings_of_one_name_meet_in_one_key() {
        for spelling in ["刘国峰", "劉國峯", "劉国峰", " 刘 囯 峯 ", "刘·国峰"] {
            assert_eq!(name_key(spelling).as_deref(), Some("刘国峰"), "{spelling}");
        }
        assert_eq!(name_key("Ｊｏｈｎ Smith"), name_key("JOHN SMITH"));
        assert_eq!(name_key("刘喆"), name_key("刘哲"));
        assert_ne!(name_key("刘淼"), name_key("刘焱"));
        assert_eq!(name_key(" · "), None);
    }

    #[test]
    fn no_pair_of_the_tables_leads_on_to_another() {
        for line in TABLES.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')) {
            let characters = line.chars().collect::<Vec<_>>();
            assert_eq!(characters.len(), 2, "{line}");
            assert_eq!(fold(characters[1]), characters[1], "{line}");
            assert_eq!(fold(characters[0]), characters[1], "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,20}|[一-龥]{0,6}") {
            if let Some(key) = name_key(&text) {
                let again = name_key(&key).map(Cow::into_owned);
                prop_assert_eq!(again, Some(key.clone().into_owned()));
            }
        }

        #[test]
        fn simplified_text_stays(text in "[一-龥]{0,20}") {
            let once = simplify(&text).into_owned();
            prop_assert_eq!(simplify(&once), once.as_str());
        }
    }
}
