//! Progress of long commands: bars on a terminal, plain lines otherwise; always on standard error.

use std::collections::HashMap;
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jingwei_engine::Progress;

use crate::output::complain;

/// The progress that fits where the command runs.
pub fn progress(quiet: bool) -> Box<dyn Progress> {
    if quiet {
        Box::new(jingwei_engine::Silent)
    } else if stderr().is_terminal() {
        Box::new(Bars::default())
    } else {
        Box::new(Lines::default())
    }
}

/// One spinner per phase at work.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl Progress for Bars {
    fn begin(&self, phase: &str) {
        let bar = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<28} {human_pos:>12} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_prefix(phase.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut bars) = self.bars.lock() {
            bars.insert(phase.to_owned(), bar);
        }
    }

    fn rows(&self, phase: &str, rows: u64) {
        if let Ok(bars) = self.bars.lock()
            && let Some(bar) = bars.get(phase)
        {
            bar.set_position(rows);
        }
    }

    fn end(&self, phase: &str, summary: &str) {
        if let Ok(mut bars) = self.bars.lock()
            && let Some(bar) = bars.remove(phase)
        {
            bar.set_message(summary.to_owned());
            bar.finish();
        }
    }
}

/// A line when a phase ends.
#[derive(Default)]
struct Lines {
    began: Mutex<HashMap<String, Instant>>,
}

impl Progress for Lines {
    fn begin(&self, phase: &str) {
        if let Ok(mut began) = self.began.lock() {
            began.insert(phase.to_owned(), Instant::now());
        }
    }

    fn rows(&self, _: &str, _: u64) {}

    fn end(&self, phase: &str, summary: &str) {
        let seconds = self
            .began
            .lock()
            .ok()
            .and_then(|mut began| began.remove(phase))
            .map_or(0.0, |began| began.elapsed().as_secs_f64());
        complain(&format!("{phase}: {summary} ({seconds:.1} s)"));
    }
}
