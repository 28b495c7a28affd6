//! The studies of assignment 3: one setting changed at a time, and how far few parameters go.

mod ablation;
mod challenge;

pub use ablation::ablation;
pub use challenge::challenge;
