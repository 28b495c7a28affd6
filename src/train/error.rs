//! Errors in training.

use std::path::PathBuf;

use thiserror::Error;

use crate::files::FileError;

/// Why a training stopped.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The loss is infinite or NaN.
    #[error(
        "training diverged at step {step}: the loss is {loss}; {culprit}. Try a lower learning rate or gradient clipping"
    )]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// The loss.
        loss: f64,
        /// The first operation, or the parameter, that is not finite.
        culprit: String,
    },
    /// The loss is finite, but a gradient is not.
    #[error(
        "training diverged at step {step}: the gradient of {parameter} is not finite. Try a lower learning rate or gradient clipping"
    )]
    GradientDiverged {
        /// The step, from 1.
        step: u64,
        /// The parameter's name.
        parameter: String,
    },
    /// A metric is not finite, although the loss is.
    #[error(
        "training diverged at step {step}: {metric} is {value}. Try a lower learning rate or gradient clipping"
    )]
    MetricDiverged {
        /// The step, from 1.
        step: u64,
        /// The column of the history.
        metric: &'static str,
        /// The value of the metric.
        value: f64,
    },
    /// The loss does not depend on a parameter, so that it would never be trained.
    #[error("the loss does not depend on the parameter {0}: use it, or take it out of the model")]
    Unreached(String),
    /// A checkpoint that this run cannot continue from.
    #[error("cannot resume from {}: {message}", path.display())]
    Checkpoint {
        /// The checkpoint's file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A damaged checkpoint.
    #[error(
        "cannot resume from {}: it is not a whole checkpoint ({damage}); leave out --resume to start again",
        path.display()
    )]
    BrokenCheckpoint {
        /// The checkpoint's file.
        path: PathBuf,
        /// A description of the damage.
        damage: String,
    },
    /// A signal asked the program to end.
    #[error("interrupted at step {step}; run the same command with --resume to continue")]
    Interrupted {
        /// The number of steps taken, all of which are in the checkpoint.
        step: u64,
        /// The signal's number.
        signal: i32,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl TrainError {
    /// Whether the training diverged; if so, other settings may work.
    pub fn is_divergence(&self) -> bool {
        matches!(self, Self::Diverged { .. } | Self::GradientDiverged { .. } | Self::MetricDiverged { .. })
    }
}
