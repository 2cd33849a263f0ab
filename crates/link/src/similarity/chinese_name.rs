//! Names of Chinese persons: forms and readings of characters, and what offices and hotlines do to names.

use jingwei_model::han::{fold, is_han, surname_reading};
use jingwei_model::hash::hash64;
use jingwei_model::id::clean::{half_width, is_mask};

use super::Prepare;
use super::agreement::agreements;
use super::text::Unit;

mod lookalike;
mod sound;

use sound::Sound;

agreements! {
    /// How two Chinese names agree.
    ChineseNameAgreement {
        /// The same characters; spaces, dots and width aside.
        Exact = "exact", 1.0, "same characters", "字形相同";
        /// The same after traditional characters and variants are folded: 張國榮, 张国荣.
        Variant = "variant", 0.99, "traditional or variant forms", "繁简或异体";
        /// Each character the same or read the same: 张伟, 张玮.
        Homophone = "homophone", 0.95, "read the same", "同音";
        /// The given name's characters in another order: 王小明, 王明小.
        Swapped = "swapped", 0.93, "characters swapped", "名字颠倒";
        /// One character differs, by one that looks like it: 凤, 风.
        Lookalike = "lookalike", 0.92, "one character looks alike", "形近";
        /// As `Homophone`, with sounds that speakers of many regions do not tell apart: n/l, z/zh, c/ch, s/sh,
        /// an/ang, en/eng, in/ing.
        NearHomophone = "near_homophone", 0.9, "read nearly the same", "近音";
        /// One is written in pinyin, and reads as the other.
        Romanised = "romanised", 0.85, "same in pinyin", "拼音相同";
        /// One character of the given name is missing: 张小明, 张明.
        Missing = "missing", 0.8, "one character missing", "缺一字";
        /// One is masked or damaged; all that shows agrees, a character of the given name among it: 张*明.
        MaskedGiven = "masked_given", 0.75, "masked, surname and a given character agree", "脱敏姓名姓与名相符";
        /// The given name of two or more characters agrees or reads the same, the surname differs.
        Given = "given", 0.6, "given name agrees", "名相同姓不同";
        /// Same surname; one character of a given name of two differs.
        OneCharacter = "one_character", 0.5, "one given character differs", "名中一字不同";
        /// One is masked, and no more shows than the surname, which agrees: 张某.
        MaskedSurname = "masked_surname", 0.4, "masked, surname agrees", "脱敏姓名姓相符";
        /// The surname alone agrees.
        Surname = "surname", 0.2, "surname agrees", "姓相同";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// Surnames of two characters.
const COMPOUND: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "尉迟", "皇甫", "东方", "公孙", "慕容", "夏侯", "轩辕", "端木", "百里", "呼延",
    "南宫", "西门", "司徒", "司空", "独孤", "宇文", "闻人", "赫连", "澹台", "濮阳", "淳于", "太史", "申屠", "仲孙",
    "钟离", "拓跋", "左丘", "万俟", "长孙", "亓官", "鲜于", "令狐", "单于", "东郭", "公羊", "公冶", "宗政", "公西",
    "漆雕", "乐正", "壤驷", "公良", "夹谷", "宰父", "谷梁", "段干", "东门", "羊舌", "微生", "梁丘", "第五", "纳兰",
    "完颜", "耶律",
];

/// What may follow a surname in place of a given name.
const TITLES: &[&str] = &["先生", "女士", "小姐", "同志", "师傅", "老师", "大爷", "大妈", "阿姨"];

/// A character of a name: code point (or a mark below), and its readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Character {
    code: u32,
    sound: Sound,
}

/// A character that is there but cannot be told.
const ONE: u32 = 0x0011_0000;
/// One or more characters that cannot be told.
const ANY: u32 = 0x0011_0001;
/// A syllable of pinyin in place of a character.
const SYLLABLE: u32 = 0x0011_0002;

impl Character {
    const fn hidden(self) -> bool {
        self.code == ONE || self.code == ANY
    }

    fn sounds(self, other: Self) -> bool {
        self.code == other.code && self.code < ONE || self.sound.same(other.sound)
    }

    fn nearly_sounds(self, other: Self) -> bool {
        self.code == other.code && self.code < ONE || self.sound.near(other.sound)
    }
}

impl Unit for Character {
    fn code(self) -> u32 {
        self.code
    }
}

/// A Chinese name made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChineseName {
    characters: Characters,
    /// Characters of the surname.
    surname: u8,
    /// Hash of the name as written.
    written: u64,
    masked: bool,
    romanised: bool,
}

/// Nearly all names have up to four characters and need no memory of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Characters {
    Few([Character; 4], u8),
    Many(Box<[Character]>),
}

impl ChineseName {
    fn characters(&self) -> &[Character] {
        match &self.characters {
            Characters::Few(all, length) => &all[..usize::from(*length)],
            Characters::Many(all) => all,
        }
    }

    /// Characters of the surname that can be told: two for 欧阳, none where the name is masked from its start.
    #[must_use]
    pub const fn surname_length(&self) -> usize {
        self.surname as usize
    }

    /// Whether characters are hidden or lost.
    #[must_use]
    pub const fn is_masked(&self) -> bool {
        self.masked
    }

    fn parts(&self) -> (&[Character], &[Character]) {
        self.characters().split_at(usize::from(self.surname).min(self.characters().len()))
    }
}

impl Prepare for ChineseName {
    type Outcome = ChineseNameAgreement;

    fn prepare(text: &str) -> Option<Self> {
        let mut characters = Vec::with_capacity(4);
        let mut written = String::with_capacity(text.len());
        let mut letters = false;
        let mut composed = 0_u8;
        let raw = text.chars().map(half_width).filter(|character| !character.is_whitespace()).collect::<Vec<_>>();
        for (place, character) in raw.iter().copied().enumerate() {
            let code = match character {
                // ⿰氵甸: two or three parts stand for one character that a font lacked.
                '\u{2ff0}'..='\u{2fff}' => {
                    composed = if matches!(character, '\u{2ff2}' | '\u{2ff3}') { 3 } else { 2 };
                    written.push(character);
                    ONE
                }
                _ if composed > 0 => {
                    composed -= 1;
                    written.push(character);
                    continue;
                }
                '某' => ANY,
                '?' | '\u{fffd}' | '□' => ONE,
                // Between the parts of a name the same dot parts, elsewhere it hides.
                '•' if place > 0 && is_han(raw[place - 1]) && raw.get(place + 1).copied().is_some_and(is_han) => {
                    continue;
                }
                _ if is_mask(character) => ANY,
                _ if is_han(character) => u32::from(fold(character)),
                _ if character.is_alphanumeric() => {
                    letters = true;
                    character.to_uppercase().next().map_or(0, u32::from)
                }
                _ => continue,
            };
            written.push(if code == ANY { '*' } else { character });
            // How many stars there are says nothing of how many characters they hide.
            if code == ANY && characters.last().is_some_and(|last: &Character| last.code == ANY) {
                continue;
            }
            characters.push(Character { code, sound: Sound::NONE });
        }
        if characters.is_empty() || characters.iter().all(|character| character.hidden()) {
            return None;
        }
        let written = hash64(written.as_bytes());
        if letters {
            if let Some(syllables) = sound::syllables(text) {
                let characters = syllables.map(|sound| Character { code: SYLLABLE, sound }).collect::<Vec<_>>();
                return Some(Self {
                    characters: pack(&characters),
                    surname: 1,
                    written,
                    masked: false,
                    romanised: true,
                });
            }
            let masked = characters.iter().any(|character| character.hidden());
            return Some(Self { characters: pack(&characters), surname: 0, written, masked, romanised: false });
        }
        let folded = characters.iter().map_while(|character| char::from_u32(character.code)).collect::<String>();
        let known = surname_reading(&folded);
        let compound = COMPOUND.iter().any(|surname| folded.starts_with(surname));
        let surname = if compound { 2 } else { known.map_or(1, |(length, _)| length) };
        let surname = surname.min(folded.chars().count());
        if let Some(title) = folded.char_indices().nth(surname).map(|(place, _)| &folded[place..])
            && TITLES.contains(&title)
        {
            characters.truncate(surname);
            characters.push(Character { code: ANY, sound: Sound::NONE });
        }
        for character in &mut characters {
            character.sound = char::from_u32(character.code).map_or(Sound::NONE, Sound::of);
        }
        if let Some((length, reading)) = known
            && length == surname
        {
            for (character, syllable) in characters.iter_mut().zip(reading.split(' ')) {
                character.sound = character.sound.with_first(syllable);
            }
        }
        let masked = characters.iter().any(|character| character.hidden());
        Some(Self {
            characters: pack(&characters),
            surname: u8::try_from(surname).unwrap_or(1),
            written,
            masked,
            romanised: false,
        })
    }

    fn compare(&self, other: &Self) -> ChineseNameAgreement {
        use ChineseNameAgreement as Is;
        // Two names masked alike need not be one name.
        if self.masked || other.masked {
            return masked(self, other);
        }
        if self.written == other.written {
            return Is::Exact;
        }
        if self.romanised || other.romanised {
            return romanised(self, other);
        }
        let (a, b) = (self.characters(), other.characters());
        if a.len() == b.len() {
            if let Some(agreement) = same_length(a, b) {
                return agreement;
            }
        } else if missing(a, b) || missing(b, a) {
            return Is::Missing;
        }
        let ((surname_a, given_a), (surname_b, given_b)) = (self.parts(), other.parts());
        let surname = alike(surname_a, surname_b, Character::sounds);
        let pairs = || given_a.iter().zip(given_b).filter(|(a, b)| a.code == b.code).count();
        if surname {
            if given_a.len() == given_b.len() && given_a.len() >= 2 && pairs() + 1 >= given_a.len() {
                return Is::OneCharacter;
            }
            return Is::Surname;
        }
        if given_a.len() >= 2 && alike(given_a, given_b, Character::sounds) { Is::Given } else { Is::Different }
    }
}

fn pack(characters: &[Character]) -> Characters {
    let mut few = [Character { code: 0, sound: Sound::NONE }; 4];
    match few.get_mut(..characters.len()) {
        Some(room) => {
            room.copy_from_slice(characters);
            Characters::Few(few, u8::try_from(characters.len()).unwrap_or_default())
        }
        None => Characters::Many(characters.into()),
    }
}

fn alike(a: &[Character], b: &[Character], same: impl Fn(Character, Character) -> bool) -> bool {
    !a.is_empty() && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b))
}

fn same_length(a: &[Character], b: &[Character]) -> Option<ChineseNameAgreement> {
    use ChineseNameAgreement as Is;
    let differing = || a.iter().zip(b).filter(|(a, b)| a.code != b.code);
    match differing().count() {
        0 => return Some(Is::Variant),
        _ if alike(a, b, Character::sounds) => return Some(Is::Homophone),
        1 if differing().all(|(a, b)| lookalike::alike(a.code, b.code)) => return Some(Is::Lookalike),
        2 if a.len() >= 3 && a[0].code == b[0].code => {
            let mut pairs = differing();
            if let (Some((a, b)), Some((c, d))) = (pairs.next(), pairs.next())
                && a.code == d.code
                && b.code == c.code
            {
                return Some(Is::Swapped);
            }
        }
        _ => {}
    }
    alike(a, b, Character::nearly_sounds).then_some(Is::NearHomophone)
}

/// Whether `shorter` is `longer` without one character behind the first.
fn missing(shorter: &[Character], longer: &[Character]) -> bool {
    if shorter.len() < 2 || shorter.len() + 1 != longer.len() || shorter[0].code != longer[0].code {
        return false;
    }
    let same = shorter.iter().zip(longer).take_while(|(a, b)| a.code == b.code).count();
    shorter[same..].iter().zip(&longer[same + 1..]).all(|(a, b)| a.code == b.code)
}

fn romanised(a: &ChineseName, b: &ChineseName) -> ChineseNameAgreement {
    use ChineseNameAgreement as Is;
    let (one, other) = (a.characters(), b.characters());
    // Zhang Xiaoming or Xiaoming Zhang.
    let turned = |a: &[Character], b: &[Character]| {
        a.len() == b.len()
            && a.len() >= 2
            && a.iter().enumerate().all(|(place, character)| {
                let behind = if place == 0 { b.len() - 1 } else { place - 1 };
                character.sounds(b[behind])
            })
    };
    if alike(one, other, Character::sounds) || turned(one, other) || turned(other, one) {
        Is::Romanised
    } else if one.first().zip(other.first()).is_some_and(|(a, b)| a.sounds(*b)) {
        Is::Surname
    } else {
        Is::Different
    }
}

fn masked(a: &ChineseName, b: &ChineseName) -> ChineseNameAgreement {
    use ChineseNameAgreement as Is;
    let (one, other) = (a.characters(), b.characters());
    // Beyond this the search below is not worth its steps.
    if one.len() > 12 || other.len() > 12 || !fits(one, other) {
        return Is::Different;
    }
    let shown = |name: &ChineseName| name.characters().iter().filter(|character| !character.hidden()).count();
    let surname = if a.characters().len() >= b.characters().len() { a.surname } else { b.surname }.max(1);
    let surname = usize::from(surname.max(a.surname.min(b.surname)));
    if shown(a).min(shown(b)) > surname {
        Is::MaskedGiven
    } else if one.first().zip(other.first()).is_some_and(|(a, b)| a.code == b.code) {
        Is::MaskedSurname
    } else {
        Is::Different
    }
}

/// Whether two names with hidden characters can be the same name.
fn fits(a: &[Character], b: &[Character]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([], _) | (_, []) => false,
        ([first, rest_a @ ..], [second, rest_b @ ..]) => {
            (first.hidden() || second.hidden() || first.code == second.code) && fits(rest_a, rest_b)
                || first.code == ANY && fits(a, rest_b)
                || second.code == ANY && fits(rest_a, b)
        }
    }
}

#[cfg(test)]
mod tests;
