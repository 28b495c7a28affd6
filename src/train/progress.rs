//! Progress of long work, on stderr.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use crate::console;

/// Nothing is shown before this time, so a quick run is quiet.
const PATIENCE: Duration = Duration::from_millis(800);
/// The time between plain lines if stderr is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The number of steps between looks at the clock, since a step may take microseconds.
const LOOK_EVERY: u64 = 16;

/// A progress bar on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    name: Option<&'static str>,
    unit: &'static str,
    first: u64,
    total: u64,
    start: Instant,
    next: Duration,
    bar: Bar,
}

impl Progress {
    /// Progress from `first` to `total` units, such as steps; quiet without a name.
    pub(crate) fn new(name: Option<&'static str>, unit: &'static str, first: u64, total: u64) -> Self {
        Self { name, unit, first, total, start: Instant::now(), next: PATIENCE, bar: Bar::default() }
    }

    /// Reports that `step` units are done; `state` is shown with them.
    pub(crate) fn at(&mut self, step: u64, state: impl FnOnce() -> String) {
        let Some(name) = self.name.filter(|_| step.is_multiple_of(LOOK_EVERY)) else { return };
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return;
        }
        if Bar::EXISTS && std::io::stderr().is_terminal() {
            self.next = elapsed + Duration::from_millis(100);
            self.bar.draw(name, self.total, step, state());
        } else {
            self.next = elapsed + LINE_EVERY;
            let done = step - self.first;
            let left = elapsed.mul_f64((self.total - step) as f64 / done.max(1) as f64);
            console::message(&format!(
                "{name}: {} {step} of {} ({}%), {}, {} s left",
                self.unit,
                self.total,
                100 * step / self.total,
                state(),
                left.as_secs()
            ));
        }
    }
}

/// A loss in a few significant digits.
pub(super) fn brief(loss: f64) -> String {
    if loss.abs() < 0.01 { format!("{loss:.2e}") } else { format!("{loss:.4}") }
}

#[cfg(feature = "program")]
use bar::Bar;

/// The bar on a terminal.
#[cfg(feature = "program")]
mod bar {
    use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

    #[derive(Default)]
    pub(super) struct Bar(Option<ProgressBar>);

    impl Bar {
        pub(super) const EXISTS: bool = true;

        pub(super) fn draw(&mut self, name: &'static str, total: u64, step: u64, state: String) {
            let bar = self.0.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg} {eta} left")
                    .expect("a fixed template");
                let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
                bar.with_style(style).with_prefix(name)
            });
            bar.set_message(state);
            bar.set_position(step);
        }
    }

    impl Drop for Bar {
        fn drop(&mut self) {
            if let Some(bar) = &self.0 {
                bar.finish_and_clear();
            }
        }
    }
}

/// Without the program there is no bar, and plain lines appear on a terminal too.
#[cfg(not(feature = "program"))]
#[derive(Default)]
struct Bar(());

#[cfg(not(feature = "program"))]
impl Bar {
    const EXISTS: bool = false;

    #[expect(clippy::unused_self, reason = "the signature of the program's bar")]
    fn draw(&mut self, _: &'static str, _: u64, _: u64, _: String) {}
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn small_losses_are_not_shown_as_zero() {
        assert_eq!(brief(0.448_12), "0.4481");
        assert_eq!(brief(9.3e-7), "9.30e-7");
        assert_eq!(brief(0.0), "0.00e0");
    }
}
