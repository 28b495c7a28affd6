//! The progress of long work, on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console;

/// Nothing is shown before this time, so a quick run is quiet.
const PATIENCE: Duration = Duration::from_millis(800);
/// The time between plain lines if stderr is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The time between updates of the bar.
const UPDATE_EVERY: Duration = Duration::from_millis(100);
/// The number of steps between looks at the clock, since a step may take microseconds.
const LOOK_EVERY: u64 = 16;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Steps, texts and so on, by name.
    Count(&'static str),
    /// Bytes of a download.
    Bytes,
}

/// The progress of one piece of work.
pub(crate) struct Progress {
    name: Option<&'static str>,
    unit: Unit,
    first: u64,
    total: Option<u64>,
    start: Instant,
    next: Duration,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Progress from `first` to `total` units, if the total is known; quiet without a name.
    pub fn new(name: Option<&'static str>, unit: Unit, first: u64, total: impl Into<Option<u64>>) -> Self {
        let total = total.into();
        Self { name, unit, first, total, start: Instant::now(), next: PATIENCE, bar: None }
    }

    /// Reports that `done` units are done; `state` is shown with them.
    pub fn at(&mut self, done: u64, state: impl FnOnce() -> String) {
        let looks = self.unit == Unit::Bytes || done.is_multiple_of(LOOK_EVERY);
        let Some(name) = self.name.filter(|_| looks) else { return };
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return;
        }
        if std::io::stderr().is_terminal() {
            self.next = elapsed + UPDATE_EVERY;
            let bar = self.bar.get_or_insert_with(|| bar(name, self.unit, self.total, self.first));
            bar.set_message(state());
            bar.set_position(done);
        } else {
            self.next = elapsed + LINE_EVERY;
            console::message(&self.line(name, done, elapsed, &state()));
        }
    }

    fn line(&self, name: &str, done: u64, elapsed: Duration, state: &str) -> String {
        let show = |units: u64| match self.unit {
            Unit::Count(_) => units.to_string(),
            Unit::Bytes => DecimalBytes(units).to_string(),
        };
        let unit = if let Unit::Count(unit) = self.unit { format!("{unit} ") } else { String::new() };
        let Some(total) = self.total else { return format!("{name}: {unit}{}", show(done)) };
        let left = total.saturating_sub(done) as f64 / (done - self.first).max(1) as f64;
        let left = elapsed.as_secs_f64() * left;
        let (done, all, percent) = (show(done), show(total), 100 * done / total.max(1));
        let state = if state.is_empty() { String::new() } else { format!("{state}, ") };
        format!("{name}: {unit}{done} of {all} ({percent}%), {state}{left:.0} s left")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &'static str, unit: Unit, total: Option<u64>, first: u64) -> ProgressBar {
    let template = match (unit, total) {
        (Unit::Count(_), _) => "{prefix} {wide_bar} {pos}/{len} {msg} {eta} left",
        (Unit::Bytes, Some(_)) => {
            "{prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} left"
        }
        (Unit::Bytes, None) => "{prefix} {decimal_bytes} {decimal_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).expect("a fixed template");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let bar = bar.with_style(style).with_prefix(name).with_position(first);
    // What an earlier run has done must not count for the speed.
    bar.reset_eta();
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_what_is_done_and_the_time_left() {
        let line = |unit, first, total: Option<u64>, done, state| {
            Progress::new(Some("it"), unit, first, total).line("it", done, Duration::from_secs(10), state)
        };
        let (mega, bytes) = (1_000_000, Unit::Bytes);
        let expected = "it: 100.00 MB of 200.00 MB (50%), 20 s left";
        assert_eq!(line(bytes, 50 * mega, Some(200 * mega), 100 * mega, ""), expected);
        assert_eq!(line(bytes, 0, None, 1_500, ""), "it: 1.50 kB");
        let expected = "it: step 20 of 100 (20%), loss 0.5, 80 s left";
        assert_eq!(line(Unit::Count("step"), 10, Some(100), 20, "loss 0.5"), expected);
    }
}
