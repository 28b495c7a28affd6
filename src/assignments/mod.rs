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

/// Calls a function that is generic over the assignment once for each of them.
#[cfg(test)]
macro_rules! for_each_assignment {
    ($function:ident) => {
        $function::<$crate::assignments::sine_regression::SineRegression>();
        $function::<$crate::assignments::spirals::Spirals>();
        $function::<$crate::assignments::mnist::Mnist>();
        $function::<$crate::assignments::cifar::Cifar>();
        $function::<$crate::assignments::ag_news::AgNews>();
        $function::<$crate::assignments::attention::Attention>();
        $function::<$crate::assignments::siren::PictureFit>();
    };
}
#[cfg(test)]
pub(crate) use for_each_assignment;

#[cfg(test)]
mod tests;
