//! The settings of assignment 2.

use crate::experiment::{OrAll, configuration};
use crate::nn::Activation;

configuration! {
    /// Separate two spirals with a multilayer perceptron
    pub struct Spirals {
        /// The number of points of each class
        points: usize = 200, 1..=1_000_000;
        /// The number of turns of each spiral arm
        laps: f64 = 2.0, 0.0..=1000.0;
        /// The standard deviation of the noise; for comparison, the arms are pi apart
        noise: f64 = 0.1, 0.0..=1e6;
        /// The number of hidden layers
        hidden_layers: usize = 3, 0..=1000;
        /// The number of units in each hidden layer
        width: usize = 64, 1..=10_000;
        /// The activation function after each hidden layer
        activation: Activation = Activation::Sine;
        /// The factor of the L2 penalty, half the sum of the squared weights
        l2: f64 = 1e-4, 0.0..=1e6;
        /// The dropout probability of hidden units
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The highest learning rate of Adam, on a one-cycle schedule
        learning_rate: f64 = 0.01, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 3000, 1..=1_000_000_000;
        /// The number of points in each training step, or `all`
        batch_size: OrAll<usize> = OrAll(None), 1..=1_000_000;
    }
}
