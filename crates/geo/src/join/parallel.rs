//! Work that several threads share. While the build side of a join is made ready, the probe side's threads have nothing
//! to do but wait for it.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, scope};

/// Pieces for each thread: one that is done early takes over from the others.
const PIECES_A_THREAD: usize = 4;

/// Cuts `0..count` into ranges of at least `least`, where there are so many, has `work` done for each of them by as many
/// as `threads` threads, and gives the answers in the order of the ranges.
pub fn in_pieces<T: Send>(
    threads: usize,
    count: usize,
    least: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    let pieces = (threads * PIECES_A_THREAD).min(count / least.max(1));
    if threads < 2 || pieces < 2 {
        return vec![work(0..count)];
    }
    let next = AtomicUsize::new(0);
    let one_thread = || {
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return done;
            }
            done.push((piece, work(piece * count / pieces..(piece + 1) * count / pieces)));
        }
    };
    let mut done = scope(|scope| {
        // A thread that the system refuses is done without.
        let others = (1..threads.min(pieces)).filter_map(|_| Builder::new().spawn_scoped(scope, one_thread).ok());
        let others = others.collect::<Vec<_>>();
        let mut done = one_thread();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(piece, _)| *piece);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_piece_and_the_pieces_are_in_order() {
        for threads in [0, 1, 2, 3, 8] {
            for count in [0, 1, 2, 7, 100] {
                for least in [0, 1, 10] {
                    let pieces = in_pieces(threads, count, least, |range| range);
                    assert!(pieces.len() < 2 || pieces.iter().all(|range| range.len() >= least));
                    assert_eq!(pieces.into_iter().flatten().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
                }
            }
        }
    }
}
