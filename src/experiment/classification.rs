//! Shared parts of experiments with classifiers: measuring and drawing answers, and an ablation.

pub(crate) mod ablation;
mod answers;
pub(crate) mod calibration;
pub(crate) mod figures;

pub(crate) use answers::Answers;
