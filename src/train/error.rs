//! What can go wrong in training.

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
    /// What is measured during training is not finite, although the loss is.
    #[error(
        "training diverged at step {step}: {metric} is {value}. Try a lower learning rate or gradient clipping"
    )]
    MetricDiverged {
        /// The step, from 1.
        step: u64,
        /// The column of the history.
        metric: &'static str,
        /// What was measured.
        value: f64,
    },
    /// Nothing would ever change this parameter.
    #[error("the loss does not depend on the parameter {0}: use it, or take it out of the model")]
    Unreached(String),
    /// A checkpoint that this run cannot go on from.
    #[error("cannot resume from {}: {message}", path.display())]
    Checkpoint {
        /// The checkpoint's file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A checkpoint that is damaged.
    #[error(
        "cannot resume from {}: it is not a whole checkpoint ({damage}); leave out --resume to start afresh",
        path.display()
    )]
    BrokenCheckpoint {
        /// The checkpoint's file.
        path: PathBuf,
        /// What is wrong with it.
        damage: String,
    },
    /// A signal asked the program to end.
    #[error("interrupted at step {step}; the same command with --resume goes on from there")]
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
    /// Whether the training diverged: other settings may train well.
    pub fn is_divergence(&self) -> bool {
        matches!(self, Self::Diverged { .. } | Self::GradientDiverged { .. } | Self::MetricDiverged { .. })
    }
}
