//! How well real people's addresses are read: micro-F1 per level over addresses tagged by hand, values as written.
//!
//! `cargo test --release -p jingwei-standardize --test addresses -- --nocapture` prints the figures;
//! `JINGWEI_SHOW_ERRORS=1` also prints what is read otherwise than tagged. The tags' conventions are those of
//! `docs/addresses.md`. The rules were written beside `seen.txt`; the errors in `unseen.txt` were kept from sight meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use jingwei_model::Level;
use jingwei_standardize::address::{Parsed, parse};

const SEEN: &str = include_str!("addresses/seen.txt");
const UNSEEN: &str = include_str!("addresses/unseen.txt");

const DIVISIONS: &[Level] = &[Level::Prov, Level::City, Level::District, Level::Town, Level::Community];
const ROADS: &[Level] = &[Level::Road, Level::Roadno];
const BUILDINGS: &[Level] = &[Level::Houseno, Level::Cellno, Level::Floorno, Level::Roomno];

/// An address in pieces, each with its level; what is in none has the tag `-`.
struct Tagged {
    pieces: Vec<&'static str>,
    levels: [Option<&'static str>; 16],
}

fn tagged(corpus: &'static str) -> Vec<Tagged> {
    let lines = corpus.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut address = Tagged { pieces: Vec::new(), levels: [None; 16] };
            for piece in line.split(' ') {
                let (text, tag) = piece.rsplit_once('/').unwrap_or_else(|| panic!("no tag: {line}"));
                address.pieces.push(text);
                if tag != "-" {
                    let level = Level::ALL.into_iter().find(|level| level.name() == tag);
                    let level = level.unwrap_or_else(|| panic!("no level {tag}: {line}"));
                    let before = address.levels[level as usize].replace(text);
                    assert!(before.is_none(), "{tag} twice: {line}");
                }
            }
            address
        })
        .collect()
}

/// Values tagged, values found, and values found that are the tagged ones, by level.
#[derive(Default)]
struct Counts([[u32; 3]; 16]);

impl Counts {
    fn add(&mut self, address: &Tagged, parsed: &Parsed) -> bool {
        let mut right = true;
        for level in Level::ALL {
            let (tag, found) = (address.levels[level as usize], parsed.get(level));
            let counts = &mut self.0[level as usize];
            counts[0] += u32::from(tag.is_some());
            counts[1] += u32::from(found.is_some());
            counts[2] += u32::from(tag.is_some() && tag == found);
            right &= tag == found;
        }
        right
    }

    fn f1(&self, levels: &[Level]) -> f64 {
        let sum = |which: usize| levels.iter().map(|level| self.0[*level as usize][which]).sum::<u32>();
        2.0 * f64::from(sum(2)) / f64::from(sum(0) + sum(1))
    }
}

/// Micro-F1 of the divisions, of roads and their numbers, of buildings down to rooms, and of all levels.
fn measure(name: &str, corpus: &'static str) -> [f64; 4] {
    let addresses = tagged(corpus);
    assert!(addresses.len() >= 300, "{}", addresses.len());
    let mut counts = Counts::default();
    for address in &addresses {
        let parsed = parse(&address.pieces.concat());
        if !counts.add(address, &parsed) && std::env::var_os("JINGWEI_SHOW_ERRORS").is_some() {
            let wrong = Level::ALL.into_iter().filter(|level| address.levels[*level as usize] != parsed.get(*level));
            let wrong: Vec<String> = wrong
                .map(|level| format!("{} {:?} {:?}", level.name(), address.levels[level as usize], parsed.get(level)))
                .collect();
            println!("{} : {}", address.pieces.concat(), wrong.join(", "));
        }
    }
    println!("{name}: {} addresses", addresses.len());
    println!("{:<12}{:>8}{:>8}{:>8}{:>8}", "level", "tagged", "found", "right", "F1");
    for level in Level::ALL {
        let [tagged, found, right] = counts.0[level as usize];
        println!("{:<12}{tagged:>8}{found:>8}{right:>8}{:>8.3}", level.name(), counts.f1(&[level]));
    }
    let figures = [DIVISIONS, ROADS, BUILDINGS, &Level::ALL].map(|levels| counts.f1(levels));
    let [divisions, roads, buildings, all] = figures;
    println!("divisions {divisions:.3}, roads {roads:.3}, buildings {buildings:.3}, all sixteen {all:.3}");
    figures
}

#[test]
fn addresses_the_rules_were_written_beside_are_read() {
    let [divisions, roads, buildings, all] = measure("seen", SEEN);
    assert!(divisions > 0.99 && roads > 0.98 && buildings > 0.99 && all > 0.98);
}

#[test]
fn addresses_kept_aside_are_read() {
    let [divisions, roads, buildings, all] = measure("unseen", UNSEEN);
    assert!(divisions > 0.97 && roads > 0.95 && buildings > 0.96 && all > 0.95);
}

/// What a parse says, without the blanks in it.
fn levels(parsed: &Parsed) -> Vec<Option<String>> {
    let without_blanks = |text: &str| text.chars().filter(|character| *character != ' ').collect();
    Level::ALL.into_iter().map(|level| parsed.get(level).map(without_blanks)).collect()
}

#[test]
fn blanks_between_levels_change_nothing() {
    for address in tagged(SEEN).iter().chain(&tagged(UNSEEN)) {
        let (joined, spaced) = (parse(&address.pieces.concat()), parse(&address.pieces.join(" ")));
        assert_eq!(levels(&spaced), levels(&joined), "{}", address.pieces.concat());
        assert_eq!(spaced.canonical(), joined.canonical());
        assert_eq!(spaced.code(), joined.code());
    }
}

#[test]
fn a_standard_spelling_is_its_own() {
    for address in tagged(SEEN).iter().chain(&tagged(UNSEEN)) {
        let parsed = parse(&address.pieces.concat());
        assert_eq!(parse(parsed.canonical()).canonical(), parsed.canonical(), "{}", address.pieces.concat());
    }
}
