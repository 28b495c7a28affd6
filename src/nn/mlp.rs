//! The multilayer perceptron.

use super::{Activation, Dropout, Linear, Module, Pass, parameters};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A multilayer perceptron: linear layers, each followed by a nonlinear function. The constructor's
/// parameters are those of the assignment.
///
/// h_0 = x, h_l = a(h_{l-1} W_l + b_l) for each of the hidden layers, y = o(h_L W + b).
/// `x: [batch, num_inputs]` to `[batch, num_outputs]`. The weights start from the distribution that
/// is customary for the activation ([`Activation::init`]), biases at zero. Dropout, if any, follows
/// each hidden layer.
#[derive(Clone, Debug)]
pub struct Mlp<A = Tensor> {
    /// The hidden layers, first to last.
    pub hidden: Vec<Linear<A>>,
    /// The last layer.
    pub output: Linear<A>,
    hidden_activation: Activation,
    output_activation: Activation,
    dropout: Dropout,
}

/// The extents and functions of an [`Mlp`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MlpConfig {
    /// The number of inputs.
    pub num_inputs: usize,
    /// The number of outputs.
    pub num_outputs: usize,
    /// The number of hidden layers; with none the network is one linear layer.
    pub num_hidden_layers: usize,
    /// The number of units in each hidden layer.
    pub hidden_layer_width: usize,
    /// a, after each hidden layer.
    pub hidden_activation: Activation,
    /// o, after the last layer.
    pub output_activation: Activation,
    /// The probability that dropout zeroes a hidden unit in training.
    pub dropout: f64,
}

/// From one input to one output, through two hidden layers of 64 units with GELU, without dropout.
/// State the extents and leave the rest: `MlpConfig { num_inputs: 4, num_outputs: 3,
/// ..MlpConfig::default() }`.
impl Default for MlpConfig {
    fn default() -> Self {
        Self {
            num_inputs: 1,
            num_outputs: 1,
            num_hidden_layers: 2,
            hidden_layer_width: 64,
            hidden_activation: Activation::Gelu,
            output_activation: Activation::Identity,
            dropout: 0.0,
        }
    }
}

impl MlpConfig {
    /// The number of parameters: the sum over layers l of (n_{l-1} + 1) n_l, where n_0, .., n_L are
    /// the extents.
    pub fn parameter_count(&self) -> usize {
        let &Self { num_inputs, num_outputs, num_hidden_layers, hidden_layer_width, .. } = self;
        dense(num_inputs, num_outputs, num_hidden_layers, hidden_layer_width)
    }
}

/// The number of weights and biases of linear layers: `layers` hidden ones of the given width, and
/// an output layer.
pub(super) fn dense(inputs: usize, outputs: usize, layers: usize, width: usize) -> usize {
    match layers {
        0 => (inputs + 1) * outputs,
        _ => (inputs + 1) * width + (layers - 1) * (width + 1) * width + (width + 1) * outputs,
    }
}

impl Mlp {
    /// A network with random weights.
    pub fn new(config: MlpConfig, stream: &mut Stream) -> Self {
        let mut width = config.num_inputs;
        let mut hidden = Vec::with_capacity(config.num_hidden_layers);
        for _ in 0..config.num_hidden_layers {
            let init = config.hidden_activation.init();
            hidden.push(Linear::new(width, config.hidden_layer_width, true, init, stream));
            width = config.hidden_layer_width;
        }
        let output = Linear::new(width, config.num_outputs, true, config.output_activation.init(), stream);
        let MlpConfig { hidden_activation, output_activation, .. } = config;
        Self { hidden, output, hidden_activation, output_activation, dropout: Dropout::new(config.dropout) }
    }
}

impl<A> Mlp<A> {
    /// The weight matrices without the biases, first to last. Penalties apply to these.
    pub fn weights(&self) -> impl Iterator<Item = &A> {
        self.hidden.iter().chain([&self.output]).map(|layer| &layer.weight)
    }
}

parameters!(Mlp { hidden, output; hidden_activation, output_activation, dropout });

impl<A: Algebra> Module<A> for Mlp<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut h = x.clone();
        for layer in &self.hidden {
            h = self.hidden_activation.apply(layer.forward(&h, pass));
            h = self.dropout.forward(&h, pass);
        }
        self.output_activation.apply(self.output.forward(&h, pass))
    }
}
