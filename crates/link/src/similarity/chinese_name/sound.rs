//! How characters sound: readings as small numbers, and which of them many speakers do not tell apart.

use std::sync::{LazyLock, OnceLock};

use jingwei_model::han::readings;

use crate::similarity::IDEOGRAPHS;

/// Initials, longest first where one begins another.
const INITIALS: &[&str] = &[
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s", "y",
    "w",
];
/// Finals; a syllable is an initial, or none, and one of these.
const FINALS: &[&str] = &[
    "a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "er", "i", "ia", "ie", "iao", "iu", "ian",
    "in", "iang", "ing", "iong", "u", "ua", "uo", "uai", "ui", "uan", "un", "uang", "v", "ve", "ue", "n", "ng", "m",
];
/// Initials and finals taken for one another.
const NEAR: &[(&str, &str)] = &[
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("n", "l"),
    ("ang", "an"),
    ("eng", "en"),
    ("ing", "in"),
    ("iang", "ian"),
    ("uang", "uan"),
];

/// How they sound, each worked out when it is first met.
static SOUNDS: [OnceLock<Sound>; IDEOGRAPHS.1] = [const { OnceLock::new() }; IDEOGRAPHS.1];

/// Up to two readings of a character; zero stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sound([u16; 2]);

impl Sound {
    pub const NONE: Self = Self([0; 2]);

    /// The usual reading and the next that differs by more than its tone.
    pub fn of(character: char) -> Self {
        let known = (character as usize).checked_sub(IDEOGRAPHS.0).and_then(|place| SOUNDS.get(place));
        known.map_or_else(|| Self::read(character), |known| *known.get_or_init(|| Self::read(character)))
    }

    fn read(character: char) -> Self {
        let mut all = readings(character).map(syllable).filter(|syllable| *syllable != 0);
        let first = all.next().unwrap_or_default();
        Self([first, all.find(|next| *next != first).unwrap_or_default()])
    }

    /// The same with another reading for the usual one.
    pub fn with_first(self, reading: &str) -> Self {
        match syllable(reading) {
            0 => self,
            first => Self([first, 0]),
        }
    }

    pub fn same(self, other: Self) -> bool {
        common(self.0, other.0)
    }

    pub fn near(self, other: Self) -> bool {
        common(self.0.map(near), other.0.map(near))
    }
}

fn common(a: [u16; 2], b: [u16; 2]) -> bool {
    (a[0] != 0 && (a[0] == b[0] || a[0] == b[1])) || (a[1] != 0 && (a[1] == b[0] || a[1] == b[1]))
}

/// A syllable as a number: initial in the upper byte, final in the lower, both from 1; zero for what is none.
fn syllable(text: &str) -> u16 {
    let (initial, rest) = INITIALS
        .iter()
        .enumerate()
        .find_map(|(place, initial)| {
            text.strip_prefix(initial).filter(|rest| !rest.is_empty()).map(|rest| (place + 1, rest))
        })
        .unwrap_or((0, text));
    // ü is typed v, or u after j, q, x and y.
    let rest = match (rest, initial) {
        ("ü", _) => "v",
        ("üe", _) => "ve",
        ("üan", _) => "uan",
        ("ün", _) => "un",
        (other, _) => other,
    };
    let number = FINALS.iter().position(|known| *known == rest).map_or(0, |place| place + 1);
    if number == 0 { 0 } else { u16::try_from(initial << 8 | number).unwrap_or_default() }
}

/// For each initial and final, the one it is taken for.
static TAKEN_FOR: LazyLock<([u8; 32], [u8; 64])> = LazyLock::new(|| {
    let (mut initials, mut finals) = ([0; 32], [0; 64]);
    let place = |all: &[&str], text: &str| {
        all.iter().position(|known| *known == text).and_then(|place| u8::try_from(place + 1).ok())
    };
    let fill = |to: &mut [u8], all: &[&str], longest: bool| {
        for (number, slot) in (0_u8..).zip(to.iter_mut()) {
            *slot = number;
        }
        for (from, other) in NEAR {
            // `n` is an initial and, as 嗯, a final that is taken for nothing else.
            if (from.len() > 2 || from.ends_with("ng")) == longest
                && let (Some(from), Some(other)) = (place(all, from), place(all, other))
            {
                to[usize::from(from)] = other;
            }
        }
    };
    fill(&mut initials, INITIALS, false);
    fill(&mut finals, FINALS, true);
    (initials, finals)
});

fn near(syllable: u16) -> u16 {
    let [initial, last] = syllable.to_be_bytes();
    let (initials, finals) = &*TAKEN_FOR;
    u16::from_be_bytes([
        initials.get(usize::from(initial)).copied().unwrap_or_default(),
        finals.get(usize::from(last)).copied().unwrap_or_default(),
    ])
}

/// The syllables of a name in pinyin, two to four of them; `None` when the text is not pinyin alone.
pub(super) fn syllables(text: &str) -> Option<impl Iterator<Item = Sound>> {
    let mut found = Vec::with_capacity(4);
    for word in text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()) {
        if !word.is_ascii() && !word.contains(['ü', 'Ü']) {
            return None;
        }
        let word = word.to_lowercase();
        if !split(&word, &mut found) {
            return None;
        }
    }
    (2..=4).contains(&found.len()).then(|| found.into_iter().map(|syllable| Sound([syllable, 0])))
}

/// Splits a word into syllables, longest first, taking back what leads nowhere.
fn split(word: &str, found: &mut Vec<u16>) -> bool {
    if word.is_empty() {
        return true;
    }
    if found.len() == 4 {
        return false;
    }
    for length in (1..=word.len().min(6)).rev() {
        let Some((head, rest)) = word.split_at_checked(length) else { continue };
        let number = syllable(head);
        if number != 0 && is_spoken(head) {
            found.push(number);
            if split(rest, found) {
                return true;
            }
            found.pop();
        }
    }
    false
}

/// Whether a syllable is one that characters have: an initial and a final alone do not make one.
fn is_spoken(syllable: &str) -> bool {
    static SPOKEN: LazyLock<std::collections::BTreeSet<String>> = LazyLock::new(|| {
        ('\u{4e00}'..='\u{9fff}')
            .filter_map(|character| readings(character).next())
            .map(|reading| reading.replace('ü', "v"))
            .collect()
    });
    SPOKEN.contains(syllable.replace('ü', "v").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_reading_is_a_syllable() {
        for character in '\u{4e00}'..='\u{9fa5}' {
            if let Some(reading) = readings(character).next() {
                assert_ne!(syllable(reading), 0, "{character} {reading}");
            }
        }
    }

    #[test]
    fn sounds_that_are_taken_for_one_another_meet() {
        for (a, b) in
            [("niu", "liu"), ("zhang", "zang"), ("chen", "ceng"), ("shi", "si"), ("jin", "jing"), ("lian", "niang")]
        {
            assert_eq!(near(syllable(a)), near(syllable(b)), "{a} {b}");
            assert_ne!(syllable(a), syllable(b));
        }
        for (a, b) in [("hu", "fu"), ("ri", "li"), ("bao", "biao")] {
            assert_ne!(near(syllable(a)), near(syllable(b)), "{a} {b}");
        }
    }

    #[test]
    fn pinyin_is_cut_into_syllables() {
        let count = |text| syllables(text).map(Iterator::count);
        for (text, number) in
            [("Zhang Xiaoming", 3), ("OUYANG XIU", 3), ("Li, Xi'an", 3), ("lü bu", 2), ("Zhao Wei", 2)]
        {
            assert_eq!(count(text), Some(number), "{text}");
        }
        for text in ["John Smith", "Zhang", "Bob Lee Swagger", "Ng"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
