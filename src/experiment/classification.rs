//! What experiments with classifiers have in common: how answers are judged and drawn, and an ablation.

pub(crate) mod ablation;
mod answers;
pub(crate) mod calibration;
pub(crate) mod figures;

pub(crate) use answers::Answers;
