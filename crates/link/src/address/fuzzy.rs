//! Names that differ from a given one by one slip of the pen: a character wrong, missing, doubled or swapped with the
//! next. Every name is found by what remains when any one of its characters is left out (the deletion neighbourhood of
//! Mor and Fraenkel, 1982), so the cost does not grow with the number of names.

use hashbrown::HashTable;
use jingwei_model::hash::hash64;

use super::forms::is_mark;
use super::strings::Strings;

/// The shortest name that may hold a slip: with fewer characters every name is close to every other.
const SHORTEST: usize = 3;

/// How far a name is from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
    /// A slip that changes no character that tells names apart.
    Plain,
    /// One beside a direction or a numeral: 南新二城区 for 南新城二区.
    Risky,
}

/// Names by what remains of them.
#[derive(Debug, Clone, Default)]
pub struct Fuzzy {
    /// The lower half of the hash of what remains, and the name.
    table: HashTable<(u32, u32)>,
}

impl Fuzzy {
    /// Adds a name; once each.
    pub fn add(&mut self, id: u32, name: &str) {
        each_remainder(name, |hash| {
            let key = hash as u32;
            self.table.insert_unique(spread(key), (key, id), |entry| spread(entry.0));
        });
    }

    /// Calls `found` with every name that is one slip away from `name`. A name may come more than once.
    pub fn each(&self, name: &str, strings: &Strings, mut found: impl FnMut(u32, Slip)) {
        let mut seen = [u32::MAX; 8];
        let mut count = 0;
        each_remainder(name, |hash| {
            let key = hash as u32;
            for (other, id) in self.table.iter_hash(spread(key)) {
                if *other != key || seen.contains(id) {
                    continue;
                }
                seen[count % seen.len()] = *id;
                count += 1;
                if let Some(slip) = slip(name, strings.get(*id)) {
                    found(*id, slip);
                }
            }
        });
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.table.allocation_size()
    }
}

/// The table takes its place from the low bits and its tags from the high ones.
fn spread(key: u32) -> u64 {
    u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn each_remainder(name: &str, mut with: impl FnMut(u64)) {
    let length = name.chars().count();
    if !(SHORTEST..=32).contains(&length) {
        return;
    }
    with(hash64(name.as_bytes()));
    let mut rest = [0_u8; 128];
    let mut last = None;
    for (at, character) in name.char_indices() {
        // 里里: leaving out either gives the same.
        if last == Some(character) {
            continue;
        }
        last = Some(character);
        let (width, all) = (character.len_utf8(), name.as_bytes());
        rest[..at].copy_from_slice(&all[..at]);
        rest[at..all.len() - width].copy_from_slice(&all[at + width..]);
        with(hash64(&rest[..all.len() - width]));
    }
}

/// Whether two different names are one slip apart. Two names that differ in a numeral or a direction on both sides are
/// neighbours, not one name misspelt.
pub fn slip(left: &str, right: &str) -> Option<Slip> {
    let before = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let mut left = left.chars().skip(before);
    let mut right = right.chars().skip(before);
    let (mut left_rest, mut right_rest) = (left.clone(), right.clone());
    let (first, other) = (left.next(), right.next());
    let grade = |marks: bool| Some(if marks { Slip::Risky } else { Slip::Plain });
    let marked = |character: Option<char>| character.is_some_and(is_mark);
    match (first, other) {
        (None, None) => None,
        // One is longer by its last character.
        (None, Some(_)) => right.next().is_none().then(|| grade(marked(other))).flatten(),
        (Some(_), None) => left.next().is_none().then(|| grade(marked(first))).flatten(),
        (Some(_), Some(_)) => {
            if left.clone().eq(right.clone()) {
                return if marked(first) && marked(other) { None } else { grade(marked(first) || marked(other)) };
            }
            // Left out on one side.
            if left.clone().eq(right_rest.by_ref()) {
                return grade(marked(first));
            }
            if left_rest.by_ref().eq(right.clone()) {
                return grade(marked(other));
            }
            let (second, second_other) = (left.next(), right.next());
            let swapped = first == second_other && second == other && left.eq(right);
            if !swapped {
                return None;
            }
            grade(marked(first) || marked(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_of_one_character_are_found_and_graded() {
        for (left, right, expected) in [
            ("望和花园", "望合花园", Some(Slip::Plain)),
            ("望和花园", "望花园", Some(Slip::Plain)),
            ("望和花园", "和望花园", Some(Slip::Plain)),
            ("望和花", "望和花园", Some(Slip::Plain)),
            ("南新城二区", "南新二城区", Some(Slip::Risky)),
            ("望京一区", "望京二区", None),
            ("安慧东里", "安慧西里", None),
            ("安慧南里", "安慧楠里", Some(Slip::Risky)),
            ("望和花园", "望和花园", None),
            ("望和花园", "和平家园", None),
        ] {
            assert_eq!(slip(left, right), expected, "{left} {right}");
            assert_eq!(slip(right, left), expected, "{right} {left}");
        }
    }

    proptest! {
        #[test]
        fn every_name_one_slip_away_is_found(name in "[望京西园和平家]{3,9}", at in 0_usize..9, with in "[城花翠]") {
            let mut strings = Strings::default();
            let mut fuzzy = Fuzzy::default();
            let id = strings.add(&name);
            fuzzy.add(id, &name);
            let mut wrong: Vec<char> = name.chars().collect();
            let at = at % wrong.len();
            wrong[at] = with.chars().next().unwrap_or('城');
            let wrong: String = wrong.into_iter().collect();
            let mut found = Vec::new();
            fuzzy.each(&wrong, &strings, |id, _| found.push(id));
            prop_assert!(found.contains(&id));
        }
    }
}
