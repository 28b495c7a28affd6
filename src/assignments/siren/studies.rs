//! The demonstrations of assignment 7, which `siren show` runs.

mod compression;
mod demonstration;
mod poisson;
mod resolution;
mod show;
mod variants;
mod zoom;

pub use show::{DemonstrationArgs, Show, demonstrate};
