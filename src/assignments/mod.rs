//! The assignments of the course, one module each.

pub mod ag_news;
pub mod attention;
pub mod cifar;
pub mod mnist;
pub mod sine_regression;
pub mod siren;
pub mod spirals;

use crate::experiment::Assignment as _;

/// The commands of all assignments, in the course's order.
pub const COMMANDS: [&str; 7] = [
    sine_regression::SineRegression::COMMAND,
    spirals::Spirals::COMMAND,
    mnist::Mnist::COMMAND,
    cifar::Cifar::COMMAND,
    ag_news::AgNews::COMMAND,
    attention::Attention::COMMAND,
    siren::PictureFit::COMMAND,
];

#[cfg(test)]
mod tests;
