//! The studies of assignment 3: an ablation, and the challenge of few learned parameters.

mod ablation;
mod challenge;

pub use ablation::ablation;
pub use challenge::challenge;
