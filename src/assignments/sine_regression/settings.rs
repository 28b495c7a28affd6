//! The settings of assignment 1.

use crate::experiment::{OptimizerKind, configuration};
use crate::nn::BasisKind;

configuration! {
    /// Fit a noisy sine with learned basis functions
    pub struct SineRegression {
        /// The number of training points
        points: usize = 50, 1..=1_000_000;
        /// The standard deviation of the noise
        noise: f64 = 0.1, 0.0..=1e6;
        /// The shape of the basis functions
        basis: BasisKind = BasisKind::Gaussian;
        /// The number of basis functions
        basis_functions: usize = 6, 1..=10_000;
        /// The optimizer
        optimizer: OptimizerKind = OptimizerKind::Sgd;
        /// The initial learning rate; it falls to 0 along half a cosine
        learning_rate: f64 = 0.1, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 10_000, 1..=1_000_000_000;
        /// The number of points drawn for each training step
        batch_size: usize = 32, 1..=1_000_000;
    }
}
