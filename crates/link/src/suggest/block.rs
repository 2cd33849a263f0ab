//! Which keys to block on: as few pairs as possible, and as many as possible of those of one entity.
//!
//! Pairs of one entity are imagined by drawing, for every field, whether it is written alike, alike in its coarse
//! part, or not; rules are then chosen greedily, each bringing the most pairs that no rule before it brings, for
//! its cost in pairs of strangers.

use jingwei_model::config::{BlockingRule, LinkModel};

use super::compare::Atom;

/// Imagined pairs.
const DRAWS: usize = 4096;
/// Pairs of strangers that all rules together may bring for each record of a large table.
const BUDGET: f64 = 24.0;
/// Pairs of strangers that are compared without anybody noticing.
const UNNOTICED: f64 = 4e6;
/// Share of the budget that a single rule may take.
const RULE: f64 = 0.25;
const RULES: usize = 16;
/// Share of the pairs of one entity that may be missed before another rule is worth its cost.
const MISSED: f64 = 0.000_3;
/// Keys that more records share bring nobody together.
const LARGEST: usize = 300;

struct Candidate {
    atoms: Vec<usize>,
    /// Pairs of strangers for each record.
    cost: f64,
    /// Imagined pairs it brings together.
    brings: Vec<u64>,
}

pub(super) fn block(atoms: &[Atom], rows: usize, model: &mut LinkModel) {
    let mut candidates = candidates(atoms, rows);
    let brings = imagined(atoms);
    for candidate in &mut candidates {
        candidate.brings = (0..DRAWS / 64)
            .map(|word| candidate.atoms.iter().fold(u64::MAX, |all, atom| all & brings[*atom][word]))
            .collect();
    }
    let budget = budget(rows);
    let mut spent = 0.0;
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    // Twice, so that most pairs have a second chance: tables may hold more errors than imagined.
    for share in [0.7, 1.0] {
        let mut missed = vec![u64::MAX; DRAWS / 64];
        while model.blocks.len() + chosen.len() < RULES && f64::from(count(&missed)) > MISSED * DRAWS as f64 {
            let gain = |candidate: &Candidate| {
                candidate.brings.iter().zip(&missed).map(|(brings, missed)| (brings & missed).count_ones()).sum::<u32>()
            };
            let best = candidates
                .iter()
                .enumerate()
                .filter(|(_, candidate)| spent + candidate.cost <= budget * share)
                .map(|(place, candidate)| (f64::from(gain(candidate)) / (candidate.cost / budget * 50.0 + 1.0), place))
                .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
            // A rule that brings next to nothing only costs.
            let Some((_, place)) = best.filter(|best| best.0 >= 0.1) else { break };
            let best = candidates.swap_remove(place);
            spent += best.cost;
            for (missed, brings) in missed.iter_mut().zip(&best.brings) {
                *missed &= !brings;
            }
            chosen.push(best.atoms);
        }
    }
    for rule in needed(atoms, &chosen) {
        let on = rule.iter().map(|atom| atoms[*atom].sql.clone()).collect::<Vec<_>>();
        model.blocks.push(BlockingRule { on, condition: None, max_group: Some(LARGEST) });
    }
}

/// The rules without those whose pairs another rule brings anyway: one that asks for less, and none of whose keys is
/// shared by so many that it is left out.
fn needed<'a>(atoms: &[Atom], rules: &'a [Vec<usize>]) -> Vec<&'a Vec<usize>> {
    let covers = |less: &Vec<usize>, rule: &Vec<usize>| {
        let largest = less.iter().map(|atom| atoms[*atom].largest).min().unwrap_or(usize::MAX);
        // Not all rows were looked at, so there is to be room.
        largest <= LARGEST / 3 && less.len() < rule.len() && less.iter().all(|atom| rule.contains(atom))
    };
    rules.iter().filter(|rule| !rules.iter().any(|less| covers(less, rule))).collect()
}

/// Pairs of strangers that all rules together may bring for each record: of a small table, all there are.
fn budget(rows: usize) -> f64 {
    (UNNOTICED / rows.max(1) as f64).max(BUDGET)
}

fn count(words: &[u64]) -> u32 {
    words.iter().map(|word| word.count_ones()).sum()
}

/// One, two or three keys of different fields that do not bring too many strangers together.
fn candidates(atoms: &[Atom], rows: usize) -> Vec<Candidate> {
    let mut all = Vec::new();
    let cost = |places: &[usize]| rows as f64 / 2.0 * places.iter().map(|place| atoms[*place].chance).product::<f64>();
    let mut push = |places: &[usize]| {
        let cost = cost(places);
        let fits = cost <= budget(rows) * RULE;
        if fits {
            all.push(Candidate { atoms: places.to_vec(), cost, brings: Vec::new() });
        }
        fits
    };
    for a in 0..atoms.len() {
        push(&[a]);
        for b in 0..a {
            if atoms[a].field == atoms[b].field || push(&[b, a]) {
                continue;
            }
            for c in 0..b {
                if atoms[c].field != atoms[a].field && atoms[c].field != atoms[b].field {
                    push(&[c, b, a]);
                }
            }
        }
    }
    all
}

/// For each key, in which of the imagined pairs both records have it and agree.
fn imagined(atoms: &[Atom]) -> Vec<Vec<u64>> {
    let mut brings = vec![vec![0_u64; DRAWS / 64]; atoms.len()];
    for draw in 0..DRAWS {
        for (atom, bits) in atoms.iter().zip(&mut brings) {
            // One draw a field: what is alike as a whole is alike in part.
            let chance = uniform((draw * 1009 + atom.field) as u64);
            if chance < atom.recall {
                bits[draw / 64] |= 1 << (draw % 64);
            }
        }
    }
    brings
}

/// A number from 0 to 1 that depends on nothing but the place (splitmix64).
fn uniform(place: u64) -> f64 {
    let mut mixed = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::empty;

    fn atom(field: usize, sql: &str, recall: f64, chance: f64) -> Atom {
        Atom { field, sql: sql.to_owned(), recall, chance, largest: 10 }
    }

    #[test]
    fn selective_keys_stand_alone_and_common_ones_go_together() {
        let atoms = [atom(0, "id", 0.6, 1e-6), atom(1, "surname", 0.8, 1e-2), atom(2, "birth", 0.8, 1e-4)];
        let mut model = empty();
        block(&atoms, 100_000, &mut model);
        let rules = model.blocks.iter().map(|rule| rule.on.join("+")).collect::<Vec<_>>();
        assert!(rules.contains(&"id".to_owned()), "{rules:?}");
        assert!(rules.iter().any(|rule| rule.contains("birth")), "{rules:?}");
        assert!(!rules.contains(&"surname".to_owned()), "{rules:?}");
    }

    #[test]
    fn a_rule_is_left_out_when_a_looser_one_brings_its_pairs() {
        let atoms = [
            atom(0, "phone", 0.6, 1e-6),
            Atom { largest: 5000, ..atom(1, "name", 0.8, 1e-4) },
            atom(2, "day", 0.8, 1e-4),
        ];
        let rules = [vec![0], vec![0, 2], vec![1], vec![1, 2]];
        assert_eq!(needed(&atoms, &rules), [&rules[0], &rules[2], &rules[3]]);
    }

    #[test]
    fn nothing_selective_gives_no_rule() {
        let mut model = empty();
        block(&[atom(0, "sex", 0.9, 0.5)], 1_000_000, &mut model);
        assert!(model.blocks.is_empty());
    }
}
