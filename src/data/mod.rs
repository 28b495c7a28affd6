//! Data: where it comes from, and how it is split.

mod sine;
mod spirals;
pub mod split;

pub use sine::Sine;
pub use spirals::Spirals;
