//! The time that phases take: of the clock on the wall, and of all processors together.

use std::collections::BTreeMap;
use std::time::Instant;

/// Seconds that this process has computed for so far, for itself and in the kernel, on all threads; 0 where the system
/// does not tell.
#[must_use]
pub fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    // The kernel counts in hundredths of a second for user space (USER_HZ).
    (ticks() + ticks()) / 100.0
}

/// A clock that is read at the end of each phase.
#[derive(Debug)]
pub struct Clock {
    wall: Instant,
    cpu: f64,
}

impl Clock {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_seconds() }
    }

    /// Adds the time since the last phase ended to that of `phase`: wall, then CPU seconds.
    pub fn lap(&mut self, phase: &'static str, times: [&mut BTreeMap<&'static str, f64>; 2]) {
        let now = Self::start();
        let [wall, cpu] = times;
        *wall.entry(phase).or_default() += (now.wall - self.wall).as_secs_f64();
        *cpu.entry(phase).or_default() += now.cpu - self.cpu;
        *self = now;
    }
}
