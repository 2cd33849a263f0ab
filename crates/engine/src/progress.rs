//! What a long command tells while it works: bars on a terminal, plain lines elsewhere, nothing in tests.

/// Hears of a run's progress. Implementations must not block.
pub trait Progress: Send + Sync {
    /// A phase begins, e.g. `reading hukou`.
    fn begin(&self, phase: &str);
    /// Rows done so far in the phase.
    fn rows(&self, phase: &str, rows: u64);
    /// The phase is done, with a word on its result.
    fn end(&self, phase: &str, summary: &str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str) {}
    fn rows(&self, _: &str, _: u64) {}
    fn end(&self, _: &str, _: &str) {}
}
