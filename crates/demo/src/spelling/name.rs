//! Names of persons with the mistakes of typists, fonts and keyboards.

use crate::draw::Draw;
use crate::rates;
use crate::words::{component_notation, confuse, pinyin_of, traditional};

/// A name as a register writes it. `None` when the cell stayed empty.
pub fn name(name: &str, draw: &mut Draw) -> Option<String> {
    let dice = draw.unit();
    let mut limit = 0.0;
    let mut within = |rate: f64| {
        limit += rate;
        dice < limit
    };
    let characters = name.chars().collect::<Vec<_>>();
    if within(rates::NAME_MISSING) {
        return None;
    }
    let written = if within(rates::NAME_CONFUSED) {
        replace_one(&characters, draw, |character, turn| confuse(character, turn).map(String::from))
    } else if within(rates::NAME_TRADITIONAL) {
        characters.iter().map(|character| traditional(*character)).collect()
    } else if within(rates::NAME_LOST_GLYPH) {
        replace_one(&characters, draw, |character, turn| {
            Some(
                component_notation(character)
                    .map_or_else(|| if turn % 2 == 0 { "□" } else { "?" }.to_owned(), str::to_owned),
            )
        })
    } else if within(rates::NAME_PINYIN) {
        replace_one(&characters, draw, |character, _| {
            pinyin_of(character).map(|pinyin| format!("{character}({pinyin})"))
        })
    } else if within(rates::NAME_SPACED) && characters.len() == 2 {
        format!("{}{}{}", characters[0], if draw.chance(0.5) { "\u{3000}" } else { " " }, characters[1])
    } else {
        name.to_owned()
    };
    Some(written)
}

/// Replaces one character of the given name.
fn replace_one(characters: &[char], draw: &mut Draw, by: impl Fn(char, u64) -> Option<String>) -> String {
    let turn = draw.below(12);
    let place = characters.len() - 1 - draw.below(characters.len().max(2) as u64 - 1) as usize;
    let mut out = String::new();
    for (at, character) in characters.iter().enumerate() {
        match by(*character, turn).filter(|_| at == place) {
            Some(other) => out.push_str(&other),
            None => out.push(*character),
        }
    }
    out
}
