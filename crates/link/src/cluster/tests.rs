#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::*;
use crate::block::{Blocks, Sampled};
use crate::decide::tests::linkage;
use crate::decide::{Job, score, score_households, united};
use crate::household::{Households, households};
use crate::records::Spill;
use crate::{LinkError, Linkage};

/// Everything that clustering finds: pairs, entities before and after households are known, and what belongs how surely.
type Found = (Vec<ScoredPair>, [(Vec<u32>, Vec<u32>); 2]);

fn found(linkage: &Linkage, how: Clustering, room: &Room) -> std::result::Result<Found, LinkError> {
    let (program, records, weights) = (&linkage.program, &linkage.records, &linkage.weights);
    let mut blocks = Blocks::new(records, program.blocks.clone(), u64::MAX);
    while blocks.push_next()?.is_some() {}
    let decisions = [(0, 7, true), (1, 9, false), (0, 11, true)];
    let job = Job { program, records, blocks: &blocks, one_to_one: &[false], least: how.join - 6.0, room };
    let clusterer = Clusterer { program, records, one_to_one: &[false], decisions: &decisions, how };
    let scorer = Scorer::new(program, records, weights);
    let (pairs, _) = score(&job, &scorer)?;
    let (first, traces) = clusterer.cluster_all(&scorer, &pairs, room)?;
    let households =
        households(program, &Sampled::new(records, room.spill.clone()), &first, weights.pairs, None).unwrap();
    let scorer = scorer.with_households(Some(&households));
    let more = score_households(&job, &households, weights, &scorer)?;
    assert!(pairs.is_spilled() == (pairs.len() > room.pairs));
    let pairs = united(pairs, &more, records.len(), room)?;
    let last = clusterer.again(&scorer, &pairs, &more, (&first, &traces), room)?;
    let told = |entities: Entities| (entities.root, entities.logit.into_iter().map(f32::to_bits).collect());
    Ok((pairs.to_vec(), [told(first), told(last)]))
}

#[tokio::test]
async fn pairs_in_files_make_the_entities_that_pairs_in_memory_do() {
    let hows = [Clustering { join: 0.0 }, Clustering { join: -8.0 }];
    for count in [240, 1500] {
        let linkage = linkage(count).await;
        for how in hows {
            let free = found(&linkage, how, &Room::unbound()).unwrap();
            assert!(free.0.len() > 50, "{} pairs", free.0.len());
            let mut whole = 0;
            for room in [free.0.len() / 4, free.0.len() * 3 / 4, free.0.len() - 1] {
                let spill = Spill::new(std::env::temp_dir(), 1 << 12);
                match found(&linkage, how, &Room::of(room, Arc::clone(&spill))) {
                    Ok(bound) => {
                        assert!(bound == free, "{count} records, room for {room}");
                        whole += 1;
                    }
                    // The edges of one component must fit.
                    Err(error) => assert!(error.is_user_error() && error.to_string().contains("limits.memory_mb")),
                }
                assert!(spill.written() > 0);
            }
            assert!(whole > 0, "{count} records");
        }
    }
}

#[tokio::test]
async fn a_bound_holds_for_records_of_one_household_too() {
    let linkage = linkage(240).await;
    let (program, records, weights) = (&linkage.program, &linkage.records, &linkage.weights);
    // Everybody shares a household, of which there are very many.
    let households = Households { of: vec![1; records.len()], chance: 1e-9, columns: Vec::new() };
    let scorer = Scorer::new(program, records, weights).with_households(Some(&households));
    let hope = Hope::new(program, &scorer, 0.0);
    let mut judge = Judge { program, scorer: &scorer, look: Look::new(&hope, records), one_to_one: &[false] };
    let mut above = 0;
    for right in 0..records.len() as u32 {
        for left in 0..right {
            let (a, b) = (records.row(left), records.row(right));
            let pair = judge.look.comparer.pair((left, right), (&a, &b));
            let ((most, _), (without, _)) = (judge.at_most(&pair), judge.look.at_most(&pair));
            let score = judge.score(left, right);
            assert!(score <= most, "{left} {right} scores {score}, not {most}");
            above += usize::from(score > without);
        }
    }
    assert!(above > 0, "no pair scores more than it would without households");
}
