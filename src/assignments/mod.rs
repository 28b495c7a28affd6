//! The assignments of the course, one module each.

pub mod ag_news;
pub mod attention;
pub mod cifar;
pub mod mnist;
pub mod sine_regression;
pub mod siren;
pub mod spirals;
