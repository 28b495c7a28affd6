//! The progress of a download, on stderr.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console;

/// The delay before any progress is shown, so that short downloads show none.
const FIRST_SHOWN_AFTER: Duration = Duration::from_millis(800);
/// The interval between plain lines, when stderr is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The interval between updates of the bar.
const UPDATE_EVERY: Duration = Duration::from_millis(100);

/// A progress bar on a terminal, plain lines elsewhere.
pub(super) struct Progress {
    name: &'static str,
    total: Option<u64>,
    first: u64,
    quiet: bool,
    start: Instant,
    next: Duration,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A download that starts at byte `first`, of `total` bytes if known.
    pub(super) fn new(name: &'static str, total: Option<u64>, first: u64, quiet: bool) -> Self {
        Self { name, total, first, quiet, start: Instant::now(), next: FIRST_SHOWN_AFTER, bar: None }
    }

    /// Reports that `done` bytes have been written.
    pub(super) fn at(&mut self, done: u64) {
        let elapsed = self.start.elapsed();
        if self.quiet || elapsed < self.next {
            return;
        }
        if std::io::stderr().is_terminal() {
            self.next = elapsed + UPDATE_EVERY;
            let bar = self.bar.get_or_insert_with(|| bar(self.name, self.total, self.first));
            bar.set_position(done);
        } else {
            self.next = elapsed + LINE_EVERY;
            console::message(&self.line(done, elapsed));
        }
    }

    fn line(&self, done: u64, elapsed: Duration) -> String {
        let Some(total) = self.total else { return format!("{}: {}", self.name, DecimalBytes(done)) };
        let rate = (done - self.first) as f64 / elapsed.as_secs_f64();
        let left = total.saturating_sub(done) as f64 / rate.max(1.0);
        let (done, all, percent) = (DecimalBytes(done), DecimalBytes(total), 100 * done / total.max(1));
        format!("{}: {done} of {all} ({percent}%), {left:.0} s left", self.name)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &'static str, total: Option<u64>, first: u64) -> ProgressBar {
    let template = match total {
        Some(_) => {
            "{prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} left"
        }
        None => "{prefix} {decimal_bytes} {decimal_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).expect("a fixed template");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let bar = bar.with_style(style).with_prefix(name).with_position(first);
    // The bytes of an earlier run must not count for the speed.
    bar.reset_eta();
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_the_bytes_and_the_time_left() {
        let progress = Progress::new("file", Some(200_000_000), 50_000_000, false);
        assert_eq!(
            progress.line(100_000_000, Duration::from_secs(10)),
            "file: 100.00 MB of 200.00 MB (50%), 20 s left"
        );
        let progress = Progress::new("file", None, 0, false);
        assert_eq!(progress.line(1_500, Duration::from_secs(10)), "file: 1.50 kB");
    }
}
