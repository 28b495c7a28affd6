//! Learning rate schedules.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The learning rate during training, as a factor of the highest rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "schedule")]
pub enum Schedule {
    /// The constant 1.
    Constant,
    /// The factor is multiplied by `factor` after every `every` steps.
    Step {
        /// The number of steps between changes.
        every: u64,
        /// The factor of each change.
        factor: f64,
    },
    /// Linear from 0 to 1 during the warm-up, then half a cosine down to `last` (Loshchilov &
    /// Hutter 2017, equation 5, without restarts).
    Cosine {
        /// The share of all steps that is warm-up.
        warmup: f64,
        /// The factor at the end.
        last: f64,
    },
    /// Linear from 0 to 1 during the warm-up, then linear down to `last`.
    Linear {
        /// The share of all steps that is warm-up.
        warmup: f64,
        /// The factor at the end.
        last: f64,
    },
    /// Half a cosine from `first` up to 1, then half a cosine down to `last` (Smith & Topin 2017;
    /// with cosines as in fast.ai).
    ///
    /// As in the other schedules, the warm-up starts one step before step 0: of w warm-up steps,
    /// step i is at (i + 1) / w of the way, so no step has the factor `first` itself. With
    /// `first` = 0.04, the factor of step 0 is 0.0426 for w = 30 and 0.52 for w = 2. (PyTorch's
    /// `OneCycleLR` has `first` at step 0 and 1 at step w - 1.)
    OneCycle {
        /// The share of all steps that is warm-up.
        warmup: f64,
        /// The factor before the first step.
        first: f64,
        /// The factor at the end.
        last: f64,
    },
}

impl Schedule {
    /// The factor for step `step` = 0, 1, ... of `total`.
    ///
    /// A warm-up of w steps (the share `warmup` of `total`, rounded down) reaches 1 in its last
    /// step. Of the n steps after it, the first has the factor 1 and the last has the final factor;
    /// if n = 1, that step has the factor 1.
    pub fn factor(self, step: u64, total: u64) -> f64 {
        let cosine = |from: f64, to: f64, t: f64| to + (from - to) * 0.5 * (1.0 + libm::cos(PI * t));
        match self {
            Self::Constant => 1.0,
            Self::Step { every, factor } => libm::pow(factor, (step / every.max(1)) as f64),
            Self::Cosine { warmup, last } => match phase(step, total, warmup) {
                Phase::Up(t) => t,
                Phase::Down(t) => cosine(1.0, last, t),
            },
            Self::Linear { warmup, last } => match phase(step, total, warmup) {
                Phase::Up(t) => t,
                Phase::Down(t) => 1.0 + (last - 1.0) * t,
            },
            Self::OneCycle { warmup, first, last } => match phase(step, total, warmup) {
                Phase::Up(t) => cosine(first, 1.0, t),
                Phase::Down(t) => cosine(1.0, last, t),
            },
        }
    }
}

/// The part of the schedule that a step is in, and the progress through it, from 0 to 1.
enum Phase {
    Up(f64),
    Down(f64),
}

fn phase(step: u64, total: u64, warmup: f64) -> Phase {
    let up = (warmup * total as f64).floor() as u64;
    if step < up {
        Phase::Up((step + 1) as f64 / up as f64)
    } else {
        Phase::Down((step - up) as f64 / (total - up).saturating_sub(1).max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn landmarks() {
        let at = |schedule: Schedule, steps: [u64; 4]| steps.map(|step| schedule.factor(step, 101));
        assert_eq!(at(Schedule::Constant, [0, 1, 50, 100]), [1.0; 4]);
        let halving = Schedule::Step { every: 50, factor: 0.5 };
        assert_eq!(at(halving, [0, 49, 50, 100]), [1.0, 1.0, 0.5, 0.25]);
        let linear = Schedule::Linear { warmup: 0.0, last: 0.0 };
        assert_eq!(at(linear, [0, 25, 50, 100]), [1.0, 0.75, 0.5, 0.0]);
        for (got, want) in at(Schedule::Cosine { warmup: 0.0, last: 0.2 }, [0, 25, 50, 100]).iter().zip([
            1.0,
            0.2 + 0.8 * (0.5 + 0.5 * 0.5_f64.sqrt()),
            0.6,
            0.2,
        ]) {
            assert_relative_eq!(*got, want, epsilon = 1e-12);
        }
        let cycle = Schedule::OneCycle { warmup: 0.1, first: 0.04, last: 0.001 };
        assert_relative_eq!(cycle.factor(9, 101), 1.0);
        assert_relative_eq!(cycle.factor(4, 101), 0.52, epsilon = 1e-12);
        assert_relative_eq!(cycle.factor(100, 101), 0.001, epsilon = 1e-12);
    }

    #[test]
    fn the_warm_up_starts_before_the_first_step() {
        let cycle = Schedule::OneCycle { warmup: 0.3, first: 0.04, last: 0.001 };
        let after = |t: f64| 1.0 - 0.96 * 0.5 * (1.0 + libm::cos(PI * t));
        for (total, w) in [(100, 30), (7, 2)] {
            for step in 0..w {
                let want = after((step + 1) as f64 / w as f64);
                assert_relative_eq!(cycle.factor(step, total), want, epsilon = 1e-12);
            }
        }
        assert_relative_eq!(cycle.factor(0, 100), 0.0426, epsilon = 1e-4);
        assert_relative_eq!(cycle.factor(0, 7), 0.52, epsilon = 1e-12);
        // A single step after the warm-up has the factor 1.
        assert_eq!([0, 1].map(|step| Schedule::Linear { warmup: 0.5, last: 0.0 }.factor(step, 2)), [1.0; 2]);
    }

    proptest! {
        #[test]
        fn factors_stay_in_bounds_rise_and_then_fall(total in 1_u64..500, warmup in 0.0_f64..0.9, last in 0.0_f64..1.0) {
            for schedule in [
                Schedule::Cosine { warmup, last },
                Schedule::Linear { warmup, last },
                Schedule::OneCycle { warmup, first: 0.1, last },
            ] {
                let factors: Vec<f64> = (0..total).map(|step| schedule.factor(step, total)).collect();
                prop_assert!(factors.iter().all(|f| (0.0..=1.0 + 1e-12).contains(f)));
                let peak = (warmup * total as f64) as usize;
                prop_assert!(factors[..peak].windows(2).all(|w| w[0] <= w[1]));
                prop_assert!(factors[peak..].windows(2).all(|w| w[0] >= w[1]));
            }
        }
    }
}
