//! Work split over threads whose results come back in the order of the work, so that nothing depends on how
//! many threads there are.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads asked for; none when as many as the machine has.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Sets with how many threads this process links records from now on, 0 for as many as the machine has. What is found
/// does not depend on it.
pub fn use_threads(threads: usize) {
    ASKED.store(threads, Ordering::Relaxed);
}

/// Threads to work with.
#[must_use]
pub fn threads() -> usize {
    match ASKED.load(Ordering::Relaxed) {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        asked => asked,
    }
}

/// Runs `work` on every task, with as many threads as given, and returns the results in the order of the tasks.
pub fn map<T: Send, R: Send>(threads: usize, tasks: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    map_with(threads, tasks, || (), |(), task| work(task))
}

/// The same with something that each thread makes once and uses for one task after the other. What a task gives must not
/// depend on those before it.
pub fn map_with<T: Send, R: Send, S>(
    threads: usize,
    tasks: Vec<T>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> R + Sync,
) -> Vec<R> {
    if threads <= 1 || tasks.len() <= 1 {
        let mut state = state();
        return tasks.into_iter().map(|task| work(&mut state, task)).collect();
    }
    let count = tasks.len();
    let tasks = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect::<Vec<_>>();
    let results = (0..count).map(|_| Mutex::new(None)).collect::<Vec<_>>();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                let mut state = state();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = tasks.get(number) else { break };
                    let task = slot.lock().ok().and_then(|mut task| task.take());
                    if let (Some(task), Ok(mut place)) = (task, results[number].lock()) {
                        *place = Some(work(&mut state, task));
                    }
                }
            });
        }
    });
    results.into_iter().filter_map(|result| result.into_inner().ok().flatten()).collect()
}

/// `length` cut into ranges of nearly equal size.
#[must_use]
pub fn ranges(length: usize, parts: usize) -> Vec<std::ops::Range<usize>> {
    let parts = parts.clamp(1, length.max(1));
    (0..parts).map(|part| length * part / parts..length * (part + 1) / parts).collect()
}

#[cfg(test)]
mod tests {
    use super::{map, ranges};

    #[test]
    fn results_come_in_the_order_of_the_tasks_at_any_number_of_threads() {
        for threads in [1, 2, 7] {
            assert_eq!(map(threads, (0..100).collect(), |n: u32| n * n), (0..100).map(|n| n * n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn ranges_cover_everything_once() {
        for (length, parts) in [(0, 3), (1, 4), (10, 3), (1000, 7)] {
            let all = ranges(length, parts).into_iter().flatten().collect::<Vec<_>>();
            assert_eq!(all, (0..length).collect::<Vec<_>>());
        }
    }
}
