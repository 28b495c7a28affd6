//! The network.

use crate::autodiff::Algebra;
use crate::nn::{Activation, Conv2d, Conv2dConfig, Dropout, Init, Linear, Module, Parameters, Pass, Path};
use crate::random::Stream;
use crate::tensor::{Tensor, Window};

/// Convolutions with a nonlinear function after each, and a linear layer: the interface of the
/// assignment.
///
/// h_0 = x, h_l = relu(conv_l(h_{l-1})), y = drop(flat(h_L)) W + b; padding keeps the extents of each
/// picture, up to the stride. `x: [batch, height, width, input_depth]` to logits `[batch, num_classes]`.
/// The kernels start from He's distribution, the last layer's weights from Glorot's, biases at zero.
///
/// Shown by its tests: shapes, every parameter reached, overfitting ten pictures, no effect of one
/// picture of a batch on another, gradients to order 2.
#[derive(Clone, Debug)]
pub struct Classifier<A = Tensor> {
    /// The convolutions, first to last.
    pub layers: Vec<Conv2d<A>>,
    /// The last layer.
    pub output: Linear<A>,
    dropout: Dropout,
}

/// The extents of a [`Classifier`].
#[derive(Clone, Debug, PartialEq)]
pub struct ClassifierConfig {
    /// Height and width of the pictures.
    pub input_size: [usize; 2],
    /// The number of channels of the pictures.
    pub input_depth: usize,
    /// The number of channels after each convolution.
    pub layer_depths: Vec<usize>,
    /// Height and width of each convolution's kernel.
    pub layer_kernel_sizes: Vec<[usize; 2]>,
    /// The stride of each convolution.
    pub layer_strides: Vec<usize>,
    /// The number of classes.
    pub num_classes: usize,
    /// The probability that dropout zeroes an input of the last layer in training.
    pub dropout: f64,
}

impl Classifier {
    /// A network with random weights.
    ///
    /// # Panics
    /// If the lists of the layers differ in length, or an extent is 0.
    pub fn new(config: &ClassifierConfig, stream: &mut Stream) -> Self {
        let layers = config.layer_depths.len();
        assert!(
            config.layer_kernel_sizes.len() == layers && config.layer_strides.len() == layers,
            "classifier: {layers} depths, {} kernel sizes and {} strides",
            config.layer_kernel_sizes.len(),
            config.layer_strides.len()
        );
        let (mut size, mut depth) = (config.input_size, config.input_depth);
        let mut convolutions = Vec::with_capacity(layers);
        for l in 0..layers {
            let window = Window::new(config.layer_kernel_sizes[l]).same().step(config.layer_strides[l]);
            let outputs = config.layer_depths[l];
            let init = Activation::Relu.init();
            let convolution = Conv2dConfig { inputs: depth, outputs, window, groups: 1, bias: true, init };
            convolutions.push(Conv2d::new(convolution, stream));
            size = size.map(|n| n.div_ceil(config.layer_strides[l]));
            depth = outputs;
        }
        let features = size[0] * size[1] * depth;
        Self {
            layers: convolutions,
            output: Linear::new(features, config.num_classes, true, Init::GlorotUniform, stream),
            dropout: Dropout::new(config.dropout),
        }
    }
}

impl<A> Classifier<A> {
    /// Kernels and weights without the biases: what penalties apply to.
    pub fn weights(&self) -> impl Iterator<Item = &A> {
        self.layers.iter().map(|layer| &layer.kernel).chain([&self.output.weight])
    }
}

impl<A> Parameters<A> for Classifier<A> {
    type Of<B> = Classifier<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> Classifier<B> {
        Classifier {
            layers: self.layers.map(path.field("layers"), f),
            output: self.output.map(path.field("output"), f),
            dropout: self.dropout,
        }
    }
}

impl<A: Algebra> Module<A> for Classifier<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut h = x.clone();
        for layer in &self.layers {
            h = layer.forward(&h, pass).relu();
        }
        let shape = h.shape();
        let flat = h.reshape(&[shape[0], shape[1..].iter().product()]);
        self.output.forward(&self.dropout.forward(&flat, pass), pass)
    }
}
