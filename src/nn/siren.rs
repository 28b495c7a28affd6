//! Sinusoidal representation networks.

use std::f64::consts::PI;

use super::mlp::dense;
use super::{Init, Linear, Module, ParameterPath, Parameters, Pass, parameters};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A sinusoidal representation network, SIREN (Sitzmann et al. 2020, equation 1 and section 3.2):
///
/// h_0 = x, h_l = sin(omega (h_{l-1} W_l + b_l)) for each hidden layer, y = h_L W + b.
///
/// `x: [batch, num_inputs]`, from -1 to 1, to `[batch, num_outputs]`. The first layer's weights are
/// drawn uniformly from ±1/n for n inputs of the layer, those of all others from ±sqrt(6/n)/omega.
/// So in every hidden layer but the first the pre-activations are about standard normal and the
/// activations about arcsine distributed, however many layers there are (theorem 1.8 of the
/// supplement). More precisely, pre-activations of variance v give the next layer pre-activations
/// of variance 1 - exp(-2 v), which converges to 0.797. The first layer's biases are drawn so that
/// phases are uniform; all others start at 0.
///
/// All derivatives are networks of the same kind with shifted phases, so they can be trained on as
/// well.
#[derive(Clone, Debug)]
pub struct Siren<A = Tensor> {
    /// The sine layers, first to last.
    pub hidden: Vec<Linear<A>>,
    /// The last layer, which is linear.
    pub output: Linear<A>,
    omega: f64,
}

/// The extents of a [`Siren`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SirenConfig {
    /// The number of inputs.
    pub num_inputs: usize,
    /// The number of outputs.
    pub num_outputs: usize,
    /// The number of sine layers.
    pub num_hidden_layers: usize,
    /// The number of units in each sine layer.
    pub hidden_layer_width: usize,
    /// The factor inside the sines: 30 in the paper.
    pub omega: f64,
}

impl SirenConfig {
    /// The number of parameters: that of an [`Mlp`](super::Mlp) of the same extents.
    pub fn parameter_count(&self) -> usize {
        let &Self { num_inputs, num_outputs, num_hidden_layers, hidden_layer_width, .. } = self;
        dense(num_inputs, num_outputs, num_hidden_layers, hidden_layer_width)
    }
}

impl Siren {
    /// A network with random weights.
    ///
    /// # Panics
    /// If there is no hidden layer, or omega is not positive.
    #[track_caller]
    pub fn new(config: SirenConfig, stream: &mut Stream) -> Self {
        let SirenConfig { num_inputs, num_outputs, num_hidden_layers, hidden_layer_width, omega } = config;
        assert!(
            num_hidden_layers > 0 && omega > 0.0,
            "siren: {num_hidden_layers} hidden layers, omega {omega}"
        );
        let first_init = Init::Uniform(1.0 / num_inputs as f64);
        let mut first = Linear::new(num_inputs, hidden_layer_width, true, first_init, stream);
        first.bias = Some(Init::Uniform(PI / omega).draw(&[hidden_layer_width], num_inputs, 1, stream));
        let mut deep = |inputs: usize, outputs| {
            let bound = (6.0 / inputs as f64).sqrt() / omega;
            Linear::new(inputs, outputs, true, Init::Uniform(bound), stream)
        };
        let mut hidden = vec![first];
        hidden.extend((1..num_hidden_layers).map(|_| deep(hidden_layer_width, hidden_layer_width)));
        Self { hidden, output: deep(hidden_layer_width, num_outputs), omega }
    }
}

impl<A: Algebra> Siren<A> {
    /// The pre-activations (the arguments of the sines) and the activations of each hidden layer.
    #[track_caller]
    pub fn activations(&self, x: &A, pass: &mut Pass<A>) -> Vec<[A; 2]> {
        let mut h = x.clone();
        let mut all = Vec::with_capacity(self.hidden.len());
        for layer in &self.hidden {
            let z = self.scaled(layer).forward(&h, pass);
            h = z.sin();
            all.push([z, h.clone()]);
        }
        all
    }

    /// This layer with its output scaled by omega. The parameters are scaled because there are
    /// fewer of them than outputs.
    fn scaled(&self, layer: &Linear<A>) -> Linear<A> {
        layer.map(ParameterPath::ROOT, &mut |_, p: &A| p.clone() * self.omega)
    }
}

/// A function's value and derivatives at n points, `[n, outputs]` each.
#[derive(Clone, Debug)]
pub struct Jet<A = Tensor> {
    /// f
    pub value: A,
    /// df/dx_i for each input x_i.
    pub gradient: Vec<A>,
    /// The sum over i of d²f/dx_i².
    pub laplacian: A,
}

impl<A: Algebra> Siren<A> {
    /// The network's value with its gradient and Laplacian in x. They are computed forward from
    /// layer to layer: with z = omega (h W + b),
    ///
    /// d_i z = omega d_i h W, d_i sin(z) = cos(z) d_i z, and for Laplacians L
    /// L sin(z) = cos(z) L z - sin(z) sum_i (d_i z)².
    ///
    /// The results are the same as by differentiating twice on a tape, and parameters can be
    /// trained through them.
    ///
    /// # Panics
    /// If x is not `[n, num_inputs]`.
    #[track_caller]
    pub fn jet(&self, x: &A, pass: &mut Pass<A>) -> Jet<A> {
        let (value, gradient, laplacian) = self.carried(x, true, pass);
        Jet { value, gradient, laplacian: laplacian.expect("it was asked for") }
    }

    /// The network's value and gradient in x, as in [`jet`](Self::jet), but without computing the
    /// Laplacian.
    ///
    /// # Panics
    /// If x is not `[n, num_inputs]`.
    #[track_caller]
    pub fn value_and_gradient(&self, x: &A, pass: &mut Pass<A>) -> (A, Vec<A>) {
        let (value, gradient, _) = self.carried(x, false, pass);
        (value, gradient)
    }

    #[track_caller]
    fn carried(&self, x: &A, second: bool, pass: &mut Pass<A>) -> (A, Vec<A>, Option<A>) {
        let [first, deep @ ..] = &self.hidden[..] else { unreachable!("there is a hidden layer") };
        let first = self.scaled(first);
        let z = first.forward(x, pass);
        let inputs = first.weight.shape()[0];
        let slopes: Vec<A> = (0..inputs).map(|i| first.weight.narrow(0, i, i + 1)).collect();
        let mut carried = bend(&z, &slopes, None, second);
        for layer in deep {
            let (value, gradient, laplacian) = carried;
            let layer = self.scaled(layer);
            let z = layer.forward(&value, pass);
            let through = |d: &A| d.matmul(&layer.weight);
            let slopes: Vec<A> = gradient.iter().map(through).collect();
            carried = bend(&z, &slopes, laplacian.as_ref().map(through), second);
        }
        let (value, gradient, laplacian) = carried;
        let through = |d: &A| d.matmul(&self.output.weight);
        let value = self.output.forward(&value, pass);
        (value, gradient.iter().map(through).collect(), laplacian.as_ref().map(through))
    }
}

/// The value, slopes and, if `second`, the Laplacian of sin(z), from z, its slopes, and its
/// Laplacian (`None` if it is 0).
fn bend<A: Algebra>(z: &A, slopes: &[A], laplacian: Option<A>, second: bool) -> (A, Vec<A>, Option<A>) {
    let (sine, cosine) = (z.sin(), z.cos());
    let bent = second.then(|| {
        let squares = slopes.iter().map(|d| d.powi(2)).reduce(|sum, d| sum + &d).expect("there is an input");
        let bent = sine.clone() * &squares;
        match laplacian {
            Some(laplacian) => cosine.clone() * &laplacian - &bent,
            None => -bent,
        }
    });
    (sine, slopes.iter().map(|d| cosine.clone() * d).collect(), bent)
}

parameters!(Siren { hidden, output; omega });

impl<A: Algebra> Module<A> for Siren<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut h = x.clone();
        for layer in &self.hidden {
            h = self.scaled(layer).forward(&h, pass).sin();
        }
        self.output.forward(&h, pass)
    }
}
